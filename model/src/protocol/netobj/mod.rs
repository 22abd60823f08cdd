//! Network Objects and Java RMI: the owner keeps a list of the clients that have a surrogate, and
//! not a number.
//!
//! A client calls `dirty` when it makes a surrogate and `clean` when the surrogate is gone. Each
//! call has the number of an event at the client, and the owner heeds only the latest: so calls may
//! be late, repeated, or overtake each other. What is being transmitted is pinned by its sender
//! until the receiver has acknowledged the transmission, which it does only when its dirty calls
//! are answered. That alone makes it safe to hand a reference on to a third space.
//!
//! The transport finds out that a space is dead, or cannot be reached for so long that it is taken
//! for dead. Then it is on no list any more, its tombstones go, and so do the pins for what it will
//! never acknowledge; what it had transmitted is not waited for, and surrogates of its objects are
//! broken. A session is one life of two spaces with each other: a space that starts again is
//! another one, whose events and objects have nothing to do with those of the dead.
//!
//! **Modelled:** dirty and clean with events; a strong clean, and the tombstone that it leaves,
//! where the outcome of a dirty call is unknown; pins for own objects, for surrogates that are
//! handed on, and for those that are called; batches of cleans by a background thread, and their
//! repetition; lost calls and late replies; three spaces; channels without any order, for every
//! call may have a connection of its own; the death of one space of two, and its return.
//! **Left out:** pings, as what they find is all that matters; a death that only one of the two
//! takes note of; the death of a space that has handed on to a third; a limit on repetitions; the
//! loss of what carries references and of its acknowledgement, which is a failed method call.
//! **Ours:** once a dirty call has failed, every later clean of that object is strong. If only the
//! first were, it would leak: the search found that a newer dirty call may make the owner ignore
//! it. That is a mutation here. And a strong clean leaves its tombstone whether or not its client
//! is listed: the dirty call that it is about may be the first.
//!
//! **Java RMI** has leases besides: a client renews them by calling dirty again, and an owner
//! takes a client whose lease ran out for dead. Nobody pings: that a lease runs out is how a
//! session ends at the owner, whether the client died or no renewal of its came through for so
//! long. Modelled: renewals, lost and late ones too; the table of leases; leases that run out; the
//! one thread that renews and cleans, a call at a time. Time is not: in the full rules a lease
//! runs out only with its session. That it runs out because a renewal is merely late is what its
//! length excludes, and a mutation here.
//!
//! **Source:** DEC SRC Network Objects, the Modula-3 source in modula3/cm3 (`NetObjRT.m3`, and
//! `Transport.i3` for deaths); for RMI, openjdk's `DGCClient`, `DGCImpl` and `Target`.

mod body;
mod rules;
mod tables;

pub use body::{Clean, NetBody};
pub use tables::NetObjTables;

use super::kit::Named;
use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Content, Key, Refused, WireOrder, Work};
use captp_gc::protocol::{Admission, Index, SessionId};
use smallvec::SmallVec;
use tables::Surrogate;

/// One way of getting it wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NetObjBend {
    /// A surrogate that is handed on is not pinned.
    NoPinOfSurrogates,
    /// An object that is transmitted is not pinned.
    NoPinOfObjects,
    /// A surrogate that is called is not pinned.
    NoPinOfTargets,
    /// After a dirty call that has failed, the clean is a normal one.
    NoStrongClean,
    /// A strong clean of a client that is not listed leaves no tombstone.
    NoTombstoneOfUnlisted,
    /// Only the first clean after a dirty call that has failed is strong.
    StrongOnce,
    /// The owner heeds calls in the order in which they arrive.
    EventsIgnored,
    /// A notification acts on whatever surrogate stands there.
    NoIdentityCheck,
    /// A transmission is acknowledged when it arrives.
    EarlyAck,
    /// A lease runs out although its client lives, and is not told.
    LeaseTooShort,
    /// A client's lease stays when its last reference is cleaned.
    LeaseKept,
    /// A clean call that was lost is not made again.
    NoRetry,
    /// A client that is dead stays on the lists.
    DeadStayListed,
    /// What is pinned for a transmission stays pinned when its receiver dies.
    PinsOutliveReceiver,
    /// What a space had sent before it died is heeded afterwards.
    DeadAreHeard,
}

