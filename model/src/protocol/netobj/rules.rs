//! The rules of Network Objects: what a client does with a transmission, and what an owner does
//! with dirty and clean.

use super::body::{Clean, NetBody, ack};
use super::tables::{NetObjTables, Surrogate, pin, unpin};
use super::{Listing, NetObjBend};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::protocol::kit::{Named, Owner};
use crate::world::{Arrival, Given, Refused, What};
use captp_gc::protocol::{Incarnation, Index};
use smallvec::SmallVec;

impl<const LEASES: bool> Listing<LEASES> {
    pub(super) fn is_bent(self, bend: NetObjBend) -> bool {
        self.bend == Some(bend)
    }

    pub(super) fn describe(
        self,
        own: &mut NetObjTables,
        to: VatId,
        given: &Given,
    ) -> Result<Named, Refused> {
        let ghost = given.ghost;
        let (owner, index, again, bend) = match given.what {
            What::Local(object) => {
                let (index, again) = own.own(object);
                if !self.is_bent(NetObjBend::NoPinOfObjects) {
                    pin(&mut own.owned_mut(index).ok_or(Refused)?.pins, to);
                }
                return Ok(Named { owner: Owner::Sender, index, weight: 1, again, ghost });
            }
            What::Proxy(key) if key.peer == to => {
                (Owner::Receiver, key.at.index, true, NetObjBend::NoPinOfTargets)
            }
            What::Proxy(key) => {
                (Owner::Third(key.peer), key.at.index, false, NetObjBend::NoPinOfSurrogates)
            }
        };
        let surrogate = own.surrogate_mut(owner.of(own.id, to), index).ok_or(Refused)?;
        if !self.is_bent(bend) {
            pin(&mut surrogate.pins, to);
        }
        Ok(Named { owner, index, weight: 1, again, ghost })
    }

    /// What was pinned for a transmission to `to` is unpinned.
    pub(super) fn unpin(
        own: &mut NetObjTables,
        to: VatId,
        (owner, index): (VatId, Index),
        effects: &mut EffectsOf<Self>,
    ) {
        if owner != own.id {
            if let Some(surrogate) = own.surrogate_mut(owner, index) {
                unpin(&mut surrogate.pins, to);
            }
            return;
        }
        if let Some(owned) = own.owned_mut(index) {
            unpin(&mut owned.pins, to);
        }
        effects.evicted.extend(own.settle(index).map(What::Local));
    }

    /// Makes the surrogates that a transmission needs, and calls dirty for them.
    pub(super) fn arrive(
        self,
        own: &mut NetObjTables,
        from: VatId,
        named: &SmallVec<[Named; 2]>,
        effects: &mut EffectsOf<Self>,
    ) {
        for reference in named {
            let (owner, index) = (reference.owner(from, own.id), reference.index);
            let known = own.surrogate(owner, index);
            if owner == own.id || known.is_some_and(|surrogate| surrogate.live) {
                continue;
            }
            let incarnation = known.map_or(Incarnation::FIRST, |dead| dead.incarnation.successor());
            let event = own.make(owner, index, incarnation);
            effects.sent.push((owner, NetBody::Dirty { index, event }));
        }
        if self.is_bent(NetObjBend::EarlyAck) {
            effects.sent.push((from, ack(named)));
        }
        own.waiting.push((from, named.clone()));
        self.hand_over(own, effects);
    }

    /// Hands every transmission whose surrogates are ready to the application, and acknowledges it.
    pub(super) fn hand_over(self, own: &mut NetObjTables, effects: &mut EffectsOf<Self>) {
        for (from, named) in std::mem::take(&mut own.waiting) {
            let pending = named.iter().any(|n| {
                own.surrogate(n.owner(from, own.id), n.index).is_some_and(|s| s.calling.is_some())
            });
            if pending {
                own.waiting.push((from, named));
                continue;
            }
            for reference in &named {
                let (index, ghost) = (reference.index, reference.ghost);
                let owner = reference.owner(from, own.id);
                if owner == own.id {
                    let home = own.denoted(index);
                    effects.arrived.extend(home.map(|object| Arrival::Home { object, ghost }));
                } else if let Some(surrogate) = own.surrogate_mut(owner, index) {
                    let installed = !std::mem::replace(&mut surrogate.handed, true);
                    let incarnation = surrogate.incarnation;
                    let key = own.key(owner, index, incarnation);
                    effects.arrived.push(Arrival::Proxy { key, installed, ghost });
                }
            }
            if !self.is_bent(NetObjBend::EarlyAck) {
                effects.sent.push((from, ack(&named)));
            }
        }
        self.clean_unwanted(own);
    }

