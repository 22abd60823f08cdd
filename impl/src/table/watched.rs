//! Where a session's steps are handed to whoever watches it. Empty when nobody can.

use super::Step;
use crate::protocol::SessionId;
use core::panic::Location;

#[cfg(feature = "observe")]
use {super::Observer, alloc::sync::Arc};

/// A session's number, and who watches it.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) session: SessionId,
    #[cfg(feature = "observe")]
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl Watched {
    pub(super) const fn new(session: SessionId) -> Self {
        Self {
            session,
            #[cfg(feature = "observe")]
            observer: None,
        }
    }

    /// A step was made. What it was is computed only if somebody wants to know.
    #[inline]
    #[cfg_attr(
        not(any(feature = "observe", feature = "tracing")),
        expect(unused_variables, reason = "nobody watches")
    )]
    pub(super) fn made(&self, caller: &'static Location<'static>, step: impl FnOnce() -> Step) {
        #[cfg(any(feature = "observe", feature = "tracing"))]
        self.tell(caller, &step());
    }

    #[cfg(any(feature = "observe", feature = "tracing"))]
    fn tell(&self, caller: &'static Location<'static>, step: &Step) {
        #[cfg(feature = "tracing")]
        tracing::trace!(
            session = self.session.get(),
            rule = step.rule(),
            %caller,
            "{step}"
        );
        #[cfg(feature = "observe")]
        if let Some(observer) = &self.observer {
            observer.observe(self.session, step, caller);
        }
    }
}
