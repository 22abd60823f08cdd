//! What one vat keeps under weighted reference counting.

use crate::names::VatId;
use crate::protocol::kit::NamedOp;
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position, Refused, What};
use captp_gc::protocol::{Incarnation, Index};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What one vat keeps.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct WeightedTables {
    id: VatId,
    /// Total weights of what is exported, over all peers; by index.
    exports: SmallVec<[Export; 2]>,
    next: u32,
    /// By owner and index.
    imports: SmallVec<[Import; 2]>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
struct Export {
    index: Index,
    what: What,
    total: u32,
}

/// A reference that this vat holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Import {
    owner: VatId,
    index: Index,
    incarnation: Incarnation,
    /// Its weight.
    pub(super) weight: u32,
    /// Whether a proxy lives.
    pub(super) live: bool,
}

impl WeightedTables {
    pub(super) fn new(id: VatId) -> Self {
        Self { id, exports: SmallVec::new(), next: 0, imports: SmallVec::new() }
    }

    pub(super) const fn id(&self) -> VatId {
        self.id
    }

    fn export(&self, index: Index) -> Option<&Export> {
        self.exports.iter().find(|export| export.index == index)
    }

    pub(super) fn denoted(&self, index: Index) -> Option<What> {
        self.export(index).map(|export| export.what)
    }

    pub(super) fn total(&self, index: Index) -> Option<u32> {
        self.export(index).map(|export| export.total)
    }

    /// Adds weight to what is exported. Returns its index, and whether it was there before.
    pub(super) fn weigh(&mut self, what: What, weight: u32) -> (Index, bool) {
        if let Some(export) = self.exports.iter_mut().find(|export| export.what == what) {
            export.total += weight;
            return (export.index, true);
        }
        let index = Index::new(self.next);
        self.next += 1;
        self.exports.push(Export { index, what, total: weight });
        (index, false)
    }

    /// Takes weight away. Returns what was denoted if nothing is left.
    pub(super) fn lower(&mut self, index: Index, weight: u32) -> Result<Option<What>, Refused> {
        let found = self.exports.iter().position(|export| export.index == index);
        let position = found.ok_or(Refused)?;
        let total = &mut self.exports[position].total;
        *total = total.checked_sub(weight).ok_or(Refused)?;
        Ok((*total == 0).then(|| self.exports.remove(position).what))
    }

    pub(super) fn import_mut(&mut self, owner: VatId, index: Index) -> Option<&mut Import> {
        self.imports.iter_mut().find(|i| i.owner == owner && i.index == index)
    }

    /// Adds what a mention weighs. Returns the proxy's incarnation, and whether it is a new one.
    pub(super) fn receive(
        &mut self,
        owner: VatId,
        index: Index,
        weight: u32,
    ) -> (Incarnation, bool) {
        if let Some(import) = self.import_mut(owner, index) {
            let installed = !import.live;
            if installed {
                import.incarnation = import.incarnation.successor();
            }
            import.live = true;
            import.weight += weight;
            return (import.incarnation, installed);
        }
        let incarnation = Incarnation::FIRST;
        self.imports.push(Import { owner, index, incarnation, weight, live: true });
        self.imports.sort_unstable();
        (incarnation, true)
    }

    pub(super) fn clear(&mut self, proxy: Key) -> bool {
        let import = self.import_mut(proxy.peer, proxy.at.index);
        let import = import.filter(|import| import.incarnation == proxy.incarnation && import.live);
        import.is_some_and(|import| {
            import.live = false;
            true
        })
    }

    /// The peer is gone; what was exported is counted over all peers, so all of it goes.
    pub(super) fn close(&mut self, peer: VatId) -> SmallVec<[What; 2]> {
        self.imports.retain(|import| import.owner != peer);
        std::mem::take(&mut self.exports).into_iter().map(|export| export.what).collect()
    }
}

impl View for WeightedTables {
    type Body = NamedOp;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let first = if self.id == VatId::A { VatId::B } else { VatId::A };
        let all = self.exports.iter().filter(move |_| peer == first);
        all.map(|export| {
            let view = ExportView { what: export.what, count: export.total };
            (Position::export(export.index), view)
        })
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        self.imports.iter().filter(move |import| import.owner == peer).map(|import| {
            let view = ImportView { count: import.weight, live: import.live };
            (Position::export(import.index), view)
        })
    }

    fn export_at(&self, _peer: VatId, at: Position) -> Option<ExportView> {
        let export = self.export(at.index)?;
        Some(ExportView { what: export.what, count: export.total })
    }

    fn roots(&self) -> SmallVec<[Key; 2]> {
        let proxies = self.exports.iter().filter_map(|export| export.what.proxy());
        proxies.collect()
    }

    fn counts_for_all(&self) -> bool {
        true
    }
}
