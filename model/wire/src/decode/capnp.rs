//! Cap'n Proto's `rpc.capnp`.

use super::{REFS_MAX, Undecodable, text};
use crate::line::{Kind, Mention, Message, Place, Ref, Release};
use capnp::message::ReaderOptions;
use capnp::{Word, serialize};
use capnp_rpc::rpc_capnp::{
    call, cap_descriptor, disembargo, exception, finish, message, message_target, payload,
    promised_answer, resolve, return_,
};
use std::fmt::Display;

/// How many words of a message are looked at, counting those again that are pointed at twice.
const WORDS_MAX: usize = 8 << 20;

/// How deep a message may be nested.
const DEPTH_MAX: i32 = 64;

type Result<T> = std::result::Result<T, Undecodable>;

pub(super) fn decode(bytes: &[u8]) -> Result<Message> {
    // The reader wants whole words.
    if bytes.as_ptr().addr().is_multiple_of(align_of::<u64>()) {
        return aligned(bytes);
    }
    let mut words = Word::allocate_zeroed_vec(bytes.len().div_ceil(size_of::<Word>()));
    let copy = &mut Word::words_to_bytes_mut(&mut words)[..bytes.len()];
    copy.copy_from_slice(bytes);
    aligned(copy)
}

fn aligned(mut bytes: &[u8]) -> Result<Message> {
    let options =
        ReaderOptions { traversal_limit_in_words: Some(WORDS_MAX), nesting_limit: DEPTH_MAX };
    let reader = serialize::read_message_from_flat_slice(&mut bytes, options).map_err(bad)?;
    if !bytes.is_empty() {
        return Err(Undecodable::new(format_args!("{} bytes follow the message", bytes.len())));
    }
    top(reader.get_root().map_err(bad)?)
}

fn bad(error: capnp::Error) -> Undecodable {
    Undecodable::new(format_args!("this is no Cap'n Proto RPC message: {error}"))
}

fn unknown(capnp::NotInSchema(number): capnp::NotInSchema) -> Undecodable {
    Undecodable::new(format_args!("it has a variant that is not in the schema: {number}"))
}

fn top(reader: message::Reader<'_>) -> Result<Message> {
    use message::Which;
    Ok(match reader.which().map_err(unknown)? {
        Which::Unimplemented(inner) => unimplemented(inner.map_err(bad)?)?,
        Which::Abort(reason) => {
            let text = text::call("Abort", [words(reason.map_err(bad)?)], NONE);
            plain(Kind::Over, text, None)
        }
        Which::Bootstrap(ask) => {
            asks(Kind::Bootstrap, "Bootstrap", ask.map_err(bad)?.get_question_id())
        }
        Which::Call(call) => called(call.map_err(bad)?)?,
        Which::Return(answer) => returned(answer.map_err(bad)?)?,
        Which::Finish(done) => finished(done.map_err(bad)?),
        Which::Resolve(resolved) => resolution(resolved.map_err(bad)?)?,
        Which::Release(release) => {
            let release = release.map_err(bad)?;
            let count = release.get_reference_count();
            let at = place(release.get_id());
            let text = text::call("Release", [at.index, count], NONE);
            let releases = vec![Release { at, count: count.into() }];
            Message { releases, ..plain(Kind::Release, text, None) }
        }
        Which::Disembargo(lifted) => disembargoed(lifted.map_err(bad)?)?,
        Which::Provide(provide) => {
            let provide = provide.map_err(bad)?;
            let target = Some(target(provide.get_target().map_err(bad)?)?);
            Message { target, ..asks(Kind::Call, "Provide", provide.get_question_id()) }
        }
        Which::Accept(accept) => asks(Kind::Call, "Accept", accept.map_err(bad)?.get_question_id()),
        Which::Join(join) => {
            let join = join.map_err(bad)?;
            let target = Some(target(join.get_target().map_err(bad)?)?);
            Message { target, ..asks(Kind::Call, "Join", join.get_question_id()) }
        }
        Which::ObsoleteSave(_) | Which::ObsoleteDelete(_) => {
            plain(Kind::Other, "an obsolete message".into(), None)
        }
    })
}

