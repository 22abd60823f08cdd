//! What one end has asked, and what has become of it.

use super::finding::Observation;
use super::known::{Ever, Spared};
use super::rules::{Free, Rules};
use crate::line::{End, Place};
use std::collections::BTreeMap;

/// A question that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The line that asked it.
    pub since: u64,
    /// Whether it asks for the first object.
    pub bootstrap: bool,
    /// Whether it was answered.
    pub returned: bool,
    /// Whether the asker is done with it.
    pub finished: bool,
    /// Whether its result was asked for by itself.
    pub wanted: bool,
    /// Which of the asker's messages asked it.
    pub(super) asked_by: u64,
    /// The mentions that it carried, of exports of the asker.
    pub(super) params: Vec<Place>,
    /// The mentions that its answer carried, of exports of the one who was asked.
    pub(super) results: Vec<Place>,
    /// Which of the asker's messages gave the results back before they came.
    pub(super) results_given_back_by: Option<u64>,
}

impl Question {
    pub(super) const fn new(since: u64, bootstrap: bool, asked_by: u64) -> Self {
        Self {
            since,
            bootstrap,
            returned: false,
            finished: false,
            wanted: false,
            asked_by,
            params: Vec::new(),
            results: Vec::new(),
            results_given_back_by: None,
        }
    }
}

/// What one end has asked, and what has become of it.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    asker: End,
    pub(super) open: BTreeMap<u32, Question>,
    ever: Ever,
    /// Whose finish may still come although nothing is open: they were returned without need of it.
    unneeded: Spared,
    /// Whose return may still come although nothing is open: the asker gave them up.
    given_up: Spared,
    /// Whether a result was ever asked for by itself: then one that was not is not awaited.
    any_wanted: bool,
}

/// What a return does beside what it carries.
#[derive(Debug, Default)]
pub(super) struct Returned {
    /// What is wrong with it.
    pub(super) found: Option<Observation>,
    /// The question that it answers, if it is open.
    pub(super) asked_by: Option<u64>,
    /// Whether the question was for the first object.
    pub(super) bootstrap: bool,
    /// The mentions that the call carried.
    pub(super) params: Vec<Place>,
    /// Which message gave back what the return carries, before it came.
    pub(super) given_back_by: Option<u64>,
}

/// What a finish does.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// What is wrong with it.
    pub(super) found: Option<Observation>,
    /// The mentions that the answer carried.
    pub(super) results: Vec<Place>,
}

impl Questions {
    pub(super) fn new(asker: End) -> Self {
        let (open, ever, unneeded, given_up) = Default::default();
        Self { asker, open, ever, unneeded, given_up, any_wanted: false }
    }

    /// How many are open.
    pub(super) fn entries(&self) -> u64 {
        u64::try_from(self.open.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn ask(&mut self, id: u32, new: Question, rules: &Rules) -> Option<Observation> {
        let (question, asker) = (id, self.asker);
        let ever = self.ever.contains(id);
        self.ever.insert(id);
        self.unneeded.remove(id);
        match self.open.insert(id, new) {
            Some(old) => Some(Observation::AskedThoughOpen { question, asker, since: old.since }),
            None if rules.free == Free::Never && ever == Some(true) => {
                Some(Observation::IdUsedAgain { question, asker })
            }
            None => None,
        }
    }

    pub(super) fn want(&mut self, id: u32) {
        self.any_wanted = true;
        if let Some(question) = self.open.get_mut(&id) {
            question.wanted = true;
        }
    }

    /// `results` is what the return carries.
    pub(super) fn answer(
        &mut self,
        id: u32,
        no_finish: bool,
        results: &[Place],
        rules: &Rules,
    ) -> Returned {
        let (question, asker) = (id, self.asker);
        let Some(open) = self.open.get_mut(&id) else {
            let awaited = self.given_up.remove(id) || !rules.returns;
            let found = Observation::AnswerToNothing { question, asker };
            return Returned { found: (!awaited).then_some(found), ..Returned::default() };
        };
        let twice = Observation::AnsweredTwice { question, asker, since: open.since };
        let found = (open.returned && rules.returns).then_some(twice);
        if !open.returned {
            open.results.extend_from_slice(results);
        }
        open.returned = true;
        let returned = Returned {
            found,
            asked_by: Some(open.asked_by),
            bootstrap: open.bootstrap,
            params: std::mem::take(&mut open.params),
            given_back_by: open.results_given_back_by,
        };
        if no_finish && !open.finished {
            self.unneeded.insert(id);
        }
        if no_finish || open.finished {
            self.open.remove(&id);
        }
        returned
    }

    /// `results_by` is the asker's message, if it gives the results back.
    pub(super) fn finish(&mut self, id: u32, results_by: Option<u64>, rules: &Rules) -> Finished {
        let (question, asker) = (id, self.asker);
        let Some(open) = self.open.get_mut(&id) else {
            let found = Observation::FinishOfNothing { question, asker };
            let expected = self.unneeded.remove(id);
            return Finished { found: (!expected).then_some(found), results: Vec::new() };
        };
        if open.finished {
            let found = Observation::FinishedTwice { question, asker, since: open.since };
            return Finished { found: Some(found), results: Vec::new() };
        }
        open.finished = true;
        open.results_given_back_by = results_by;
        let results = std::mem::take(&mut open.results);
        if open.returned {
            self.open.remove(&id);
        } else if rules.lazy || rules.free == Free::Finished {
            if open.wanted || !self.any_wanted {
                self.given_up.insert(id);
            }
            self.open.remove(&id);
        }
        let results = if results_by.is_some() { results } else { Vec::new() };
        Finished { found: None, results }
    }

    /// Whether its answer can be named by its asker.
    pub(super) fn can_be_named(&self, id: u32) -> bool {
        let unfinished = self.open.get(&id).is_some_and(|question| !question.finished);
        unfinished || self.unneeded.contains(id)
    }

    /// What is left at the end. `dropped`: nobody holds anything any more.
    pub(super) fn left(&self, dropped: bool, rules: &Rules) -> Vec<Observation> {
        let asker = self.asker;
        let mut found = Vec::new();
        for (id, open) in &self.open {
            let (question, since) = (*id, open.since);
            let due = rules.returns && (!rules.lazy || open.wanted);
            if due && !open.returned && (dropped || !open.finished) {
                found.push(Observation::Unanswered { question, asker, since });
            } else if dropped && !open.finished && !open.bootstrap {
                found.push(Observation::Unfinished { question, asker, since });
            }
        }
        found
    }
}
