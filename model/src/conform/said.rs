//! A line of an adapter: what it says, and what it ought to have said.
//!
//! Here, and nowhere else, text of an adapter loses its control characters and what is too long to
//! be shown. Names are compared with names that were asked for, and those are short.

use super::adapter::Failure;
use crate::traffic::clean;
use captp_wire::adapter::{Done, Event, Hello, Request};
use captp_wire::line::End;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;

/// The longest name, and the longest part of a line, that is kept, in characters.
const NAME_MAX: usize = 200;
/// The longest other text that is kept, in characters.
pub(super) const TEXT_MAX: usize = 300;

/// What a line says.
pub(super) enum Said {
    /// The request is done, or it is not.
    Done(Done),
    /// Something has happened.
    Event(Event),
}

/// Reads a line that answers a request.
pub(super) fn said(line: &str) -> Result<Said, Failure> {
    // Nothing is kept of what is only looked at: values need many times the space of their text.
    let fields: BTreeMap<String, IgnoredAny> = parse(line, "no JSON object")?;
    if fields.contains_key("done") {
        let mut done: Done = parse(line, "no answer of an adapter")?;
        done.why.iter_mut().for_each(name);
        return Ok(Said::Done(done));
    }
    let mut event = parse(line, "no event of an adapter")?;
    clean_event(&mut event);
    Ok(Said::Event(event))
}

/// Reads the first line of an adapter.
pub(super) fn hello(line: &str) -> Result<Hello, Failure> {
    let mut hello: Hello = parse(line, "no first line of an adapter")?;
    let Hello { peer, version, system, wire, .. } = &mut hello;
    [peer, version, system, wire].into_iter().for_each(name);
    Ok(hello)
}

/// Everything but a message: that is decoded as it is.
fn clean_event(event: &mut Event) {
    match event {
        Event::Holds { name: text, .. }
        | Event::Broken { name: text, .. }
        | Event::Asked { question: text, .. } => name(text),
        Event::Answered { question, error, .. } => {
            name(question);
            error.iter_mut().for_each(sentence);
        }
        Event::Answer { says, error, .. } => {
            says.iter_mut().for_each(name);
            error.iter_mut().for_each(sentence);
        }
        Event::Error { text, .. } | Event::Ended { text, .. } => sentence(text),
        Event::Witness { alive, .. } => alive.iter_mut().for_each(name),
        Event::Sent { .. }
        | Event::Delivered { .. }
        | Event::Tables { .. }
        | Event::Memory { .. } => {}
    }
}

fn name(text: &mut String) {
    *text = shortened(text);
}

fn sentence(text: &mut String) {
    *text = clean(text, TEXT_MAX);
}

/// What must have come with a request that is said to be done, and has not: an adapter that says
/// nothing would have nothing held against it.
pub(super) fn lacking(request: &Request, events: &[Event]) -> Option<String> {
    let came = |wanted: &dyn Fn(&Event) -> bool| events.iter().any(wanted);
    let of_both = |name: &str, wanted: &dyn Fn(&Event, End) -> bool| {
        let lacks = End::ALL.into_iter().find(|end| !came(&|event| wanted(event, *end)));
        lacks.map(|end| format!("no answer to `{name}`: there was no such event of {end}"))
    };
    match request {
        Request::Deliver { to } => {
            (!came(&|e| matches!(e, Event::Delivered { to: at } if at == to)))
                .then(|| "no answer to `deliver`: there was no event `delivered`".to_owned())
        }
        Request::Tables => {
            of_both("tables", &|e, end| matches!(e, Event::Tables { vat, .. } if *vat == end))
        }
        Request::Witness => {
            of_both("witness", &|e, end| matches!(e, Event::Witness { vat, .. } if *vat == end))
        }
        Request::Memory => (!came(&|event| matches!(event, Event::Memory { .. })))
            .then(|| "no answer to `memory`: there was no such event".to_owned()),
        _ => None,
    }
}

fn parse<T: DeserializeOwned>(line: &str, why: &str) -> Result<T, Failure> {
    serde_json::from_str(line).map_err(|error| Failure::Nonsense {
        line: shortened(line),
        // It may quote the line.
        why: clean(&format!("{why}: {error}"), TEXT_MAX),
    })
}

/// A line, as far as it is shown.
pub(super) fn shortened(line: &str) -> String {
    clean(line, NAME_MAX)
}
