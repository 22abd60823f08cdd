//! A client and a server of the `capnp-rpc` crate, with the tap between them.

use crate::{WITHIN, loopback, tapped, until_closed};
use capnp::Error;
use capnp::any_pointer::Owned;
use capnp::capability::{Client, DispatchCallResult, FromServer, Params, Promise, Results, Server};
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, new_client, twoparty::VatNetwork};
use captp_wire::decode::Wire;
use captp_wire::line::{Kind, Line, Message, Ref};
use captp_wire::sums::{Rules, Sums};
use captp_wire::tap::Event;
use futures::TryStreamExt as _;
use futures::channel::mpsc;
use futures::executor::LocalPool;
use futures::io::AllowStdIo;
use futures::task::LocalSpawnExt as _;
use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::Deref;
use std::rc::Rc;
use std::thread;

const MAKE: u16 = 0;
const TAKE: u16 = 1;

/// An object that makes others, and takes what it is given without keeping it.
struct Object;

#[derive(Clone)]
struct Dispatch(Rc<Object>);

impl Deref for Dispatch {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        _interface: u64,
        method: u16,
        params: Params<Owned>,
        mut results: Results<Owned>,
    ) -> DispatchCallResult {
        let done = match method {
            MAKE => {
                results.get().set_as_capability(object().hook);
                Ok(())
            }
            TAKE => params.get().and_then(|params| params.get_as_capability::<Client>()).map(drop),
            _ => Err(Error::unimplemented("there is no such method".into())),
        };
        DispatchCallResult::new(Promise::from(done), false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl FromServer<Object> for Client {
    type Dispatch = Dispatch;

    fn from_server(object: Rc<Object>) -> Dispatch {
        Dispatch(object)
    }
}

fn object() -> Client {
    new_client(Object)
}

async fn make(at: &Client) -> Result<Client, Error> {
    let request = at.new_call::<Owned, Owned>(1, MAKE, None);
    let response = request.send().promise.await?;
    response.get()?.get_as_capability()
}

async fn take(at: &Client, cap: &Client) -> Result<(), Error> {
    let mut request = at.new_call::<Owned, Owned>(1, TAKE, None);
    request.get().set_as_capability(cap.hook.add_ref());
    request.send().promise.await.map(drop)
}

/// One side of a connection. Reads in a thread of its own, and writes where it is driven.
fn system(socket: TcpStream, side: Side, bootstrap: Option<Client>) -> RpcSystem<Side> {
    let (sender, receiver) = mpsc::unbounded();
    let mut reader = socket.try_clone().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            if sender.unbounded_send(Ok::<_, std::io::Error>(buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    let reader = receiver.into_async_read();
    let network = VatNetwork::new(reader, AllowStdIo::new(socket), side, Default::default());
    RpcSystem::new(Box::new(network), bootstrap)
}

#[test]
fn a_session_of_capnp_rpc_passes_and_adds_up() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let upstream = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let system = system(socket, Side::Server, Some(object()));
        // The client goes away at the end: no error is one, nor is a disconnection.
        drop(LocalPool::new().run_until(system));
    });
    let (tap, seen) = tapped(upstream, Wire::Capnp, |_| ());
    let socket = TcpStream::connect(tap.local_addr()).unwrap();
    socket.set_read_timeout(Some(WITHIN)).unwrap();
    let mut client = system(socket.try_clone().unwrap(), Side::Client, None);
    let mut pool = LocalPool::new();
    let first: Client = client.bootstrap(Side::Server);
    pool.spawner().spawn_local(async { drop(client.await) }).unwrap();
    pool.run_until(async {
        let made = make(&first).await?;
        let own = object();
        take(&first, &own).await?;
        take(&first, &own).await?;
        take(&first, &made).await?;
        drop(made);
        make(&first).await.map(drop)
    })
    .expect("the calls succeed");
    pool.run_until_stalled();
    drop(first);
    pool.run_until_stalled();
    socket.shutdown(Shutdown::Both).unwrap();
    server.join().unwrap();

    let line = |event| match event {
        Event::Line(message) => Some(message),
        Event::Opened { .. } | Event::Closed { .. } => None,
        other => panic!("{other:?}"),
    };
    let messages: Vec<Message> = until_closed(&seen).into_iter().filter_map(line).collect();
    let of = |kind| messages.iter().filter(move |message| message.kind == kind);
    assert_eq!(of(Kind::Bootstrap).count(), 1);
    assert_eq!(of(Kind::Call).count(), 5);
    assert_eq!(of(Kind::Return).count(), 6);
    assert_eq!(
        of(Kind::Call).filter(|call| matches!(call.refs.as_slice(), [Ref::Mention(_)])).count(),
        2
    );
    let home = |call: &&Message| matches!(call.refs.as_slice(), [Ref::Home(_)]);
    assert_eq!(of(Kind::Call).filter(home).count(), 1);
    let mut sums = Sums::new(Rules::of("capnp").expect("it counts"));
    for (seq, message) in (1..).zip(&messages) {
        let found = sums.feed(&Line::Message(Message { seq, ..message.clone() }));
        assert_eq!(found, [], "{message:?}");
    }
    let summary = sums.finish();
    assert_eq!((summary.live, summary.mentions), (0, summary.given_back), "{summary}");
}
