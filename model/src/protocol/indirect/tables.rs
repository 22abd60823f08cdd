//! What one vat keeps under indirect reference counting: its own objects, and its places in the
//! trees of others.

use crate::names::{Object, VatId};
use crate::protocol::kit::NamedOp;
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position, Refused, What};
use captp_gc::protocol::{Incarnation, Index};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What one vat keeps.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct IndirectTables {
    id: VatId,
    /// The roots of the own trees, with the number of copies that this vat itself has made.
    exports: SmallVec<[(Index, Object, u32); 2]>,
    next: u32,
    /// The places in others' trees, by owner and index.
    nodes: SmallVec<[Node; 2]>,
}

/// A vat's place in the tree of a reference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    owner: VatId,
    index: Index,
    incarnation: Incarnation,
    /// From whom this vat has the reference.
    pub(super) parent: VatId,
    /// Copies that this vat has made.
    pub(super) children: u32,
    /// Messages in flight to the owner that use it.
    pub(super) uses: u32,
    /// Whether a proxy lives.
    pub(super) live: bool,
}

impl IndirectTables {
    pub(super) fn new(id: VatId) -> Self {
        Self { id, exports: SmallVec::new(), next: 0, nodes: SmallVec::new() }
    }

    pub(super) const fn id(&self) -> VatId {
        self.id
    }

    /// A copy of an own object is made. Returns its index, and whether it had one.
    pub(super) fn export(&mut self, object: Object) -> (Index, bool) {
        if let Some((index, _, count)) = self.exports.iter_mut().find(|(_, o, _)| *o == object) {
            *count += 1;
            return (*index, true);
        }
        let index = Index::new(self.next);
        self.next += 1;
        self.exports.push((index, object, 1));
        (index, false)
    }

    pub(super) fn denoted(&self, index: Index) -> Option<Object> {
        self.exports.iter().find(|(at, ..)| *at == index).map(|(_, object, _)| *object)
    }

    pub(super) fn count(&self, index: Index) -> Option<u32> {
        self.exports.iter().find(|(at, ..)| *at == index).map(|(.., count)| *count)
    }

    /// Copies of an own object are gone. Returns it if none is left.
    pub(super) fn lower(&mut self, index: Index, by: u32) -> Result<Option<Object>, Refused> {
        let found = self.exports.iter().position(|(at, ..)| *at == index);
        let position = found.ok_or(Refused)?;
        let count = &mut self.exports[position].2;
        *count = count.checked_sub(by).ok_or(Refused)?;
        Ok((*count == 0).then(|| self.exports.remove(position).1))
    }

    pub(super) fn node(&self, owner: VatId, index: Index) -> Option<&Node> {
        self.nodes.iter().find(|node| node.owner == owner && node.index == index)
    }

    fn node_mut(&mut self, owner: VatId, index: Index) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.owner == owner && node.index == index)
    }

    /// This vat hands its reference on. Returns whether it had done so before.
    pub(super) fn copy(&mut self, owner: VatId, index: Index) -> Option<bool> {
        let node = self.node_mut(owner, index)?;
        node.children += 1;
        Some(node.children > 1)
    }

    /// A message to the owner uses the reference.
    pub(super) fn use_begins(&mut self, owner: VatId, index: Index) -> Option<()> {
        self.node_mut(owner, index)?.uses += 1;
        Some(())
    }

    /// It has arrived.
    pub(super) fn use_ends(&mut self, owner: VatId, index: Index) {
        if let Some(node) = self.node_mut(owner, index) {
            node.uses = node.uses.saturating_sub(1);
        }
    }

    /// A copy that this vat had made is gone.
    pub(super) fn uncopy(&mut self, owner: VatId, index: Index) -> Result<(), Refused> {
        let node = self.node_mut(owner, index).ok_or(Refused)?;
        node.children = node.children.checked_sub(1).ok_or(Refused)?;
        Ok(())
    }

    /// A copy arrives. Returns the proxy's incarnation, and whether it is a new one.
    pub(super) fn receive(
        &mut self,
        owner: VatId,
        index: Index,
        parent: VatId,
    ) -> (Incarnation, bool) {
        if let Some(node) = self.node_mut(owner, index) {
            let installed = !node.live;
            if installed {
                node.incarnation = node.incarnation.successor();
            }
            node.live = true;
            return (node.incarnation, installed);
        }
        let incarnation = Incarnation::FIRST;
        self.nodes.push(Node {
            owner,
            index,
            incarnation,
            parent,
            children: 0,
            uses: 0,
            live: true,
        });
        self.nodes.sort_unstable();
        (incarnation, true)
    }

    pub(super) fn clear(&mut self, proxy: Key) -> bool {
        let node = self.node_mut(proxy.peer, proxy.at.index);
        let node = node.filter(|node| node.incarnation == proxy.incarnation && node.live);
        node.is_some_and(|node| {
            node.live = false;
            true
        })
    }

    /// The proxy is taken for dead.
    pub(super) fn kill(&mut self, owner: VatId, index: Index) {
        if let Some(node) = self.node_mut(owner, index) {
            node.live = false;
        }
    }

    pub(super) fn remove(&mut self, owner: VatId, index: Index) {
        self.nodes.retain(|node| node.owner != owner || node.index != index);
    }

    /// The peer is gone; the own trees are over all peers, so all of them go.
    pub(super) fn close(&mut self, peer: VatId) -> SmallVec<[Object; 2]> {
        self.nodes.retain(|node| node.owner != peer);
        std::mem::take(&mut self.exports).into_iter().map(|(_, object, _)| object).collect()
    }
}

impl View for IndirectTables {
    type Body = NamedOp;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let first = if self.id == VatId::A { VatId::B } else { VatId::A };
        let all = self.exports.iter().filter(move |_| peer == first);
        all.map(|(index, object, count)| {
            let view = ExportView { what: What::Local(*object), count: *count };
            (Position::export(*index), view)
        })
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        self.nodes
            .iter()
            .filter(move |node| node.owner == peer)
            .map(|node| (Position::export(node.index), ImportView { count: 1, live: node.live }))
    }

    fn export_at(&self, _peer: VatId, at: Position) -> Option<ExportView> {
        let object = self.denoted(at.index)?;
        Some(ExportView { what: What::Local(object), count: self.count(at.index)? })
    }

    fn counts_for_all(&self) -> bool {
        true
    }

    /// A place that is kept for the children, and a copy that is on its way back to its maker.
    fn owes(&self, owner: VatId, at: Position) -> bool {
        self.node(owner, at.index).is_some()
    }
}
