//! Proxies: the local stand-ins for the peer's objects.

use super::page::Page;
use crate::protocol::{Index, SessionId};
use crate::sync::{Primitives, Std};
use core::fmt;
use core::hash::{Hash, Hasher};

/// A handle of the proxy at one import index of one session.
///
/// All handles of an index that live at the same time are one proxy: they are equal, and equal to
/// what the next mention of that index returns. When the last of them is dropped, on whichever
/// thread, the proxy is gone, and its notification is owed to the session, which serves it in
/// [`Session::drain_gc`](super::Session::drain_gc). The drop itself takes no lock and sends
/// nothing.
///
/// A drop is ordered after everything its thread did before. So once a call through the proxy is
/// *queued* for sending, its handle may go: the `GCExportOp` is drained after that, and follows the
/// call if the channel keeps order (R6).
///
/// Once the session is over the proxy is [broken](Self::is_broken). It may be kept, cloned and
/// dropped, and nothing comes of it.
pub struct Proxy<P: Primitives = Std> {
    page: P::Shared<Page<P>>,
    slot: u32,
}

impl<P: Primitives> Proxy<P> {
    /// The handle that [`Page::receive`] has counted.
    pub(super) const fn new(page: P::Shared<Page<P>>, slot: u32) -> Self {
        Self { page, slot }
    }

    pub(super) fn page(&self) -> &Page<P> {
        &self.page
    }

    /// Where it stands or stood in the import table: the exporter's index, in this proxy's session.
    /// To send a call there, ask [`Session::target`](super::Session::target).
    pub fn index(&self) -> Index {
        self.page.index(self.slot)
    }

    /// The session it belongs to.
    pub fn session(&self) -> SessionId {
        self.page.queue().session()
    }

    /// R8: whether its session is over.
    pub fn is_broken(&self) -> bool {
        self.page.peek(self.slot).is_closed()
    }
}

impl<P: Primitives> Clone for Proxy<P> {
    /// # Panics
    /// If the proxy has 2^29 handles.
    #[inline]
    fn clone(&self) -> Self {
        self.page.add_handle(self.slot);
        Self { page: self.page.clone(), slot: self.slot }
    }
}

impl<P: Primitives> Drop for Proxy<P> {
    #[inline]
    fn drop(&mut self) {
        self.page.remove_handle(self.slot);
    }
}

impl<P: Primitives> PartialEq for Proxy<P> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq::<Page<P>>(&*self.page, &*other.page) && self.slot == other.slot
    }
}

impl<P: Primitives> Eq for Proxy<P> {}

impl<P: Primitives> Hash for Proxy<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        core::ptr::from_ref::<Page<P>>(&*self.page).hash(state);
        self.slot.hash(state);
    }
}

impl<P: Primitives> fmt::Debug for Proxy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken = if self.is_broken() { ", broken" } else { "" };
        write!(f, "proxy of imports[{}] in session {}{broken}", self.index(), self.session())
    }
}
