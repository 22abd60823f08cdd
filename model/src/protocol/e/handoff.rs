//! E's introductions: what is given to a third vat is kept alive by a vine until it was accepted.
//!
//! The vine is an export of the donor's to the recipient, which keeps the donor's own proxy, and so
//! the host's entry for the donor. The host keeps nothing but the place of that entry.

use super::body::{Described, EBody, Seat};
use super::tables::ETables;
use super::{EBend, ECapTp};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::world::{Ghost, Given, Key};
use captp_gc::protocol::{Descriptor, Index};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;

/// The name of a gift: who gives it to whom, and where it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Gift {
    /// Who gives it.
    pub donor: VatId,
    /// To whom.
    pub recipient: VatId,
    /// Whose it is.
    pub host: VatId,
    /// E's nonce: the how-manieth of the donor's gifts, from 0.
    pub number: u16,
}

impl fmt::Display for Gift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { donor, recipient, number, .. } = self;
        write!(f, "gift {}{}{number}", donor.letter(), recipient.letter())
    }
}

/// What a vat knows of gifts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Gifts {
    /// As the host: where what was provided stands, among the donor's exports. In order.
    provided: SmallVec<[(Gift, Index); 1]>,
    /// As the host: what somebody has asked for before it was provided. In order.
    awaited: SmallVec<[(Gift, Ghost); 1]>,
    /// As the recipient: the vines of what was not accepted yet. In order.
    pub(super) vines: SmallVec<[(Gift, Key); 1]>,
    /// As the donor: what the host was not told of yet. In order.
    offered: SmallVec<[(Gift, Described); 1]>,
    /// As the donor: how many gifts there were.
    given: u16,
}

impl Gifts {
    /// A new gift of `donor`'s: what it has as a proxy of the host's.
    pub(super) fn give(
        &mut self,
        donor: VatId,
        recipient: VatId,
        proxy: Key,
        ghost: Ghost,
    ) -> Gift {
        let gift = Gift { donor, recipient, host: proxy.peer, number: self.given };
        self.given += 1;
        let descriptor = Descriptor::ExportDesc(proxy.at.index);
        self.offered.push((gift, Described { descriptor, seat: Seat::Far, ghost }));
        gift
    }

    /// The message that was to bring it cannot be sent.
    pub(super) fn take_back(&mut self, host: VatId, number: u16) {
        self.offered.retain(|(gift, _)| gift.host != host || gift.number != number);
    }

    /// The gifts that their hosts were not told of.
    pub(super) fn offers(&self) -> impl Iterator<Item = Gift> {
        self.offered.iter().map(|(gift, _)| *gift)
    }

    /// The host is told of a gift.
    pub(super) fn offer(&mut self, number: u32) -> Option<(VatId, EBody)> {
        let mut offered = self.offered.iter();
        let position = offered.position(|(gift, _)| u32::from(gift.number) == number)?;
        let (gift, target) = self.offered.remove(position);
        Some((gift.host, EBody::Provide(gift, target)))
    }

    /// Whether something is left that nobody has come for.
    pub(super) fn is_empty(&self) -> bool {
        self.provided.is_empty() && self.awaited.is_empty() && self.vines.is_empty()
    }

    /// A connection has ended.
    pub(super) fn forget(&mut self, peer: VatId) {
        let concerned = |gift: &Gift| [gift.donor, gift.recipient, gift.host].contains(&peer);
        self.provided.retain(|(gift, _)| !concerned(gift));
        self.awaited.retain(|(gift, _)| !concerned(gift));
        self.vines.retain(|(gift, _)| !concerned(gift));
        self.offered.retain(|(gift, _)| !concerned(gift));
    }
}

impl Gifts {
    /// The host learns where a gift of its own stands.
    pub(super) fn provide(&mut self, gift: Gift, index: Index) {
        self.provided.push((gift, index));
        self.provided.sort_unstable();
    }

    /// The recipient asks the host for a gift.
    pub(super) fn accept(&mut self, gift: Gift, ghost: Ghost) {
        self.awaited.push((gift, ghost));
        self.awaited.sort_unstable();
    }

    /// The gifts that were provided and asked for, whichever came first.
    pub(super) fn due(&self) -> impl Iterator<Item = Gift> {
        let awaited = self.awaited.iter().map(|(gift, _)| *gift);
        awaited.filter(|gift| self.provided.iter().any(|(provided, _)| provided == gift))
    }

    /// A gift has come: its vine is not needed any more.
    pub(super) fn accepted(&mut self, gift: Gift) {
        self.vines.retain(|(kept, _)| *kept != gift);
    }

    fn take(&mut self, gift: Gift) -> Option<(Index, Ghost)> {
        let provided = self.provided.iter().position(|(provided, _)| *provided == gift)?;
        let awaited = self.awaited.iter().position(|(awaited, _)| *awaited == gift)?;
        Some((self.provided.remove(provided).1, self.awaited.remove(awaited).1))
    }
}

impl ECapTp {
    /// A gift that is due is handed out.
    pub(super) fn hand_out(&self, own: &mut ETables, gift: Gift, effects: &mut EffectsOf<Self>) {
        let Some((index, ghost)) = own.gifts.take(gift) else { return };
        let Ok(provided) = own.link(gift.donor).tables.lookup(index) else { return };
        let given = Given { what: provided.what, ghost };
        if let Some(described) = self.describe_now(own, gift.recipient, given) {
            effects.sent.push((gift.recipient, EBody::Accepted(gift, described)));
        }
    }

    /// The recipient has what a `Promise3Desc` promised it: it keeps the vine, and asks the host.
    pub(super) fn introduced(
        &self,
        own: &mut ETables,
        (gift, vine): (Gift, Key),
        ghost: Ghost,
        effects: &mut EffectsOf<Self>,
    ) {
        if !self.is_bent(EBend::VineNotHeld) {
            own.gifts.vines.push((gift, vine));
            own.gifts.vines.sort_unstable();
        }
        effects.sent.push((gift.host, EBody::Accept(gift, ghost)));
    }
}
