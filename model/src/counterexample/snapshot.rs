//! A state as data, as far as people look at it, and what differs between two of them.

use super::MessageRecord;
use crate::names::VatId;
use crate::property::{Balance, Subject, balance, positions};
use crate::protocol::View;
use crate::world::{Position, State, Table, Waited, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A state, as far as people look at it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The vats, in order.
    pub vats: Vec<VatRecord>,
    /// The messages in flight from each vat to each other.
    pub channels: Vec<ChannelRecord>,
    /// Both sides of the conservation law for every export of which anything is outstanding.
    pub ledger: Vec<LedgerRecord>,
    /// The same for the subject; none if the vats are not in one session.
    pub balance: Option<Balance>,
}

/// One vat's tables and debts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VatRecord {
    /// Which vat.
    pub vat: VatId,
    /// Its sessions, in the order of the peers.
    pub sessions: Vec<SessionRecord>,
    /// What it keeps for each peer.
    pub exports: Vec<ExportRecord>,
    /// What it has of each peer.
    pub imports: Vec<ImportRecord>,
    /// The notifications that are to be served.
    pub owed: Vec<OwedRecord>,
    /// Messages that are half written or half read, calls to be answered.
    pub business: Vec<String>,
}

/// A vat's session with a peer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// With whom.
    pub peer: VatId,
    /// The how-manieth, from 1.
    pub number: u32,
    /// Whether there is one: false after the last.
    pub open: bool,
}

/// An entry of an export table, or of a table of answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExportRecord {
    /// For whom.
    pub peer: VatId,
    /// In which table.
    pub table: Table,
    /// Where.
    pub index: u32,
    /// The object that it denotes; none if it leads to a proxy that is gone.
    pub object: Option<String>,
    /// The vat of the proxy that it leads to, if it leads to one.
    pub by_proxy: Option<VatId>,
    /// The exporter's count.
    pub count: u32,
}

/// An entry of an import table, or of a table of questions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportRecord {
    /// Of whom.
    pub peer: VatId,
    /// In which table of the peer's.
    pub table: Table,
    /// Where.
    pub index: u32,
    /// The importer's count.
    pub count: u32,
    /// The proxy that stands there, if one does.
    pub proxy: Option<ProxyRecord>,
}

/// A proxy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProxyRecord {
    /// What it denotes.
    pub object: String,
    /// The how-manieth it is at its place, from 1.
    pub number: u32,
    /// Whether the application holds it.
    pub held: bool,
    /// Whether the application only waits for its resolution.
    pub waited: bool,
}

/// A notification that is to be served.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwedRecord {
    /// Of whose export the proxy was.
    pub peer: VatId,
    /// In which table of the peer's.
    pub table: Table,
    /// Where.
    pub index: u32,
    /// What the proxy denoted.
    pub object: String,
    /// The how-manieth it was at its place.
    pub number: u32,
    /// Whether its session is over.
    pub old: bool,
}

/// The messages in flight from one vat to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// From whom.
    pub from: VatId,
    /// To whom.
    pub to: VatId,
    /// The messages, next first.
    pub messages: Vec<MessageRecord>,
}

/// Both sides of the conservation law for one export.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// Whose it is.
    pub exporter: VatId,
    /// For whom.
    pub importer: VatId,
    /// Where.
    pub index: u32,
    /// The counts.
    pub balance: Balance,
}

/// Something of a vat's that a step has changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Whose.
    pub vat: VatId,
    /// Where: `exports[0]`, `notification of imports[0]`.
    pub place: String,
    /// What was there.
    pub before: Option<String>,
    /// What is there now.
    pub after: Option<String>,
}

/// The numbers of the messages in flight.
pub(super) type InFlight = BTreeMap<(VatId, VatId), Vec<usize>>;

impl Snapshot {
    pub(super) fn of<T: View>(
        state: &State<T>,
        subject: Option<Subject>,
        numbers: &InFlight,
    ) -> Self {
        let channel = |(from, to)| {
            let numbers = numbers.get(&(from, to)).into_iter().flatten();
            let messages = state.wire(from, to).iter().zip(numbers);
            let messages =
                messages.map(|(message, number)| MessageRecord::of(*number, (from, to), message));
            ChannelRecord { from, to, messages: messages.collect() }
        };
        Self {
            vats: state.ids().map(|id| VatRecord::of(state, id)).collect(),
            channels: state.pairs().map(channel).collect(),
            ledger: ledger(state),
            balance: subject.and_then(|s| balance(state, s.exporter, s.importer, s.at)),
        }
    }

    /// What differs from an earlier state, vat by vat.
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (old, new) in before.vats.iter().zip(&self.vats) {
            let (old_rows, new_rows) = (old.rows(), new.rows());
            let (was, is) = (texts(&old_rows), texts(&new_rows));
            let gone = old_rows.iter().filter(|(at, _)| !is.contains_key(at.as_str()));
            for (place, _) in new_rows.iter().chain(gone) {
                let at = |rows: &BTreeMap<_, &str>| {
                    rows.get(place.as_str()).map(|text| (*text).to_owned())
                };
                let (before, after) = (at(&was), at(&is));
                if before != after {
                    changes.push(Change { vat: new.vat, place: place.clone(), before, after });
                }
            }
        }
        changes
    }
}

