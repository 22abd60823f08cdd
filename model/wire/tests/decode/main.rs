//! The decoders, the encoders of hostile messages, and the framing.

mod capnp;
mod capnweb;
mod captp;
mod frames;
mod hostile;
mod robust;
mod websocket;

use captp_wire::decode::{Decoder, Undecodable, Wire};
use captp_wire::line::{End, Kind, Line, Mention, Message, Place, Ref, Release};
use captp_wire::sums::{Observation, Rules, Severity, Sums};
use serde_json::Value;

/// A message of the first session that says nothing.
fn blank() -> Message {
    Message { session: 1, ..Message::default() }
}

fn place(index: u32) -> Place {
    Place { index, space: String::new() }
}

fn spaced(index: u32, space: &str) -> Place {
    Place { index, space: space.into() }
}

fn mention(index: u32) -> Ref {
    Ref::Mention(Mention { at: place(index), again: None, promise: false })
}

fn promise(at: Place) -> Ref {
    Ref::Mention(Mention { at, again: None, promise: true })
}

fn release(at: Place, count: i64) -> Vec<Release> {
    vec![Release { at, count }]
}

/// Decodes one message from A at the start of a session.
fn alone(wire: Wire, raw: &Value) -> Result<Message, Undecodable> {
    Decoder::new(wire).decode_value(End::A, raw)
}

/// Why it cannot be decoded.
fn refused(wire: Wire, raw: &Value) -> String {
    alone(wire, raw).expect_err("it was decoded").to_string()
}

/// A recorded session: who wrote what.
fn recorded(text: &str) -> impl Iterator<Item = (End, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (from, raw) = line.split_once('\t').expect("an end, a tab, a message");
        (if from == "A" { End::A } else { End::B }, raw)
    })
}

/// All messages of a recorded session.
fn decoded(wire: Wire, text: &str) -> Vec<Message> {
    let mut decoder = Decoder::new(wire);
    let decode = |(from, raw): (End, &str)| match decoder.decode(from, raw.as_bytes()) {
        Ok(message) => {
            assert_eq!(message.check(), Ok(()), "{raw}");
            message
        }
        Err(why) => panic!("{raw}: {why}"),
    };
    recorded(text).map(decode).collect()
}

/// What breaks the rules of a system in these messages: the message's text, and the rule.
fn violations(messages: &[Message], system: &str) -> Vec<(String, Observation)> {
    let mut sums = Sums::new(Rules::of(system).expect("it counts"));
    let mut broken = Vec::new();
    for (seq, message) in (1..).zip(messages) {
        let found = sums.feed(&Line::Message(Message { seq, ..message.clone() }));
        let violations = found.into_iter().filter(|one| one.severity == Severity::Violation);
        broken.extend(violations.map(|one| (message.text.clone(), one.what)));
    }
    broken
}

#[test]
fn a_wire_has_the_name_that_it_is_parsed_from() {
    for wire in Wire::ALL {
        assert_eq!(wire.to_string().parse(), Ok(wire));
    }
    assert!("json".parse::<Wire>().is_err());
}

#[test]
fn a_line_of_a_trace_is_decoded_without_its_number() {
    let raw = serde_json::json!({"kind": "release", "releases": [{"index": 3, "count": -2}]});
    let message = alone(Wire::Lines, &raw).expect("it is one");
    let expected = Message { kind: Kind::Release, releases: release(place(3), -2), ..blank() };
    assert_eq!(message, expected);
    let raw = serde_json::json!({"kind": "release", "from": "B"});
    assert!(refused(Wire::Lines, &raw).contains("the other end"));
}
