//! The adapter protocol: how an implementation is driven that knows nothing of this suite. One JSON
//! object a line, requests in and events out; `docs/adapter.md` describes it for people.
//!
//! These are the types of both sides: whoever drives, and an adapter that is written in Rust.

mod event;
mod hello;
mod request;

pub use event::{Done, Event, TableSizes};
pub use hello::{Can, Hello, VERSION};
pub use request::{Named, Request, is_promise};
