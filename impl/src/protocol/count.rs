//! Counts of mentions, with checked arithmetic only.
//!
//! Cap'n Proto, Goblins, `@endo/captp` and others add and subtract these numbers unchecked; a peer
//! that makes one wrap frees an object that is in use. Here there is no operation that wraps.

use core::fmt;
use core::num::NonZeroU32;

/// How many mentions of one index are outstanding: the exporter's `exportCount[i]`, or the
/// importer's `importCount[i]`. Unit: mentions.
///
/// 32 bits, as on the wire of Cap'n Proto, so that a slot's whole state fits a machine word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WireCount(u32);

impl WireCount {
    /// No mention is outstanding.
    pub const ZERO: Self = Self(0);
    /// The largest count there is.
    pub const MAX: Self = Self(u32::MAX);

    /// A count of `mentions`.
    pub const fn new(mentions: u32) -> Self {
        Self(mentions)
    }

    /// The number of mentions.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether nothing is outstanding.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// One more mention, unless that would exceed `limit`.
    pub const fn raised(self, limit: Self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(raised) if raised <= limit.0 => Some(Self(raised)),
            _ => None,
        }
    }

    /// `delta` mentions fewer, unless there are not that many.
    pub const fn lowered(self, delta: WireDelta) -> Option<Self> {
        match self.0.checked_sub(delta.get()) {
            Some(lowered) => Some(Self(lowered)),
            None => None,
        }
    }

    /// All of these mentions as one delta; `None` if there are none to give back.
    pub const fn whole(self) -> Option<WireDelta> {
        WireDelta::new(self.0)
    }
}

impl fmt::Debug for WireCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for WireCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How many mentions a `GCExportOp` gives back: at least one. Unit: mentions.
///
/// The name is E's and OCapN's (`wire-delta`); Cap'n Proto says `referenceCount`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WireDelta(NonZeroU32);

impl WireDelta {
    /// One mention.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// A delta of `mentions`; `None` for zero, which gives nothing back (R5).
    pub const fn new(mentions: u32) -> Option<Self> {
        match NonZeroU32::new(mentions) {
            Some(mentions) => Some(Self(mentions)),
            None => None,
        }
    }

    /// The number of mentions.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for WireDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for WireDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_never_rises_beyond_its_limit() {
        let limit = WireCount::new(2);
        assert_eq!(WireCount::ZERO.raised(limit), Some(WireCount::new(1)));
        assert_eq!(WireCount::new(1).raised(limit), Some(limit));
        assert_eq!(limit.raised(limit), None);
    }

    #[test]
    fn a_count_at_its_maximum_does_not_wrap() {
        assert_eq!(WireCount::MAX.raised(WireCount::MAX), None);
    }

    #[test]
    fn a_delta_above_the_count_is_refused_rather_than_saturated() {
        let three = WireDelta::new(3).unwrap();
        assert_eq!(WireCount::new(2).lowered(three), None);
        assert_eq!(WireCount::new(3).lowered(three), Some(WireCount::ZERO));
        assert_eq!(WireCount::new(4).lowered(three), Some(WireCount::new(1)));
    }

    #[test]
    fn there_is_no_zero_delta() {
        assert_eq!(WireDelta::new(0), None);
        assert_eq!(WireCount::ZERO.whole(), None);
    }
}
