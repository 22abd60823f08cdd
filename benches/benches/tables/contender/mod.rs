//! The contenders, all with one interface, doing the same work.
//!
//! Each has the tables of both vats of one session: objects are exported at the one and imported at
//! the other, and nothing lies between them, so no peer pays for a channel.

pub(crate) mod capnp;
pub(crate) mod captp;
pub(crate) mod check;
pub(crate) mod dash;
pub(crate) mod locked;
pub(crate) mod sharded;

use std::hint::black_box;
use std::sync::Arc;

/// What the other side said is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused;

/// Both tables, as each contender does them.
pub(crate) trait Tables: Sized + 'static {
    /// Its name in reports.
    const NAME: &'static str;
    /// An exported object, shared between the table and its other owners.
    type Object: Object;
    /// A handle of a proxy. Its last drop makes the release of its mentions owed.
    type Handle: Clone;
    /// How an object is written in a message.
    type Mention: Mention;
    /// What the importer sends when a proxy is gone.
    type Release: Release;

    fn new() -> Self;
    /// One mention more of this object.
    fn export(&self, object: &Self::Object) -> Self::Mention;
    /// Mentions given back. Returns the object if those were the last.
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused>;
    /// The same, for a thread that goes on doing so.
    fn gc_exporter(&self) -> impl FnMut(u32, u32) -> Result<Option<Self::Object>, Refused> {
        |index, delta| self.gc_export(index, delta)
    }
    /// The object that a call is for.
    fn lookup(&self, index: u32) -> Option<Self::Object>;
    /// Looks the object up, and calls it with no lock held.
    #[inline]
    fn call(&self, index: u32) -> Option<usize> {
        let object = self.lookup(index)?;
        Some(black_box(&object).number()) // or a counter that is not atomic is not touched at all
    }
    /// Reads a mention: the live proxy, or a new one.
    fn import(&self, mention: Self::Mention) -> Self::Handle;
    /// Takes the releases that are owed.
    fn drain(&self, releases: &mut Vec<Self::Release>);
}

pub(crate) trait Mention: Copy {
    /// The first mention of the object at this index.
    fn first(index: u32) -> Self;
    /// A later mention of it.
    fn again(index: u32) -> Self;
    fn number(self) -> u32;
}

/// Peers whose importer does not ask whether it has heard of the index.
impl Mention for u32 {
    fn first(index: u32) -> Self {
        index
    }

    fn again(index: u32) -> Self {
        index
    }

    fn number(self) -> u32 {
        self
    }
}

pub(crate) trait Release: Copy {
    /// Index and mentions.
    fn parts(self) -> (u32, u32);
}

impl Release for (u32, u32) {
    fn parts(self) -> (u32, u32) {
        self
    }
}

/// What the benchmarks ask of an object.
pub(crate) trait Object: Clone {
    fn new(number: usize) -> Self;
    fn number(&self) -> usize;
    /// How many own it.
    fn owners(&self) -> usize;
}

/// An object that carries nothing for its table.
pub(crate) struct Plain {
    number: usize,
}

impl Object for Arc<Plain> {
    fn new(number: usize) -> Self {
        Self::new(Plain { number })
    }

    fn number(&self) -> usize {
        self.number
    }

    fn owners(&self) -> usize {
        Self::strong_count(self)
    }
}
