//! Events in words, for people.

use crate::event::Event;
use capnp::{message::ReaderOptions, serialize};
use capnp_rpc::rpc_capnp::message;

/// One line.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Sent { from, raw } => format!("{from} put on the wire: {}", raw_message(raw)),
        Event::Delivered { to } => format!("{to} has read the oldest message held back for it"),
        Event::Holds { vat, name } => format!("{vat} holds {name}"),
        Event::Asked { vat, question } => format!("{vat} has the open task {question}"),
        Event::Answered { vat, question, error: None } => format!("{vat}: {question} came back"),
        Event::Answered { vat, question, error: Some(error) } => {
            format!("{vat}: {question} came back broken: {error}")
        }
        Event::Answer { vat, probe, says: Ok(name) } => {
            format!("{vat}: probe {probe} says {name}")
        }
        Event::Answer { vat, probe, says: Err(error) } => {
            format!("{vat}: probe {probe} failed: {error}")
        }
        Event::Error { vat, text } => format!("{vat} complains: {text}"),
        Event::Ended { vat, text } => format!("{vat}: the session is over: {text}"),
        Event::Witness { vat, alive } if alive.is_empty() => {
            format!("{vat}: no object of its own exists that it does not hold")
        }
        Event::Witness { vat, alive } => {
            format!("{vat}: it does not hold these, and they exist: {}", alive.join(", "))
        }
    }
}

fn raw_message(raw: &[u8]) -> String {
    let read = serialize::read_message(&mut &raw[..], ReaderOptions::new());
    let words = read.and_then(|read| Ok(format!("{:?}", read.get_root::<message::Reader<'_>>()?)));
    words.unwrap_or_else(|error| format!("{raw:?} ({error})"))
}
