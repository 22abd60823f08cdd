//! What the sums found: the first few in full, and how often each rule was broken.

use super::clean;
use captp_wire::line::End;
use captp_wire::sums::{Finding, Severity};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many characters of a finding are shown.
const FINDING_MAX: usize = 400;

/// What the sums found.
#[derive(Debug)]
pub struct Tally {
    max: usize,
    listed: [Vec<Told>; 2],
    /// How often each rule was broken, or noted.
    pub rules: BTreeMap<(Severity, String), u64>,
}

/// Something that the sums found, with what the message said.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Told {
    /// The line, and what is in it; `since` is a line, too.
    pub line: u64,
    /// The session.
    pub session: u32,
    /// How bad it is.
    pub severity: Severity,
    /// Which rule.
    pub rule: String,
    /// What it is, as a sentence.
    pub what: String,
    /// What the message says.
    pub said: String,
    /// Who sent it, if it is about a message.
    pub from: Option<End>,
    /// The parts of the finding.
    pub finding: Value,
}

impl Told {
    /// `finding`, which this message shows.
    pub fn new(finding: &Finding, said: &str, from: Option<End>) -> Self {
        let value = serde_json::to_value(&finding.what).unwrap_or_default();
        let rule = value.get("rule").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            line: finding.seq,
            session: finding.session,
            severity: finding.severity,
            rule,
            what: clean(&with_lines(&finding.what.to_string()), FINDING_MAX),
            said: said.to_owned(),
            from,
            finding: value,
        }
    }
}

impl Tally {
    /// Nothing was found yet. No more than `max` violations, and as many notes, are kept in full.
    pub const fn new(max: usize) -> Self {
        Self { max, listed: [Vec::new(), Vec::new()], rules: BTreeMap::new() }
    }

    /// This was found. Returns how often that rule was broken by now.
    pub fn add(&mut self, told: &Told) -> u64 {
        let count = self.rules.entry((told.severity, told.rule.clone())).or_default();
        *count += 1;
        let listed = &mut self.listed[told.severity as usize];
        if listed.len() < self.max {
            listed.push(told.clone());
        }
        *count
    }

    /// What is kept in full, in the order of the lines.
    pub fn listed(&self) -> Vec<&Told> {
        let mut all: Vec<_> = self.listed.iter().flatten().collect();
        all.sort_by_key(|told| told.line);
        all
    }

    /// How many there are that bad.
    pub fn count(&self, severity: Severity) -> u64 {
        self.rules.iter().filter(|((of, _), _)| *of == severity).map(|(_, count)| count).sum()
    }
}

/// Says `line 13` for `#13`: the numbers are those of lines in the file.
fn with_lines(text: &str) -> String {
    let mut parts = text.split('#');
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        said.push_str(if part.starts_with(|c: char| c.is_ascii_digit()) { "line " } else { "#" });
        said.push_str(part);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_lines_are_said_to_be_such() {
        assert_eq!(with_lines("3 (#9) since #12, a#b#"), "3 (line 9) since line 12, a#b#");
    }
}
