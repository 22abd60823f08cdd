//! One end that keeps the rules: its tables, and what it does when it reads.

use captp_wire::line::{Kind, Mention, Message, Place, Ref};
use captp_wire::sums::{Free, Reuse, Rules, Unit};
use std::collections::BTreeMap;

/// An export: how many mentions it has left.
#[derive(Debug, Default)]
pub(super) struct Entry(u64);

impl Entry {
    pub(super) fn count(&self) -> u64 {
        self.0
    }
}

#[derive(Debug, Default)]
pub(super) struct Question {
    params: Vec<u32>,
    results: Vec<u32>,
    returned: bool,
    finished: bool,
    results_given_back: bool,
}

#[derive(Debug, Default)]
pub(super) struct Answer {
    params: Vec<u32>,
    results: Vec<u32>,
    returned: bool,
    wanted: bool,
    /// Whether the asker is done with it, and gives the results back.
    finished: Option<bool>,
}

/// One end.
#[derive(Debug)]
pub(super) struct Vat {
    rules: Rules,
    pub(super) exports: BTreeMap<u32, Entry>,
    pub(super) imports: BTreeMap<u32, u64>,
    pub(super) questions: BTreeMap<u32, Question>,
    pub(super) answers: BTreeMap<u32, Answer>,
    next_export: u32,
    next_question: u32,
}

/// The lowest number that is not taken.
fn free<T>(taken: &BTreeMap<u32, T>) -> u32 {
    (1..).find(|number| !taken.contains_key(number)).unwrap_or_default()
}

impl Vat {
    pub(super) fn new(rules: Rules) -> Self {
        let (exports, imports, questions, answers) = Default::default();
        Self { rules, exports, imports, questions, answers, next_export: 1, next_question: 1 }
    }

    pub(super) fn held(&self) -> Vec<u32> {
        self.imports.keys().copied().collect()
    }

    pub(super) fn unfinished(&self) -> Vec<u32> {
        let open = self.questions.iter().filter(|(_, question)| !question.finished);
        open.map(|(id, _)| *id).collect()
    }

    /// The answers that are due.
    pub(super) fn unanswered(&self) -> Vec<u32> {
        let lazy = self.rules.lazy;
        let due = |answer: &Answer| !answer.returned && (!lazy || answer.wanted);
        let open = self.answers.iter().filter(|(_, answer)| self.rules.returns && due(answer));
        open.map(|(id, _)| *id).collect()
    }

    /// Mentions an export, or a new one, in a message that has these references already.
    pub(super) fn mention(&mut self, known: Option<u32>, before: &[Ref]) -> Ref {
        let index = known.unwrap_or_else(|| {
            if self.rules.reuse == Reuse::Any {
                return free(&self.exports);
            }
            self.next_export += 1;
            self.next_export - 1
        });
        let again = Some(self.exports.contains_key(&index));
        let once = self.rules.unit == Unit::Message;
        let counted = once && places(before).contains(&index);
        let entry = self.exports.entry(index).or_default();
        entry.0 += u64::from(!counted);
        let at = Place::new(index);
        let again = if once { None } else { again };
        Ref::Mention(Mention { at, again, promise: false })
    }

    /// The mentions of a message, in the unit of the system.
    pub(super) fn counted(&self, refs: &[Ref]) -> Vec<u32> {
        let mut places = places(refs);
        if self.rules.unit == Unit::Message {
            places.sort_unstable();
            places.dedup();
        }
        places
    }

    pub(super) fn ask(&mut self, params: Vec<u32>) -> u32 {
        let id = if self.rules.free == Free::Never {
            self.next_question += 1;
            self.next_question - 1
        } else {
            free(&self.questions)
        };
        self.questions.insert(id, Question { params, ..Question::default() });
        id
    }

    pub(super) fn take_import(&mut self, index: u32, count: u64) {
        if let Some(left) = self.imports.get_mut(&index) {
            *left -= count;
            if *left == 0 {
                self.imports.remove(&index);
            }
        }
    }

