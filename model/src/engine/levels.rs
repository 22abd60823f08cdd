//! Breadth-first search, one whole level at a time, with any number of threads.

use super::seen::Seen;
use super::{Budget, Cut, KINDS_MAX, Kinds, Outcome, Progress, fingerprint};
use crate::property::{Judgement, PropertyId, PropertySet};
use stateright::Model;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// States are handed to threads by so many.
const CHUNK: usize = 256;
/// A level smaller than this is not worth a second thread.
const WORTH_THREADS: usize = 4 * CHUNK;

type Chunk<M> = Vec<(<M as Model>::State, u64)>;

/// Judges every reachable state, until the space is exhausted, a level with a violation is
/// finished, or the budget runs out.
///
/// Only `claimed` properties count, and only witnesses of theirs. With one thread the outcome is
/// the same in every run; with more, only the paths may differ.
pub fn search<M>(
    model: &M,
    judge: impl Fn(&M, &M::State) -> Judgement + Sync,
    claimed: PropertySet,
    threads: usize,
    budget: &Budget,
    progress: &Progress,
) -> Outcome
where
    M: Kinds + Sync,
    M::State: Hash + Send + Sync,
{
    progress.restart();
    let started = Instant::now();
    let level = Level {
        model,
        judge,
        claimed,
        budget,
        progress,
        seen: Seen::new(),
        work: Mutex::default(),
        next: Mutex::default(),
        findings: Mutex::default(),
    };
    let cut = level.run(threads.max(1));
    let findings = lock(&level.findings);
    let trails = |found: &[(PropertyId, u64)]| {
        let mut trails: Vec<_> =
            found.iter().map(|(id, at)| (*id, level.seen.trail(*at))).collect();
        trails.sort_by_key(|(id, _)| *id);
        trails
    };
    Outcome {
        cut,
        counts: progress.counts(),
        elapsed: started.elapsed(),
        fired: findings.fired,
        violations: trails(&findings.violations),
        witnesses: trails(&findings.witnesses),
    }
}

struct Level<'a, M: Model, J> {
    model: &'a M,
    judge: J,
    claimed: PropertySet,
    budget: &'a Budget,
    progress: &'a Progress,
    seen: Seen,
    work: Mutex<VecDeque<Chunk<M>>>,
    next: Mutex<VecDeque<Chunk<M>>>,
    findings: Mutex<Findings>,
}

#[derive(Default)]
struct Findings {
    cut: Option<Cut>,
    violations: Vec<(PropertyId, u64)>,
    witnesses: Vec<(PropertyId, u64)>,
    fired: [u64; KINDS_MAX],
}

impl<M, J> Level<'_, M, J>
where
    M: Kinds + Sync,
    M::State: Hash + Send + Sync,
    J: Fn(&M, &M::State) -> Judgement + Sync,
{
    fn run(&self, threads: usize) -> Option<Cut> {
        let mut worker = Worker::new(self);
        for state in self.model.init_states() {
            if self.model.within_boundary(&state) {
                let fingerprint = fingerprint(&state);
                worker.found(state, fingerprint, fingerprint);
            }
        }
        worker.finish();
        loop {
            let next = std::mem::take(&mut *lock(&self.next));
            let size: usize = next.iter().map(Vec::len).sum();
            *lock(&self.work) = next;
            let violated = !lock(&self.findings).violations.is_empty();
            if let Some(cut) = lock(&self.findings).cut.or(violated.then_some(Cut::Violated)) {
                return Some(cut);
            }
            if size == 0 {
                return None;
            }
            let depth = self.progress.depth.load(Ordering::Relaxed);
            if self.budget.depth_max.is_some_and(|depth_max| depth >= depth_max) {
                return Some(Cut::Depth);
            }
            if self.is_cut() {
                continue;
            }
            self.expand(if size < WORTH_THREADS { 1 } else { threads });
            if lock(&self.next).iter().any(|chunk| !chunk.is_empty()) {
                self.progress.depth.store(depth + 1, Ordering::Relaxed);
            }
        }
    }

    fn expand(&self, threads: usize) {
        let work = || {
            let mut worker = Worker::new(self);
            while let Some(chunk) = self.take_chunk() {
                for (state, fingerprint) in chunk {
                    worker.expand(&state, fingerprint);
                }
                if self.is_cut() {
                    break;
                }
            }
            worker.finish();
        };
        if threads == 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
    }

    fn take_chunk(&self) -> Option<Chunk<M>> {
        lock(&self.work).pop_front()
    }

    /// Whether the search must stop in the middle of this level.
    fn is_cut(&self) -> bool {
        let found = || self.progress.distinct.load(Ordering::Relaxed);
        let cut = if self.progress.is_interrupted() {
            Cut::Interrupted
        } else if self.budget.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Cut::Timeout
        } else if self.budget.states_max.is_some_and(|states_max| found() >= states_max) {
            Cut::States
        } else {
            return false;
        };
        // If this was the last work there was, nothing is cut short.
        let last =
            lock(&self.work).is_empty() && self.progress.frontier.load(Ordering::Relaxed) == 0;
        if !last {
            lock(&self.findings).cut.get_or_insert(cut);
        }
        !last
    }
}

