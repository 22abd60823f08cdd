//! Traces written by hand: what a system may do, and what it may not.

use crate::walks::told;
use captp_wire::line::{
    End, Ended, Ending, Event, Kind, Line, Local, Mention, Message, Place, Ref, Release,
};
use model::behaviour::Verdict;
use model::protocol::Protocol;
use model::protocol::capnp::Capnp;
use model::protocol::capnweb::Capnweb;
use model::protocol::e::ECapTp;
use model::protocol::endo_captp::EndoCapTp;

const A: End = End::A;
const B: End = End::B;

fn at(index: u32) -> Place {
    Place { index, space: String::new() }
}

fn mention(index: u32) -> Ref {
    Ref::Mention(Mention { at: at(index), again: None, promise: false })
}

fn home(index: u32) -> Ref {
    Ref::Home(at(index))
}

fn line(from: End, kind: Kind) -> Message {
    Message { session: 1, from, kind, ..Message::default() }
}

/// A message to the peer's first object, without a result.
fn send(from: End, refs: &[Ref]) -> Message {
    Message { refs: refs.to_vec(), ..line(from, Kind::Call) }
}

/// A call of one of the peer's exports, without a result.
fn call(from: End, index: u32) -> Message {
    Message { target: Some(home(index)), ..line(from, Kind::Call) }
}

fn ask(from: End, question: u32, target: Ref, refs: &[Ref]) -> Message {
    let (question, target) = (Some(question), Some(target));
    Message { question, target, refs: refs.to_vec(), ..line(from, Kind::Call) }
}

fn bootstrap(from: End, question: u32) -> Message {
    Message { question: Some(question), ..line(from, Kind::Bootstrap) }
}

fn give(from: End, question: u32, refs: &[Ref]) -> Message {
    Message { question: Some(question), refs: refs.to_vec(), ..line(from, Kind::Return) }
}

fn finish(from: End, question: u32) -> Message {
    Message { question: Some(question), ..line(from, Kind::Finish) }
}

fn release(from: End, index: u32, count: i64) -> Message {
    Message { releases: vec![Release { at: at(index), count }], ..line(from, Kind::Release) }
}

fn verdict<P: Protocol>(messages: &[Message]) -> Verdict {
    let lines = (1..).zip(messages.iter().cloned().map(Line::Message)).collect::<Vec<_>>();
    told::<P>("by hand", (false, false), &lines).verdict
}

fn explained<P: Protocol>(messages: &[Message]) {
    assert_eq!(verdict::<P>(messages), Verdict::Explained);
}

