//! What can happen: the application's moves, the collector's, a delivery, a cut.

use super::wire::Message;
use crate::names::{Object, VatId};
use captp_gc::protocol::{Index, Notification, ProxyId, Reference};
use serde::Serialize;
use std::fmt;

/// A reference that the application puts into a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Argument {
    /// One of the vat's own objects.
    Local(Object),
    /// The proxy at this import index, which goes home.
    Proxy {
        /// Where it stands.
        index: Index,
        /// What it denotes.
        object: Object,
    },
}

impl Argument {
    /// As the protocol is asked to describe it.
    pub fn reference(self) -> Reference<Object> {
        match self {
            Self::Local(object) => Reference::Local(object),
            Self::Proxy { index, .. } => Reference::Proxy(index),
        }
    }
}

/// The arguments of one message: one or two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Arguments(pub Argument, pub Option<Argument>);

impl Arguments {
    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Argument> {
        [Some(self.0), self.1].into_iter().flatten()
    }
}

/// How a faulty vat violates the protocol (R5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// A `GCExportOp` with a delta one above the count.
    OverRelease(Index),
    /// A `GCExportOp` with a delta of zero.
    ZeroDelta(Index),
    /// A `GCExportOp` for an index that is not allocated.
    UnknownExport,
    /// A message whose first reference can be read and whose second cannot.
    HalfReadable(Unreadable),
}

/// Why the second reference of a half-readable message cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unreadable {
    /// An `ImportDesc` of an index that was never introduced.
    NotIntroduced,
    /// A `NewFarDesc` of an index that is held.
    StillImported,
    /// A `NewFarDesc` of an index beyond the limit.
    BeyondLimit,
    /// A reference home to an index that is not allocated.
    UnknownExport,
}

impl Unreadable {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::NotIntroduced, Self::StillImported, Self::BeyondLimit, Self::UnknownExport];
}

/// A step of one vat that is no delivery. The order of the variants is the order of the search:
/// earlier ones make the shorter stories.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// The application sends a message with references.
    Send(Arguments),
    /// The application calls the object behind a proxy.
    Call {
        /// Where the proxy stands.
        index: Index,
        /// What it denotes.
        object: Object,
    },
    /// The application drops its last reference to a proxy.
    Drop {
        /// Where the proxy stands.
        index: Index,
        /// What it denotes.
        object: Object,
    },
    /// The collector clears the weak reference to a dropped proxy.
    Clear(ProxyId),
    /// A notification is served.
    Notify(Notification),
    /// A message is described and counted, and is not on the wire yet.
    BeginSend(Arguments),
    /// It cannot be sent.
    SendFails,
    /// The vat finds its session cut, and begins the next.
    Cut,
    /// The vat breaks the protocol.
    Fail(Fault),
}

/// What kind of step it is, for counting how often each kind happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StepKind {
    Send,
    Call,
    Drop,
    Clear,
    Notify,
    BeginSend,
    SendFails,
    Cut,
    Fail,
    Deliver,
}

/// One step of the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The receiver reads a message in flight.
    Deliver {
        /// The receiver.
        to: VatId,
        /// Which of the messages in flight to it, in the order they were put on the wire.
        position: usize,
        /// The message.
        message: Message,
    },
    /// A vat does something.
    Vat(VatId, Step),
}

impl Action {
    /// The vat that acts.
    pub const fn actor(&self) -> VatId {
        match self {
            Self::Deliver { to, .. } => *to,
            Self::Vat(vat, _) => *vat,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> StepKind {
        match self {
            Self::Deliver { .. } => StepKind::Deliver,
            Self::Vat(_, step) => match step {
                Step::Send(_) => StepKind::Send,
                Step::Call { .. } => StepKind::Call,
                Step::Drop { .. } => StepKind::Drop,
                Step::Clear(_) => StepKind::Clear,
                Step::Notify(_) => StepKind::Notify,
                Step::BeginSend(_) => StepKind::BeginSend,
                Step::SendFails => StepKind::SendFails,
                Step::Cut => StepKind::Cut,
                Step::Fail(_) => StepKind::Fail,
            },
        }
    }

    /// What happens, without saying where.
    pub fn deed(&self) -> String {
        match self {
            Self::Deliver { message, .. } => format!("reads {message}"),
            Self::Vat(_, step) => step.to_string(),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(object) => write!(f, "{object}"),
            Self::Proxy { object, .. } => write!(f, "{object}'s proxy"),
        }
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            None => write!(f, "{}", self.0),
            Some(second) if second == self.0 => write!(f, "{} twice", self.0),
            Some(second) => write!(f, "{} and {second}", self.0),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverRelease(index) => write!(f, "a delta above the count of imports[{index}]"),
            Self::ZeroDelta(index) => write!(f, "a delta of zero for imports[{index}]"),
            Self::UnknownExport => write!(f, "an index that is not allocated"),
            Self::HalfReadable(_) => write!(f, "a message of which only half can be read"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(arguments) => write!(f, "sends {arguments}"),
            Self::Call { object, .. } => write!(f, "calls {object}'s proxy"),
            Self::Drop { object, .. } => write!(f, "drops {object}'s proxy"),
            Self::Clear(proxy) => write!(f, "'s collector clears imports[{}]", proxy.index),
            Self::Notify(n) => {
                write!(f, "serves the notification of imports[{}]", n.proxy.index)
            }
            Self::BeginSend(arguments) => write!(f, "begins to send {arguments}"),
            Self::SendFails => f.write_str("fails to send it"),
            Self::Cut => f.write_str("finds the session cut"),
            Self::Fail(fault) => write!(f, "breaks the protocol: sends {fault}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deed = self.deed();
        let space = if deed.starts_with('\'') { "" } else { " " };
        write!(f, "{}{space}{deed}", self.actor())
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
