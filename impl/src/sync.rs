//! What the tables are built on: words, locks and shared pages. The only file that names them.
//!
//! [`Std`] is for production. A checker implements [`Primitives`] with its own, and explores the
//! very tables that run in production; so this crate needs no checker among its dependencies, and a
//! system that is built on the tables can explore itself and them together. (The idea of one `sync`
//! module is that of tokio, crossbeam and sharded-slab; they switch it by a compiler flag.)

use crate::table::Defect;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;
use std::sync::{Mutex, PoisonError};

pub use core::sync::atomic::Ordering;
pub(crate) use std::sync::OnceLock;

/// A family of synchronisation primitives.
///
/// The tables touch shared memory through these only, with two exceptions that no checker sees:
/// pages of the import table are published through a `OnceLock`, and a register says which sessions
/// are gone, so that another may take their objects' cells over.
pub trait Primitives: Sized + Send + Sync + 'static {
    /// A shared machine word.
    type Word: Word;
    /// A lock. No user code runs under one, and none is ever taken under another.
    type Lock<T: Send + fmt::Debug>: Lock<T>;
    /// How proxies keep the page alive that their slot is in.
    type Shared<T: Send + Sync + 'static>: Deref<Target = T> + Clone + Send + Sync;
    /// The slots of one page of the import table: an array of 1 to 64 words.
    type Slots: AsRef<[Self::Word]> + Send + Sync;

    /// A defect to plant in the tables, for a check that must find it.
    const DEFECT: Option<Defect> = None;

    /// A shared value.
    fn share<T: Send + Sync + 'static>(value: T) -> Self::Shared<T>;
    /// A page's slots, all zero.
    fn slots() -> Self::Slots;
}

/// A shared machine word: the operations of `AtomicU64` that the tables use.
pub trait Word: Send + Sync + fmt::Debug {
    /// A word of this value.
    fn new(value: u64) -> Self;
    /// Reads it.
    fn load(&self, order: Ordering) -> u64;
    /// Writes it.
    fn store(&self, value: u64, order: Ordering);
    /// Writes it, and returns what it was.
    fn swap(&self, value: u64, order: Ordering) -> u64;
    /// Adds, wrapping; returns what it was.
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
    /// Subtracts, wrapping; returns what it was.
    fn fetch_sub(&self, value: u64, order: Ordering) -> u64;
    /// Sets bits; returns what it was.
    fn fetch_or(&self, value: u64, order: Ordering) -> u64;
    /// Writes `new` if it is `current`, or says what it is. May fail for no reason.
    ///
    /// # Errors
    /// What it is.
    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64>;

    /// Reads it, to compute what it should become. An old value does no harm, since the exchange
    /// that follows fails on it; a checker may read it in whichever way it explores best.
    #[inline]
    fn load_to_update(&self) -> u64 {
        self.load(Ordering::Acquire)
    }

    /// Moves it by a pure transition, tried again whenever another thread has moved it meanwhile.
    ///
    /// # Errors
    /// Those of the transition; the word has not moved.
    #[inline(always)] // its result is an error's size; out of line it goes through memory
    fn update<R, E>(&self, transition: impl Fn(u64) -> Result<(u64, R), E>) -> Result<R, E> {
        let mut current = self.load_to_update();
        loop {
            let (next, result) = transition(current)?;
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            match self.compare_exchange_weak(current, next, success, failure) {
                Ok(_) => return Ok(result),
                Err(meanwhile) => current = meanwhile,
            }
        }
    }
}

/// A lock around a value.
pub trait Lock<T>: Send + Sync + fmt::Debug {
    /// An unlocked lock.
    fn new(value: T) -> Self;
    /// Runs `critical` while nobody else has the value.
    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R;
}

/// The standard library's primitives. Proxies count references to their page.
#[derive(Clone, Copy, Debug)]
pub struct Std;

/// The standard library's primitives. Pages of the import table are **never returned to the
/// allocator**: a proxy is a plain reference to its page, and is dropped and cloned without
/// touching anything that proxies of other objects touch.
///
/// For a process with few, long sessions and many threads that use their proxies. Each session
/// leaks its waker and observer with all that they hold, and its pages: about 770 bytes for each 64
/// indices of which the peer used one, so not for peers that one does not trust.
#[derive(Clone, Copy, Debug)]
pub struct Leaking;

/// Import slots in a page: as many as a word has bits.
const PAGE_SLOTS: usize = 64;

impl Primitives for Std {
    type Word = core::sync::atomic::AtomicU64;
    type Lock<T: Send + fmt::Debug> = Mutex<T>;
    type Shared<T: Send + Sync + 'static> = Arc<T>;
    type Slots = [Self::Word; PAGE_SLOTS];

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn slots() -> Self::Slots {
        [const { core::sync::atomic::AtomicU64::new(0) }; PAGE_SLOTS]
    }
}

impl Primitives for Leaking {
    type Word = <Std as Primitives>::Word;
    type Lock<T: Send + fmt::Debug> = Mutex<T>;
    type Shared<T: Send + Sync + 'static> = &'static T;
    type Slots = <Std as Primitives>::Slots;

    fn share<T: Send + Sync + 'static>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }

    fn slots() -> Self::Slots {
        Std::slots()
    }
}

impl Word for core::sync::atomic::AtomicU64 {
    #[inline]
    fn new(value: u64) -> Self {
        Self::new(value)
    }
    #[inline]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }
    #[inline]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
    #[inline]
    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.swap(value, order)
    }
    #[inline]
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }
    #[inline]
    fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_sub(value, order)
    }
    #[inline]
    fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_or(value, order)
    }
    #[inline]
    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.compare_exchange_weak(current, new, success, failure)
    }
}

impl<T: Send + fmt::Debug> Lock<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    /// A panic under the lock can only be ours, there being no user code; every critical section
    /// changes the tables by steps that leave them consistent. So a poisoned lock is taken.
    #[inline]
    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        critical(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A number that no other live table has, and that is never given out again. Not zero.
///
/// An exported object says by its tag to which table its count belongs. When the last handle of a
/// table is gone its tag is dead, and another table may take the object over.
#[derive(PartialEq, Eq, Hash, Debug)]
pub(crate) struct Tag(u64);

/// The live tags, and the last one given out.
static TAGS: Mutex<(BTreeSet<u64>, u64)> = Mutex::new((BTreeSet::new(), 0));

impl Tag {
    pub(crate) fn new() -> Self {
        TAGS.with(|(live, last)| {
            *last += 1; // 584 years at one a nanosecond
            live.insert(*last);
            Self(*last)
        })
    }

    pub(crate) const fn get(&self) -> u64 {
        self.0
    }

    pub(crate) fn is_dead(tag: u64) -> bool {
        TAGS.with(|(live, _)| !live.contains(&tag))
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        TAGS.with(|(live, _)| live.remove(&self.0));
    }
}
