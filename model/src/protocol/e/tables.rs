//! The runtime of one of E's vats: tables for every peer, and what a bent protocol wrongly
//! remembers beside them.

use super::body::EBody;
use crate::names::VatId;
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position, What};
use captp_gc::protocol::{
    ImportEntry, Index, Notification, ProxyId, Reference, SessionId, Tables, Written,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ETables {
    pub(super) id: VatId,
    /// In the order of the peers.
    pub(super) links: SmallVec<[Link; 1]>,
}

/// The tables for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) tables: Tables<What>,
    pub(super) writing: Option<Written>,
    pub(super) remembered: SmallVec<[(Memory, Index); 1]>,
}

/// What a bent protocol remembers of an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) enum Memory {
    /// What had it.
    Freed(What),
    /// It may be reused, although it is allocated.
    Reusable,
    /// The import count it had at the end of a session.
    Count(SessionId, u32),
}

impl ETables {
    pub(super) fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }
}

impl Link {
    /// The dead index that the reverse map still has for an object.
    pub(super) fn stale_index(&self, reference: &Reference<What>) -> Option<Index> {
        let Reference::Local(object) = reference else { return None };
        if self.tables.exports().index_of(object).is_some() {
            return None;
        }
        let mut memories = self.remembered.iter();
        memories.find(|(memory, _)| *memory == Memory::Freed(*object)).map(|(_, index)| *index)
    }

    /// Frees an index that is taken for reusable, if a new object needs one.
    pub(super) fn free_reusable_for(&mut self, reference: &Reference<What>) {
        let Reference::Local(object) = reference else { return };
        if self.tables.exports().index_of(object).is_some() {
            return;
        }
        let reusable = self.remembered.iter().position(|(memory, _)| *memory == Memory::Reusable);
        if let Some(position) = reusable {
            let (_, index) = self.remembered.remove(position);
            let count = self.tables.exports().count(index).get();
            let _evicted = self.tables.gc_export(index, count);
        }
    }

    /// The live proxy at `index` is taken for dead.
    pub(super) fn kill_proxy(&mut self, index: Index) -> Option<Notification> {
        let incarnation = self.tables.imports().entry(index)?.incarnation;
        self.tables.clear(ProxyId { session: self.tables.session(), index, incarnation }).ok()
    }

    /// Whatever is held of `index` is forgotten, and nobody is told.
    pub(super) fn forget_import(&mut self, index: Index) {
        if let Some(notification) = self.kill_proxy(index) {
            let _lost = self.tables.notify(notification);
        }
    }

    pub(super) fn serve(&mut self, notification: Notification) -> Option<(Index, u32)> {
        self.tables.notify(notification).map(|op| (op.index, op.delta.get()))
    }

    pub(super) fn recall_count(&mut self, session: SessionId, index: Index) -> Option<u32> {
        let counts = self.remembered.iter().enumerate();
        let (position, count) =
            counts.filter(|(_, (_, at))| *at == index).find_map(|(p, (m, _))| match m {
                Memory::Count(of, count) if *of == session => Some((p, *count)),
                _ => None,
            })?;
        self.remembered.remove(position);
        Some(count)
    }

    pub(super) fn remember(&mut self, memory: Memory, index: Index) {
        if !self.remembered.contains(&(memory, index)) {
            self.remembered.push((memory, index));
            self.remembered.sort_unstable();
        }
    }
}

impl View for ETables {
    type Body = EBody;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        self.link(peer).tables.exports().iter().map(|(index, what, count)| {
            (Position::export(index), ExportView { what: *what, count: count.get() })
        })
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let imports = self.link(peer).tables.imports().iter();
        imports.map(|(index, entry)| (Position::export(index), import_view(entry)))
    }

    fn export_at(&self, peer: VatId, at: Position) -> Option<ExportView> {
        let exports = self.link(peer).tables.exports();
        let what = *exports.lookup(at.index)?;
        Some(ExportView { what, count: exports.count(at.index).get() })
    }

    fn import_at(&self, peer: VatId, at: Position) -> Option<ImportView> {
        self.link(peer).tables.imports().entry(at.index).map(import_view)
    }

    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| link.tables.exports().iter());
        let proxies = exports.filter_map(|(_, what, _)| match what {
            What::Proxy(key) => Some(*key),
            What::Local(_) => None,
        });
        proxies.collect()
    }
}

fn import_view(entry: &ImportEntry) -> ImportView {
    ImportView { count: entry.slot.count().get(), live: entry.slot.is_live() }
}
