//! The concurrent export table: what this vat holds for the peer.
//!
//! An object that is exported already is exported again without a lock, by moving its own word
//! ([`ExportCell`](super::ExportCell)). Everything else happens under the table's lock: the first
//! mention (`0 → 1`), which needs an index, and the last one given back (`n → 0`), which frees it.
//! So a mention without the lock starts from a count above zero, and either it comes first, and the
//! entry stays, or the zero comes first, and it finds nothing and takes the lock.

use super::export_table::Table;
use super::export_word::{Unmoved, again, pack, unpack};
use super::line::OwnLine;
use super::{Defect, ExportCell, Exportable, Refused};
use crate::protocol::export_slot::{Mention, Remains};
use crate::protocol::{
    Descriptor, ExportSlot, Index, Limits, Misuse, Violation, WireCount, WireDelta,
};
use crate::sync::{Lock, Ordering, Primitives, Tag, Word};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The export table of one vat in one session.
pub(super) struct Exports<T: ?Sized + Exportable<P>, P: Primitives> {
    tag: Tag,
    table: OwnLine<P::Lock<Table<T>>>,
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Exports<T, P> {
    pub(super) fn new() -> Self {
        Self { tag: Tag::new(), table: OwnLine(P::Lock::new(Table::default())) }
    }

    /// R1: writes one mention of `object`, and says how to describe it.
    #[inline]
    pub(super) fn export(&self, object: &Arc<T>, limits: &Limits) -> Result<Descriptor, Misuse> {
        self.mention_or(object, limits, || self.introduce(object, limits))
    }

    /// The mention of an object that is exported, or else what `introduce` says.
    #[inline]
    fn mention_or(
        &self,
        object: &Arc<T>,
        limits: &Limits,
        introduce: impl FnOnce() -> Result<Descriptor, Misuse>,
    ) -> Result<Descriptor, Misuse> {
        match self.mention_again(object, limits.mentions_max) {
            Ok(index) => Ok(Mention::Later.describe(index)),
            Err(Unmoved::Full(index)) => Err(Misuse::TooManyMentions { index }),
            Err(Unmoved::NotExported) => introduce(),
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
            if Defect::NotLookedAgain.is_planted::<P>() {
                return mention_here(table, object, cell, limits);
            }
            self.mention_or(object, limits, || mention_here(table, object, cell, limits))
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
            Ok((index, settle(table, index, remains)))
        })
    }

    /// R4, R5: the importer has dropped `delta` mentions of `index`. Returns the object if its
    /// entry went.
    pub(super) fn gc_export(&self, index: Index, delta: u32) -> Result<Option<Arc<T>>, Refused> {
        let delta = WireDelta::new(delta).ok_or(Violation::ZeroDelta { index })?;
        if Defect::IndexFreedEarly.is_planted::<P>() {
            return Ok(self.free_before_zero(index));
        }
        if Defect::GivenBackInTwoSteps.is_planted::<P>() {
            return self.give_back_in_two_steps(index, delta);
        }
        self.table.with(|table| {
            if table.closed {
                return Err(Refused::Closed);
            }
            let remains = self
                .lower(table, index, |slot| slot.gc_export(delta))
                .map_err(|refusal| refusal.of(index, delta))?;
            let evicted = settle(table, index, remains);
            Ok(evicted.filter(|_| !Defect::DroppedUnderTheLock.is_planted::<P>()))
        })
    }

    /// Whether `object` is the export `index`, and says so itself.
    #[inline]
    pub(super) fn stands_at(&self, object: &Arc<T>, index: Index) -> bool {
        self.word_at(object, index).is_some()
    }

