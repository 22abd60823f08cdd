//! The protocol under test, behind one trait: what the world asks of it, and what the ledger may
//! look at.
//!
//! A protocol owns one vat's tables of one session and decides what is written, counted and
//! given back. The world owns everything else: the application's moves, the collector, the
//! channels, the ends of sessions, and the truth about who holds what. Adding a protocol is one
//! file with an implementation of [`Protocol`], and one line in [`crate::catalogue`].

mod bend;
pub mod e;

pub use bend::Bend;

use crate::names::Object;
use crate::world::WireOrder;
use captp_gc::protocol::{
    Admission, Descriptor, Index, Misuse, Notification, ProxyId, Received, Reference, SessionId,
    Violation,
};
use std::fmt::Debug;
use std::hash::Hash;

/// An entry of an export table, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportView {
    /// What the entry denotes.
    pub object: Object,
    /// The exporter's count.
    pub count: u32,
}

/// An entry of an import table, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportView {
    /// The importer's count.
    pub count: u32,
    /// Whether the table takes the proxy for live.
    pub live: bool,
}

/// One vat's tables in one session: a small value, ordered throughout, so that equal histories
/// have equal hashes; and what the ledger may see of it.
pub trait View: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// Every export that is allocated, in order of the indices.
    fn exports(&self) -> impl Iterator<Item = (Index, ExportView)>;

    /// Every import that was ever introduced, in order of the indices.
    fn imports(&self) -> impl Iterator<Item = (Index, ImportView)>;

    /// The export at `index`, if it is allocated.
    fn export_at(&self, index: Index) -> Option<ExportView>;

    /// The import at `index`, if it was ever introduced.
    fn import_at(&self, index: Index) -> Option<ImportView>;
}

/// A protocol of distributed acyclic garbage collection between two vats.
///
/// All functions are pure but for the tables they are given, and deterministic.
pub trait Protocol: Clone + Debug + Send + Sync + 'static {
    /// One vat's tables in one session.
    type Tables: View;

    /// The protocol, with one rule bent or none.
    fn bent(bend: Option<Bend>) -> Self;

    /// Empty tables for `session`.
    fn open(&self, session: SessionId) -> Self::Tables;

    /// The order that the channels keep.
    fn wire_order(&self) -> WireOrder;

    /// Describes the references of one outgoing message, which is then in the making.
    ///
    /// # Errors
    /// The vat's own application asked for something impossible; then nothing was counted.
    fn write(
        &self,
        tables: &mut Self::Tables,
        references: &[Reference<Object>],
    ) -> Result<Vec<Descriptor>, Misuse>;

    /// The message in the making is on the wire.
    ///
    /// # Errors
    /// There is none.
    fn sent(&self, tables: &mut Self::Tables) -> Result<(), Misuse>;

    /// The message in the making cannot be sent. Returns the objects whose entries went.
    ///
    /// # Errors
    /// There is none.
    fn unwrite(&self, tables: &mut Self::Tables) -> Result<Vec<Object>, Misuse>;

    /// What to do with a message of session `theirs`, in session `ours`.
    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission;

    /// Reads the descriptors of one incoming message.
    ///
    /// # Errors
    /// The peer broke the protocol; then nothing was counted.
    fn read(
        &self,
        tables: &mut Self::Tables,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Object>>, Violation>;

    /// Reads a `GCExportOp`. Returns the object whose entry went.
    ///
    /// # Errors
    /// The peer broke the protocol; then nothing was changed.
    fn gc_export(
        &self,
        tables: &mut Self::Tables,
        index: Index,
        delta: u32,
    ) -> Result<Option<Object>, Violation>;

    /// The collector clears the weak reference to `proxy`. Returns the notification that is owed,
    /// if one was scheduled.
    fn clear(&self, tables: &mut Self::Tables, proxy: ProxyId) -> Option<Notification>;

    /// Serves a notification. Returns the `GCExportOp` to send, as index and delta.
    fn notify(&self, tables: &mut Self::Tables, notification: Notification)
    -> Option<(Index, u32)>;

    /// The session ends, and `next` begins. Returns the exports that were released.
    ///
    /// # Errors
    /// `next` is not later than the session that ends.
    fn close(&self, tables: &mut Self::Tables, next: SessionId) -> Result<Vec<Object>, Misuse>;
}