/// A protocol with lists of clients, with or without leases, and with at most one rule bent.
#[derive(Clone, Copy, Debug)]
pub struct Listing<const LEASES: bool> {
    bend: Option<NetObjBend>,
}

/// Network Objects.
pub type NetObj = Listing<false>;
/// Java RMI: the same with leases.
pub type Rmi = Listing<true>;

const CLEANS: u8 = 0;
const TIMEOUT: u8 = 1;
const RENEW: u8 = 2;
const EXPIRE: u8 = 3;
const LATE: u8 = 4;

impl<const LEASES: bool> Listing<LEASES> {
    fn lease_work(self, own: &NetObjTables) -> SmallVec<[Work; 2]> {
        let mut work = SmallVec::new();
        let index = Index::new(0);
        for peer in VatId::ALL.into_iter().filter(|_| LEASES) {
            let ready = own.surrogates.iter().any(|s| s.owner == peer && s.is_ready());
            if ready && own.renewing.is_empty() {
                let what = "renews its leases";
                work.push(Work { code: RENEW, what, peer, index, trouble: true });
            }
            if own.leases.contains(&peer) && self.is_bent(NetObjBend::LeaseTooShort) {
                let what = "takes a client for dead";
                work.push(Work { code: EXPIRE, what, peer, index, trouble: true });
            }
        }
        work
    }
}

