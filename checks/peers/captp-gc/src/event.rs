//! What a peer says that has happened.

use captp_wire::line::End;
use serde::Serialize;
use serde_json::Value;

/// An event of the adapter protocol.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A message was put on the wire, and is held back.
    Sent {
        /// Who sent it.
        from: End,
        /// A message of a wire trace, without `seq`.
        raw: Value,
    },
    /// The oldest message held back was read.
    Delivered {
        /// By whom.
        to: End,
    },
    /// The application got a reference.
    Holds {
        /// Whose application.
        vat: End,
        /// The name under which it holds it.
        name: String,
    },
    /// There is an open task.
    Asked {
        /// Whose.
        vat: End,
        /// Its name.
        question: String,
    },
    /// A question was answered.
    Answered {
        /// Whose question.
        vat: End,
        /// Its name.
        question: String,
        /// Why it never will be.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A probe was answered.
    Answer {
        /// Who had asked.
        vat: End,
        /// Its number.
        probe: u64,
        /// The name.
        #[serde(skip_serializing_if = "Option::is_none")]
        says: Option<String>,
        /// Why there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// What is held under a name is broken.
    Broken {
        /// By whom.
        vat: End,
        /// The name.
        name: String,
    },
    /// The tables refused something.
    Error {
        /// Whose tables.
        vat: End,
        /// Why.
        text: String,
    },
    /// The session is over.
    Ended {
        /// For whom.
        vat: End,
        /// Why.
        text: String,
    },
    /// How many entries there are.
    Tables {
        /// Whose.
        vat: End,
        /// Objects exported.
        exports: u64,
        /// Imports of which mentions are not given back.
        imports: u64,
        /// Questions whose places are not given back.
        questions: u64,
        /// Answers whose places are not given back.
        answers: u64,
    },
    /// Objects that the application does not hold, and that exist.
    Witness {
        /// Whose.
        vat: End,
        /// Their names.
        alive: Vec<String>,
    },
    /// Memory in use.
    Memory {
        /// Bytes allocated and not freed.
        bytes: u64,
    },
}
