//! What E's messages say.

use crate::world::{Body, Ghost, Position, Ref, Release};
use captp_gc::protocol::{Descriptor, Index};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// A reference as it stands on the wire, and what was meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Described {
    /// As it stands on the wire.
    pub descriptor: Descriptor,
    /// What was meant.
    pub ghost: Ghost,
}

/// What a message of E's says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EBody {
    /// `DeliverOp` to the peer's first object, with one argument.
    Deliver1(Described),
    /// `DeliverOp` to the peer's first object, with two arguments.
    Deliver2(Described, Described),
    /// `DeliverOp` to one of the peer's exports: a call through a proxy.
    Call(Described),
    /// `GCExportOp`. The delta is what stands on the wire, checked by nobody yet.
    GcExport {
        /// The receiver's export.
        index: Index,
        /// How many mentions are given back.
        delta: u32,
        /// Ghost: all proxies up to this number were given back.
        upto: u32,
    },
}

/// The delta of a faulty `GCExportOp` that its sender guesses as badly as can be: it is read as
/// one more than the reader's count.
pub(super) const ONE_ABOVE_THE_COUNT: u32 = u32::MAX;

impl EBody {
    /// The references that it carries.
    pub(super) fn described(&self) -> SmallVec<[Described; 2]> {
        match self {
            Self::Deliver1(only) | Self::Call(only) => smallvec![*only],
            Self::Deliver2(first, second) => smallvec![*first, *second],
            Self::GcExport { .. } => SmallVec::new(),
        }
    }
}

impl Body for EBody {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        self.described().into_iter().map(Described::seen).collect()
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        match *self {
            Self::GcExport { index, delta, upto } => {
                smallvec![Release { at: Position::export(index), delta, upto }]
            }
            _ => SmallVec::new(),
        }
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        if let Self::GcExport { index, upto, .. } = self {
            *upto = latest(Position::export(*index));
        }
    }
}

impl Described {
    fn seen(self) -> Ref {
        let at = Position::export(self.descriptor.index());
        match self.descriptor {
            Descriptor::NewFarDesc(_) => Ref::mention(at, false, self.ghost),
            Descriptor::ImportDesc(_) => Ref::mention(at, true, self.ghost),
            Descriptor::ExportDesc(_) => Ref::home(at, self.ghost),
        }
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.descriptor, self.ghost)
    }
}

impl fmt::Display for EBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver1(only) => write!(f, "{only}"),
            Self::Deliver2(first, second) => write!(f, "{first}, {second}"),
            Self::Call(target) => write!(f, "call {target}"),
            Self::GcExport { index, delta: ONE_ABOVE_THE_COUNT, .. } => {
                write!(f, "GCExportOp({index}, n+1)")
            }
            Self::GcExport { index, delta, .. } => write!(f, "GCExportOp({index}, {delta})"),
        }
    }
}

impl fmt::Debug for EBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
