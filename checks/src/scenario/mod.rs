//! What the threads of a check do, on any checker's primitives.
//!
//! A scenario returns a [`Verdict`] when its threads have ended and its handles are gone. Each ends
//! on the conservation law: mentions received = mentions given back, once everything is dropped and
//! drained, and never fewer while a proxy lives.

pub mod exports;
pub mod imports;
pub mod sessions;
pub mod wire;

use crate::explorer::{Explorer, Verdict};
use crate::ledger::Object;
use captp_gc::protocol::{Limits, SessionId, WireCount};
use captp_gc::table::Session;

/// A scenario: what it is called, what it proves when it holds, and what its threads do.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, as tests are named.
    pub name: &'static str,
    /// What holds in every interleaving.
    pub proves: &'static str,
    /// How many threads run at one time.
    pub threads: usize,
    /// One execution.
    pub run: fn() -> Verdict,
}

/// Tables of a size that can be exhausted.
const LIMITS: Limits = Limits {
    exports_max: 3,
    imports_max: 8,
    mentions_max: WireCount::new(6),
    references_per_message_max: 8,
};

fn session<P: Explorer>() -> Session<Object<P>, P> {
    Session::on(SessionId::FIRST, LIMITS, None)
}

/// All scenarios small enough to be exhausted.
pub fn small<P: Explorer>() -> Vec<Scenario> {
    let mut all = Vec::new();
    all.extend(imports::all::<P>());
    all.extend(exports::all::<P>());
    all.extend(sessions::all::<P>());
    all
}
