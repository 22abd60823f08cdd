//! Which kinds of steps happened in the worlds of the full rules, and which should have.
//!
//! A step that no world ever takes is modelled in vain: what it could break is not checked.

use crate::catalogue::Task;
use crate::engine::KINDS_MAX;
use crate::protocol::Collection;
use crate::report::Row;
use crate::world::StepKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often each kind of step happened, in the worlds in which no rule is bent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// The kinds that happened.
    pub fired: BTreeMap<StepKind, Fired>,
    /// The kinds that should have happened in a system, and did not in any of its worlds. Nothing,
    /// if only a part was checked.
    pub never: Vec<Never>,
}

/// How often a kind of step happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Fired {
    /// Transitions.
    pub transitions: u64,
    /// Worlds with at least one.
    pub worlds: u64,
}

/// A kind of step that never happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Never {
    /// In which system.
    pub system: &'static str,
    /// Which.
    pub kind: StepKind,
}

/// The kinds that happened.
pub fn by_kind(fired: &[u64; KINDS_MAX]) -> BTreeMap<StepKind, u64> {
    let counts = StepKind::ALL.into_iter().map(|kind| (kind, fired[kind as usize]));
    counts.filter(|(_, count)| *count > 0).collect()
}

impl Coverage {
    /// Of these worlds; if they are `whole` systems, what should have happened is looked for.
    pub fn of<'a>(worlds: impl Iterator<Item = (Task, &'a Row)>, whole: bool) -> Self {
        let mut coverage = Self::default();
        let mut systems: BTreeMap<&str, (Vec<StepKind>, Vec<StepKind>)> = BTreeMap::new();
        for (task, row) in worlds.filter(|(task, _)| task.bend.is_none()) {
            let (expected, happened) = systems.entry(task.system.id).or_default();
            expected.extend(StepKind::ALL.into_iter().filter(|kind| is_expected(&task, *kind)));
            happened.extend(row.fired.keys());
            for (kind, transitions) in &row.fired {
                let fired = coverage.fired.entry(*kind).or_default();
                fired.transitions += transitions;
                fired.worlds += 1;
            }
        }
        for (system, (expected, happened)) in systems.into_iter().filter(|_| whole) {
            let never = StepKind::ALL.into_iter().filter(|kind| expected.contains(kind));
            let never = never.filter(|kind| !happened.contains(kind));
            coverage.never.extend(never.map(|kind| Never { system, kind }));
        }
        coverage
    }
}

/// Whether a world of these sizes should take such a step at all.
fn is_expected(task: &Task, kind: StepKind) -> bool {
    let sizes = &task.sizes;
    let collection = (task.system.runs.collection)();
    match kind {
        StepKind::Send | StepKind::Deliver | StepKind::Drop => true,
        StepKind::Clear => collection == Collection::PostMortem,
        StepKind::Notify => collection != Collection::Immediate,
        StepKind::Call => !sizes.calls.is_none(),
        StepKind::Ask | StepKind::Return => !sizes.asks.is_none(),
        StepKind::Resolve => sizes.promises > 0,
        StepKind::Wait => !sizes.waits.is_none(),
        StepKind::BeginSend | StepKind::SendFails => !sizes.failures.is_none(),
        StepKind::BeginRead | StepKind::EndRead => !sizes.interrupts.is_none(),
        StepKind::Lose => !sizes.losses.is_none(),
        StepKind::Refuse => !sizes.refusals.is_none(),
        StepKind::Cut => sizes.sessions > 1,
        StepKind::Crash => !sizes.crashes.is_none(),
        StepKind::Fail => !sizes.faults.is_none(),
        // Whether there are such depends on the protocol.
        StepKind::Redirect | StepKind::Work => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SYSTEMS;
    use crate::check::Control;
    use crate::engine::{Budget, Progress};
    use crate::property::PropertySet;

    #[test]
    fn a_step_that_should_have_happened_and_never_did_is_named() {
        let task = Task::full(SYSTEMS[0], crate::sizes::Sizes::SMALLEST);
        let control = Control {
            properties: PropertySet::ALL,
            threads: 1,
            budget: Budget::default(),
            progress: &Progress::default(),
        };
        let finding = (task.system.runs.search)(&task, &control);
        let mut row = Row::new(&task, "smallest", finding, None, &[]);
        assert!(Coverage::of([(task, &row)].into_iter(), true).never.is_empty());
        row.fired.remove(&StepKind::Drop);
        let never = Coverage::of([(task, &row)].into_iter(), true).never;
        assert_eq!(never, [Never { system: SYSTEMS[0].id, kind: StepKind::Drop }]);
        assert!(Coverage::of([(task, &row)].into_iter(), false).never.is_empty(), "only a part");
    }
}
