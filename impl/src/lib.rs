//! Distributed acyclic garbage collection between vats, as in E's CapTP, Cap'n Proto and OCapN.
//!
//! Two vats hold references to each other's objects. Each side keeps an **export table** (index →
//! local object, and how many *mentions* of it were put on the wire) and an **import table** (index
//! → proxy, and how many mentions were taken off the wire). When a proxy is collected, its vat
//! sends `GCExportOp(index, wire delta)`; when the exporter's count is back at zero the entry is
//! forgotten, and the object may be collected.
//!
//! Two races wait for everyone who implements this, and the counts and the successor test below
//! are their answers:
//!
//! * the **distributed race**: a `GCExportOp(i, …)` crosses on the wire with an `ImportDesc(i)`;
//! * the **local race**: the notification that a proxy is gone is queued, and a mention that is
//!   served before it installs a *successor* proxy.
//!
//! [`table`] has the concurrent tables for production: begin with [`table::Session`]. [`protocol`]
//! is the protocol itself: pure transition functions and the sequential tables made of them. They
//! do no I/O, read no clock, start no thread and call nobody back. The state of the whole protocol
//! is a value, so a model checker can step it, and every effect is returned to the caller.
//!
//! ```
//! use captp_gc::protocol::{Limits, Received, Reference, SessionId, Tables};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut vat_b = Tables::new(SessionId::FIRST, Limits::default());
//! let mut vat_a = Tables::<&str>::new(SessionId::FIRST, Limits::default());
//!
//! // VatB mentions Bob for the first time, VatA reads it and holds Bob's proxy.
//! let written = vat_b.write(&[Reference::Local("Bob")])?;
//! let message = vat_b.sent(written)?;
//! let received = vat_a.read(&message)?;
//! let Received::Proxy { proxy: bob, .. } = received[0] else { unreachable!() };
//!
//! // VatA's collector takes the proxy; serving the notification yields the GCExportOp to send.
//! let notification = vat_a.clear(bob)?;
//! let op = vat_a.notify(notification).expect("no successor was installed");
//!
//! // VatB subtracts; at zero the entry goes, and Bob is handed back to his vat.
//! assert_eq!(vat_b.gc_export(op.index, op.delta.get())?, Some("Bob"));
//! # Ok(())
//! # }
//! ```
#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod protocol;
#[cfg(feature = "std")]
pub mod sync;
#[cfg(feature = "std")]
pub mod table;
