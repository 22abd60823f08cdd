//! What an adapter says.

use crate::line::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an adapter says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A message was put on the wire.
    Sent {
        /// By whom.
        from: End,
        /// As the wire has it.
        raw: Value,
    },
    /// The oldest message held back was read.
    Delivered {
        /// By whom.
        to: End,
    },
    /// The application got a reference.
    Holds {
        /// Whose.
        vat: End,
        /// Under which name.
        name: String,
    },
    /// A vat has to answer a call.
    Asked {
        /// Which.
        vat: End,
        /// The question.
        question: String,
    },
    /// A call was answered.
    Answered {
        /// Whose.
        vat: End,
        /// The question.
        question: String,
        /// If it came back broken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A probe was answered.
    Answer {
        /// Whose.
        vat: End,
        /// Which.
        probe: u64,
        /// The name of who answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        says: Option<String>,
        /// If the call failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// What is held under a name is known to be broken.
    Broken {
        /// By whom it is held.
        vat: End,
        /// The name.
        name: String,
    },
    /// The implementation complains.
    Error {
        /// Where.
        vat: End,
        /// Of what.
        text: String,
    },
    /// The session is over for a vat.
    Ended {
        /// Which.
        vat: End,
        /// Why.
        #[serde(default)]
        text: String,
    },
    /// How many entries the tables have.
    Tables {
        /// Whose.
        vat: End,
        /// The counts.
        #[serde(flatten)]
        sizes: TableSizes,
    },
    /// Which objects exist though nobody holds them.
    Witness {
        /// Whose.
        vat: End,
        /// Their names.
        alive: Vec<String>,
    },
    /// How much memory is in use.
    Memory {
        /// In bytes.
        bytes: u64,
    },
}

/// How many entries the tables of a vat have; what is not shown is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TableSizes {
    /// Exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exports: Option<u64>,
    /// Imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imports: Option<u64>,
    /// Questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<u64>,
    /// Answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
}

impl TableSizes {
    /// All four are shown, and have no entry.
    pub const EMPTY: Self =
        Self { exports: Some(0), imports: Some(0), questions: Some(0), answers: Some(0) };
}

/// The answer to a request, after its events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// Whether it was done.
    pub done: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Done {
    /// It was done.
    pub const YES: Self = Self { done: true, why: None };

    /// It could not be done.
    #[must_use]
    pub const fn not(why: String) -> Self {
        Self { done: false, why: Some(why) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_the_description_for_adapters_says() {
        let event: Event = serde_json::from_str(
            r#"{"event":"tables","vat":"A","exports":1,"imports":2,"later":true}"#,
        )
        .unwrap();
        let sizes = TableSizes { exports: Some(1), imports: Some(2), ..TableSizes::default() };
        assert_eq!(event, Event::Tables { vat: End::A, sizes });
    }
}
