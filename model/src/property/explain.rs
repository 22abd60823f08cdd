//! What is wrong in a state, in one sentence with the values that break the claim.

use super::{PropertyId, Subject, balance};
use crate::protocol::View;
use crate::world::{Action, Message, Ref, State};

/// Says how `state`, reached by `last`, violates `property` at `subject`.
pub fn explain<T: View>(
    state: &State<T>,
    last: Option<&Action>,
    property: PropertyId,
    subject: Option<Subject>,
) -> String {
    let step = last.map_or_else(|| "the initial state".to_owned(), ToString::to_string);
    let Some(Subject { exporter, index }) = subject else {
        return format!("{step}: that breaks {property}, {}", property.claim());
    };
    let importer = exporter.peer();
    let denotes = state.vat(exporter).tables.export_at(index);
    // Of what relies on the entry, that which means another object tells more.
    let other = |object| denotes.is_none_or(|export| export.object != object);
    let proxies = state.vat(importer).heap.iter().filter(|proxy| proxy.id.index == index);
    let proxy = proxies.max_by_key(|proxy| other(proxy.object));
    let at_index = |r: &Ref| r.descriptor.index() == index;
    let mentions = state.unread_mentions(exporter);
    let mention = mentions.filter(at_index).max_by_key(|mention| other(mention.object));
    let uses = state.wire_to(exporter).iter().flat_map(Message::uses);
    let used = uses.filter(at_index).max_by_key(|used| other(used.object));
    let relied_on = if let Some(proxy) = proxy {
        format!("{importer} has {}'s proxy", proxy.object)
    } else if let Some(mention) = mention {
        format!("{mention} is in flight to {importer}")
    } else if let Some(used) = used {
        format!("a use of {used} is in flight to {exporter}")
    } else {
        "nothing refers to it".to_owned()
    };
    match property {
        PropertyId::S1 => format!("{exporter}'s exports[{index}] is free, but {relied_on}"),
        PropertyId::S3 => match denotes {
            Some(export) => format!(
                "{exporter}'s exports[{index}] denotes {} now, but {relied_on}",
                export.object
            ),
            None => format!("{exporter}'s exports[{index}] is free now, but {relied_on}"),
        },
        PropertyId::C1 => match balance(state, exporter, index) {
            Some(b) => format!(
                "{exporter}'s exports[{index}] counts {}, but {} in flight + {} imported + {} \
                 coming back make {}",
                b.export_count,
                b.mentions,
                b.import_count,
                b.deltas,
                b.sum()
            ),
            None => step,
        },
        PropertyId::S2 => format!(
            "on the wire, GCExportOp({index}, …) stands ahead of a use of imports[{index}] by \
             {importer}"
        ),
        PropertyId::S4 => {
            let successor = proxy.map_or_else(
                || format!("a proxy that is dead was handed out for imports[{index}]"),
                |p| {
                    format!(
                        "{}'s live proxy #{} at imports[{index}] was touched",
                        p.object, p.number
                    )
                },
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
        PropertyId::L1 => format!(
            "everything is dropped, served and delivered, and {exporter}'s exports[{index}] still \
             counts {}",
            denotes.map_or(0, |export| export.count)
        ),
        PropertyId::L2 => format!("{step}: something of the old session is alive in the new one"),
        PropertyId::L3 => format!(
            "{exporter}'s exports[{index}] is accounted for by nothing, or a GC message gives \
             nothing back"
        ),
    }
}
