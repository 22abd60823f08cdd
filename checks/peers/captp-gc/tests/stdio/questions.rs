//! Calls, questions and answers, and probes.

use crate::peer::{Peer, holds, mention, release, sent};
use serde_json::{Value, json};

/// VatA holds Bob.
fn with_bob() -> Peer {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    peer
}

fn ask(peer: &mut Peer, target: &str, question: &str) -> Value {
    let refs = json!([{"own": "Alice"}]);
    let ask =
        json!({"do": "ask", "vat": "A", "target": target, "refs": refs, "question": question});
    sent(&peer.done(ask))
}

fn answered(question: &str) -> Value {
    json!({"event": "answered", "vat": "A", "question": question})
}

#[test]
fn a_call_names_its_target() {
    let mut peer = with_bob();
    let call = sent(&peer.done(json!({"do": "call", "vat": "A", "target": "Bob"})));
    assert_eq!(call, json!({"from": "A", "kind": "call", "target": {"home": {"index": 0}}}));
    assert!(peer.deliver("B").is_empty());
}

#[test]
fn a_question_is_asked_called_answered_and_done_with() {
    let mut peer = with_bob();
    let asked = ask(&mut peer, "Bob", "qA1");
    // The redirector is the last of the references.
    let refs = json!([mention(0, false), mention(1, false)]);
    let target = json!({"home": {"index": 0}});
    let expected =
        json!({"from": "A", "kind": "call", "question": 1, "target": target, "refs": refs});
    assert_eq!(asked, expected);
    let call = sent(&peer.done(json!({"do": "call", "vat": "A", "target": "qA1"})));
    assert_eq!(call["target"], json!({"answer": 1}));

    let task = json!({"event": "asked", "vat": "B", "question": "qA1"});
    assert_eq!(peer.deliver("B"), [holds("B", "Alice"), task]);
    assert!(peer.deliver("B").is_empty());
    let returned = json!({"do": "return", "vat": "B", "question": "qA1", "refs": [{"own": "Ben"}]});
    let returned = sent(&peer.done(returned));
    let refs = json!([mention(1, false), {"home": {"index": 1}}]);
    assert_eq!(returned, json!({"from": "B", "kind": "return", "question": 1, "refs": refs}));
    assert_eq!(peer.deliver("A"), [answered("qA1"), holds("A", "Ben")]);

    assert_eq!(sent(&peer.about("finalise", "B", "qA1")), release("B", 1, 1));
    peer.about("collect", "A", "qA1");
    let finish = json!({"from": "A", "kind": "finish", "question": 1});
    assert_eq!(sent(&peer.about("finalise", "A", "qA1")), finish);
    peer.deliver("A");
    peer.deliver("B");
    assert_eq!(peer.tables("A"), [1, 2, 0, 0]);
    assert_eq!(peer.tables("B"), [2, 1, 0, 0]);
}

#[test]
fn the_place_that_was_given_back_last_is_used_first() {
    let mut peer = with_bob();
    assert_eq!(ask(&mut peer, "Bob", "qA1")["question"], 1);
    assert_eq!(ask(&mut peer, "Bob", "qA2")["question"], 2);
    assert_eq!(peer.lose("A", "qA2")["question"], 2);
    assert_eq!(peer.lose("A", "qA1")["question"], 1);
    assert_eq!(ask(&mut peer, "Bob", "qA3")["question"], 1);
    assert_eq!(ask(&mut peer, "Bob", "qA4")["question"], 2);
}

#[test]
fn nobody_gets_the_result_of_a_question_that_was_dropped() {
    let mut peer = with_bob();
    ask(&mut peer, "Bob", "qA1");
    peer.lose("A", "qA1");
    peer.deliver("B");
    peer.deliver("B");
    peer.done(json!({"do": "return", "vat": "B", "question": "qA1", "refs": [{"own": "Ben"}]}));
    assert!(peer.deliver("A").is_empty());
    peer.about("collect", "A", "Ben");
    assert_eq!(sent(&peer.about("finalise", "A", "Ben")), release("A", 1, 1));
}

fn probe(peer: &mut Peer, name: &str, number: u64) -> Vec<Value> {
    peer.done(json!({"do": "probe", "vat": "A", "name": name, "probe": number}))
}

fn says(number: u64, name: &str) -> Value {
    json!({"event": "answer", "vat": "A", "probe": number, "says": name})
}

#[test]
fn a_probe_is_answered_by_what_is_really_called_and_leaves_nothing() {
    let mut peer = with_bob();
    probe(&mut peer, "Bob", 7);
    peer.deliver("B");
    assert_eq!(peer.deliver("A")[0], says(7, "Bob"));
    peer.deliver("A");
    peer.deliver("B");
    assert_eq!(peer.tables("A"), [0, 1, 0, 0]);
    assert_eq!(peer.tables("B"), [1, 0, 0, 0]);
}

#[test]
fn a_probe_of_an_answer_waits_for_it() {
    let mut peer = with_bob();
    ask(&mut peer, "Bob", "qA1");
    probe(&mut peer, "qA1", 7);
    peer.deliver("B");
    assert!(peer.deliver("B").is_empty());
    peer.done(json!({"do": "return", "vat": "B", "question": "qA1", "refs": [{"own": "Ben"}]}));
    peer.deliver("A");
    assert_eq!(peer.deliver("A")[0], says(7, "Ben"));
}

#[test]
fn a_probe_of_ones_own_needs_no_message() {
    let mut peer = Peer::open();
    peer.send("A", json!([{"own": "Alice"}]));
    peer.deliver("B");
    peer.send("B", json!([{"held": "Alice"}]));
    peer.deliver("A");
    assert_eq!(probe(&mut peer, "Alice", 7), [says(7, "Alice")]);
}
