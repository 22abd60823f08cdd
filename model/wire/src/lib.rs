//! What can be said about the traffic of two vats by looking at the wire alone.
//!
//! A **wire trace** ([`mod@line`]) has one JSON object per line: what was sent, in which direction,
//! which references it mentioned, what it gave back, and, where somebody inside has written it
//! down, what was read, dropped, cleared and notified. Nothing here knows a model: the same lines
//! come from a tap between two strangers and from an adapter that drives them.
//!
//! [`read`] and [`mod@write`] are for files, [`sums`] holds a trace against the rules of a system:
//!
//! ```
//! use captp_wire::{read::Reader, sums::{Rules, Sums}};
//!
//! let trace = r#"{"trace":"captp-gc/wire/1","system":"capnp"}
//! {"seq":1,"from":"B","kind":"call","refs":[{"mention":{"index":3}}]}
//! {"seq":2,"from":"A","kind":"release","releases":[{"index":3,"count":2}]}"#;
//! let reader = Reader::new(trace.as_bytes())?;
//! let mut sums = Sums::new(Rules::of(&reader.header().system)?);
//! let mut found = Vec::new();
//! for line in reader {
//!     let (_number, line) = line?;
//!     found.extend(sums.feed(&line));
//! }
//! assert_eq!(
//!     found[0].to_string(),
//!     "#2: a release gives 2 mentions of VatB's export 3 back, and only 1 is left",
//! );
//! assert_eq!(sums.finish().violations, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`decode`] makes lines of what systems write on the wire, [`frame`] finds the messages in a
//! stream, [`tap`] does both between two strangers, and [`encode`] says what no honest peer would.
//! [`adapter`] is how an implementation is driven.

pub mod adapter;
pub mod decode;
pub mod encode;
mod fields;
pub mod frame;
pub mod line;
pub mod read;
pub mod sums;
pub mod tap;
mod words;
pub mod write;
