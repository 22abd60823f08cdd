//! The queue of what a session has to report: pages with marks, and one slot that was alone.
//!
//! When the last handle of a proxy goes, its slot is *marked* in its page, and a page that had no
//! marks is put on the session's queue: a bit and, seldom, a push. If the queue is empty, the slot
//! goes there by itself, and no page is touched. No lock is taken in a drop, nothing is allocated,
//! and what is owed never takes more room than the slots do.
//!
//! The queue is a stack that is pushed by anyone and taken whole by one swap, so it has no ABA. A
//! page is on it exactly from the time that its marks became non-zero until the drain that took it
//! wipes them. The drain reads the link before it wipes the marks, since whoever marks a page
//! without marks owns the link; and it wipes the marks before it looks at the slots, so that a
//! proxy that goes after the look is marked again.
//!
//! ```text
//! 0            nothing
//! 2^63 + index a slot that was alone; nothing is below it
//! number + 1   a page; what is below it, the page says
//! ```

use super::Defect;
use super::line::OwnLine;
use super::page::Page;
use super::watched::Watched;
use crate::protocol::{Index, SessionId};
use crate::sync::{Ordering, Primitives, Word};
use alloc::boxed::Box;
use core::convert::Infallible;
use core::fmt;

/// Called when something becomes owed to the peer and nothing was before.
pub(super) type Wake = Box<dyn Fn() + Send + Sync>;

const ALONE: u64 = 1 << 63;

/// What has to be reported, and what all pages of a session share.
pub(super) struct Queue<P: Primitives> {
    top: OwnLine<P::Word>,
    pub(super) watched: Watched,
    wake: Option<Wake>,
}

/// What is taken off the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owing {
    /// One slot.
    Slot(Index),
    /// The page of this number.
    Page(u32),
}

impl<P: Primitives> Queue<P> {
    pub(super) fn new(watched: Watched, wake: Option<Wake>) -> Self {
        Self { top: OwnLine(P::Word::new(0)), watched, wake }
    }

    pub(super) const fn session(&self) -> SessionId {
        self.watched.session
    }

    /// Puts a slot on the queue if that is empty. Returns whether it is there.
    #[inline]
    pub(super) fn push_alone(&self, index: Index, order: Ordering) -> bool {
        let alone = ALONE | u64::from(index.get());
        let relaxed = Ordering::Relaxed;
        let pushed = self.top.load(relaxed) == 0
            && self.top.compare_exchange_weak(0, alone, order, relaxed).is_ok();
        if pushed {
            self.wake();
        }
        pushed
    }

    /// Puts a page on top.
    pub(super) fn push(&self, page: &Page<P>) {
        let linked_once = Defect::LinkedOnce.is_planted::<P>();
        if linked_once {
            page.link(self.top.load(Ordering::Acquire));
        }
        let early = Defect::WakeDecidedEarly.is_planted::<P>().then(|| self.is_empty());
        let pushed = self.top.update(|top| {
            if !linked_once {
                page.link(top);
            }
            Ok::<_, Infallible>((u64::from(page.number()) + 1, top == 0))
        });
        let Ok(was_empty) = pushed;
        if early.unwrap_or(was_empty) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake();
        }
    }

    /// Takes everything; `serve` returns the link of a page that it is given.
    #[inline]
    pub(super) fn take(&self, mut serve: impl FnMut(Owing) -> u64) {
        let mut top = self.top.swap(0, Ordering::Acquire);
        while let Some(owing) = decode(top) {
            let below = serve(owing);
            top = if let Owing::Page(_) = owing { below } else { 0 };
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.top.load(Ordering::Acquire) == 0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
const fn decode(top: u64) -> Option<Owing> {
    match top {
        0 => None,
        alone if alone & ALONE != 0 => Some(Owing::Slot(Index::new(alone as u32))),
        page => Some(Owing::Page((page - 1) as u32)),
    }
}

impl<P: Primitives> fmt::Debug for Queue<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("session", &self.session()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_pages_are_told_apart_at_both_ends_of_their_ranges() {
        assert_eq!(decode(0), None);
        for number in [0, 1, u32::MAX] {
            let slot = Owing::Slot(Index::new(number));
            assert_eq!(decode(ALONE | u64::from(number)), Some(slot));
            assert_eq!(decode(u64::from(number) + 1), Some(Owing::Page(number)));
        }
    }
}
