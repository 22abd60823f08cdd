//! Judging one state: every property and every witness in one pass over the ledger.

use super::{Judgement, PropertyId, balance};
use crate::names::VatId;
use crate::protocol::{ImportView, View};
use crate::world::{Body, Message, Owed, State, Vat, Wire};
use captp_gc::protocol::{Descriptor, Index, SessionId};
use smallvec::SmallVec;

/// What a violation is about: an index of an exporter, for the charts to follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    /// Whose export it is.
    pub exporter: VatId,
    /// Which one.
    pub index: Index,
}

/// Judges a state.
pub fn judge<T: View>(state: &State<T>) -> Judgement {
    let mut judgement = Judgement::default();
    for vat in VatId::BOTH {
        judgement.violated = judgement.violated.union(state.vat(vat).flaws);
        judge_session(state, vat, &mut judgement);
        judge_wire(state.wire_to(vat), state.vat(vat), &mut judgement);
        judge_direction(state, vat, &mut judgement, &mut |_, _| {});
    }
    judge_quiescence(state, &mut judgement);
    judgement
}

/// The index that `state` violates `property` at, if the property is about one.
pub fn subject<T: View>(state: &State<T>, property: PropertyId) -> Option<Subject> {
    let mut subjects = Vec::new();
    for exporter in VatId::BOTH {
        judge_direction(state, exporter, &mut Judgement::default(), &mut |id, index| {
            if id == property {
                subjects.push(Subject { exporter, index });
            }
        });
    }
    subjects.into_iter().min()
}

/// One direction of one session, seen from the exporter: S1, S3, C1, L3.
fn judge_direction<T: View>(
    state: &State<T>,
    exporter: VatId,
    judgement: &mut Judgement,
    blame: &mut impl FnMut(PropertyId, Index),
) {
    let Some(session) = state.shared_session() else { return };
    let (from, to) = (state.vat(exporter), state.vat(exporter.peer()));
    let current = |message: &&Message| message.session == session;
    let mentions = state.unread_mentions(exporter);
    let uses = state.wire_to(exporter).iter().filter(current);
    let uses = uses.flat_map(Message::uses);
    let meant = mentions.clone().chain(uses).map(|r| (r.descriptor.index(), r.object));
    let meant = meant.chain(to.heap.iter().map(|proxy| (proxy.id.index, proxy.object)));
    let mut fault = |judgement: &mut Judgement, id, index| {
        judgement.violated.insert(id);
        blame(id, index);
    };
    for (index, object) in meant {
        match from.tables.export_at(index) {
            None => fault(judgement, PropertyId::S1, index),
            Some(export) if export.object != object => fault(judgement, PropertyId::S3, index),
            Some(_) => {}
        }
    }
    for index in indices(state, exporter) {
        let Some(balance) = balance(state, exporter, index) else { return };
        if !balance.holds() {
            fault(judgement, PropertyId::C1, index);
        }
        let exists = to.heap.iter().any(|proxy| proxy.id.index == index);
        let mut due = to.owed.iter().map(|owed| owed.notification.proxy);
        let due = due.any(|proxy| proxy.session == to.session && proxy.index == index);
        let coming_back = balance.deltas > 0;
        let accounted = exists || due || balance.mentions > 0;
        let exported = from.tables.export_at(index).is_some();
        if exported && !accounted && !coming_back {
            fault(judgement, PropertyId::L3, index);
        }
        let witnessed = &mut judgement.witnessed;
        witnessed.insert_if(PropertyId::L3, exported && !accounted && coming_back);
        let all_terms = balance.mentions > 0 && balance.import_count > 0 && coming_back;
        witnessed.insert_if(PropertyId::C1, all_terms);
    }
    for mention in mentions {
        let index = mention.descriptor.index();
        let later = matches!(mention.descriptor, Descriptor::ImportDesc(_));
        let crossing = later && releases(state.wire_to(exporter), session, index);
        judgement.witnessed.insert_if(PropertyId::S1, crossing);
        let released = to.tables.import_at(index);
        let released = released.is_some_and(|import| import.count == 0);
        judgement.witnessed.insert_if(PropertyId::S6, later && released);
        let before = to.latest.iter().find(|latest| latest.index == index);
        let reused = !later && before.is_some_and(|before| before.object != mention.object);
        judgement.witnessed.insert_if(PropertyId::S3, reused);
    }
}

