//! Whole messages: counted whole or not at all.

use super::{Exportable, Proxy, Received, Refused, Session};
use crate::protocol::{Descriptor, Misuse, Violation};
use crate::sync::{Primitives, Std};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// A message in the making. Unless it is [`sent`](Self::sent), its mentions are taken back (R7),
/// also when an error or a panic ends its making.
///
/// Like every export, its exports and the placing of the message on the channel are one step: make
/// it under the lock of the channel, if there are several who send. Objects whose entries go with
/// the taking back are dropped where the message is.
///
/// ```
/// # use captp_gc::protocol::{Limits, Misuse, SessionId};
/// # use captp_gc::table::{Exportable, Session};
/// # use std::sync::Arc;
/// # struct Mint;
/// # impl Exportable for Mint {}
/// # fn main() -> Result<(), Misuse> {
/// let session = Session::new(SessionId::FIRST, Limits::default());
/// let mint = Arc::new(Mint);
///
/// let mut message = session.message();
/// let descriptor = message.export(&mint)?;
/// drop(message); // its arguments could not be written
/// assert_eq!(session.stats().exports, 0);
///
/// let mut message = session.message();
/// assert_eq!(message.export(&mint)?, descriptor); // introduced again, since it never was
/// message.sent();
/// assert_eq!(session.stats().exports, 1);
/// # Ok(())
/// # }
/// ```
#[must_use = "its mentions are taken back unless it is sent"]
pub struct Outgoing<'a, T: ?Sized + Exportable<P>, P: Primitives = Std> {
    session: &'a Session<T, P>,
    exported: Vec<Arc<T>>,
    references: usize,
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Outgoing<'_, T, P> {
    /// R1: a reference to one of our objects.
    ///
    /// # Errors
    /// Those of [`Session::export`]; [`Misuse::MessageTooLong`].
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn export(&mut self, object: &Arc<T>) -> Result<Descriptor, Misuse> {
        self.check_length()?;
        let descriptor = self.session.export(object)?;
        self.exported.push(Arc::clone(object));
        self.references += 1;
        Ok(descriptor)
    }

    /// A reference to one of the peer's, which goes home. Not counted.
    ///
    /// # Errors
    /// Those of [`Session::send_home`]; [`Misuse::MessageTooLong`].
    pub fn send_home(&mut self, proxy: &Proxy<P>) -> Result<Descriptor, Misuse> {
        self.check_length()?;
        let descriptor = self.session.send_home(proxy)?;
        self.references += 1;
        Ok(descriptor)
    }

    /// The message is on its way, or on the channel: its mentions stay counted.
    ///
    /// If the peer has given an object back already, and nobody else holds it, it is dropped here:
    /// so call this when the lock of the channel is released, if objects send when they are
    /// dropped.
    pub fn sent(mut self) {
        self.exported.clear();
    }

    fn check_length(&self) -> Result<(), Misuse> {
        let (references, limits) = (self.references + 1, self.session.limits());
        if limits.fit(references) {
            return Ok(());
        }
        Err(Misuse::MessageTooLong { references, limit: limits.references_per_message_max })
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Drop for Outgoing<'_, T, P> {
    /// Latest first, so that indices go back to the free list in the order they were taken.
    fn drop(&mut self) {
        while let Some(object) = self.exported.pop() {
            // An error says that nothing is counted any more: the session is over, or the peer has
            // given back what it was never sent.
            drop(self.session.unexport(&object));
        }
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Session<T, P> {
    /// A message to be made and sent: see [`Outgoing`].
    pub const fn message(&self) -> Outgoing<'_, T, P> {
        Outgoing { session: self, exported: Vec::new(), references: 0 }
    }

    /// R2, R7: reads all descriptors of one incoming message. If one is refused, the proxies of
    /// those before it are dropped, and their mentions given back in due course.
    ///
    /// # Errors
    /// Those of [`receive`](Self::receive), with what was read before it as said; the violation
    /// `MessageTooLong`, before anything is read.
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn receive_all(&self, descriptors: &[Descriptor]) -> Result<Vec<Received<T, P>>, Refused> {
        let (references, limits) = (descriptors.len(), self.limits());
        if !limits.fit(references) {
            let limit = limits.references_per_message_max;
            return Err(Violation::MessageTooLong { references, limit }.into());
        }
        let mut received = Vec::with_capacity(references);
        for descriptor in descriptors {
            received.push(self.receive(*descriptor)?);
        }
        Ok(received)
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> fmt::Debug for Outgoing<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("references", &self.references).finish_non_exhaustive()
    }
}
