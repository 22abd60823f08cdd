//! The concurrent export table: what this vat holds for the peer.
//!
//! An object that is exported already is exported again without a lock, by moving its own word
//! ([`ExportCell`](super::ExportCell)). Everything else happens under the table's lock: the first
//! mention (`0 → 1`), which needs an index, and the last one given back (`n → 0`), which frees it.
//! So a mention without the lock starts from a count above zero, and either it comes first, and the
//! entry stays, or the zero comes first, and it finds nothing and takes the lock.

use super::export_word::{Unmoved, again, pack, unpack};
use super::{Defect, ExportCell, Exportable, Refused};
use crate::protocol::export_slot::Remains;
use crate::protocol::{
    Descriptor, ExportSlot, Index, Limits, Misuse, Violation, WireCount, WireDelta,
};
use crate::sync::{Lock, Ordering, Primitives, Tag, Word};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The export table of one vat in one session.
pub(super) struct Exports<T: ?Sized + Exportable<P>, P: Primitives> {
    tag: Tag,
    table: P::Lock<Table<T>>,
}

struct Table<T: ?Sized> {
    entries: Vec<Option<Entry<T>>>,
    /// The index freed last is at the end, and is the first to be reused, as in the pure table.
    free: Vec<Index>,
    /// The entries that are counted here.
    by_address: HashMap<usize, Index, BuildHasherDefault<AddressHasher>>,
    introduced: u64,
    closed: bool,
}

struct Entry<T: ?Sized> {
    object: Arc<T>,
    counted: Counted,
}

/// Where the count of an entry is.
#[derive(Clone, Copy)]
enum Counted {
    InTheObject,
    /// The object has no cell, or its cell belongs to another session.
    Here(ExportSlot),
}

