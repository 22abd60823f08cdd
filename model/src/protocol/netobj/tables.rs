//! What one space keeps: the objects that it owns, its surrogates, and what it waits for.

use super::body::{Clean, NetBody};
use crate::names::{Object, VatId};
use crate::protocol::kit::{Named, key};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Key, Position, Ref, What, Whose};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What one space keeps.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct NetObjTables {
    pub(super) id: VatId,
    /// Which lives of the two spaces it is that know each other, in the order of the peers. A space
    /// that starts again is another one, and so are its objects.
    sessions: SmallVec<[SessionId; 2]>,
    pub(super) owned: SmallVec<[Owned; 2]>,
    next: u32,
    /// What the owner remembers of a client whose dirty call may still arrive.
    pub(super) tombstones: SmallVec<[(VatId, Index, u32); 1]>,
    pub(super) surrogates: SmallVec<[Surrogate; 2]>,
    /// The clean calls that the background thread has not made yet.
    pub(super) cleans: SmallVec<[(VatId, Clean); 1]>,
    /// The transmissions that wait for dirty calls.
    pub(super) waiting: SmallVec<[(VatId, SmallVec<[Named; 2]>); 1]>,
    /// The objects of which a dirty call may still arrive late.
    pub(super) failed: SmallVec<[(VatId, Index); 1]>,
    /// The clients that have a lease, in order.
    pub(super) leases: SmallVec<[VatId; 1]>,
    /// The renewals that are not answered: owner, index and event.
    pub(super) renewing: SmallVec<[(VatId, Index, u32); 1]>,
    /// The number of this space's next event.
    pub(super) event: u32,
}

/// An object that was exported.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Owned {
    pub(super) index: Index,
    pub(super) object: Object,
    /// The clients that have called dirty, each with the event; in order.
    pub(super) dirty: SmallVec<[(VatId, u32); 2]>,
    /// The receivers of transmissions of it that are not acknowledged, in order.
    pub(super) pins: SmallVec<[VatId; 2]>,
}

/// A surrogate for another space's object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Surrogate {
    pub(super) owner: VatId,
    pub(super) index: Index,
    pub(super) incarnation: Incarnation,
    /// The event of the dirty call that is not answered yet.
    pub(super) calling: Option<u32>,
    /// Whether the application has had it.
    pub(super) handed: bool,
    /// Whether it lives.
    pub(super) live: bool,
    /// The receivers of transmissions of it that are not acknowledged, in order.
    pub(super) pins: SmallVec<[VatId; 2]>,
}

impl Surrogate {
    /// Whether the application has it.
    pub(super) const fn is_ready(&self) -> bool {
        self.live && self.handed && self.calling.is_none()
    }
}

impl NetObjTables {
    pub(super) fn new(id: VatId, vats: u8) -> Self {
        Self {
            id,
            sessions: id.others(vats).map(|_| SessionId::FIRST).collect(),
            owned: SmallVec::new(),
            next: 0,
            tombstones: SmallVec::new(),
            surrogates: SmallVec::new(),
            cleans: SmallVec::new(),
            waiting: SmallVec::new(),
            failed: SmallVec::new(),
            leases: SmallVec::new(),
            renewing: SmallVec::new(),
            event: 1,
        }
    }

    /// The session with a peer.
    pub(super) fn session(&self, peer: VatId) -> SessionId {
        self.sessions[peer.among_peers_of(self.id)]
    }

    pub(super) fn session_mut(&mut self, peer: VatId) -> &mut SessionId {
        &mut self.sessions[peer.among_peers_of(self.id)]
    }

    /// The name of the proxy for the `index`th object of `owner`'s.
    pub(super) fn key(&self, owner: VatId, index: Index, incarnation: Incarnation) -> Key {
        Key { session: self.session(owner), ..key(owner, index, incarnation) }
    }

    pub(super) fn next_event(&mut self) -> u32 {
        self.event += 1;
        self.event - 1
    }

    /// The index of an own object, and whether it had one.
    pub(super) fn own(&mut self, object: Object) -> (Index, bool) {
        if let Some(owned) = self.owned.iter().find(|owned| owned.object == object) {
            return (owned.index, true);
        }
        let index = Index::new(self.next);
        self.next += 1;
        self.owned.push(Owned { index, object, dirty: SmallVec::new(), pins: SmallVec::new() });
        (index, false)
    }

    pub(super) fn owned_mut(&mut self, index: Index) -> Option<&mut Owned> {
        self.owned.iter_mut().find(|owned| owned.index == index)
    }

