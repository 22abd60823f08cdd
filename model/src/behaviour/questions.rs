//! The questions of one end: the numbers of a trace, and the model's.

use crate::world::Key;
use smallvec::SmallVec;
use std::collections::BTreeSet;

/// A question of a trace. Where a call has more than the model's calls can say, it is several of
/// them, which travel together.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// Its number in the trace.
    pub(super) number: u32,
    /// The model's questions.
    pub(super) keys: SmallVec<[Key; 1]>,
    /// The how-manieth message of its end asked it.
    pub(super) asked: u64,
    /// Which of the sender's exports are mentioned among its parameters.
    pub(super) params: SmallVec<[u32; 2]>,
    /// How many references its result had, if there was one.
    pub(super) results: Option<usize>,
    /// Whether its results were given back, whatever they are.
    pub(super) results_released: bool,
}

/// The questions of one end that something may still be said of.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    bound: Vec<Bound>,
    /// How many there were after those that are over were last thrown away.
    kept: usize,
}

impl Questions {
    /// The question with this number, unless its place has gone to another since.
    pub(super) fn current(&self, number: u32) -> Option<&Bound> {
        let place = |bound: &&Bound| bound.keys.first().map(|key| key.at.index.get());
        self.get(number)
            .filter(|bound| place(bound).and_then(|at| self.number_of(at)) == Some(number))
    }

    /// The latest question with this number.
    pub(super) fn get(&self, number: u32) -> Option<&Bound> {
        self.bound.iter().rev().find(|bound| bound.number == number)
    }

    /// The latest question with this number.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Bound> {
        self.bound.iter_mut().rev().find(|bound| bound.number == number)
    }

    /// The number in the trace of a question of the model's.
    pub(super) fn number_of(&self, index: u32) -> Option<u32> {
        let of = |bound: &&Bound| bound.keys.iter().any(|key| key.at.index.get() == index);
        self.bound.iter().rev().find(of).map(|bound| bound.number)
    }

    /// A new question. `is_over` says of which nothing more can be said; they are thrown away now
    /// and then.
    pub(super) fn bind(&mut self, bound: Bound, is_over: impl Fn(&Bound) -> bool) {
        const FEW: usize = 16;
        if self.bound.len() > 2 * self.kept + FEW {
            // Of those with one number and one place only the latest is ever found.
            let mut later = BTreeSet::new();
            self.bound.reverse();
            self.bound.retain(|bound| {
                let places: SmallVec<[u32; 1]> =
                    bound.keys.iter().map(|key| key.at.index.get()).collect();
                later.insert((bound.number, places)) && !is_over(bound)
            });
            self.bound.reverse();
            self.kept = self.bound.len();
        }
        self.bound.push(bound);
    }
}
