//! What an adapter says. `docs/adapter.md` describes it for people.

use captp_wire::line::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an adapter says.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
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
        #[serde(default)]
        error: Option<String>,
    },
    /// A probe was answered.
    Answer {
        /// Whose.
        vat: End,
        /// Which.
        probe: u64,
        /// The name of who answered.
        #[serde(default)]
        says: Option<String>,
        /// If the call failed.
        #[serde(default)]
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
    #[serde(default)]
    pub exports: Option<u64>,
    /// Imports.
    #[serde(default)]
    pub imports: Option<u64>,
    /// Questions.
    #[serde(default)]
    pub questions: Option<u64>,
    /// Answers.
    #[serde(default)]
    pub answers: Option<u64>,
}

/// The answer to a request, after its events.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// Whether it was done.
    pub done: bool,
    /// Why not.
    #[serde(default)]
    pub why: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::request::{Can, Hello};
    use super::*;

    #[test]
    fn events_are_read_as_the_description_for_adapters_says() {
        let event: Event = serde_json::from_str(
            r#"{"event":"tables","vat":"A","exports":1,"imports":2,"later":true}"#,
        )
        .unwrap();
        let sizes = TableSizes { exports: Some(1), imports: Some(2), ..TableSizes::default() };
        assert_eq!(event, Event::Tables { vat: End::A, sizes });
        let hello = r#"{"adapter":1,"peer":"x","version":"1","system":"s","wire":"lines",
            "can":["ask","fly"]}"#;
        let hello: Hello = serde_json::from_str(hello).unwrap();
        assert!(hello.can(Can::Ask) && hello.can(Can::Unknown) && !hello.can(Can::Cut));
    }
}
