//! OCapN, as its draft and two implementations of it have it, and the ways to bend it.
//!
//! **Modelled:** positions that are never used again; `op:gc-exports` with a list of positions and
//! one of wire deltas; hand-offs to a third vat by gift, the deposit and the withdrawal in either
//! order. [`Goblins`] gives each incarnation of a proxy its own share of the count, credits
//! repeated mentions to the position, and polls its guardian, so that several deaths go into one
//! message. [`EndoOcapn`] notes what a message mentions, counts it when the message is read whole,
//! and unregisters the finaliser of a dead proxy when its successor is installed. **Left out:**
//! promises, answers (`op:gc-answers`), the certificates of a hand-off, position 0, sends that
//! fail, and what the draft is silent on: deltas that are too large, positions that are unknown.
//! **Source:** the OCapN draft (`op:gc-exports`, `desc:handoff-give`), Goblins' `captp.scm`, and
//! `@endo/ocapn`; its mended defects are mended here.

mod body;
mod handoff;
mod shares;
mod tables;

pub use body::{Desc, Gift, OcapnBody, Wired};
pub use tables::OcapnTables;

use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Given, Key, Refused, What, Work};
use captp_gc::protocol::{Index, SessionId};
use smallvec::SmallVec;
use tables::Link;

/// One way of getting OCapN wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OcapnBend {
    /// `op:gc-exports` has no wire deltas: the exporter forgets the position at once.
    NoWireDeltas,
    /// The importer counts a position once per message, the exporter each mention.
    CountedOncePerMessage,
    /// A collection message that is sent while a message is read forgets what that one mentions.
    NotedCountsForgotten,
    /// The finaliser of a dead proxy is not unregistered, and acts on whatever has the position.
    FinaliserNotUnregistered,
    /// A dead incarnation gives back the whole count of its position.
    GivesAllBack,
    /// A repeated mention is credited by another fibre, later.
    CreditedLater,
    /// A gift that somebody waits for is kept all the same when it is handed out.
    GiftKeptWhenHandedOut,
    /// A gift is only a position: it goes when the donor drops what it gave.
    GiftNotHeld,
}

/// OCapN, with at most one rule bent: as Goblins has it, or as `@endo/ocapn`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ocapn<const SHARES: bool> {
    bend: Option<OcapnBend>,
}

/// Goblins: each incarnation has its share of the count.
pub type Goblins = Ocapn<true>;
/// `@endo/ocapn`: counts are pending until a message is whole.
pub type EndoOcapn = Ocapn<false>;

impl<const SHARES: bool> Ocapn<SHARES> {
    fn is_bent(self, bend: OcapnBend) -> bool {
        self.bend == Some(bend)
    }

    /// Describes a reference. A third vat's is deposited with it.
    fn describe(
        own: &mut OcapnTables,
        to: VatId,
        given: &Given,
        effects: &mut EffectsOf<Self>,
    ) -> Result<Wired, Refused> {
        let ghost = given.ghost;
        let desc = match given.what {
            What::Proxy(key) if key.peer == to => Desc::Export(key.at.index),
            What::Proxy(key) => return Ok(own.give(to, key, ghost, &mut effects.sent)),
            what @ What::Local(_) => {
                let link = own.link_mut(to);
                let known = link.exports.index_of(what).is_some();
                let (index, _) = link.exports.mention(what, ()).ok_or(Refused)?;
                Desc::Import(index, known)
            }
        };
        Ok(Wired { desc, ghost })
    }

    /// R4: positions and how many mentions of each are given back.
    fn lower(
        self,
        own: &mut OcapnTables,
        from: VatId,
        index: Index,
        delta: u32,
    ) -> Result<Option<What>, Refused> {
        let exports = &mut own.link_mut(from).exports;
        let evicted = match exports.release(index, delta) {
            Ok(None) if self.is_bent(OcapnBend::NoWireDeltas) => exports.remove(index),
            released => released.map_err(|_refusal| Refused)?,
        };
        if self.is_bent(OcapnBend::GiftNotHeld) {
            own.deposited.retain(|(_, what)| Some(*what) != evicted);
        }
        Ok(evicted)
    }
}

