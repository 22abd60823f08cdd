//! The tables of an OCapN session, and the gifts that a vat keeps.

use super::body::{Gift, OcapnBody};
use crate::names::VatId;
use crate::protocol::kit::{self, Exports, Ids, Imports};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Ghost, Key, Position, What};
use captp_gc::protocol::{ImportSlot, Incarnation, Index, SessionId, WireCount};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct OcapnTables {
    pub(super) id: VatId,
    /// In the order of the peers.
    pub(super) links: SmallVec<[Link; 1]>,
    /// What was deposited and not withdrawn, in order.
    pub(super) deposited: SmallVec<[(Gift, What); 1]>,
    /// What is to be withdrawn and was not deposited, in order.
    pub(super) awaited: SmallVec<[(Gift, Ghost); 1]>,
}

/// One session.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) exports: Exports<()>,
    pub(super) imports: Imports<Shares>,
    /// What the message that is half read mentions, and how often.
    pub(super) pending: SmallVec<[(Index, u32); 1]>,
    /// What goes back with the next collection message.
    pub(super) batch: SmallVec<[kit::Given; 1]>,
    /// Repeated mentions that are not credited yet: only a wrong table lets them wait.
    pub(super) uncredited: SmallVec<[Index; 1]>,
    /// How many gifts this vat has given to the peer.
    pub(super) given: u32,
}

/// How an import's count is shared out: one to each incarnation, the rest to the position.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Shares {
    /// Dead incarnations whose notifications were not served.
    pub(super) unserved: u32,
}

impl Link {
    pub(super) fn new(session: SessionId) -> Self {
        Self {
            session,
            exports: Exports::new(Ids::NeverReused, 1),
            imports: Imports::default(),
            pending: SmallVec::new(),
            batch: SmallVec::new(),
            uncredited: SmallVec::new(),
            given: 0,
        }
    }

    pub(super) const fn key(&self, peer: VatId, index: Index, incarnation: Incarnation) -> Key {
        Key { peer, at: Position::export(index), session: self.session, incarnation }
    }

    /// Notes a mention of the message that is half read.
    pub(super) fn note(&mut self, index: Index) {
        match self.pending.iter_mut().find(|(at, _)| *at == index) {
            Some((_, count)) => *count += 1,
            None => self.pending.push((index, 1)),
        }
        self.pending.sort_unstable();
    }

    /// What was noted of an index, which is noted no more.
    pub(super) fn take_noted(&mut self, index: Index) -> u32 {
        let noted = self.pending.iter().find(|(at, _)| *at == index).map_or(0, |(_, n)| *n);
        self.pending.retain(|(at, _)| *at != index);
        noted
    }

    /// An incarnation's share is given back: its own, and all that belongs to no other. Returns how
    /// much that is.
    pub(super) fn give_share_back(&mut self, index: Index) -> Option<u32> {
        let import = self.imports.get_mut(index)?;
        import.mark.unserved = import.mark.unserved.checked_sub(1)?;
        let live = import.slot.is_live();
        let kept = import.mark.unserved + u32::from(live);
        let given = import.slot.count().get().checked_sub(kept)?;
        import.slot = ImportSlot::new(WireCount::new(kept), live);
        if kept == 0 {
            let _gone = self.imports.remove(index);
        }
        (given > 0).then_some(given)
    }

    /// A repeated mention is credited to the position, whether or not anybody will give it back.
    pub(super) fn credit(&mut self, index: Index) {
        let live = self.imports.get(index).is_some_and(|import| import.slot.is_live());
        let _credited = self.imports.mention(index, Shares::default());
        if let Some(import) = self.imports.get_mut(index) {
            import.slot = ImportSlot::new(import.slot.count(), live);
        }
    }
}

impl OcapnTables {
    pub(super) fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn each_link(&self) -> impl Iterator<Item = (VatId, &Link)> {
        let peers = VatId::ALL.into_iter().filter(|id| *id != self.id);
        peers.zip(&self.links)
    }
}

impl View for OcapnTables {
    type Body = OcapnBody;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        self.link(peer).exports.views()
    }

    /// What waits to be given back, or to be credited, is counted still.
    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let link = self.link(peer);
        let mut imports: SmallVec<[_; 4]> = link.imports.views().collect();
        let batch = link.batch.iter().map(|given| (given.index, given.delta));
        for (index, count) in batch.chain(link.uncredited.iter().map(|index| (*index, 1))) {
            let at = Position::export(index);
            match imports.iter_mut().find(|(position, _)| *position == at) {
                Some((_, import)) => import.count += count,
                None => imports.push((at, ImportView { count, live: false })),
            }
        }
        imports.sort_unstable_by_key(|(at, _)| *at);
        imports.into_iter()
    }

    fn gifts(&self) -> SmallVec<[What; 1]> {
        self.deposited.iter().map(|(_, what)| *what).collect()
    }

    fn owes(&self, peer: VatId, at: Position) -> bool {
        let link = self.link(peer);
        link.batch.iter().any(|given| given.index == at.index)
            || link.uncredited.contains(&at.index)
    }

    fn has_more(&self) -> bool {
        !self.deposited.is_empty() || !self.awaited.is_empty()
    }

    fn is_busy(&self) -> bool {
        self.links.iter().any(|link| !link.batch.is_empty() || !link.uncredited.is_empty())
    }
}
