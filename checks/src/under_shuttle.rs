//! The tables on shuttle's primitives: sampled interleavings, sequentially consistent.

use crate::explorer::Explorer;
use crate::planted;
use captp_gc::sync::{Lock, Ordering, Primitives, Word};
use captp_gc::table::Defect;
use shuttle::rand::Rng;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::AtomicU64;
use std::fmt;
use std::sync::Arc;

/// Shuttle's primitives; four slots to a page, so that a handful of imports has several pages.
#[derive(Clone, Copy, Debug)]
pub struct Shuttle<const DEFECT: usize = { planted::NONE }>;

/// Shuttle's `AtomicU64`.
#[derive(Debug)]
pub struct ShuttleWord(AtomicU64);

/// Shuttle's `Mutex`.
#[derive(Debug)]
pub struct ShuttleLock<T>(Mutex<T>);

impl<const DEFECT: usize> Primitives for Shuttle<DEFECT> {
    type Word = ShuttleWord;
    type Lock<T: Send + fmt::Debug> = ShuttleLock<T>;
    type Shared<T: Send + Sync + 'static> = Arc<T>;
    type Slots = [ShuttleWord; 4];

    const DEFECT: Option<Defect> = planted::defect(DEFECT);

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn slots() -> Self::Slots {
        std::array::from_fn(|_| ShuttleWord::new(0))
    }
}

impl<const DEFECT: usize> Explorer for Shuttle<DEFECT> {
    type Thread<T: Send + 'static> = shuttle::thread::JoinHandle<T>;

    fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Self::Thread<T> {
        shuttle::thread::spawn(run)
    }

    fn pick(below: usize) -> usize {
        shuttle::rand::thread_rng().gen_range(0..below)
    }

    fn join<T: Send + 'static>(thread: Self::Thread<T>) -> T {
        thread.join().expect("the thread panicked")
    }
}

impl<T: Send + fmt::Debug> Lock<T> for ShuttleLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        critical(&mut self.0.lock().expect("no user code runs under the tables' locks"))
    }
}

impl Word for ShuttleWord {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }
    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_add(value, order)
    }
    fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_sub(value, order)
    }
    fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_or(value, order)
    }
    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange_weak(current, new, success, failure)
    }
}