/// The last message is not explained, and `instead` is among what would have been.
fn refused<P: Protocol>(messages: &[Message], instead: &str) {
    let last = messages.len() as u64;
    match verdict::<P>(messages) {
        Verdict::Unexplained { line, expected, .. } => {
            assert_eq!(line, last, "{expected:?}");
            assert!(expected.iter().any(|text| text.contains(instead)), "{expected:?}");
        }
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn a_bootstrap_a_call_with_an_argument_and_all_that_is_dropped_after_it_is_endo_captp() {
    explained::<EndoCapTp>(&[
        bootstrap(A, 1),
        give(B, 1, &[mention(1)]),
        ask(A, 5, home(1), &[mention(1), mention(1), home(1)]),
        give(B, 5, &[]),
        release(B, 1, 1),
        finish(A, 5),
        finish(A, 1),
        release(A, 1, 1),
    ]);
}

#[test]
fn a_release_of_more_than_was_mentioned_is_not_explained() {
    let before = [send(A, &[mention(1)]), send(B, &[mention(1)]), call(A, 1), call(A, 1)];
    let more = |count| [&before[..], &[release(B, 1, count)]].concat();
    explained::<EndoCapTp>(&more(1));
    refused::<EndoCapTp>(&more(4), "a release of index 1 by VatB of 1, not 4");
}

#[test]
fn a_slot_that_was_freed_is_not_mentioned_again_in_endo_captp_and_capnweb() {
    let before = [send(A, &[mention(1)]), release(B, 1, 1)];
    // VatA has read the release, for it has read what came after it.
    let (from, answer) = (send(B, &[mention(1)]), call(A, 1));
    let then = |next: Message| [&before[..], &[from.clone(), answer.clone(), next]].concat();
    explained::<EndoCapTp>(&then(send(A, &[mention(2)])));
    refused::<EndoCapTp>(&then(send(A, &[mention(1)])), "index 2 for a new export, not 1");
    explained::<Capnweb>(&then(send(A, &[mention(2)])));
    refused::<Capnweb>(&then(send(A, &[mention(1)])), "index 2 for");
    let crossing = [&before[..], &[send(A, &[mention(1)])]].concat();
    explained::<EndoCapTp>(&crossing);
}

#[test]
fn a_slot_that_is_mentioned_twice_in_a_message_counts_once_in_endo_captp_and_twice_in_capnp() {
    explained::<EndoCapTp>(&[send(A, &[mention(1), mention(1)]), release(B, 1, 1)]);
    explained::<Capnp>(&[send(A, &[mention(0), mention(0)]), release(B, 0, 2)]);
    refused::<EndoCapTp>(&[send(A, &[mention(1), mention(1)]), release(B, 1, 2)], "of 1, not 2");
    refused::<Capnp>(&[send(A, &[mention(0), mention(0)]), release(B, 0, 1)], "of 2, not 1");
}

#[test]
fn capnp_takes_the_lowest_free_index() {
    let before = [send(A, &[mention(0), mention(1), mention(2)]), release(B, 1, 1)];
    let next = |index| [&before[..], &[send(A, &[mention(index)])]].concat();
    explained::<Capnp>(&next(1));
    explained::<Capnp>(&next(3));
    refused::<Capnp>(&next(4), "index 3 for a new export, not 4");
    refused::<Capnp>(&next(4), "index 1 for a new export, not 4");
}

#[test]
fn nothing_is_released_before_its_mention_or_used_after_its_release() {
    refused::<Capnp>(&[release(B, 0, 1)], "nothing to give back");
    let given = [send(A, &[mention(0)]), release(B, 0, 1)];
    refused::<Capnp>(&[&given[..], &[call(B, 0)]].concat(), "no proxy of it");
    refused::<Capnp>(&[&given[..], &[release(B, 0, 1)]].concat(), "nothing to give back");
    refused::<ECapTp>(&[send(A, &[mention(0)]), call(A, 0)], "no proxy of it");
}

#[test]
fn capnp_asks_passes_and_gives_back_in_each_of_its_ways() {
    let before = [bootstrap(A, 0), ask(A, 1, Ref::Answer(0), &[]), give(B, 0, &[mention(0)])];
    let returned = give(B, 1, &[mention(1), mention(1)]);
    let done = [returned, finish(A, 1), release(A, 1, 2), finish(A, 0), release(A, 0, 1)];
    explained::<Capnp>(&[&before[..], &done].concat());
    let two = [mention(0), mention(1)];
    let params = [&before[..], &[ask(A, 2, home(0), &two)]].concat();
    let apart = [release(B, 0, 1), release(B, 1, 1), give(B, 2, &[])];
    explained::<Capnp>(&[&params[..], &apart].concat());
    let with = Message { release_params: true, ..give(B, 2, &[]) };
    explained::<Capnp>(&[&params[..], std::slice::from_ref(&with)].concat());
    let both = [release(B, 0, 1), release(B, 1, 1), with];
    refused::<Capnp>(&[&params[..], &both].concat(), "release_params not set");
}

#[test]
fn capnp_cancels_with_the_results_on_their_way() {
    let asked = [bootstrap(A, 0), give(B, 0, &[mention(0)]), ask(A, 1, home(0), &[])];
    let cancel = Message { release_results: true, ..finish(A, 1) };
    let ending = [cancel.clone(), give(B, 1, &[mention(1)]), release(A, 0, 1)];
    explained::<Capnp>(&[&asked[..], &ending].concat());
    let twice = [cancel, give(B, 1, &[mention(1)]), release(A, 1, 1)];
    refused::<Capnp>(&[&asked[..], &twice].concat(), "nothing to give back");
}

#[test]
fn a_question_is_not_asked_again_while_it_is_open_nor_answered_twice() {
    let asked = [bootstrap(A, 0), give(B, 0, &[mention(0)])];
    refused::<Capnp>(&[&asked[..], &[bootstrap(A, 0)]].concat(), "another number than 0");
    refused::<Capnp>(&[&asked[..], &[give(B, 0, &[])]].concat(), "no return of question 0");
    explained::<Capnp>(&[&asked[..], &[finish(A, 0), bootstrap(A, 0)]].concat());
    let unfinished = Message { no_finish: true, ..give(B, 0, &[mention(0)]) };
    explained::<Capnp>(&[bootstrap(A, 0), unfinished, call(A, 0), bootstrap(A, 0)]);
    refused::<Capnp>(&[finish(A, 3)], "question 3");
}

#[test]
fn a_session_of_capnweb() {
    let first = Some(Ref::Answer(0));
    explained::<Capnweb>(&[
        Message { target: first, ..ask(A, 1, home(0), &[mention(1)]) },
        ask(A, 2, Ref::Answer(1), &[mention(2)]),
        give(B, 1, &[mention(1)]),
        finish(A, 1),
        release(B, 1, 1),
        finish(A, 2),
        give(B, 2, &[]),
        release(A, 1, 1),
        release(B, 2, 1),
    ]);
}

#[test]
fn e_says_which_mention_is_the_first_and_takes_the_index_freed_last() {
    let first =
        |index, again| Ref::Mention(Mention { at: at(index), again: Some(again), promise: false });
    let before = [send(A, &[first(0, false), first(1, false)]), send(A, &[first(0, true)])];
    let freed = [&before[..], &[release(B, 0, 2), release(B, 1, 1)]].concat();
    explained::<ECapTp>(&[&freed[..], &[send(A, &[first(1, false)])]].concat());
    explained::<ECapTp>(&[&freed[..], &[send(A, &[first(0, false)])]].concat());
    explained::<ECapTp>(&[&freed[..], &[send(A, &[first(0, true)])]].concat());
    let known = [&freed[..], &[send(B, &[first(0, false)]), call(A, 0)]].concat();
    explained::<ECapTp>(&[&known[..], &[send(A, &[first(1, false)])]].concat());
    refused::<ECapTp>(&[&known[..], &[send(A, &[first(0, false)])]].concat(), "index 1 for");
    refused::<ECapTp>(&[&before[..], &[send(A, &[first(1, false)])]].concat(), "index 1 again");
}

#[test]
fn what_the_model_has_no_words_for_is_judged_no_further() {
    let space = "p".to_owned();
    let promise =
        Ref::Mention(Mention { at: Place { index: 5, space }, again: None, promise: true });
    let lines = [send(A, &[mention(1)]), send(A, &[promise]), release(B, 1, 9)];
    assert!(matches!(verdict::<EndoCapTp>(&lines), Verdict::Beyond { line: 2, .. }));
}

/// Who is done with a question may use its number again while the first call is still worked at.
#[test]
fn of_two_calls_with_one_number_a_model_returns_the_first_and_says_nothing_of_the_second() {
    let first = |index| Ref::Mention(Mention { at: at(index), again: Some(false), promise: false });
    let asked = |redirector| ask(A, 1, home(0), &[first(redirector)]);
    let twice = [send(B, &[first(0)]), asked(0), finish(A, 1), asked(1)];
    let returned = |redirector| [&twice[..], &[give(B, 1, &[home(redirector)])]].concat();
    explained::<ECapTp>(&returned(0));
    assert!(matches!(verdict::<ECapTp>(&returned(1)), Verdict::Beyond { line: 5, .. }));
    refused::<ECapTp>(&returned(2), "index 0");
}

fn ended<P: Protocol>(messages: &[Message], end: Ending) -> Verdict {
    let mut lines: Vec<_> = messages.iter().cloned().map(Line::Message).collect();
    lines.push(Line::End(Ended { seq: 0, end }));
    told::<P>("by hand", (false, false), &(1..).zip(lines).collect::<Vec<_>>()).verdict
}

#[test]
fn what_is_dropped_is_given_back_by_the_end_but_for_the_first_object() {
    let two = [send(A, &[mention(1), mention(2)])];
    assert_eq!(ended::<EndoCapTp>(&two, Ending::Quiescent), Verdict::Explained);
    let kept = ended::<EndoCapTp>(&two, Ending::Dropped);
    assert!(matches!(kept, Verdict::Unexplained { line: 2, .. }), "{kept:?}");
    let one = [&two[..], &[release(B, 2, 1)]].concat();
    assert_eq!(ended::<EndoCapTp>(&one, Ending::Dropped), Verdict::Explained);
}

#[test]
fn a_message_is_not_used_before_it_is_read_where_a_trace_says_so() {
    let read =
        Local { seq: 0, session: 1, at: B, event: Event::Read, import: None, question: None };
    let (sent, given) = (Line::Message(send(A, &[mention(1)])), release(B, 1, 1));
    let (read, given) = (Line::Local(read), Line::Message(given));
    let verdict = |lines: [Line; 3]| {
        told::<EndoCapTp>("by hand", (true, false), &(1..).zip(lines).collect::<Vec<_>>()).verdict
    };
    let right = [sent.clone(), read.clone(), given.clone()];
    assert_eq!(verdict(right), Verdict::Explained);
    let early = verdict([sent.clone(), given, read.clone()]);
    assert!(matches!(early, Verdict::Unexplained { line: 2, .. }), "{early:?}");
    let nothing = verdict([sent, read.clone(), read]);
    assert!(matches!(nothing, Verdict::Unexplained { line: 3, .. }), "{nothing:?}");
}