const NONE: [&str; 0] = [];

fn plain(kind: Kind, text: String, question: Option<u32>) -> Message {
    Message { kind, text, question, ..Message::default() }
}

fn asks(kind: Kind, name: &str, question: u32) -> Message {
    plain(kind, text::call(name, [question], NONE), Some(question))
}

const fn place(index: u32) -> Place {
    Place { index, space: String::new() }
}

/// A message that comes back. What it mentioned is what the receiver of this one had mentioned.
fn unimplemented(inner: message::Reader<'_>) -> Result<Message> {
    use message::Which;
    let name = match inner.which() {
        Ok(Which::Resolve(_)) => "Resolve",
        Ok(Which::Call(_)) => "Call",
        Ok(Which::Return(_)) => "Return",
        Ok(Which::Unimplemented(_)) => "Unimplemented",
        Ok(Which::Disembargo(_)) => "Disembargo",
        Ok(_) => "another message",
        // A message from a later version of the schema is what this reply is for.
        Err(capnp::NotInSchema(_)) => "an unknown message",
    };
    let mut refs = match inner.which() {
        Ok(Which::Resolve(resolved)) => resolution(resolved.map_err(bad)?)?.refs,
        Ok(Which::Call(call)) => called(call.map_err(bad)?)?.refs,
        Ok(Which::Return(answer)) => returned(answer.map_err(bad)?)?.refs,
        _ => Vec::new(),
    };
    refs.retain(|reference| matches!(reference, Ref::Mention(_)));
    let text = text::call("Unimplemented", [name], refs.iter().map(shown));
    Ok(Message { refs, ..plain(Kind::Unimplemented, text, None) })
}

fn called(call: call::Reader<'_>) -> Result<Message> {
    use call::send_results_to::Which;
    let question = call.get_question_id();
    let target = target(call.get_target().map_err(bad)?)?;
    let refs = table(call.get_params().map_err(bad)?)?;
    let mut parts = vec![
        question.to_string(),
        shown(&target),
        format!("{:x}.{}", call.get_interface_id(), call.get_method_id()),
    ];
    match call.get_send_results_to().which().map_err(unknown)? {
        Which::Caller(()) => {}
        Which::Yourself(()) => parts.push("results to yourself".into()),
        Which::ThirdParty(_) => parts.push("results to a third party".into()),
    }
    let text = text::call("Call", parts, refs.iter().map(shown));
    Ok(Message { target: Some(target), refs, ..plain(Kind::Call, text, Some(question)) })
}

fn returned(answer: return_::Reader<'_>) -> Result<Message> {
    use return_::Which;
    let question = answer.get_answer_id();
    let (what, refs) = match answer.which().map_err(unknown)? {
        Which::Results(results) => (None, table(results.map_err(bad)?)?),
        Which::Exception(reason) => {
            (Some(format!("exception {}", words(reason.map_err(bad)?))), Vec::new())
        }
        Which::Canceled(()) => (Some("canceled".into()), Vec::new()),
        Which::ResultsSentElsewhere(()) => (Some("results sent elsewhere".into()), Vec::new()),
        Which::TakeFromOtherQuestion(other) => {
            (Some("take from other question".into()), vec![Ref::Answer(other)])
        }
        Which::AcceptFromThirdParty(_) => (Some("accept from third party".into()), Vec::new()),
    };
    let parts = [Some(question.to_string()), what].into_iter().flatten();
    let text = text::call("Return", parts, refs.iter().map(shown));
    Ok(Message {
        refs,
        release_params: answer.get_release_param_caps(),
        no_finish: answer.get_no_finish_needed(),
        ..plain(Kind::Return, text, Some(question))
    })
}

