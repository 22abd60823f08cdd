//! One import slot in one machine word: the protocol's state, and how many handles the proxy has.
//!
//! ```text
//! 63           34     33         32       31            0
//! |  handles:30  | closed:1 | introduced:1 |  mentions:32  |
//! ```
//!
//! Whether the proxy lives and how many mentions are owed are in *one* word, so nobody can act on
//! the one while the other changes: this is what answers the local race. A served notification is
//! `(0 handles, n mentions) → (0, 0)` by compare and swap; a successor that was installed meanwhile
//! makes it fail, and inherits the n.

use crate::protocol::import_slot::{self, Handed, Refusal};
use crate::protocol::{Descriptor, ImportSlot, Index, Violation, WireCount, WireDelta};

/// The word of an import slot. All zero is one that was never introduced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ImportWord(u64);

const MENTIONS: u64 = u32::MAX as u64;
const INTRODUCED: u64 = 1 << 32;
const CLOSED: u64 = 1 << 33;
const HANDLES_SHIFT: u32 = 34;

/// What a mention cannot do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// The session is over.
    Closed,
    /// The protocol refuses it.
    Protocol(Refusal),
}

impl ImportWord {
    /// A slot that was never introduced.
    pub(super) const NEW: Self = Self(0);
    /// What a handle adds to the word.
    pub(super) const HANDLE: u64 = 1 << HANDLES_SHIFT;
    /// Handles beyond which no more are made. Half of what fits, as with `Arc`: so many threads
    /// cannot be between adding one and finding that it was too many.
    pub(super) const HANDLES_MAX: u64 = 1 << 29;

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn handles(self) -> u64 {
        self.0 >> HANDLES_SHIFT
    }

    pub(super) const fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// The protocol's state: `None` if no `NewFarDesc` introduced the slot. The proxy lives while
    /// it has handles.
    pub(super) const fn slot(self) -> Option<ImportSlot> {
        if self.0 & INTRODUCED == 0 {
            return None;
        }
        let mentions = WireCount::new((self.0 & MENTIONS) as u32);
        Some(ImportSlot::new(mentions, self.handles() > 0))
    }

    /// R2: a mention is read, and one more handle made.
    pub(super) const fn receive(
        self,
        mention: Descriptor,
        limit: WireCount,
    ) -> Result<(Self, Handed), Refused> {
        if self.is_closed() {
            return Err(Refused::Closed);
        }
        if self.handles() >= Self::HANDLES_MAX {
            return Err(Refused::Protocol(Refusal::Full));
        }
        match import_slot::receive(self.slot(), mention, limit) {
            Ok((slot, handed)) => Ok((self.with(slot, self.handles() + 1), handed)),
            Err(refusal) => Err(Refused::Protocol(refusal)),
        }
    }

    /// R3: a notification is served. `None` if it does nothing.
    pub(super) const fn notify(self) -> Option<(Self, WireDelta)> {
        if self.is_closed() {
            return None;
        }
        match self.slot() {
            None => None,
            Some(slot) => match slot.notify() {
                (_, None) => None,
                (slot, Some(delta)) => Some((self.with(slot, self.handles()), delta)),
            },
        }
    }

    /// R8: the session is over. Handles go on being counted, nothing else happens here any more.
    pub(super) const fn close(self) -> Self {
        Self((self.0 & !(MENTIONS | INTRODUCED)) | CLOSED)
    }

    const fn with(self, slot: ImportSlot, handles: u64) -> Self {
        Self(handles << HANDLES_SHIFT | self.0 & CLOSED | INTRODUCED | slot.count().get() as u64)
    }
}

