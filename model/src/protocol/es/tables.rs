//! What a vat of the strawman's keeps for each peer.

use super::EsWords;
use crate::names::VatId;
use crate::protocol::kit::{Exports, Ids, Imports, Op};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position};
use captp_gc::protocol::SessionId;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct EsTables {
    id: VatId,
    /// In the order of the peers.
    links: SmallVec<[Link; 1]>,
}

/// The tables for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) exports: Exports<()>,
    /// `importCounts` and the weak references: an index that was known once keeps its place.
    pub(super) imports: Imports<()>,
}

impl Link {
    pub(super) fn new(session: SessionId) -> Self {
        Self { session, exports: Exports::new(Ids::FreedLast, 0), imports: Imports::default() }
    }
}

impl EsTables {
    pub(super) fn new(id: VatId, vats: u8) -> Self {
        Self { id, links: id.others(vats).map(|_| Link::new(SessionId::FIRST)).collect() }
    }

    fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }
}

impl View for EsTables {
    type Body = Op<EsWords>;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        self.link(peer).exports.views()
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        self.link(peer).imports.views()
    }

    /// What is handed on is held by who hands it on.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| link.exports.iter());
        let proxies = exports.filter_map(|(_, entry)| entry.what.proxy());
        proxies.collect()
    }
}
