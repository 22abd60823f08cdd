//! Messages, and the channels they travel on.
//!
//! Beside what a real wire carries, each reference has a **ghost**: the object that its writer
//! meant. No protocol reads it; the ledger does.

use crate::names::Object;
use captp_gc::protocol::{Descriptor, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;

/// One reference in a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// As it stands on the wire.
    pub descriptor: Descriptor,
    /// Ghost: the object that was meant.
    pub object: Object,
    /// Ghost, for a reference that goes home: the number of the proxy that was used.
    pub number: u32,
}

/// What a message says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Body {
    /// `DeliverOp` to the peer's first object, with one argument.
    Deliver1(Ref),
    /// `DeliverOp` to the peer's first object, with two arguments.
    Deliver2(Ref, Ref),
    /// `DeliverOp` to one of the peer's exports: a call through a proxy.
    Call(Ref),
    /// `GCExportOp`. The delta is what stands on the wire, checked by nobody yet.
    GcExport {
        /// The receiver's export.
        index: Index,
        /// How many mentions are given back.
        delta: u32,
        /// Ghost: all proxies up to this number were given back.
        upto: u32,
    },
    /// The sender has ended the session: the last message of it.
    Over,
}

/// The delta of a faulty `GCExportOp` that its sender guesses as badly as can be: it is read as
/// one more than the reader's count.
pub(super) const ONE_ABOVE_THE_COUNT: u32 = u32::MAX;

/// One message on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Message {
    /// The connection it travels on.
    pub session: SessionId,
    /// Ghost: a faulty vat sent it, and it violates the protocol.
    pub fault: bool,
    /// What it says.
    pub body: Body,
}

impl Message {
    /// The references it carries, a call's target included.
    pub fn refs(&self) -> impl Iterator<Item = Ref> + Clone + use<> {
        let (first, second) = match self.body {
            Body::Deliver1(only) | Body::Call(only) => (Some(only), None),
            Body::Deliver2(first, second) => (Some(first), Some(second)),
            Body::GcExport { .. } | Body::Over => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The mentions of the sender's exports it carries, unless it is faulty.
    pub fn mentions(&self) -> impl Iterator<Item = Ref> + Clone + use<> {
        let correct = !self.fault;
        self.refs().filter(move |r| correct && r.descriptor.is_mention())
    }

    /// The index and delta of a `GCExportOp`, unless it is faulty.
    pub fn gc_export(&self) -> Option<(Index, u32)> {
        match self.body {
            Body::GcExport { index, delta, .. } if !self.fault => Some((index, delta)),
            _ => None,
        }
    }

    /// The uses of the receiver's exports it carries, unless it is faulty.
    pub fn uses(&self) -> impl Iterator<Item = Ref> + Clone + use<> {
        let correct = !self.fault;
        self.refs().filter(move |r| correct && !r.descriptor.is_mention())
    }
}

/// The order in which messages of one direction arrive (R6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WireOrder {
    /// One FIFO channel for everything.
    #[default]
    Fifo,
    /// Any message in flight may arrive next.
    Unordered,
    /// FIFO, but a GC message is put ahead of all that its sender has queued and the receiver has
    /// not read.
    GcFirst,
}

/// The messages in flight in one direction, in the order in which they were put on the wire.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Wire(SmallVec<[Message; 3]>);

impl Wire {
    /// The messages in flight.
    pub fn iter(&self) -> std::slice::Iter<'_, Message> {
        self.0.iter()
    }

    /// How many messages are in flight.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The positions of the messages that may arrive next. Each session is a connection of its
    /// own, so the next message of each may.
    pub fn deliverable(&self, order: WireOrder) -> impl Iterator<Item = usize> {
        (0..self.0.len()).filter(move |position| {
            let session = self.0[*position].session;
            let waits = || self.0[..*position].iter().any(|earlier| earlier.session == session);
            order == WireOrder::Unordered || !waits()
        })
    }

    /// Puts a message on the wire.
    pub fn send(&mut self, message: Message, order: WireOrder) {
        let overtakes =
            order == WireOrder::GcFirst && matches!(message.body, Body::GcExport { .. });
        self.0.insert(if overtakes { 0 } else { self.0.len() }, message);
    }

    /// Takes the message at `position` off the wire.
    pub fn take(&mut self, position: usize) -> Option<Message> {
        (position < self.0.len()).then(|| self.0.remove(position))
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.descriptor, self.object)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault {
            f.write_str("faulty ")?;
        }
        match &self.body {
            Body::Deliver1(only) => write!(f, "{only}"),
            Body::Deliver2(first, second) => write!(f, "{first}, {second}"),
            Body::Call(target) => write!(f, "call {target}"),
            Body::GcExport { index, delta: ONE_ABOVE_THE_COUNT, .. } if self.fault => {
                write!(f, "GCExportOp({index}, n+1)")
            }
            Body::GcExport { index, delta, .. } => write!(f, "GCExportOp({index}, {delta})"),
            Body::Over => write!(f, "session {} is over", self.session),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
