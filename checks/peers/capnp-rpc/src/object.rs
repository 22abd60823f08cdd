//! The objects of a vat, and how what is passed to them is written.
//!
//! There is no schema: parameters and results are lists of any pointers. A reference is two of
//! them, its name as text and the capability.

use crate::app::App;
use capnp::capability::{
    Client, DispatchCallResult, FromClientHook, FromServer, Params, Promise, Request, Results,
    Server,
};
use capnp::private::capability::ClientHook;
use capnp::{Error, any_pointer, any_pointer_list, text};
use std::ops::Deref;
use std::rc::{Rc, Weak};

/// The one interface that every object has.
pub(crate) const INTERFACE: u64 = 0xca97_0000_0000_0001;
/// Takes references, and returns nothing.
pub(crate) const TAKE: u16 = 0;
/// Takes nothing, and returns nothing.
pub(crate) const POKE: u16 = 1;
/// Takes the name of a question and references, and returns at most one of them, perhaps later.
pub(crate) const ASK: u16 = 2;
/// Returns the object's name.
pub(crate) const WHOAMI: u16 = 3;

/// References with their names.
pub(crate) type Named = Vec<(String, Cap)>;

/// A reference.
#[derive(Clone)]
pub(crate) struct Cap(Client);

impl FromClientHook for Cap {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Self(Client::new(hook))
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0.hook
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        &*self.0.hook
    }
}

impl FromServer<Object> for Cap {
    type Dispatch = Dispatch;

    fn from_server(object: Rc<Object>) -> Dispatch {
        Dispatch(object)
    }
}

impl Cap {
    /// A call of this, to be filled in.
    pub(crate) fn call(&self, method: u16) -> Request<any_pointer::Owned, any_pointer::Owned> {
        self.0.new_call(INTERFACE, method, None)
    }
}

/// An object of the application's, or its first object.
pub(crate) struct Object {
    name: String,
    app: Weak<App>,
    /// Outlived by whoever wants to know whether this object still exists. Its own address must
    /// be free to be used again, so no weak reference to the object itself will do.
    _token: Rc<()>,
}

impl Object {
    /// A new one, and what tells whether it still exists.
    pub(crate) fn host(name: &str, app: Weak<App>) -> (Cap, Weak<()>) {
        let token = Rc::new(());
        let alive = Rc::downgrade(&token);
        let object = Self { name: name.to_owned(), app, _token: token };
        (capnp_rpc::new_client_from_rc(Rc::new(object)), alive)
    }

    fn app(&self) -> Result<Rc<App>, Error> {
        self.app.upgrade().ok_or_else(|| Error::disconnected("the vat is no more".into()))
    }

    fn obey(
        &self,
        method: u16,
        params: &Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> Result<Promise<(), Error>, Error> {
        match method {
            TAKE => self.app()?.take(read(params.get()?, 0)?.1),
            POKE => (),
            ASK => {
                let (words, refs) = read(params.get()?, 1)?;
                let question = words.into_iter().next().unwrap_or_default();
                let told = self.app()?.asked(&question, refs);
                return Ok(Promise::from_future(async move {
                    let refs = told.await.map_err(|_| Error::failed("nobody answers".into()))?;
                    write(results.get(), &[], &refs)
                }));
            }
            WHOAMI => results.get().set_as::<text::Owned>(self.name.as_str())?,
            _ => return Err(Error::unimplemented(format!("no method {method}"))),
        }
        Ok(Promise::ok(()))
    }
}

/// What the implementation calls when it calls an object.
#[derive(Clone)]
pub(crate) struct Dispatch(Rc<Object>);

impl Deref for Dispatch {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        interface_id: u64,
        method_id: u16,
        params: Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let promise = if interface_id == INTERFACE {
            self.0.obey(method_id, &params, results).unwrap_or_else(Promise::err)
        } else {
            Promise::err(Error::unimplemented(format!("no interface {interface_id}")))
        };
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).cast::<()>() as usize
    }
}

/// Writes words and then references.
pub(crate) fn write(
    into: any_pointer::Builder<'_>,
    words: &[&str],
    refs: &[(String, Cap)],
) -> Result<(), Error> {
    list(into, words, refs, 0).map(drop)
}

/// Writes words and then references, and leaves room for as many more pointers.
pub(crate) fn list<'a>(
    into: any_pointer::Builder<'a>,
    words: &[&str],
    refs: &[(String, Cap)],
    room: usize,
) -> Result<any_pointer_list::Builder<'a>, Error> {
    let length = u32::try_from(words.len() + 2 * refs.len() + room)
        .map_err(|_| Error::failed("too many references".into()))?;
    let mut list = into.initn_as::<any_pointer_list::Builder<'_>>(length);
    let mut at = 0..length;
    let mut next = || at.next().unwrap_or_default();
    for word in words {
        list.reborrow().get(next()).set_as::<text::Owned>(*word)?;
    }
    for (name, cap) in refs {
        list.reborrow().get(next()).set_as::<text::Owned>(name.as_str())?;
        list.reborrow().get(next()).set_as_capability(cap.clone().into_client_hook());
    }
    Ok(list)
}

/// Reads so many words, and the references behind them.
pub(crate) fn read(
    from: any_pointer::Reader<'_>,
    words: u32,
) -> Result<(Vec<String>, Named), Error> {
    let list = from.get_as::<any_pointer_list::Reader<'_>>()?;
    let text = |at| -> Result<String, Error> {
        Ok(list.get(at).get_as::<text::Reader<'_>>()?.to_string()?)
    };
    if list.len() < words {
        return Err(Error::failed("a word is missing".into()));
    }
    let said = (0..words).map(text).collect::<Result<_, _>>()?;
    let refs = (words..list.len().saturating_sub(1))
        .step_by(2)
        .map(|at| Ok((text(at)?, list.get(at + 1).get_as_capability()?)))
        .collect::<Result<_, Error>>()?;
    Ok((said, refs))
}
