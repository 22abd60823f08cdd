//! R5: what a hostile peer sends is refused, the session ends, and nothing else is touched.

use crate::peer::{Peer, mention, sent};
use serde_json::{Value, json};

/// VatB has exported Bob, with two mentions, and VatA Alice, with one.
fn with_exports() -> Peer {
    let mut peer = Peer::open();
    peer.send("B", json!([{"own": "Bob"}, {"own": "Bob"}]));
    peer.deliver("A");
    peer.send("A", json!([{"own": "Alice"}]));
    peer.deliver("B");
    peer
}

fn release(index: i64, count: Value) -> Value {
    json!({"from": "A", "kind": "release", "releases": [{"index": index, "count": count}]})
}

#[test]
fn whatever_breaks_the_protocol_ends_the_session_of_the_reader_and_nothing_else() {
    let call = |refs: Value| json!({"from": "A", "kind": "call", "refs": refs});
    let home = |index: u32| json!({"home": {"index": index}});
    let cases = [
        (release(0, json!(3)), "GCExportOp(0, 3) gives back more than the 2 outstanding mentions"),
        (release(0, json!(0)), "GCExportOp(0, 0) gives nothing back"),
        (release(77, json!(1)), "exports[77] is not allocated"),
        (release(0, json!(-1)), "a delta of -1"),
        (release(0, json!(4_294_967_297_u64)), "a delta of 4294967297"),
        (
            call(json!([mention(77, false), mention(78, true)])),
            "ImportDesc(78), but no NewFarDesc introduced it",
        ),
        (call(json!([mention(77, false), home(77)])), "exports[77] is not allocated"),
        (call(json!([mention(0, false)])), "NewFarDesc(0), but 1 mentions of it are still held"),
        (
            call(json!([mention(u32::MAX, false)])),
            "index 4294967295 is not below the limit of 1048576 imports",
        ),
        (json!({"kind": "finish", "question": 9}), "answers[9] is not allocated"),
        (json!({"kind": "call", "target": {"answer": 9}}), "answers[9] is not allocated"),
        (
            json!({"kind": "return", "question": 1, "refs": [home(0)]}),
            "a result for what is no redirector",
        ),
        (
            json!({"kind": "call", "refs": [{"mention": {"index": 5}}]}),
            "a mention of 5 that does not say whether it comes again",
        ),
        (json!([]), "no object"),
    ];
    for (raw, why) in cases {
        let mut peer = with_exports();
        let events = peer.done(json!({"do": "hostile", "to": "B", "raw": raw}));
        assert_eq!(events[0], json!({"event": "error", "vat": "B", "text": why}));
        assert_eq!(sent(&events), json!({"from": "B", "kind": "over"}));
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["vat"]), (&json!("ended"), &json!("B")));
        assert_eq!(peer.tables("B"), [0, 0, 0, 0], "{raw}");
        assert_eq!(peer.tables("A"), [1, 1, 0, 0], "{raw}");
        // The peer hears of it, and both begin again.
        peer.deliver("A");
        assert_eq!(peer.tables("A"), [0, 0, 0, 0], "{raw}");
        let again = peer.send("B", json!([{"own": "Bob"}]));
        assert_eq!((&again["session"], &again["refs"]), (&json!(2), &json!([mention(0, false)])));
        peer.deliver("A");
        assert_eq!(peer.tables("A"), [0, 1, 0, 0], "{raw}");
    }
}

#[test]
fn a_hostile_message_that_breaks_nothing_is_read() {
    let mut peer = with_exports();
    let events = peer.done(json!({"do": "hostile", "to": "B", "raw": release(0, json!(1))}));
    assert!(events.is_empty());
    assert_eq!(peer.tables("B"), [1, 1, 0, 0]);
}

#[test]
fn what_is_no_request_is_answered_and_survived() {
    let mut peer = with_exports();
    for nonsense in ["{", "7", r#"{"do":"dance"}"#, r#"{"do":"send","vat":"C","refs":[]}"#] {
        assert!(peer.not_done(nonsense).starts_with("no request: "), "{nonsense}");
    }
    let unknown = json!({"do": "call", "vat": "A", "target": "Zoe"});
    assert_eq!(peer.not_done(unknown), "VatA holds no Zoe");
    let unheld = json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}, {"held": "Zoe"}]});
    assert_eq!(peer.not_done(unheld), "VatB holds no Zoe");
    let idle = json!({"do": "deliver", "to": "A"});
    assert_eq!(peer.not_done(idle), "nothing is held back for VatA");
    assert_eq!(peer.tables("B"), [1, 1, 0, 0]);
}
