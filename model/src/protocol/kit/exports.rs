//! Export tables: index → entry with a count, what is exported → index, and a policy of indices.

use crate::protocol::ExportView;
use crate::world::{Position, What};
use captp_gc::protocol::export_slot::{Mention, Refusal, Remains};
use captp_gc::protocol::{ExportSlot, Index, WireCount, WireDelta};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Which index a new entry gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Ids {
    /// The lowest that is free (Cap'n Proto).
    LowestFree,
    /// The one freed last, if any is free (E).
    FreedLast,
    /// One that was never used (OCapN, `@endo/captp`, capnweb).
    NeverReused,
}

/// One entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Entry<M> {
    /// What it denotes.
    pub what: What,
    /// Its count, moved by the crate's own transitions.
    pub slot: ExportSlot,
    /// What the system keeps beside.
    pub mark: M,
}

/// The exports of one vat to one peer. `M` is what the system keeps beside each entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Exports<M> {
    ids: Ids,
    entries: SmallVec<[(Index, Entry<M>); 2]>,
    /// Of what is exported, the entry that a further mention uses. In order.
    by_what: SmallVec<[(What, Index); 2]>,
    freed: SmallVec<[Index; 1]>,
    next: u32,
}

impl<M: Clone> Exports<M> {
    /// An empty table whose first index is `first`.
    pub fn new(ids: Ids, first: u32) -> Self {
        let (entries, by_what) = (SmallVec::new(), SmallVec::new());
        Self { ids, entries, by_what, freed: SmallVec::new(), next: first }
    }

