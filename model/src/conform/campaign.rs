//! A whole conformance run: every schedule, the hostile peer, the cycles; and what they show.

use super::broken::broken;
use super::cycle::{Cycled, cycles};
use super::hostile::{Tried, hostile};
use super::perform::{Manner, Stage};
use super::refine::Refined;
use super::run::Run;
use super::schedule::{Origin, Schedule, covering};
use super::seen::{Candidate, Seen, kind};
use super::shrink::shrink;
use super::verdict::{Cell, Found, verdicts};
use super::worlds::{large, worlds};
use crate::catalogue::{System, Task};
use crate::property::{PropertyId, PropertySet};
use captp_wire::adapter::{Can, Hello, Request};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How much is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// The most states of a world whose transitions are covered.
    pub states_max: usize,
    /// How many random walks.
    pub walks: u64,
    /// Their seed.
    pub seed: u64,
    /// The most steps of each.
    pub steps_max: u32,
    /// How often each thing is done over and over, to see whether memory grows.
    pub cycles: u32,
    /// When to begin no further schedule.
    pub deadline: Option<Instant>,
}

impl Effort {
    /// Whether no further schedule is to begin.
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// The schedules of one kind, and what they came to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Group {
    /// What they are.
    pub name: String,
    /// States of the world, if they cover one.
    pub states: Option<usize>,
    /// Transitions of the world that can be asked for.
    pub transitions: u64,
    /// Those that were covered.
    pub covered: u64,
    /// Those that nobody can be asked for.
    pub impossible: u64,
    /// Schedules performed.
    pub schedules: u64,
    /// Schedules that there are.
    pub planned: u64,
    /// Steps in all.
    pub steps: u64,
    /// Steps that the implementation did not take.
    pub refused: u64,
    /// Schedules that violate something.
    pub violating: u64,
    /// Why some were not performed.
    pub left_out: Vec<String>,
}

impl Group {
    /// So many of its schedules are not performed.
    fn leave_out(&mut self, number: u64, why: &str) {
        if number > 0 {
            self.planned += number;
            let schedules = if number == 1 { "schedule" } else { "schedules" };
            self.left_out.push(format!("{number} {schedules}, {why}"));
        }
    }
}

/// What a conformance run has shown.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// What the adapter says of itself.
    pub hello: Hello,
    /// The schedules by kind.
    pub groups: Vec<Group>,
    /// A verdict for every property.
    pub cells: Vec<Cell>,
    /// What was found, each kind of finding once.
    pub found: Vec<Found>,
    /// Whether what was written is a behaviour of the model.
    pub refined: Refined,
    /// What the hostile peer has met.
    pub hostile: Vec<Tried>,
    /// Whether memory grows.
    pub cycles: Vec<Cycled>,
    /// How often the adapter was lost.
    pub lost: u64,
    /// Messages that could not be decoded, and why; some of them.
    pub undecodable: Vec<String>,
    /// Whether the deadline has left something out.
    pub is_cut: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Leads an implementation through everything. `say` hears what is being done.
