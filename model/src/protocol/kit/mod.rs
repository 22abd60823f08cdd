//! What the models of several systems are made of: the messages of the mention-counting family, and
//! tables that apply the crate's own slot transitions under another policy of indices.
//!
//! A system that differs from E's CapTP in how it names things, and not in how it counts, is told
//! from it by these choices alone.

mod calls;
mod exports;
mod imports;
mod line;
mod named;
mod op;
mod runtime;

pub use calls::{Answers, Question, Questions};
pub use exports::{Entry, Exports, Ids};
pub use imports::{Import, Imports};
pub use named::{Named, NamedOp, Owner, key};
pub use op::{Desc, Finish, Given, Op, Returned, Wired, Words};
pub use runtime::{Beside, Link, Runtime};
