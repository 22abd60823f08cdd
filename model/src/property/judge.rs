//! Judging one state: every property and every witness in one pass over the ledger.

use super::ledger::{gifts, is_asked, is_kept, is_released, sharers};
use super::{Judgement, PropertyId, balance};
use crate::names::{Object, VatId};
use crate::protocol::{ImportView, View};
use crate::world::{Body, Message, Owed, Position, Proxy, Said, State, Table, Vat, Whose, Wire};
use captp_gc::protocol::SessionId;
use smallvec::SmallVec;

/// What a violation is about: what an exporter keeps for an importer, for the charts to follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    /// Whose export it is.
    pub exporter: VatId,
    /// For whom.
    pub importer: VatId,
    /// Which one.
    pub at: Position,
}

/// Judges a state.
pub fn judge<T: View>(state: &State<T>) -> Judgement {
    let mut judgement = Judgement::default();
    for id in state.ids() {
        let vat = state.vat(id);
        judgement.violated = judgement.violated.union(vat.flaws);
        for peer in id.others(state.vat_count()) {
            judge_session(state, id, peer, &mut judgement);
            judge_wire(state.wire(peer, id), state.session(id, peer), &mut judgement);
            judge_direction(state, id, peer, &mut judgement, &mut |_, _| {});
        }
    }
    for (host, object) in gifts(state) {
        judgement.violated.insert_if(PropertyId::S1, !is_kept(state, host, object));
    }
    judge_quiescence(state, &mut judgement);
    judgement
}

/// The export that `state` violates `property` at, if the property is about one.
pub fn subject<T: View>(state: &State<T>, property: PropertyId) -> Option<Subject> {
    let mut subjects = Vec::new();
    for (exporter, importer) in state.pairs() {
        let mut blame = |id, at| {
            if id == property {
                subjects.push(Subject { exporter, importer, at });
            }
        };
        judge_direction(state, exporter, importer, &mut Judgement::default(), &mut blame);
    }
    subjects.into_iter().min()
}

/// What one vat keeps for one peer: S1, S3, S5, C1, L3.
fn judge_direction<T: View>(
    state: &State<T>,
    exporter: VatId,
    importer: VatId,
    judgement: &mut Judgement,
    blame: &mut impl FnMut(PropertyId, Position),
) {
    if state.shared_session(exporter, importer).is_none() {
        return;
    }
    let (from, to) = (state.vat(exporter), state.vat(importer));
    let mentions = state.unread_mentions(exporter, importer);
    let meant = mentions.clone().chain(state.uses(exporter, importer));
    let meant = meant.map(|r| (r.at, r.ghost.meant()));
    let proxies = to.heap.iter().filter(|proxy| proxy.key.peer == exporter);
    let meant = meant.chain(proxies.map(|proxy| (proxy.key.at, proxy.object)));
    let mut fault = |judgement: &mut Judgement, id, at| {
        judgement.violated.insert(id);
        blame(id, at);
    };
    for (at, object) in meant {
        let export = from.tables.export_at(importer, at);
        let denoted = export.and_then(|export| from.denoted(export.what));
        let denotes = denoted == Some(object);
        if at.table == Table::Answers {
            if !denotes && !is_asked(state, exporter, importer, at) {
                fault(judgement, PropertyId::S5, at);
            }
            continue;
        }
        match denoted {
            None => fault(judgement, PropertyId::S1, at),
            Some(_) if !denotes => fault(judgement, PropertyId::S3, at),
            Some(_) => {}
        }
    }
    for at in positions(state, exporter, importer) {
        let Some(balance) = balance(state, exporter, importer, at) else { return };
        if !balance.holds() {
            fault(judgement, PropertyId::C1, at);
        }
        let coming_back = balance.deltas > 0;
        let accounted = balance.mentions > 0
            || sharers(state, exporter, importer).any(|id| accounts_for(state, id, exporter, at));
        let exported = from.tables.export_at(importer, at).is_some();
        if exported && !accounted && !coming_back {
            fault(judgement, PropertyId::L3, at);
        }
        let witnessed = &mut judgement.witnessed;
        witnessed.insert_if(PropertyId::L3, exported && !accounted && coming_back);
        let all_terms = balance.mentions > 0 && balance.import_count > 0 && coming_back;
        witnessed.insert_if(PropertyId::C1, all_terms);
    }
    for mention in mentions {
        let at = mention.at;
        let crossing = mention.again && is_released(state, exporter, importer, at);
        judgement.witnessed.insert_if(PropertyId::S1, crossing);
        let latest = to.latest.iter().find(|latest| latest.peer == exporter && latest.at == at);
        let import = to.tables.import_at(exporter, at);
        let released = import.map_or(latest.is_some(), |import| import.count == 0);
        judgement.witnessed.insert_if(PropertyId::S6, mention.again && released);
        let another = latest.is_some_and(|latest| latest.object != mention.ghost.meant());
        judgement.witnessed.insert_if(PropertyId::S3, !mention.again && another);
    }
}

/// Whether a proxy, a notification or the runtime of `importer` accounts for an entry.
fn accounts_for<T: View>(state: &State<T>, importer: VatId, exporter: VatId, at: Position) -> bool {
    let to = state.vat(importer);
    let (session, _) = state.session(importer, exporter);
    let mut due = to.owed.iter().map(|owed| owed.key);
    to.proxies_at(exporter, at).next().is_some()
        || due.any(|key| key.peer == exporter && key.session == session && key.at == at)
        || to.tables.owes(exporter, at)
}

