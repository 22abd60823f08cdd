//! What was seen so far, each kind of finding once.

use super::adapter::Failure;
use super::perform::Manner;
use super::refine::Refined;
use super::run::{Run, Violation};
use super::schedule::Origin;
use super::verdict::Counted;
use crate::property::PropertyId;
use captp_wire::adapter::Request;
use std::collections::BTreeMap;

/// The most kinds of findings of one property: whoever words them may word each differently.
const KINDS_MAX: usize = 12;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// For each property and kind of finding, the shortest schedules that show it.
    pub(super) found: BTreeMap<(PropertyId, String), Candidate>,
    /// In how many schedules each property was put to the test, and so on.
    pub(super) counts: BTreeMap<PropertyId, Counted>,
    pub(super) refined: Refined,
    pub(super) undecodable: Vec<String>,
}

/// A schedule that shows something.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) origin: Origin,
    pub(super) requests: Vec<Request>,
    pub(super) manner: Manner,
    pub(super) run: Run,
    pub(super) times: u64,
    /// Whether it can be made shorter: what is done over and over cannot.
    pub(super) shrinks: bool,
}

impl Seen {
    pub(super) fn note(&mut self, origin: &Origin, manner: Manner, run: &Run, shrinks: bool) {
        for text in &run.undecodable {
            if self.undecodable.len() < 10 && !self.undecodable.contains(text) {
                self.undecodable.push(text.clone());
            }
        }
        let requests = run.requests();
        for property in run.judged.iter() {
            self.counts.entry(property).or_default().judged += 1;
        }
        for violation in &run.violations {
            self.counts.entry(violation.property).or_default().violated += 1;
            let mut key = (violation.property, kind(run, violation));
            let kinds = self.found.keys().filter(|(id, _)| *id == key.0).count();
            if kinds >= KINDS_MAX && !self.found.contains_key(&key) {
                "of another kind".clone_into(&mut key.1);
            }
            let times = self.found.get(&key).map_or(0, |known| known.times) + 1;
            let shorter = self.found.get(&key).is_none_or(|k| k.requests.len() > requests.len());
            if shorter {
                let (origin, requests, run) = (origin.clone(), requests.clone(), run.clone());
                let candidate = Candidate { origin, requests, manner, run, times, shrinks };
                self.found.insert(key, candidate);
            } else if let Some(known) = self.found.get_mut(&key) {
                known.times = times;
            }
        }
    }
}

/// The kind of what a run has shown, so that a finding is told once.
pub(super) fn kind(run: &Run, violation: &Violation) -> String {
    let lost = run.failure.as_ref().filter(|lost| lost.to_string() == violation.finding);
    kind_of(&lost.map_or_else(|| violation.finding.clone(), Failure::kind))
}

/// A finding without what differs from schedule to schedule: numbers and names.
pub(super) fn kind_of(finding: &str) -> String {
    let mut kind = String::new();
    for word in finding.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let plain = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let rest = &word[plain.len()..];
        let is_name = NAMES.contains(&plain);
        let is_number = plain.chars().any(|c| c.is_ascii_digit()) || plain == "one";
        kind.push_str(if is_name || is_number { "·" } else { plain });
        kind.push_str(rest);
    }
    kind.chars().take(160).collect()
}

const NAMES: [&str; 10] =
    ["VatA", "VatB", "Alice", "Ada", "Amy", "Ann", "Bob", "Ben", "Bea", "Bill"];
