//! Promises: an index for every mention, and a resolve for each.

use crate::peer::{Peer, holds, mention, release};
use serde_json::{Value, json};

fn promise(index: u32) -> Value {
    json!({"mention": {"index": index, "again": false, "promise": true}})
}

fn resolve(peer: &mut Peer, to: Value) -> Vec<Value> {
    resolve_to(peer, json!([to]))
}

fn resolve_to(peer: &mut Peer, refs: Value) -> Vec<Value> {
    let events = peer.done(json!({"do": "resolve", "vat": "B", "promise": "pB1", "refs": refs}));
    events.into_iter().map(|event| event["raw"].clone()).collect()
}

/// VatA holds pB1, twice.
fn with_promise() -> Peer {
    let mut peer = Peer::open();
    let sent = peer.send("B", json!([{"promise": "pB1"}, {"promise": "pB1"}]));
    assert_eq!(sent["refs"], json!([promise(0), promise(1)]));
    assert_eq!(peer.deliver("A"), [holds("A", "pB1"), holds("A", "pB1")]);
    peer
}

#[test]
fn every_mention_of_a_promise_is_resolved_once() {
    let mut peer = with_promise();
    let said = resolve(&mut peer, json!({"own": "Bob"}));
    let about = |raw: &Value| (raw["kind"].clone(), raw["promise"].clone(), raw["refs"].clone());
    assert_eq!(
        said.iter().map(about).collect::<Vec<_>>(),
        [
            (json!("resolve"), json!({"index": 0}), json!([mention(2, false)])),
            (json!("resolve"), json!({"index": 1}), json!([mention(2, true)])),
        ]
    );
    for _ in 0..2 {
        assert_eq!(peer.deliver("A"), [holds("A", "Bob")]);
    }
    let nothing = json!({"do": "drop", "vat": "A", "name": "pB1"});
    assert_eq!(peer.not_done(nothing), "VatA holds no pB1");
    for index in [0, 1] {
        peer.about("collect", "A", "pB1");
        let events = peer.about("finalise", "A", "pB1");
        assert_eq!(crate::peer::sent(&events), release("A", index, 1));
        peer.deliver("B");
    }
    assert_eq!(peer.lose("A", "Bob"), release("A", 2, 2));
    peer.deliver("B");
    peer.done(json!({"do": "forget"}));
    assert_eq!(peer.witness("B"), json!([]));
    assert_eq!(peer.tables("B"), [0, 0, 0, 0]);
    assert_eq!(peer.tables("A"), [0, 0, 0, 0]);
}

#[test]
fn a_promise_that_is_resolved_is_still_mentioned_as_one_and_resolved_at_once() {
    let mut peer = Peer::open();
    assert!(resolve(&mut peer, json!({"own": "Bob"})).is_empty());
    let events = peer.done(json!({"do": "send", "vat": "B", "refs": [{"promise": "pB1"}]}));
    let kinds: Vec<_> = events.iter().map(|event| event["raw"]["kind"].clone()).collect();
    assert_eq!(kinds, ["call", "resolve"]);
}

#[test]
fn nobody_gets_what_a_promise_that_was_dropped_is_resolved_to() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"promise": "pB1"}]));
    peer.deliver("A");
    peer.lose("A", "pB1");
    resolve(&mut peer, json!({"own": "Bob"}));
    assert!(peer.deliver("A").is_empty());
    peer.about("collect", "A", "Bob");
    let events = peer.about("finalise", "A", "Bob");
    assert_eq!(crate::peer::sent(&events), release("A", 1, 1));
}

#[test]
fn a_promise_of_what_is_gone_is_broken() {
    let mut peer = Peer::open();
    peer.send("A", json!([{"own": "Alice"}]));
    peer.deliver("B");
    assert!(resolve(&mut peer, json!({"held": "Alice"})).is_empty());
    peer.lose("B", "Alice");
    peer.done(json!({"do": "send", "vat": "B", "refs": [{"promise": "pB1"}]}));
    assert!(peer.deliver("A").is_empty()); // the release
    assert_eq!(peer.deliver("A"), [holds("A", "pB1")]);
    let broken = json!({"event": "broken", "vat": "A", "name": "pB1"});
    assert_eq!(peer.deliver("A"), [broken]);
}

#[test]
fn a_broken_promise_is_held_sent_home_and_given_back_like_any_other() {
    let mut peer = with_promise();
    let said = resolve_to(&mut peer, json!([]));
    let about = |raw: &Value| (raw["promise"].clone(), raw["refs"].clone());
    let said: Vec<_> = said.iter().map(about).collect();
    assert_eq!(said, [(json!({"index": 0}), Value::Null), (json!({"index": 1}), Value::Null)]);
    for _ in 0..2 {
        assert_eq!(peer.deliver("A"), [json!({"event": "broken", "vat": "A", "name": "pB1"})]);
    }
    peer.done(json!({"do": "probe", "vat": "A", "name": "pB1", "probe": 7}));
    peer.deliver("B");
    let error = json!({"event": "answer", "vat": "A", "probe": 7, "error": "pB1 is broken"});
    assert_eq!(peer.deliver("A")[0], error);
    peer.deliver("B"); // the finish
    peer.deliver("A"); // the redirector's release
    let home = peer.send("A", json!([{"held": "pB1"}, {"held": "pB1"}]));
    assert_eq!(home["refs"], json!([{"home": {"index": 1}}, {"home": {"index": 1}}]));
    assert_eq!(peer.deliver("B"), [holds("B", "pB1"), holds("B", "pB1")]);
    let again = json!({"do": "resolve", "vat": "B", "promise": "pB1", "refs": []});
    assert_eq!(peer.not_done(again), "pB1 is resolved already");
    peer.done(json!({"do": "forget"}));
    for index in [0, 1] {
        peer.about("collect", "A", "pB1");
        let events = peer.about("finalise", "A", "pB1");
        assert_eq!(crate::peer::sent(&events), release("A", index, 1));
        peer.deliver("B");
    }
    assert_eq!(peer.tables("B"), [0, 0, 0, 0]);
    assert_eq!(peer.tables("A"), [0, 0, 0, 0]);
}

#[test]
fn a_probe_of_a_promise_waits_for_its_resolution() {
    let mut peer = with_promise();
    peer.done(json!({"do": "probe", "vat": "A", "name": "pB1", "probe": 7}));
    assert!(peer.deliver("B").is_empty());
    resolve(&mut peer, json!({"own": "Bob"}));
    peer.deliver("A");
    peer.deliver("A");
    let says = json!({"event": "answer", "vat": "A", "probe": 7, "says": "Bob"});
    assert_eq!(peer.deliver("A")[0], says);
}

#[test]
fn a_resolved_promise_answers_as_long_as_the_peer_has_it() {
    let mut peer = with_promise();
    peer.done(json!({"do": "probe", "vat": "A", "name": "pB1", "probe": 7}));
    resolve(&mut peer, json!({"own": "Bob"}));
    peer.done(json!({"do": "forget"}));
    let events = peer.deliver("B");
    assert_eq!(events[0]["raw"]["text"], "it is Bob");
}
