//! Why what the peer sent is not taken.

use crate::protocol::Violation;
use core::{error, fmt};

/// Why something that the peer sent is not taken. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refused {
    /// The peer broke the protocol: the session must end (R5).
    Violation(Violation),
    /// The session is over: discard it (R8). What is a violation whatever the tables hold, such as
    /// a delta of zero, may be called one then, too.
    Closed,
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Closed => f.write_str("the session is over"),
        }
    }
}

impl error::Error for Refused {}
