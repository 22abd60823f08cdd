//! The first line of an adapter.

use super::Request;
use serde::{Deserialize, Serialize};

/// The version of the adapter protocol.
pub const VERSION: u32 = 1;

/// The first line of an adapter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub adapter: u32,
    /// What is driven.
    pub peer: String,
    /// Its version.
    pub version: String,
    /// Whose rules it is held against, as `model list --systems` names it.
    pub system: String,
    /// How `raw` is written.
    pub wire: String,
    /// What it can do beside what every adapter can.
    #[serde(default)]
    pub can: Vec<Can>,
}

impl Hello {
    /// Whether it can.
    pub fn can(&self, can: Can) -> bool {
        self.can.contains(&can)
    }

    /// Whether it can be asked for this.
    pub fn can_do(&self, request: &Request) -> bool {
        request.needs().all(|can| self.can(can))
    }
}

/// What not every adapter can do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Can {
    /// Call an object and want no result.
    Call,
    /// Call an object and want one, and return it.
    Ask,
    /// Clear a weak reference, and run finalisers one by one.
    Collect,
    /// Drop one of several copies of a reference.
    DropOne,
    /// Have promises, and resolve them.
    Resolve,
    /// Fail in the middle of a send.
    FailSend,
    /// Read a message that nobody sent.
    Hostile,
    /// End the session.
    Cut,
    /// Count the entries of its tables.
    Tables,
    /// Say which objects exist though nobody holds them.
    Witness,
    /// Say how much memory is in use.
    Memory,
    /// Write a script that needs no suite.
    Script,
    /// Something of a later version.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_of_a_later_version_may_be_able_to_do_more() {
        let hello = r#"{"adapter":1,"peer":"x","version":"1","system":"s","wire":"lines",
            "can":["ask","fly"]}"#;
        let hello: Hello = serde_json::from_str(hello).unwrap();
        assert!(hello.can(Can::Ask) && hello.can(Can::Unknown) && !hello.can(Can::Cut));
    }
}