impl<const SHARES: bool> Protocol for Ocapn<SHARES> {
    type Tables = OcapnTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Goblins(bend)) if SHARES => Self { bend: Some(bend) },
            Some(Bend::EndoOcapn(bend)) if !SHARES => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> OcapnTables {
        let links = id.others(vats).map(|_| Link::new(SessionId::FIRST)).collect();
        OcapnTables { id, links, deposited: SmallVec::new(), awaited: SmallVec::new() }
    }

    fn write(
        &self,
        own: &mut OcapnTables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<OcapnBody, Refused> {
        match content {
            Content::Deliver(given) => {
                let wired = given.iter().map(|given| Self::describe(own, to, given, effects));
                Ok(OcapnBody::Deliver(wired.collect::<Result<_, _>>()?))
            }
            Content::Call(target) => Self::describe(own, to, target, effects).map(OcapnBody::Call),
            Content::Ask { .. } | Content::Return { .. } => Err(Refused),
        }
    }

    fn read(
        &self,
        own: &mut OcapnTables,
        from: VatId,
        body: &OcapnBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        self.begin_read(own, from, body, effects)?;
        self.end_read(own, from, body, effects)
    }

    /// Nothing is noted of a message that comes home to where nothing is.
    fn begin_read(
        &self,
        own: &mut OcapnTables,
        from: VatId,
        body: &OcapnBody,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(from);
        let unknown = |wired: &Wired| match wired.desc {
            Desc::Export(index) => link.exports.get(index).is_none(),
            Desc::Import(..) | Desc::Handoff(..) => false,
        };
        if body.wired().iter().any(unknown) {
            return Err(Refused);
        }
        if !SHARES {
            self.note(link, body);
        }
        Ok(())
    }

    fn end_read(
        &self,
        own: &mut OcapnTables,
        from: VatId,
        body: &OcapnBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        match body {
            OcapnBody::GcExports(given) => {
                for given in given {
                    effects.evicted.extend(self.lower(own, from, given.index, given.delta)?);
                }
                return Ok(());
            }
            OcapnBody::Deposit(gift, target) => {
                return self.deposit(own, from, *gift, *target, effects);
            }
            OcapnBody::Withdraw(gift, ghost) => {
                return Self::withdraw(own, from, *gift, *ghost, effects);
            }
            OcapnBody::Deliver(_) | OcapnBody::Call(_) => {}
        }
        for Wired { desc, ghost } in body.wired() {
            let (link, ghost) = (own.link_mut(from), *ghost);
            match *desc {
                Desc::Export(index) => match link.exports.get(index).ok_or(Refused)?.what {
                    What::Local(object) => effects.arrived.push(Arrival::Home { object, ghost }),
                    What::Proxy(_) => return Err(Refused),
                },
                Desc::Handoff(host, gift) => {
                    effects.sent.push((host, OcapnBody::Withdraw(gift, ghost)));
                }
                Desc::Import(index, _) => {
                    let handed = if SHARES {
                        self.mention_shared(link, index)
                    } else {
                        self.mention_noted(link, from, index, effects)
                    };
                    let (incarnation, installed) = handed.ok_or(Refused)?;
                    let key = link.key(from, index, incarnation);
                    effects.arrived.push(Arrival::Proxy { key, installed, ghost });
                }
            }
        }
        own.link_mut(from).pending.clear();
        Ok(())
    }

    fn clear(&self, own: &mut OcapnTables, proxy: Key) -> bool {
        let link = own.link_mut(proxy.peer);
        if proxy.session != link.session {
            return true;
        }
        let cleared = link.imports.clear(proxy.at.index, proxy.incarnation);
        if let Some(import) = link.imports.get_mut(proxy.at.index).filter(|_| cleared) {
            import.mark.unserved += 1;
        }
        cleared
    }

    fn notify(&self, own: &mut OcapnTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let link = own.link_mut(proxy.peer);
        if proxy.session != link.session {
            return;
        }
        let index = proxy.at.index;
        if SHARES {
            let given = self.give_share_back(link, index);
            link.batch.extend(given);
        } else if let Some(given) = self.finalise(link, index) {
            effects.sent.push((proxy.peer, OcapnBody::GcExports(SmallVec::from_elem(given, 1))));
        }
    }

    fn work(&self, own: &OcapnTables) -> SmallVec<[Work; 2]> {
        let mut work = SmallVec::new();
        let of = |code, what, peer, index| Work { code, what, peer, index, trouble: false };
        for (peer, link) in own.each_link() {
            if let Some(first) = link.batch.first() {
                work.push(of(shares::POLL, "sends what its guardian found", peer, first.index));
            }
            let late = link.uncredited.iter();
            let what = "credits a repeated mention";
            work.extend(late.map(|index| of(shares::CREDIT, what, peer, *index)));
        }
        work
    }

    fn do_work(&self, own: &mut OcapnTables, work: Work, effects: &mut EffectsOf<Self>) {
        let link = own.link_mut(work.peer);
        if work.code == shares::POLL {
            let batch = std::mem::take(&mut link.batch);
            effects.sent.push((work.peer, OcapnBody::GcExports(batch)));
        } else if let Some(at) = link.uncredited.iter().position(|index| *index == work.index) {
            link.uncredited.remove(at);
            link.credit(work.index);
        }
    }

    fn close(
        &self,
        own: &mut OcapnTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(peer);
        if next <= link.session {
            return Err(Refused);
        }
        effects.evicted.extend(link.exports.close());
        *link = Link::new(next);
        own.deposited.retain(|(gift, _)| gift.donor != peer && gift.recipient != peer);
        own.awaited.retain(|(gift, _)| gift.donor != peer && gift.recipient != peer);
        Ok(())
    }
}
