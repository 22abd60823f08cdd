//! The report of a check as data: the table and the JSON are rendered from this.

use crate::catalogue::Task;
use crate::check::{Finding, Verdict};
use crate::counterexample::Counterexample;
use crate::coverage;
use crate::coverage::Coverage;
use crate::engine::Cut;
use crate::mutation::Defect;
use crate::property::{PropertyId, PropertySet};
use crate::rule::Rule;
use crate::sizes::Sizes;
use crate::world::StepKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the JSON document's shape.
pub const SCHEMA: &str = "captp-gc/check/2";

/// What a check has shown.
#[derive(Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What it was made with.
    pub made_with: MadeWith,
    /// 0, 1 or 3, as the process ends.
    pub exit_status: u8,
    /// Seconds in all.
    pub seconds: f64,
    /// One for each world.
    pub rows: Vec<Row>,
    /// Which kinds of steps happened.
    pub coverage: Coverage,
}

/// Everything that it takes to repeat a run. There is no seed: the search is exhaustive.
#[derive(Clone, Debug, Serialize)]
pub struct MadeWith {
    /// Version of this program.
    pub model: &'static str,
    /// The compiler.
    pub rustc: &'static str,
    /// Threads.
    pub threads: usize,
    /// `--max-states`.
    pub max_states: Option<u64>,
    /// `--max-depth`.
    pub max_depth: Option<u32>,
    /// `--timeout`, in seconds.
    pub timeout: Option<f64>,
}

impl MadeWith {
    /// This build.
    pub const MODEL: &'static str = env!("CARGO_PKG_VERSION");
    /// This compiler.
    pub const RUSTC: &'static str = env!("RUSTC_VERSION");
}

/// One world.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The system.
    pub system: &'static str,
    /// The scenario or mutation; "custom" if sizes were given for the full rules.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The rule that is bent.
    pub rule: Option<Rule>,
    /// The real defect that it is, if it is one of the catalogue's.
    pub defect: Option<Defect>,
    /// What the mutation stands for.
    pub stands_for: Option<&'static str>,
    /// The sizes.
    pub sizes: Sizes,
    /// The sizes as flags.
    pub flags: String,
    /// The verdict that is expected.
    pub expected: Verdict,
    /// The property that is expected to be violated first.
    pub expected_property: Option<PropertyId>,
    /// The verdict.
    pub verdict: Verdict,
    /// The properties violated at the first level at which any is.
    pub violated: Vec<PropertyId>,
    /// Whether it is as expected, and complete.
    pub as_expected: bool,
    /// What is not, in a sentence.
    pub problem: Option<String>,
    /// Whether the only thing wrong is that a search was cut short.
    pub incomplete: bool,
    /// Distinct states.
    pub states: u64,
    /// Transitions.
    pub transitions: u64,
    /// Transitions of each kind that happened.
    pub fired: BTreeMap<StepKind, u64>,
    /// Steps to the deepest state found.
    pub depth: u32,
    /// Seconds.
    pub seconds: f64,
    /// Distinct states per second.
    pub states_per_second: f64,
    /// About how probable it is that two states were taken for one.
    pub collision_probability: f64,
    /// The witnesses found.
    pub witnesses: Vec<PropertyId>,
    /// The witnesses that should have been found, and were not.
    pub missing_witnesses: Vec<PropertyId>,
    /// The witnesses that the catalogue says cannot be found, and that were.
    pub surprising_witnesses: Vec<PropertyId>,
    /// The properties that these sizes do not put to the test, and what would.
    pub untested: Vec<Untested>,
    /// The same world with no rule bent.
    pub control: Option<ControlRow>,
    /// Where neither half of the mutation shows anything by itself: the halves.
    pub halves: Vec<ControlRow>,
    /// A shortest one for each violated property.
    pub counterexamples: Vec<Counterexample>,
}

/// A property that the sizes do not put to the test.
#[derive(Debug, Serialize)]
pub struct Untested {
    /// The property.
    pub property: PropertyId,
    /// The flag that would.
    pub needs: &'static str,
}

/// The same world with no rule bent: it must hold, or the mutation shows nothing.
#[derive(Debug, Serialize)]
pub struct ControlRow {
    /// The verdict.
    pub verdict: Verdict,
    /// Distinct states.
    pub states: u64,
}

impl ControlRow {
    fn of(finding: &Finding) -> Self {
        Self { verdict: finding.verdict, states: finding.outcome.counts.distinct }
    }
}

