//! A page of import slots.

use super::import_word::{ImportWord, Refused};
use super::line::OwnLine;
use super::queue::Queue;
use super::{Defect, Step};
use crate::protocol::import_slot::Handed;
use crate::protocol::{Descriptor, GcExportOp, Index, WireCount};
use crate::sync::{Ordering, Primitives, Word};
use alloc::vec::Vec;
use core::panic::Location;

/// Up to 64 import slots, and which of them have something to report: see [`queue`](super::queue).
pub(super) struct Page<P: Primitives> {
    slots: OwnLine<P::Slots>,
    /// One bit a slot.
    marks: P::Word,
    /// What is below on the queue.
    below: P::Word,
    number: u32,
    queue: P::Shared<Queue<P>>,
}

impl<P: Primitives> Page<P> {
    pub(super) fn new(number: u32, queue: P::Shared<Queue<P>>) -> Self {
        let (marks, below) = (P::Word::new(0), P::Word::new(0));
        Self { slots: OwnLine(P::slots()), marks, below, number, queue }
    }

    pub(super) const fn queue(&self) -> &P::Shared<Queue<P>> {
        &self.queue
    }

    /// Slots in a page on these primitives.
    pub(super) fn size() -> u32 {
        const { assert!(size_of::<P::Slots>() >= size_of::<P::Word>()) };
        let slots = size_of::<P::Slots>() / size_of::<P::Word>();
        u32::try_from(slots).unwrap_or(u32::MAX).clamp(1, 64)
    }

    pub(super) fn index(&self, slot: u32) -> Index {
        Index::new(self.number.saturating_mul(Self::size()).saturating_add(slot))
    }

    /// The slot of this number. A number beyond the page, which there is not, would wrap.
    #[inline]
    fn word(&self, slot: u32) -> &P::Word {
        let slots = self.slots.as_ref();
        &slots[slot as usize % slots.len()]
    }

    /// R2: reads a mention.
    #[inline(always)]
    pub(super) fn receive(
        &self,
        slot: u32,
        mention: Descriptor,
        limit: WireCount,
    ) -> Result<Handed, Refused> {
        self.word(slot).update(|bits| {
            let (word, handed) = ImportWord::from_bits(bits).receive(mention, limit)?;
            Ok((word.bits(), handed))
        })
    }

    /// One more handle of a proxy that has at least one.
    ///
    /// # Panics
    /// If there are 2^29 of them.
    #[inline]
    pub(super) fn add_handle(&self, slot: u32) {
        if Defect::CloneNotCounted.is_planted::<P>() {
            return;
        }
        let before = self.word(slot).fetch_add(ImportWord::HANDLE, Ordering::Relaxed);
        if ImportWord::from_bits(before).handles() >= ImportWord::HANDLES_MAX {
            self.word(slot).fetch_sub(ImportWord::HANDLE, Ordering::Relaxed);
            panic!("2^29 handles to the proxy at imports[{}]", self.index(slot));
        }
    }

    /// One handle less. If it was the last, the slot is marked: a notification is owed.
    #[inline]
    pub(super) fn remove_handle(&self, slot: u32) {
        if Defect::ReportedBeforeGone.is_planted::<P>() {
            self.mark(slot);
            self.word(slot).fetch_sub(ImportWord::HANDLE, Ordering::AcqRel);
            return;
        }
        let order = match Defect::DropNotOrdered.is_planted::<P>() {
            true => Ordering::Relaxed,
            false => Ordering::AcqRel,
        };
        let before = ImportWord::from_bits(self.word(slot).fetch_sub(ImportWord::HANDLE, order));
        if before.handles() == 1 && !before.is_closed() {
            self.mark(slot);
            let index = self.index(slot);
            self.queue.watched.made(Location::caller(), || Step::Dropped { index });
        }
    }

    fn mark(&self, slot: u32) {
        let order = match Defect::DropNotOrdered.is_planted::<P>() {
            true => Ordering::Relaxed,
            false => Ordering::AcqRel,
        };
        if self.queue.push_alone(self.index(slot), order) {
            return;
        }
        if self.marks.fetch_or(1 << slot, order) == 0 {
            self.queue.push(self);
        }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Says what is below on the queue. For whoever marked it when it had no marks.
    pub(super) fn link(&self, below: u64) {
        self.below.store(below, Ordering::Relaxed);
    }

    /// R3: serves the notifications of the marked slots. Returns what is below on the queue.
    pub(super) fn drain(&self, ops: &mut Vec<GcExportOp>) -> u64 {
        let below = self.below.load(Ordering::Relaxed);
        let late = Defect::MarkWipedLate.is_planted::<P>();
        let mut marks = match late {
            true => self.marks.load(Ordering::Acquire),
            // The release keeps the link's load above before it, which loom does not check.
            false => self.marks.swap(0, Ordering::AcqRel),
        };
        while marks != 0 {
            let slot = marks.trailing_zeros();
            marks &= marks - 1;
            ops.extend(self.serve(slot));
        }
        if late {
            self.marks.store(0, Ordering::Release);
        }
        below
    }

    /// R3: serves the notification of one slot, which may be long out of date.
    #[inline]
    pub(super) fn serve(&self, slot: u32) -> Option<GcExportOp> {
        let word = self.word(slot);
        let delta = if Defect::CountTakenInTwoSteps.is_planted::<P>() {
            let (after, delta) = ImportWord::from_bits(word.load(Ordering::Acquire)).notify()?;
            word.store(after.bits(), Ordering::Release);
            delta
        } else {
            let blind = Defect::SuccessorNotChecked.is_planted::<P>();
            word.update(|bits| {
                let handles = if blind { ImportWord::from_bits(bits).handles() } else { 0 };
                let dead = ImportWord::from_bits(bits - handles * ImportWord::HANDLE);
                let (word, delta) = dead.notify().ok_or(())?;
                Ok::<_, ()>((word.bits() + handles * ImportWord::HANDLE, delta))
            })
            .ok()?
        };
        Some(GcExportOp { index: self.index(slot), delta })
    }

    /// R8: every proxy of this page breaks.
    pub(super) fn close(&self) {
        for slot in self.slots.as_ref() {
            let closed = slot.update(|bits| {
                Ok::<_, core::convert::Infallible>((ImportWord::from_bits(bits).close().bits(), ()))
            });
            let Ok(()) = closed;
        }
    }

    pub(super) fn peek(&self, slot: u32) -> ImportWord {
        ImportWord::from_bits(self.word(slot).load(Ordering::Acquire))
    }
}
