//! The tables on loom's primitives: every interleaving, and every value that a load may return.

use crate::explorer::Explorer;
use crate::planted;
use captp_gc::sync::{Lock, Ordering, Primitives, Word};
use captp_gc::table::Defect;
use loom::sync::Mutex;
use loom::sync::atomic::AtomicU64;
use std::fmt;
use std::sync::Arc;

/// Loom's primitives; two slots to a page, since every word costs.
#[derive(Clone, Copy, Debug)]
pub struct Loom<const DEFECT: usize = { planted::NONE }>;

/// Loom's `AtomicU64`.
#[derive(Debug)]
pub struct LoomWord(AtomicU64);

/// Loom's `Mutex`.
#[derive(Debug)]
pub struct LoomLock<T>(Mutex<T>);

impl<const DEFECT: usize> Primitives for Loom<DEFECT> {
    type Word = LoomWord;
    type Lock<T: Send + fmt::Debug> = LoomLock<T>;
    type Shared<T: Send + Sync + 'static> = Arc<T>;
    type Slots = [LoomWord; 2];

    const DEFECT: Option<Defect> = planted::defect(DEFECT);

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn slots() -> Self::Slots {
        std::array::from_fn(|_| LoomWord::new(0))
    }
}

impl<const DEFECT: usize> Explorer for Loom<DEFECT> {
    type Thread<T: Send + 'static> = loom::thread::JoinHandle<T>;

    fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Self::Thread<T> {
        loom::thread::spawn(run)
    }

    /// Loom tries interleavings, not choices.
    fn pick(_below: usize) -> usize {
        0
    }

    fn join<T: Send + 'static>(thread: Self::Thread<T>) -> T {
        thread.join().expect("the thread panicked")
    }
}

impl<T: Send + fmt::Debug> Lock<T> for LoomLock<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        critical(&mut self.0.lock().expect("no user code runs under the tables' locks"))
    }
}

impl Word for LoomWord {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
    /// An exchange: loom does not keep the order of a store and of an exchange that another
    /// thread made before it, and would show the older value to a third. The tables store only
    /// where the value before is known to be theirs to replace, so both mean the same.
    fn store(&self, value: u64, order: Ordering) {
        self.0.swap(value, order);
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
    /// Loom remembers one access of each word only. A load just before an exchange would hide from
    /// it that the exchange conflicts with what another thread did before, and it would not try the
    /// other order. An exchange that changes nothing orders no more than the load.
    fn load_to_update(&self) -> u64 {
        self.0.fetch_or(0, Ordering::Acquire)
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
