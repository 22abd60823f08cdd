//! Every bound in one place.

use super::{Index, Violation, WireCount};

/// What one session may cost this vat. A peer that goes beyond is refused, before anything is
/// allocated; so is our own application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Entries of the export table: indices run from 0 to one less. Default 2^20.
    pub exports_max: u32,
    /// Entries of the import table, and the bound of the indices that the peer may choose.
    /// Default 2^20.
    pub imports_max: u32,
    /// Mentions outstanding of one index. Default 2^32 - 1, what Cap'n Proto's `Release` can carry.
    pub mentions_max: WireCount,
    /// References in one message. Default 2^16.
    pub references_per_message_max: u32,
}

impl Limits {
    /// Whether the peer may use this index.
    pub(crate) const fn check_import(&self, index: Index) -> Result<(), Violation> {
        let limit = self.imports_max;
        if index.get() < limit { Ok(()) } else { Err(Violation::IndexBeyondLimit { index, limit }) }
    }

    /// Whether one message may carry so many references.
    pub(crate) fn fit(&self, references: usize) -> bool {
        u32::try_from(references).is_ok_and(|count| count <= self.references_per_message_max)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            exports_max: 1 << 20,
            imports_max: 1 << 20,
            mentions_max: WireCount::MAX,
            references_per_message_max: 1 << 16,
        }
    }
}
