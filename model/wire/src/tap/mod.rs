//! A relay between two strangers that changes nothing and tells what it sees.
//!
//! [`Tap::start`] listens, connects each client to the upstream, and passes the bytes on as they
//! come, in both directions. What it sees comes out as [`Event`]s. It uses threads only: one that
//! accepts, and three for each session.
//!
//! # Order
//!
//! Bytes are handed to the decoder *before* they are passed on. Whatever one end writes in
//! response to a message can therefore not come out before it, and the order of a session's
//! messages is one in which they may have been sent.
//!
//! # When the decoder is slower than the ends
//!
//! By default ([`Behind::Cut`]) the relay never waits: if the queue of a session is full, its
//! trace ends there with [`Event::FellBehind`], and its bytes still pass. A trace with a hole in
//! it would be worse than a shorter one: every sum after the hole would be wrong. With
//! [`Behind::Wait`] the ends wait, and the trace is whole.

mod session;

use crate::decode::{Undecodable, Wire};
use crate::line::{End, Message};
use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, mem};

/// How often the listener looks for a client, and whether it is to stop.
const ACCEPT_EVERY: Duration = Duration::from_millis(5);

/// How long it waits after it could not accept one.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// What is to be tapped, and how.
#[derive(Clone, Debug)]
pub struct Tap {
    /// Where clients connect to. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Where they are connected to.
    pub upstream: SocketAddr,
    /// What is spoken.
    pub wire: Wire,
    /// Whether `listen` may be another address than a loopback address.
    pub beyond_loopback: bool,
    /// How many sessions there may be at a time; further clients are turned away.
    pub sessions_max: usize,
    /// How many reads, of 16 KiB at most each, may wait to be decoded in each session.
    pub queue: usize,
    /// What happens when they are more.
    pub behind: Behind,
}

/// What a tap does when its decoder is slower than the ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    /// It cuts the trace.
    Cut,
    /// It lets the ends wait.
    Wait,
}

/// What a tap sees. A session's events come in order, from [`Opened`](Self::Opened) to
/// [`Closed`](Self::Closed).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A client has connected.
    Opened {
        /// The session, from 1.
        session: u32,
        /// The client.
        client: SocketAddr,
    },
    /// A message passed. `session` is set, `seq` is left 0.
    Line(Message),
    /// Something passed that a trace cannot hold. What follows in the session is still decoded.
    Undecodable {
        /// The session.
        session: u32,
        /// Who sent it.
        from: End,
        /// How long it was, in bytes and without its framing.
        bytes: u64,
        /// Why not.
        why: Undecodable,
    },
    /// Where one end's messages begin can no longer be told: no more of them follow.
    Lost {
        /// The session.
        session: u32,
        /// Whose messages.
        from: End,
        /// Why not.
        why: Undecodable,
    },
    /// The decoder was too slow for the session: none of its messages follow.
    FellBehind {
        /// The session.
        session: u32,
    },
    /// The upstream could not be reached, or went away without closing; the client was closed.
    UpstreamGone {
        /// The session.
        session: u32,
        /// Why, in one sentence.
        why: String,
    },
    /// The session is over, and all that is to be said of it was said.
    Closed {
        /// The session.
        session: u32,
    },
    /// A client was turned away, or could not be accepted.
    Refused {
        /// Why, in one sentence.
        why: String,
    },
}

impl Tap {
    /// On loopback only, 64 sessions, 4,096 reads (64 MiB at most) a session, [`Behind::Cut`].
    #[must_use]
    pub const fn new(listen: SocketAddr, upstream: SocketAddr, wire: Wire) -> Self {
        Self {
            listen,
            upstream,
            wire,
            beyond_loopback: false,
            sessions_max: 64,
            queue: 4096,
            behind: Behind::Cut,
        }
    }

    /// Listens from now on, until [`Handle::stop`]. Once it has stopped and the last session has
    /// ended, `events` is disconnected.
    ///
    /// A caller that does not take its events holds the decoders up, see [`Behind`]; one that
    /// drops the receiver has a relay that says nothing.
    ///
    /// # Errors
    /// The address cannot be listened on; or it is no loopback address, and no other is allowed.
    pub fn start(self, events: SyncSender<Event>) -> io::Result<Handle> {
        if !self.beyond_loopback && !self.listen.ip().is_loopback() {
            let why = format!("{} is no loopback address, and no other is allowed", self.listen);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let listener = TcpListener::bind(self.listen)?;
        listener.set_nonblocking(true)?;
        let local = listener.local_addr()?;
        let open = Arc::new(Open::default());
        let shared = Arc::clone(&open);
        thread::Builder::new()
            .name("tap".into())
            .spawn(move || accept(&self, &listener, &shared, &events))?;
        Ok(Handle { local, open })
    }
}

/// A tap that is running. It goes on when all its handles are dropped.
#[derive(Clone, Debug)]
pub struct Handle {
    local: SocketAddr,
    open: Arc<Open>,
}

impl Handle {
    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Closes the sessions and takes no more. Returns at once; the events end when it is done.
    pub fn stop(&self) {
        self.open.stop();
    }
}

/// The sessions that are open, for whoever wants to close them.
#[derive(Default, Debug)]
struct Open {
    stopped: AtomicBool,
    sockets: Mutex<BTreeMap<u32, Vec<TcpStream>>>,
}

impl Open {
    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let sockets = mem::take(&mut *self.lock());
        sockets.into_values().flatten().for_each(|socket| close(&socket));
    }

    /// Adds a socket to a session, unless all are to be closed.
    fn add(&self, session: u32, socket: &TcpStream) -> io::Result<()> {
        let clone = socket.try_clone()?;
        let mut sockets = self.lock();
        if self.stopped() {
            return Err(io::Error::other("the tap was stopped"));
        }
        sockets.entry(session).or_default().push(clone);
        Ok(())
    }

    fn remove(&self, session: u32) {
        self.lock().remove(&session);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Vec<TcpStream>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a socket for everyone who has it; that it may be closed already does not matter.
fn close(socket: &TcpStream) {
    let _ = socket.shutdown(Shutdown::Both);
}

fn accept(tap: &Tap, listener: &TcpListener, open: &Arc<Open>, events: &SyncSender<Event>) {
    let mut sessions: Vec<JoinHandle<()>> = Vec::new();
    let mut session = 0_u32;
    // Whoever takes the events may be gone; the relay goes on.
    let refuse = |why: String| drop(events.send(Event::Refused { why }));
    while !open.stopped() {
        let (socket, client) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(ACCEPT_EVERY);
                continue;
            }
            Err(error) => {
                refuse(format!("a client could not be accepted: {error}"));
                thread::sleep(ACCEPT_AGAIN);
                continue;
            }
        };
        sessions.retain(|session| !session.is_finished());
        if sessions.len() >= tap.sessions_max {
            close(&socket);
            refuse(format!("{client} came when there were {} sessions", sessions.len()));
            continue;
        }
        let Some(number) = session.checked_add(1) else { break };
        session = number;
        let (tap, open, events) = (tap.clone(), Arc::clone(open), events.clone());
        let run = move || session::run(&tap, number, &socket, client, &open, &events);
        match thread::Builder::new().name(format!("tap {number}")).spawn(run) {
            Ok(thread) => sessions.push(thread),
            Err(error) => refuse(format!("there is no thread for {client}: {error}")),
        }
    }
}
