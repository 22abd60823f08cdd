//! A counterexample in the Informal Trace Format (Apalache's ADR-015), as Quint, Apalache and
//! viewers of traces read it.

use super::words::heading;
use crate::counterexample::{
    Counterexample, ExportRecord, ImportRecord, LedgerRecord, MessageRecord, OwedRecord, Snapshot,
    VatRecord,
};
use serde_json::{Value, json};
use std::iter;

const FORMAT: &str = "https://apalache-mc.org/docs/adr/015adr-trace.html";

/// What each state has.
const VARIABLES: [&str; 7] =
    ["business", "channels", "exports", "imports", "ledger", "notifications", "sessions"];

/// The trace. Its file should end in `.itf.json`.
pub fn itf(counterexample: &Counterexample) -> String {
    let initial = state(&json!({ "index": 0, "action": "init" }), &counterexample.initial);
    let steps = counterexample.steps.iter().map(|step| {
        let meta = json!({
            "index": step.number,
            "action": step.kind,
            "actor": step.actor,
            "text": step.text,
        });
        state(&meta, &step.after)
    });
    let trace = json!({
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "source": source(counterexample),
            "description": format!("{}: {}", heading(counterexample), counterexample.finding),
            "status": "violation",
            "property": counterexample.property,
            "claim": counterexample.claim,
            "world": counterexample.sizes.to_string(),
        },
        "vars": VARIABLES,
        "states": iter::once(initial).chain(steps).collect::<Vec<_>>(),
    });
    format!("{trace:#}\n")
}

/// Which model it is a trace of.
fn source(counterexample: &Counterexample) -> String {
    let Counterexample { system, mutation, made_by, .. } = counterexample;
    let bent = mutation.as_ref().map_or_else(String::new, |mutation| format!("/{mutation}"));
    format!("captp-gc {} {}: {system}{bent}", made_by.model, made_by.hash)
}

fn state(meta: &Value, state: &Snapshot) -> Value {
    let each =
        |entries: fn(&VatRecord) -> Vec<(Value, Value)>| map(state.vats.iter().flat_map(entries));
    let ledger: Vec<_> = state.ledger.iter().map(ledger).collect();
    json!({
        "#meta": meta,
        "sessions": each(sessions),
        "exports": each(|vat| {
            vat.exports.iter().map(|export| self::export(vat, export)).collect()
        }),
        "imports": each(|vat| {
            vat.imports.iter().map(|import| self::import(vat, import)).collect()
        }),
        "notifications": each(|vat| {
            let owed: Vec<_> = vat.owed.iter().map(owed).collect();
            vec![(json!(vat.vat), json!(owed))]
        }),
        "business": each(|vat| vec![(json!(vat.vat), json!(vat.business))]),
        "channels": map(state.channels.iter().map(|channel| {
            let messages: Vec<_> = channel.messages.iter().map(message).collect();
            (tuple([json!(channel.from), json!(channel.to)]), json!(messages))
        })),
        // A list: the index of an export and that of an answer may be the same.
        "ledger": ledger,
    })
}

fn sessions(vat: &VatRecord) -> Vec<(Value, Value)> {
    let session = vat.sessions.iter().map(|session| {
        let record = json!({ "number": integer(session.number), "open": session.open });
        (tuple([json!(vat.vat), json!(session.peer)]), record)
    });
    session.collect()
}

fn export(vat: &VatRecord, export: &ExportRecord) -> (Value, Value) {
    let ExportRecord { peer, table, index, object, by_proxy, count } = export;
    let record = json!({
        "object": option(object.as_ref().map(|object| json!(object))),
        "by_proxy": option(by_proxy.map(|vat| json!(vat))),
        "count": integer(*count),
    });
    (tuple([json!(vat.vat), json!(peer), json!(table), integer(*index)]), record)
}

fn import(vat: &VatRecord, import: &ImportRecord) -> (Value, Value) {
    let ImportRecord { peer, table, index, count, proxy } = import;
    let proxy = proxy.as_ref().map(|proxy| {
        json!({
            "object": proxy.object,
            "number": integer(proxy.number),
            "held": proxy.held,
            "waited": proxy.waited,
        })
    });
    let record = json!({ "count": integer(*count), "proxy": option(proxy) });
    (tuple([json!(vat.vat), json!(peer), json!(table), integer(*index)]), record)
}

fn owed(owed: &OwedRecord) -> Value {
    json!({
        "peer": owed.peer,
        "table": owed.table,
        "index": integer(owed.index),
        "object": owed.object,
        "number": integer(owed.number),
        "old": owed.old,
    })
}

fn message(message: &MessageRecord) -> Value {
    let number = json!({ "#bigint": message.number.to_string() });
    json!({ "number": number, "text": message.text, "role": message.role })
}

fn ledger(record: &LedgerRecord) -> Value {
    let LedgerRecord { exporter, importer, index, balance } = record;
    json!({
        "exporter": exporter,
        "importer": importer,
        "index": integer(*index),
        "export_count": integer(balance.export_count),
        "mentions": integer(balance.mentions),
        "import_count": integer(balance.import_count),
        "deltas": integer(balance.deltas),
    })
}

/// Always in the long form, as Quint and Apalache write it.
fn integer(number: u32) -> Value {
    json!({ "#bigint": number.to_string() })
}

fn tuple<const N: usize>(elements: [Value; N]) -> Value {
    json!({ "#tup": elements.to_vec() })
}

fn map(entries: impl Iterator<Item = (Value, Value)>) -> Value {
    let entries: Vec<_> = entries.map(|(key, value)| json!([key, value])).collect();
    json!({ "#map": entries })
}

/// A variant, as Quint writes it; the format has no null.
fn option(value: Option<Value>) -> Value {
    match value {
        Some(value) => json!({ "tag": "Some", "value": value }),
        None => json!({ "tag": "None", "value": tuple([]) }),
    }
}
