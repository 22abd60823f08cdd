//! What is wrong in a state, in one sentence with the values that break the claim.

use super::judge::twin;
use super::ledger::{gifts, is_kept};
use super::{PropertyId, Subject, balance};
use crate::names::{Object, VatId};
use crate::protocol::View;
use crate::world::{Action, Body, Position, State};

/// Says how `state`, reached by `last`, violates `property` at `subject`.
pub fn explain<T: View>(
    state: &State<T>,
    last: Option<&Action<T::Body>>,
    property: PropertyId,
    subject: Option<Subject>,
) -> String {
    let step = last.map_or_else(|| "the initial state".to_owned(), ToString::to_string);
    let Some(subject) = subject else {
        return format!("{step}: that breaks {property}, {}", property.claim());
    };
    let Subject { exporter, importer, at } = subject;
    let import = at.import();
    let denotes = state.vat(exporter).tables.export_at(importer, at);
    let denoted = denotes.and_then(|export| state.vat(exporter).denoted(export.what));
    let found = relied_on(state, subject, denoted);
    let relied_on = found.as_deref().unwrap_or("nothing refers to it");
    match property {
        PropertyId::S5 if state.ids().any(|id| state.vat(id).flaws.contains(property)) => {
            format!("{step}: what it settled is another call than the one that it answers")
        }
        PropertyId::S1 if found.is_none() => freed_gift(state, &step),
        PropertyId::S1 if denotes.is_some() => {
            format!("{exporter}'s {at} leads to no proxy any more, but {relied_on}")
        }
        PropertyId::S1 => format!("{exporter}'s {at} is free, but {relied_on}"),
        PropertyId::S3 | PropertyId::S5 => match denoted {
            Some(object) => format!("{exporter}'s {at} denotes {object} now, but {relied_on}"),
            None => format!("{exporter}'s {at} is free now, but {relied_on}"),
        },
        PropertyId::C1 => match balance(state, exporter, importer, at) {
            Some(b) => format!(
                "{exporter}'s {at} counts {}, but {} in flight + {} imported + {} coming back \
                 make {}",
                b.export_count,
                b.mentions,
                b.import_count,
                b.deltas,
                b.sum()
            ),
            None => step,
        },
        PropertyId::S2 => format!(
            "on the wire, what gives {import} back stands ahead of a use of it by {importer}"
        ),
        PropertyId::S4 if let Some(object) = twin(state, importer, exporter) => {
            format!("{step}: {importer} has two proxies of {object}")
        }
        PropertyId::S4 => {
            let successor = state.vat(importer).proxies_at(exporter, at).next().map_or_else(
                || format!("a proxy that is dead was handed out for {import}"),
                |p| format!("{}'s live proxy #{} at {import} was touched", p.object, p.number),
            );
            format!("{step}: {successor}")
        }
        PropertyId::S6 => format!("{step}: a correct message was refused, and the session ends"),
        PropertyId::S7 => {
            format!("{step}: the message violates the protocol, and was not refused untouched")
        }
        PropertyId::L1 if state.vat(exporter).flaws.contains(PropertyId::L1) => {
            format!("{step}: the objects handed back are not those whose entries went, each once")
        }
        PropertyId::L1 if denotes.is_none() => match left(state) {
            Some((id, at)) => {
                format!("everything is dropped, served and delivered, and {id} still has {at}")
            }
            None => step,
        },
        PropertyId::L1 => format!(
            "everything is dropped, served and delivered, and {exporter}'s {at} still counts {}",
            denotes.map_or(0, |export| export.count)
        ),
        PropertyId::L2 => format!("{step}: something of the old session is alive in the new one"),
        PropertyId::L3 => {
            format!(
                "{exporter}'s {at} is accounted for by nothing, or a GC message gives nothing back"
            )
        }
    }
}

/// An entry that is left, and whose it is.
fn left<T: View>(state: &State<T>) -> Option<(VatId, Position)> {
    let mut exports = state
        .pairs()
        .flat_map(|(id, peer)| state.vat(id).tables.exports(peer).map(move |(at, _)| (id, at)));
    exports.next()
}

/// What relies on the entry. Of several, that which means another object tells more.
fn relied_on<T: View>(
    state: &State<T>,
    Subject { exporter, importer, at }: Subject,
    denoted: Option<Object>,
) -> Option<String> {
    let other = |object| denoted != Some(object);
    let proxies = state.vat(importer).proxies_at(exporter, at);
    let mentions = state.unread(exporter, importer).filter_map(|body| {
        let refs = Body::refs(body);
        let mention = refs.into_iter().find(|r| r.at == at && r.weight > 0)?;
        Some((body, mention.ghost.meant()))
    });
    let uses = state.uses(exporter, importer).filter(|used| used.at == at);
    if let Some(proxy) = proxies.max_by_key(|proxy| other(proxy.object)) {
        Some(format!("{importer} has {}'s proxy", proxy.object))
    } else if let Some((body, _)) = mentions.max_by_key(|(_, object)| other(*object)) {
        Some(format!("{body} is in flight to {importer}"))
    } else {
        let used = uses.max_by_key(|used| other(used.ghost.meant()))?;
        Some(format!("a use of it as {} is in flight to {exporter}", used.ghost))
    }
}

/// No entry is named: a gift is gone.
fn freed_gift<T: View>(state: &State<T>, step: &str) -> String {
    let lost = gifts(state).find(|(host, object)| !is_kept(state, *host, *object));
    lost.map_or_else(
        || format!("{step}: that breaks S1, {}", PropertyId::S1.claim()),
        |(host, object)| format!("{host} has freed {object}, but a gift of it is in flight"),
    )
}
