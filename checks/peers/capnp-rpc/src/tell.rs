//! Events and answers as lines of JSON.

use crate::event::{Done, End, Event};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// The first line.
pub(crate) fn hello(version: &str) -> Value {
    json!({
        "adapter": 1,
        "peer": "capnp-rpc",
        "version": version,
        "system": "capnp",
        "wire": "capnp",
        "can": [
            "call", "ask", "drop-one", "resolve", "fail-send", "hostile", "cut", "witness",
            "memory", "script",
        ],
    })
}

/// The last line of an answer.
pub(crate) fn done(done: Done) -> Value {
    match done {
        Ok(()) => json!({"done": true}),
        Err(why) => json!({"done": false, "why": why}),
    }
}

const fn letter(end: End) -> &'static str {
    match end {
        End::A => "A",
        End::B => "B",
    }
}

pub(crate) fn event(event: &Event) -> Value {
    match event {
        Event::Sent { from, raw } => {
            json!({"event": "sent", "from": letter(*from), "raw": BASE64.encode(raw)})
        }
        Event::Delivered { to } => json!({"event": "delivered", "to": letter(*to)}),
        Event::Holds { vat, name } => {
            json!({"event": "holds", "vat": letter(*vat), "name": name})
        }
        Event::Asked { vat, question } => {
            json!({"event": "asked", "vat": letter(*vat), "question": question})
        }
        Event::Answered { vat, question, error } => {
            let mut line = json!({"event": "answered", "vat": letter(*vat), "question": question});
            if let Some(error) = error {
                line["error"] = json!(error);
            }
            line
        }
        Event::Answer { vat, probe, says } => {
            let (key, value) = match says {
                Ok(name) => ("says", name),
                Err(error) => ("error", error),
            };
            json!({"event": "answer", "vat": letter(*vat), "probe": probe, key: value})
        }
        Event::Error { vat, text } => {
            json!({"event": "error", "vat": letter(*vat), "text": text})
        }
        Event::Ended { vat, text } => {
            json!({"event": "ended", "vat": letter(*vat), "text": text})
        }
        Event::Witness { vat, alive } => {
            json!({"event": "witness", "vat": letter(*vat), "alive": alive})
        }
    }
}
