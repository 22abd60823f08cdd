//! What a tap has to say as it happens.

use super::{Live, Told};
use captp_wire::line::End;
use captp_wire::sums::Severity;
use serde::Serialize;
use std::fmt;

/// What a tap has to say as it happens. `line` is where it stands in the recorded trace.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Notice {
    /// A client has connected.
    Opened {
        /// The session.
        session: u32,
        /// The client.
        client: String,
    },
    /// The session is over.
    Closed {
        /// The session.
        session: u32,
        /// How many messages each end has sent.
        messages: [u64; 2],
        /// How many places had mentions left, and how many questions were open.
        left: usize,
    },
    /// The sums do not come out.
    Finding {
        /// What, and by which message.
        #[serde(flatten)]
        told: Told,
        /// The line of a message that was not decoded, and may be the reason.
        doubtful_since: Option<u64>,
        /// Whether the next ones of this rule are only counted.
        last: bool,
    },
    /// No behaviour of the model explains a message.
    Unexplained {
        /// The line.
        line: u64,
        /// The session.
        session: u32,
        /// What it says, in the words of the model.
        what: String,
        /// What the message says.
        said: String,
        /// What would have been explicable instead.
        expected: Vec<String>,
    },
    /// The model does not have what a message is about.
    Beyond {
        /// The line.
        line: u64,
        /// The session.
        session: u32,
        /// What it does not have.
        why: String,
        /// What the message says.
        said: String,
    },
    /// Something is live for long.
    Old {
        /// What.
        #[serde(flatten)]
        live: Live,
        /// For how many seconds.
        seconds: u64,
        /// What the message says that it came with.
        said: String,
    },
    /// More is live for long than is told one by one.
    OldToo {
        /// How much more.
        more: usize,
    },
    /// Something passed that could not be decoded.
    Undecodable {
        /// The line that stands for it.
        line: u64,
        /// The session.
        session: u32,
        /// Who sent it.
        from: End,
        /// How long it was, in bytes.
        bytes: u64,
        /// Why not.
        why: String,
        /// Whether the next ones of this session are only counted.
        last: bool,
    },
    /// Nothing more of a session is decoded.
    Blind {
        /// The session.
        session: u32,
        /// Why not.
        why: String,
    },
    /// The upstream cannot be reached, or is gone; the client was closed.
    UpstreamGone {
        /// The session.
        session: u32,
        /// Why.
        why: String,
    },
    /// A client was turned away.
    Refused {
        /// Why.
        why: String,
    },
    /// The trace is not recorded any further.
    Unrecorded {
        /// Why.
        why: String,
    },
}

impl Notice {
    /// Whether something is wrong with what passed.
    pub fn is_violation(&self) -> bool {
        match self {
            Self::Finding { told, .. } => told.severity == Severity::Violation,
            Self::Unexplained { .. } => true,
            _ => false,
        }
    }

    /// Whether it is only about the coming and going of sessions.
    pub const fn is_usual(&self) -> bool {
        matches!(self, Self::Opened { .. } | Self::Closed { .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { session, client } => write!(f, "session {session}: {client} is here"),
            Self::Closed { session, messages: [a, b], left } => {
                write!(f, "session {session}: over, {a} messages one way and {b} the other")?;
                if *left > 0 {
                    write!(f, "; {left} places and questions were live")?;
                }
                Ok(())
            }
            Self::Finding { told, doubtful_since, last } => {
                let Told { line, session, rule, what, said, from, .. } = told;
                let note = if told.severity == Severity::Note { ", a note" } else { "" };
                write!(
                    f,
                    "session {session}, line {line}: {what} ({rule}{note}){}",
                    by(*from, said)
                )?;
                if let Some(line) = doubtful_since {
                    write!(f, "; the message of line {line} was not decoded, which may be why")?;
                }
                if *last {
                    f.write_str("; more of these are only counted")?;
                }
                Ok(())
            }
            Self::Unexplained { line, session, what, said, expected } => {
                write!(f, "session {session}, line {line}: no behaviour explains {what}")?;
                f.write_str(&by(None, said))?;
                for (number, one) in expected.iter().enumerate() {
                    write!(f, "{}{one}", if number == 0 { "; expected: " } else { "; or " })?;
                }
                Ok(())
            }
            Self::Beyond { line, session, why, said } => {
                write!(f, "session {session}: beyond the model from line {line} on: {why}")?;
                f.write_str(&by(None, said))
            }
            Self::Old { live, seconds, said } => {
                write!(
                    f,
                    "session {}: a leak? {}'s {} ",
                    live.session,
                    live.end,
                    live.what.name()
                )?;
                write!(f, "is live for {seconds} s: {}", live.what.state())?;
                write!(f, ", since line {}{}", live.since, by(None, said))
            }
            Self::OldToo { more } => write!(f, "{more} more are live as long"),
            Self::Undecodable { line, session, from, bytes, why, last } => {
                write!(f, "session {session}, line {line}: {bytes} bytes of {from} passed ")?;
                write!(f, "that could not be decoded: {why}; from here on the model is not asked")?;
                if *last {
                    f.write_str("; more of these are only counted")?;
                }
                Ok(())
            }
            Self::Blind { session, why } => {
                write!(f, "session {session}: its bytes pass, and nothing more is judged: {why}")
            }
            Self::UpstreamGone { session, why } => {
                write!(f, "session {session}: the client was closed: {why}")
            }
            Self::Refused { why } => f.write_str(why),
            Self::Unrecorded { why } => write!(f, "the trace is recorded no further: {why}"),
        }
    }
}

/// The message that has caused it.
fn by(from: Option<End>, said: &str) -> String {
    match (from, said.is_empty()) {
        (_, true) => String::new(),
        (Some(from), _) => format!("; {from} said: {said}"),
        (None, _) => format!("; the message: {said}"),
    }
}
