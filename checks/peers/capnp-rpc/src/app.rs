//! The application of one vat: its cupboard of references, its own objects, and what it does.

use crate::event::{Done, End, Event, Ref, Sink};
use crate::object::{ASK, Cap, Named, Object, POKE, TAKE, WHOAMI, list, read, write};
use crate::panics;
use capnp::capability::{FromClientHook, Response};
use capnp::{Error, ErrorKind, any_pointer, serialize, text};
use futures::channel::oneshot;
use futures::executor::LocalSpawner;
use futures::future::{AbortHandle, FutureExt, abortable};
use futures::task::LocalSpawnExt;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};

/// Why a promise is broken by its own vat. It comes back from every call of the promise.
const ON_PURPOSE: &str = "broken on purpose";

/// A message whose root points past its end: a copy of it fails.
const BROKEN: [u8; 16] = [0, 0, 0, 0, 1, 0, 0, 0, 0xfc, 0xff, 0, 0, 1, 0, 0, 0];

#[derive(Default)]
struct Cupboard {
    /// The peer's first object.
    peer: Option<Cap>,
    held: BTreeMap<String, Vec<Cap>>,
    own: BTreeMap<String, (Cap, Weak<()>)>,
    /// Every own object that there was and that may still exist.
    made: Vec<(String, Weak<()>)>,
    promises: BTreeMap<String, Cap>,
    /// How own promises are resolved. These do not keep the promises.
    resolvers: BTreeMap<String, oneshot::Sender<Result<Cap, Error>>>,
    /// How the promises of results are let go of.
    questions: BTreeMap<String, AbortHandle>,
    /// How open tasks are answered. These do not keep the tasks.
    tasks: BTreeMap<String, oneshot::Sender<Named>>,
}

/// The application of one vat.
pub(crate) struct App {
    end: End,
    sink: Sink,
    spawner: LocalSpawner,
    /// Nothing is dropped while this is borrowed: destructors run at once, and may do anything.
    cupboard: RefCell<Cupboard>,
}

impl App {
    pub(crate) fn new(end: End, sink: Sink, spawner: LocalSpawner) -> Rc<Self> {
        Rc::new(Self { end, sink, spawner, cupboard: RefCell::default() })
    }

    /// What the peer can reach from the start.
    pub(crate) fn first_object(self: &Rc<Self>) -> Cap {
        Object::host("the first object", Rc::downgrade(self)).0
    }

    /// Keeps the peer's first object from now on.
    pub(crate) fn meet(&self, peer: Cap) {
        self.cupboard.borrow_mut().peer = Some(peer);
    }

    pub(crate) fn tell(&self, event: &Event) {
        (self.sink)(event);
    }

    /// Reports what the implementation complains of.
    pub(crate) fn complain(&self, text: impl ToString) {
        self.tell(&Event::Error { vat: self.end, text: text.to_string() });
    }