/// What stands at each place, first.
fn texts(rows: &[(String, String)]) -> BTreeMap<&str, &str> {
    rows.iter().rev().map(|(at, text)| (at.as_str(), text.as_str())).collect()
}

/// The ledger of every export that anything is outstanding of.
pub(crate) fn ledger<T: View>(state: &State<T>) -> Vec<LedgerRecord> {
    let mut records = Vec::new();
    for (exporter, importer) in state.pairs() {
        for at in positions(state, exporter, importer) {
            let Some(balance) = balance(state, exporter, importer, at) else { continue };
            if balance.export_count > 0 || balance.sum() > 0 {
                let index = at.index.get();
                records.push(LedgerRecord { exporter, importer, index, balance });
            }
        }
    }
    records
}

impl VatRecord {
    /// One vat of a state.
    pub(crate) fn of<T: View>(state: &State<T>, id: VatId) -> Self {
        let vat = state.vat(id);
        let peers = || id.others(state.vat_count());
        let session = |peer| {
            let (number, open) = state.session(id, peer);
            SessionRecord { peer, number: number.get(), open }
        };
        let exports = peers().flat_map(|peer| vat.tables.exports(peer).map(move |e| (peer, e)));
        let exports = exports.map(|(peer, (at, export))| ExportRecord {
            peer,
            table: at.table,
            index: at.index.get(),
            object: vat.denoted(export.what).map(|object| object.to_string()),
            by_proxy: match export.what {
                What::Local(_) => None,
                What::Proxy(key) => Some(key.peer),
            },
            count: export.count,
        });
        let imports = peers().flat_map(|peer| vat.tables.imports(peer).map(move |i| (peer, i)));
        let imports = imports.map(|(peer, (at, import))| ImportRecord {
            peer,
            table: at.table,
            index: at.index.get(),
            count: import.count,
            proxy: vat.proxies_at(peer, at).next().map(|proxy| ProxyRecord {
                object: proxy.object.to_string(),
                number: proxy.number,
                held: proxy.held,
                waited: proxy.waited != Waited::No,
            }),
        });
        let owed = vat.owed.iter().map(|owed| OwedRecord {
            peer: owed.key.peer,
            table: owed.key.at.table,
            index: owed.key.at.index.get(),
            object: owed.object.to_string(),
            number: owed.number,
            old: state.session(id, owed.key.peer).0 != owed.key.session,
        });
        Self {
            vat: id,
            sessions: peers().map(session).collect(),
            exports: exports.collect(),
            imports: imports.collect(),
            owed: owed.collect(),
            business: vat.business(),
        }
    }

    /// Whether there are more than two vats, so that a place is named with its peer.
    fn names_peers(&self) -> bool {
        self.sessions.len() > 1
    }

    /// Each place, and what stands there.
    pub fn rows(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        let whom = |word: &str, peer: VatId| {
            if self.names_peers() { format!(" {word} {peer}") } else { String::new() }
        };
        for export in &self.exports {
            let place = format!("{}{}", export.place(), whom("for", export.peer));
            rows.push((place, format!("{} count {}", export.denotes(), export.count)));
        }
        for import in &self.imports {
            let place = format!("{}{}", import.place(), whom("from", import.peer));
            let proxy = import.proxy.as_ref().map_or("no proxy".to_owned(), ProxyRecord::text);
            rows.push((place, format!("{proxy} count {}", import.count)));
        }
        for owed in &self.owed {
            let at = position(owed.table, owed.index).import();
            let place = format!("notification of {at}{}", whom("from", owed.peer));
            let old = if owed.old { " of an old session" } else { "" };
            let text = format!("owed for {}'s proxy #{}{old}", owed.object, owed.number);
            rows.push((place, text));
        }
        rows.extend(self.business.iter().map(|line| (line.clone(), String::new())));
        rows
    }
}

impl ExportRecord {
    /// `exports[0]`.
    pub fn place(&self) -> String {
        position(self.table, self.index).to_string()
    }

    /// What it leads to, in words.
    pub fn denotes(&self) -> String {
        match (&self.object, self.by_proxy) {
            (Some(object), None) => object.clone(),
            (Some(object), Some(_)) => format!("{object}'s proxy"),
            (None, _) => "a proxy that is gone".to_owned(),
        }
    }
}

impl ImportRecord {
    /// `imports[0]`.
    pub fn place(&self) -> String {
        position(self.table, self.index).import().to_string()
    }
}

impl ProxyRecord {
    /// What it denotes and who holds it, in words.
    pub fn text(&self) -> String {
        let dropped = match (self.held, self.waited) {
            (true, _) => "",
            (false, true) => ", waited for",
            (false, false) => ", dropped",
        };
        format!("{}'s proxy #{}{dropped}", self.object, self.number)
    }
}

impl LedgerRecord {
    /// In words; `names_importer` with more than two vats.
    pub fn text(&self, names_importer: bool) -> String {
        let Self { exporter, importer, index, balance } = self;
        let whom = if names_importer { format!(" for {importer}") } else { String::new() };
        format!(
            "{exporter} exports[{index}]{whom} counts {} {} {} in flight + {} imported + {} coming \
             back",
            balance.export_count,
            if balance.holds() { "=" } else { "≠" },
            balance.mentions,
            balance.import_count,
            balance.deltas
        )
    }
}

const fn position(table: Table, index: u32) -> Position {
    let index = captp_gc::protocol::Index::new(index);
    Position { table, index }
}
