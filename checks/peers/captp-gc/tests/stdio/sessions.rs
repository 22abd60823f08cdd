//! R8: nothing of an old session touches the next. And what memory a session keeps.

use crate::peer::{Peer, holds, mention, release, sent};
use serde_json::{Value, json};

#[test]
fn a_cut_breaks_every_proxy_and_releases_every_export() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    let events = peer.done(json!({"do": "cut", "vat": "A"}));
    assert_eq!(sent(&events), json!({"from": "A", "kind": "over"}));
    assert_eq!(events[1], json!({"event": "broken", "vat": "A", "name": "Bob"}));
    let call = json!({"do": "call", "vat": "A", "target": "Bob"});
    peer.not_done(call);
    assert_eq!(peer.tables("B"), [1, 0, 0, 0]);
    peer.deliver("B");
    assert_eq!(peer.tables("B"), [0, 0, 0, 0]);
    peer.done(json!({"do": "forget"}));
    assert_eq!(peer.witness("B"), json!([]));
}

#[test]
fn a_notification_of_an_old_session_sends_nothing() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    peer.deliver("A");
    peer.about("drop", "A", "Bob");
    peer.about("collect", "A", "Bob");
    peer.done(json!({"do": "cut", "vat": "A"}));
    peer.deliver("B");
    peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    peer.deliver("A");
    assert_eq!(peer.about("finalise", "A", "Bob"), Vec::<Value>::new());
    assert_eq!(
        peer.lose("A", "Bob"),
        json!({
            "session": 2, "from": "A", "kind": "release", "releases": [{"index": 0, "count": 1}]
        })
    );
}

#[test]
fn a_broken_proxy_is_dropped_and_collected_and_nothing_comes_of_it() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    peer.done(json!({"do": "cut", "vat": "A"}));
    for step in ["drop", "collect", "finalise"] {
        assert_eq!(peer.about(step, "A", "Bob"), Vec::<Value>::new());
    }
}

#[test]
fn messages_of_an_old_session_are_read_as_nothing_and_a_newer_one_ends_it() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.done(json!({"do": "cut", "vat": "A"}));
    assert!(peer.deliver("A").is_empty());
    assert_eq!(peer.tables("A"), [0, 0, 0, 0]);
    let newer = json!({"session": 2, "from": "A", "kind": "call", "refs": [mention(0, false)]});
    let events = peer.done(json!({"do": "hostile", "to": "B", "raw": newer}));
    assert_eq!(events[0]["event"], "ended");
    assert_eq!(events[1], holds("B", "?"));
    assert_eq!(peer.tables("B"), [0, 1, 0, 0]);
}

#[test]
fn an_open_question_breaks_with_its_session() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    peer.done(json!({"do": "ask", "vat": "A", "target": "Bob", "question": "qA1"}));
    peer.done(json!({"do": "probe", "vat": "A", "name": "Bob", "probe": 7}));
    let events = peer.done(json!({"do": "cut", "vat": "A"}));
    let error = "the session is over";
    assert!(
        events
            .contains(&json!({"event": "answered", "vat": "A", "question": "qA1", "error": error}))
    );
    assert!(events.contains(&json!({"event": "answer", "vat": "A", "probe": 7, "error": error})));
}

#[test]
fn a_session_that_goes_on_needs_no_more_memory_for_it() {
    let mut peer = Peer::open();
    let round = |peer: &mut Peer| {
        for _ in 0..50 {
            peer.send("B", json!([{"own": "Bob"}, {"own": "Bob"}]));
            peer.deliver("A");
            assert_eq!(peer.lose("A", "Bob"), release("A", 0, 2));
            peer.deliver("B");
            peer.done(json!({"do": "forget"}));
        }
        peer.done(json!({"do": "memory"}))[0]["bytes"].as_u64().unwrap()
    };
    let before = round(&mut peer);
    let after = round(&mut peer);
    assert!(after <= before + 1024, "{before} and then {after} bytes");
}
