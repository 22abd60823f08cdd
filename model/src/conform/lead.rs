//! Leads an implementation through the schedules of each kind, and keeps what it sees.

use super::broken::broken;
use super::campaign::Effort;
use super::group::Group;
use super::perform::{Manner, Stage};
use super::run::Run;
use super::schedule::{Schedule, Strolled, covering};
use super::seen::{Seen, kind_of};
use super::worlds::{borrowed, large, worlds};
use crate::catalogue::{System, Task};
use crate::property::{PropertyId, PropertySet};
use crate::sizes::Sizes;
use captp_wire::adapter::{Can, Request};
use std::collections::BTreeMap;

/// Leads an implementation, and keeps what it sees.
pub(super) struct Lead<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) system: &'static System,
    pub(super) effort: &'a Effort,
    /// Hears what is being done.
    pub(super) say: &'a mut dyn FnMut(&str),
    pub(super) seen: Seen,
}

impl Lead<'_> {
    /// Why nothing further is performed, if nothing is.
    pub(super) fn stop(&self) -> Option<&'static str> {
        if self.stage.is_hopeless() {
            return Some("because the adapter hangs, or cannot be started, again and again");
        }
        self.effort.is_late().then_some("for time")
    }

    /// The worlds, and last what becomes of it if the promises of all of them are broken. Where the
    /// system's own model has no promises, and the implementation has, those of another are used.
    pub(super) fn worlds(&mut self) -> Vec<Group> {
        let (mut groups, mut with_broken) = (Vec::new(), Vec::new());
        for world in worlds(self.system) {
            groups.push(self.world(world.id, self.system, world.sizes, &mut with_broken));
        }
        if self.stage.hello().can(Can::Resolve) {
            for (world, lender) in borrowed(self.system) {
                let name = format!("{} of {}", world.id, lender.title);
                groups.push(self.world(&name, lender, world.sizes, &mut with_broken));
            }
        }
        if !with_broken.is_empty() {
            let mut group = Group { name: "promises broken".to_owned(), ..Group::default() };
            self.perform_all(&with_broken, &mut group);
            groups.push(group);
        }
        groups
    }

    fn world(
        &mut self,
        world: &str,
        system: &'static System,
        sizes: Sizes,
        with_broken: &mut Vec<Schedule>,
    ) -> Group {
        let mut group = Group { name: format!("world {world}"), ..Group::default() };
        // Finding schedules takes time, too.
        if let Some(why) = self.stop() {
            group.left_out.push(format!("the whole world, {why}"));
            return group;
        }
        let hello = self.stage.hello();
        let may = |request: &Request| hello.can_do(request);
        let covering = covering(system, world, sizes, &may, self.effort.states_max);
        group.states = Some(covering.states);
        group.transitions = covering.transitions as u64;
        group.impossible = covering.impossible;
        if covering.is_cut {
            let most = self.effort.states_max;
            group.left_out.push(format!("the states beyond the first {most}"));
        }
        self.perform_all(&covering.schedules, &mut group);
        with_broken.extend(broken(&covering.schedules, world));
        group
    }

    /// The counterexamples of the mutations of the system's model.
    pub(super) fn counterexamples(&mut self) -> Group {
        let mut group =
            Group { name: "counterexamples of mutations".to_owned(), ..Group::default() };
        let (mut late, mut why) = (0, "");
        for mutation in self.system.mutations {
            if let Some(because) = self.stop() {
                (late, why) = (late + 1, because);
                continue;
            }
            (self.say)(&format!("looking for the counterexample of {}", mutation.id));
            match (self.system.runs.schedules.counterexample)(self.system, mutation) {
                Ok(schedule) if schedule.requests.iter().all(|r| self.stage.hello().can_do(r)) => {
                    self.perform_all(&[schedule], &mut group);
                }
                Ok(_) => {
                    group.left_out.push(format!("{}: what the adapter cannot do", mutation.id))
                }
                Err(why) => group.left_out.push(format!("{}: {why}", mutation.id)),
            }
        }
        group.leave_out(late, why);
        group
    }

    /// Random walks.
    pub(super) fn walks(&mut self) -> Group {
        let name = format!("random walks, seed {}", self.effort.seed);
        let mut group = Group { name, ..Group::default() };
        let task = Task::full(self.system, large(self.system));
        let random = self.system.runs.schedules.random;
        let mut cuts = BTreeMap::new();
        for walk in 0..self.effort.walks {
            // Finding walks takes time, too.
            if let Some(why) = self.stop() {
                group.leave_out(self.effort.walks - walk, why);
                break;
            }
            (self.say)(&format!("{}, schedule {} of {}", group.name, walk + 1, self.effort.walks));
            let Strolled { mut schedule, cut } =
                random(&task, self.effort.seed, walk, self.effort.steps_max);
            if let Some(why) = cut {
                *cuts.entry(why).or_default() += 1;
            }
            schedule.requests.retain(|request| self.stage.hello().can_do(request));
            self.perform_once(&schedule, &mut group);
        }
        group.leave_out_rests(cuts);
        group
    }

    fn perform_all(&mut self, schedules: &[Schedule], group: &mut Group) {
        for (number, schedule) in schedules.iter().enumerate() {
            if let Some(why) = self.stop() {
                group.leave_out((schedules.len() - number) as u64, why);
                return;
            }
            (self.say)(&format!("{}, schedule {} of {}", group.name, number + 1, schedules.len()));
            self.perform_once(schedule, group);
        }
    }

    fn perform_once(&mut self, schedule: &Schedule, group: &mut Group) {
        // Whose model has no promises has not said what becomes of open ones.
        let settles = borrowed(self.system).next().is_some();
        let manner = Manner { settles, ..Manner::default() };
        let plain = self.perform(schedule, manner, group);
        group.planned += 1;
        group.schedules += 1;
        // What an adapter was lost in covers nothing.
        group.covered += if plain.failure.is_none() { schedule.covers } else { 0 };
        if plain.has_copies && self.stage.hello().can(Can::DropOne) {
            let manner = Manner { drops_copies: true, ..manner };
            self.perform(schedule, manner, group);
        }
    }

    fn perform(&mut self, schedule: &Schedule, manner: Manner, group: &mut Group) -> Run {
        let run = self.stage.schedule(&schedule.requests, manner);
        group.steps += schedule.requests.len() as u64;
        group.refused += run.refused as u64;
        for why in run.refusals() {
            group.refuse(kind_of(why).replace('·', "…"));
        }
        group.violating += u64::from(!run.violations.is_empty());
        self.seen.note(&schedule.origin, manner, &run, true);
        if run.failure.is_some() {
            return run;
        }
        // What ends a session is put to the test by the schedule's own steps.
        let cuts = schedule.requests.iter().any(|request| matches!(request, Request::Cut { .. }));
        let tested = if cuts { PropertySet::only(PropertyId::L2) } else { schedule.tested };
        for property in tested.iter() {
            self.seen.counts.entry(property).or_default().tested += 1;
        }
        // A send that fails shows nowhere on the wire, and yet may change which index is free next.
        let fails = schedule.requests.iter().any(|r| matches!(r, Request::FailSend { .. }));
        if !cuts && !fails {
            self.seen.refined.note(self.system, self.stage.hello(), &run);
        }
        run
    }
}