impl Refused {
    pub(super) const fn at(self, index: Index) -> Option<Violation> {
        match self {
            Self::Closed => None,
            Self::Protocol(refusal) => Some(refusal.at(index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: WireCount = WireCount::new(3);
    const NEW: Descriptor = Descriptor::NewFarDesc(Index::new(0));
    const AGAIN: Descriptor = Descriptor::ImportDesc(Index::new(0));

    /// Every word with at most 3 handles and 3 mentions that can come about.
    fn words() -> impl Iterator<Item = ImportWord> {
        (0..4_u64).flat_map(|handles| {
            (0..4_u64).flat_map(move |mentions| {
                [(0, 0), (INTRODUCED, mentions), (CLOSED, 0)]
                    .map(|(flag, mentions)| ImportWord(handles << HANDLES_SHIFT | flag | mentions))
                    .into_iter()
                    .filter(|word| word.is_closed() || word.handles() == 0 || word.mentions() > 0)
            })
        })
    }

    impl ImportWord {
        fn mentions(self) -> u32 {
            self.slot().map_or(0, |slot| slot.count().get())
        }
    }

    #[test]
    fn a_mention_moves_the_slot_as_the_protocol_does_and_makes_one_handle() {
        for before in words().filter(|word| !word.is_closed()) {
            for mention in [NEW, AGAIN] {
                let pure = import_slot::receive(before.slot(), mention, LIMIT);
                let moved = before.receive(mention, LIMIT);
                assert_eq!(
                    moved.map(|(after, handed)| (after.slot().unwrap(), handed)),
                    pure.map_err(Refused::Protocol)
                );
                if let Ok((after, _)) = moved {
                    assert_eq!(after.handles(), before.handles() + 1);
                }
            }
        }
    }

    #[test]
    fn the_last_handle_to_go_is_the_clearing_of_the_proxy_and_no_other_is() {
        for before in words().filter(|word| word.handles() > 0 && !word.is_closed()) {
            let after = ImportWord(before.bits() - ImportWord::HANDLE);
            let expected = match before.handles() {
                1 => before.slot().unwrap().clear(),
                _ => before.slot(),
            };
            assert_eq!(after.slot(), expected);
        }
    }

    #[test]
    fn a_clone_is_no_transition_of_the_protocol() {
        for before in words().filter(|word| word.handles() > 0) {
            let after = ImportWord(before.bits() + ImportWord::HANDLE);
            assert_eq!((after.slot(), after.is_closed()), (before.slot(), before.is_closed()));
        }
    }

    #[test]
    fn a_notification_moves_the_slot_as_the_protocol_does() {
        for before in words().filter(|word| !word.is_closed()) {
            let pure = before.slot().map(ImportSlot::notify);
            match before.notify() {
                Some((after, delta)) => {
                    assert_eq!(pure, Some((after.slot().unwrap(), Some(delta))));
                    assert_eq!(after.handles(), 0);
                }
                None => assert!(pure.is_none_or(|(after, delta)| {
                    delta.is_none() && Some(after) == before.slot()
                })),
            }
        }
    }

    #[test]
    fn a_closed_word_takes_no_mention_serves_no_notification_and_counts_handles() {
        for before in words() {
            let closed = before.close();
            assert_eq!(closed.handles(), before.handles());
            assert_eq!((closed.is_closed(), closed.slot()), (true, None));
            assert_eq!(closed.close(), closed);
            assert_eq!(closed.notify(), None);
            for mention in [NEW, AGAIN] {
                assert_eq!(closed.receive(mention, LIMIT), Err(Refused::Closed));
            }
        }
    }

    #[test]
    fn neither_field_ever_carries_into_another() {
        let full = ImportWord(ImportWord::HANDLES_MAX << HANDLES_SHIFT | INTRODUCED | MENTIONS);
        assert_eq!(full.receive(AGAIN, WireCount::MAX), Err(Refused::Protocol(Refusal::Full)));
        let mentions = ImportWord(ImportWord::HANDLE | INTRODUCED | MENTIONS);
        assert_eq!(mentions.receive(AGAIN, WireCount::MAX), Err(Refused::Protocol(Refusal::Full)));
        let margin = ImportWord(full.bits() + (ImportWord::HANDLES_MAX - 1) * ImportWord::HANDLE);
        assert_eq!((margin.slot(), margin.is_closed()), (full.slot(), false));
    }
}