    /// The surrogate is gone, and the owner is to be told.
    pub(super) fn clean_up(self, own: &mut NetObjTables, (owner, index): (VatId, Index)) {
        own.remove(owner, index);
        let event = own.next_event();
        let failed = own.failed.contains(&(owner, index));
        let strong = failed && !self.is_bent(NetObjBend::NoStrongClean);
        own.cleans.push((owner, Clean { index, event, strong, upto: 0 }));
        if self.is_bent(NetObjBend::StrongOnce) {
            own.failed.retain(|place| *place != (owner, index));
        }
    }

    /// A dirty call has failed, or nobody knows whether it has: the transmissions that waited for
    /// it fail, and the owner is told to refuse it.
    pub(super) fn fail(
        self,
        own: &mut NetObjTables,
        (owner, index): (VatId, Index),
        effects: &mut EffectsOf<Self>,
    ) {
        if !own.failed.contains(&(owner, index)) {
            own.failed.push((owner, index));
            own.failed.sort_unstable();
        }
        self.clean_up(own, (owner, index));
        let id = own.id;
        for (from, named) in std::mem::take(&mut own.waiting) {
            if named.iter().all(|n| (n.owner(from, id), n.index) != (owner, index)) {
                own.waiting.push((from, named));
            } else if !self.is_bent(NetObjBend::EarlyAck) {
                effects.sent.push((from, ack(&named)));
            }
        }
        self.clean_unwanted(own);
    }

    /// What came with a transmission that failed, and is wanted by no other, is nobody's.
    fn clean_unwanted(self, own: &mut NetObjTables) {
        let id = own.id;
        let wanted = |surrogate: &Surrogate| {
            let mut waiting = own.waiting.iter();
            waiting.any(|(from, named)| {
                let place = (surrogate.owner, surrogate.index);
                named.iter().any(|n| (n.owner(*from, id), n.index) == place)
            })
        };
        let made = own.surrogates.iter().filter(|s| s.live && !s.handed && s.calling.is_none());
        let unwanted: SmallVec<[(VatId, Index); 1]> =
            made.filter(|s| !wanted(s)).map(|s| (s.owner, s.index)).collect();
        for place in unwanted {
            self.clean_up(own, place);
        }
    }

    pub(super) fn dirty(
        self,
        own: &mut NetObjTables,
        client: VatId,
        (index, event): (Index, u32),
    ) -> bool {
        let heeds = !self.is_bent(NetObjBend::EventsIgnored);
        let overtaken = own.buried(client, index);
        let Some(owned) = own.owned_mut(index) else { return false };
        let listed = owned.dirty.iter_mut().find(|(known, _)| *known == client);
        let latest = listed.as_ref().map(|(_, latest)| *latest).max(overtaken);
        if heeds && latest.is_some_and(|latest| event <= latest) {
            return false;
        }
        match listed {
            Some((_, latest)) => *latest = event,
            None => {
                owned.dirty.push((client, event));
                owned.dirty.sort_unstable();
            }
        }
        if LEASES && !own.leases.contains(&client) {
            own.leases.push(client);
            own.leases.sort_unstable();
        }
        true
    }

