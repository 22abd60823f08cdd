//! Errors in two voices: the peer broke the protocol, or our caller used us wrongly.

use super::{Index, SessionId, WireCount, WireDelta};
use core::{error, fmt};

/// The **peer** broke the protocol, or went beyond this vat's [`Limits`](super::Limits).
///
/// The session must end (R5). Whatever operation returned this has changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Violation {
    /// A `GCExportOp` that gives nothing back.
    ZeroDelta {
        /// The export it names.
        index: Index,
    },
    /// A `GCExportOp` or `ExportDesc` names an export that is not allocated.
    UnknownExport {
        /// The index named.
        index: Index,
    },
    /// A `GCExportOp` gives back more mentions than were ever written.
    OverRelease {
        /// The export it names.
        index: Index,
        /// What the peer claims to give back.
        delta: WireDelta,
        /// What is outstanding.
        count: WireCount,
    },
    /// An `ImportDesc` names an index that no `NewFarDesc` of this session introduced.
    NotIntroduced {
        /// The index named.
        index: Index,
    },
    /// A `NewFarDesc` names an index of which mentions are still held.
    StillImported {
        /// The index named.
        index: Index,
        /// How many mentions are held.
        count: WireCount,
    },
    /// A mention names an index beyond `Limits::imports_max`.
    IndexBeyondLimit {
        /// The index named.
        index: Index,
        /// The first index that is too large.
        limit: u32,
    },
    /// One more mention would exceed `Limits::mentions_max`.
    TooManyMentions {
        /// The import.
        index: Index,
    },
    /// A message carries more references than `Limits::references_per_message_max`.
    MessageTooLong {
        /// How many it carries.
        references: usize,
        /// How many it may carry.
        limit: u32,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ZeroDelta { index } => write!(f, "GCExportOp({index}, 0) gives nothing back"),
            Self::UnknownExport { index } => write!(f, "exports[{index}] is not allocated"),
            Self::OverRelease { index, delta, count } => write!(
                f,
                "GCExportOp({index}, {delta}) gives back more than the {count} outstanding mentions"
            ),
            Self::NotIntroduced { index } => {
                write!(f, "ImportDesc({index}), but no NewFarDesc introduced it")
            }
            Self::StillImported { index, count } => {
                write!(f, "NewFarDesc({index}), but {count} mentions of it are still held")
            }
            Self::IndexBeyondLimit { index, limit } => {
                write!(f, "index {index} is not below the limit of {limit} imports")
            }
            Self::TooManyMentions { index } => {
                write!(f, "one mention of imports[{index}] more than may be outstanding")
            }
            Self::MessageTooLong { references, limit } => {
                write!(f, "{references} references in one message, the limit is {limit}")
            }
        }
    }
}

impl error::Error for Violation {}

/// Our **caller** asked for something that cannot be done. Nothing has changed, and the session
/// can go on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Misuse {
    /// The export table is full: `Limits::exports_max` objects are exported.
    ExportsFull {
        /// How many entries there may be.
        limit: u32,
    },
    /// One more mention of this export would exceed `Limits::mentions_max`.
    TooManyMentions {
        /// The export.
        index: Index,
    },
    /// A message with more references than `Limits::references_per_message_max`.
    MessageTooLong {
        /// How many it carries.
        references: usize,
        /// How many it may carry.
        limit: u32,
    },
    /// A message is written while an earlier one is neither sent nor taken back.
    Unsettled,
    /// A message is settled that was settled before, or belongs to a session that is over. It must
    /// not be sent.
    NotInTheMaking,
    /// The next session has no later number than the current one.
    NotLater {
        /// The session that should begin.
        next: SessionId,
        /// The current session.
        current: SessionId,
    },
    /// A mention is taken back of an export that has none outstanding: the peer has given back
    /// what it was never sent, so the session should end.
    NotExported {
        /// The index named.
        index: Index,
    },
    /// There is no live proxy at this import index.
    NoLiveProxy {
        /// The index named.
        index: Index,
    },
    /// The session is over.
    Closed,
    /// A mention is taken back of an object that is not exported in this session.
    NothingToUnexport,
    /// A proxy is sent home through a session that it does not belong to.
    ForeignProxy {
        /// The session it belongs to. It may have the same number, and be another connection's.
        session: SessionId,
    },
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ExportsFull { limit } => write!(f, "all {limit} export entries are in use"),
            Self::TooManyMentions { index } => {
                write!(f, "one mention of exports[{index}] more than may be outstanding")
            }
            Self::MessageTooLong { references, limit } => {
                write!(f, "{references} references in one message, the limit is {limit}")
            }
            Self::Unsettled => f.write_str("the message before is neither sent nor taken back"),
            Self::NotInTheMaking => f.write_str("no such message is in the making"),
            Self::NotLater { next, current } => {
                write!(f, "session {next} cannot follow session {current}")
            }
            Self::NotExported { index } => {
                write!(f, "exports[{index}] has no outstanding mention to take back")
            }
            Self::NoLiveProxy { index } => write!(f, "there is no live proxy at imports[{index}]"),
            Self::Closed => f.write_str("the session is over"),
            Self::NothingToUnexport => f.write_str("the object is not exported in this session"),
            Self::ForeignProxy { session } => {
                write!(f, "the proxy belongs to another connection, in its session {session}")
            }
        }
    }
}

impl error::Error for Misuse {}
