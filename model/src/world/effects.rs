//! What the world asks of a protocol, and what a protocol answers: data, both ways.

use super::position::Key;
use super::wire::Ghost;
use crate::names::{Object, VatId};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A reference that the application uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given {
    /// As the vat has it.
    pub what: What,
    /// What is meant, to be carried along.
    pub ghost: Ghost,
}

/// A reference as a vat has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum What {
    /// One of its own objects or promises.
    Local(Object),
    /// A proxy.
    Proxy(Key),
}

impl What {
    /// The proxy, if it is one.
    pub const fn proxy(self) -> Option<Key> {
        match self {
            Self::Proxy(key) => Some(key),
            Self::Local(_) => None,
        }
    }
}

/// One word, so that it can be a key: `Bob`, or `B/exports/0/1/1`.
impl From<What> for String {
    fn from(what: What) -> Self {
        match what {
            What::Local(object) => object.into(),
            What::Proxy(key) => key.into(),
        }
    }
}

impl TryFrom<String> for What {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        if word.contains('/') {
            word.parse().map(Self::Proxy)
        } else {
            word.try_into().map(Self::Local)
        }
    }
}

/// What the application wants to say to a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// A message to the peer's first object, with arguments.
    Deliver(SmallVec<[Given; 2]>),
    /// A call through a proxy of the peer's, without a result.
    Call(Given),
    /// A call with a result, through a proxy of the peer's or to its first object.
    Ask {
        /// Who is called; the peer's first object if nobody is named.
        target: Option<Given>,
        /// An argument, if there is one.
        argument: Option<Given>,
        /// The answer that is asked for.
        answer: Ghost,
    },
    /// The result of a call.
    Return {
        /// Where the peer's question is answered.
        answer: Index,
        /// The call that is meant.
        call: Ghost,
        /// The result; none if there is nothing to return.
        result: Option<Given>,
    },
}

/// A call that is answered by another, made back to the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redirected {
    /// Where the peer's question is answered.
    pub answer: Index,
    /// The call that is meant.
    pub call: Ghost,
    /// Who is called.
    pub target: Given,
    /// The answer that is asked for.
    pub asked: Ghost,
}

/// What came of a protocol's transition.
#[derive(Clone, Debug)]
pub struct Effects<B> {
    /// Messages to be put on the wire, in order.
    pub sent: SmallVec<[(VatId, B); 2]>,
    /// What the application now has, or has to do.
    pub arrived: SmallVec<[Arrival; 2]>,
    /// What was denoted by entries that went, each once.
    pub evicted: SmallVec<[What; 2]>,
    /// Notifications that were scheduled, and will not be served.
    pub withdrawn: SmallVec<[Key; 1]>,
}

impl<B> Default for Effects<B> {
    fn default() -> Self {
        Self {
            sent: SmallVec::new(),
            arrived: SmallVec::new(),
            evicted: SmallVec::new(),
            withdrawn: SmallVec::new(),
        }
    }
}

/// What a protocol hands to the application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// A proxy.
    Proxy {
        /// Which one.
        key: Key,
        /// Whether it is a new one.
        installed: bool,
        /// What the mention meant.
        ghost: Ghost,
    },
    /// A new proxy that the runtime keeps for itself; the application never sees it.
    Kept {
        /// Which one.
        key: Key,
        /// What the mention meant.
        ghost: Ghost,
    },
    /// One of the vat's own objects, come home.
    Home {
        /// Which one the tables say it is.
        object: Object,
        /// What the reference meant.
        ghost: Ghost,
    },
    /// A call that the application has to answer.
    Asked {
        /// By whom.
        by: VatId,
        /// Where it is to be answered.
        answer: Index,
        /// The answer that is meant.
        call: Ghost,
    },
    /// The promise behind a proxy is resolved: the application holds what arrives next instead, if
    /// it held the promise. If nothing arrives next, it holds a broken reference.
    Settled(Key),
    /// The peer wants no answer to this call any more.
    Cancelled {
        /// Who had asked.
        by: VatId,
        /// Where it was to be answered.
        answer: Index,
    },
}

/// A message could not be read or written: it breaks the protocol, or asks for what cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused;