pub fn conform(
    stage: &mut Stage,
    system: &'static System,
    effort: &Effort,
    say: &mut dyn FnMut(&str),
) -> Conformance {
    let started = Instant::now();
    let mut seen = Seen::default();
    let (mut groups, mut with_broken) = (Vec::new(), Vec::new());
    let hello = stage.hello().clone();
    let may = |request: &Request| is_able(&hello, request);
    for world in worlds(system) {
        let covering = covering(system, world.id, world.sizes, &may, effort.states_max);
        let mut group = Group {
            name: format!("world {}", world.id),
            states: Some(covering.states),
            transitions: covering.transitions as u64,
            impossible: covering.impossible,
            ..Group::default()
        };
        if covering.is_cut {
            let most = effort.states_max;
            group.left_out.push(format!("the states beyond the first {most}"));
        }
        perform_all(stage, system, effort, &covering.schedules, &mut seen, &mut group, say);
        groups.push(group);
        with_broken.extend(broken(&covering.schedules, world.id));
    }
    if !with_broken.is_empty() {
        let name = "promises broken".to_owned();
        let mut group = Group { name, ..Group::default() };
        perform_all(stage, system, effort, &with_broken, &mut seen, &mut group, say);
        groups.push(group);
    }
    groups.push(counterexamples(stage, system, effort, &mut seen, say));
    groups.push(walks(stage, system, effort, &mut seen, say));
    let tried = if hello.can(Can::Hostile) && stop(stage, effort).is_none() {
        hostile(stage, |case| say(&format!("hostile: {case}")))
    } else {
        Vec::new()
    };
    for case in &tried {
        let origin = Origin::Hostile { case: case.case.to_owned() };
        let manner = Manner { is_hostile: true, ..Manner::default() };
        if case.is_done {
            let count = seen.counts.entry(PropertyId::S7).or_default();
            (count.tested, count.judged) = (count.tested + 1, count.judged + 1);
        }
        seen.note(&origin, manner, &case.run, false);
    }
    let mut cycled = Vec::new();
    if stop(stage, effort).is_none() {
        cycled = cycles(stage, effort, &mut seen, say);
    }
    let is_cut = stop(stage, effort).is_some();
    let found = found(stage, effort, seen.found, say);
    Conformance {
        cells: verdicts(&hello, stage.has_sums(), &seen.counts, &found),
        is_cut: is_cut || groups.iter().any(|group| group.schedules < group.planned),
        hello,
        groups,
        found,
        refined: seen.refined,
        hostile: tried,
        cycles: cycled,
        lost: stage.lost,
        undecodable: seen.undecodable,
        elapsed: started.elapsed(),
    }
}

/// Whether an adapter can be asked for this.
fn is_able(hello: &Hello, request: &Request) -> bool {
    request.needs().is_none_or(|can| hello.can(can))
}

/// Why nothing further is performed, if nothing is.
fn stop(stage: &Stage, effort: &Effort) -> Option<&'static str> {
    if stage.is_hopeless() {
        return Some("because the adapter hangs again and again");
    }
    effort.is_late().then_some("for time")
}

fn perform_all(
    stage: &mut Stage,
    system: &System,
    effort: &Effort,
    schedules: &[Schedule],
    seen: &mut Seen,
    group: &mut Group,
    say: &mut dyn FnMut(&str),
) {
    for (number, schedule) in schedules.iter().enumerate() {
        if let Some(why) = stop(stage, effort) {
            group.leave_out((schedules.len() - number) as u64, why);
            return;
        }
        say(&format!("{}, schedule {} of {}", group.name, number + 1, schedules.len()));
        perform_once(stage, system, schedule, seen, group);
    }
}

fn perform_once(
    stage: &mut Stage,
    system: &System,
    schedule: &Schedule,
    seen: &mut Seen,
    group: &mut Group,
) {
    let plain = perform(stage, system, schedule, Manner::default(), seen, group);
    group.planned += 1;
    group.schedules += 1;
    // What an adapter was lost in covers nothing.
    group.covered += if plain.failure.is_none() { schedule.covers } else { 0 };
    if plain.has_copies && stage.hello().can(Can::DropOne) {
        let manner = Manner { drops_copies: true, ..Manner::default() };
        perform(stage, system, schedule, manner, seen, group);
    }
}