/// Every position of `exporter`'s exports for `importer` that anything is known of, at either vat
/// or in flight.
pub fn positions<T: View>(
    state: &State<T>,
    exporter: VatId,
    importer: VatId,
) -> SmallVec<[Position; 8]> {
    let (from, to) = (&state.vat(exporter).tables, &state.vat(importer).tables);
    let mut positions: SmallVec<[Position; 8]> = from.exports(importer).map(|(at, _)| at).collect();
    positions.extend(to.imports(exporter).map(|(at, _)| at));
    positions.extend(state.unread_mentions(exporter, importer).map(|mention| mention.at));
    let (session, _) = state.session(exporter, importer);
    for body in state.in_flight(importer, exporter, session) {
        positions.extend(from.will_release(importer, body).iter().map(|release| release.at));
    }
    positions.retain(|at| at.table == Table::Exports);
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// What is in flight to a receiver, in sending order: S2, S5, S7's witness, empty GC messages (L3).
fn judge_wire<B: Body>(
    wire: &Wire<B>,
    (session, open): (SessionId, bool),
    judgement: &mut Judgement,
) {
    for (position, gc) in wire.iter().enumerate() {
        let due = gc.session == session && open;
        judgement.witnessed.insert_if(PropertyId::S7, gc.fault && due);
        for release in gc.releases() {
            judgement.violated.insert_if(PropertyId::L3, release.delta == 0);
            let released = |message: &Message<B>| {
                let refs = message.refs();
                let mut uses = refs.iter().filter(|r| r.whose == Whose::Receiver);
                message.session == gc.session
                    && uses.any(|r| r.at == release.at && r.ghost.number() <= release.upto)
            };
            let id = match release.at.table {
                Table::Exports => PropertyId::S2,
                Table::Answers => PropertyId::S5,
            };
            let used_after = wire.iter().skip(position + 1).any(released);
            judgement.violated.insert_if(id, used_after);
            let used_before = wire.iter().take(position).any(released);
            judgement.witnessed.insert_if(PropertyId::S2, used_before && id == PropertyId::S2);
        }
    }
}

/// One vat's coherence with a peer: what S4 says of one object, and the witnesses of S4, S5 and L2.
fn judge_session<T: View>(state: &State<T>, id: VatId, peer: VatId, judgement: &mut Judgement) {
    let vat = state.vat(id);
    let (session, open) = state.session(id, peer);
    let of_peer = vat.owed.iter().filter(|owed| owed.key.peer == peer);
    let (current, old): (SmallVec<[&Owed; 4]>, SmallVec<[&Owed; 4]>) =
        of_peer.partition(|owed| owed.key.session == session);
    let successor = current
        .iter()
        .any(|owed| vat.proxies_at(peer, owed.key.at).any(|proxy| proxy.number > owed.number));
    judgement.witnessed.insert_if(PropertyId::S4, successor);
    judgement.violated.insert_if(PropertyId::S4, twin(state, id, peer).is_some());
    let mut messages = state.wire(peer, id).iter();
    let old_message =
        messages.any(|message| message.session < session && message.said != Said::Over);
    judgement.witnessed.insert_if(PropertyId::L2, old_message && open && !old.is_empty());
    let answers = state.wire(peer, id).iter().filter_map(|m| m.correct()?.answered());
    for (question, _) in answers {
        let crossing = is_released(state, peer, id, question);
        judgement.witnessed.insert_if(PropertyId::S5, crossing);
    }
}

/// An object that a vat has two proxies of from `peer`, by two entries for the same, if `peer`
/// promises that there is one.
pub(super) fn twin<T: View>(state: &State<T>, id: VatId, peer: VatId) -> Option<Object> {
    let tables = &state.vat(peer).tables;
    if !tables.names_once() {
        return None;
    }
    state.shared_session(id, peer)?;
    let of_peer = |p: &&Proxy| p.key.peer == peer && p.key.at.table == Table::Exports;
    let proxies = || state.vat(id).heap.iter().filter(of_peer);
    let what = |p: &Proxy| tables.export_at(id, p.key.at).map(|export| export.what);
    let twins = |p: &Proxy, q: &Proxy| q.key.at != p.key.at && what(q) == what(p);
    proxies().find(|p| what(p).is_some() && proxies().any(|q| twins(p, q))).map(|p| p.object)
}

/// L1: nothing in flight or half done, nothing due, nothing held.
fn judge_quiescence<T: View>(state: &State<T>, judgement: &mut Judgement) {
    let quiet = state.pairs().all(|(from, to)| state.wire(from, to).is_empty())
        && state.ids().all(|id| is_idle(state.vat(id)));
    if !quiet {
        return;
    }
    let mut everything_sent = true;
    for id in state.ids() {
        let vat = state.vat(id);
        let held = |(_, import): (Position, ImportView)| import.live || import.count > 0;
        let left = vat.tables.has_more()
            || id.others(state.vat_count()).any(|peer| {
                vat.tables.exports(peer).next().is_some() || vat.tables.imports(peer).any(held)
            });
        judgement.violated.insert_if(PropertyId::L1, left);
        let first = vat.links.iter().all(|link| link.session == SessionId::FIRST && link.open);
        everything_sent &= vat.left.sends == 0 && first;
    }
    judgement.witnessed.insert_if(PropertyId::L1, everything_sent);
}

fn is_idle<T: View>(vat: &Vat<T>) -> bool {
    vat.writing.is_none()
        && vat.reading.is_none()
        && vat.owed.is_empty()
        && vat.heap.is_empty()
        && vat.tasks.is_empty()
        && !vat.tables.is_busy()
}
