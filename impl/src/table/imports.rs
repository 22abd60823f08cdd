//! The concurrent import table: what this vat holds of the peer's.
//!
//! Slots stand in pages that are made when the peer first uses one of their indices, and stay until
//! the session ends. One mention costs at most one page, one block of pages and now and then the
//! doubling of the list of pages, however large the index that the peer chose, and all of them
//! together no more than `Limits::imports_max` slots. Only a `NewFarDesc` that is accepted costs
//! anything.

use super::import_word::{self, ImportWord};
use super::page::Page;
use super::proxy::Proxy;
use super::queue::{Owing, Queue, Wake};
use super::watched::Watched;
use super::{Defect, Refused};
use crate::protocol::import_slot::Handed;
use crate::protocol::{Descriptor, GcExportOp, Index, Limits, Misuse};
use crate::sync::{Lock, OnceLock, Primitives};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Pages that are held directly.
const FIRST: usize = 32;
/// Pages in a block.
const BLOCK: usize = 128;

type Block<P> = Box<[OnceLock<<P as Primitives>::Shared<Page<P>>>]>;

/// The import table of one vat in one session.
pub(super) struct Imports<P: Primitives> {
    queue: P::Shared<Queue<P>>,
    /// The first pages, one step nearer than the others.
    first: [OnceLock<P::Shared<Page<P>>>; FIRST],
    /// The pages after them.
    blocks: Box<[OnceLock<Block<P>>]>,
    growth: P::Lock<Growth>,
}

#[derive(Debug)]
struct Growth {
    /// The pages that exist.
    pages: Vec<u32>,
    closed: bool,
}

/// The page that a slot is in, and its number there.
#[inline]
fn place<P: Primitives>(index: Index) -> (u32, u32) {
    (index.get() / Page::<P>::size(), index.get() % Page::<P>::size())
}

impl<P: Primitives> Imports<P> {
    pub(super) fn new(watched: Watched, limits: &Limits, wake: Option<Wake>) -> Self {
        let pages = limits.imports_max.div_ceil(Page::<P>::size()) as usize;
        let blocks = pages.saturating_sub(FIRST).div_ceil(BLOCK);
        let imports = Self {
            queue: P::share(Queue::new(watched, wake)),
            first: [const { OnceLock::new() }; FIRST],
            blocks: core::iter::repeat_with(OnceLock::new).take(blocks).collect(),
            growth: P::Lock::new(Growth { pages: Vec::new(), closed: false }),
        };
        imports.make_page(0);
        imports
    }

    /// R2: reads one mention. Returns the live proxy, or a successor.
    #[inline]
    pub(super) fn receive(
        &self,
        mention: Descriptor,
        limits: &Limits,
    ) -> Result<(Proxy<P>, Handed), Refused> {
        let index = mention.index();
        limits.check_import(index)?;
        let (number, slot) = place::<P>(index);
        let refused =
            |why: import_word::Refused| why.at(index).map_or(Refused::Closed, Refused::from);
        let page = match self.page(number) {
            Some(page) => page,
            None => {
                if self.is_closed() {
                    return Err(Refused::Closed);
                }
                // A mention that a new slot would refuse is not worth a page.
                ImportWord::NEW.receive(mention, limits.mentions_max).map_err(refused)?;
                self.make_page(number).ok_or(Refused::Closed)?
            }
        };
        if Defect::ClosedBesideTheWord.is_planted::<P>() && self.growth.with(|g| g.closed) {
            return Err(Refused::Closed);
        }
        let handed = page.receive(slot, mention, limits.mentions_max).map_err(refused)?;
        Ok((Proxy::new(page.clone(), slot), handed))
    }

    /// The descriptor of a proxy that goes home: the peer's own export, not counted.
    pub(super) fn send_home(&self, proxy: &Proxy<P>) -> Result<Descriptor, Misuse> {
        if !self.is_mine(proxy) {
            return Err(Misuse::ForeignProxy { session: proxy.session() });
        }
        if proxy.is_broken() {
            return Err(Misuse::Closed);
        }
        Ok(Descriptor::ExportDesc(proxy.index()))
    }

