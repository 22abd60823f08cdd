//! Every hostile message is what it says it is, on every wire that can say it.

use crate::{alone, blank, mention, place, promise, release, spaced};
use captp_wire::decode::{Undecodable, Wire};
use captp_wire::encode::{Hostile, IllTyped};
use captp_wire::line::{Kind, Mention, Message, Ref};

/// What a wire makes of it: a message without text, a refusal, or nothing that it could say.
fn sent(hostile: &Hostile, wire: Wire) -> Option<Result<Message, Undecodable>> {
    let raw = hostile.encode(wire)?;
    Some(alone(wire, &raw).map(|message| Message { text: String::new(), ..message }))
}

/// It says this on these wires, and cannot be said on the others.
fn says(hostile: &Hostile, wires: &[Wire], expected: &Message) {
    for wire in Wire::ALL {
        let message = sent(hostile, wire);
        let expected = wires.contains(&wire).then(|| Ok(expected.clone()));
        assert_eq!(message, expected, "{hostile:?} on {wire}");
    }
}

use Wire::{Capnp, Capnweb, CaptpJson, Lines};

#[test]
fn releases_of_any_count() {
    for count in [0, 1, 7, u32::MAX] {
        let expected =
            Message { kind: Kind::Release, releases: release(place(3), count.into()), ..blank() };
        says(&Hostile::Release { at: place(3), count }, &Wire::ALL, &expected);
    }
    let promise = Hostile::Release { at: spaced(3, "p"), count: 1 };
    let message = sent(&promise, CaptpJson).unwrap().unwrap();
    assert_eq!(message.releases, release(spaced(3, "p"), 1));
}

#[test]
fn counts_that_are_no_numbers_can_be_said_in_json_only() {
    for count in IllTyped::ALL {
        let hostile = Hostile::IllRelease { at: place(3), count };
        assert_eq!(sent(&hostile, Capnp), None);
        for wire in [CaptpJson, Capnweb] {
            let message = sent(&hostile, wire).expect("it can be said");
            match count {
                IllTyped::Negative => assert_eq!(message.unwrap().releases[0].count, -1),
                _ => assert!(message.is_err()),
            }
        }
        assert_eq!(sent(&hostile, Lines).is_some(), count == IllTyped::Negative);
    }
}

#[test]
fn only_the_lines_of_a_trace_say_whether_a_mention_comes_again() {
    for again in [false, true] {
        let mention = Mention { at: place(50), again: Some(again), promise: false };
        let call = Message { kind: Kind::Call, refs: vec![Ref::Mention(mention)], ..blank() };
        says(&Hostile::Describe { at: place(50), again }, &[Lines], &call);
    }
}

#[test]
fn questions_that_are_finished() {
    let finish = |release_results| Message {
        kind: Kind::Finish,
        question: Some(9),
        release_results,
        ..blank()
    };
    let hostile = |release_results| Hostile::Finish { question: 9, release_results };
    says(&hostile(false), &Wire::ALL, &finish(false));
    says(&hostile(true), &[Capnp, Lines], &finish(true));
}

#[test]
fn questions_that_are_asked_under_a_given_id() {
    let bootstrap = Message { kind: Kind::Bootstrap, question: Some(4), ..blank() };
    says(&Hostile::Bootstrap { question: 4 }, &[CaptpJson, Capnp, Lines], &bootstrap);
    let call = Message {
        kind: Kind::Call,
        question: Some(4),
        target: Some(Ref::Home(place(2))),
        ..blank()
    };
    let hostile = |question| Hostile::Call { at: place(2), question };
    says(&hostile(Some(4)), &[CaptpJson, Capnp, Lines], &call);
    let unasked = sent(&hostile(None), CaptpJson).unwrap().unwrap();
    assert_eq!(unasked, Message { question: None, ..call.clone() });
    let numbered = sent(&hostile(None), Capnweb).unwrap().unwrap();
    assert_eq!(numbered, Message { question: Some(1), ..call });
}

#[test]
fn calls_with_arguments_of_which_one_cannot_be_decoded() {
    let said = |again| Ref::Mention(Mention { at: place(50), again: Some(again), promise: false });
    let (good, bad) = (mention(50), Ref::Home(place(977)));
    let refs = vec![said(false), bad.clone(), said(true), Ref::Answer(3)];
    let hostile = Hostile::CallWith { at: place(2), refs: refs.clone(), question: 4 };
    let once = vec![good.clone(), bad.clone(), Ref::Answer(3)];
    let each = [good.clone(), bad, good, Ref::Answer(3)].to_vec();
    let expected = [
        (CaptpJson, once.clone(), None),
        (Capnweb, once, Some(1)),
        (Capnp, each, Some(4)),
        (Lines, refs, None),
    ];
    for (wire, refs, question) in expected {
        let target = Some(Ref::Home(place(2)));
        let expected = Message { kind: Kind::Call, question, target, refs, ..blank() };
        assert_eq!(sent(&hostile, wire), Some(Ok(expected)), "{wire}");
    }
    let raw = hostile.encode(CaptpJson).unwrap();
    let slot = |index: u32| format!(r#"{{"@qclass":"slot","index":{index}}}"#);
    let slots = [0, 1, 0, 2].map(slot).join(",");
    assert_eq!(raw["method"]["body"], format!(r#"["ping",[{slots}]]"#));
}

#[test]
fn promises_among_arguments_are_said_to_be_promises() {
    for wire in [Capnweb, Capnp, Lines] {
        let refs = vec![promise(place(50))];
        let hostile = Hostile::CallWith { at: place(2), refs: refs.clone(), question: 4 };
        assert_eq!(sent(&hostile, wire).unwrap().unwrap().refs, refs, "{wire}");
    }
}

#[test]
fn results_that_nobody_has_asked_for() {
    // The default of the schema is that the parameters are released.
    for wire in Wire::ALL {
        let expected = Message {
            kind: Kind::Return,
            question: Some(4),
            release_params: wire == Capnp,
            ..blank()
        };
        assert_eq!(sent(&Hostile::Return { question: 4 }, wire), Some(Ok(expected)));
    }
}

#[test]
fn promises_that_were_never_exported() {
    let hostile = Hostile::Resolve { promise: place(5), to: place(6) };
    let expected =
        Message { kind: Kind::Resolve, promise: Some(place(5)), refs: vec![mention(6)], ..blank() };
    says(&hostile, &Wire::ALL, &expected);
}

#[test]
fn what_only_capnp_has() {
    let hostile = Hostile::UnimplementedResolve { promise: place(5), to: place(6) };
    let expected = Message { kind: Kind::Unimplemented, refs: vec![mention(6)], ..blank() };
    says(&hostile, &[Capnp, Lines], &expected);
    let hostile = Hostile::Disembargo { at: place(5), embargo: 77 };
    says(&hostile, &[Capnp], &Message { kind: Kind::Other, ..blank() });
}