fn finished(done: finish::Reader<'_>) -> Message {
    let question = done.get_question_id();
    let release_results = done.get_release_result_caps();
    let kept = if release_results { "release results" } else { "keep results" };
    let text = text::call("Finish", [question.to_string().as_str(), kept], NONE);
    Message { release_results, ..plain(Kind::Finish, text, Some(question)) }
}

fn resolution(resolved: resolve::Reader<'_>) -> Result<Message> {
    let promise = place(resolved.get_promise_id());
    let mut parts = vec![promise.index.to_string()];
    let refs = match resolved.which().map_err(unknown)? {
        resolve::Which::Cap(cap) => Vec::from_iter(descriptor(cap.map_err(bad)?)?),
        resolve::Which::Exception(reason) => {
            parts.push(format!("exception {}", words(reason.map_err(bad)?)));
            Vec::new()
        }
    };
    let text = text::call("Resolve", parts, refs.iter().map(shown));
    Ok(Message { refs, promise: Some(promise), ..plain(Kind::Resolve, text, None) })
}

fn disembargoed(lifted: disembargo::Reader<'_>) -> Result<Message> {
    use disembargo::context::Which;
    let target = target(lifted.get_target().map_err(bad)?)?;
    let context = match lifted.get_context().which().map_err(unknown)? {
        Which::SenderLoopback(id) => format!("sender loopback {id}"),
        Which::ReceiverLoopback(id) => format!("receiver loopback {id}"),
        Which::Accept(()) => "accept".into(),
        Which::Provide(question) => format!("provide {question}"),
    };
    Ok(plain(Kind::Other, text::call("Disembargo", [shown(&target), context], NONE), None))
}

fn target(target: message_target::Reader<'_>) -> Result<Ref> {
    Ok(match target.which().map_err(unknown)? {
        message_target::Which::ImportedCap(index) => Ref::Home(place(index)),
        message_target::Which::PromisedAnswer(answer) => promised(answer.map_err(bad)?),
    })
}

fn promised(answer: promised_answer::Reader<'_>) -> Ref {
    Ref::Answer(answer.get_question_id())
}

fn table(payload: payload::Reader<'_>) -> Result<Vec<Ref>> {
    let table = payload.get_cap_table().map_err(bad)?;
    if usize::try_from(table.len()).is_ok_and(|len| len > REFS_MAX) {
        return Err(Undecodable::new(format_args!("its table has {} references", table.len())));
    }
    table.iter().filter_map(|cap| descriptor(cap).transpose()).collect()
}

fn descriptor(cap: cap_descriptor::Reader<'_>) -> Result<Option<Ref>> {
    use cap_descriptor::Which;
    let mention = |index, promise| Ref::Mention(Mention { at: place(index), again: None, promise });
    Ok(Some(match cap.which().map_err(unknown)? {
        Which::None(()) => return Ok(None),
        Which::SenderHosted(index) => mention(index, false),
        Which::SenderPromise(index) => mention(index, true),
        Which::ReceiverHosted(index) => Ref::Home(place(index)),
        Which::ReceiverAnswer(answer) => promised(answer.map_err(bad)?),
        // The vine stands in the sender's table like any export.
        Which::ThirdPartyHosted(third) => mention(third.map_err(bad)?.get_vine_id(), false),
    }))
}

fn shown(reference: &Ref) -> String {
    match reference {
        Ref::Mention(Mention { at, promise: false, .. }) => format!("senderHosted {}", at.index),
        Ref::Mention(Mention { at, .. }) => format!("senderPromise {}", at.index),
        Ref::Home(at) => format!("receiverHosted {}", at.index),
        Ref::Answer(question) => format!("answer {question}"),
    }
}

fn words(reason: exception::Reader<'_>) -> impl Display {
    let reason = reason.get_reason().ok().and_then(|reason| reason.to_str().ok());
    reason.map(|reason| text::clipped(reason, text::TEXT_MAX)).unwrap_or_default()
}
