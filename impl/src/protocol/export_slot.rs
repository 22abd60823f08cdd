//! One export slot: the transitions of the exporter's count (R1, R4, R5, R7).
//!
//! The state is one number. Zero means that the slot is free; which object stands there, and which
//! index an object has, is the table's business.

use super::{Descriptor, Index, Violation, WireCount, WireDelta};

/// The state of one export slot: its count of outstanding mentions, zero if it is free.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExportSlot(WireCount);

/// How a mention has to be described.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mention {
    /// The slot was free: `NewFarDesc`.
    First,
    /// The slot was allocated: `ImportDesc`.
    Later,
}

/// What is left after mentions were taken away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Remains {
    /// Mentions are outstanding, the entry stays.
    Exported,
    /// The count is zero: the entry must be forgotten, in both directions of the map, now.
    Nothing,
}

/// Why a `GCExportOp` was refused (R5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// The slot is free.
    Free,
    /// The delta is above this count.
    Above(WireCount),
}

impl Mention {
    /// How it is written.
    pub const fn describe(self, index: Index) -> Descriptor {
        match self {
            Self::First => Descriptor::NewFarDesc(index),
            Self::Later => Descriptor::ImportDesc(index),
        }
    }
}

impl Refusal {
    /// The same, of a `GCExportOp(index, delta)`.
    pub const fn of(self, index: Index, delta: WireDelta) -> Violation {
        match self {
            Self::Free => Violation::UnknownExport { index },
            Self::Above(count) => Violation::OverRelease { index, delta, count },
        }
    }
}

impl ExportSlot {
    /// A slot that is not allocated.
    pub const FREE: Self = Self(WireCount::ZERO);

    /// The slot that holds this count.
    pub const fn with_count(count: WireCount) -> Self {
        Self(count)
    }

    /// Mentions outstanding: written, and not yet given back.
    pub const fn count(self) -> WireCount {
        self.0
    }

    /// R1: a mention is written. `None` if `limit` mentions are outstanding already.
    pub const fn mention(self, limit: WireCount) -> Option<(Self, Mention)> {
        match self.0.raised(limit) {
            None => None,
            Some(count) if self.0.is_zero() => Some((Self(count), Mention::First)),
            Some(count) => Some((Self(count), Mention::Later)),
        }
    }

    /// R7: a mention that was written could not be sent. `None` if none is outstanding.
    pub const fn unmention(self) -> Option<(Self, Remains)> {
        match self.0.lowered(WireDelta::ONE) {
            None => None,
            Some(count) => Some((Self(count), Self::remains(count))),
        }
    }

    /// R4, R5: the importer has dropped `delta` mentions.
    pub const fn gc_export(self, delta: WireDelta) -> Result<(Self, Remains), Refusal> {
        if self.0.is_zero() {
            return Err(Refusal::Free);
        }
        match self.0.lowered(delta) {
            None => Err(Refusal::Above(self.0)),
            Some(count) => Ok((Self(count), Self::remains(count))),
        }
    }

    const fn remains(count: WireCount) -> Remains {
        if count.is_zero() { Remains::Nothing } else { Remains::Exported }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: WireCount = WireCount::new(3);

    fn slot(count: u32) -> ExportSlot {
        ExportSlot::with_count(WireCount::new(count))
    }

    fn delta(mentions: u32) -> WireDelta {
        WireDelta::new(mentions).unwrap()
    }

    #[test]
    fn every_mention_is_counted_and_only_the_first_is_a_new_far_desc() {
        let table = [
            (0, Some((slot(1), Mention::First))),
            (1, Some((slot(2), Mention::Later))),
            (2, Some((slot(3), Mention::Later))),
            (3, None),
        ];
        for (count, expected) in table {
            assert_eq!(slot(count).mention(LIMIT), expected, "count {count}");
        }
    }

    #[test]
    fn an_unsent_mention_is_uncounted_and_the_only_one_frees_the_slot() {
        let table = [
            (0, None),
            (1, Some((slot(0), Remains::Nothing))),
            (2, Some((slot(1), Remains::Exported))),
        ];
        for (count, expected) in table {
            assert_eq!(slot(count).unmention(), expected, "count {count}");
        }
    }

    #[test]
    fn a_gc_message_frees_at_zero_only_and_never_goes_below() {
        let table = [
            (0, 1, Err(Refusal::Free)),
            (1, 1, Ok((slot(0), Remains::Nothing))),
            (2, 1, Ok((slot(1), Remains::Exported))),
            (2, 2, Ok((slot(0), Remains::Nothing))),
            (2, 3, Err(Refusal::Above(WireCount::new(2)))),
            (2, u32::MAX, Err(Refusal::Above(WireCount::new(2)))),
        ];
        for (count, given_back, expected) in table {
            assert_eq!(
                slot(count).gc_export(delta(given_back)),
                expected,
                "count {count}, delta {given_back}"
            );
        }
    }
}
