//! The kinds of steps, for counting how often each happened.

use serde::{Deserialize, Serialize};

/// What kind of step it is, for counting how often each kind happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StepKind {
    Send,
    Call,
    Ask,
    Return,
    Redirect,
    Resolve,
    Drop,
    Wait,
    Clear,
    Notify,
    BeginSend,
    SendFails,
    EndRead,
    Work,
    Cut,
    Crash,
    Fail,
    Deliver,
    BeginRead,
    Lose,
    Refuse,
}

impl StepKind {
    /// All of them, in order.
    pub const ALL: [Self; 21] = [
        Self::Send,
        Self::Call,
        Self::Ask,
        Self::Return,
        Self::Redirect,
        Self::Resolve,
        Self::Drop,
        Self::Wait,
        Self::Clear,
        Self::Notify,
        Self::BeginSend,
        Self::SendFails,
        Self::EndRead,
        Self::Work,
        Self::Cut,
        Self::Crash,
        Self::Fail,
        Self::Deliver,
        Self::BeginRead,
        Self::Lose,
        Self::Refuse,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Call => "call",
            Self::Ask => "ask",
            Self::Return => "return",
            Self::Redirect => "answer by a call",
            Self::Resolve => "resolve",
            Self::Drop => "drop",
            Self::Wait => "wait",
            Self::Clear => "clear",
            Self::Notify => "notify",
            Self::BeginSend => "begin to send",
            Self::SendFails => "fail to send",
            Self::EndRead => "read to the end",
            Self::Work => "work of the runtime",
            Self::Cut => "cut",
            Self::Crash => "crash",
            Self::Fail => "break the protocol",
            Self::Deliver => "read",
            Self::BeginRead => "begin to read",
            Self::Lose => "lose",
            Self::Refuse => "refuse",
        }
    }
}
