//! What the tables hold, for people and dashboards.

use crate::protocol::{Index, WireCount};
use core::fmt;

/// One import of which something is held.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImportRow {
    /// The exporter's index.
    pub index: Index,
    /// Mentions received and not given back.
    pub mentions: WireCount,
    /// Handles of the proxy; zero if it is gone, and its notification owed.
    pub handles: u64,
}

/// Figures of one session at one time. Other threads may move them while they are gathered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Stats {
    /// Objects exported.
    pub exports: usize,
    /// Proxies alive.
    pub imports: usize,
    /// Proxies gone whose notification is not served.
    pub owed: usize,
    /// Objects exported so far, each time they became so.
    pub introduced: u64,
    /// Mentions received and not given back.
    pub mentions: u64,
}

impl Stats {
    pub(super) fn new(exports: usize, introduced: u64, imports: &[ImportRow]) -> Self {
        let owed = imports.iter().filter(|row| row.handles == 0).count();
        let mentions = imports.iter().map(|row| u64::from(row.mentions.get())).sum();
        Self { exports, imports: imports.len() - owed, owed, introduced, mentions }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exports, imports, owed, introduced, mentions } = self;
        write!(
            f,
            "exports {exports} of {introduced} so far; imports {imports}, {owed} owed, \
             {mentions} mentions held"
        )
    }
}

impl fmt::Debug for ImportRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, mentions, handles } = self;
        write!(f, "{index}: {mentions} mentions, {handles} handles")
    }
}
