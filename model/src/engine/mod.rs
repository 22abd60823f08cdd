//! Searches of any Stateright [`Model`], level by level.
//!
//! Stateright 0.31's own breadth-first checker serves the Explorer, and is held against this one in
//! the tests. `check` does not use it because of what it would let through to a user: a search that
//! was cut short looks complete; a later violation overwrites the path of an earlier one, so that
//! even with one thread a counterexample need not be a shortest one; `timeout` does nothing with
//! one thread. It also copies a path for every transition, and is about three times slower on the
//! same world (`cargo bench -p benches --bench model_throughput`).
//!
//! Here a search goes through whole levels, so the first violation is a shortest one whatever the
//! number of threads; the outcome says whether the space was exhausted and, if not, why.

mod levels;
mod path;
mod seen;

pub use levels::search;
pub use path::{Replay, replay};

use crate::property::{PropertyId, PropertySet};
use stateright::Model;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a search may cost. Whatever runs out first ends it, and the outcome says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// Distinct states.
    pub states_max: Option<u64>,
    /// Steps from the initial state.
    pub depth_max: Option<u32>,
    /// The moment to stop.
    pub deadline: Option<Instant>,
}

/// How many kinds of actions a model may have.
pub const KINDS_MAX: usize = 32;

/// A model whose actions are of kinds, so that a search can say which of them ever happened.
pub trait Kinds: Model {
    /// The kind of an action, below [`KINDS_MAX`].
    fn kind(action: &Self::Action) -> usize;
}

/// Why a search ended before the space was exhausted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// A property was violated; the level was finished.
    Violated,
    /// `Budget::states_max`.
    States,
    /// `Budget::depth_max`.
    Depth,
    /// `Budget::deadline`.
    Timeout,
    /// Somebody called [`Progress::interrupt`].
    Interrupted,
}

/// How far a search has come; shared with whoever shows it, or stops it.
#[derive(Debug, Default)]
pub struct Progress {
    distinct: AtomicU64,
    generated: AtomicU64,
    frontier: AtomicU64,
    depth: AtomicU32,
    interrupted: AtomicBool,
}

/// The numbers of a [`Progress`] at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Distinct states found.
    pub distinct: u64,
    /// Transitions taken.
    pub generated: u64,
    /// Distinct states found and not yet expanded.
    pub frontier: u64,
    /// Steps from the initial state to the states being expanded.
    pub depth: u32,
}

impl Progress {
    /// How far the search has come.
    pub fn counts(&self) -> Counts {
        Counts {
            distinct: self.distinct.load(Ordering::Relaxed),
            generated: self.generated.load(Ordering::Relaxed),
            frontier: self.frontier.load(Ordering::Relaxed),
            depth: self.depth.load(Ordering::Relaxed),
        }
    }

    /// Stops the search soon.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether it was interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// A walk has ended, after so many steps in all, the longest of so many.
    pub fn walked(&self, steps: u64, longest: u32) {
        self.distinct.store(steps, Ordering::Relaxed);
        self.depth.store(longest, Ordering::Relaxed);
    }

    /// Starts another search; an interruption stays.
    fn restart(&self) {
        self.distinct.store(0, Ordering::Relaxed);
        self.generated.store(0, Ordering::Relaxed);
        self.frontier.store(0, Ordering::Relaxed);
        self.depth.store(0, Ordering::Relaxed);
    }
}

/// The way to a state: the fingerprints from the initial state to it.
pub type Trail = Vec<u64>;

/// What a search has found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `None` if every reachable state was judged.
    pub cut: Option<Cut>,
    /// Final counts; the depth is that of the deepest state found.
    pub counts: Counts,
    /// How long it took.
    pub elapsed: Duration,
    /// The properties violated at the first level at which any is, each with a shortest way there.
    pub violations: Vec<(PropertyId, Trail)>,
    /// The witnesses found, each with a shortest way to its first.
    pub witnesses: Vec<(PropertyId, Trail)>,
    /// How many transitions there were of each kind.
    pub fired: [u64; KINDS_MAX],
}

impl Outcome {
    /// The properties that were violated.
    pub fn violated(&self) -> PropertySet {
        self.violations.iter().map(|(id, _)| *id).collect()
    }

    /// The properties whose witness was found.
    pub fn witnessed(&self) -> PropertySet {
        self.witnesses.iter().map(|(id, _)| *id).collect()
    }

    /// Distinct states per second.
    pub fn states_per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let distinct = self.counts.distinct as f64;
        distinct / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// About how probable it is that two different states had one fingerprint: n² / 2⁶⁵.
    pub fn collision_probability(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let distinct = self.counts.distinct as f64;
        distinct * distinct / 2_f64.powi(65)
    }
}

/// A 64-bit fingerprint of a state, the same in every run of one build.
pub fn fingerprint(state: &impl Hash) -> u64 {
    // Any constants do, as long as they stay the same.
    ahash::RandomState::with_seeds(0x0E, 0xCA97, 0x6C, 0x2013).hash_one(state)
}
