//! As `capnweb` would write it.

use super::Hostile;
use crate::line::{Mention, Place, Ref};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn encode(hostile: &Hostile) -> Option<Value> {
    Some(match hostile {
        Hostile::Release { at, count } => json!(["release", id(at), count]),
        Hostile::IllRelease { at, count } => json!(["release", id(at), count.value()]),
        Hostile::Finish { question, release_results: false } => json!(["release", question, 1]),
        Hostile::Call { at, question: None } => call(at, &[]),
        Hostile::CallWith { at, refs, .. } => call(at, refs),
        Hostile::Return { question } => json!(["resolve", question, "ok"]),
        Hostile::Resolve { promise, to } => json!(["resolve", id(promise), ["export", id(to)]]),
        // The first object needs no asking for, and questions number themselves.
        Hostile::Finish { release_results: true, .. }
        | Hostile::Bootstrap { .. }
        | Hostile::Describe { .. }
        | Hostile::Call { question: Some(_), .. }
        | Hostile::UnimplementedResolve { .. }
        | Hostile::Disembargo { .. } => return None,
    })
}

fn call(at: &Place, refs: &[Ref]) -> Value {
    // Every mention has an id of its own, so that none is mentioned again.
    let mut mentioned = BTreeSet::new();
    let said = refs.iter().filter_map(|reference| match reference {
        Ref::Mention(Mention { at, promise, .. }) => {
            let tag = if *promise { "promise" } else { "export" };
            mentioned.insert(at).then(|| json!([tag, id(at)]))
        }
        Ref::Home(at) => Some(json!(["import", id(at)])),
        Ref::Answer(question) => Some(json!(["pipeline", question])),
    });
    json!(["push", ["pipeline", id(at), ["ping"], said.collect::<Vec<_>>()]])
}

fn id(place: &Place) -> i64 {
    let index = i64::from(place.index);
    if place.space.is_empty() { -index } else { index }
}
