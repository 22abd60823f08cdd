//! Hand-offs: a reference to a third vat's object is deposited there as a gift, and withdrawn.

use super::body::{Desc, Gift, OcapnBody, Wired};
use super::tables::OcapnTables;
use super::{Ocapn, OcapnBend};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::world::{Ghost, Given, Key, Refused};
use smallvec::{SmallVec, smallvec};

impl OcapnTables {
    /// Gives `to` what this vat has as a proxy of a third vat's: deposits it there, and names it.
    pub(super) fn give(
        &mut self,
        to: VatId,
        proxy: Key,
        ghost: Ghost,
        sent: &mut SmallVec<[(VatId, OcapnBody); 2]>,
    ) -> Wired {
        let donor = self.id;
        let link = self.link_mut(proxy.peer);
        let gift = Gift { donor, recipient: to, number: link.given };
        link.given += 1;
        let target = Wired { desc: Desc::Export(proxy.at.index), ghost };
        sent.push((proxy.peer, OcapnBody::Deposit(gift, target)));
        Wired { desc: Desc::Handoff(proxy.peer, gift), ghost }
    }
}

impl<const SHARES: bool> Ocapn<SHARES> {
    /// A gift is deposited: it is kept, or handed out if somebody waits for it.
    pub(super) fn deposit(
        self,
        own: &mut OcapnTables,
        from: VatId,
        gift: Gift,
        target: Wired,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let Desc::Export(index) = target.desc else { return Err(Refused) };
        if gift.donor != from {
            return Err(Refused);
        }
        let what = own.link(from).exports.get(index).ok_or(Refused)?.what;
        let waits = own.awaited.iter().position(|(awaited, _)| *awaited == gift);
        if waits.is_none() || self.is_bent(OcapnBend::GiftKeptWhenHandedOut) {
            own.deposited.push((gift, what));
            own.deposited.sort_unstable();
        }
        if let Some(position) = waits {
            let (_, ghost) = own.awaited.remove(position);
            hand_out::<SHARES>(own, gift, &Given { what, ghost }, effects)?;
        }
        Ok(())
    }

    /// A gift is withdrawn: it is handed out, or waited for.
    pub(super) fn withdraw(
        own: &mut OcapnTables,
        from: VatId,
        gift: Gift,
        ghost: Ghost,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if gift.recipient != from {
            return Err(Refused);
        }
        match own.deposited.iter().position(|(deposited, _)| *deposited == gift) {
            Some(position) => {
                let (_, what) = own.deposited.remove(position);
                hand_out::<SHARES>(own, gift, &Given { what, ghost }, effects)
            }
            None => {
                own.awaited.push((gift, ghost));
                own.awaited.sort_unstable();
                Ok(())
            }
        }
    }
}

fn hand_out<const SHARES: bool>(
    own: &mut OcapnTables,
    gift: Gift,
    given: &Given,
    effects: &mut EffectsOf<Ocapn<SHARES>>,
) -> Result<(), Refused> {
    let wired = Ocapn::<SHARES>::describe(own, gift.recipient, given, effects)?;
    effects.sent.push((gift.recipient, OcapnBody::Deliver(smallvec![wired])));
    Ok(())
}
