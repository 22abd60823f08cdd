//! As `capnweb` would write it.

use super::Hostile;
use crate::line::Place;
use serde_json::{Value, json};

pub(super) fn encode(hostile: &Hostile) -> Option<Value> {
    Some(match hostile {
        Hostile::Release { at, count } => json!(["release", id(at), count]),
        Hostile::IllRelease { at, count } => json!(["release", id(at), count.value()]),
        Hostile::Finish { question, release_results: false } => json!(["release", question, 1]),
        Hostile::Call { at, question: None } => json!(["push", ["pipeline", id(at), ["ping"], []]]),
        Hostile::Return { question } => json!(["resolve", question, "ok"]),
        Hostile::Resolve { promise, to } => json!(["resolve", id(promise), ["export", id(to)]]),
        // The first object needs no asking for, and questions number themselves.
        Hostile::Finish { release_results: true, .. }
        | Hostile::Bootstrap { .. }
        | Hostile::Call { question: Some(_), .. }
        | Hostile::UnimplementedResolve { .. }
        | Hostile::Disembargo { .. } => return None,
    })
}

fn id(place: &Place) -> i64 {
    let index = i64::from(place.index);
    if place.space.is_empty() { -index } else { index }
}
