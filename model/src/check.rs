//! Searching one world, and saying whether it came out as expected.

use crate::catalogue::Task;
use crate::counterexample::Counterexample;
use crate::engine::{self, Budget, Cut, Outcome, Progress, Trail, replay};
use crate::property::{PropertyId, PropertySet};
use crate::protocol::Protocol;
use crate::world::{StepKind, World};
use serde::Serialize;

/// What a search came to. There is no fourth value, and none is a default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every reachable state was judged, none violates a property.
    Holds,
    /// A reachable state violates a property.
    Violated,
    /// The search was cut short, and had found no violation.
    Incomplete,
}

impl Verdict {
    /// The word for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Incomplete => "incomplete",
        }
    }
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Control<'a> {
    /// The properties of interest.
    pub properties: PropertySet,
    /// How many threads.
    pub threads: usize,
    /// What it may cost.
    pub budget: Budget,
    /// Where it says how far it is.
    pub progress: &'a Progress,
}

/// What searching one world has shown.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// The numbers.
    pub outcome: Outcome,
    /// A shortest counterexample for each property violated at the first level at which any is.
    pub counterexamples: Vec<Counterexample>,
    /// How many messages are read on a shortest way to L1's witness, that of what carries the
    /// references included.
    pub messages_to_quiescence: Option<usize>,
    /// A shortest way to each witness, as the Explorer writes it.
    pub examples: Vec<(PropertyId, String)>,
    /// The witnesses that these sizes should show, and that were not found.
    pub missing: PropertySet,
    /// The witnesses that the catalogue says cannot be found, and that were.
    pub surprising: PropertySet,
    /// The properties of interest that these sizes do not put to the test, and what would.
    pub untested: Vec<(PropertyId, &'static str)>,
}

/// Searches the world of `task`.
///
/// Counterexamples are shortest ones and, for one build, the same in every run: a violation found
/// with several threads is searched again with one.
pub fn search_world<P: Protocol>(task: &Task, control: &Control<'_>) -> Finding {
    let world = task.world::<P>();
    let properties = control.properties.intersection(task.system.claims());
    let search = |threads| {
        let judge = World::<P>::judge;
        let Control { budget, progress, .. } = control;
        engine::search(&world, judge, properties, threads, budget, progress)
    };
    let mut outcome = search(control.threads);
    if !outcome.violations.is_empty() && control.threads > 1 {
        let elapsed = outcome.elapsed;
        let again = search(1);
        // If the budget ran out in the middle of it, what was found stands.
        if again.violated() == outcome.violated() {
            outcome = again;
        }
        outcome.elapsed = elapsed;
    }
    let counterexamples: Vec<_> = outcome
        .violations
        .iter()
        .filter_map(|(property, trail)| Counterexample::of(&world, task, *property, trail))
        .collect();
    let verdict = match outcome.cut {
        Some(Cut::Violated) => Verdict::Violated,
        _ if !outcome.violations.is_empty() => Verdict::Violated,
        Some(_) => Verdict::Incomplete,
        None => Verdict::Holds,
    };
    let untested: Vec<_> =
        control.properties.iter().filter_map(|id| Some((id, task.untested(id)?))).collect();
    let excused: PropertySet = untested.iter().map(|(id, _)| *id).collect();
    let example = |(id, trail): &(PropertyId, Trail)| Some((*id, replay(&world, trail)?.path()));
    let life = outcome.witnesses.iter().find(|(id, _)| *id == PropertyId::L1);
    let life = life.and_then(|(_, trail)| replay(&world, trail));
    Finding {
        messages_to_quiescence: life.map(|walk| {
            let kinds = walk.steps.iter().map(|(action, _)| action.kind());
            kinds.filter(|kind| *kind == StepKind::Deliver).count()
        }),
        examples: outcome.witnesses.iter().filter_map(example).collect(),
        verdict,
        counterexamples,
        missing: properties.difference(excused).difference(outcome.witnessed()),
        surprising: task.excuses().intersection(outcome.witnessed()),
        untested,
        outcome,
    }
}