    /// Every entry, in order of the indices.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &Entry<M>)> {
        self.entries.iter().map(|(index, entry)| (*index, entry))
    }

    /// As the ledger sees them.
    pub fn views(&self) -> impl Iterator<Item = (Position, ExportView)> {
        self.iter().map(|(index, entry)| {
            (
                Position::export(index),
                ExportView { what: entry.what, count: entry.slot.count().get() },
            )
        })
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry at an index.
    pub fn get(&self, index: Index) -> Option<&Entry<M>> {
        self.entries.iter().find(|(at, _)| *at == index).map(|(_, entry)| entry)
    }

    /// The entry at an index.
    pub fn get_mut(&mut self, index: Index) -> Option<&mut Entry<M>> {
        self.entries.iter_mut().find(|(at, _)| *at == index).map(|(_, entry)| entry)
    }

    /// The index that a further mention of `what` uses.
    pub fn index_of(&self, what: What) -> Option<Index> {
        self.by_what.iter().find(|(known, _)| *known == what).map(|(_, index)| *index)
    }

    /// R1: a mention of `what` is written, at the entry that it has or at a new one. `None` if the
    /// count would wrap.
    pub fn mention(&mut self, what: What, mark: M) -> Option<(Index, Mention)> {
        match self.index_of(what).filter(|index| self.get(*index).is_some()) {
            Some(index) => Some((index, self.mention_at(index)?)),
            None => {
                let index = self.allocate(what, mark);
                self.by_what.retain(|(known, _)| *known != what);
                self.by_what.push((what, index));
                self.by_what.sort_unstable();
                Some((index, self.mention_at(index)?))
            }
        }
    }

    /// R1: a mention of `what` is written at an entry of its own, whatever other there is.
    pub fn mention_anew(&mut self, what: What, mark: M) -> Option<(Index, Mention)> {
        let index = self.allocate(what, mark);
        Some((index, self.mention_at(index)?))
    }

    /// R1: a mention is written at an entry that there is.
    pub fn mention_at(&mut self, index: Index) -> Option<Mention> {
        let entry = self.get_mut(index)?;
        let (slot, mention) = entry.slot.mention(WireCount::MAX)?;
        entry.slot = slot;
        Some(mention)
    }

    /// R7: a mention that was written is taken back. Returns what was denoted if the entry went.
    pub fn unmention(&mut self, index: Index) -> Option<What> {
        let (slot, remains) = self.get(index)?.slot.unmention()?;
        self.settle(index, slot, remains)
    }

    /// R4, R5: mentions are given back. Returns what was denoted if the entry went.
    ///
    /// # Errors
    /// The index is free, the delta is zero or above the count; then nothing was changed.
    pub fn release(&mut self, index: Index, delta: u32) -> Result<Option<What>, Refusal> {
        let slot = self.get(index).ok_or(Refusal::Free)?.slot;
        let delta = WireDelta::new(delta).ok_or(Refusal::Above(slot.count()))?;
        let (slot, remains) = slot.gc_export(delta)?;
        Ok(self.settle(index, slot, remains))
    }

    /// The entry goes whatever its count, and so does the way to it. Returns what was denoted.
    pub fn remove(&mut self, index: Index) -> Option<What> {
        let what = self.remove_entry(index)?;
        self.by_what.retain(|(_, at)| *at != index);
        Some(what)
    }

    /// The entry goes, and the way to it stays: only a wrong table does this.
    pub fn remove_entry(&mut self, index: Index) -> Option<What> {
        let position = self.entries.iter().position(|(at, _)| *at == index)?;
        let (_, entry) = self.entries.remove(position);
        if self.ids != Ids::NeverReused {
            self.freed.push(index);
        }
        if self.ids == Ids::LowestFree {
            self.freed.sort_unstable_by(|a, b| b.cmp(a));
        }
        Some(entry.what)
    }

    /// The way from what is exported to its entry is lost, the entry stays: only a wrong table does
    /// this.
    pub fn forget_way_to(&mut self, what: What) {
        self.by_what.retain(|(known, _)| *known != what);
    }

    /// R8: everything goes. Returns what was denoted, each entry's once.
    pub fn close(&mut self) -> SmallVec<[What; 2]> {
        let entries = std::mem::take(&mut self.entries);
        self.by_what.clear();
        self.freed.clear();
        entries.into_iter().map(|(_, entry)| entry.what).collect()
    }

    fn settle(&mut self, index: Index, slot: ExportSlot, remains: Remains) -> Option<What> {
        match remains {
            Remains::Nothing => self.remove(index),
            Remains::Exported => {
                self.get_mut(index)?.slot = slot;
                None
            }
        }
    }

    fn allocate(&mut self, what: What, mark: M) -> Index {
        let index = self.freed.pop().unwrap_or_else(|| {
            self.next += 1;
            Index::new(self.next - 1)
        });
        let place = self.entries.partition_point(|(at, _)| *at < index);
        self.entries.insert(place, (index, Entry { what, slot: ExportSlot::FREE, mark }));
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Object, VatId};

    fn table(ids: Ids) -> (Exports<()>, [What; 2]) {
        let mut bobs = Object::of(VatId::B, 2).map(What::Local);
        (Exports::new(ids, 0), [bobs.next().unwrap(), bobs.next().unwrap()])
    }

    #[test]
    fn each_policy_gives_the_index_that_it_says() {
        for (ids, expected) in [(Ids::LowestFree, 0), (Ids::FreedLast, 1), (Ids::NeverReused, 2)] {
            let (mut exports, [bob, ben]) = table(ids);
            assert_eq!(exports.mention(bob, ()), Some((Index::new(0), Mention::First)));
            assert_eq!(exports.mention(ben, ()), Some((Index::new(1), Mention::First)));
            assert_eq!(exports.release(Index::new(0), 1), Ok(Some(bob)));
            assert_eq!(exports.release(Index::new(1), 1), Ok(Some(ben)));
            let again = exports.mention(bob, ()).unwrap();
            assert_eq!(again, (Index::new(expected), Mention::First), "{ids:?}");
        }
    }

    #[test]
    fn a_later_mention_is_counted_at_the_same_entry_and_released_at_zero_only() {
        let (mut exports, [bob, _]) = table(Ids::LowestFree);
        let (index, _) = exports.mention(bob, ()).unwrap();
        assert_eq!(exports.mention(bob, ()), Some((index, Mention::Later)));
        assert_eq!(exports.release(index, 3), Err(Refusal::Above(WireCount::new(2))));
        assert_eq!(exports.release(index, 1), Ok(None));
        assert_eq!(exports.release(index, 1), Ok(Some(bob)));
        assert_eq!(exports.release(index, 1), Err(Refusal::Free));
        assert_eq!(exports.index_of(bob), None);
    }
}
