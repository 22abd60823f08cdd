//! Two whole sessions with a wire between them, and several threads on each side.

use crate::ensure;
use crate::explorer::{Explorer, Verdict};
use crate::ledger::{Object, drain, said};
use captp_gc::protocol::{Descriptor, GcExportOp, Index, Limits, SessionId};
use captp_gc::sync::Lock;
use captp_gc::table::{Proxy, Received, Refused, Session};
use std::collections::VecDeque;
use std::sync::Arc;

/// Application threads of each vat; one more reads.
const APPLICATIONS: usize = 2;
/// Steps of each thread.
const STEPS: usize = 4;

/// A message. Names say what was meant; no table reads them.
#[derive(Debug)]
enum Message {
    /// A call through a proxy if there is a target; references as arguments.
    Deliver {
        target: Option<(Index, &'static str)>,
        arguments: Vec<(Descriptor, &'static str)>,
    },
    GcExports(Vec<GcExportOp>),
}

/// One vat, and the channel of what it sends.
struct Vat<P: Explorer> {
    session: Session<Object<P>, P>,
    objects: [Arc<Object<P>>; 2],
    held: P::Lock<Vec<Held<Proxy<P>>>>,
    channel: P::Lock<VecDeque<Message>>,
}

/// A proxy, and the object it stands for.
#[derive(Clone, Debug)]
struct Held<Proxy> {
    proxy: Proxy,
    name: &'static str,
}

impl<P: Explorer> Vat<P> {
    fn new(names: [&'static str; 2]) -> Arc<Self> {
        let limits = Limits { imports_max: 8, exports_max: 8, ..Limits::default() };
        Arc::new(Self {
            session: Session::on(SessionId::FIRST, limits, None),
            objects: names.map(Object::new),
            held: P::Lock::new(Vec::new()),
            channel: P::Lock::new(VecDeque::new()),
        })
    }

    /// One step of an application.
    fn step(&self) -> Verdict {
        match P::pick(6) {
            0 => self.send(1, true),
            1 => self.send(2, true),
            2 => self.send(2, false),
            3 => {
                drop(self.take());
                Ok(())
            }
            4 => {
                self.collect();
                Ok(())
            }
            _ => self.call(),
        }
    }

    /// Mentions an object so often in one message; the sending may fail (R7).
    fn send(&self, mentions: usize, succeeds: bool) -> Verdict {
        let object = &self.objects[P::pick(self.objects.len())];
        self.channel.with(|channel| {
            let mut arguments = Vec::new();
            for _ in 0..mentions {
                match self.session.export(object) {
                    Ok(descriptor) => arguments.push((descriptor, object.name)),
                    Err(misuse) => return over(&self.session, &misuse.to_string()),
                }
            }
            if succeeds {
                channel.push_back(Message::Deliver { target: None, arguments });
                return Ok(());
            }
            for _ in arguments {
                if let Err(misuse) = self.session.unexport(object) {
                    return over(&self.session, &misuse.to_string());
                }
            }
            Ok(())
        })
    }

    /// Calls through a proxy, and sends it home in the same message. The handle goes when the
    /// message is queued.
    fn call(&self) -> Verdict {
        let Some(Held { proxy, name }) = self.take() else { return Ok(()) };
        let home = match self.session.send_home(&proxy) {
            Ok(home) => home,
            Err(misuse) => return over(&self.session, &misuse.to_string()),
        };
        let (target, arguments) = (Some((proxy.index(), name)), vec![(home, name)]);
        self.channel.with(|channel| channel.push_back(Message::Deliver { target, arguments }));
        Ok(())
    }

    fn collect(&self) {
        self.channel.with(|channel| {
            let ops = drain(&self.session);
            if !ops.is_empty() {
                channel.push_back(Message::GcExports(ops));
            }
        });
    }

    /// A handle of some proxy: a clone, or the one that is held.
    fn take(&self) -> Option<Held<Proxy<P>>> {
        let clone = P::pick(2) == 0;
        self.held.with(|held| match (held.len(), clone) {
            (0, _) => None,
            (_, true) => held.last().cloned(),
            (_, false) => held.pop(),
        })
    }

    /// Reads the next message that `peer` sent. Returns whether there was one.
    fn read(&self, peer: &Self) -> Result<bool, String> {
        let Some(message) = peer.channel.with(VecDeque::pop_front) else { return Ok(false) };
        match message {
            Message::GcExports(ops) => {
                for GcExportOp { index, delta } in ops {
                    let evicted = self.session.gc_export(index, delta.get());
                    evicted.map(drop).or_else(refused)?;
                }
            }
            Message::Deliver { target, arguments } => {
                if let Some((index, meant)) = target {
                    self.check(self.session.lookup(index), meant)?;
                }
                for (descriptor, name) in arguments {
                    match self.session.receive(descriptor) {
                        Ok(Received::Home(object)) => self.check(Ok(object), name)?,
                        Ok(Received::Proxy { proxy, .. }) => {
                            self.held.with(|held| held.push(Held { proxy, name }));
                        }
                        Err(why) => refused(why)?,
                    }
                }
            }
        }
        Ok(true)
    }

    fn check(&self, found: Result<Arc<Object<P>>, Refused>, meant: &str) -> Verdict {
        match found {
            Ok(found) => {
                ensure!(found.name == meant, "{meant} was meant, {} is found", found.name);
                Ok(())
            }
            Err(why) => refused(why),
        }
    }
}

/// Two correct peers are refused only when the session is over.
fn refused(why: Refused) -> Verdict {
    if why == Refused::Closed { Ok(()) } else { Err(said(why)) }
}

fn over<P: Explorer>(session: &Session<Object<P>, P>, misuse: &str) -> Verdict {
    if session.is_closed() { Ok(()) } else { Err(misuse.into()) }
}

/// Starts the threads of one vat: its applications, and its reader.
fn start<P: Explorer>(vat: &Arc<Vat<P>>, peer: &Arc<Vat<P>>) -> Vec<P::Thread<Verdict>> {
    let mut threads = Vec::new();
    for _ in 0..APPLICATIONS {
        let vat = Arc::clone(vat);
        threads.push(P::spawn(move || (0..STEPS).try_for_each(|_| vat.step())));
    }
    let (vat, peer) = (Arc::clone(vat), Arc::clone(peer));
    threads.push(P::spawn(move || {
        (0..2 * STEPS).try_for_each(|_| {
            vat.read(&peer)?;
            vat.collect();
            Ok(())
        })
    }));
    threads
}

fn run<P: Explorer>(cut: bool) -> Verdict {
    let (a, b) = (Vat::<P>::new(["Alice", "Amy"]), Vat::<P>::new(["Bob", "Ben"]));
    let mut threads = start(&a, &b);
    threads.extend(start(&b, &a));
    let returned = if cut { (a.session.close(), b.session.close()) } else { Default::default() };
    let verdicts: Vec<_> = threads.into_iter().map(P::join).collect();
    for vat in [&a, &b] {
        vat.held.with(std::mem::take);
    }
    let late = if cut { [drain(&a.session), drain(&b.session)].concat() } else { Vec::new() };
    let mut settled = Ok(());
    while settled.is_ok() {
        a.collect();
        b.collect();
        match a.read(&b).and_then(|more| Ok(more | b.read(&a)?)) {
            Ok(true) => {
                for vat in [&a, &b] {
                    vat.held.with(std::mem::take);
                }
            }
            Ok(false) => break,
            Err(wrong) => settled = Err(wrong),
        }
    }
    drop(returned);
    verdicts.into_iter().collect::<Verdict>().and(settled)?;
    ensure!(late.is_empty(), "drained after the end: {late:?}");
    for vat in [&a, &b] {
        let stats = vat.session.stats();
        ensure!(stats.exports + stats.imports + stats.owed == 0, "left at the end: {stats}");
        for object in &vat.objects {
            ensure!(Arc::strong_count(object) == 1, "{} is still exported", object.name);
        }
    }
    Ok(())
}

/// Two vats of three threads each send, call, drop, collect and fail to send. In the end everything
/// is dropped, and both tables are empty.
pub fn two_sessions<P: Explorer>() -> Verdict {
    run::<P>(false)
}

/// The same, and both sessions end in the middle of it.
pub fn two_sessions_cut<P: Explorer>() -> Verdict {
    run::<P>(true)
}
