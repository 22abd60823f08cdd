//! Import tables: index → count, whether a proxy lives there, and its incarnation.

use crate::protocol::ImportView;
use crate::world::Position;
use captp_gc::protocol::import_slot::Handed;
use captp_gc::protocol::{ImportSlot, Incarnation, Index, WireCount};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// One import.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Import<M> {
    /// Its count and whether a proxy lives there, moved by the crate's own transitions.
    pub slot: ImportSlot,
    /// Which of the proxies that stood there.
    pub incarnation: Incarnation,
    /// What the system keeps beside.
    pub mark: M,
}

/// The imports of one vat from one peer. `M` is what the system keeps beside each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Imports<M> {
    entries: SmallVec<[(Index, Import<M>); 2]>,
}

impl<M> Default for Imports<M> {
    fn default() -> Self {
        Self { entries: SmallVec::new() }
    }
}

impl<M: Clone> Imports<M> {
    /// Every import, in order of the indices.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &Import<M>)> {
        self.entries.iter().map(|(index, import)| (*index, import))
    }

    /// As the ledger sees them.
    pub fn views(&self) -> impl Iterator<Item = (Position, ImportView)> {
        self.iter().map(|(index, import)| {
            let (count, live) = (import.slot.count().get(), import.slot.is_live());
            (Position::export(index), ImportView { count, live })
        })
    }

    /// Whether there is no import.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The import at an index.
    pub fn get(&self, index: Index) -> Option<&Import<M>> {
        self.entries.iter().find(|(at, _)| *at == index).map(|(_, import)| import)
    }

    /// The import at an index.
    pub fn get_mut(&mut self, index: Index) -> Option<&mut Import<M>> {
        self.entries.iter_mut().find(|(at, _)| *at == index).map(|(_, import)| import)
    }

    /// R2: a mention is read. Returns the incarnation of the proxy, and whether it is a new one. A
    /// new import is marked `mark`. `None` if the count would wrap.
    pub fn mention(&mut self, index: Index, mark: M) -> Option<(Incarnation, bool)> {
        let before = self.get(index).map(|import| (import.slot, import.incarnation));
        let slot = before.map_or(ImportSlot::RELEASED, |(slot, _)| slot);
        let (slot, handed) = slot.mention(WireCount::MAX).ok()?;
        let installed = handed == Handed::Successor;
        let incarnation = match before {
            None => Incarnation::FIRST,
            Some((_, incarnation)) if installed => incarnation.successor(),
            Some((_, incarnation)) => incarnation,
        };
        match self.get_mut(index) {
            Some(import) => (import.slot, import.incarnation) = (slot, incarnation),
            None => {
                let place = self.entries.partition_point(|(at, _)| *at < index);
                self.entries.insert(place, (index, Import { slot, incarnation, mark }));
            }
        }
        Some((incarnation, installed))
    }

    /// The weak reference is cleared. Returns whether a live proxy of this incarnation stood there.
    pub fn clear(&mut self, index: Index, incarnation: Incarnation) -> bool {
        let import = self.get_mut(index).filter(|import| import.incarnation == incarnation);
        let cleared = import.and_then(|import| {
            import.slot = import.slot.clear()?;
            Some(())
        });
        cleared.is_some()
    }

    /// R3: a notification is served. Returns the whole count, if there is one to give back and no
    /// live successor stands there.
    pub fn notify(&mut self, index: Index) -> Option<u32> {
        let import = self.get_mut(index)?;
        let (slot, delta) = import.slot.notify();
        import.slot = slot;
        delta.map(|delta| delta.get())
    }

    /// What is kept of an import that is released goes: its next proxy is like the first.
    pub fn forget(&mut self, index: Index) {
        let released = |import: &Import<M>| !import.slot.is_live() && import.slot.count().is_zero();
        self.entries.retain(|(at, import)| *at != index || !released(import));
    }

    /// The import is forgotten.
    pub fn remove(&mut self, index: Index) -> Option<Import<M>> {
        let position = self.entries.iter().position(|(at, _)| *at == index)?;
        Some(self.entries.remove(position).1)
    }

    /// R8: everything is forgotten.
    pub fn close(&mut self) {
        self.entries.clear();
    }
}
