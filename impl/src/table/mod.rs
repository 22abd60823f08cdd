//! The tables for production: concurrent, without `unsafe`, and without a lock on the hot paths.
//!
//! Every shared step of a slot is a pure transition of [`protocol`](crate::protocol), applied to
//! one machine word by compare and swap.
//!
//! | operation | cost |
//! |---|---|
//! | export again | one compare and swap, in the exported object |
//! | lookup; `GCExportOp` that is not the last | one lock; with a [`Reader`] a load; one exchange |
//! | first export, last `GCExportOp` | one lock |
//! | import | one compare and swap, in the slot; and a reference to its page |
//! | clone, drop | one addition; and a reference to the page |
//! | last drop | one more exchange if nothing else is owed, else one and, seldom, a push |
//! | drain | one swap; one for each page with something to report, one for each such proxy |
//!
//! # Why the local race cannot happen
//!
//! Let `w = (handles, mentions)` be the word of an import slot.
//!
//! * A mention is `(h, n) → (h+1, n+1)`, a clone `(h+1, n)`, a drop `(h-1, n)`, the serving of a
//!   notification `(0, n) → (0, 0)` by compare and swap; who makes that step owes the peer
//!   `GCExportOp(i, n)`.
//! * *Conservation:* mentions received = `n` + mentions given back. Every step keeps it.
//! * `h > 0` implies `n ≥ 1`: a mention adds to both, and `n` falls only where `h = 0`.
//! * *Safety:* the exporter's count is mentions sent less mentions given back, so at least `n`. A
//!   live proxy keeps it above zero, whatever is in flight.
//! * *Progress:* a word with `h = 0` and `n > 0` is queued or marked, or about to be: whoever made
//!   `h` zero sees to it. A drain takes it off before it looks at the word.
//!
//! Incarnations, which the sequential tables number, need no number here: the handles that live at
//! one time are one proxy, and a notification acts on the word as it is, not as it was.

mod defect;
mod error;
mod export_table;
mod export_word;
mod exports;
mod import_word;
mod imports;
#[cfg(feature = "trace")]
mod json_lines;
mod line;
mod message;
#[cfg(test)]
mod message_tests;
#[cfg(feature = "observe")]
mod observe;
#[cfg(all(test, feature = "trace"))]
mod observe_tests;
mod page;
mod proxy;
mod queue;
mod reader;
mod session;
#[cfg(test)]
mod session_tests;
mod stats;
mod step;
mod watched;

pub use defect::Defect;
pub use error::Refused;
pub use export_word::{ExportCell, Exportable};
#[cfg(feature = "trace")]
pub use json_lines::JsonLines;
pub use message::Outgoing;
#[cfg(feature = "observe")]
pub use observe::{Holders, Observer};
pub use proxy::Proxy;
pub use reader::Reader;
pub use session::{Received, Session};
pub use stats::{ImportRow, Stats};
pub use step::Step;
