//! What travels: descriptors and GC messages.

use super::{Index, ProxyId, SessionId, WireDelta};
use alloc::vec::Vec;
use core::fmt;

/// How one reference is written on the wire, **named from the receiver's side**, as E and OCapN do
/// it. (Cap'n Proto names them by host: `senderHosted` is `NewFarDesc` or `ImportDesc`,
/// `receiverHosted` is `ExportDesc`.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::enum_variant_names, reason = "E's own names")]
pub enum Descriptor {
    /// First mention of one of the sender's objects: the receiver gets a new import.
    NewFarDesc(Index),
    /// A later mention of one of the sender's objects: an import the receiver has heard of.
    ImportDesc(Index),
    /// The reference goes home: one of the receiver's own exports. Not counted.
    ExportDesc(Index),
}

impl Descriptor {
    /// The index it names.
    pub const fn index(self) -> Index {
        match self {
            Self::NewFarDesc(index) | Self::ImportDesc(index) | Self::ExportDesc(index) => index,
        }
    }

    /// Whether it is a mention: counted at both ends (R1, R2).
    pub const fn is_mention(self) -> bool {
        matches!(self, Self::NewFarDesc(_) | Self::ImportDesc(_))
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewFarDesc(index) => write!(f, "NewFarDesc({index})"),
            Self::ImportDesc(index) => write!(f, "ImportDesc({index})"),
            Self::ExportDesc(index) => write!(f, "ExportDesc({index})"),
        }
    }
}

/// What the sender means by an argument of a message, before it is described.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reference<O> {
    /// One of the sender's own objects.
    Local(O),
    /// The live proxy at this import index: it goes home.
    Proxy(Index),
}

/// What the receiver gets for an argument of a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Received<O> {
    /// A proxy for one of the sender's objects.
    Proxy {
        /// Which proxy it is.
        proxy: ProxyId,
        /// Whether it must be made now (first proxy or successor), or is the live one.
        installed: bool,
    },
    /// One of the receiver's own objects: the reference came home.
    Home(O),
}

/// A message that was described and counted, and not yet settled: sent, or known not to be.
///
/// Until then no other message may be written. A later message would name as already introduced
/// what this one introduces, and the peer would refuse it if this one never came.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "its mentions are counted: settle it with `Tables::sent` or `Tables::unwrite`"]
pub struct Written {
    pub(super) session: SessionId,
    pub(super) descriptors: Vec<Descriptor>,
}

impl Written {
    /// The descriptors to put on the wire, in the order of the references.
    pub fn descriptors(&self) -> &[Descriptor] {
        &self.descriptors
    }
}

/// "I have dropped this many mentions of your export `index`."
///
/// Cap'n Proto's `Release`, OCapN's `op:gc-exports`, one index at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GcExportOp {
    /// The exporter's index.
    pub index: Index,
    /// How many mentions are given back.
    pub delta: WireDelta,
}

impl fmt::Debug for GcExportOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for GcExportOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GCExportOp({}, {})", self.index, self.delta)
    }
}
