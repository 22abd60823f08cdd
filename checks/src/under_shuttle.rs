//! The tables on shuttle's primitives: sampled interleavings, sequentially consistent.

use crate::forward::primitives;
use crate::planted;
use captp_gc::sync::Ordering;
use shuttle::rand::Rng;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::AtomicU64;

/// Shuttle's primitives; four slots to a page, so that two pages are within a scenario's reach.
#[derive(Clone, Copy, Debug)]
pub struct Shuttle<const DEFECT: usize = { planted::NONE }>;

/// Shuttle's `AtomicU64`.
#[derive(Debug)]
pub struct ShuttleWord(AtomicU64);

/// Shuttle's `Mutex`.
#[derive(Debug)]
pub struct ShuttleLock<T>(Mutex<T>);

primitives! {
    shuttle: Shuttle, ShuttleWord, ShuttleLock, 4 slots to a page;
    pick:
    fn pick(below: usize) -> usize {
        shuttle::rand::thread_rng().gen_range(0..below)
    }

    word:
    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }
}