    fn is_mine(&self, proxy: &Proxy<P>) -> bool {
        core::ptr::eq::<Queue<P>>(&**proxy.page().queue(), &*self.queue)
    }

    /// R3: serves every notification that is owed, and appends the messages to send.
    pub(super) fn drain(&self, ops: &mut Vec<GcExportOp>) {
        self.queue.take(|owing| match owing {
            Owing::Page(number) => self.page(number).map_or(0, |page| page.drain(ops)),
            Owing::Slot(index) => {
                let (number, slot) = place::<P>(index);
                ops.extend(self.page(number).and_then(|page| page.serve(slot)));
                0
            }
        });
    }

    /// Whether a notification is owed.
    pub(super) fn is_owing(&self) -> bool {
        !self.queue.is_empty()
    }

    /// R8: every proxy breaks, and nothing is owed any more. Whoever sees that the session is over
    /// sees all of that.
    pub(super) fn close(&self) {
        self.growth.with(|growth| {
            growth.closed = true;
            if Defect::ClosedBesideTheWord.is_planted::<P>() {
                return;
            }
            for page in growth.pages.drain(..).filter_map(|number| self.page(number)) {
                page.close();
            }
        });
    }

    pub(super) fn is_closed(&self) -> bool {
        self.growth.with(|growth| growth.closed)
    }

    /// What the slots hold of which something is held, in order of their indices.
    pub(super) fn dump(&self) -> Vec<super::ImportRow> {
        let mut pages = self.growth.with(|growth| growth.pages.clone());
        pages.sort_unstable();
        let pages = pages.into_iter().filter_map(|number| self.page(number));
        let rows = pages.flat_map(|page| {
            (0..Page::<P>::size()).filter_map(|slot| {
                let word = page.peek(slot);
                let index = page.index(slot);
                let held = word.slot().filter(|slot| !slot.count().is_zero())?;
                Some(super::ImportRow { index, mentions: held.count(), handles: word.handles() })
            })
        });
        rows.collect()
    }

    #[inline]
    fn page(&self, number: u32) -> Option<&P::Shared<Page<P>>> {
        match self.first.get(number as usize) {
            Some(place) => place.get(),
            None => self.far_page(number),
        }
    }

    fn far_page(&self, number: u32) -> Option<&P::Shared<Page<P>>> {
        let at = (number as usize).checked_sub(FIRST)?;
        self.blocks.get(at / BLOCK)?.get()?.get(at % BLOCK)?.get()
    }

    /// The page of this number, made if it does not exist. `None` if the session is over.
    #[inline(never)]
    fn make_page(&self, number: u32) -> Option<&P::Shared<Page<P>>> {
        self.growth.with(|growth| {
            if growth.closed {
                return None;
            }
            let place = self.place(number as usize)?;
            Some(place.get_or_init(|| {
                growth.pages.push(number);
                P::share(Page::new(number, self.queue.clone()))
            }))
        })
    }
}

impl<P: Primitives> Imports<P> {
    /// Where a page stands or will stand, with its block.
    fn place(&self, number: usize) -> Option<&OnceLock<P::Shared<Page<P>>>> {
        let Some(at) = number.checked_sub(FIRST) else { return self.first.get(number) };
        let new_block = || core::iter::repeat_with(OnceLock::new).take(BLOCK).collect();
        self.blocks.get(at / BLOCK)?.get_or_init(new_block).get(at % BLOCK)
    }
}

impl<P: Primitives> core::fmt::Debug for Imports<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Imports").field("growth", &self.growth).finish_non_exhaustive()
    }
}

impl<P: Primitives> Drop for Imports<P> {
    /// Proxies that outlive the session are broken, and owe nothing.
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SessionId;
    use crate::sync::Std;

    #[test]
    fn a_hostile_index_costs_one_page_wherever_it_lies() {
        let limits = Limits::default();
        let imports = Imports::<Std>::new(Watched::new(SessionId::FIRST), &limits, None);
        let last = Index::new(limits.imports_max - 1);
        drop(imports.receive(Descriptor::NewFarDesc(last), &limits).unwrap());
        assert_eq!(imports.growth.with(|growth| growth.pages.len()), 2);
    }
}
