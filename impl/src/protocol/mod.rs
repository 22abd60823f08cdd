//! The rules of E's CapTP, written once, as pure functions.
//!
//! Everything else in this project either applies these functions or checks them: the models step
//! them, the concurrent tables move their words by them.
//!
//! # The rules
//!
//! Numbered as the comments, the models and the mutations cite them. Sources: M. S. Miller on
//! es-discuss, 2013-11-09 ("weak callbacks"), and E's own implementation (`net.captp`).
//!
//! 1. **R1** The exporter's count for `i` rises by one for every mention it writes
//!    (`NewFarDesc`: the entry is allocated with count 1; `ImportDesc`: one more).
//! 2. **R2** The importer's count for `i` rises by one for every mention it reads; it returns the
//!    live proxy, or installs a successor.
//! 3. **R3** A served notification acts only if no live successor stands at `i`; then it sends
//!    `GCExportOp(i, import count)` and the count becomes 0.
//! 4. **R4** The exporter subtracts the delta; at zero, and only there, it forgets the entry, in
//!    both directions of its map; the index may be reused at once.
//! 5. **R5** A delta above the count, an index not allocated, a zero delta: protocol violation.
//!    The session ends, nothing else is touched.
//! 6. **R6** All messages of a session in one direction share one FIFO channel, calls and GC
//!    messages alike. (A duty of whoever moves the messages.)
//! 7. **R7** A mention that could not be sent is un-counted. A message that could not be read
//!    whole leaves no counts behind.
//! 8. **R8** When the session ends, each export is released once, every proxy breaks, and no
//!    notification of that session sends anything any more.
//!
//! # The layers
//!
//! | module | is |
//! |---|---|
//! | [`count`] | checked counts: nothing wraps |
//! | [`ids`] | [`Index`], [`SessionId`], [`Incarnation`] |
//! | [`export_slot`], [`import_slot`] | the transitions of one slot |
//! | [`ExportTable`], [`ImportTable`] | the sequential tables made of them |
//! | [`Tables`] | both tables of one vat in one session: whole messages, all or nothing |
//!
//! An operation that returns an error has changed nothing. The caller owes the tables two things:
//! to give each connection tables of its own ([`SessionId::admit`] says which message belongs), and
//! to settle a written message, sent or not, before it writes the next ([`Tables::write`]).

pub mod count;
pub mod export_slot;
pub mod ids;
pub mod import_slot;

mod descriptor;
#[cfg(test)]
mod display_tests;
mod error;
mod exports;
mod imports;
mod limits;
mod tables;
#[cfg(test)]
mod tables_tests;

pub use count::{WireCount, WireDelta};
pub use descriptor::{Descriptor, GcExportOp, Received, Reference, Written};
pub use error::{Misuse, Violation};
pub use export_slot::ExportSlot;
pub use exports::ExportTable;
pub use ids::{Admission, Incarnation, Index, ProxyId, SessionId};
pub use import_slot::ImportSlot;
pub use imports::{ImportEntry, ImportTable, Imported};
pub use limits::Limits;
pub use tables::{Notification, Tables};
