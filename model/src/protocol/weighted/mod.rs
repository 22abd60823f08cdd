//! Weighted reference counting: every reference has a weight, a copy splits it, a drop gives it
//! back. A copy needs no message to the owner, so no increment can be overtaken by a decrement.
//!
//! **Modelled:** an owner's total for each object, over all vats; the weight that travels with each
//! mention and is added up at the holder; the split when a vat hands a reference on; and at weight
//! 1, which cannot be split, the indirection of the original papers: the vat exports its own proxy.
//! **Left out:** topping a weight up from the owner, which is another answer to weight 1; answers
//! and promises; ends of sessions.
//! **Source:** D. I. Bevan, and P. Watson and I. Watson, both PARLE 1987: read in secondary
//! accounts only.

mod tables;

pub use tables::WeightedTables;

use super::kit::{Named, NamedOp, Owner, key};
use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Given, Key, Refused, What};
use captp_gc::protocol::SessionId;

/// The weight of what an owner mentions: the smallest that can be split once.
pub const FIRST_WEIGHT: u32 = 2;

/// One way of getting it wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WeightedBend {
    /// The owner frees at the first drop.
    FreedAtFirstDrop,
    /// A notification acts whether or not a live successor stands there.
    NoSuccessorCheck,
    /// A copy has the whole weight, and so has what stays.
    WeightCopied,
    /// The weight of a further mention is not added.
    WeightNotAdded,
    /// A reference of weight 1 is split into 1 and nothing.
    SplitToNothing,
    /// The weight of a message that could not be sent is not taken back.
    FailedSendKept,
    /// A drop gives back one, whatever the weight is.
    DropsOne,
}

/// Weighted reference counting, with at most one rule bent.
#[derive(Clone, Copy, Debug)]
pub struct Weighted {
    bend: Option<WeightedBend>,
}

impl Weighted {
    fn is_bent(self, bend: WeightedBend) -> bool {
        self.bend == Some(bend)
    }

    fn describe(
        self,
        own: &mut WeightedTables,
        to: VatId,
        given: &Given,
    ) -> Result<Named, Refused> {
        let ghost = given.ghost;
        let what = match given.what {
            What::Proxy(key) if key.peer == to => {
                let index = key.at.index;
                return Ok(Named { owner: Owner::Receiver, index, weight: 0, again: true, ghost });
            }
            What::Proxy(key) => {
                let index = key.at.index;
                let import = own.import_mut(key.peer, index).ok_or(Refused)?;
                let whole = self.is_bent(WeightedBend::WeightCopied);
                let weight = if whole { import.weight } else { import.weight / 2 };
                if weight > 0 || self.is_bent(WeightedBend::SplitToNothing) {
                    import.weight -= if whole { 0 } else { weight };
                    let owner = Owner::Third(key.peer);
                    return Ok(Named { owner, index, weight, again: false, ghost });
                }
                // A weight of 1 cannot be split: an indirection.
                given.what
            }
            What::Local(_) => given.what,
        };
        let (index, again) = own.weigh(what, FIRST_WEIGHT);
        Ok(Named { owner: Owner::Sender, index, weight: FIRST_WEIGHT, again, ghost })
    }
}

impl Protocol for Weighted {
    type Tables = WeightedTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Weighted(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, _vats: u8) -> WeightedTables {
        WeightedTables::new(id)
    }

    fn write(
        &self,
        own: &mut WeightedTables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<NamedOp, Refused> {
        NamedOp::write(content, |given| self.describe(own, to, given))
    }

    fn unwrite(
        &self,
        own: &mut WeightedTables,
        _to: VatId,
        body: &NamedOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if self.is_bent(WeightedBend::FailedSendKept) {
            return Ok(());
        }
        for named in body.named() {
            match named.owner {
                Owner::Receiver => {}
                Owner::Sender => effects.evicted.extend(own.lower(named.index, named.weight)?),
                Owner::Third(owner) => {
                    own.import_mut(owner, named.index).ok_or(Refused)?.weight += named.weight;
                }
            }
        }
        Ok(())
    }

    fn read(
        &self,
        own: &mut WeightedTables,
        from: VatId,
        body: &NamedOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if let NamedOp::Drop { index, weight, .. } = *body {
            let total = own.total(index).ok_or(Refused)?;
            let all = self.is_bent(WeightedBend::FreedAtFirstDrop);
            effects.evicted.extend(own.lower(index, if all { total } else { weight })?);
            return Ok(());
        }
        if matches!(body, NamedOp::Done { .. }) {
            return Err(Refused);
        }
        for named in body.named() {
            let owner = named.owner(from, own.id());
            let ghost = named.ghost;
            effects.arrived.push(if owner == own.id() {
                match own.denoted(named.index).ok_or(Refused)? {
                    What::Local(object) => Arrival::Home { object, ghost },
                    What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
                }
            } else {
                let known = own.import_mut(owner, named.index).is_some_and(|i| i.weight > 0);
                let ignored = known && self.is_bent(WeightedBend::WeightNotAdded);
                let weight = if ignored { 0 } else { named.weight };
                let (incarnation, installed) = own.receive(owner, named.index, weight);
                Arrival::Proxy { key: key(owner, named.index, incarnation), installed, ghost }
            });
        }
        Ok(())
    }

    fn clear(&self, own: &mut WeightedTables, proxy: Key) -> bool {
        own.clear(proxy)
    }

    fn notify(&self, own: &mut WeightedTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let index = proxy.at.index;
        let unchecked = self.is_bent(WeightedBend::NoSuccessorCheck);
        let Some(import) = own.import_mut(proxy.peer, index) else { return };
        if import.live && !unchecked {
            return;
        }
        import.live = false;
        let weight = std::mem::take(&mut import.weight);
        let weight = if self.is_bent(WeightedBend::DropsOne) { weight.min(1) } else { weight };
        if weight > 0 {
            let drop = NamedOp::Drop { owner: Owner::Receiver, index, weight, upto: 0 };
            effects.sent.push((proxy.peer, drop));
        }
    }

    fn close(
        &self,
        own: &mut WeightedTables,
        peer: VatId,
        _next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        effects.evicted.extend(own.close(peer));
        Ok(())
    }
}
