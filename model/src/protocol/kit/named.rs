//! References that name their object by its owner, and not by who mentions it.

use crate::names::VatId;
use crate::world::{Body, Content, Ghost, Given, Key, Position, Ref, Refused, Release, Whose};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// Whose object it is that a message refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Owner {
    /// The sender's own.
    Sender,
    /// The receiver's: the reference goes home.
    Receiver,
    /// A third vat's.
    Third(VatId),
}

impl Owner {
    /// Who that is, in a message of `from` to `to`.
    pub const fn of(self, from: VatId, to: VatId) -> VatId {
        match self {
            Self::Sender => from,
            Self::Receiver => to,
            Self::Third(owner) => owner,
        }
    }
}

/// A reference as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Named {
    /// Whose object it is.
    pub owner: Owner,
    /// The owner's index.
    pub index: Index,
    /// What travels with it; 1 where nothing is weighed.
    pub weight: u32,
    /// Whether the sender had mentioned it to this receiver before.
    pub again: bool,
    /// What was meant.
    pub ghost: Ghost,
}

impl Named {
    /// The owner of what `from` sends to `to`.
    pub const fn owner(&self, from: VatId, to: VatId) -> VatId {
        self.owner.of(from, to)
    }

    /// As the ledger sees it.
    pub fn seen(&self) -> Ref {
        let at = Position::export(self.index);
        match self.owner {
            Owner::Receiver => Ref::home(at, self.ghost),
            Owner::Sender => {
                Ref { weight: self.weight, ..Ref::mention(at, self.again, self.ghost) }
            }
            Owner::Third(owner) => {
                let mention = Ref::mention(at, self.again, self.ghost);
                Ref { whose: Whose::Third(owner), weight: self.weight, ..mention }
            }
        }
    }
}

/// A message of a system whose references name their owners.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NamedOp {
    /// To the peer's first object, with arguments.
    Deliver(SmallVec<[Named; 2]>),
    /// A call through a proxy.
    Call(Named),
    /// A reference is gone, and what it stood for is given back.
    Drop {
        /// Whose object it is: the receiver's, unless the receiver had only handed it on.
        owner: Owner,
        /// The owner's index.
        index: Index,
        /// How much.
        weight: u32,
        /// Ghost: all proxies up to this number are gone.
        upto: u32,
    },
    /// A use of one of the receiver's imports has arrived.
    Done {
        /// The sender's own index.
        index: Index,
    },
}

impl NamedOp {
    /// What the application says, as a message; `describe` writes each reference.
    ///
    /// # Errors
    /// As `describe`'s, or it is a call with a result: these systems have none.
    pub fn write(
        content: &Content,
        mut describe: impl FnMut(&Given) -> Result<Named, Refused>,
    ) -> Result<Self, Refused> {
        match content {
            Content::Deliver(given) => {
                let named: Result<_, _> = given.iter().map(describe).collect();
                named.map(Self::Deliver)
            }
            Content::Call(target) => describe(target).map(Self::Call),
            Content::Ask { .. } | Content::Return { .. } => Err(Refused),
        }
    }

    /// The references that it carries.
    pub fn named(&self) -> SmallVec<[Named; 2]> {
        match self {
            Self::Deliver(named) => named.clone(),
            Self::Call(target) => smallvec![*target],
            Self::Drop { .. } | Self::Done { .. } => SmallVec::new(),
        }
    }
}

impl Body for NamedOp {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        self.named().iter().map(Named::seen).collect()
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        match *self {
            Self::Drop { owner: Owner::Receiver, index, weight, upto } => {
                smallvec![Release { at: Position::export(index), delta: weight, upto }]
            }
            _ => SmallVec::new(),
        }
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        if let Self::Drop { index, upto, .. } = self {
            *upto = latest(Position::export(*index));
        }
    }
}

/// The name of the proxy for the `index`th object of `owner`'s, in the first session: most of these
/// systems know no other.
pub const fn key(owner: VatId, index: Index, incarnation: Incarnation) -> Key {
    Key { peer: owner, at: Position::export(index), session: SessionId::FIRST, incarnation }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner {
            Owner::Sender => write!(f, "mine[{}]", self.index)?,
            Owner::Receiver => write!(f, "yours[{}]", self.index)?,
            Owner::Third(owner) => write!(f, "{}'s[{}]", owner.letter(), self.index)?,
        }
        if self.weight > 1 {
            write!(f, "×{}", self.weight)?;
        }
        write!(f, " {}", self.ghost)
    }
}

impl fmt::Display for NamedOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver(named) => {
                let all: Vec<_> = named.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
            Self::Call(target) => write!(f, "call {target}"),
            Self::Drop { owner: Owner::Third(owner), index, weight, .. } => {
                write!(f, "drop {}'s[{index}] {weight}", owner.letter())
            }
            Self::Done { index } => write!(f, "done with [{index}]"),
            Self::Drop { index, weight, .. } => write!(f, "drop [{index}] {weight}"),
        }
    }
}

impl fmt::Debug for NamedOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
