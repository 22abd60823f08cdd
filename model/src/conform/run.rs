//! What happened when an implementation was led through a schedule.

use super::adapter::Failure;
use crate::property::{PropertyId, PropertySet};
use captp_wire::adapter::Request;
use captp_wire::line::{End, Line, Message};
use serde::Serialize;
use std::collections::BTreeMap;

/// Who wanted something done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The schedule.
    Schedule,
    /// The suite, when the schedule was at its end: everything is read, asked, dropped.
    Suite,
}

/// One thing that was done, and what came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// What was to be done.
    pub request: Request,
    /// Who wanted it.
    pub by: By,
    /// Which step of the schedule it belongs to, or comes after, from 1.
    pub step: usize,
    /// Why the implementation did not do it, if it did not.
    pub refused: Option<String>,
    /// The messages that were put on the wire, with their numbers.
    pub sent: Vec<(usize, Message)>,
    /// The messages that were read: the number of each, and where the trace says so.
    pub read: Vec<(usize, u64)>,
    /// What else is worth saying.
    pub said: Vec<String>,
}

/// A property that does not hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Violation {
    /// Which.
    pub property: PropertyId,
    /// What is wrong, in one sentence.
    pub finding: String,
    /// After how many entries.
    pub after: usize,
}

/// What happened when an implementation was led through a schedule.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What was done, in order.
    pub entries: Vec<Entry>,
    /// The wire trace.
    pub trace: Vec<Line>,
    /// The properties that something was judged by, whatever came of it.
    pub judged: PropertySet,
    /// What was violated, each property once, the first time.
    pub violations: Vec<Violation>,
    /// How many steps of the schedule were not done.
    pub refused: usize,
    /// What became of the adapter, if it is lost.
    pub failure: Option<Failure>,
    /// Messages that could not be decoded, and why.
    pub undecodable: Vec<String>,
    /// The vats that the session is over for, and why.
    pub ended: BTreeMap<End, String>,
    /// What the implementation has complained of.
    pub complaints: Vec<String>,
    /// Whether a vat has held several copies of a reference.
    pub has_copies: bool,
    /// The bytes in use, each time that somebody looked.
    pub memory: Vec<u64>,
}

impl Run {
    /// A property is violated; only the first time counts.
    pub fn violate(&mut self, property: PropertyId, finding: impl Into<String>) {
        if self.violation(property).is_none() {
            // It stands in a sentence, and may quote what a message says. Only the last words of an
            // adapter have lines.
            let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
            let finding: String = finding.into().chars().map(shown).collect();
            let finding = finding.trim_end().trim_end_matches('.').to_owned();
            let after = self.entries.len();
            self.violations.push(Violation { property, finding, after });
        }
    }

    /// Why steps of the schedule were not done.
    pub fn refusals(&self) -> impl Iterator<Item = &str> {
        let of_schedule = self.entries.iter().filter(|entry| entry.by == By::Schedule);
        of_schedule.filter_map(|entry| entry.refused.as_deref())
    }

    /// How a property is violated, if it is.
    pub fn violation(&self, property: PropertyId) -> Option<&Violation> {
        self.violations.iter().find(|violation| violation.property == property)
    }
}
