//! What travels, how it is framed, and the ordered channel that it leaves by.

use super::ledger::Id;
use captp_gc::protocol::{Descriptor, GcExportOp, Index, SessionId};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of a message: what is longer is not sent.
pub(crate) const FRAME_MAX: usize = 512;
/// `GCExportOp`s in a message: each takes at most ten bytes.
pub(crate) const OPS_MAX: usize = 48;
/// Messages of a session that the peer has not read, before senders have to wait. Without this the
/// senders would run ahead of the readers, and mostly find their tables full.
const WINDOW: usize = 48;
/// How long anything may take before it counts as a deadlock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Message {
    pub(crate) session: SessionId,
    pub(crate) body: Body,
}

#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum Body {
    /// A message to one of the receiver's exports, or to nobody in particular.
    Deliver {
        target: Option<(Index, Id)>,
        arguments: Vec<(Descriptor, Id)>,
        padding: Vec<u8>,
    },
    GcExports(Vec<GcExportOp>),
    /// The sender delivers nothing more in this session.
    NothingMore,
    /// The sender holds nothing any more, and has said so of everything.
    AllGivenBack,
}

/// The channel of a vat. It is older than the connection, and outlives it: what was not written to
/// one connection is written to the next, where the receiver discards it.
#[derive(Default)]
pub(crate) struct Channel {
    waiting: Mutex<Outgoing>,
    moved: Condvar,
}

#[derive(Default)]
pub(crate) struct Outgoing {
    /// Whole frames.
    frames: Vec<u8>,
    /// Messages of this session that the peer has not read.
    flying: usize,
}

/// The message was not sent, because it is too long.
#[derive(Debug)]
pub(crate) struct NotSent;

impl Outgoing {
    pub(crate) fn push(&mut self, message: &Message) -> Result<(), NotSent> {
        let mut frame = [0; FRAME_MAX];
        let body = postcard::to_slice(message, &mut frame).map_err(|_| NotSent)?;
        let length = u16::try_from(body.len()).map_err(|_| NotSent)?;
        self.frames.extend_from_slice(&length.to_le_bytes());
        self.frames.extend_from_slice(body);
        self.flying += 1;
        Ok(())
    }
}

impl Channel {
    /// R6: whoever has this may count mentions and place the message that they are in. Waits for
    /// room, unless the session is `over`. `None` if that takes too long.
    pub(crate) fn lock(&self, over: impl Fn() -> bool) -> Option<MutexGuard<'_, Outgoing>> {
        let guard = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |waiting: &mut Outgoing| waiting.flying >= WINDOW && !over();
        let (guard, waited) = self
            .moved
            .wait_timeout_while(guard, PATIENCE, full)
            .unwrap_or_else(PoisonError::into_inner);
        (!waited.timed_out()).then_some(guard)
    }

    /// A session begins. What waits is of sessions before it.
    pub(crate) fn begin(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).flying = 0;
    }

    /// The peer has read so many messages. (Vats of two processes would tell each other.)
    pub(crate) fn landed(&self, messages: usize) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).flying -= messages;
        self.moved.notify_all();
    }

    /// Something was placed, or the session is over.
    pub(crate) fn notify(&self) {
        drop(self.waiting.lock());
        self.moved.notify_all();
    }

    /// Takes everything that waits, as soon as something does. False if the session is `over`:
    /// then it goes on waiting.
    pub(crate) fn take(&self, frames: &mut Vec<u8>, over: impl Fn() -> bool) -> bool {
        frames.clear();
        let guard = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |waiting: &mut Outgoing| waiting.frames.is_empty() && !over();
        let mut guard = self.moved.wait_while(guard, idle).unwrap_or_else(PoisonError::into_inner);
        if over() {
            return false;
        }
        std::mem::swap(&mut guard.frames, frames);
        drop(guard);
        self.moved.notify_all();
        true
    }
}

/// Reads one message. `None` if the connection is cut.
///
/// # Errors
/// What an honest peer does not send, or silence.
pub(crate) fn read(stream: &mut impl Read) -> Result<Option<Message>, String> {
    let (mut length, mut frame) = ([0; 2], [0; FRAME_MAX]);
    if !fill(stream, &mut length)? {
        return Ok(None);
    }
    let length = usize::from(u16::from_le_bytes(length));
    let frame = frame.get_mut(..length).ok_or_else(|| format!("a frame of {length} bytes"))?;
    if !fill(stream, frame)? {
        return Ok(None);
    }
    postcard::from_bytes(frame).map(Some).map_err(|error| format!("an unreadable frame: {error}"))
}

fn fill(stream: &mut impl Read, bytes: &mut [u8]) -> Result<bool, String> {
    match stream.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
        {
            Err(format!("nothing was heard for {PATIENCE:?}"))
        }
        Err(_) => Ok(false),
    }
}
