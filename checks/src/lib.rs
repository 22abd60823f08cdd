//! Checks of the whole repository: they use everything, and nothing uses them.
//!
//! The tables of `captp-gc` are generic over their primitives, so the very code of production runs
//! here on loom's and on shuttle's. [`scenario`] has what the threads do; `tests/loom.rs` exhausts
//! its interleavings, `tests/shuttle.rs` samples them in larger worlds. Each scenario has defects
//! that it must find: see [`planted`].

pub mod attempt;
pub mod explorer;
mod forward;
pub mod ledger;
pub mod planted;
pub mod scenario;
#[cfg(loom)]
pub mod under_loom;
#[cfg(not(loom))]
pub mod under_shuttle;
