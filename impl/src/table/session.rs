//! Both tables of one vat in one session, to be used from any thread.

use super::exports::Exports;
use super::imports::Imports;
use super::queue::Wake;
use super::watched::Watched;
use super::{Exportable, Proxy, Reader, Refused, Stats, Step};
use crate::protocol::import_slot::Handed;
use crate::protocol::{Descriptor, GcExportOp, Index, Limits, Misuse, SessionId, WireCount};
use crate::sync::{Primitives, Std};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

/// The export table and the import table of one vat in one session. A cheap handle: clone it.
///
/// Every operation may be called from any thread, and calls back nothing but
/// [`export_cell`](Exportable::export_cell) and, with nothing held, a waker and an observer.
/// Objects that leave the table are returned; drop them where you like, their `Drop` may use the
/// session.
///
/// What the session asks of its user:
///
/// * **Order (R6).** All messages of the session go through one channel that keeps their order.
///   A message's exports and its placing on that channel are one step: if several threads send,
///   hold the lock of the channel around both. Otherwise another thread's `ImportDesc` of an object
///   could overtake the `NewFarDesc` that introduces it. The same goes for
///   [`drain_gc`](Self::drain_gc).
/// * **Failed sends (R7).** [`unexport`](Self::unexport) each mention of a message that did not go
///   out, before the next is written; a [`message`](Self::message) does so by itself.
/// * **Order, again (R6).** What the peer sent is applied in the order in which it came: one thread
///   reads, or several take turns.
/// * **The end (R8).** [`close`](Self::close) the session after a violation, and when messages that
///   were drained or whose mentions are counted cannot be sent. Close it in any case: objects that
///   hold a handle of the session in which they are exported keep each other alive until then.
pub struct Session<T: ?Sized + Exportable<P>, P: Primitives = Std> {
    tables: Arc<Tables<T, P>>,
}

struct Tables<T: ?Sized + Exportable<P>, P: Primitives> {
    exports: Exports<T, P>,
    imports: Imports<P>,
    limits: Limits,
    watched: Watched,
}

/// What the receiver gets for an argument of a message. Equal if it is the same proxy or object.
pub enum Received<T: ?Sized, P: Primitives = Std> {
    /// A proxy for one of the sender's objects.
    Proxy {
        /// A handle of it.
        proxy: Proxy<P>,
        /// Whether it is new (the first, or a successor), or the one that was there.
        installed: bool,
    },
    /// One of the receiver's own objects: the reference came home.
    Home(Arc<T>),
}

impl<T: ?Sized, P: Primitives> PartialEq for Received<T, P> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Proxy { proxy, installed }, Self::Proxy { proxy: other, installed: others }) => {
                proxy == other && installed == others
            }
            (Self::Home(object), Self::Home(other)) => Arc::ptr_eq(object, other),
            _ => false,
        }
    }
}

impl<T: ?Sized, P: Primitives> Eq for Received<T, P> {}

impl<T: ?Sized, P: Primitives> fmt::Debug for Received<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy { proxy, installed: true } => write!(f, "{proxy:?}, installed"),
            Self::Proxy { proxy, .. } => write!(f, "{proxy:?}"),
            Self::Home(_) => f.write_str("an object of ours"),
        }
    }
}

impl<T: ?Sized + Exportable> Session<T> {
    /// The tables of session `id`.
    pub fn new(id: SessionId, limits: Limits) -> Self {
        Self::on(id, limits, None)
    }

    /// As [`new`](Self::new); `wake` is called, on the thread that dropped a proxy and with nothing
    /// held, when there is something to [drain](Self::drain_gc) and there was nothing before. It
    /// lives as long as the last proxy, and may be called once more after the end of the session.
    /// It should do no more than wake the session's loop, and must not panic: it runs in a `Drop`.
    pub fn with_wake(
        id: SessionId,
        limits: Limits,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self::on(id, limits, Some(Box::new(wake)))
    }
}

