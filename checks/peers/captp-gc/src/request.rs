//! What a peer is asked to do.

use captp_wire::line::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request of the adapter protocol.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Two fresh vats.
    Open,
    /// A message to the peer's first object.
    Send {
        /// Who sends it.
        vat: End,
        /// What it carries.
        refs: Vec<Named>,
    },
    /// A call without a result.
    Call {
        /// Who calls.
        vat: End,
        /// What is called, by the name under which it is held.
        target: String,
    },
    /// A call with a result.
    Ask {
        /// Who calls.
        vat: End,
        /// What is called, by the name under which it is held.
        target: String,
        /// The arguments.
        #[serde(default)]
        refs: Vec<Named>,
        /// What the question is called from now on.
        question: String,
    },
    /// An answer to an open task.
    Return {
        /// Who answers.
        vat: End,
        /// The task.
        question: String,
        /// The result: one reference or none.
        #[serde(default)]
        refs: Vec<Named>,
    },
    /// One of the vat's promises is resolved.
    Resolve {
        /// Whose.
        vat: End,
        /// Its name.
        promise: String,
        /// To what: one reference.
        refs: Vec<Named>,
    },
    /// A message that turns out not to be serialisable.
    FailSend {
        /// Who would have sent it.
        vat: End,
        /// What it would have carried.
        refs: Vec<Named>,
    },
    /// The application lets go of a name.
    Drop {
        /// Whose application.
        vat: End,
        /// The name.
        name: String,
    },
    /// The collector clears the weak reference to something that was dropped.
    Collect {
        /// Whose collector.
        vat: End,
        /// The name it was held under; without, what was dropped first.
        #[serde(default)]
        name: Option<String>,
    },
    /// A finaliser runs.
    Finalise {
        /// Whose.
        vat: End,
        /// For what; without, the one that is owed longest.
        #[serde(default)]
        name: Option<String>,
    },
    /// The oldest message that is held back is read.
    Deliver {
        /// By whom.
        to: End,
    },
    /// A call that asks for the name of what is called.
    Probe {
        /// Who calls.
        vat: End,
        /// What, by the name under which it is held.
        name: String,
        /// The number to say with the answer.
        probe: u64,
    },
    /// A message that the peer never sent is read.
    Hostile {
        /// By whom.
        to: End,
        /// A message of a wire trace.
        raw: Value,
    },
    /// The session is ended.
    Cut {
        /// By whom.
        vat: End,
    },
    /// Both applications let go of everything.
    Forget,
    /// How many entries there are.
    Tables,
    /// Which objects are kept by the tables alone.
    Witness,
    /// How much memory is in use.
    Memory,
}

/// A reference that an application puts into a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// One of the vat's own objects.
    Own(String),
    /// One of its promises.
    Promise(String),
    /// What it holds under this name.
    Held(String),
}
