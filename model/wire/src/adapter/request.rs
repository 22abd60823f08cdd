//! What an adapter is asked to do.

use super::Can;
use crate::line::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A reference that an application puts into a message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// One of the vat's own objects.
    Own(String),
    /// One of its own promises.
    Promise(String),
    /// What it holds under this name.
    Held(String),
}

impl Named {
    /// Whether it is one of the vat's own promises.
    pub const fn is_promise(&self) -> bool {
        matches!(self, Self::Promise(_))
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Own(name) | Self::Promise(name) | Self::Held(name) => name,
        }
    }
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Begin anew with two fresh vats.
    Open,
    /// A message with references, to the peer's first object.
    Send {
        /// Who sends.
        vat: End,
        /// What.
        refs: Vec<Named>,
    },
    /// The same, and it cannot be serialised to its end.
    FailSend {
        /// Who sends.
        vat: End,
        /// What.
        refs: Vec<Named>,
    },
    /// A call without a result.
    Call {
        /// Who calls.
        vat: End,
        /// The name of what it holds.
        target: String,
    },
    /// A call with a result.
    Ask {
        /// Who calls.
        vat: End,
        /// The name of what it holds.
        target: String,
        /// The arguments.
        #[serde(default)]
        refs: Vec<Named>,
        /// The name of the question.
        question: String,
    },
    /// The result of a call.
    Return {
        /// Who answers.
        vat: End,
        /// The name of the question.
        question: String,
        /// The result: nothing, or one reference.
        #[serde(default)]
        refs: Vec<Named>,
    },
    /// A promise is resolved.
    Resolve {
        /// Whose.
        vat: End,
        /// Its name.
        promise: String,
        /// To this one.
        refs: Vec<Named>,
    },
    /// The application lets go of everything of this name.
    Drop {
        /// Which vat's.
        vat: End,
        /// The name.
        name: String,
    },
    /// The application lets go of one of several copies of this name.
    DropOne {
        /// Which vat's.
        vat: End,
        /// The name.
        name: String,
    },
    /// The collector clears a weak reference.
    Collect {
        /// Which vat's.
        vat: End,
        /// To what was held under this name; to whatever can be cleared, if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A finaliser runs.
    Finalise {
        /// Which vat's.
        vat: End,
        /// For what was held under this name; whichever is owed longest, if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The oldest message that is held back is read.
    Deliver {
        /// By whom.
        to: End,
    },
    /// What is held is asked for its name.
    Probe {
        /// Which vat asks.
        vat: End,
        /// Under which name it is held.
        name: String,
        /// Tells the answer from others.
        probe: u64,
    },
    /// A message that nobody sent is read.
    Hostile {
        /// By whom.
        to: End,
        /// As the wire has it.
        raw: Value,
    },
    /// A vat ends the session.
    Cut {
        /// Which.
        vat: End,
    },
    /// Both applications let go of everything.
    Forget,
    /// How many entries the tables have.
    Tables,
    /// Which objects exist though nobody holds them.
    Witness,
    /// How much memory is in use.
    Memory,
}

impl Request {
    /// What an adapter must be able to do for it, beyond what every adapter can.
    pub fn needs(&self) -> impl Iterator<Item = Can> {
        let promises = self.refs().iter().any(Named::is_promise).then_some(Can::Resolve);
        let itself = match self {
            Self::DropOne { .. } => Some(Can::DropOne),
            Self::FailSend { .. } => Some(Can::FailSend),
            Self::Call { .. } => Some(Can::Call),
            Self::Ask { .. } | Self::Return { .. } => Some(Can::Ask),
            Self::Resolve { .. } => Some(Can::Resolve),
            Self::Collect { .. } | Self::Finalise { .. } => Some(Can::Collect),
            Self::Hostile { .. } => Some(Can::Hostile),
            Self::Cut { .. } => Some(Can::Cut),
            Self::Tables => Some(Can::Tables),
            Self::Witness => Some(Can::Witness),
            Self::Memory => Some(Can::Memory),
            Self::Open
            | Self::Send { .. }
            | Self::Drop { .. }
            | Self::Deliver { .. }
            | Self::Probe { .. }
            | Self::Forget => None,
        };
        promises.into_iter().chain(itself)
    }

    /// The references that are put into a message, or that a promise is resolved to.
    pub fn refs(&self) -> &[Named] {
        match self {
            Self::Send { refs, .. }
            | Self::FailSend { refs, .. }
            | Self::Ask { refs, .. }
            | Self::Return { refs, .. }
            | Self::Resolve { refs, .. } => refs,
            _ => &[],
        }
    }

    /// The same, to be changed; none where [`refs`](Self::refs) shows none.
    pub fn refs_mut(&mut self) -> Option<&mut Vec<Named>> {
        match self {
            Self::Send { refs, .. }
            | Self::FailSend { refs, .. }
            | Self::Ask { refs, .. }
            | Self::Return { refs, .. }
            | Self::Resolve { refs, .. } => Some(refs),
            _ => None,
        }
    }

    /// Who acts.
    pub const fn actor(&self) -> End {
        match self {
            Self::Send { vat, .. }
            | Self::FailSend { vat, .. }
            | Self::Call { vat, .. }
            | Self::Ask { vat, .. }
            | Self::Return { vat, .. }
            | Self::Resolve { vat, .. }
            | Self::Drop { vat, .. }
            | Self::DropOne { vat, .. }
            | Self::Collect { vat, .. }
            | Self::Finalise { vat, .. }
            | Self::Probe { vat, .. }
            | Self::Cut { vat } => *vat,
            Self::Deliver { to } => *to,
            Self::Hostile { to, .. } => to.other(),
            Self::Open | Self::Forget | Self::Tables | Self::Witness | Self::Memory => End::A,
        }
    }

    /// What happens, without the actor.
    pub fn deed(&self) -> String {
        let all = |refs: &[Named]| {
            let names: Vec<_> = refs.iter().map(Named::name).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
        };
        match self {
            Self::Open => "begin anew".to_owned(),
            Self::Send { refs, .. } => format!("sends {}", all(refs)),
            Self::FailSend { refs, .. } => format!("fails to send {}", all(refs)),
            Self::Call { target, .. } => format!("calls {target}'s proxy"),
            Self::Ask { target, refs, question, .. } if refs.is_empty() => {
                format!("asks {target}'s proxy ({question})")
            }
            Self::Ask { target, refs, question, .. } => {
                format!("asks {target}'s proxy with {} ({question})", all(refs))
            }
            Self::Return { question, refs, .. } => format!("returns {} for {question}", all(refs)),
            Self::Resolve { promise, refs, .. } => format!("resolves {promise} to {}", all(refs)),
            Self::Drop { name, .. } if is_question(name) => format!("drops {name}"),
            Self::Drop { name, .. } => format!("drops {name}'s proxy"),
            Self::DropOne { name, .. } => format!("drops one of its copies of {name}'s proxy"),
            Self::Collect { name: Some(name), .. } => format!("'s collector clears {name}"),
            Self::Collect { name: None, .. } => "'s collector clears what it can".to_owned(),
            Self::Finalise { name: Some(name), .. } => format!("runs the finaliser of {name}"),
            Self::Finalise { name: None, .. } => "runs a finaliser".to_owned(),
            Self::Deliver { .. } => "reads".to_owned(),
            Self::Probe { name, .. } => format!("asks {name} for its name"),
            Self::Hostile { raw, .. } => format!("breaks the protocol: {raw}"),
            Self::Cut { .. } => "ends the session".to_owned(),
            Self::Forget => "forgets everything, as its peer does".to_owned(),
            Self::Tables => "shows its tables, as its peer does".to_owned(),
            Self::Witness => "shows what exists, as its peer does".to_owned(),
            Self::Memory => "shows its memory, as its peer does".to_owned(),
        }
    }
}

/// Whether a name is that of a question: `qA1`.
fn is_question(name: &str) -> bool {
    is_kind(name, 'q')
}

/// Whether a name is that of a promise: `pA1`.
pub fn is_promise(name: &str) -> bool {
    is_kind(name, 'p')
}

fn is_kind(name: &str, kind: char) -> bool {
    let mut letters = name.chars();
    letters.next() == Some(kind) && letters.next().is_some_and(|c| c.is_ascii_uppercase())
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deed = self.deed();
        match deed.strip_prefix('\'') {
            Some(rest) => write!(f, "{}'{rest}", self.actor()),
            None => write!(f, "{} {deed}", self.actor()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_the_description_for_adapters_says() {
        let refs = vec![Named::Own("Bob".into()), Named::Held("Alice".into())];
        let send = Request::Send { vat: End::B, refs };
        let json = serde_json::to_string(&send).unwrap();
        assert_eq!(json, r#"{"do":"send","vat":"B","refs":[{"own":"Bob"},{"held":"Alice"}]}"#);
        let open = serde_json::to_string(&Request::Open).unwrap();
        assert_eq!(open, r#"{"do":"open"}"#);
        let fail = Request::FailSend { vat: End::A, refs: Vec::new() };
        let json = serde_json::to_string(&fail).unwrap();
        assert_eq!(json, r#"{"do":"fail-send","vat":"A","refs":[]}"#);
        assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), fail);
    }

    #[test]
    fn promises_in_a_message_need_an_adapter_that_has_them() {
        let refs = || vec![Named::Promise("pA1".into())];
        let (vat, target, question) = (End::A, "Bob".to_owned(), "qA1".to_owned());
        let requests = [
            Request::Send { vat, refs: refs() },
            Request::FailSend { vat, refs: refs() },
            Request::Ask { vat, target, refs: refs(), question: question.clone() },
            Request::Return { vat, question, refs: refs() },
        ];
        for request in requests {
            assert!(request.needs().any(|can| can == Can::Resolve), "{request}");
        }
        assert_eq!(Request::Forget.needs().count(), 0);
    }

    #[test]
    fn what_happens_is_said_in_a_sentence() {
        let collect = Request::Collect { vat: End::A, name: Some("Bob".into()) };
        assert_eq!(collect.to_string(), "VatA's collector clears Bob");
        assert_eq!(Request::Deliver { to: End::B }.to_string(), "VatB reads");
        assert!(is_question("qA1") && !is_question("quux") && is_promise("pB1"));
    }
}
