//! The ledger of one position: what is really outstanding, beside the two counters.

use crate::names::{Object, VatId};
use crate::protocol::View;
use crate::world::{Body, Position, State, Whose};
use serde::{Deserialize, Serialize};

/// Both sides of the conservation law for one export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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
        // A saved file may say anything.
        self.mentions.saturating_add(self.import_count).saturating_add(self.deltas)
    }

    /// Whether the law holds.
    pub const fn holds(&self) -> bool {
        self.export_count == self.sum()
    }
}

/// The balance of what `exporter` keeps for `importer` at a position, if both vats are in the same
/// session.
pub fn balance<T: View>(
    state: &State<T>,
    exporter: VatId,
    importer: VatId,
    at: Position,
) -> Option<Balance> {
    state.shared_session(exporter, importer)?;
    let from = state.vat(exporter);
    let export_count = from.tables.export_at(importer, at).map_or(0, |export| export.count);
    let mut balance = Balance { export_count, ..Balance::default() };
    for importer in sharers(state, exporter, importer) {
        let (session, _) = state.session(exporter, importer);
        let import = state.vat(importer).tables.import_at(exporter, at);
        balance.import_count += import.map_or(0, |import| import.count);
        for mention in state.unread_mentions(exporter, importer) {
            balance.mentions += if mention.at == at { mention.weight } else { 0 };
        }
        for body in state.in_flight(importer, exporter, session) {
            for release in from.tables.will_release(importer, body) {
                balance.deltas += if release.at == at { release.delta } else { 0 };
            }
        }
    }
    Some(balance)
}

/// The vats that an entry kept for `importer` is kept for: all, if the exporter counts for all.
pub(super) fn sharers<T: View>(
    state: &State<T>,
    exporter: VatId,
    importer: VatId,
) -> impl Iterator<Item = VatId> + Clone {
    let all = state.vat(exporter).tables.counts_for_all();
    exporter.others(state.vat_count()).filter(move |id| all || *id == importer)
}

/// Whether some message in flight to `exporter` gives back mentions of this position.
pub(super) fn is_released<T: View>(
    state: &State<T>,
    exporter: VatId,
    importer: VatId,
    at: Position,
) -> bool {
    let Some(session) = state.shared_session(exporter, importer) else { return false };
    let mut bodies = state.in_flight(importer, exporter, session);
    bodies.any(|body| body.releases().iter().any(|release| release.at == at))
}

/// Whether a call is in flight to `callee` that asks for the answer at this position.
pub(super) fn is_asked<T: View>(
    state: &State<T>,
    callee: VatId,
    caller: VatId,
    at: Position,
) -> bool {
    let (session, _) = state.session(callee, caller);
    let mut asks = state.in_flight(caller, callee, session).filter_map(Body::asks);
    asks.any(|(position, _)| position == at)
}

/// The gifts in flight: for whom, who keeps it, and what was meant.
pub(super) fn gifts<T: View>(state: &State<T>) -> impl Iterator<Item = (VatId, Object)> {
    let refs = state.pairs().flat_map(|(from, to)| state.unread(from, to));
    refs.flat_map(Body::refs).filter_map(|r| match r.whose {
        Whose::Gift(host) => Some((host, r.ghost.meant())),
        _ => None,
    })
}

/// Whether a vat keeps an object for anybody: as an export, or as a gift.
pub(super) fn is_kept<T: View>(state: &State<T>, host: VatId, object: Object) -> bool {
    let vat = state.vat(host);
    let peers = host.others(state.vat_count());
    let exports = peers.flat_map(|peer| vat.tables.exports(peer)).map(|(_, view)| view.what);
    let mut kept = exports.chain(vat.tables.gifts());
    kept.any(|what| vat.denoted(what) == Some(object))
}
