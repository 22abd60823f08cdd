//! One import slot: the transitions of the importer's count and of its proxy (R2, R3).
//!
//! A proxy's life has three steps that the table does not choose: the application **drops** it
//! (unseen by the table), the collector **clears** the weak reference, and later the
//! **notification** is served. Anything may come in between, a new mention above all.

use super::{Descriptor, Index, Violation, WireCount, WireDelta};

/// The state of one import slot: mentions received and not given back, and whether a live proxy
/// stands here.
///
/// A live proxy was created by a mention that is still counted, so `live` implies a count of at
/// least one; the constructors and transitions keep it so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportSlot {
    count: WireCount,
    live: bool,
}

/// What the reader of a mention gets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Handed {
    /// The proxy that stands here is live: the same one again.
    Live,
    /// No live proxy stood here: a new one is installed, the successor of any before it.
    Successor,
}

/// Why a mention was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// An `ImportDesc` for a slot that no `NewFarDesc` introduced, or no mention at all.
    NotIntroduced,
    /// A `NewFarDesc` for a slot of which this many mentions are held.
    StillHeld(WireCount),
    /// As many mentions as are allowed are outstanding.
    Full,
}

impl Refusal {
    /// The same, of the slot at `index`.
    pub const fn at(self, index: Index) -> Violation {
        match self {
            Self::NotIntroduced => Violation::NotIntroduced { index },
            Self::StillHeld(count) => Violation::StillImported { index, count },
            Self::Full => Violation::TooManyMentions { index },
        }
    }
}

/// R2: reads a mention at a slot, `None` being one that was never introduced.
pub const fn receive(
    slot: Option<ImportSlot>,
    mention: Descriptor,
    limit: WireCount,
) -> Result<(ImportSlot, Handed), Refusal> {
    match (mention, slot) {
        (Descriptor::NewFarDesc(_), None) => ImportSlot::RELEASED.introduce(limit),
        (Descriptor::NewFarDesc(_), Some(slot)) => slot.introduce(limit),
        (Descriptor::ImportDesc(_), Some(slot)) => slot.mention(limit),
        _ => Err(Refusal::NotIntroduced),
    }
}

impl ImportSlot {
    /// A slot that no mention has reached, or of which all mentions were given back.
    pub const RELEASED: Self = Self { count: WireCount::ZERO, live: false };

    /// The slot in this state. A live proxy without a mention does not exist: such a slot is read
    /// as one without a proxy.
    pub const fn new(count: WireCount, live: bool) -> Self {
        Self { count, live: live && !count.is_zero() }
    }

    /// Mentions received, and not yet given back.
    pub const fn count(self) -> WireCount {
        self.count
    }

    /// Whether the weak reference still leads to a proxy.
    pub const fn is_live(self) -> bool {
        self.live
    }

    /// R2 for `NewFarDesc`: the exporter says that this index denotes something new, so nothing of
    /// the old may be held.
    pub const fn introduce(self, limit: WireCount) -> Result<(Self, Handed), Refusal> {
        if self.live || !self.count.is_zero() {
            return Err(Refusal::StillHeld(self.count));
        }
        self.mention(limit)
    }

    /// R2 for `ImportDesc`: one more mention; the live proxy, or a successor.
    pub const fn mention(self, limit: WireCount) -> Result<(Self, Handed), Refusal> {
        match self.count.raised(limit) {
            None => Err(Refusal::Full),
            Some(count) => {
                let handed = if self.live { Handed::Live } else { Handed::Successor };
                Ok((Self { count, live: true }, handed))
            }
        }
    }

    /// The collector clears the weak reference; a notification is now owed. `None` if there was
    /// no live proxy to clear.
    pub const fn clear(self) -> Option<Self> {
        if self.live { Some(Self { count: self.count, live: false }) } else { None }
    }

    /// R3: a notification is served. If a live successor stands here, nothing happens: its own
    /// notification will come. Else all mentions are given back, if there are any.
    pub const fn notify(self) -> (Self, Option<WireDelta>) {
        if self.live { (self, None) } else { (Self::RELEASED, self.count.whole()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: WireCount = WireCount::new(3);

    fn slot(count: u32, live: bool) -> ImportSlot {
        ImportSlot::new(WireCount::new(count), live)
    }

    #[test]
    fn there_is_no_live_proxy_without_a_mention() {
        assert_eq!(slot(0, true), ImportSlot::RELEASED);
        assert!(slot(1, true).is_live());
    }

    #[test]
    fn a_mention_hands_out_the_live_proxy_or_installs_a_successor() {
        let table = [
            (slot(0, false), Ok((slot(1, true), Handed::Successor))),
            (slot(1, true), Ok((slot(2, true), Handed::Live))),
            (slot(1, false), Ok((slot(2, true), Handed::Successor))),
            (slot(3, true), Err(Refusal::Full)),
            (slot(3, false), Err(Refusal::Full)),
        ];
        for (before, expected) in table {
            assert_eq!(before.mention(LIMIT), expected, "{before:?}");
        }
    }

    #[test]
    fn a_new_far_desc_is_refused_while_anything_of_the_old_is_held() {
        let table = [
            (slot(0, false), Ok((slot(1, true), Handed::Successor))),
            (slot(1, true), Err(Refusal::StillHeld(WireCount::new(1)))),
            (slot(2, false), Err(Refusal::StillHeld(WireCount::new(2)))),
        ];
        for (before, expected) in table {
            assert_eq!(before.introduce(LIMIT), expected, "{before:?}");
        }
    }

    #[test]
    fn only_a_live_proxy_can_be_cleared_and_the_count_stays() {
        assert!(slot(2, true).is_live() && !slot(2, false).is_live());
        assert_eq!(slot(2, true).clear(), Some(slot(2, false)));
        assert_eq!(slot(2, false).clear(), None);
        assert_eq!(ImportSlot::RELEASED.clear(), None);
    }

    #[test]
    fn a_notification_gives_back_everything_unless_a_live_successor_stands_there() {
        let table = [
            (slot(2, false), (slot(0, false), WireDelta::new(2))),
            (slot(2, true), (slot(2, true), None)),
            (slot(0, false), (slot(0, false), None)),
        ];
        for (before, expected) in table {
            assert_eq!(before.notify(), expected, "{before:?}");
        }
    }

    #[test]
    fn the_local_race_of_the_seed_ends_with_one_release_of_both_mentions() {
        let (slot, _) = ImportSlot::RELEASED.introduce(LIMIT).unwrap();
        let slot = slot.clear().unwrap(); // the collector; notification 1 is queued
        let (slot, handed) = slot.mention(LIMIT).unwrap(); // ImportDesc, queued ahead of it
        assert_eq!(handed, Handed::Successor);
        let (slot, sent) = slot.notify(); // notification 1
        assert_eq!((slot.is_live(), sent), (true, None));
        let (slot, sent) = slot.clear().unwrap().notify(); // the successor's own
        assert_eq!((slot, sent), (ImportSlot::RELEASED, WireDelta::new(2)));
    }
}
