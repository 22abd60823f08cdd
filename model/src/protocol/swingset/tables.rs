//! What one vat keeps: a c-list for each peer.

use super::body::{Frame, Text};
use crate::names::VatId;
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position, What};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What one vat keeps.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SwingSetTables {
    pub(super) id: VatId,
    /// In the order of the peers.
    pub(super) links: SmallVec<[CList; 1]>,
}

/// The c-list for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct CList {
    /// The incarnations of the two vats that it is for. All numbers are this session's.
    pub(super) session: SessionId,
    /// The number of the last frame sent.
    pub(super) sent: u32,
    /// The number of the last frame read.
    pub(super) heard: u32,
    pub(super) exports: SmallVec<[Export; 2]>,
    pub(super) next: u32,
    pub(super) imports: SmallVec<[Import; 2]>,
    /// The imports that may be dead: looked at when the dead are brought out.
    pub(super) possibly_dead: SmallVec<[Index; 1]>,
}

/// An entry for something that the peer may hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Export {
    pub(super) index: Index,
    pub(super) what: What,
    /// The frame that mentioned it last.
    pub(super) last_sent: u32,
    /// Whether the peer can reach it: not after an informed drop.
    pub(super) reachable: bool,
}

/// An entry for something of the peer's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Import {
    pub(super) index: Index,
    pub(super) incarnation: Incarnation,
    /// Whether a proxy lives.
    pub(super) live: bool,
    /// Whether the peer was told that it is dropped.
    pub(super) dropped: bool,
    /// Items of the run queue that refer to it.
    pub(super) queued: u8,
}

impl CList {
    pub(super) fn new(session: SessionId) -> Self {
        Self {
            session,
            sent: 0,
            heard: 0,
            exports: SmallVec::new(),
            next: 1,
            imports: SmallVec::new(),
            possibly_dead: SmallVec::new(),
        }
    }

    pub(super) fn export_mut(&mut self, index: Index) -> Option<&mut Export> {
        self.exports.iter_mut().find(|export| export.index == index)
    }

    pub(super) fn import(&self, index: Index) -> Option<&Import> {
        self.imports.iter().find(|import| import.index == index)
    }

    pub(super) fn import_mut(&mut self, index: Index) -> Option<&mut Import> {
        self.imports.iter_mut().find(|import| import.index == index)
    }

    /// The next frame.
    pub(super) fn frame(&mut self, text: Text) -> Frame {
        self.sent += 1;
        Frame { seq: self.sent, ack: self.heard, text }
    }

    /// A mention of `peer`'s is read. Returns the proxy's name, and whether it is a new one.
    pub(super) fn receive(&mut self, peer: VatId, index: Index) -> (Key, bool) {
        let (at, session) = (Position::export(index), self.session);
        let key = |incarnation| Key { peer, at, session, incarnation };
        if let Some(import) = self.import_mut(index) {
            let installed = !import.live;
            if installed {
                import.incarnation = import.incarnation.successor();
            }
            (import.live, import.dropped) = (true, false);
            return (key(import.incarnation), installed);
        }
        let incarnation = Incarnation::FIRST;
        self.imports.push(Import { index, incarnation, live: true, dropped: false, queued: 0 });
        self.imports.sort_unstable();
        (key(incarnation), true)
    }
}

impl SwingSetTables {
    pub(super) fn link(&self, peer: VatId) -> &CList {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut CList {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    /// The peers, and the c-list for each.
    pub(super) fn each_link(&self) -> impl Iterator<Item = (VatId, &CList)> {
        VatId::ALL.into_iter().filter(|id| *id != self.id).zip(&self.links)
    }
}

impl View for SwingSetTables {
    type Body = Frame;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        self.link(peer).exports.iter().filter(|export| export.reachable).map(|export| {
            (Position::export(export.index), ExportView { what: export.what, count: 1 })
        })
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        self.link(peer).imports.iter().map(|import| {
            (Position::export(import.index), ImportView { count: 1, live: import.live })
        })
    }

    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| &link.exports);
        let held = exports.filter(|export| export.reachable).filter_map(|e| e.what.proxy());
        held.collect()
    }

    /// Whatever is known of an import will be dropped and retired.
    fn owes(&self, peer: VatId, at: Position) -> bool {
        self.link(peer).import(at.index).is_some()
    }

    /// An entry that the peer has dropped and not retired.
    fn has_more(&self) -> bool {
        self.links.iter().any(|link| link.exports.iter().any(|export| !export.reachable))
    }

    fn is_busy(&self) -> bool {
        self.links.iter().any(|link| {
            !link.possibly_dead.is_empty() || link.imports.iter().any(|import| import.dropped)
        })
    }
}