/// One thread's share of a level.
struct Worker<'a, 'b, M: Model, J> {
    level: &'a Level<'b, M, J>,
    actions: Vec<M::Action>,
    chunk: Chunk<M>,
    violated: PropertySet,
    witnessed: PropertySet,
    fired: [u64; KINDS_MAX],
}

impl<'a, 'b, M, J> Worker<'a, 'b, M, J>
where
    M: Kinds,
    M::State: Hash,
    J: Fn(&M, &M::State) -> Judgement,
{
    fn new(level: &'a Level<'b, M, J>) -> Self {
        let found = lock(&level.findings);
        let ids = |found: &[(PropertyId, u64)]| found.iter().map(|(id, _)| *id).collect();
        let (violated, witnessed) = (ids(&found.violations), ids(&found.witnesses));
        let (actions, chunk) = (Vec::new(), Vec::with_capacity(CHUNK));
        Self { level, actions, chunk, violated, witnessed, fired: [0; KINDS_MAX] }
    }

    fn expand(&mut self, state: &M::State, at: u64) {
        let Level { model, progress, seen, .. } = self.level;
        let mut actions = std::mem::take(&mut self.actions);
        let mut generated = 0;
        model.actions(state, &mut actions);
        for action in actions.drain(..) {
            let kind = M::kind(&action);
            let Some(next) = model.next_state(state, action) else { continue };
            if !model.within_boundary(&next) {
                continue;
            }
            generated += 1;
            self.fired[kind] += 1;
            let fingerprint = fingerprint(&next);
            if seen.insert(fingerprint, at) {
                self.keep(next, fingerprint);
            }
        }
        self.actions = actions;
        progress.generated.fetch_add(generated, Ordering::Relaxed);
        progress.frontier.fetch_sub(1, Ordering::Relaxed);
    }

    fn found(&mut self, state: M::State, fingerprint: u64, from: u64) {
        if self.level.seen.insert(fingerprint, from) {
            self.keep(state, fingerprint);
        }
    }

    /// Judges a new state, and keeps it for the next level.
    fn keep(&mut self, state: M::State, fingerprint: u64) {
        let Level { model, judge, claimed, progress, findings, .. } = self.level;
        progress.distinct.fetch_add(1, Ordering::Relaxed);
        progress.frontier.fetch_add(1, Ordering::Relaxed);
        let judgement = judge(model, &state);
        let violated = judgement.violated.intersection(*claimed).difference(self.violated);
        let witnessed = judgement.witnessed.intersection(*claimed).difference(self.witnessed);
        if !violated.is_empty() || !witnessed.is_empty() {
            let mut findings = lock(findings);
            record(&mut findings.violations, violated, fingerprint);
            record(&mut findings.witnesses, witnessed, fingerprint);
            self.violated = self.violated.union(violated);
            self.witnessed = self.witnessed.union(witnessed);
        }
        self.chunk.push((state, fingerprint));
        if self.chunk.len() == CHUNK {
            let full = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
            lock(&self.level.next).push_back(full);
        }
    }

    fn finish(self) {
        let mut findings = lock(&self.level.findings);
        findings.fired.iter_mut().zip(self.fired).for_each(|(all, mine)| *all += mine);
        drop(findings);
        if !self.chunk.is_empty() {
            lock(&self.level.next).push_back(self.chunk);
        }
    }
}

/// Adds the first finding of each property.
fn record(found: &mut Vec<(PropertyId, u64)>, ids: PropertySet, fingerprint: u64) {
    for id in ids.iter() {
        if !found.iter().any(|(known, _)| *known == id) {
            found.push((id, fingerprint));
        }
    }
}

/// A lock is poisoned only if another thread of the search has panicked; the scope passes that on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