    /// The event of a client's tombstone for an object.
    pub(super) fn buried(&self, client: VatId, index: Index) -> Option<u32> {
        let mut tombstones = self.tombstones.iter();
        tombstones.find(|(of, at, _)| (*of, *at) == (client, index)).map(|(.., event)| *event)
    }

    pub(super) fn denoted(&self, index: Index) -> Option<Object> {
        self.owned.iter().find(|owned| owned.index == index).map(|owned| owned.object)
    }

    /// An object that nobody calls dirty and that is on no way goes. Returns it.
    pub(super) fn settle(&mut self, index: Index) -> Option<Object> {
        let idle = |owned: &Owned| owned.dirty.is_empty() && owned.pins.is_empty();
        let found = self.owned.iter().position(|owned| owned.index == index && idle(owned));
        found.map(|position| self.owned.remove(position).object)
    }

    pub(super) fn surrogate(&self, owner: VatId, index: Index) -> Option<&Surrogate> {
        self.surrogates.iter().find(|s| s.owner == owner && s.index == index)
    }

    pub(super) fn surrogate_mut(&mut self, owner: VatId, index: Index) -> Option<&mut Surrogate> {
        self.surrogates.iter_mut().find(|s| s.owner == owner && s.index == index)
    }

    /// A surrogate is made, the successor of any dead one. Returns the event of its dirty call.
    pub(super) fn make(&mut self, owner: VatId, index: Index, incarnation: Incarnation) -> u32 {
        let event = self.next_event();
        let dead = self.surrogate(owner, index);
        let pins = dead.map_or_else(SmallVec::new, |dead| dead.pins.clone());
        self.remove(owner, index);
        let (calling, handed, live) = (Some(event), false, true);
        let made = Surrogate { owner, index, incarnation, calling, handed, live, pins };
        self.surrogates.push(made);
        self.surrogates.sort_unstable();
        event
    }

    pub(super) fn remove(&mut self, owner: VatId, index: Index) {
        self.surrogates.retain(|s| s.owner != owner || s.index != index);
    }
}

impl View for NetObjTables {
    type Body = NetBody;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let first = if self.id == VatId::A { VatId::B } else { VatId::A };
        self.owned.iter().filter(move |_| peer == first).map(|owned| {
            let count = u32::try_from(owned.dirty.len()).unwrap_or(u32::MAX);
            let view = ExportView { what: What::Local(owned.object), count };
            (Position::export(owned.index), view)
        })
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        self.surrogates.iter().filter(move |s| s.owner == peer).map(|s| {
            let view = ImportView { count: 1, live: s.live };
            (Position::export(s.index), view)
        })
    }

    fn export_at(&self, _peer: VatId, at: Position) -> Option<ExportView> {
        let object = self.denoted(at.index)?;
        Some(ExportView { what: What::Local(object), count: 1 })
    }

    fn counts_for_all(&self) -> bool {
        true
    }

    /// What is in a transmission, of this space's or to it, may not go.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        let waited_for = |s: &Surrogate| {
            let mut named = self.waiting.iter().flat_map(|(from, named)| {
                named.iter().map(move |n| (n.owner(*from, self.id), n.index))
            });
            named.any(|place| place == (s.owner, s.index))
        };
        let pinned = self.surrogates.iter().filter(|s| !s.pins.is_empty() || waited_for(s));
        pinned.map(|s| self.key(s.owner, s.index, s.incarnation)).collect()
    }

    fn waiting(&self, exporter: VatId) -> SmallVec<[Ref; 1]> {
        let named = self
            .waiting
            .iter()
            .flat_map(|(from, named)| named.iter().map(move |n| (n.owner(*from, self.id), n)));
        let of_exporter = named.filter(|(owner, _)| *owner == exporter);
        of_exporter.map(|(_, n)| Ref { whose: Whose::Sender, ..n.seen() }).collect()
    }

    /// A lease that nobody has.
    fn has_more(&self) -> bool {
        !self.leases.is_empty()
    }

    fn is_busy(&self) -> bool {
        !self.cleans.is_empty()
            || !self.waiting.is_empty()
            || !self.renewing.is_empty()
            || self.surrogates.iter().any(|surrogate| surrogate.calling.is_some())
    }
}

/// Pins for one more transmission to this receiver.
pub(super) fn pin(pins: &mut SmallVec<[VatId; 2]>, to: VatId) {
    pins.push(to);
    pins.sort_unstable();
}

/// The receiver has acknowledged one.
pub(super) fn unpin(pins: &mut SmallVec<[VatId; 2]>, to: VatId) {
    if let Some(position) = pins.iter().position(|receiver| *receiver == to) {
        pins.remove(position);
    }
}
