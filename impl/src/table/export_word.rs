//! One export slot in one machine word, which is inside the exported object itself.
//!
//! ```text
//! 63        32 31           0
//! |  index:32  |  mentions:32 |
//! ```
//!
//! Zero mentions: not exported. The word belongs to the object and not to the index, so an index
//! may be reused at once without anybody taking the new object's count for the old one's.

use crate::protocol::export_slot::Mention;
use crate::protocol::{ExportSlot, Index, WireCount};
use crate::sync::{Ordering, Primitives, Std, Tag, Word};
use core::fmt;

/// The part of an exported object that its table needs: to which table it belongs, and the word.
///
/// An object that carries one is exported again by a single compare and swap on memory that the
/// caller touches anyway; nothing is looked up. It belongs to the first session that exports the
/// object, until that session is gone. Other sessions that export the object at the same time find
/// its entry by its address. (Intrusive counts: go-capnp keeps the id in the client's metadata.)
pub struct ExportCell<P: Primitives = Std> {
    owner: P::Word,
    word: P::Word,
}

/// An object that may be exported.
///
/// ```
/// use captp_gc::table::{ExportCell, Exportable};
///
/// struct Mint {
///     export: ExportCell,
/// }
///
/// impl Exportable for Mint {
///     fn export_cell(&self) -> Option<&ExportCell> {
///         Some(&self.export)
///     }
/// }
/// ```
pub trait Exportable<P: Primitives = Std>: Send + Sync + 'static {
    /// The object's cell: always the same one, and **of this object alone**. A wrapper needs its
    /// own: two objects that share a cell are exported as one, and the peer that is given the one
    /// could call the other.
    ///
    /// Called under the table's lock: it must do nothing but return the cell, and must not panic.
    /// Objects without a cell can be exported too; each export of one takes a lock and a look into
    /// a hash map, and so does each in a session while the cell belongs to another one.
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        None
    }
}

/// Why an object's word cannot be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unmoved {
    /// It is not exported in this session.
    NotExported,
    /// As many mentions as are allowed are outstanding, of this index.
    Full(Index),
}

const INDEX_SHIFT: u32 = 32;

#[expect(clippy::cast_possible_truncation, reason = "the upper and the lower half")]
pub(super) const fn unpack(word: u64) -> (Index, ExportSlot) {
    let mentions = WireCount::new(word as u32);
    (Index::new((word >> INDEX_SHIFT) as u32), ExportSlot::with_count(mentions))
}

pub(super) const fn pack(index: Index, slot: ExportSlot) -> u64 {
    match slot.count().get() {
        0 => 0,
        mentions => (index.get() as u64) << INDEX_SHIFT | mentions as u64,
    }
}

impl<P: Primitives> ExportCell<P> {
    /// The cell of an object that is not exported.
    pub fn new() -> Self {
        Self { owner: P::Word::new(0), word: P::Word::new(0) }
    }

    pub(super) fn is_owned_by(&self, tag: &Tag) -> bool {
        self.owner.load(Ordering::Acquire) == tag.get()
    }

    /// Makes the cell belong to `tag`, unless it belongs to another session that is not gone.
    /// The word of a session that is gone is zero: closing it saw to that.
    pub(super) fn claim(&self, tag: &Tag) -> bool {
        let owner = self.owner.load(Ordering::Acquire);
        if owner == tag.get() {
            return true;
        }
        (owner == 0 || Tag::is_dead(owner))
            && self
                .owner
                .update(|now| if now == owner { Ok((tag.get(), ())) } else { Err(()) })
                .is_ok()
    }

    pub(super) const fn word(&self) -> &P::Word {
        &self.word
    }

    /// R1 for an object that is exported already. It never makes one exported that is not.
    #[inline]
    pub(super) fn mention_again(&self, limit: WireCount) -> Result<Index, Unmoved> {
        self.word.update(|word| again(word, limit))
    }
}

pub(super) fn again(word: u64, limit: WireCount) -> Result<(u64, Index), Unmoved> {
    let (index, slot) = unpack(word);
    match slot.mention(limit) {
        _ if slot == ExportSlot::FREE => Err(Unmoved::NotExported),
        Some((slot, Mention::Later)) => Ok((pack(index, slot), index)),
        _ => Err(Unmoved::Full(index)),
    }
}

impl<P: Primitives> Default for ExportCell<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Primitives> fmt::Debug for ExportCell<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, slot) = unpack(self.word.load(Ordering::Relaxed));
        match slot.count().get() {
            0 => f.write_str("not exported here"),
            mentions => write!(f, "exports[{index}], {mentions} mentions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_is_not_exported_has_a_word_of_zero() {
        let (index, slot) = unpack(0);
        assert_eq!((index, slot), (Index::new(0), ExportSlot::FREE));
        assert_eq!(pack(Index::new(7), ExportSlot::FREE), 0);
    }

    #[test]
    fn index_and_count_survive_being_packed() {
        for index in [0, 1, u32::MAX] {
            for mentions in [1, 2, u32::MAX] {
                let slot = ExportSlot::with_count(WireCount::new(mentions));
                assert_eq!(unpack(pack(Index::new(index), slot)), (Index::new(index), slot));
            }
        }
    }

    #[test]
    fn a_mention_again_is_the_protocols_later_mention_and_never_a_first_one() {
        let limit = WireCount::new(2);
        let word = |mentions| pack(Index::new(5), ExportSlot::with_count(WireCount::new(mentions)));
        assert_eq!(again(word(0), limit), Err(Unmoved::NotExported));
        assert_eq!(again(word(1), limit), Ok((word(2), Index::new(5))));
        assert_eq!(again(word(2), limit), Err(Unmoved::Full(Index::new(5))));
    }

    #[test]
    fn a_cell_changes_hands_only_when_its_session_is_gone() {
        let cell = ExportCell::<Std>::new();
        let (first, second) = (Tag::new(), Tag::new());
        assert!(cell.claim(&first) && cell.claim(&first));
        assert!(!cell.claim(&second));
        drop(first);
        assert!(cell.claim(&second) && cell.is_owned_by(&second));
    }
}
