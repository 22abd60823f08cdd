//! A state of the world: the vats and the channels between them.

use super::part::Part;
use super::vat::{Half, Vat};
use super::wire::{Body, Ref, Whose, Wire};
use crate::names::VatId;
use crate::protocol::View;
use captp_gc::protocol::SessionId;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::hash::{Hash, Hasher};

/// A state of the world.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Serialize, T::Body: Serialize",
    deserialize = "T: Deserialize<'de>, T::Body: Deserialize<'de>"
))]
pub struct State<T: View> {
    vats: SmallVec<[Part<Vat<T>>; 2]>,
    /// All to VatA, then all to VatB, and so on; by sender.
    wires: SmallVec<[Part<Wire<T::Body>>; 2]>,
}

impl<T: View> State<T> {
    pub(super) fn new(vats: impl Iterator<Item = Vat<T>>) -> Self {
        let vats: SmallVec<[_; 2]> = vats.map(Part::new).collect();
        let wires = vats.len() * (vats.len() - 1);
        Self { vats, wires: smallvec![Part::new(Wire::default()); wires] }
    }

    pub(super) fn change_vat(&mut self, id: VatId, change: impl FnOnce(&mut Vat<T>)) {
        self.vats[id.number()].change(change);
    }

    pub(super) fn change_wire<R>(
        &mut self,
        (from, to): (VatId, VatId),
        change: impl FnOnce(&mut Wire<T::Body>) -> R,
    ) -> R {
        let place = self.place(from, to);
        self.wires[place].change(change)
    }

    /// One of the vats.
    pub fn vat(&self, id: VatId) -> &Vat<T> {
        &self.vats[id.number()]
    }

    /// How many vats there are.
    pub fn vat_count(&self) -> u8 {
        if self.vats.len() > 2 { 3 } else { 2 }
    }

    /// The vats.
    pub fn ids(&self) -> impl Iterator<Item = VatId> + Clone + use<T> {
        VatId::first(self.vat_count())
    }

    /// Every ordered pair of vats.
    pub fn pairs(&self) -> impl Iterator<Item = (VatId, VatId)> + Clone + use<T> {
        VatId::pairs(self.vat_count())
    }

    /// The messages in flight.
    pub fn wire(&self, from: VatId, to: VatId) -> &Wire<T::Body> {
        &self.wires[self.place(from, to)]
    }

    fn place(&self, from: VatId, to: VatId) -> usize {
        to.number() * (self.vats.len() - 1) + from.among_peers_of(to)
    }

    /// The session of a vat with a peer, and whether it is open.
    pub fn session(&self, of: VatId, with: VatId) -> (SessionId, bool) {
        let link = self.vat(of).links[with.among_peers_of(of)];
        (link.session, link.open)
    }

    /// The session that two vats are in, if they are in the same one.
    pub fn shared_session(&self, one: VatId, other: VatId) -> Option<SessionId> {
        let ((session, open), (theirs, theirs_open)) =
            (self.session(one, other), self.session(other, one));
        (open && theirs_open && session == theirs).then_some(session)
    }

    /// What the messages of a session say that `to` has not read whole, in sending order.
    pub fn in_flight(
        &self,
        from: VatId,
        to: VatId,
        session: SessionId,
    ) -> impl Iterator<Item = &T::Body> + Clone {
        let current = self.wire(from, to).iter().filter(move |m| m.session == session);
        let half = Half::with(self.vat(to).reading.as_ref(), from);
        half.into_iter().chain(current.filter_map(|message| message.correct()))
    }

    /// What the messages of the exporter's current session say that `to` has not read whole and
    /// that will count, and the one in the making.
    pub fn unread(&self, from: VatId, to: VatId) -> impl Iterator<Item = &T::Body> + Clone {
        let (session, _) = self.session(from, to);
        let tables = &self.vat(to).tables;
        let writing = Half::with(self.vat(from).writing.as_ref(), to);
        let all = self.in_flight(from, to, session).chain(writing);
        all.filter(move |body| tables.will_count(from, body))
    }

    /// The mentions of `exporter`'s exports that `importer` has not read: those on the wire, and
    /// those of a message in the making or half read. A third vat may have written them.
    pub fn unread_mentions(
        &self,
        exporter: VatId,
        importer: VatId,
    ) -> impl Iterator<Item = Ref> + Clone {
        let own = self.unread(exporter, importer).flat_map(Body::refs);
        let own = own.filter(|r| r.whose == Whose::Sender);
        let third = VatId::first(self.vat_count());
        let third = third.filter(move |id| *id != exporter && *id != importer);
        let others = third.flat_map(move |from| self.unread(from, importer));
        let others = others.flat_map(Body::refs);
        let others = others.filter(move |r| r.whose == Whose::Third(exporter));
        own.chain(others).chain(self.vat(importer).tables.waiting(exporter))
    }

    /// The uses of `exporter`'s exports and answers that are in flight from `importer`.
    pub fn uses(&self, exporter: VatId, importer: VatId) -> impl Iterator<Item = Ref> + Clone {
        let (session, _) = self.session(exporter, importer);
        let bodies = self.in_flight(importer, exporter, session);
        bodies.flat_map(Body::refs).filter(|r| r.whose == Whose::Receiver)
    }
}

impl<T: View> Hash for State<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.vats.hash(hasher);
        self.wires.hash(hasher);
    }
}