    pub(super) fn clean(
        self,
        own: &mut NetObjTables,
        client: VatId,
        clean: &Clean,
        effects: &mut EffectsOf<Self>,
    ) {
        let heeds = !self.is_bent(NetObjBend::EventsIgnored);
        let overtaken = own.buried(client, clean.index);
        let Some(owned) = own.owned_mut(clean.index) else { return };
        let listed = owned.dirty.iter().find(|(known, _)| *known == client);
        let latest = listed.map(|(_, latest)| *latest).max(overtaken);
        if heeds && latest.is_some_and(|latest| clean.event <= latest) {
            return;
        }
        let unlisted = owned.dirty.iter().all(|(known, _)| *known != client);
        owned.dirty.retain(|(known, _)| *known != client);
        let bent = unlisted && self.is_bent(NetObjBend::NoTombstoneOfUnlisted);
        if clean.strong && !bent {
            own.tombstones.retain(|(of, at, _)| (*of, *at) != (client, clean.index));
            own.tombstones.push((client, clean.index, clean.event));
            own.tombstones.sort_unstable();
        }
        effects.evicted.extend(own.settle(clean.index).map(What::Local));
        let listed = own.owned.iter().flat_map(|owned| &owned.dirty);
        let last = !listed.map(|(known, _)| known).any(|known| *known == client);
        if last && !self.is_bent(NetObjBend::LeaseKept) {
            own.leases.retain(|known| *known != client);
        }
    }

    /// A client is taken for dead: it has no lease any more, and whatever it is listed for, and
    /// what was remembered of it, goes.
    pub(super) fn expire(
        self,
        own: &mut NetObjTables,
        client: VatId,
        effects: &mut EffectsOf<Self>,
    ) {
        own.leases.retain(|known| *known != client);
        own.tombstones.retain(|(of, ..)| *of != client);
        if !self.is_bent(NetObjBend::DeadStayListed) {
            for owned in &mut own.owned {
                owned.dirty.retain(|(known, _)| *known != client);
            }
        }
        let all: SmallVec<[Index; 2]> = own.owned.iter().map(|owned| owned.index).collect();
        for index in all {
            effects.evicted.extend(own.settle(index).map(What::Local));
        }
    }

    /// A peer is dead, or is taken for dead. Nothing of its own is left here, nothing that was said
    /// to it will be acknowledged, and as a client it is forgotten.
    pub(super) fn bury(self, own: &mut NetObjTables, peer: VatId, effects: &mut EffectsOf<Self>) {
        own.surrogates.retain(|surrogate| surrogate.owner != peer);
        own.cleans.retain(|(owner, _)| *owner != peer);
        own.failed.retain(|(owner, _)| *owner != peer);
        own.renewing.retain(|(owner, ..)| *owner != peer);
        own.waiting.retain(|(from, _)| *from != peer);
        if !self.is_bent(NetObjBend::PinsOutliveReceiver) {
            let surrogates = own.surrogates.iter_mut().map(|surrogate| &mut surrogate.pins);
            let pins = own.owned.iter_mut().map(|owned| &mut owned.pins).chain(surrogates);
            pins.for_each(|pins| pins.retain(|receiver| *receiver != peer));
        }
        self.expire(own, peer, effects);
    }

    /// The client calls dirty again for all that it has of an owner's.
    pub(super) fn renew(own: &mut NetObjTables, owner: VatId, effects: &mut EffectsOf<Self>) {
        let ready = own.surrogates.iter().filter(|s| s.owner == owner && s.is_ready());
        let ready: SmallVec<[Index; 2]> = ready.map(|surrogate| surrogate.index).collect();
        for index in ready {
            let event = own.next_event();
            own.renewing.push((owner, index, event));
            effects.sent.push((owner, NetBody::Dirty { index, event }));
        }
    }

    /// The outcome of a renewal is known, or it is known that it will not be: then a late one must
    /// be refused, when the surrogate is cleaned.
    pub(super) fn renewed(
        self,
        own: &mut NetObjTables,
        (owner, index, event): (VatId, Index, u32),
        known: bool,
    ) {
        let before = own.renewing.len();
        own.renewing.retain(|renewal| *renewal != (owner, index, event));
        if own.renewing.len() < before && !known && !own.failed.contains(&(owner, index)) {
            own.failed.push((owner, index));
            own.failed.sort_unstable();
        }
    }
}
