//! As a message of a wire trace, without number, session and sender.

use super::{Hostile, IllTyped};
use crate::line::{Kind, Mention, Message, Place, Ref, Release};
use serde_json::Value;

pub(super) fn encode(hostile: &Hostile) -> Option<Value> {
    let mention =
        |at: &Place| vec![Ref::Mention(Mention { at: at.clone(), again: None, promise: false })];
    let release = |at: &Place, count| Message {
        kind: Kind::Release,
        releases: vec![Release { at: at.clone(), count }],
        ..Message::default()
    };
    let asks = |kind, question| Message { kind, question: Some(question), ..Message::default() };
    let message = match hostile {
        Hostile::Release { at, count } => release(at, (*count).into()),
        Hostile::IllRelease { at, count: IllTyped::Negative } => release(at, -1),
        Hostile::Finish { question, release_results } => {
            Message { release_results: *release_results, ..asks(Kind::Finish, *question) }
        }
        Hostile::Bootstrap { question } => asks(Kind::Bootstrap, *question),
        Hostile::Call { at, question } => Message { question: *question, ..call(at, Vec::new()) },
        Hostile::CallWith { at, refs, .. } => call(at, refs.clone()),
        Hostile::Describe { at, again } => {
            let (at, again) = (at.clone(), Some(*again));
            let refs = vec![Ref::Mention(Mention { at, again, promise: false })];
            Message { kind: Kind::Call, refs, ..Message::default() }
        }
        Hostile::Return { question } => asks(Kind::Return, *question),
        Hostile::Resolve { promise, to } => Message {
            kind: Kind::Resolve,
            promise: Some(promise.clone()),
            refs: mention(to),
            ..Message::default()
        },
        Hostile::UnimplementedResolve { to, .. } => {
            Message { kind: Kind::Unimplemented, refs: mention(to), ..Message::default() }
        }
        Hostile::IllRelease { .. } | Hostile::Disembargo { .. } => return None,
    };
    let mut value = serde_json::to_value(message).ok()?;
    let fields = value.as_object_mut()?;
    for decoded in ["seq", "session", "from"] {
        fields.remove(decoded);
    }
    Some(value)
}

fn call(at: &Place, refs: Vec<Ref>) -> Message {
    Message { kind: Kind::Call, target: Some(Ref::Home(at.clone())), refs, ..Message::default() }
}
