//! Questions and answers: places that the caller chooses, and never uses again.

use crate::names::Object;
use crate::protocol::{ExportView, ImportView};
use crate::world::{Ghost, Position, What};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A call that a vat has made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Whether the weak reference to the promise of its result still leads to it.
    pub live: bool,
    /// Whether the result has come.
    pub answered: bool,
}

/// The questions of one vat to one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Questions {
    entries: SmallVec<[(Index, Question); 1]>,
    next: u32,
}

impl Questions {
    /// No questions; the first will be at `first`.
    pub fn new(first: u32) -> Self {
        Self { entries: SmallVec::new(), next: first }
    }

    /// Every question, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Index, Question)> {
        self.entries.iter().copied()
    }

    /// As the ledger sees them.
    pub fn views(&self) -> impl Iterator<Item = (Position, ImportView)> {
        self.iter().map(|(at, q)| (Position::answer(at), ImportView { count: 1, live: q.live }))
    }

    /// Asks.
    pub fn ask(&mut self) -> Index {
        let index = Index::new(self.next);
        self.next += 1;
        self.entries.push((index, Question { live: true, answered: false }));
        index
    }

    /// The result has come. Returns whether the question is known.
    pub fn answer(&mut self, index: Index) -> bool {
        self.get_mut(index).map(|question| question.answered = true).is_some()
    }

    /// The weak reference to the promise is cleared. Returns whether it was not before.
    pub fn clear(&mut self, index: Index) -> bool {
        self.get_mut(index).is_some_and(|question| std::mem::replace(&mut question.live, false))
    }

    /// The question is done with. Returns whether there was one.
    pub fn remove(&mut self, index: Index) -> bool {
        let before = self.entries.len();
        self.entries.retain(|(at, _)| *at != index);
        self.entries.len() < before
    }

    fn get_mut(&mut self, index: Index) -> Option<&mut Question> {
        self.entries.iter_mut().find(|(at, _)| *at == index).map(|(_, question)| question)
    }
}

/// The answers that one vat keeps for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    entries: SmallVec<[(Index, Ghost); 1]>,
}

impl Answers {
    /// As the ledger sees them.
    pub fn views(&self) -> impl Iterator<Item = (Position, ExportView)> {
        self.entries.iter().map(|(at, answer)| {
            let what = What::Local(answer.of_answer());
            (Position::answer(*at), ExportView { what, count: 1 })
        })
    }

    /// The answer at a place.
    pub fn get(&self, index: Index) -> Option<Object> {
        self.entries.iter().find(|(at, _)| *at == index).map(|(_, answer)| answer.of_answer())
    }

    /// A call is read that wants an answer.
    pub fn ask(&mut self, index: Index, answer: Ghost) {
        let place = self.entries.partition_point(|(at, _)| *at < index);
        self.entries.insert(place, (index, answer));
    }

    /// The answer is not wanted any more. Returns whether there was one.
    pub fn remove(&mut self, index: Index) -> bool {
        let before = self.entries.len();
        self.entries.retain(|(at, _)| *at != index);
        self.entries.len() < before
    }
}
