//! What the export table's lock protects: which object stands where, and which index is free.

use crate::protocol::{ExportSlot, Index, Limits, Misuse};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub(super) struct Table<T: ?Sized> {
    objects: Vec<Option<Arc<T>>>,
    /// The index freed last is at the end, and is the first to be reused, as in the pure table.
    free: Vec<Index>,
    /// The exports that are not counted in the object, by its address: it has no cell, or its cell
    /// belongs to another session. An object stays where it is as long as it is held here.
    counted_here: HashMap<usize, (Index, ExportSlot), BuildHasherDefault<AddressHasher>>,
    /// How many objects became exported so far.
    pub(super) introduced: u64,
    pub(super) closed: bool,
}

/// Who an object is, as long as the table holds it.
fn address<T: ?Sized>(object: &Arc<T>) -> usize {
    Arc::as_ptr(object).cast::<()>().addr()
}

impl<T: ?Sized> Table<T> {
    pub(super) const fn len(&self) -> usize {
        self.objects.len() - self.free.len()
    }

    pub(super) fn object(&self, index: Index) -> Option<&Arc<T>> {
        self.objects.get(usize::try_from(index.get()).ok()?)?.as_ref()
    }

    /// All objects in order of their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Index, &Arc<T>)> {
        let numbered = self.objects.iter().zip(0_u32..);
        numbered.filter_map(|(object, number)| Some((Index::new(number), object.as_ref()?)))
    }

    /// The index and the count of an object that is counted here.
    #[inline]
    pub(super) fn counted_here(&self, object: &Arc<T>) -> Option<(Index, ExportSlot)> {
        self.counted_here.get(&address(object)).copied()
    }

    pub(super) fn count_here(&mut self, object: &Arc<T>, index: Index, slot: ExportSlot) {
        self.counted_here.insert(address(object), (index, slot));
    }

    /// # Errors
    /// [`Misuse::ExportsFull`].
    #[inline]
    pub(super) fn next_index(&self, limits: &Limits) -> Result<Index, Misuse> {
        if let Some(&freed_last) = self.free.last() {
            return Ok(freed_last);
        }
        match u32::try_from(self.objects.len()) {
            Ok(next) if next < limits.exports_max => Ok(Index::new(next)),
            _ => Err(Misuse::ExportsFull { limit: limits.exports_max }),
        }
    }

    /// Puts the object at the [next index](Self::next_index).
    #[inline]
    pub(super) fn allocate(&mut self, object: Arc<T>) {
        self.introduced += 1;
        let freed = self.free.pop().and_then(|index| usize::try_from(index.get()).ok());
        match freed.and_then(|at| self.objects.get_mut(at)) {
            Some(place) => *place = Some(object),
            None => self.objects.push(Some(object)),
        }
    }

    /// Forgets the entry, in both directions of the map. The index is free.
    #[inline]
    pub(super) fn forget(&mut self, index: Index) -> Option<Arc<T>> {
        let object = self.objects.get_mut(usize::try_from(index.get()).ok()?)?.take()?;
        if !self.counted_here.is_empty() {
            self.counted_here.remove(&address(&object));
        }
        self.free.push(index);
        Some(object)
    }

    /// Forgets all entries.
    pub(super) fn close(&mut self) -> Vec<Option<Arc<T>>> {
        let introduced = self.introduced;
        let old = core::mem::take(self);
        *self = Self { introduced, closed: true, ..Self::default() };
        old.objects
    }
}

impl<T: ?Sized> Default for Table<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            free: Vec::new(),
            counted_here: HashMap::default(),
            introduced: 0,
            closed: false,
        }
    }
}

impl<T: ?Sized> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exports").field("exported", &self.len()).finish_non_exhaustive()
    }
}

/// Spreads addresses, which no peer can choose, by one multiplication (Fibonacci hashing).
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        let spread = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread.rotate_left(32);
    }
}
