//! The sequential export table: index → object and count, object → index, free indices.

use super::export_slot::{Mention, Remains};
use super::{Descriptor, ExportSlot, Index, Limits, Misuse, Violation, WireCount, WireDelta};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

/// What this vat holds for the peer in one session.
///
/// A freed index is the first to be reused, at once, as in E: the worst case for a stale index,
/// and so the best case for a checker.
///
/// `O` identifies an object: two equal values are the same object.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExportTable<O: Ord> {
    entries: Vec<(ExportSlot, Option<O>)>,
    /// The index freed last is at the back, and is the first to be reused.
    free: VecDeque<Index>,
    by_object: BTreeMap<O, Index>,
}

impl<O: Ord> Default for ExportTable<O> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: VecDeque::new(), by_object: BTreeMap::new() }
    }
}

impl<O: Clone + Ord> ExportTable<O> {
    /// How many objects are exported.
    pub fn len(&self) -> usize {
        self.by_object.len()
    }

    /// Whether nothing is exported.
    pub fn is_empty(&self) -> bool {
        self.by_object.is_empty()
    }

    /// The exported objects in order of their indices: index, object, mentions outstanding.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &O, WireCount)> {
        self.entries.iter().zip(0_u32..).filter_map(|((slot, object), number)| {
            object.as_ref().map(|object| (Index::new(number), object, slot.count()))
        })
    }

    /// The object at `index`, if the entry is allocated.
    pub fn lookup(&self, index: Index) -> Option<&O> {
        self.entry(index)?.1.as_ref()
    }

    /// Mentions of `index` outstanding; zero if the entry is not allocated.
    pub fn count(&self, index: Index) -> WireCount {
        self.slot(index).count()
    }

    /// The index of `object`, if it is exported.
    pub fn index_of(&self, object: &O) -> Option<Index> {
        self.by_object.get(object).copied()
    }

    /// R1: writes one mention of `object`, and says how to describe it.
    ///
    /// # Errors
    /// [`Misuse::ExportsFull`], [`Misuse::TooManyMentions`].
    pub fn export(&mut self, object: O, limits: &Limits) -> Result<Descriptor, Misuse> {
        let index = match self.index_of(&object) {
            Some(index) => index,
            None => self.next_index(limits)?,
        };
        let (slot, mention) = self
            .slot(index)
            .mention(limits.mentions_max)
            .ok_or(Misuse::TooManyMentions { index })?;
        match mention {
            Mention::First => self.allocate(index, slot, object),
            Mention::Later => self.set_slot(index, slot),
        }
        Ok(mention.describe(index))
    }

    /// R7: takes back one mention that could not be sent. Returns the object if the entry went.
    ///
    /// # Errors
    /// [`Misuse::NotExported`].
    pub fn unexport(&mut self, index: Index) -> Result<Option<O>, Misuse> {
        let (slot, remains) = self.slot(index).unmention().ok_or(Misuse::NotExported { index })?;
        Ok(self.settle(index, slot, remains))
    }

    /// R4, R5: the importer has dropped `delta` mentions of `index`. Returns the object if the
    /// entry went; dropping it is up to the caller, when it holds nothing else.
    ///
    /// # Errors
    /// [`Violation::ZeroDelta`], [`Violation::UnknownExport`], [`Violation::OverRelease`].
    pub fn gc_export(&mut self, index: Index, delta: u32) -> Result<Option<O>, Violation> {
        let delta = WireDelta::new(delta).ok_or(Violation::ZeroDelta { index })?;
        let (slot, remains) =
            self.slot(index).gc_export(delta).map_err(|refusal| refusal.of(index, delta))?;
        Ok(self.settle(index, slot, remains))
    }

    /// R8: gives back every exported object, each once, in order of their indices, and leaves the
    /// table as new.
    pub fn close(&mut self) -> Vec<O> {
        let old = core::mem::take(self);
        old.entries.into_iter().filter_map(|(_, object)| object).collect()
    }

    fn entry(&self, index: Index) -> Option<&(ExportSlot, Option<O>)> {
        self.entries.get(usize::try_from(index.get()).ok()?)
    }

    fn slot(&self, index: Index) -> ExportSlot {
        self.entry(index).map_or(ExportSlot::FREE, |(slot, _)| *slot)
    }

    fn entry_mut(&mut self, index: Index) -> Option<&mut (ExportSlot, Option<O>)> {
        self.entries.get_mut(usize::try_from(index.get()).ok()?)
    }

    fn next_index(&self, limits: &Limits) -> Result<Index, Misuse> {
        if let Some(&freed_last) = self.free.back() {
            return Ok(freed_last);
        }
        match u32::try_from(self.entries.len()) {
            Ok(next) if next < limits.exports_max => Ok(Index::new(next)),
            _ => Err(Misuse::ExportsFull { limit: limits.exports_max }),
        }
    }

    fn allocate(&mut self, index: Index, slot: ExportSlot, object: O) {
        self.by_object.insert(object.clone(), index);
        match self.entry_mut(index) {
            Some(entry) => {
                *entry = (slot, Some(object));
                self.free.pop_back();
            }
            None => self.entries.push((slot, Some(object))),
        }
    }

    fn set_slot(&mut self, index: Index, slot: ExportSlot) {
        if let Some(entry) = self.entry_mut(index) {
            entry.0 = slot;
        }
    }

    /// R4: at zero, and only there, the entry is forgotten in both directions of the map.
    fn settle(&mut self, index: Index, slot: ExportSlot, remains: Remains) -> Option<O> {
        self.set_slot(index, slot);
        match remains {
            Remains::Exported => None,
            Remains::Nothing => {
                let object = self.entry_mut(index)?.1.take()?;
                self.by_object.remove(&object);
                self.free.push_back(index);
                self.trim();
                Some(object)
            }
        }
    }

    /// Gives up entries at the end of the table that would be reused last anyway. The indices
    /// handed out stay the same; equal histories from here on mean equal tables.
    fn trim(&mut self) {
        while let (Some(reused_last), Some(end)) =
            (self.free.front(), self.entries.len().checked_sub(1))
            && usize::try_from(reused_last.get()) == Ok(end)
        {
            self.free.pop_front();
            self.entries.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Descriptor::{ImportDesc, NewFarDesc};

    const I0: Index = Index::new(0);
    const I1: Index = Index::new(1);

    fn limits() -> Limits {
        Limits { exports_max: 2, mentions_max: WireCount::new(3), ..Limits::default() }
    }

    fn table(objects: &[&'static str]) -> ExportTable<&'static str> {
        let mut table = ExportTable::default();
        for object in objects {
            table.export(*object, &limits()).unwrap();
        }
        table
    }

    #[test]
    fn the_same_object_keeps_its_index_while_it_is_exported() {
        let mut exports = ExportTable::default();
        assert_eq!(exports.export("Bob", &limits()), Ok(NewFarDesc(I0)));
        assert_eq!(exports.export("Ben", &limits()), Ok(NewFarDesc(I1)));
        assert_eq!(exports.export("Bob", &limits()), Ok(ImportDesc(I0)));
        assert_eq!(exports.count(I0), WireCount::new(2));
        assert_eq!(exports.lookup(I0), Some(&"Bob"));
        assert_eq!(exports.index_of(&"Ben"), Some(I1));
        assert_eq!((exports.len(), exports.is_empty()), (2, false));
    }

    #[test]
    fn the_index_freed_last_is_reused_first_and_at_once() {
        let mut exports = table(&["Bob", "Ben"]);
        assert_eq!(exports.gc_export(I1, 1), Ok(Some("Ben")));
        assert_eq!(exports.gc_export(I0, 1), Ok(Some("Bob")));
        assert_eq!(exports.export("Bea", &limits()), Ok(NewFarDesc(I0)));
        assert_eq!(exports.export("Bob", &limits()), Ok(NewFarDesc(I1)));
    }

    #[test]
    fn an_entry_is_forgotten_in_both_directions_at_zero_only() {
        let mut exports = table(&["Bob", "Bob"]);
        assert_eq!(exports.gc_export(I0, 1), Ok(None));
        assert_eq!(exports.index_of(&"Bob"), Some(I0));
        assert_eq!(exports.gc_export(I0, 1), Ok(Some("Bob")));
        assert_eq!((exports.lookup(I0), exports.index_of(&"Bob")), (None, None));
        assert!(exports.is_empty());
        assert_eq!(exports.export("Bob", &limits()), Ok(NewFarDesc(I0)));
    }

    #[test]
    fn a_hostile_gc_message_is_an_error_and_changes_nothing() {
        let exports = table(&["Bob", "Bob"]);
        let over = Violation::OverRelease {
            index: I0,
            delta: WireDelta::new(3).unwrap(),
            count: WireCount::new(2),
        };
        let far = Index::new(u32::MAX);
        let hostile = [
            (I0, 0, Violation::ZeroDelta { index: I0 }),
            (I0, 3, over),
            (I1, 1, Violation::UnknownExport { index: I1 }),
            (far, u32::MAX, Violation::UnknownExport { index: far }),
        ];
        for (index, delta, violation) in hostile {
            let mut after = exports.clone();
            assert_eq!(after.gc_export(index, delta), Err(violation));
            assert_eq!(after, exports, "{violation}");
        }
    }

    #[test]
    fn limits_refuse_before_anything_changes() {
        let full = table(&["Bob", "Ben", "Bob", "Bob"]);
        let mut after = full.clone();
        assert_eq!(after.export("Bea", &limits()), Err(Misuse::ExportsFull { limit: 2 }));
        assert_eq!(after.export("Bob", &limits()), Err(Misuse::TooManyMentions { index: I0 }));
        assert_eq!(
            after.unexport(Index::new(9)),
            Err(Misuse::NotExported { index: Index::new(9) })
        );
        assert_eq!(after, full);
    }

    #[test]
    fn unexporting_in_reverse_order_restores_the_table() {
        let mut exports = table(&["Bob", "Ben", "Bob"]);
        exports.gc_export(I1, 1).unwrap();
        let before = exports.clone();
        exports.export("Bea", &limits()).unwrap();
        exports.export("Bob", &limits()).unwrap();
        assert_eq!(exports.unexport(I0), Ok(None));
        assert_eq!(exports.unexport(I1), Ok(Some("Bea")));
        assert_eq!(exports, before);
    }

    #[test]
    fn closing_gives_back_every_export_once() {
        let mut exports = table(&["Bob", "Ben", "Bob"]);
        assert_eq!(exports.close(), ["Bob", "Ben"]);
        assert_eq!(exports, ExportTable::default());
        assert!(exports.close().is_empty());
    }
}
