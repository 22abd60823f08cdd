//! The tap between real sockets.

mod capnp_rpc;
mod relay;

use captp_wire::decode::Wire;
use captp_wire::tap::{Event, Handle, Tap};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// How long a test waits for what must come, at most.
const WITHIN: Duration = Duration::from_secs(20);

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// A tap on a free port, as the caller changes it.
fn tapped(
    upstream: SocketAddr,
    wire: Wire,
    change: impl FnOnce(&mut Tap),
) -> (Handle, Receiver<Event>) {
    let mut tap = Tap::new(loopback(), upstream, wire);
    change(&mut tap);
    let (events, seen) = sync_channel(1 << 16);
    (tap.start(events).expect("loopback can be listened on"), seen)
}

/// All events up to the end of a session.
fn until_closed(seen: &Receiver<Event>) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = seen.recv_timeout(WITHIN).expect("the session ends");
        let closed = matches!(event, Event::Closed { .. });
        events.push(event);
        if closed {
            return events;
        }
    }
}
