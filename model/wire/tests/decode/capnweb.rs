//! `capnweb`: messages as they were recorded, and messages as they should not be.

use crate::{alone, decoded, mention, place, promise, refused, release, spaced, violations};
use captp_wire::decode::Decoder;
use captp_wire::decode::Wire::Capnweb;
use captp_wire::line::{End, Kind, Message, Ref};
use captp_wire::sums::Observation;
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../recorded/capnweb.txt");

#[test]
fn a_recorded_session_is_decoded_whole() {
    let messages = decoded(Capnweb, RECORDED);
    let count = |kind| messages.iter().filter(|message| message.kind == kind).count();
    assert_eq!(count(Kind::Resolve), 2, "two promises were exported");
    assert_eq!(count(Kind::Over), 1);
    // Every question is given back or was streamed; but for the pushes that nobody pulled.
    let streamed = messages.iter().filter(|message| message.no_finish).count();
    assert_eq!(streamed, 4);
    assert_eq!(count(Kind::Call) - count(Kind::Finish) - streamed, 2);
}

#[test]
fn a_recorded_session_adds_up_until_its_last_hostile_release() {
    let messages = decoded(Capnweb, RECORDED);
    let broken = violations(&messages, "capnweb");
    let [(text, Observation::ReleaseOfUnknown { at, exporter: End::B, count: 1 })] =
        broken.as_slice()
    else {
        panic!("{broken:?}")
    };
    assert_eq!((text.as_str(), at), ("release(-99, 1)", &place(99)));
}

#[test]
fn questions_number_themselves_for_each_end() {
    let mut decoder = Decoder::new(Capnweb);
    let mut question = |from, raw: &Value| decoder.decode_value(from, raw).map(|m| m.question);
    let push = json!(["push", ["pipeline", 0, ["a"], []]]);
    assert_eq!(question(End::A, &push), Ok(Some(1)));
    assert_eq!(question(End::A, &json!(["pipe"])), Ok(Some(2)));
    assert!(question(End::A, &json!(["push", ["nonsense"]])).is_err());
    assert_eq!(question(End::A, &json!(["stream", ["pipeline", 2, ["write"], [0]]])), Ok(Some(4)));
    assert_eq!(question(End::B, &push), Ok(Some(1)));
    assert_eq!(question(End::A, &push), Ok(Some(5)));
}

#[test]
fn the_result_of_a_streamed_call_ends_its_question() {
    let mut decoder = Decoder::new(Capnweb);
    decoder.decode_value(End::A, &json!(["stream", ["pipeline", -1, ["write"], []]])).unwrap();
    let result = json!(["resolve", 1, ["undefined"]]);
    assert!(decoder.decode_value(End::B, &result).unwrap().no_finish);
    assert!(!decoder.decode_value(End::B, &result).unwrap().no_finish, "only once");
}

#[test]
fn the_sign_of_an_id_says_whose_table_is_meant() {
    let raw = json!(["push", ["pipeline", -3, ["f"], [
        ["export", -1],
        {"a": [[["promise", -2], "x"]]},
        ["import", -4],
        ["pipeline", 5, ["x"]],
        ["import", 0],
        ["pipeline", 6, ["g"], [["writable", -7], ["export", -1]]],
        ["error", "E", "m", null, {"cause": ["export", -8]}],
        ["response", ["readable", 9], {"headers": [["export", "-1"]]}],
        ["export", 10],
    ]]]);
    let message = alone(Capnweb, &raw).expect("it is one");
    assert_eq!(message.target, Some(Ref::Home(place(3))));
    let positive = Ref::Mention(captp_wire::line::Mention {
        at: spaced(10, "q"),
        again: None,
        promise: false,
    });
    assert_eq!(
        message.refs,
        [
            mention(1),
            promise(place(2)),
            Ref::Home(place(4)),
            Ref::Answer(5),
            Ref::Home(place(0)),
            Ref::Answer(6),
            mention(7),
            mention(1),
            mention(8),
            Ref::Answer(9),
            positive,
        ]
    );
}

#[test]
fn a_map_mentions_what_it_captures_and_its_instructions_name_no_table() {
    let raw = json!([
        "push",
        [
            "remap",
            9,
            [],
            [["export", -4], ["import", -2]],
            [["pipeline", -1, ["add"], [["pipeline", 0]]], ["pipeline", 1]]
        ]
    ]);
    let message = alone(Capnweb, &raw).expect("it is one");
    assert_eq!(message.target, Some(Ref::Answer(9)));
    assert_eq!(message.refs, [mention(4), Ref::Home(place(2))]);
    assert_eq!(message.text, "push(1, 9, [-4, -2])");
}

#[test]
fn an_id_that_is_given_back_is_an_export_or_a_question() {
    let given = |id: Value, count: Value| alone(Capnweb, &json!(["release", id, count])).unwrap();
    let only = |message: Message| (message.kind, message.question, message.releases);
    assert_eq!(only(given(json!(-3), json!(2))), (Kind::Release, None, release(place(3), 2)));
    assert_eq!(only(given(json!(0), json!(1))), (Kind::Release, None, release(place(0), 1)));
    assert_eq!(only(given(json!(3), json!(1))), (Kind::Finish, Some(3), vec![]));
    assert_eq!(only(given(json!(3), json!(0))), (Kind::Other, None, vec![]));
    let absurd = (Kind::Release, None, release(spaced(3, "q"), -7));
    assert_eq!(only(given(json!(3), json!(-7))), absurd);
}

#[test]
fn a_pull_says_which_result_is_wanted() {
    let pull =
        |id: i64| alone(Capnweb, &json!(["pull", id])).map(|pull| (pull.kind, pull.question));
    assert_eq!(pull(3), Ok((Kind::Other, Some(3))));
    assert_eq!(pull(-3), Ok((Kind::Other, None)));
}

#[test]
fn what_is_no_message_is_refused_with_a_sentence() {
    for (raw, why) in [
        (json!({}), "a capnweb message is an array"),
        (json!([]), "it does not begin with its type"),
        (json!(["shout"]), "\"shout\" is an unknown type"),
        (json!(["push"]), "push lacks something"),
        (json!(["release", -1]), "release lacks something"),
        (json!(["release", -1, 0.5]), "0.5 is no whole number"),
        (json!(["release", -1, "1"]), "\"1\" is no whole number"),
        (json!(["release", [-1], 1]), "a list is no whole number"),
        (json!(["resolve", 4_294_967_296_u64, 1]), "the id 4294967296 is too large"),
        (json!(["push", [1, 2]]), "an array that is neither escaped nor has a type"),
        (
            json!(["push", ["regexp", "x"]]),
            "\"regexp\" is an unknown kind of value, or lacks something",
        ),
        (json!(["push", ["pipeline", 0, ["f"], 3]]), "the arguments of a call are an array"),
    ] {
        assert_eq!(refused(Capnweb, &raw), why);
    }
}

#[test]
fn deep_nesting_is_refused() {
    let mut deep = json!(1);
    for _ in 0..400 {
        deep = json!([[deep]]);
    }
    assert_eq!(refused(Capnweb, &json!(["push", deep])), "it is nested too deep");
    let text = format!("[\"push\",{}", "[".repeat(1 << 20));
    assert!(refused(Capnweb, &text.into()).starts_with("this is no JSON: recursion limit"));
}
