//! A whole conformance run: every schedule, the hostile peer, the cycles; and what they show.

use super::cycle::{Cycled, cycles};
use super::group::Group;
use super::hostile::{Tried, hostile};
use super::lead::Lead;
use super::perform::{Manner, Stage};
use super::refine::Refined;
use super::run::Run;
use super::schedule::Origin;
use super::seen::{Candidate, Seen, kind};
use super::shrink::shrink;
use super::verdict::{Cell, Found, verdicts};
use crate::catalogue::System;
use crate::property::PropertyId;
use captp_wire::adapter::Hello;
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
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
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
    /// Whether the deadline has left something out, or nothing was ever held.
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
    let mut lead = Lead { stage, system, effort, say, seen: Seen::default() };
    let mut groups = lead.worlds();
    groups.push(lead.counterexamples());
    groups.push(lead.walks());
    let tried = lead.hostile();
    let cycled = lead.cycles();
    // Where nothing was ever held, nothing was put to the test.
    let is_held = lead.seen.counts.get(&PropertyId::S1).is_some_and(|count| count.judged > 0);
    let is_cut = lead.stop().is_some() || !is_held;
    let found = lead.found();
    let Lead { stage, seen, .. } = lead;
    let hello = stage.hello().clone();
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

impl Lead<'_> {
    fn hostile(&mut self) -> Vec<Tried> {
        if self.stop().is_some() {
            return Vec::new();
        }
        let tried = hostile(self.stage, |case| (self.say)(&format!("hostile: {case}")));
        for case in &tried {
            let origin = Origin::Hostile { case: case.case.to_owned() };
            let manner = Manner { is_hostile: true, ..Manner::default() };
            if case.is_done {
                let count = self.seen.counts.entry(PropertyId::S7).or_default();
                (count.tested, count.judged) = (count.tested + 1, count.judged + 1);
            }
            self.seen.note(&origin, manner, &case.run, false);
        }
        tried
    }

    fn cycles(&mut self) -> Vec<Cycled> {
        if self.stop().is_some() {
            return Vec::new();
        }
        cycles(self.stage, self.effort, &mut self.seen, self.say)
    }

    /// Makes every finding's schedule as short as it gets.
    fn found(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        for ((property, known), candidate) in std::mem::take(&mut self.seen.found) {
            (self.say)(&format!("shortening a schedule that violates {property}"));
            let Candidate { origin, requests, manner, run, times, shrinks } = candidate;
            let shows = |run: &Run| {
                run.violation(property).is_some_and(|violation| kind(run, violation) == known)
            };
            // Dropped copies are steps of the schedule by now.
            let plain = Manner { drops_copies: false, ..manner };
            let (mut requests, mut run) = (requests, run);
            if shrinks && self.stop().is_none() {
                let stage = &mut *self.stage;
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
}
