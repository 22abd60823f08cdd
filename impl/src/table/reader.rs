//! The exports as seen by the one thread that reads a session's messages.

use super::{Exportable, Refused, Session, Step};
use crate::protocol::Index;
use crate::sync::{Primitives, Std};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

/// Looks exports up without a lock: for the thread that reads the session's messages, of which
/// there is one, since they come through one channel.
///
/// It remembers the objects that it looked up, and asks each whether it still stands where it
/// stood: that is a look at the object's own [cell](super::ExportCell), which the call is about to
/// touch anyway. A `GCExportOp` that leaves mentions outstanding needs no lock either. Objects
/// without a cell of this session's, and all others at the first look, are looked up in the
/// session.
///
/// What it remembers it keeps alive: an object whose entry went otherwise than by its own
/// [`gc_export`](Self::gc_export) stays until its index is looked up again, or the reader goes.
pub struct Reader<T: ?Sized + Exportable<P>, P: Primitives = Std> {
    session: Session<T, P>,
    seen: Vec<Option<Arc<T>>>,
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Reader<T, P> {
    pub(super) const fn new(session: Session<T, P>) -> Self {
        Self { session, seen: Vec::new() }
    }

    /// The session whose exports it looks up.
    pub const fn session(&self) -> &Session<T, P> {
        &self.session
    }

    /// The object that a call to our export `index` is for.
    ///
    /// # Errors
    /// Those of [`Session::lookup`].
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn lookup(&mut self, index: Index) -> Result<&Arc<T>, Refused> {
        let at = index.get() as usize;
        let exports = self.session.exports_table();
        let stands = matches!(
            self.seen.get(at),
            Some(Some(object)) if exports.stands_at(object, index)
        );
        if !stands {
            self.look_again(index, Location::caller())?;
        }
        let seen = self.seen.get(at).and_then(Option::as_ref);
        seen.ok_or(Refused::Violation(crate::protocol::Violation::UnknownExport { index }))
    }

    /// The session knows the index, so it is below the number of our own entries.
    #[inline(never)]
    fn look_again(
        &mut self,
        index: Index,
        caller: &'static Location<'static>,
    ) -> Result<(), Refused> {
        let found = self.session.lookup_for(index, caller)?;
        let at = index.get() as usize;
        if self.seen.len() <= at {
            self.seen.resize(at + 1, None);
        }
        self.seen[at] = Some(found);
        Ok(())
    }

    /// R4, R5: reads a `GCExportOp`. Returns the object if its entry went.
    ///
    /// # Errors
    /// Those of [`Session::gc_export`].
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn gc_export(&mut self, index: Index, delta: u32) -> Result<Option<Arc<T>>, Refused> {
        let at = index.get() as usize;
        let exports = self.session.exports_table();
        if let Some(Some(object)) = self.seen.get(at)
            && exports.gc_export_above_zero(object, index, delta)
        {
            let step = || Step::GcExported { index, delta, freed: false };
            self.session.made(Location::caller(), step);
            return Ok(None);
        }
        let evicted = self.session.gc_export_for(index, delta, Location::caller())?;
        if evicted.is_some()
            && let Some(seen) = self.seen.get_mut(at)
        {
            *seen = None;
        }
        Ok(evicted)
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> fmt::Debug for Reader<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("session", &self.session).finish_non_exhaustive()
    }
}
