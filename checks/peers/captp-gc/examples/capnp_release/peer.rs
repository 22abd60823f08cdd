//! The other end: `capnp-rpc`, with an object that keeps, gives back and makes capabilities.

use crate::pipe::Pipe;
use capnp::any_pointer;
use capnp::capability::{Client, DispatchCallResult, FromServer, Params, Promise, Results, Server};
use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use futures::FutureExt;
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

/// The one interface of this example; its methods are numbered as follows.
pub(crate) const INTERFACE: u64 = 0xe7b4_c6a5_93d2_f181;
/// Keeps the argument, beside what is kept already.
pub(crate) const KEEP: u16 = 0;
/// Returns what was kept first.
pub(crate) const GIVE: u16 = 1;
/// Returns an object of its own, always the same.
pub(crate) const MAKE: u16 = 2;
/// Lets go of everything.
pub(crate) const FORGET: u16 = 3;
/// Calls what was kept first, and returns when that has returned.
pub(crate) const POKE: u16 = 4;

/// A vat of `capnp-rpc`, which runs when it is told to.
pub(crate) struct Peer {
    pool: LocalPool,
    /// How many of its objects are gone: what it made, and what it keeps things in.
    pub(crate) gone: Rc<Cell<u32>>,
}

impl Peer {
    pub(crate) fn new(input: Pipe, output: Pipe) -> Result<Self, Box<dyn std::error::Error>> {
        let gone = Rc::new(Cell::new(0));
        let keeper = new_object(&gone);
        let options = ReaderOptions::new();
        let network = twoparty::VatNetwork::new(input, output, Side::Server, options);
        let system = RpcSystem::new(Box::new(network), Some(keeper));
        let pool = LocalPool::new();
        pool.spawner().spawn_local(system.map(|ended| {
            if let Err(error) = ended {
                println!("peer: {error}");
            }
        }))?;
        Ok(Self { pool, gone })
    }

    /// Lets it read and write until it can do no more.
    pub(crate) fn run(&mut self) {
        self.pool.run_until_stalled();
    }
}

fn new_object(gone: &Rc<Cell<u32>>) -> Client {
    let object =
        Object { kept: RefCell::default(), made: RefCell::default(), gone: Rc::clone(gone) };
    capnp_rpc::new_client(object)
}

struct Object {
    kept: RefCell<Vec<Client>>,
    made: RefCell<Option<Client>>,
    gone: Rc<Cell<u32>>,
}

impl Drop for Object {
    fn drop(&mut self) {
        self.gone.set(self.gone.get() + 1);
    }
}

impl Object {
    fn kept(&self) -> capnp::Result<Client> {
        let kept = self.kept.borrow().first().cloned();
        kept.ok_or_else(|| capnp::Error::failed("nothing is kept".to_owned()))
    }

    async fn dispatch(
        &self,
        method: u16,
        params: Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> capnp::Result<()> {
        match method {
            KEEP => {
                let kept = params.get()?.get_as_capability()?;
                self.kept.borrow_mut().push(kept);
            }
            GIVE => results.get().set_as_capability(self.kept()?.hook),
            MAKE => {
                let mut made = self.made.borrow_mut();
                let made = made.get_or_insert_with(|| new_object(&self.gone)).clone();
                results.get().set_as_capability(made.hook);
            }
            FORGET => {
                self.kept.borrow_mut().clear();
                self.made.borrow_mut().take();
            }
            POKE => {
                let kept = self.kept()?;
                let call = kept.hook.new_call(INTERFACE, POKE, None);
                call.hook.send().promise.await?;
            }
            _ => return Err(capnp::Error::unimplemented(format!("method {method}"))),
        }
        Ok(())
    }
}

/// What generated code would be: how an [`Object`] is called.
#[derive(Clone)]
struct Dispatch(Rc<Object>);

impl Deref for Dispatch {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0
    }
}

impl FromServer<Object> for Client {
    type Dispatch = Dispatch;

    fn from_server(object: Rc<Object>) -> Dispatch {
        Dispatch(object)
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        _interface: u64,
        method: u16,
        params: Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let done = async move { self.0.dispatch(method, params, results).await };
        DispatchCallResult::new(Promise::from_future(done), false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}