    /// The object's word, if that says that the object is the export `index`.
    #[inline]
    fn word_at<'a>(&self, object: &'a Arc<T>, index: Index) -> Option<&'a P::Word> {
        let word = self.cell_of(object)?.word();
        let (at, slot) = unpack(word.load(Ordering::Acquire));
        (at == index && slot != ExportSlot::FREE).then_some(word)
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

    /// The object's cell, if it is this table's; then it stays so as long as the table lives.
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
            let object = table.object(index).ok_or(Violation::UnknownExport { index })?;
            Ok(Arc::clone(object))
        })
    }

    /// R8: gives back every exported object, each once, in order of their indices. From here on
    /// there are none.
    pub(super) fn close(&self) -> Vec<Arc<T>> {
        let objects = self.table.with(|table| {
            if Defect::ReturnedInTwoSteps.is_planted::<P>() {
                return table.iter().map(|(_, object)| Some(Arc::clone(object))).collect();
            }
            for word in table.iter().filter_map(|(index, object)| self.word_at(object, index)) {
                word.store(0, Ordering::Release);
            }
            table.close()
        });
        if Defect::ReturnedInTwoSteps.is_planted::<P>() {
            self.table.with(Table::close);
        }
        objects.into_iter().flatten().collect()
    }

    /// The exported objects in order of their indices.
    pub(super) fn dump(&self) -> Vec<(Index, Arc<T>, WireCount)> {
        self.table.with(|table| {
            let rows = table.iter().map(|(index, object)| {
                let here = table.counted_here(object).map(|(_, slot)| slot);
                let slot = here.or_else(|| {
                    let word = self.word_at(object, index)?;
                    Some(unpack(word.load(Ordering::Acquire)).1)
                });
                (index, Arc::clone(object), slot.unwrap_or_default().count())
            });
            rows.collect()
        })
    }

    /// How many objects are exported, and how many were ever introduced.
    pub(super) fn len(&self) -> (usize, u64) {
        self.table.with(|table| (table.len(), table.introduced))
    }

    fn index_of(&self, table: &Table<T>, object: &Arc<T>) -> Option<Index> {
        if let Some(cell) = self.cell_of(object) {
            let (index, slot) = unpack(cell.word().load(Ordering::Acquire));
            if slot != ExportSlot::FREE {
                return Some(index);
            }
        }
        table.counted_here(object).map(|(index, _)| index)
    }

    /// Moves the count of an entry downwards. Only here, under the lock, does it ever reach zero.
    fn lower<E>(
        &self,
        table: &mut Table<T>,
        index: Index,
        transition: impl Fn(ExportSlot) -> Result<(ExportSlot, Remains), E>,
    ) -> Result<Remains, E> {
        let Some(object) = table.object(index) else {
            return transition(ExportSlot::FREE).map(|(_, remains)| remains);
        };
        if let Some(word) = self.word_at(object, index) {
            return word.update(|bits| {
                let (slot, remains) = transition(unpack(bits).1)?;
                Ok((pack(index, slot), remains))
            });
        }
        let here = table.counted_here(object).map_or(ExportSlot::FREE, |(_, slot)| slot);
        let (slot, remains) = transition(here)?;
        let object = Arc::clone(object);
        table.count_here(&object, index, slot);
        Ok(remains)
    }

    /// [`Defect::GivenBackInTwoSteps`], of an entry that is counted in the object.
    fn give_back_in_two_steps(
        &self,
        index: Index,
        delta: WireDelta,
    ) -> Result<Option<Arc<T>>, Refused> {
        let (object, lowered) = self.table.with(|table| {
            let object = table.object(index).ok_or(Violation::UnknownExport { index })?;
            let word = self.word_at(object, index).ok_or(Violation::UnknownExport { index })?;
            let lowered = unpack(word.load(Ordering::Acquire)).1.gc_export(delta);
            let lowered = lowered.map_err(|refusal| refusal.of(index, delta))?;
            Ok::<_, Refused>((Arc::clone(object), lowered))
        })?;
        self.table.with(|table| {
            let (slot, remains) = lowered;
            if let Some(word) = self.word_at(&object, index) {
                word.store(pack(index, slot), Ordering::Release);
            }
            Ok(settle(table, index, remains))
        })
    }

    /// [`Defect::IndexFreedEarly`], of an entry with one mention.
    fn free_before_zero(&self, index: Index) -> Option<Arc<T>> {
        let object = self.table.with(|table| table.forget(index))?;
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

/// R1 under the lock, of an object that is counted here or not exported. A new entry is counted in
/// the object, if that has a cell for it.
fn mention_here<T: ?Sized, P: Primitives>(
    table: &mut Table<T>,
    object: &Arc<T>,
    cell: Option<&ExportCell<P>>,
    limits: &Limits,
) -> Result<Descriptor, Misuse> {
    let (index, slot) = match table.counted_here(object) {
        Some(counted) => counted,
        None => (table.next_index(limits)?, ExportSlot::FREE),
    };
    let full = Misuse::TooManyMentions { index };
    let (slot, mention) = slot.mention(limits.mentions_max).ok_or(full)?;
    match (mention, cell) {
        (Mention::First, Some(cell)) => cell.word().store(pack(index, slot), Ordering::Release),
        _ => table.count_here(object, index, slot),
    }
    if mention == Mention::First {
        table.allocate(Arc::clone(object));
    }
    Ok(mention.describe(index))
}

/// R4: at zero, and only there, the entry is forgotten.
fn settle<T: ?Sized>(table: &mut Table<T>, index: Index, remains: Remains) -> Option<Arc<T>> {
    match remains {
        Remains::Exported => None,
        Remains::Nothing => table.forget(index),
    }
}
