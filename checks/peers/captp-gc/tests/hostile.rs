//! R5: whatever a hostile peer sends is read or refused; a refusal ends the reader's session, and
//! the vat in whose name it was sent is not touched.
#![cfg(not(loom))]

use captp_gc_peer::Pair;
use captp_wire::adapter::{Event, Named, Request, TableSizes};
use captp_wire::line::End;
use proptest::prelude::*;
use serde_json::{Value, json};

fn index() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..4, 1 => any::<u32>()]
}

fn reference() -> impl Strategy<Value = Value> {
    prop_oneof![
        (index(), any::<bool>(), any::<bool>()).prop_map(|(index, again, promise)| {
            json!({"mention": {"index": index, "again": again, "promise": promise}})
        }),
        index().prop_map(|index| json!({"mention": {"index": index}})),
        index().prop_map(|index| json!({"home": {"index": index}})),
        index().prop_map(|index| json!({"home": {"index": index, "space": "p"}})),
        index().prop_map(|index| json!({"answer": index})),
    ]
}

/// Messages with everything that any message has.
fn message() -> impl Strategy<Value = Value> {
    let kinds = [
        "bootstrap",
        "call",
        "return",
        "finish",
        "release",
        "resolve",
        "unimplemented",
        "over",
        "other",
        "nonsense",
    ];
    let count = prop_oneof![3 => -1_i64..4, 1 => any::<i64>()];
    let fields = (
        prop::sample::select(Vec::from(kinds)),
        prop::option::of(index()),
        prop::option::of(reference()),
        prop::collection::vec(reference(), 0..4),
        prop::collection::vec((index(), count), 0..3),
        prop::option::of(index()),
    );
    fields.prop_map(|(kind, question, target, refs, releases, promise)| {
        let releases: Vec<_> = releases
            .into_iter()
            .map(|(index, count)| json!({"index": index, "count": count}))
            .collect();
        let promise = promise.map(|index| json!({"index": index}));
        json!({
            "kind": kind, "question": question, "target": target, "refs": refs,
            "releases": releases, "promise": promise,
        })
    })
}

/// Both vats have exported, imported, asked and been asked.
fn pair() -> Pair {
    let mut pair = Pair::new();
    let own = |name: &str| Named::Own(name.to_owned());
    for (vat, name, promise) in [(End::A, "Alice", "pA1"), (End::B, "Bob", "pB1")] {
        let refs = vec![own(name), own(name), Named::Promise(promise.to_owned())];
        pair.obey(&Request::Send { vat, refs });
        pair.obey(&Request::Deliver { to: vat.other() });
    }
    for (vat, target) in [(End::A, "Bob"), (End::B, "Alice")] {
        let question = format!("q{vat:?}1");
        pair.obey(&Request::Ask { vat, target: target.to_owned(), refs: vec![], question });
        pair.obey(&Request::Deliver { to: vat.other() });
    }
    pair
}

/// The sizes of a vat's tables.
fn tables(pair: &mut Pair, of: End) -> TableSizes {
    let events = pair.obey(&Request::Tables).0;
    let found = events.into_iter().find_map(|event| match event {
        Event::Tables { vat, sizes } => (vat == of).then_some(sizes),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn nothing_is_left_of_a_message_whose_last_argument_there_is_not() {
    let good = |again: bool| json!({"mention": {"index": 50, "again": again}});
    let bad = json!({"home": {"index": 977}});
    for refs in [[good(false), bad.clone(), good(true)], [bad, good(false), good(true)]] {
        let mut pair = pair();
        let before = tables(&mut pair, End::A);
        let target = json!({"home": {"index": 0}});
        let raw = json!({"kind": "call", "target": target, "refs": refs});
        let (events, _) = pair.obey(&Request::Hostile { to: End::B, raw });
        let says = |part: &str| events.iter().any(|event| format!("{event:?}").contains(part));
        assert!(says("Error") && says("Ended") && !says("Holds"), "{events:?}");
        assert_eq!(
            (tables(&mut pair, End::A), tables(&mut pair, End::B)),
            (before, TableSizes::EMPTY)
        );
        // What the ended session has read sends nothing any more.
        for request in [Request::Forget, Request::Finalise { vat: End::B, name: None }] {
            assert_eq!(pair.obey(&request).0, []);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_peer_harms_its_own_session_at_most(
        messages in prop::collection::vec(message(), 1..12)
    ) {
        let mut pair = pair();
        let before = tables(&mut pair, End::A);
        for raw in messages {
            let (events, _) = pair.obey(&Request::Hostile { to: End::B, raw });
            prop_assert_eq!(tables(&mut pair, End::A), before);
            if events.iter().any(|event| matches!(event, Event::Error { .. })) {
                let over = |event: &Event| matches!(event, Event::Ended { .. });
                prop_assert!(events.last().is_some_and(over));
                prop_assert_eq!(tables(&mut pair, End::B), TableSizes::EMPTY);
            }
        }
    }
}
