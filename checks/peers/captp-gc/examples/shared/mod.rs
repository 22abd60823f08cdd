//! What the examples have in common: an object to export, and how a session is read and looked at.

use captp_gc::protocol::{Descriptor, Violation};
use captp_gc::table::{ExportCell, Exportable, Proxy, Received, Refused, Session};
use std::error::Error;
use std::sync::Arc;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Something that we export.
pub(crate) struct Mint {
    export: ExportCell,
}

impl Mint {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { export: ExportCell::new() })
    }
}

impl Exportable for Mint {
    fn export_cell(&self) -> Option<&ExportCell> {
        Some(&self.export)
    }
}

/// Reads a descriptor from a wire that does not say whether a mention is the first.
pub(crate) fn receive(
    session: &Session<Mint>,
    descriptor: Descriptor,
) -> Result<Received<Mint>, Refused> {
    match session.receive(descriptor) {
        Err(Refused::Violation(Violation::NotIntroduced { index })) => {
            session.receive(Descriptor::NewFarDesc(index))
        }
        received => received,
    }
}

/// Whether our tables have no entry, and owe nothing.
pub(crate) fn is_empty(session: &Session<Mint>) -> bool {
    let stats = session.stats();
    (stats.exports, stats.imports, stats.owed) == (0, 0, 0)
}

/// So many mentions of our objects are outstanding.
///
/// # Errors
/// There are more, or fewer.
pub(crate) fn expect_exports(session: &Session<Mint>, expected: u32) -> Outcome<()> {
    let exports = session.exports();
    let mentions: u32 = exports.iter().map(|(_, _, mentions)| mentions.get()).sum();
    println!("ours: {}, {mentions} mentions outstanding", session.stats());
    ensure(mentions == expected, &format!("{expected} mentions were expected"))
}

/// How many mentions a proxy stands for.
pub(crate) fn mentions_of(session: &Session<Mint>, proxy: &Proxy) -> u32 {
    let imports = session.imports();
    let row = imports.iter().find(|row| row.index == proxy.index());
    row.map_or(0, |row| row.mentions.get())
}

pub(crate) fn say(what: &str) {
    println!("\n{what}");
}

pub(crate) fn ensure(holds: bool, or: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(or.into()) }
}
