//! The steps of the tables, named by their rules.

use crate::protocol::{Descriptor, Index, Violation, WireDelta};
use core::fmt;

/// One step of the tables, and the rule that it is an instance of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Step {
    /// R1: an object was mentioned.
    Exported {
        /// As it goes on the wire.
        descriptor: Descriptor,
    },
    /// R7: a mention that was not sent was taken back.
    Unexported {
        /// Our index.
        index: Index,
        /// Whether the entry went.
        freed: bool,
    },
    /// R2: a mention was read.
    Imported {
        /// As it came off the wire.
        descriptor: Descriptor,
        /// Whether the proxy is new: the first one, or a successor.
        installed: bool,
    },
    /// The last handle of a proxy went, and a notification is owed.
    Dropped {
        /// Where it stood.
        index: Index,
    },
    /// R3: a notification was served, and mentions are given back.
    Notified {
        /// The exporter's index.
        index: Index,
        /// How many.
        delta: WireDelta,
    },
    /// R4: the peer has given mentions back.
    GcExported {
        /// Our index.
        index: Index,
        /// How many.
        delta: u32,
        /// Whether the entry went.
        freed: bool,
    },
    /// R5: the peer broke the protocol.
    Refused {
        /// How.
        violation: Violation,
    },
    /// R8: the session is over.
    Closed {
        /// How many exports were given back.
        exports: usize,
    },
}

impl Step {
    /// The rule's number: 3 for R3. A dropped proxy is the reason for R3.
    pub const fn rule(&self) -> u8 {
        match self {
            Self::Exported { .. } => 1,
            Self::Imported { .. } => 2,
            Self::Dropped { .. } | Self::Notified { .. } => 3,
            Self::GcExported { .. } => 4,
            Self::Refused { .. } => 5,
            Self::Unexported { .. } => 7,
            Self::Closed { .. } => 8,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let freed = |freed: &bool| if *freed { ", and the entry goes" } else { "" };
        match self {
            Self::Exported { descriptor } => write!(f, "writes {descriptor}"),
            Self::Unexported { index, freed: gone } => {
                write!(f, "takes back a mention of exports[{index}]{}", freed(gone))
            }
            Self::Imported { descriptor, installed: true } => {
                write!(f, "reads {descriptor}, and installs a proxy")
            }
            Self::Imported { descriptor, .. } => write!(f, "reads {descriptor}"),
            Self::Dropped { index } => write!(f, "drops the last handle of imports[{index}]"),
            Self::Notified { index, delta } => write!(f, "gives back {delta} of imports[{index}]"),
            Self::GcExported { index, delta, freed: gone } => {
                write!(f, "reads GCExportOp({index}, {delta}){}", freed(gone))
            }
            Self::Refused { violation } => write!(f, "refuses: {violation}"),
            Self::Closed { exports } => write!(f, "closes, with {exports} exports"),
        }
    }
}
