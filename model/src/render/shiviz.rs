//! A counterexample as a log for ShiViz, which draws what happened before what.

use crate::counterexample::{Counterexample, StepRecord};
use crate::names::VatId;
use serde_json::json;
use std::collections::BTreeMap;

/// How ShiViz is to read a line. A host's name has no spaces, and a clock no inner braces.
pub const PARSER: &str = r"(?<step>\d+) (?<host>\S+) (?<clock>\{[^}]*\}) (?<event>.*)";

/// For each vat, how many of its steps are known of.
type Clock = BTreeMap<String, usize>;

/// The log: the parser, the separator of executions (there is one execution, so it is empty), and
/// a line for each step.
pub fn shiviz(counterexample: &Counterexample) -> String {
    let mut lines = vec![PARSER.to_owned(), String::new()];
    let mut clocks: BTreeMap<VatId, Clock> = BTreeMap::new();
    // Of each message, what its sender knew.
    let mut sent: BTreeMap<usize, Clock> = BTreeMap::new();
    for step in &counterexample.steps {
        let clock = clocks.entry(step.actor).or_default();
        *clock.entry(step.actor.to_string()).or_default() += 1;
        // Who learns that its message is lost has read nothing.
        let known = step.read.as_ref().and_then(|message| sent.get(&message.number));
        for (vat, steps) in known.into_iter().flatten() {
            let mine = clock.entry(vat.clone()).or_default();
            *mine = (*mine).max(*steps);
        }
        for message in &step.sent {
            sent.insert(message.number, clock.clone());
        }
        let mut event = event(step);
        if step.number == counterexample.steps.len() {
            event += &format!(" ✗ {} {}", counterexample.property, counterexample.finding);
        }
        let event: Vec<_> = event.split_whitespace().collect();
        lines.push(format!("{} {} {} {}", step.number, step.actor, json!(clock), event.join(" ")));
    }
    lines.join("\n") + "\n"
}

fn event(step: &StepRecord) -> String {
    let mut event = step.text.clone();
    for message in step.read.iter().chain(&step.lost) {
        event += &format!(" (#{})", message.number);
    }
    for message in &step.sent {
        event += &format!("; sends #{} {} to {}", message.number, message.text, message.to);
    }
    event
}