/// Every index of `exporter`'s that anything is known of, at either vat or in flight.
pub fn indices<T: View>(state: &State<T>, exporter: VatId) -> SmallVec<[Index; 8]> {
    let importer = exporter.peer();
    let mut indices: SmallVec<[Index; 8]> =
        state.vat(exporter).tables.exports().map(|(index, _)| index).collect();
    indices.extend(state.vat(importer).tables.imports().map(|(index, _)| index));
    indices.extend(state.unread_mentions(exporter).map(|mention| mention.descriptor.index()));
    let coming_back = state.wire_to(exporter).iter().filter_map(Message::gc_export);
    indices.extend(coming_back.map(|(index, _)| index));
    indices.sort_unstable();
    indices.dedup();
    indices
}

fn releases(wire: &Wire, session: SessionId, of: Index) -> bool {
    let mut current = wire.iter().filter(|message| message.session == session);
    current.any(|message| message.gc_export().is_some_and(|(index, _)| index == of))
}

/// What is in flight to `receiver`, in sending order: S2, S7's witness, empty GC messages (L3).
fn judge_wire<T>(wire: &Wire, receiver: &Vat<T>, judgement: &mut Judgement) {
    for (position, gc) in wire.iter().enumerate() {
        let due = gc.session == receiver.session && receiver.open;
        judgement.witnessed.insert_if(PropertyId::S7, gc.fault && due);
        let Body::GcExport { index, delta, upto } = gc.body else { continue };
        if gc.fault {
            continue;
        }
        judgement.violated.insert_if(PropertyId::L3, delta == 0);
        let released = |message: &Message| {
            let mut uses = message.uses();
            message.session == gc.session
                && uses.any(|r| r.descriptor.index() == index && r.number <= upto)
        };
        let used_after = wire.iter().skip(position + 1).any(released);
        judgement.violated.insert_if(PropertyId::S2, used_after);
        let used_before = wire.iter().take(position).any(released);
        judgement.witnessed.insert_if(PropertyId::S2, used_before);
    }
}

/// One vat's own coherence: the witnesses of S4 and L2.
fn judge_session<T: View>(state: &State<T>, id: VatId, judgement: &mut Judgement) {
    let vat = state.vat(id);
    let (current, old): (SmallVec<[&Owed; 4]>, SmallVec<[&Owed; 4]>) =
        vat.owed.iter().partition(|owed| owed.notification.proxy.session == vat.session);
    let successor = current.iter().any(|owed| {
        let index = owed.notification.proxy.index;
        vat.heap.iter().any(|proxy| proxy.id.index == index && proxy.number > owed.number)
    });
    judgement.witnessed.insert_if(PropertyId::S4, successor);
    let old_message = state
        .wire_to(id)
        .iter()
        .any(|message| message.session < vat.session && message.body != Body::Over);
    let old_notification = vat.open && !old.is_empty();
    judgement.witnessed.insert_if(PropertyId::L2, old_message && old_notification);
}

/// L1: nothing in flight or in the making, nothing due, nothing held.
fn judge_quiescence<T: View>(state: &State<T>, judgement: &mut Judgement) {
    let quiet = VatId::BOTH.into_iter().all(|id| {
        let vat = state.vat(id);
        let idle = state.wire_to(id).is_empty() && vat.pending.is_empty();
        idle && vat.owed.is_empty() && vat.heap.is_empty()
    });
    if !quiet {
        return;
    }
    let mut everything_sent = true;
    for id in VatId::BOTH {
        let vat = state.vat(id);
        let held = |(_, import): (Index, ImportView)| import.live || import.count > 0;
        let left = vat.tables.exports().next().is_some() || vat.tables.imports().any(held);
        judgement.violated.insert_if(PropertyId::L1, left);
        everything_sent &= vat.left.sends == 0 && vat.session == SessionId::FIRST && vat.open;
    }
    judgement.witnessed.insert_if(PropertyId::L1, everything_sent);
}
