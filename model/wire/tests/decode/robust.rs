//! Nothing that is fed makes a decoder or a framer panic.

use crate::capnp::{caps, written};
use captp_wire::decode::{Decoder, Wire};
use captp_wire::frame::{Framer, Piece};
use captp_wire::line::End;
use proptest::prelude::*;
use serde_json::{Value, json};

fn wire() -> impl Strategy<Value = Wire> {
    prop::sample::select(Wire::ALL.to_vec())
}

/// JSON that is built of what the wires use, and of numbers that they do not expect.
fn value() -> impl Strategy<Value = Value> {
    let words = [
        "push",
        "pull",
        "stream",
        "pipe",
        "resolve",
        "reject",
        "release",
        "abort",
        "export",
        "import",
        "pipeline",
        "promise",
        "remap",
        "error",
        "request",
        "response",
        "blob",
        "CTP_CALL",
        "CTP_DROP",
        "CTP_RETURN",
        "CTP_RESOLVE",
        "o+1",
        "o-1",
        "p-0",
        "q-5",
        "q+1",
    ];
    let leaf = prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        prop::sample::select(vec![
            json!(null),
            json!(false),
            json!(0.5),
            json!(-0.0),
            json!(1e308)
        ]),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3_i64..9).prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    let names = [
        "type",
        "slotID",
        "decRefs",
        "questionID",
        "answerID",
        "promiseID",
        "target",
        "method",
        "result",
        "exception",
        "res",
        "rej",
        "slots",
        "kind",
        "refs",
        "releases",
        "seq",
        "from",
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let name = prop::sample::select(names.to_vec()).prop_map(String::from);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(wire in wire(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Decoder::new(wire).decode(End::A, &bytes);
    }

    #[test]
    fn any_json(wire in wire(), values in prop::collection::vec(value(), 1..5)) {
        let mut decoder = Decoder::new(wire);
        for value in values {
            if let Ok(message) = decoder.decode_value(End::B, &value) {
                prop_assert!(message.text.chars().count() <= 80 && message.seq == 0);
                prop_assert_eq!(message.check(), Ok(()));
            }
        }
    }

    #[test]
    fn a_stream_of_any_bytes(
        wire in wire(),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..9),
        upgraded in any::<bool>(),
    ) {
        let mut framer = Framer::with_limit(wire, End::A, 100);
        if upgraded {
            framer.feed(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        }
        for chunk in chunks {
            for piece in framer.feed(&chunk) {
                if let Piece::Message(message) = piece {
                    let _ = Decoder::new(wire).decode(End::A, &message);
                }
            }
        }
    }

    #[test]
    fn a_capnp_message_with_bytes_changed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        unimplemented in any::<bool>(),
        returns in any::<bool>(),
    ) {
        let mut bytes = written(|root| {
            let root = if unimplemented { root.init_unimplemented() } else { root };
            if returns {
                caps(root.init_return().init_results());
            } else {
                let mut call = root.init_call();
                call.reborrow().init_target().init_promised_answer().init_transform(2);
                caps(call.init_params());
            }
        });
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(message) = Decoder::new(Wire::Capnp).decode(End::A, &bytes) {
            prop_assert_eq!(message.check(), Ok(()));
        }
    }
}
