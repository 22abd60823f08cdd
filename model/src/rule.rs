//! The rules of the protocol, as the mutations and the charts cite them.

use serde::Serialize;

/// A rule of the protocol (see [`captp_gc::protocol`]), or the canary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[expect(missing_docs, reason = "the rules are stated in captp_gc::protocol")]
pub enum Rule {
    Canary,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    /// A rule of the system's own, in words.
    Own(&'static str),
}

impl Rule {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canary => "-",
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R6 => "R6",
            Self::R7 => "R7",
            Self::R8 => "R8",
            Self::Own(_) => "own",
        }
    }

    /// The rule in one sentence, for the reader of a counterexample.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Canary => "any rule at all",
            Self::R1 => "the exporter counts every mention that it writes",
            Self::R2 => {
                "the importer counts every mention that it reads, and returns the live proxy or \
                 installs a successor"
            }
            Self::R3 => {
                "a served notification acts only if no live successor stands there; then it gives \
                 the whole import count back, once"
            }
            Self::R4 => {
                "the exporter subtracts the delta; at zero, and only there, it forgets the entry \
                 in both directions"
            }
            Self::R5 => {
                "a message that violates the protocol ends the session and touches nothing else, \
                 and no legal message is taken for one"
            }
            Self::R6 => "all messages of one direction share one FIFO channel",
            Self::R7 => {
                "a mention that could not be sent is un-counted, and a message that could not be \
                 read whole leaves no counts behind"
            }
            Self::R8 => {
                "when a session ends each export is released once, and nothing of it acts any more"
            }
            Self::Own(text) => text,
        }
    }
}
