//! The sequential import table: index → count, proxy alive or not, incarnation.

use super::import_slot::{self, Handed};
use super::{Descriptor, ImportSlot, Incarnation, Index, Limits, Misuse, Violation, WireDelta};
use alloc::collections::BTreeMap;

/// What this vat holds of the peer's in one session.
///
/// As in E, the importer never forgets that an index was introduced: the slot stays with count 0,
/// so that a mention that crossed the `GCExportOp` on the wire can revive it. The exporter reuses
/// indices, so there are never more slots than it had exports at one time, nor more than
/// `Limits::imports_max`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportTable {
    entries: BTreeMap<Index, ImportEntry>,
}

/// One slot, and which proxy stands or stood there last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportEntry {
    /// Count and liveness.
    pub slot: ImportSlot,
    /// The proxy installed last.
    pub incarnation: Incarnation,
}

/// The proxy that a mention denotes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Imported {
    /// Which proxy it is.
    pub incarnation: Incarnation,
    /// Whether it must be made now, or is the live one.
    pub installed: bool,
}

impl ImportTable {
    /// The introduced indices in order, those of which nothing is held included.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &ImportEntry)> {
        self.entries.iter().map(|(index, entry)| (*index, entry))
    }

    /// The entry at `index`, if it was ever introduced.
    pub fn entry(&self, index: Index) -> Option<&ImportEntry> {
        self.entries.get(&index)
    }

    /// Whether nothing is held: every mention was given back, and no proxy lives.
    pub fn is_released(&self) -> bool {
        self.entries.values().all(|entry| entry.slot == ImportSlot::RELEASED)
    }

    /// R2: reads one mention. `ExportDesc` is none, see [`Tables::read`](super::Tables::read).
    ///
    /// # Errors
    /// [`Violation::IndexBeyondLimit`], [`Violation::NotIntroduced`],
    /// [`Violation::StillImported`], [`Violation::TooManyMentions`]. A caller that passes
    /// `ExportDesc` gets `NotIntroduced`.
    pub fn import(&mut self, mention: Descriptor, limits: &Limits) -> Result<Imported, Violation> {
        let index = mention.index();
        limits.check_import(index)?;
        let before = self.entries.get(&index).copied();
        let slot = before.map(|entry| entry.slot);
        let (slot, handed) = import_slot::receive(slot, mention, limits.mentions_max)
            .map_err(|refusal| refusal.at(index))?;
        let incarnation = match (handed, before) {
            (Handed::Live, Some(entry)) => entry.incarnation,
            (Handed::Successor, Some(entry)) => entry.incarnation.successor(),
            (_, None) => Incarnation::FIRST,
        };
        self.entries.insert(index, ImportEntry { slot, incarnation });
        Ok(Imported { incarnation, installed: handed == Handed::Successor })
    }

    /// R7: makes the entry at `index` what it was before a message that could not be read whole.
    pub(super) fn restore(&mut self, index: Index, before: Option<ImportEntry>) {
        match before {
            Some(entry) => self.entries.insert(index, entry),
            None => self.entries.remove(&index),
        };
    }

    /// The collector has cleared the weak reference to the proxy `incarnation` at `index`.
    ///
    /// # Errors
    /// [`Misuse::NoLiveProxy`] if it is not the live one.
    pub fn clear(&mut self, index: Index, incarnation: Incarnation) -> Result<(), Misuse> {
        let entry = self.entries.get_mut(&index).filter(|e| e.incarnation == incarnation);
        let entry = entry.ok_or(Misuse::NoLiveProxy { index })?;
        entry.slot = entry.slot.clear().ok_or(Misuse::NoLiveProxy { index })?;
        Ok(())
    }

    /// R3: a notification for `index` is served. Returns the delta to send, if any.
    pub fn notify(&mut self, index: Index) -> Option<WireDelta> {
        let entry = self.entries.get_mut(&index)?;
        let (slot, delta) = entry.slot.notify();
        entry.slot = slot;
        delta
    }

    /// R8: every proxy breaks; the table is as new.
    pub fn close(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::WireCount;
    use Descriptor::{ExportDesc, ImportDesc, NewFarDesc};

    const I0: Index = Index::new(0);

    fn limits() -> Limits {
        Limits { imports_max: 2, mentions_max: WireCount::new(3), ..Limits::default() }
    }

    fn incarnation(number: u64) -> Incarnation {
        Incarnation::new(number)
    }

    #[test]
    fn a_mention_returns_the_live_proxy_or_installs_its_successor() {
        let mut imports = ImportTable::default();
        let first = Imported { incarnation: incarnation(1), installed: true };
        let again = Imported { incarnation: incarnation(1), installed: false };
        let successor = Imported { incarnation: incarnation(2), installed: true };
        assert_eq!(imports.import(NewFarDesc(I0), &limits()), Ok(first));
        assert!(!imports.is_released());
        assert_eq!(imports.import(ImportDesc(I0), &limits()), Ok(again));
        assert_eq!(imports.clear(I0, incarnation(1)), Ok(()));
        assert_eq!(imports.import(ImportDesc(I0), &limits()), Ok(successor));
        assert_eq!(imports.notify(I0), None, "a live successor stands there");
    }

    #[test]
    fn a_mention_that_crossed_the_release_revives_the_slot() {
        let mut imports = ImportTable::default();
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        imports.clear(I0, incarnation(1)).unwrap();
        assert_eq!(imports.notify(I0), WireDelta::new(1));
        assert!(imports.is_released());
        let revived = Imported { incarnation: incarnation(2), installed: true };
        assert_eq!(imports.import(ImportDesc(I0), &limits()), Ok(revived));
        assert_eq!(imports.entry(I0).unwrap().slot.count(), WireCount::new(1));
    }

    #[test]
    fn a_hostile_mention_is_an_error_and_changes_nothing() {
        let mut imports = ImportTable::default();
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        let (i1, far) = (Index::new(1), Index::new(u32::MAX));
        let hostile = [
            (ImportDesc(i1), Violation::NotIntroduced { index: i1 }),
            (NewFarDesc(I0), Violation::StillImported { index: I0, count: WireCount::new(1) }),
            (NewFarDesc(far), Violation::IndexBeyondLimit { index: far, limit: 2 }),
            (ExportDesc(i1), Violation::NotIntroduced { index: i1 }),
        ];
        for (mention, violation) in hostile {
            let mut after = imports.clone();
            assert_eq!(after.import(mention, &limits()), Err(violation));
            assert_eq!(after, imports, "{violation}");
        }
    }

    #[test]
    fn the_limit_of_mentions_refuses_before_anything_wraps() {
        let mut imports = ImportTable::default();
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        imports.import(ImportDesc(I0), &limits()).unwrap();
        imports.import(ImportDesc(I0), &limits()).unwrap();
        let full = Err(Violation::TooManyMentions { index: I0 });
        assert_eq!(imports.import(ImportDesc(I0), &limits()), full);
    }

    #[test]
    fn a_proxy_is_cleared_once_and_an_unknown_one_never() {
        let mut imports = ImportTable::default();
        let none = Err(Misuse::NoLiveProxy { index: I0 });
        assert_eq!(imports.clear(I0, incarnation(1)), none);
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        imports.clear(I0, incarnation(1)).unwrap();
        assert_eq!(imports.clear(I0, incarnation(1)), none);
    }

    #[test]
    fn clearing_a_dead_proxy_again_does_not_harm_its_successor() {
        let mut imports = ImportTable::default();
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        imports.clear(I0, incarnation(1)).unwrap();
        imports.import(ImportDesc(I0), &limits()).unwrap();
        let before = imports.clone();
        assert_eq!(imports.clear(I0, incarnation(1)), Err(Misuse::NoLiveProxy { index: I0 }));
        assert_eq!(imports, before);
    }

    #[test]
    fn the_second_of_two_owed_notifications_finds_nothing_to_give_back() {
        let mut imports = ImportTable::default();
        imports.import(NewFarDesc(I0), &limits()).unwrap();
        imports.clear(I0, incarnation(1)).unwrap();
        imports.import(ImportDesc(I0), &limits()).unwrap();
        imports.clear(I0, incarnation(2)).unwrap();
        assert_eq!(imports.notify(I0), WireDelta::new(2));
        assert_eq!(imports.notify(I0), None);
    }
}
