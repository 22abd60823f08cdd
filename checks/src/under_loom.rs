//! The tables on loom's primitives: every interleaving, and every value that a load may return.

use crate::forward::primitives;
use crate::planted;
use captp_gc::sync::Ordering;
use loom::sync::Mutex;
use loom::sync::atomic::AtomicU64;

/// Loom's primitives; two slots to a page, since every word costs.
#[derive(Clone, Copy, Debug)]
pub struct Loom<const DEFECT: usize = { planted::NONE }>;

/// Loom's `AtomicU64`.
#[derive(Debug)]
pub struct LoomWord(AtomicU64);

/// Loom's `Mutex`.
#[derive(Debug)]
pub struct LoomLock<T>(Mutex<T>);

primitives! {
    loom: Loom, LoomWord, LoomLock, 2 slots to a page;
    pick:
    /// Loom tries interleavings, not choices.
    fn pick(_below: usize) -> usize {
        0
    }

    word:
    /// An exchange: loom does not keep the order of a store and of an exchange that another
    /// thread made before it, and would show the older value to a third. Where the tables store,
    /// the value before is theirs to replace, so both mean the same.
    fn store(&self, value: u64, order: Ordering) {
        self.0.swap(value, order);
    }
    /// Loom remembers one access of each word only. A load just before an exchange would hide from
    /// it that the exchange conflicts with what another thread did before, and it would not try the
    /// other order. An exchange that changes nothing orders no more than the load.
    fn load_to_update(&self) -> u64 {
        self.0.fetch_or(0, Ordering::Acquire)
    }
}
