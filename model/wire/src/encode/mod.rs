//! Messages that no honest peer would send, or not at that moment, as raw messages of a wire.
//!
//! They are what an adapter's `hostile` request takes. Everything is said from the sender's side:
//! a place that is released or called is one of the receiver's exports.

mod capnp;
mod capnweb;
mod captp;
mod lines;

use crate::decode::Wire;
use crate::line::{Place, Ref};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A count that is no whole number, or not one of mentions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IllTyped {
    /// -1.
    Negative,
    /// 0.5.
    Fraction,
    /// `"1"`.
    Text,
    /// `null`.
    Null,
    /// `[1]`.
    List,
    /// `{}`.
    Object,
}

impl IllTyped {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Negative, Self::Fraction, Self::Text, Self::Null, Self::List, Self::Object];

    fn value(self) -> Value {
        match self {
            Self::Negative => (-1).into(),
            Self::Fraction => 0.5.into(),
            Self::Text => "1".into(),
            Self::Null => Value::Null,
            Self::List => [1].as_slice().into(),
            Self::Object => Value::Object(serde_json::Map::new()),
        }
    }
}

/// One message of a hostile peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Hostile {
    /// Gives back `count` mentions: too many, of what was never mentioned, or twice.
    Release {
        /// One of the receiver's exports.
        at: Place,
        /// How many.
        count: u32,
    },
    /// Gives back something that is no number of mentions.
    IllRelease {
        /// One of the receiver's exports.
        at: Place,
        /// The count.
        count: IllTyped,
    },
    /// Is done with a question, perhaps one that was never asked.
    Finish {
        /// The sender's question.
        question: u32,
        /// Whether the mentions in the results are given back as well.
        release_results: bool,
    },
    /// Asks for the first object.
    Bootstrap {
        /// The sender's question, perhaps one that is open already.
        question: u32,
    },
    /// Calls `ping`, without arguments, on what was perhaps released before.
    Call {
        /// One of the receiver's exports.
        at: Place,
        /// The sender's question, perhaps one that is open already. None where the wire numbers
        /// questions by itself, or no result is wanted.
        question: Option<u32>,
    },
    /// Calls `ping` with these arguments, some of which perhaps cannot be decoded.
    CallWith {
        /// One of the receiver's exports.
        at: Place,
        /// The arguments, in order. Where a wire never mentions one place twice in a message, it is
        /// mentioned once.
        refs: Vec<Ref>,
        /// The sender's question, where there are no calls without one. Elsewhere it is not said.
        question: u32,
    },
    /// Mentions one of its exports to the receiver's first object, and says, where descriptors say
    /// so, whether the receiver has it already; perhaps it is the other way round.
    Describe {
        /// One of the sender's exports.
        at: Place,
        /// What it says.
        again: bool,
    },
    /// Returns nothing in particular to a question that was perhaps never asked.
    Return {
        /// The receiver's question.
        question: u32,
    },
    /// Resolves a promise, which was perhaps never exported, to one of the sender's exports.
    Resolve {
        /// The sender's promise.
        promise: Place,
        /// What it is resolved to.
        to: Place,
    },
    /// Says that a `Resolve`, which was perhaps never received, is not implemented: what it
    /// mentions counts as given back.
    UnimplementedResolve {
        /// The receiver's promise.
        promise: Place,
        /// The receiver's export that it is said to have been resolved to.
        to: Place,
    },
    /// Lifts an embargo that was perhaps never laid.
    Disembargo {
        /// One of the receiver's exports.
        at: Place,
        /// The embargo.
        embargo: u32,
    },
}

impl Hostile {
    /// `raw` as in an adapter's `hostile` request; `None` if this wire cannot say it.
    #[must_use]
    pub fn encode(&self, wire: Wire) -> Option<Value> {
        match wire {
            Wire::CaptpJson => captp::encode(self),
            Wire::Capnweb => capnweb::encode(self),
            Wire::Capnp => capnp::encode(self).map(|bytes| STANDARD.encode(bytes).into()),
            Wire::Lines => lines::encode(self),
        }
    }
}

/// The bytes that a base64 string stands for.
pub(crate) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