impl Row {
    /// Compares what was found with what was expected.
    pub fn new(
        task: &Task,
        name: &'static str,
        finding: Finding,
        control: Option<Finding>,
        halves: &[Finding],
    ) -> Self {
        let Finding { verdict, outcome, counterexamples, missing, surprising, untested, .. } =
            finding;
        let expected_property = task.mutation.map(|mutation| mutation.kills);
        let expected = if task.mutation.is_some() { Verdict::Violated } else { Verdict::Holds };
        let violated: Vec<_> = outcome.violated().iter().collect();
        // A mutation is searched only up to its violation, and shows at sizes too small for some
        // witnesses: those are the scenarios' business.
        let of_scenario = |witnesses: PropertySet| -> Vec<_> {
            if task.mutation.is_some() { Vec::new() } else { witnesses.iter().collect() }
        };
        let mut row = Self {
            system: task.system.id,
            name,
            title: task.mutation.map_or(task.system.title, |mutation| mutation.title),
            rule: task.mutation.map(|mutation| mutation.rule),
            defect: task.mutation.and_then(|mutation| mutation.defect),
            stands_for: task.mutation.map(|mutation| mutation.stands_for),
            sizes: task.sizes,
            flags: task.sizes.to_string(),
            expected,
            expected_property,
            verdict,
            as_expected: false,
            problem: None,
            incomplete: false,
            states: outcome.counts.distinct,
            transitions: outcome.counts.generated,
            fired: coverage::by_kind(&outcome.fired),
            depth: outcome.counts.depth,
            seconds: outcome.elapsed.as_secs_f64(),
            states_per_second: outcome.states_per_second(),
            collision_probability: outcome.collision_probability(),
            witnesses: outcome.witnessed().iter().collect(),
            missing_witnesses: of_scenario(missing),
            surprising_witnesses: of_scenario(surprising),
            untested: untested
                .into_iter()
                .map(|(property, needs)| Untested { property, needs })
                .collect(),
            control: control.as_ref().map(ControlRow::of),
            halves: halves.iter().map(ControlRow::of).collect(),
            violated,
            counterexamples,
        };
        (row.incomplete, row.problem) = match row.find_problem(outcome.cut) {
            None => (false, None),
            Some(Problem::Incomplete(why)) => (true, Some(format!("incomplete: {why}"))),
            Some(Problem::Unexpected(what)) => (false, Some(what)),
        };
        row.as_expected = row.problem.is_none();
        row
    }

    /// A name for a file: names of mutations are unique, those of scenarios are in a system.
    pub fn file_name(&self) -> String {
        if self.rule.is_some() {
            self.name.to_owned()
        } else {
            format!("{}-{}", self.system, self.name)
        }
    }

    /// The counterexample of the property that was expected, or else the first.
    pub fn counterexample(&self) -> Option<&Counterexample> {
        let expected = |c: &&Counterexample| Some(c.property) == self.expected_property;
        self.counterexamples.iter().find(expected).or(self.counterexamples.first())
    }

    fn find_problem(&self, cut: Option<Cut>) -> Option<Problem> {
        let list =
            |ids: &[PropertyId]| ids.iter().map(|id| id.name()).collect::<Vec<_>>().join(", ");
        let why = match cut {
            Some(Cut::States) => "--max-states was reached",
            Some(Cut::Depth) => "--max-depth was reached",
            Some(Cut::Timeout) => "--timeout ran out",
            Some(Cut::Interrupted) => "it was interrupted",
            Some(Cut::Violated) | None => "",
        };
        let caught = list(&self.violated);
        match (self.verdict, self.expected_property) {
            (Verdict::Incomplete, _) => {
                let states = self.states;
                return Some(Problem::Incomplete(format!("{why} after {states} states")));
            }
            (Verdict::Violated, None) => {
                return Some(Problem::Unexpected(format!("the full rules violate {caught}")));
            }
            (Verdict::Violated, Some(named)) if !self.violated.contains(&named) => {
                return Some(if cut == Some(Cut::Violated) {
                    let other = format!("caught by {caught}, not by {named}, which it names");
                    Problem::Unexpected(other)
                } else {
                    // The level on which it shows was not finished.
                    Problem::Incomplete(format!("{why} when only {caught} had caught it"))
                });
            }
            (Verdict::Holds, Some(named)) => {
                let missed = format!("not caught: {named} should have been violated");
                return Some(Problem::Unexpected(missed));
            }
            (Verdict::Holds, None) | (Verdict::Violated, Some(_)) => {}
        }
        if self.counterexamples.len() < self.violated.len() {
            let lost = "a counterexample could not be walked again".to_owned();
            return Some(Problem::Unexpected(lost));
        }
        if !self.missing_witnesses.is_empty() {
            let missing = list(&self.missing_witnesses);
            let vacuous = format!("never put to the test: {missing} (no witness was found)");
            return Some(Problem::Unexpected(vacuous));
        }
        if !self.surprising_witnesses.is_empty() {
            let found = list(&self.surprising_witnesses);
            let sentence = format!("put to the test, which the catalogue says cannot be: {found}");
            return Some(Problem::Unexpected(sentence));
        }
        if self.halves.iter().any(|half| half.verdict == Verdict::Violated) {
            return Some(Problem::Unexpected("one half of it is enough".to_owned()));
        }
        if self.halves.iter().any(|half| half.verdict == Verdict::Incomplete) {
            return Some(Problem::Incomplete("one half of it was cut short".to_owned()));
        }
        match self.control.as_ref().map(|control| control.verdict) {
            Some(Verdict::Violated) => {
                Some(Problem::Unexpected("violated with no rule bent, too".to_owned()))
            }
            Some(Verdict::Incomplete) => {
                let cut_short = "the same world with no rule bent was cut short";
                Some(Problem::Incomplete(cut_short.to_owned()))
            }
            Some(Verdict::Holds) | None => None,
        }
    }
}

/// What keeps a row from being as expected.
enum Problem {
    /// Nothing but that a search was cut short.
    Incomplete(String),
    /// Anything else.
    Unexpected(String),
}

impl Report {
    /// The exit status that these rows make.
    pub fn status(rows: &[Row], coverage: &Coverage) -> u8 {
        let never = !coverage.never.is_empty();
        if never || rows.iter().any(|row| !row.as_expected && !row.incomplete) {
            1
        } else if rows.iter().any(|row| !row.as_expected) {
            3
        } else {
            0
        }
    }
}
