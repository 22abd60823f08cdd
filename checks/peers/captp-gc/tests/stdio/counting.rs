//! Mentions, collection, and the two races.

use crate::peer::{Peer, holds, mention, release, sent};
use serde_json::{Value, json};

#[test]
fn it_says_what_it_is_and_ends_with_its_input() {
    let peer = Peer::open();
    assert_eq!(peer.hello["adapter"], 1);
    assert_eq!(peer.hello["peer"], "captp-gc");
    assert_eq!(peer.hello["system"], "e-captp");
    assert_eq!(peer.hello["wire"], "lines");
    peer.end();
}

#[test]
fn every_mention_is_counted_and_says_whether_it_comes_again() {
    let mut peer = Peer::open();
    let sent = peer.send("B", json!([{"own": "Bob"}, {"own": "Bob"}]));
    let refs = json!([mention(0, false), mention(0, true)]);
    assert_eq!(sent, json!({"from": "B", "kind": "call", "refs": refs}));
    assert_eq!(peer.deliver("A"), [holds("A", "Bob"), holds("A", "Bob")]);
    assert_eq!(peer.tables("B"), [1, 0, 0, 0]);
    assert_eq!(peer.tables("A"), [0, 1, 0, 0]);
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 2));
    assert_eq!(peer.tables("A"), [0, 0, 0, 0]);
    assert!(peer.deliver("B").is_empty());
    assert_eq!(peer.tables("B"), [0, 0, 0, 0]);
}

#[test]
fn an_object_is_kept_by_the_table_until_its_last_mention_is_given_back() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    assert_eq!(peer.witness("B"), json!([]));
    peer.done(json!({"do": "forget"}));
    assert_eq!(peer.witness("B"), json!(["Bob"]));
    peer.about("collect", "A", "Bob");
    peer.about("finalise", "A", "Bob");
    assert_eq!(peer.witness("B"), json!(["Bob"]));
    peer.deliver("B");
    assert_eq!(peer.witness("B"), json!([]));
}

#[test]
fn a_release_that_crosses_a_mention_leaves_the_entry() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 1));
    let again = peer.send("B", json!([{"own": "Bob"}]));
    assert_eq!(again["refs"], json!([mention(0, true)]));
    peer.deliver("B");
    assert_eq!(peer.tables("B"), [1, 0, 0, 0]);
    assert_eq!(peer.deliver("A"), [holds("A", "Bob")]);
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 1));
}

#[test]
fn a_notification_that_finds_a_successor_sends_nothing_and_the_successor_inherits() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    peer.about("drop", "A", "Bob");
    peer.about("collect", "A", "Bob");
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    assert_eq!(peer.about("finalise", "A", "Bob"), Vec::<Value>::new());
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 2));
}

#[test]
fn what_is_held_is_not_collected() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    let collect = json!({"do": "collect", "vat": "A", "name": "Bob"});
    assert_eq!(peer.not_done(&collect), "VatA has dropped no Bob");
    peer.about("drop", "A", "Bob");
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    peer.not_done(&collect);
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 2));
}

#[test]
fn one_finaliser_runs_at_a_time() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    peer.deliver("A");
    for name in ["Bob", "Ben"] {
        peer.about("drop", "A", name);
        peer.about("collect", "A", name);
    }
    assert_eq!(sent(&peer.about("finalise", "A", "Ben")), release("A", 1, 1));
    assert_eq!(peer.tables("A"), [0, 1, 0, 0]);
    assert_eq!(sent(&peer.done(json!({"do": "finalise", "vat": "A"}))), release("A", 0, 1));
    assert_eq!(
        peer.not_done(json!({"do": "finalise", "vat": "A"})),
        "VatA owes no notification for any"
    );
}

#[test]
fn what_was_drained_leaves_before_anything_of_the_next_proxy_can() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    peer.deliver("A");
    for name in ["Bob", "Ben"] {
        peer.about("drop", "A", name);
        peer.about("collect", "A", name);
    }
    peer.about("finalise", "A", "Ben");
    peer.send("B", json!([{"own": "Bob"}]));
    assert_eq!(sent(&peer.deliver("A")), release("A", 0, 1));
    assert_eq!(peer.about("finalise", "A", "Bob"), Vec::<Value>::new());
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 1));
}

#[test]
fn the_index_freed_last_is_reused_first() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    peer.deliver("A");
    for name in ["Bob", "Ben"] {
        peer.lose("A", name);
        peer.deliver("B");
    }
    let both = peer.send("B", json!([{"own": "Bob"}, {"own": "Ben"}]));
    assert_eq!(both["refs"], json!([mention(1, false), mention(0, false)]));
}

#[test]
fn a_reference_that_goes_home_is_not_counted() {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}]));
    peer.deliver("A");
    let home = peer.send("A", json!([{"held": "Bob"}]));
    assert_eq!(home["refs"], json!([{"home": {"index": 0}}]));
    assert_eq!(peer.deliver("B"), [holds("B", "Bob")]);
    assert_eq!(peer.tables("A"), [0, 1, 0, 0]);
    assert_eq!(peer.lose("A", "Bob"), release("A", 0, 1));
}

#[test]
fn a_failed_send_leaves_no_count_and_no_message() {
    let mut peer = Peer::open();
    let fail = json!({"do": "fail-send", "vat": "B", "refs": [{"own": "Bob"}, {"own": "Bob"}]});
    assert_eq!(peer.done(fail), Vec::<Value>::new());
    assert_eq!(peer.tables("B"), [0, 0, 0, 0]);
    assert_eq!(peer.send("B", json!([{"own": "Bob"}]))["refs"], json!([mention(0, false)]));
}
