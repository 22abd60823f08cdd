//! As `@endo/captp` would write it.

use super::Hostile;
use crate::line::{Place, Ref};
use serde_json::{Value, json};

pub(super) fn encode(hostile: &Hostile) -> Option<Value> {
    Some(match hostile {
        Hostile::Release { at, count } => drop(slot(at, '-'), (*count).into()),
        Hostile::IllRelease { at, count } => drop(slot(at, '-'), count.value()),
        Hostile::Finish { question, release_results: false } => drop(name(*question), 1.into()),
        Hostile::Bootstrap { question } => {
            json!({"type": "CTP_BOOTSTRAP", "epoch": 0, "questionID": name(*question)})
        }
        Hostile::Call { at, question } => {
            let question = question.map_or(Value::Bool(false), |question| name(question).into());
            call(at, &question, &[])
        }
        Hostile::CallWith { at, refs, .. } => call(at, &Value::Bool(false), refs),
        Hostile::Return { question } => {
            json!({"type": "CTP_RETURN", "epoch": 0, "answerID": name(*question),
                "result": {"body": "\"ok\"", "slots": []}})
        }
        Hostile::Resolve { promise, to } => {
            let body = r#"{"@qclass":"slot","index":0}"#;
            // A promise is named from the receiver's side.
            json!({"type": "CTP_RESOLVE", "promiseID": slot(promise, '-'),
                "res": {"body": body, "slots": [slot(to, '+')]}})
        }
        Hostile::Finish { release_results: true, .. }
        | Hostile::Describe { .. }
        | Hostile::UnimplementedResolve { .. }
        | Hostile::Disembargo { .. } => return None,
    })
}

fn call(at: &Place, question: &Value, refs: &[Ref]) -> Value {
    // A slot is written once, and the body refers to it as often as it likes.
    let mut slots: Vec<String> = Vec::new();
    let mut argument = |reference: &Ref| {
        let name = match reference {
            Ref::Mention(mention) => slot(&mention.at, '+'),
            Ref::Home(at) => slot(at, '-'),
            Ref::Answer(question) => name(*question),
        };
        let index = slots.iter().position(|known| *known == name).unwrap_or(slots.len());
        if index == slots.len() {
            slots.push(name);
        }
        json!({"@qclass": "slot", "index": index})
    };
    let arguments: Vec<_> = refs.iter().map(&mut argument).collect();
    let body = json!(["ping", arguments]).to_string();
    json!({"type": "CTP_CALL", "epoch": 0, "questionID": question,
        "target": slot(at, '-'), "method": {"body": body, "slots": slots}})
}

fn drop(slot: String, count: Value) -> Value {
    json!({"type": "CTP_DROP", "slotID": slot, "decRefs": count, "epoch": 0})
}

fn name(question: u32) -> String {
    format!("q-{question}")
}

fn slot(place: &Place, sign: char) -> String {
    let kind = if place.space.is_empty() { "o" } else { &place.space };
    format!("{kind}{sign}{}", place.index)
}
