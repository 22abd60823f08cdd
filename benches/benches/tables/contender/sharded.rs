//! Exports on a slab that is sharded by threads, which makes partial releases and look-ups free of
//! locks. Imports are those of [`dash`](super::dash): their indices are the peer's choice, so a
//! slab, which chooses its own, cannot hold them.

use super::dash::{DashImporter, Proxy};
use super::{Plain, Refused, Tables};
use dashmap::{DashMap, Entry};
use sharded_slab::{Config, Slab};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Sharded {
    entries: Slab<Export, Indices>,
    by_address: DashMap<usize, u32>,
    importer: DashImporter,
}

struct Export {
    object: Arc<Plain>,
    /// Moved downwards by anyone, but from and to zero only under the lock of `by_address`.
    mentions: AtomicU32,
}

/// Makes the slab's keys fit the wire: 4 bits for the thread, 22 for the place, 6 for the reuse.
struct Indices;

impl Config for Indices {
    const MAX_THREADS: usize = 16;
    const MAX_PAGES: usize = 16;
    const RESERVED_BITS: usize = 32;
}

impl Tables for Sharded {
    const NAME: &'static str = "sharded-slab + DashMap";
    type Object = Arc<Plain>;
    type Handle = Arc<Proxy>;
    type Mention = u32;
    type Release = (u32, u32);

    fn new() -> Self {
        Self {
            entries: Slab::new_with_config(),
            by_address: DashMap::new(),
            importer: DashImporter::default(),
        }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> u32 {
        let address = Arc::as_ptr(object).addr();
        if let Some(index) = self.by_address.get(&address) {
            let entry = self.entries.get(*index as usize).expect("exported");
            entry.mentions.fetch_add(1, Ordering::AcqRel);
            return *index;
        }
        match self.by_address.entry(address) {
            Entry::Occupied(index) => {
                let entry = self.entries.get(*index.get() as usize).expect("exported");
                entry.mentions.fetch_add(1, Ordering::AcqRel);
                *index.get()
            }
            Entry::Vacant(place) => {
                let export = Export { object: Arc::clone(object), mentions: AtomicU32::new(1) };
                let index = self.entries.insert(export).expect("room");
                *place.insert(u32::try_from(index).expect("keys of 32 bits"))
            }
        }
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        let entry = self.entries.get(index as usize).ok_or(Refused)?;
        let lowered = |mentions: u32| mentions.checked_sub(delta).filter(|rest| *rest > 0);
        if entry.mentions.fetch_update(Ordering::AcqRel, Ordering::Acquire, lowered).is_ok() {
            return Ok(None);
        }
        let Entry::Occupied(place) = self.by_address.entry(Arc::as_ptr(&entry.object).addr())
        else {
            return Err(Refused);
        };
        let lowered = |mentions: u32| mentions.checked_sub(delta);
        let before = entry.mentions.fetch_update(Ordering::AcqRel, Ordering::Acquire, lowered);
        if before.map_err(|_| Refused)? > delta {
            return Ok(None);
        }
        drop(entry);
        place.remove();
        Ok(self.entries.take(index as usize).map(|export| export.object))
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.entries.get(index as usize).map(|entry| Arc::clone(&entry.object))
    }

    #[inline]
    fn import(&self, mention: u32) -> Self::Handle {
        self.importer.import(mention)
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<(u32, u32)>) {
        self.importer.drain(releases);
    }
}
