//! Cap'n Proto: one message of each kind.

use crate::{alone, mention, place, promise, refused};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use capnp::message::Builder;
use capnp_rpc::rpc_capnp::{message, payload};
use captp_wire::decode::Wire::Capnp;
use captp_wire::decode::{Decoder, Undecodable};
use captp_wire::line::{End, Kind, Message, Ref};

/// The bytes of a message.
pub(crate) fn written(fill: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
    let mut builder = Builder::new_default();
    fill(builder.init_root());
    capnp::serialize::write_message_to_words(&builder)
}

fn decode(fill: impl FnOnce(message::Builder<'_>)) -> Result<Message, Undecodable> {
    Decoder::new(Capnp).decode(End::A, &written(fill))
}

/// A table with a descriptor of each kind.
pub(crate) fn caps(payload: payload::Builder<'_>) {
    let mut table = payload.init_cap_table(7);
    table.reborrow().get(0).set_sender_hosted(1);
    table.reborrow().get(1).set_sender_promise(2);
    table.reborrow().get(2).set_receiver_hosted(3);
    table.reborrow().get(3).init_receiver_answer().set_question_id(4);
    table.reborrow().get(4).init_third_party_hosted().set_vine_id(5);
    table.reborrow().get(5).set_none(());
    table.reborrow().get(6).set_sender_hosted(1);
}

fn refs() -> Vec<Ref> {
    let promised = promise(place(2));
    let home = Ref::Home(place(3));
    vec![mention(1), promised, home, Ref::Answer(4), mention(5), mention(1)]
}

#[test]
fn a_call_on_an_answer_carries_its_table() {
    let message = decode(|root| {
        let mut call = root.init_call();
        call.set_question_id(8);
        call.set_interface_id(0xabc);
        call.set_method_id(2);
        call.reborrow().init_target().init_promised_answer().set_question_id(7);
        caps(call.init_params());
    });
    let message = message.expect("it is one");
    assert_eq!(message.refs, refs());
    assert_eq!((message.kind, message.question), (Kind::Call, Some(8)));
    assert_eq!(message.target, Some(Ref::Answer(7)));
    assert!(message.text.starts_with("Call(8, answer 7, abc.2, [senderHosted 1, "));
}

#[test]
fn a_return_says_what_else_it_ends() {
    let message = decode(|root| {
        let mut answer = root.init_return();
        answer.set_answer_id(8);
        answer.set_release_param_caps(false);
        answer.set_no_finish_needed(true);
        caps(answer.init_results());
    });
    let message = message.expect("it is one");
    assert_eq!(message.refs, refs());
    assert!(!message.release_params && message.no_finish);

    let elsewhere = decode(|root| root.init_return().set_take_from_other_question(3)).unwrap();
    assert_eq!(elsewhere.refs, [Ref::Answer(3)]);
    assert!(elsewhere.release_params, "the schema's default");
    let failed = decode(|root| root.init_return().init_exception().set_reason("no\nway")).unwrap();
    assert_eq!((failed.refs.len(), failed.text.as_str()), (0, "Return(0, exception no way)"));
    let canceled = decode(|root| root.init_return().set_canceled(())).unwrap();
    assert_eq!(canceled.text, "Return(0, canceled)");
    let sent = decode(|root| root.init_return().set_results_sent_elsewhere(())).unwrap();
    assert_eq!(sent.text, "Return(0, results sent elsewhere)");
}

#[test]
fn promises_are_resolved_or_broken() {
    let message = decode(|root| {
        let mut resolve = root.init_resolve();
        resolve.set_promise_id(2);
        resolve.init_cap().set_receiver_hosted(9);
    });
    let message = message.expect("it is one");
    assert_eq!((message.promise, message.refs), (Some(place(2)), vec![Ref::Home(place(9))]));
    let broken = decode(|root| root.init_resolve().init_exception().set_reason("x")).unwrap();
    assert_eq!((broken.promise, broken.refs), (Some(place(0)), vec![]));
}

#[test]
fn what_comes_back_unimplemented_is_what_it_mentioned() {
    let message = decode(|root| {
        let mut call = root.init_unimplemented().init_call();
        call.reborrow().init_target().set_imported_cap(1);
        caps(call.init_params());
    });
    let message = message.expect("it is one");
    assert_eq!(message.refs, [mention(1), promise(place(2)), mention(5), mention(1)]);
    assert_eq!(message.kind, Kind::Unimplemented);
    let nested = decode(|root| {
        root.init_unimplemented()
            .init_unimplemented()
            .init_resolve()
            .init_cap()
            .set_sender_hosted(1)
    });
    assert_eq!(nested.expect("it is one").refs, []);
}

#[test]
fn the_end_of_a_session_says_why() {
    let message = decode(|root| root.init_abort().set_reason("table overrun")).unwrap();
    assert_eq!((message.kind, message.text.as_str()), (Kind::Over, "Abort(table overrun)"));
}

#[test]
fn three_parties_are_questions() {
    let provide = decode(|root| {
        let mut provide = root.init_provide();
        provide.set_question_id(6);
        provide.init_target().set_imported_cap(2);
    });
    let provide = provide.expect("it is one");
    assert_eq!((provide.question, provide.target), (Some(6), Some(Ref::Home(place(2)))));
    assert_eq!(decode(|root| root.init_accept().set_question_id(5)).unwrap().question, Some(5));
}

#[test]
fn what_is_no_message_is_refused_with_a_sentence() {
    for raw in ["!", "", "AAAA", "AAAAAAAAAAA=", "/////////////w=="] {
        assert!(!refused(Capnp, &raw.into()).is_empty());
    }
    assert!(refused(Capnp, &1.into()).contains("base64"));
    let mut long = written(|root| root.init_release().set_id(1));
    long.extend([0; 8]);
    let raw = STANDARD.encode(&long).into();
    assert_eq!(refused(Capnp, &raw), "8 bytes follow the message");
    long.truncate(long.len() - 8);
    assert!(alone(Capnp, &STANDARD.encode(&long).into()).is_ok());
}

#[test]
fn a_table_that_is_too_long_is_refused() {
    let message = decode(|root| {
        let mut call = root.init_call();
        call.reborrow().init_target().set_imported_cap(1);
        call.init_params().init_cap_table(70_000);
    });
    assert_eq!(message.unwrap_err().to_string(), "its table has 70000 references");
}

#[test]
fn a_message_may_begin_anywhere_in_memory() {
    let message = written(|root| root.init_release().set_id(1));
    for offset in 0..8 {
        let shifted = [vec![0; offset], message.clone()].concat();
        let decoded = Decoder::new(Capnp).decode(End::A, &shifted[offset..]);
        assert_eq!(decoded.expect("it is one").releases[0].at, place(1));
    }
}
