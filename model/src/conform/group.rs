//! The schedules of one kind, and what they came to.

use serde::Serialize;
use std::collections::BTreeMap;

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
    /// How many more there are that this adapter cannot be asked for, by the reason.
    pub impossible: BTreeMap<&'static str, u64>,
    /// Schedules performed.
    pub schedules: u64,
    /// Schedules that there are.
    pub planned: u64,
    /// Steps in all.
    pub steps: u64,
    /// Steps that the implementation did not take.
    pub refused: u64,
    /// Why not, without names and numbers, and how often.
    pub refusals: BTreeMap<String, u64>,
    /// Schedules that violate something.
    pub violating: u64,
    /// Why some were not performed.
    pub left_out: Vec<String>,
}

impl Group {
    /// So many of its schedules are not performed.
    pub(super) fn leave_out(&mut self, number: u64, why: &str) {
        if number > 0 {
            self.planned += number;
            let schedules = if number == 1 { "schedule" } else { "schedules" };
            self.left_out.push(format!("{number} {schedules}, {why}"));
        }
    }

    /// The implementation does not take a step.
    pub(super) fn refuse(&mut self, why: String) {
        const KINDS_MAX: usize = 20;
        let is_room = self.refusals.len() < KINDS_MAX || self.refusals.contains_key(&why);
        let why = if is_room { why } else { "for other reasons".to_owned() };
        *self.refusals.entry(why).or_default() += 1;
    }

    /// Some walks end before a step that no adapter can be asked for: how many, by the reason.
    pub(super) fn leave_out_rests(&mut self, cuts: BTreeMap<&str, u64>) {
        for (why, number) in cuts {
            let walks = if number == 1 { "walk" } else { "walks" };
            self.left_out.push(format!(
                "the rest of {number} {walks}, from a step that no adapter can be asked for: {why}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_walks_that_were_cut_it_is_said_how_many_and_why() {
        let mut group = Group::default();
        group.leave_out_rests(BTreeMap::from([("a crash", 1), ("a violation", 12)]));
        let why = "from a step that no adapter can be asked for";
        let said = [
            format!("the rest of 1 walk, {why}: a crash"),
            format!("the rest of 12 walks, {why}: a violation"),
        ];
        assert_eq!(group.left_out, said);
    }
}
