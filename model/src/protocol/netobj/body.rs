//! What the messages of Network Objects say: method calls and the calls of the collector.

use crate::protocol::kit::{Named, Owner};
use crate::world::{Body, Position, Ref, Release};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;

/// A clean call for one object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Clean {
    /// The owner's index.
    pub index: Index,
    /// The client's event.
    pub event: u32,
    /// Whether a dirty call may still arrive, which must be refused then.
    pub strong: bool,
    /// Ghost: all surrogates up to this number are gone.
    pub upto: u32,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NetBody {
    /// A transmission with references; the last may be the target of a call.
    Transmit {
        /// The references.
        named: SmallVec<[Named; 2]>,
        /// Whether it is a call of the only one.
        call: bool,
    },
    /// A transmission was read whole: what its sender has pinned for it may go.
    Ack(SmallVec<[(Owner, Index); 2]>),
    /// The client has a surrogate.
    Dirty {
        /// The owner's index.
        index: Index,
        /// The client's event.
        event: u32,
    },
    /// The answer to it.
    DirtyReply {
        /// The owner's index.
        index: Index,
        /// The client's event.
        event: u32,
        /// Whether the client is on the list now.
        accepted: bool,
    },
    /// Surrogates are gone: a batch.
    Clean(SmallVec<[Clean; 1]>),
}

/// Says that a transmission was read whole.
pub(super) fn ack(named: &SmallVec<[Named; 2]>) -> NetBody {
    NetBody::Ack(named.iter().map(|n| (turned(n.owner), n.index)).collect())
}

/// The owner of a reference, as the other end calls it: what came back is acknowledged so.
const fn turned(owner: Owner) -> Owner {
    match owner {
        Owner::Sender => Owner::Receiver,
        Owner::Receiver => Owner::Sender,
        Owner::Third(owner) => Owner::Third(owner),
    }
}

impl Body for NetBody {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        match self {
            Self::Transmit { named, .. } => named.iter().map(Named::seen).collect(),
            _ => SmallVec::new(),
        }
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        let Self::Clean(batch) = self else { return SmallVec::new() };
        let release = |clean: &Clean| {
            let (at, upto) = (Position::export(clean.index), clean.upto);
            Release { at, delta: 1, upto }
        };
        batch.iter().map(release).collect()
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        if let Self::Clean(batch) = self {
            for clean in batch {
                clean.upto = latest(Position::export(clean.index));
            }
        }
    }
}

impl fmt::Display for NetBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: Vec<String>| all.join(", ");
        match self {
            Self::Transmit { named, call } => {
                f.write_str(if *call { "call " } else { "" })?;
                f.write_str(&list(named.iter().map(ToString::to_string).collect()))
            }
            Self::Ack(acknowledged) => {
                let all = acknowledged.iter().map(|(_, index)| format!("[{index}]")).collect();
                write!(f, "ack {}", list(all))
            }
            Self::Dirty { index, event } => write!(f, "dirty [{index}] e{event}"),
            Self::DirtyReply { index, event, accepted } => {
                let so = if *accepted { "ok" } else { "refused" };
                write!(f, "dirty {so} [{index}] e{event}")
            }
            Self::Clean(batch) => {
                let all = batch.iter().map(|clean| {
                    let strong = if clean.strong { "strong " } else { "" };
                    format!("{strong}clean [{}] e{}", clean.index, clean.event)
                });
                f.write_str(&list(all.collect()))
            }
        }
    }
}

impl fmt::Debug for NetBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