    /// Takes one mention each, if they are all there.
    fn take_imports(&mut self, places: &[u32]) -> bool {
        let there = places.iter().all(|index| {
            let needed = places.iter().filter(|other| *other == index).count();
            self.imports.get(index).is_some_and(|left| u64::try_from(needed).unwrap() <= *left)
        });
        if there {
            places.iter().for_each(|index| self.take_import(*index, 1));
        }
        there
    }

    fn given_back(&mut self, index: u32, count: u64) {
        let entry = self.exports.get_mut(&index).unwrap();
        entry.0 = entry.0.checked_sub(count).unwrap();
        if entry.0 == 0 {
            self.exports.remove(&index);
        }
    }

    pub(super) fn give_params_back(&mut self, id: u32) -> bool {
        let params = self.answers[&id].params.clone();
        self.take_imports(&params)
    }

    pub(super) fn answered(&mut self, id: u32, results: Vec<u32>, no_finish: bool) {
        let Some(answer) = self.answers.get_mut(&id) else { return };
        answer.returned = true;
        answer.results = results;
        if let Some(given_back) = answer.finished {
            let results = std::mem::take(&mut answer.results);
            if given_back {
                results.into_iter().for_each(|index| self.given_back(index, 1));
            }
            self.answers.remove(&id);
        } else if no_finish {
            self.answers.remove(&id);
        }
    }

    /// Returns whether the results are given back, which was wanted.
    pub(super) fn finish(&mut self, id: u32, wanted: bool) -> bool {
        let Some(question) = self.questions.get_mut(&id) else { return false };
        question.finished = true;
        let results = question.results.clone();
        if question.returned {
            self.questions.remove(&id);
            return wanted && self.take_imports(&results);
        }
        question.results_given_back = wanted;
        if self.rules.free == Free::Finished || self.rules.lazy {
            self.questions.remove(&id);
        }
        wanted
    }

    pub(super) fn read(&mut self, message: &Message) {
        let carried = self.counted(&message.refs);
        let mut kept = true;
        match (message.kind, message.question) {
            (Kind::Call, Some(id)) => {
                let params = carried.clone();
                self.answers.insert(id, Answer { params, ..Answer::default() });
            }
            (Kind::Return, Some(id)) => kept = self.read_return(id, message, &carried),
            (Kind::Finish, Some(id)) => self.read_finish(id, message.release_results),
            (Kind::Other, Some(id)) => {
                if let Some(answer) = self.answers.get_mut(&id) {
                    answer.wanted = true;
                }
            }
            _ => {
                for release in &message.releases {
                    let count = u64::try_from(release.count).unwrap();
                    self.given_back(release.at.index, count);
                }
            }
        }
        if kept {
            for index in carried {
                *self.imports.entry(index).or_default() += 1;
            }
        }
    }

    /// Returns whether the results are kept.
    fn read_return(&mut self, id: u32, message: &Message, carried: &[u32]) -> bool {
        let Some(question) = self.questions.get_mut(&id) else { return true };
        question.returned = true;
        question.results = carried.to_vec();
        let params = std::mem::take(&mut question.params);
        let kept = !question.results_given_back;
        if question.finished || message.no_finish {
            self.questions.remove(&id);
        }
        if message.release_params {
            params.into_iter().for_each(|index| self.given_back(index, 1));
        }
        kept
    }

    fn read_finish(&mut self, id: u32, results_back: bool) {
        let forgets = self.rules.lazy || !self.rules.returns;
        let Some(answer) = self.answers.get_mut(&id) else { return };
        answer.finished = Some(results_back);
        if answer.returned {
            let results = std::mem::take(&mut answer.results);
            if results_back {
                results.into_iter().for_each(|index| self.given_back(index, 1));
            }
            self.answers.remove(&id);
        } else if forgets {
            self.answers.remove(&id);
        }
    }
}

fn places(refs: &[Ref]) -> Vec<u32> {
    let mentions = refs.iter().filter_map(|one| match one {
        Ref::Mention(mention) => Some(mention.at.index),
        Ref::Home(_) | Ref::Answer(_) => None,
    });
    mentions.collect()
}
