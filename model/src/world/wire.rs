//! Messages, and the channels they travel on.
//!
//! Beside what a real wire carries, each reference has a **ghost**: what its writer meant. No
//! protocol looks into one; the ledger does.

use super::position::{Position, Table};
use crate::names::{Object, VatId};
use captp_gc::protocol::{Index, SessionId};
use captp_wire::line;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;
use std::hash::Hash;

/// What the writer of a reference meant. A protocol carries it along, unopened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ghost {
    object: Object,
    number: u32,
}

impl Ghost {
    /// A reference that means `object`, written by way of its `number`th proxy; 0 if none was used.
    pub(crate) const fn new(object: Object, number: u32) -> Self {
        Self { object, number }
    }

    /// The object that was meant. Not for protocols.
    pub(crate) const fn meant(self) -> Object {
        self.object
    }

    /// The answer that is meant. An answer has no name of its own, so this is what a view of the
    /// tables shows of its entry; nothing may depend on it.
    pub(crate) const fn of_answer(self) -> Object {
        self.object
    }

    /// The number of the proxy that was used. Not for protocols.
    pub(crate) const fn number(self) -> u32 {
        self.number
    }
}

impl fmt::Display for Ghost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.object, f)
    }
}

impl fmt::Debug for Ghost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// In whose table the position of a reference is to be looked up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Whose {
    /// The sender's: a mention of one of its exports.
    Sender,
    /// The receiver's: the reference goes home, or is called.
    Receiver,
    /// A third vat's: a mention of one of its exports by another than itself.
    Third(VatId),
    /// No position, but something that this vat keeps for whoever the reference is for.
    Gift(VatId),
}

/// A reference in a message, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ref {
    /// In whose table.
    pub whose: Whose,
    /// Where.
    pub at: Position,
    /// Whether it presupposes that the receiver knows the position: not the first mention.
    pub again: bool,
    /// What it counts for; 1 where mentions are counted.
    pub weight: u32,
    /// What was meant.
    pub ghost: Ghost,
}

impl Ref {
    /// A mention of the sender's export.
    pub const fn mention(at: Position, again: bool, ghost: Ghost) -> Self {
        Self { whose: Whose::Sender, at, again, weight: 1, ghost }
    }

    /// A reference to what `host` keeps, or will keep, for whoever it is for.
    pub const fn gift(host: VatId, ghost: Ghost) -> Self {
        let (at, whose) = (Position::export(Index::new(0)), Whose::Gift(host));
        Self { whose, at, again: false, weight: 0, ghost }
    }

    /// A use of the receiver's export.
    pub const fn home(at: Position, ghost: Ghost) -> Self {
        Self { whose: Whose::Receiver, at, again: true, weight: 0, ghost }
    }
}

/// Something given back: the receiver of the message may lower its count by so much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release {
    /// The receiver's export or answer.
    pub at: Position,
    /// By how much.
    pub delta: u32,
    /// Ghost: all proxies up to this number were given back.
    pub upto: u32,
}

/// What one message of a protocol says.
pub trait Body:
    Clone + Eq + Ord + Hash + fmt::Display + fmt::Debug + Send + Sync + 'static
{
    /// The references that it carries, a call's target included.
    fn refs(&self) -> SmallVec<[Ref; 2]>;

    /// What it gives back.
    fn releases(&self) -> SmallVec<[Release; 1]>;

    /// Where it asks for an answer, and the answer that is meant.
    fn asks(&self) -> Option<(Position, Ghost)> {
        None
    }

    /// The question that it answers, and the call that is meant.
    fn answered(&self) -> Option<(Position, Ghost)> {
        None
    }

    /// How it stands in a wire trace, without its number and its sender. Nothing if a wire trace
    /// has no words for it.
    fn line(&self) -> Option<line::Message> {
        None
    }

    /// Writes the ghosts of what it gives back; `latest` is the number of the proxy installed last
    /// at a position.
    fn stamp(&mut self, _latest: &dyn Fn(Position) -> u32) {}
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Said<B> {
    /// What the protocol says.
    Body(B),
    /// The sender has ended the session, or it crashed: the last message of it.
    Over,
}

/// One message on the wire.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Message<B> {
    /// The connection it travels on.
    pub session: SessionId,
    /// Ghost: a faulty vat sent it, and it violates the protocol.
    pub fault: bool,
    /// What it says.
    pub said: Said<B>,
}

impl<B: Body> Message<B> {
    /// What it says, unless it is faulty or the last of a session.
    pub const fn correct(&self) -> Option<&B> {
        match &self.said {
            Said::Body(body) if !self.fault => Some(body),
            _ => None,
        }
    }

    /// What the protocol says in it, right or wrong.
    pub const fn body(&self) -> Option<&B> {
        match &self.said {
            Said::Body(body) => Some(body),
            Said::Over => None,
        }
    }

    /// The references it carries, unless it is faulty.
    pub fn refs(&self) -> SmallVec<[Ref; 2]> {
        self.correct().map_or_else(SmallVec::new, Body::refs)
    }

    /// What it gives back, unless it is faulty.
    pub fn releases(&self) -> SmallVec<[Release; 1]> {
        self.correct().map_or_else(SmallVec::new, Body::releases)
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
    /// FIFO, but a message that gives something back is put ahead of all that its sender has queued
    /// and the receiver has not read.
    GcFirst,
    /// FIFO, but a message that gives an answer back is put ahead of the uses of that answer that
    /// its sender has queued.
    FinishFirst,
}

/// The messages in flight in one direction, in the order in which they were put on the wire.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wire<B>(SmallVec<[Message<B>; 3]>);

impl<B> Default for Wire<B> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<B> Wire<B> {
    /// The messages in flight.
    pub fn iter(&self) -> std::slice::Iter<'_, Message<B>> {
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

    /// Takes the message at `position` off the wire.
    pub fn take(&mut self, position: usize) -> Option<Message<B>> {
        (position < self.0.len()).then(|| self.0.remove(position))
    }
}

impl<B: Body> Wire<B> {
    /// Puts a message on the wire.
    pub fn send(&mut self, message: Message<B>, order: WireOrder) {
        let releases = message.releases();
        let place = match order {
            WireOrder::GcFirst if !releases.is_empty() => 0,
            WireOrder::FinishFirst => {
                let finished = |r: &Release| r.at.table == Table::Answers;
                let uses = |queued: &Message<B>| {
                    let refs = queued.refs();
                    let mut finished = releases.iter().filter(|r| finished(r));
                    finished
                        .any(|f| refs.iter().any(|r| r.whose == Whose::Receiver && r.at == f.at))
                };
                self.0.iter().position(uses).unwrap_or(self.0.len())
            }
            _ => self.0.len(),
        };
        self.0.insert(place, message);
    }
}

impl<B: fmt::Display> fmt::Display for Message<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault {
            f.write_str("faulty ")?;
        }
        match &self.said {
            Said::Body(body) => fmt::Display::fmt(body, f),
            Said::Over => write!(f, "session {} is over", self.session),
        }
    }
}

impl<B: fmt::Display> fmt::Debug for Message<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