impl<const LEASES: bool> Protocol for Listing<LEASES> {
    type Tables = NetObjTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::NetObj(bend) | Bend::Rmi(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> NetObjTables {
        NetObjTables::new(id, vats)
    }

    fn wire_order(&self) -> WireOrder {
        WireOrder::Unordered
    }

    fn write(
        &self,
        own: &mut NetObjTables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<NetBody, Refused> {
        let (given, call) = match content {
            Content::Deliver(given) => (&given[..], false),
            Content::Call(target) => (std::slice::from_ref(target), true),
            Content::Ask { .. } | Content::Return { .. } => return Err(Refused),
        };
        let named: Result<SmallVec<[Named; 2]>, _> =
            given.iter().map(|given| self.describe(own, to, given)).collect();
        Ok(NetBody::Transmit { named: named?, call })
    }

    fn unwrite(
        &self,
        own: &mut NetObjTables,
        to: VatId,
        body: &NetBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let NetBody::Transmit { named, .. } = body else { return Err(Refused) };
        for reference in named {
            let place = (reference.owner(own.id, to), reference.index);
            Self::unpin(own, to, place, effects);
        }
        Ok(())
    }

    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission {
        match ours.admit(theirs) {
            Admission::Stale if self.is_bent(NetObjBend::DeadAreHeard) => Admission::Current,
            admission => admission,
        }
    }

    fn read(
        &self,
        own: &mut NetObjTables,
        from: VatId,
        body: &NetBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        match body {
            NetBody::Transmit { named, .. } => self.arrive(own, from, named, effects),
            NetBody::Ack(acknowledged) => {
                for (owner, index) in acknowledged {
                    let place = (owner.of(from, own.id), *index);
                    Self::unpin(own, from, place, effects);
                }
            }
            NetBody::Dirty { index, event } => {
                let accepted = self.dirty(own, from, (*index, *event));
                let (index, event) = (*index, *event);
                effects.sent.push((from, NetBody::DirtyReply { index, event, accepted }));
            }
            NetBody::DirtyReply { index, event, accepted } => {
                self.renewed(own, (from, *index, *event), true);
                let surrogate = own.surrogate_mut(from, *index);
                let asked = surrogate.filter(|surrogate| surrogate.calling == Some(*event));
                match asked {
                    // Nobody waits for it any more.
                    None => {}
                    Some(surrogate) if *accepted => {
                        surrogate.calling = None;
                        self.hand_over(own, effects);
                    }
                    Some(_) => self.fail(own, (from, *index), effects),
                }
            }
            NetBody::Clean(batch) => {
                for clean in batch {
                    self.clean(own, from, clean, effects);
                }
            }
        }
        Ok(())
    }

    /// A surrogate of a dead owner's has its clean-up, too.
    fn clear(&self, own: &mut NetObjTables, proxy: Key) -> bool {
        if proxy.session != own.session(proxy.peer) {
            return true;
        }
        let surrogate = own.surrogate_mut(proxy.peer, proxy.at.index);
        let surrogate = surrogate.filter(|s| s.incarnation == proxy.incarnation && s.live);
        surrogate.is_some_and(|surrogate| {
            surrogate.live = false;
            true
        })
    }

    fn notify(&self, own: &mut NetObjTables, proxy: Key, _effects: &mut EffectsOf<Self>) {
        let (owner, index) = (proxy.peer, proxy.at.index);
        if proxy.session != own.session(owner) {
            return;
        }
        let anyone = self.is_bent(NetObjBend::NoIdentityCheck);
        let it = |s: &&Surrogate| s.incarnation == proxy.incarnation && !s.live;
        if own.surrogate(owner, index).filter(|s| anyone || it(s)).is_none() {
            return;
        }
        self.clean_up(own, (owner, index));
    }

    fn work(&self, own: &NetObjTables) -> SmallVec<[Work; 2]> {
        let mut work = SmallVec::new();
        // One thread renews and cleans, and each of its calls ends before the next begins.
        let idle = |owner: &VatId| own.renewing.iter().all(|(of, ..)| of != owner);
        let due = own.cleans.iter().map(|(owner, _)| *owner).filter(idle);
        let mut owners: SmallVec<[VatId; 2]> = due.collect();
        owners.sort_unstable();
        owners.dedup();
        work.extend(self.lease_work(own));
        let what = "makes its clean calls";
        let index = Index::new(0);
        work.extend(owners.into_iter().map(|peer| Work {
            code: CLEANS,
            what,
            peer,
            index,
            trouble: false,
        }));
        let calling = own.surrogates.iter().filter(|surrogate| surrogate.calling.is_some());
        work.extend(calling.map(|surrogate| Work {
            code: TIMEOUT,
            what: "waits for its dirty call no longer",
            peer: surrogate.owner,
            index: surrogate.index,
            trouble: true,
        }));
        work.extend(own.renewing.iter().map(|(peer, index, _)| Work {
            code: LATE,
            what: "waits for its renewal no longer",
            peer: *peer,
            index: *index,
            trouble: true,
        }));
        work
    }

    fn do_work(&self, own: &mut NetObjTables, work: Work, effects: &mut EffectsOf<Self>) {
        match work.code {
            TIMEOUT => return self.fail(own, (work.peer, work.index), effects),
            LATE => {
                let at = (work.peer, work.index);
                let late = own.renewing.iter().find(|(owner, index, _)| (*owner, *index) == at);
                if let Some(renewal) = late.copied() {
                    self.renewed(own, renewal, false);
                }
                return;
            }
            RENEW => return Self::renew(own, work.peer, effects),
            EXPIRE => return self.expire(own, work.peer, effects),
            _ => {}
        }
        let due = own.cleans.iter().filter(|(owner, _)| *owner == work.peer);
        let mut batch: SmallVec<[Clean; 1]> = due.map(|(_, clean)| *clean).collect();
        for clean in &mut batch {
            // A renewal may have failed since it was queued.
            clean.strong |= own.failed.contains(&(work.peer, clean.index))
                && !self.is_bent(NetObjBend::NoStrongClean);
        }
        own.cleans.retain(|(owner, _)| *owner != work.peer);
        effects.sent.push((work.peer, NetBody::Clean(batch)));
    }

    fn may_lose(&self, body: &NetBody) -> bool {
        !matches!(body, NetBody::Transmit { .. } | NetBody::Ack(_))
    }

    fn lost(
        &self,
        own: &mut NetObjTables,
        to: VatId,
        body: &NetBody,
        effects: &mut EffectsOf<Self>,
    ) {
        match body {
            NetBody::Dirty { index, event }
                if own.surrogate(to, *index).is_some_and(|s| s.calling == Some(*event)) =>
            {
                self.fail(own, (to, *index), effects);
            }
            NetBody::Dirty { index, event } => self.renewed(own, (to, *index, *event), false),
            NetBody::Clean(batch) if !self.is_bent(NetObjBend::NoRetry) => {
                own.cleans.extend(batch.iter().map(|clean| (to, *clean)));
            }
            _ => {}
        }
    }

    fn close(
        &self,
        own: &mut NetObjTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let session = own.session_mut(peer);
        if next <= *session {
            return Err(Refused);
        }
        *session = next;
        self.bury(own, peer, effects);
        Ok(())
    }
}