/// Who an object is, as long as the table holds it.
fn address<T: ?Sized>(object: &Arc<T>) -> usize {
    Arc::as_ptr(object).cast::<()>().addr()
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Exports<T, P> {
    pub(super) fn new() -> Self {
        Self { tag: Tag::new(), table: P::Lock::new(Table::default()) }
    }

    /// R1: writes one mention of `object`, and says how to describe it.
    #[inline]
    pub(super) fn export(&self, object: &Arc<T>, limits: &Limits) -> Result<Descriptor, Misuse> {
        match self.mention_again(object, limits.mentions_max) {
            Ok(index) => Ok(Descriptor::ImportDesc(index)),
            Err(Unmoved::Full(index)) => Err(Misuse::TooManyMentions { index }),
            Err(Unmoved::NotExported) => self.introduce(object, limits),
        }
    }

    /// The mention of an object whose cell is this table's, and says that it is exported.
    #[inline]
    fn mention_again(&self, object: &Arc<T>, limit: WireCount) -> Result<Index, Unmoved> {
        let Some(cell) = object.export_cell() else { return Err(Unmoved::NotExported) };
        if !cell.is_owned_by(&self.tag) && !Defect::OwnerIgnored.is_planted::<P>() {
            return Err(Unmoved::NotExported);
        }
        if Defect::MentionInTwoSteps.is_planted::<P>() {
            let (word, index) = again(cell.word().load(Ordering::Acquire), limit)?;
            cell.word().store(word, Ordering::Release);
            return Ok(index);
        }
        cell.mention_again(limit)
    }

    /// R1 under the lock: allocates an entry, unless another thread has done so by now.
    #[inline(never)]
    fn introduce(&self, object: &Arc<T>, limits: &Limits) -> Result<Descriptor, Misuse> {
        let cell = object.export_cell().filter(|cell| cell.claim(&self.tag));
        self.table.with(|table| {
            if table.closed {
                return Err(Misuse::Closed);
            }
            if !Defect::NotLookedAgain.is_planted::<P>() {
                match self.mention_again(object, limits.mentions_max) {
                    Ok(index) => return Ok(Descriptor::ImportDesc(index)),
                    Err(Unmoved::Full(index)) => return Err(Misuse::TooManyMentions { index }),
                    Err(Unmoved::NotExported) => {}
                }
            }
            if let Some(&index) = table.by_address.get(&address(object))
                && let Some(Entry { counted: Counted::Here(slot), .. }) = table.entry_mut(index)
            {
                let full = Misuse::TooManyMentions { index };
                (*slot, _) = slot.mention(limits.mentions_max).ok_or(full)?;
                return Ok(Descriptor::ImportDesc(index));
            }
            let index = table.next_index(limits)?;
            let (slot, _) = ExportSlot::FREE
                .mention(limits.mentions_max)
                .ok_or(Misuse::TooManyMentions { index })?;
            let counted = match cell {
                Some(cell) => {
                    cell.word().store(pack(index, slot), Ordering::Release);
                    Counted::InTheObject
                }
                None => Counted::Here(slot),
            };
            table.allocate(index, Entry { object: Arc::clone(object), counted });
            Ok(Descriptor::NewFarDesc(index))
        })
    }

    /// R7: takes back one mention that could not be sent. Returns the index, and the object if its
    /// entry went.
    pub(super) fn unexport(&self, object: &Arc<T>) -> Result<(Index, Option<Arc<T>>), Misuse> {
        self.table.with(|table| {
            if table.closed {
                return Err(Misuse::Closed);
            }
            let index = self.index_of(table, object).ok_or(Misuse::NothingToUnexport)?;
            let moved = self.lower(table, index, |slot| slot.unmention().ok_or(()));
            let remains = moved.map_err(|()| Misuse::NotExported { index })?;
            Ok((index, table.settle(index, remains)))
        })
    }

    /// R4, R5: the importer has dropped `delta` mentions of `index`. Returns the object if its
    /// entry went.
    pub(super) fn gc_export(&self, index: Index, delta: u32) -> Result<Option<Arc<T>>, Refused> {
        let delta = WireDelta::new(delta).ok_or(Violation::ZeroDelta { index })?;
        if Defect::IndexFreedEarly.is_planted::<P>() {
            return Ok(self.free_before_zero(index));
        }
        self.table.with(|table| {
            if table.closed {
                return Err(Refused::Closed);
            }
            let remains = self
                .lower(table, index, |slot| slot.gc_export(delta))
                .map_err(|refusal| refusal.of(index, delta))?;
            Ok(table.settle(index, remains))
        })
    }

    /// Whether `object` is the export `index`, and says so itself.
    #[inline]
    pub(super) fn stands_at(&self, object: &Arc<T>, index: Index) -> bool {
        self.cell_of(object).is_some_and(|cell| {
            let (at, slot) = unpack(cell.word().load(Ordering::Acquire));
            at == index && slot != ExportSlot::FREE
        })
    }

    /// R4 without the lock, for the export `index` if `object` is that and says so itself, and
    /// mentions are left. Otherwise nothing is done, and returns false.
    #[inline]
    pub(super) fn gc_export_above_zero(&self, object: &Arc<T>, index: Index, delta: u32) -> bool {
        let (Some(cell), Some(delta)) = (self.cell_of(object), WireDelta::new(delta)) else {
            return false;
        };
        let lowered = cell.word().update(|word| match unpack(word) {
            (at, slot) if at == index => match slot.gc_export(delta) {
                Ok((slot, Remains::Exported)) => Ok((pack(index, slot), ())),
                _ => Err(()),
            },
            _ => Err(()),
        });
        lowered.is_ok()
    }

    /// The object's cell, if it is this table's. Once it is, it stays so as long as the table lives.
    #[inline]
    fn cell_of<'a>(&self, object: &'a Arc<T>) -> Option<&'a ExportCell<P>> {
        object.export_cell().filter(|cell| cell.is_owned_by(&self.tag))
    }

    /// The object that a call to the export `index` is for.
    pub(super) fn lookup(&self, index: Index) -> Result<Arc<T>, Refused> {
        self.table.with(|table| {
            if table.closed {
                return Err(Refused::Closed);
            }
            let entry = table.entry_mut(index).ok_or(Violation::UnknownExport { index })?;
            Ok(Arc::clone(&entry.object))
        })
    }

    /// R8: gives back every exported object, each once, in order of their indices. From here on
    /// there are none.
    pub(super) fn close(&self) -> Vec<Arc<T>> {
        let entries = self.table.with(|table| {
            table.closed = true;
            table.free = Vec::new();
            table.by_address = HashMap::default();
            for entry in table.entries.iter().flatten() {
                if let Some(word) = entry.word() {
                    word.store(0, Ordering::Release);
                }
            }
            core::mem::take(&mut table.entries)
        });
        entries.into_iter().flatten().map(|entry| entry.object).collect()
    }

    /// The exported objects in order of their indices, and how many were ever introduced.
    pub(super) fn dump(&self) -> (Vec<(Index, Arc<T>, WireCount)>, u64) {
        self.table.with(|table| {
            let entries = table.entries.iter().zip(0_u32..).filter_map(|(entry, number)| {
                let entry = entry.as_ref()?;
                Some((Index::new(number), Arc::clone(&entry.object), entry.slot().count()))
            });
            (entries.collect(), table.introduced)
        })
    }

    /// How many objects are exported, and how many were ever introduced.
    pub(super) fn len(&self) -> (usize, u64) {
        self.table.with(|table| (table.entries.len() - table.free.len(), table.introduced))
    }

    fn index_of(&self, table: &Table<T>, object: &Arc<T>) -> Option<Index> {
        if let Some(cell) = self.cell_of(object) {
            let (index, slot) = unpack(cell.word().load(Ordering::Acquire));
            if slot != ExportSlot::FREE {
                return Some(index);
            }
        }
        table.by_address.get(&address(object)).copied()
    }

    /// Moves the count of an entry downwards. Only here, under the lock, does it ever reach zero.
    fn lower<E>(
        &self,
        table: &mut Table<T>,
        index: Index,
        transition: impl Fn(ExportSlot) -> Result<(ExportSlot, Remains), E>,
    ) -> Result<Remains, E> {
        match table.entry_mut(index) {
            None => transition(ExportSlot::FREE).map(|(_, remains)| remains),
            Some(Entry { counted: Counted::Here(slot), .. }) => {
                let (lowered, remains) = transition(*slot)?;
                *slot = lowered;
                Ok(remains)
            }
            Some(entry) => entry.word().map_or_else(
                || transition(ExportSlot::FREE).map(|(_, remains)| remains),
                |word: &P::Word| {
                    word.update(|bits| {
                        let (slot, remains) = transition(unpack(bits).1)?;
                        Ok((pack(index, slot), remains))
                    })
                },
            ),
        }
    }

    /// [`Defect::IndexFreedEarly`], of an entry with one mention.
    fn free_before_zero(&self, index: Index) -> Option<Arc<T>> {
        let object = self.table.with(|table| table.settle(index, Remains::Nothing))?;
        object.export_cell()?.word().store(0, Ordering::Release);
        Some(object)
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Drop for Exports<T, P> {
    /// Objects that outlive the session must not say that they are exported in it.
    fn drop(&mut self) {
        self.close();
    }
}

impl<T: ?Sized> Table<T> {
    fn entry_mut(&mut self, index: Index) -> Option<&mut Entry<T>> {
        self.entries.get_mut(usize::try_from(index.get()).ok()?)?.as_mut()
    }

    fn next_index(&self, limits: &Limits) -> Result<Index, Misuse> {
        if let Some(&freed_last) = self.free.last() {
            return Ok(freed_last);
        }
        match u32::try_from(self.entries.len()) {
            Ok(next) if next < limits.exports_max => Ok(Index::new(next)),
            _ => Err(Misuse::ExportsFull { limit: limits.exports_max }),
        }
    }

    fn allocate(&mut self, index: Index, entry: Entry<T>) {
        if let Counted::Here(_) = entry.counted {
            self.by_address.insert(address(&entry.object), index);
        }
        self.introduced += 1;
        match self.free.pop() {
            Some(freed) => {
                if let Some(place) =
                    usize::try_from(freed.get()).ok().and_then(|at| self.entries.get_mut(at))
                {
                    *place = Some(entry);
                }
            }
            None => self.entries.push(Some(entry)),
        }
    }

    /// R4: at zero, and only there, the entry is forgotten in both directions of the map.
    fn settle(&mut self, index: Index, remains: Remains) -> Option<Arc<T>> {
        if remains == Remains::Exported {
            return None;
        }
        let entry = self.entries.get_mut(usize::try_from(index.get()).ok()?)?.take()?;
        if let Counted::Here(_) = entry.counted {
            self.by_address.remove(&address(&entry.object));
        }
        self.free.push(index);
        Some(entry.object)
    }
}

impl<T: ?Sized> Entry<T> {
    fn word<P: Primitives>(&self) -> Option<&P::Word>
    where
        T: Exportable<P>,
    {
        match self.counted {
            Counted::Here(_) => None,
            Counted::InTheObject => self.object.export_cell().map(ExportCell::word),
        }
    }

    fn slot<P: Primitives>(&self) -> ExportSlot
    where
        T: Exportable<P>,
    {
        match self.counted {
            Counted::Here(slot) => slot,
            Counted::InTheObject => {
                self.word().map_or(ExportSlot::FREE, |word| unpack(word.load(Ordering::Acquire)).1)
            }
        }
    }
}

impl<T: ?Sized> Default for Table<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::default(),
            introduced: 0,
            closed: false,
        }
    }
}

impl<T: ?Sized> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exported = self.entries.len() - self.free.len();
        f.debug_struct("Exports").field("exported", &exported).finish_non_exhaustive()
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
