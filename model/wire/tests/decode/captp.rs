//! `@endo/captp`: messages as they were recorded, and messages as they should not be.

use crate::{alone, blank, decoded, mention, place, promise, refused, release, spaced, violations};
use captp_wire::decode::Wire::CaptpJson;
use captp_wire::line::{Kind, Message, Ref};
use captp_wire::sums::Observation;
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../recorded/captp-json.txt");

#[test]
fn a_recorded_session_is_decoded_whole() {
    let messages = decoded(CaptpJson, RECORDED);
    let count = |kind| messages.iter().filter(|message| message.kind == kind).count();
    assert_eq!(count(Kind::Bootstrap), 1);
    assert_eq!(count(Kind::Call) + 1, count(Kind::Return));
    assert_eq!(count(Kind::Resolve), 1);
    assert_eq!(count(Kind::Over), 2);
    assert_eq!(count(Kind::Other), 0);
    assert_eq!(count(Kind::Finish), 12, "every question of A, whatever its count");
}

#[test]
fn what_a_recorded_session_gives_back_does_not_add_up() {
    // This version counts what is called as if it had been mentioned to the caller.
    let messages = decoded(CaptpJson, RECORDED);
    let broken = violations(&messages, "endo-captp");
    let texts: Vec<_> = broken.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["CTP_DROP(o-1, 2)", "CTP_DROP(o-1, 8)"], "{broken:?}");
    let given_back = |(_, what): &(String, Observation)| match what {
        Observation::OverRelease { count, left, .. } => (*count, *left),
        other => panic!("{other:?}"),
    };
    assert_eq!(broken.iter().map(given_back).collect::<Vec<_>>(), [(2, 1), (8, 3)]);
}

#[test]
fn the_sign_of_a_slot_says_whose_table_is_meant() {
    let raw = json!({"type": "CTP_CALL", "epoch": 0, "questionID": "q-5", "target": "q-2",
        "method": {"body": "", "slots": ["o+1", "p+1", "o-1", "p-3", "q-4", "o+1", "t+1", "q+9"]}});
    let message = alone(CaptpJson, &raw).expect("it is one");
    let trap = |space| {
        Ref::Mention(captp_wire::line::Mention {
            at: spaced(if space == "t" { 1 } else { 9 }, space),
            again: None,
            promise: false,
        })
    };
    let expected = Message {
        kind: Kind::Call,
        question: Some(5),
        target: Some(Ref::Answer(2)),
        refs: vec![
            mention(1),
            promise(spaced(1, "p")),
            Ref::Home(place(1)),
            Ref::Home(spaced(3, "p")),
            Ref::Answer(4),
            mention(1),
            trap("t"),
            trap("q"),
        ],
        text: "CTP_CALL(q-5, q-2, [o+1, p+1, o-1, p-3, q-4, o+1, t+1, q+9])".into(),
        ..blank()
    };
    assert_eq!(message, expected);
}

#[test]
fn a_call_without_a_question_wants_no_result() {
    for question in [json!(false), json!(null)] {
        let raw = json!({"type": "CTP_CALL", "questionID": question, "target": "o-1",
            "method": {"slots": []}});
        assert_eq!(alone(CaptpJson, &raw).expect("it is one").question, None);
    }
}

#[test]
fn a_promise_that_is_resolved_is_named_from_the_receivers_side() {
    let raw = json!({"type": "CTP_RESOLVE", "promiseID": "p-2", "rej": {"slots": ["o+7"]}});
    let message = alone(CaptpJson, &raw).expect("it is one");
    assert_eq!(message.promise, Some(spaced(2, "p")));
    assert_eq!(message.refs, [mention(7)]);
    let raw = json!({"type": "CTP_RESOLVE", "promiseID": "p+2", "res": {"slots": []}});
    assert!(refused(CaptpJson, &raw).contains("the receiver's own"));
}

#[test]
fn absurd_counts_are_kept_and_counts_that_are_no_numbers_are_not() {
    fn drop(slot: &str, count: Value) -> Value {
        json!({"type": "CTP_DROP", "slotID": slot, "decRefs": count, "epoch": 0})
    }
    for count in [0, -1, 4_294_967_296, i64::MAX, i64::MIN] {
        let message = alone(CaptpJson, &drop("p-2", count.into())).expect("it is one");
        assert_eq!(message.releases, release(spaced(2, "p"), count));
    }
    assert_eq!(alone(CaptpJson, &drop("o-2", json!(3.0))).unwrap().releases[0].count, 3);
    for count in [json!(0.5), json!("1"), json!(null), json!([1]), json!({}), json!(1e300)] {
        assert!(refused(CaptpJson, &drop("o-2", count)).contains("no whole number"));
    }
    assert_eq!(alone(CaptpJson, &drop("q-2", json!(2))).unwrap().kind, Kind::Finish);
    assert_eq!(alone(CaptpJson, &drop("q-2", json!(0))).unwrap().kind, Kind::Other);
    let without = json!({"type": "CTP_DROP", "slotID": "o-2"});
    assert_eq!(alone(CaptpJson, &without).unwrap().releases, release(place(2), 0));
}

#[test]
fn slots_that_are_none_are_refused() {
    for slot in ["", "o", "o+", "o1", "x-1", "o-01", "o-4294967296", "o- 1", "o--1", "ö-1", "o-+1"]
    {
        let raw = json!({"type": "CTP_DROP", "slotID": slot, "decRefs": 1});
        assert!(refused(CaptpJson, &raw).contains("is no slot"), "{slot}");
    }
    let raw = json!({"type": "CTP_DROP", "slotID": ["o-1"], "decRefs": 1});
    assert_eq!(refused(CaptpJson, &raw), "a list is no slot");
    let raw = json!({"type": "CTP_DROP", "slotID": "o+1", "decRefs": 1});
    assert!(refused(CaptpJson, &raw).contains("the sender's own"));
}

#[test]
fn what_is_no_message_is_refused_with_a_sentence() {
    assert_eq!(refused(CaptpJson, &json!([])), "a CapTP message is a JSON object");
    assert_eq!(refused(CaptpJson, &json!({})), "it has no type");
    assert_eq!(refused(CaptpJson, &json!({"type": "X\n"})), "\"X \" is an unknown type");
    let raw = json!({"type": "CTP_RETURN", "answerID": "q-1"});
    assert_eq!(refused(CaptpJson, &raw), "it has neither exception nor result");
    let raw = json!({"type": "CTP_BOOTSTRAP", "questionID": "o-1"});
    assert_eq!(refused(CaptpJson, &raw), "o-1 is no question");
    assert!(refused(CaptpJson, &json!("{")).starts_with("this is no JSON"));
}

#[test]
fn a_text_is_short_and_a_message_has_a_bounded_number_of_references() {
    let call = |slots: usize| {
        json!({"type": "CTP_CALL", "target": "o-1",
            "method": {"slots": vec!["o+4000000000"; slots]}})
    };
    let message = alone(CaptpJson, &call(1000)).expect("it is one");
    assert_eq!((message.refs.len(), message.text.chars().count()), (1000, 80));
    assert!(message.text.ends_with('…'));
    assert!(refused(CaptpJson, &call(70_000)).contains("more than 65536 references"));
}