#[cfg(feature = "observe")]
impl<T: ?Sized + Exportable> Session<T> {
    /// As [`new`](Self::new); `observer` sees every step.
    pub fn observed(id: SessionId, limits: Limits, observer: Arc<dyn super::Observer>) -> Self {
        let watched = Watched { session: id, observer: Some(observer) };
        Self::watched(watched, limits, None)
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Session<T, P> {
    /// The tables of session `id`, on any primitives. See [`new`](Session::new) and
    /// [`with_wake`](Session::with_wake).
    pub fn on(id: SessionId, limits: Limits, wake: Option<Box<dyn Fn() + Send + Sync>>) -> Self {
        Self::watched(Watched::new(id), limits, wake)
    }

    fn watched(watched: Watched, limits: Limits, wake: Option<Wake>) -> Self {
        let imports = Imports::new(watched.clone(), &limits, wake);
        Self { tables: Arc::new(Tables { exports: Exports::new(), imports, limits, watched }) }
    }

    /// The session's number.
    pub fn id(&self) -> SessionId {
        self.tables.watched.session
    }

    /// What the session may cost.
    pub fn limits(&self) -> &Limits {
        &self.tables.limits
    }

    /// R1: counts one mention of `object`, and says how to write it. While it is exported, the same
    /// object has the same index.
    ///
    /// # Errors
    /// [`Misuse::ExportsFull`], [`Misuse::TooManyMentions`], [`Misuse::Closed`].
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn export(&self, object: &Arc<T>) -> Result<Descriptor, Misuse> {
        let descriptor = self.tables.exports.export(object, &self.tables.limits)?;
        self.made(Location::caller(), || Step::Exported { descriptor });
        Ok(descriptor)
    }

    /// R7: takes back one mention of `object` that was not sent. Returns the object if its entry
    /// went: the peer may have given back all its other mentions meanwhile.
    ///
    /// # Errors
    /// [`Misuse::NothingToUnexport`], [`Misuse::Closed`].
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn unexport(&self, object: &Arc<T>) -> Result<Option<Arc<T>>, Misuse> {
        let (index, evicted) = self.tables.exports.unexport(object)?;
        let freed = evicted.is_some();
        self.made(Location::caller(), || Step::Unexported { index, freed });
        Ok(evicted)
    }

    /// How to write a proxy that goes home: one of the peer's own exports. Not counted.
    ///
    /// Keep the handle until the message is queued: see [`Proxy`].
    ///
    /// # Errors
    /// [`Misuse::ForeignProxy`], [`Misuse::Closed`].
    pub fn send_home(&self, proxy: &Proxy<P>) -> Result<Descriptor, Misuse> {
        self.tables.imports.send_home(proxy)
    }

    /// Where to send a call through this proxy: the peer's index. Asked of the session, since the
    /// same number means another object in another session.
    ///
    /// # Errors
    /// [`Misuse::ForeignProxy`], [`Misuse::Closed`].
    pub fn target(&self, proxy: &Proxy<P>) -> Result<Index, Misuse> {
        self.send_home(proxy).map(Descriptor::index)
    }

    /// R2: reads one descriptor of a message, counting it if it is a mention.
    ///
    /// If a later descriptor of the same message turns out unreadable, drop what was received:
    /// mentions that were counted are given back in due course.
    ///
    /// # Errors
    /// Those of [`import`](Self::import) and of [`lookup`](Self::lookup).
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn receive(&self, descriptor: Descriptor) -> Result<Received<T, P>, Refused> {
        if let Descriptor::ExportDesc(index) = descriptor {
            return self.lookup(index).map(Received::Home);
        }
        let (proxy, installed) = self.read(descriptor, Location::caller())?;
        Ok(Received::Proxy { proxy, installed })
    }

    /// R2: reads one mention: the live proxy, or a successor.
    ///
    /// # Errors
    /// [`Refused::Closed`]; the violations `IndexBeyondLimit`, `NotIntroduced`, `StillImported`,
    /// `TooManyMentions`. An `ExportDesc` is none, and is refused as `NotIntroduced`.
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn import(&self, mention: Descriptor) -> Result<Proxy<P>, Refused> {
        self.read(mention, Location::caller()).map(|(proxy, _)| proxy)
    }

    #[inline]
    fn read(
        &self,
        descriptor: Descriptor,
        caller: &'static Location<'static>,
    ) -> Result<(Proxy<P>, bool), Refused> {
        match self.tables.imports.receive(descriptor, &self.tables.limits) {
            Ok((proxy, handed)) => {
                let installed = handed == Handed::Successor;
                self.made(caller, || Step::Imported { descriptor, installed });
                Ok((proxy, installed))
            }
            Err(refused) => Err(self.refused(caller, refused)),
        }
    }

    pub(super) fn exports_table(&self) -> &Exports<T, P> {
        &self.tables.exports
    }

    #[inline]
    pub(super) fn made(&self, caller: &'static Location<'static>, step: impl FnOnce() -> Step) {
        self.tables.watched.made(caller, step);
    }

    fn refused(&self, caller: &'static Location<'static>, refused: Refused) -> Refused {
        if let Refused::Violation(violation) = refused {
            self.made(caller, || Step::Refused { violation });
        }
        refused
    }

    /// The object that a call to our export `index` is for.
    ///
    /// # Errors
    /// [`Refused::Closed`]; the violation `UnknownExport`.
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn lookup(&self, index: Index) -> Result<Arc<T>, Refused> {
        self.lookup_for(index, Location::caller())
    }

    #[inline]
    pub(super) fn lookup_for(
        &self,
        index: Index,
        caller: &'static Location<'static>,
    ) -> Result<Arc<T>, Refused> {
        self.tables.exports.lookup(index).map_err(|refused| self.refused(caller, refused))
    }

    /// R4, R5: reads a `GCExportOp`. Returns the object if its entry went.
    ///
    /// # Errors
    /// [`Refused::Closed`]; the violations `ZeroDelta`, `UnknownExport`, `OverRelease`.
    #[inline]
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn gc_export(&self, index: Index, delta: u32) -> Result<Option<Arc<T>>, Refused> {
        self.gc_export_for(index, delta, Location::caller())
    }

    #[inline]
    pub(super) fn gc_export_for(
        &self,
        index: Index,
        delta: u32,
        caller: &'static Location<'static>,
    ) -> Result<Option<Arc<T>>, Refused> {
        let evicted = self.tables.exports.gc_export(index, delta);
        let evicted = evicted.map_err(|refused| self.refused(caller, refused))?;
        let freed = evicted.is_some();
        self.made(caller, || Step::GcExported { index, delta, freed });
        Ok(evicted)
    }

    /// A reader of this session's messages, which looks exports up without a lock.
    pub fn reader(&self) -> Reader<T, P> {
        Reader::new(self.clone())
    }

    /// R3: serves the notifications that are owed, and appends the `GCExportOp`s to send. They are
    /// taken off the table: send each, once, in the session's channel, after all that was queued
    /// there before.
    ///
    /// A proxy that was dropped and revived since the last drain costs no message. A drain at the
    /// same time as a drop or as another drain may leave what that other thread is about to queue
    /// or has taken: nothing is lost, the next drain or the other finds it. What is revived and
    /// dropped again during a drain may be given back in two messages.
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn drain_gc(&self, ops: &mut Vec<GcExportOp>) {
        let before = ops.len();
        self.tables.imports.drain(ops);
        let caller = Location::caller();
        for &GcExportOp { index, delta } in &ops[before..] {
            self.made(caller, || Step::Notified { index, delta });
        }
    }

    /// Whether there may be something to drain. May be true once more after the end of the session.
    pub fn is_owing(&self) -> bool {
        self.tables.imports.is_owing()
    }

    /// R8: the session is over. Every proxy is broken; a drain that begins after this returns finds
    /// nothing; every exported object is given back, once, to the one caller that closed first. The
    /// imports are closed before the exports: until this returns, an export may still succeed.
    #[cfg_attr(any(feature = "observe", feature = "tracing"), track_caller)]
    pub fn close(&self) -> Vec<Arc<T>> {
        self.tables.imports.close();
        let returned = self.tables.exports.close();
        let exports = returned.len();
        self.made(Location::caller(), || Step::Closed { exports });
        returned
    }

    /// Whether the session is over.
    pub fn is_closed(&self) -> bool {
        self.tables.imports.is_closed()
    }

    /// The exported objects in order of their indices: index, object, mentions outstanding.
    pub fn exports(&self) -> Vec<(Index, Arc<T>, WireCount)> {
        self.tables.exports.dump()
    }

    /// The imports of which something is held, in order of their indices.
    pub fn imports(&self) -> Vec<super::ImportRow> {
        self.tables.imports.dump()
    }

    /// Figures for a dashboard. Visits every import.
    pub fn stats(&self) -> Stats {
        let (exports, introduced) = self.tables.exports.len();
        Stats::new(exports, introduced, &self.imports())
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> Clone for Session<T, P> {
    fn clone(&self) -> Self {
        Self { tables: Arc::clone(&self.tables) }
    }
}

impl<T: ?Sized + Exportable<P>, P: Primitives> fmt::Debug for Session<T, P> {
    /// Both tables, a line for each entry with `{:#?}`. Objects are not printed: that would run
    /// code of theirs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exports = self.exports().into_iter().map(|(index, _, mentions)| (index, mentions));
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("closed", &self.is_closed())
            .field("exports", &exports.collect::<alloc::collections::BTreeMap<_, _>>())
            .field("imports", &self.imports())
            .finish()
    }
}