    /// Does something until it is done. If the implementation panics in it, that is reported.
    pub(crate) fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) {
        let app = Rc::clone(self);
        let guarded = AssertUnwindSafe(task).catch_unwind().map(move |done| {
            if let Err(panic) = done {
                app.complain(panics::text(&*panic));
            }
        });
        // It fails when the executor is gone, and this vat with it.
        let _ = self.spawner.spawn_local(guarded);
    }

    fn peer(&self) -> Result<Cap, String> {
        let peer = self.cupboard.borrow().peer.clone();
        peer.ok_or_else(|| format!("{} does not know its peer", self.end))
    }

    /// Of several copies, the one that it has held longest.
    fn held(&self, name: &str) -> Result<Cap, String> {
        let first = self.cupboard.borrow().held.get(name).and_then(|caps| caps.first().cloned());
        first.ok_or_else(|| format!("{} holds no {name}", self.end))
    }

    fn own(self: &Rc<Self>, name: &str) -> Cap {
        let mut cupboard = self.cupboard.borrow_mut();
        if let Some((cap, _)) = cupboard.own.get(name) {
            return cap.clone();
        }
        let (cap, alive) = Object::host(name, Rc::downgrade(self));
        cupboard.made.push((name.to_owned(), alive.clone()));
        cupboard.own.insert(name.to_owned(), (cap.clone(), alive));
        cap
    }

    fn promise(&self, name: &str) -> Cap {
        let mut cupboard = self.cupboard.borrow_mut();
        if let Some(cap) = cupboard.promises.get(name) {
            return cap.clone();
        }
        let (resolver, resolution) = oneshot::channel();
        let cap: Cap = capnp_rpc::new_future_client(resolution.map(|told| {
            told.unwrap_or_else(|_| Err(Error::failed("the promise was given up".into())))
        }));
        cupboard.resolvers.insert(name.to_owned(), resolver);
        cupboard.promises.insert(name.to_owned(), cap.clone());
        cap
    }

    fn find(self: &Rc<Self>, refs: &[Ref]) -> Result<Named, String> {
        refs.iter()
            .map(|reference| {
                let cap = match reference {
                    Ref::Own(name) => self.own(name),
                    Ref::Promise(name) => self.promise(name),
                    Ref::Held(name) => self.held(name)?,
                };
                Ok((reference.name().to_owned(), cap))
            })
            .collect()
    }

    /// Waits for a result that nobody wants: to drop the promise of it would cancel the call.
    fn see_through(
        self: &Rc<Self>,
        call: impl Future<Output = Result<Response<any_pointer::Owned>, Error>> + 'static,
    ) {
        let app = Rc::clone(self);
        self.spawn(async move {
            match call.await {
                Ok(_) => (),
                // That the session is over is told elsewhere.
                Err(error) if error.kind == ErrorKind::Disconnected => (),
                Err(error) if error.extra.contains(ON_PURPOSE) => (),
                Err(error) => app.complain(error),
            }
        });
    }

    pub(crate) fn send(self: &Rc<Self>, refs: &[Ref]) -> Done {
        let mut request = self.peer()?.call(TAKE);
        write(request.get(), &[], &self.find(refs)?).map_err(|error| error.to_string())?;
        self.see_through(request.send().promise);
        Ok(())
    }

    pub(crate) fn fail_send(self: &Rc<Self>, refs: &[Ref]) -> Done {
        let mut request = self.peer()?.call(TAKE);
        let refs = self.find(refs)?;
        let broken = serialize::read_message(&mut &BROKEN[..], Default::default())
            .map_err(|error| error.to_string())?;
        let last = u32::try_from(2 * refs.len()).map_err(|error| error.to_string())?;
        let written = list(request.get(), &[], &refs, 1).and_then(|list| {
            let root: any_pointer::Reader<'_> = broken.get_root()?;
            list.get(last).set_as::<any_pointer::Owned>(root)
        });
        // The request is dropped unsent, with the references that are in it already.
        if written.is_ok() { Err("it was serialised after all".into()) } else { Ok(()) }
    }

    pub(crate) fn call(self: &Rc<Self>, target: &str) -> Done {
        self.see_through(self.held(target)?.call(POKE).send().promise);
        Ok(())
    }

    pub(crate) fn probe(self: &Rc<Self>, name: &str, probe: u64) -> Done {
        let answer = self.held(name)?.call(WHOAMI).send().promise;
        let app = Rc::clone(self);
        self.spawn(async move {
            let says = answer
                .await
                .and_then(|result| Ok(result.get()?.get_as::<text::Reader<'_>>()?.to_string()?));
            let says = says.map_err(|error| error.to_string());
            app.tell(&Event::Answer { vat: app.end, probe, says });
        });
        Ok(())
    }

    pub(crate) fn ask(self: &Rc<Self>, target: &str, refs: &[Ref], question: &str) -> Done {
        if self.cupboard.borrow().questions.contains_key(question) {
            return Err(format!("{} has asked {question} already", self.end));
        }
        let mut request = self.held(target)?.call(ASK);
        let refs = self.find(refs)?;
        write(request.get(), &[question], &refs).map_err(|error| error.to_string())?;
        let (result, handle) = abortable(request.send().promise);
        self.cupboard.borrow_mut().questions.insert(question.to_owned(), handle);
        let app = Rc::clone(self);
        let question = question.to_owned();
        self.spawn(async move {
            let Ok(result) = result.await else { return };
            app.cupboard.borrow_mut().questions.remove(&question);
            let refs = result.and_then(|result| Ok(read(result.get()?, 0)?.1));
            let error = refs.as_ref().err().map(ToString::to_string);
            app.take(refs.unwrap_or_default());
            app.tell(&Event::Answered { vat: app.end, question, error });
        });
        Ok(())
    }

    /// Opens a task, which is done when this comes with what is to be returned.
    pub(crate) fn asked(&self, question: &str, refs: Named) -> oneshot::Receiver<Named> {
        let (answer, told) = oneshot::channel();
        self.cupboard.borrow_mut().tasks.insert(question.to_owned(), answer);
        self.tell(&Event::Asked { vat: self.end, question: question.to_owned() });
        self.take(refs);
        told
    }

    /// Holds what was received.
    pub(crate) fn take(&self, refs: Named) {
        for (name, cap) in refs {
            self.tell(&Event::Holds { vat: self.end, name: name.clone() });
            self.cupboard.borrow_mut().held.entry(name).or_default().push(cap);
        }
    }

    pub(crate) fn answer(self: &Rc<Self>, question: &str, refs: &[Ref]) -> Done {
        if !self.cupboard.borrow().tasks.contains_key(question) {
            return Err(format!("{} has no open task {question}", self.end));
        }
        let refs = self.find(refs)?;
        let task = self.cupboard.borrow_mut().tasks.remove(question);
        let taken = task.is_some_and(|task| task.send(refs).is_ok());
        taken.then_some(()).ok_or_else(|| format!("the task {question} was cancelled"))
    }

    /// Resolves an own promise to a reference, or breaks it if there is none. That is told nobody
    /// but who calls it: the implementation resolves a broken promise to an object that fails.
    pub(crate) fn resolve(self: &Rc<Self>, promise: &str, refs: &[Ref]) -> Done {
        let to = match self.find(refs)?.as_slice() {
            [] => Err(Error::failed(format!("{promise}: {ON_PURPOSE}"))),
            [(_, to)] => Ok(to.clone()),
            _ => return Err("a promise resolves to one reference".into()),
        };
        if !self.cupboard.borrow().resolvers.contains_key(promise) {
            if self.cupboard.borrow().promises.contains_key(promise) {
                return Err(format!("{promise} is resolved already"));
            }
            self.promise(promise);
        }
        let resolver = self.cupboard.borrow_mut().resolvers.remove(promise);
        let resolved = resolver.is_some_and(|resolver| resolver.send(to).is_ok());
        // Nothing else would make a promise look for its resolution that was not exported.
        let more = self
            .cupboard
            .borrow()
            .promises
            .get(promise)
            .and_then(|promise| promise.as_client_hook().when_more_resolved());
        if let Some(more) = more {
            self.spawn(async move { drop(more.await) });
        }
        resolved.then_some(()).ok_or_else(|| format!("nobody has {promise} any more"))
    }

    pub(crate) fn drop_held(&self, name: &str) -> Done {
        if let Some(question) = self.cupboard.borrow_mut().questions.remove(name) {
            question.abort();
            return Ok(());
        }
        let held = self.cupboard.borrow_mut().held.remove(name);
        held.map(drop).ok_or_else(|| format!("{} holds no {name}", self.end))
    }

    /// Lets go of the copy that came last, of several.
    pub(crate) fn drop_one(&self, name: &str) -> Done {
        let mut cupboard = self.cupboard.borrow_mut();
        let copies = cupboard.held.get_mut(name).filter(|copies| copies.len() > 1);
        let last = copies.and_then(Vec::pop);
        // What goes may call back.
        drop(cupboard);
        last.map(drop).ok_or_else(|| format!("{} holds no copies of {name}", self.end))
    }

    /// Lets go of everything but the peer's first object and what is open.
    pub(crate) fn forget(&self) {
        let mut cupboard = self.cupboard.borrow_mut();
        let questions = std::mem::take(&mut cupboard.questions);
        let held = std::mem::take(&mut cupboard.held);
        let own = std::mem::take(&mut cupboard.own);
        let promises = std::mem::take(&mut cupboard.promises);
        drop(cupboard);
        questions.values().for_each(AbortHandle::abort);
        drop((held, own, promises));
    }

    /// Lets go of everything: the vat is thrown away.
    pub(crate) fn end(&self) {
        let cupboard = self.cupboard.take();
        drop(cupboard);
    }

    /// Tells which own objects exist that the application does not hold.
    pub(crate) fn witness(&self) {
        let mut cupboard = self.cupboard.borrow_mut();
        cupboard.made.retain(|(_, alive)| alive.strong_count() > 0);
        let unheld = cupboard.made.iter().filter(|(name, alive)| {
            let own = cupboard.own.get(name);
            !own.is_some_and(|(_, own)| own.ptr_eq(alive))
        });
        let alive = unheld.map(|(name, _)| name.clone()).collect();
        drop(cupboard);
        self.tell(&Event::Witness { vat: self.end, alive });
    }
}