fn perform(
    stage: &mut Stage,
    system: &System,
    schedule: &Schedule,
    manner: Manner,
    seen: &mut Seen,
    group: &mut Group,
) -> Run {
    let run = stage.schedule(&schedule.requests, manner);
    group.steps += schedule.requests.len() as u64;
    group.refused += run.refused as u64;
    group.violating += u64::from(!run.violations.is_empty());
    if run.failure.is_some() {
        seen.note(&schedule.origin, manner, &run, true);
        return run;
    }
    // What ends a session or fails is put to the test by the schedule's own steps.
    let cuts = schedule.requests.iter().any(|request| matches!(request, Request::Cut { .. }));
    let tested = if cuts { PropertySet::only(PropertyId::L2) } else { schedule.tested };
    for property in tested.iter() {
        seen.counts.entry(property).or_default().tested += 1;
    }
    // A send that fails shows nowhere on the wire, and yet may change which index is free next.
    let fails = schedule.requests.iter().any(|r| matches!(r, Request::FailSend { .. }));
    if !cuts && !fails && run.failure.is_none() {
        seen.refined.note(system, stage.hello(), &run);
    }
    seen.note(&schedule.origin, manner, &run, true);
    run
}

fn counterexamples(
    stage: &mut Stage,
    system: &'static System,
    effort: &Effort,
    seen: &mut Seen,
    say: &mut dyn FnMut(&str),
) -> Group {
    let mut group = Group { name: "counterexamples of mutations".to_owned(), ..Group::default() };
    let (mut late, mut why) = (0, "");
    for mutation in system.mutations {
        if let Some(because) = stop(stage, effort) {
            (late, why) = (late + 1, because);
            continue;
        }
        say(&format!("looking for the counterexample of {}", mutation.id));
        match (system.runs.schedules.counterexample)(system, mutation) {
            Ok(schedule) if schedule.requests.iter().all(|r| is_able(stage.hello(), r)) => {
                perform_all(stage, system, effort, &[schedule], seen, &mut group, say);
            }
            Ok(_) => group.left_out.push(format!("{}: what the adapter cannot do", mutation.id)),
            Err(why) => group.left_out.push(format!("{}: {why}", mutation.id)),
        }
    }
    group.leave_out(late, why);
    group
}

fn walks(
    stage: &mut Stage,
    system: &'static System,
    effort: &Effort,
    seen: &mut Seen,
    say: &mut dyn FnMut(&str),
) -> Group {
    let name = format!("random walks, seed {}", effort.seed);
    let mut group = Group { name, ..Group::default() };
    let task = Task::full(system, large(system));
    let random = system.runs.schedules.random;
    for walk in 0..effort.walks {
        // Finding walks takes time, too.
        if let Some(why) = stop(stage, effort) {
            group.leave_out(effort.walks - walk, why);
            break;
        }
        say(&format!("{}, schedule {} of {}", group.name, walk + 1, effort.walks));
        let mut schedule = random(&task, effort.seed, walk, effort.steps_max);
        schedule.requests.retain(|request| is_able(stage.hello(), request));
        perform_once(stage, system, &schedule, seen, &mut group);
    }
    group
}

/// Makes every finding's schedule as short as it gets.
fn found(
    stage: &mut Stage,
    effort: &Effort,
    candidates: BTreeMap<(PropertyId, String), Candidate>,
    say: &mut dyn FnMut(&str),
) -> Vec<Found> {
    let mut found = Vec::new();
    for ((property, known), candidate) in candidates {
        say(&format!("shortening a schedule that violates {property}"));
        let Candidate { origin, requests, manner, run, times, shrinks } = candidate;
        let shows = |run: &Run| {
            run.violation(property).is_some_and(|violation| kind(run, violation) == known)
        };
        // Dropped copies are steps of the schedule by now.
        let plain = Manner { drops_copies: false, ..manner };
        let (mut requests, mut run) = (requests, run);
        if shrinks && stop(stage, effort).is_none() {
            let shorter = shrink(requests.clone(), |some| shows(&stage.schedule(some, plain)));
            let again = stage.schedule(&shorter, plain);
            if shows(&again) {
                (requests, run) = (shorter, again);
            }
        }
        let Some(violation) = run.violation(property).cloned() else { continue };
        found.push(Found { property, violation, origin, requests, run, times });
    }
    found
}
