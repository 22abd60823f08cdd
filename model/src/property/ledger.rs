//! The ledger of one index: what is really outstanding, beside the two counters.

use crate::names::VatId;
use crate::protocol::View;
use crate::world::{Message, State};
use captp_gc::protocol::Index;
use serde::Serialize;

/// Both sides of the conservation law for one export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Balance {
    /// The exporter's counter; zero if the entry is not allocated.
    pub export_count: u32,
    /// Mentions really in flight, those of a message in the making included.
    pub mentions: u32,
    /// The importer's counter.
    pub import_count: u32,
    /// Deltas really in flight.
    pub deltas: u32,
}

impl Balance {
    /// What the export count should be.
    pub const fn sum(&self) -> u32 {
        self.mentions + self.import_count + self.deltas
    }

    /// Whether the law holds.
    pub const fn holds(&self) -> bool {
        self.export_count == self.sum()
    }
}

/// The balance of `index` among `exporter`'s exports, if both vats are in the same session.
pub fn balance<T: View>(state: &State<T>, exporter: VatId, index: Index) -> Option<Balance> {
    let session = state.shared_session()?;
    let (from, to) = (state.vat(exporter), state.vat(exporter.peer()));
    let export = from.tables.export_at(index);
    let import = to.tables.import_at(index);
    let mut balance = Balance {
        export_count: export.map_or(0, |export| export.count),
        import_count: import.map_or(0, |import| import.count),
        ..Balance::default()
    };
    for mention in state.unread_mentions(exporter) {
        balance.mentions += u32::from(mention.descriptor.index() == index);
    }
    let current = state.wire_to(exporter).iter().filter(|message| message.session == session);
    for (of, delta) in current.filter_map(Message::gc_export) {
        balance.deltas += if of == index { delta } else { 0 };
    }
    Some(balance)
}
