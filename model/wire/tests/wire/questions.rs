//! Each rule about questions: a trace that keeps it, and one that breaks it.

use crate::say::{NOTHING, a, b, found, lines};
use captp_wire::line::{Ending, Kind, Ref};

#[test]
fn capnp_asks_with_an_id_again_when_it_was_returned_and_is_finished() {
    let right = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0),
        b(Kind::Return).question(0),
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).no_finish(),
        a(Kind::Call).question(0),
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let unfinished =
        lines![a(Kind::Call).question(0), b(Kind::Return).question(0), a(Kind::Call).question(0),];
    assert_eq!(found("capnp", unfinished), ["3 asked-though-open"]);
    let unreturned = lines![
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Bootstrap).question(0),
    ];
    assert_eq!(found("go-capnp", unreturned), ["3 asked-though-open"]);
}

#[test]
fn endo_captp_and_capnweb_never_ask_with_an_id_again_and_e_does() {
    let again = || {
        lines![
            a(Kind::Call).question(4),
            b(Kind::Return).question(4),
            a(Kind::Finish).question(4),
            a(Kind::Call).question(4),
        ]
    };
    assert_eq!(found("endo-captp", again()), ["4 id-used-again"]);
    assert_eq!(found("capnweb", again()), ["4 id-used-again"]);
    assert_eq!(found("e-captp", again()), NOTHING);
    let open = lines![a(Kind::Call).question(4), a(Kind::Call).question(4)];
    assert_eq!(found("e-captp", open), ["2 asked-though-open"]);
}

#[test]
fn a_question_is_answered_once_and_only_if_it_was_asked() {
    let right = lines![a(Kind::Call).question(0), b(Kind::Return).question(0)];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0),
        b(Kind::Return).question(0),
        b(Kind::Return).question(1),
        a(Kind::Return).question(0),
    ];
    let rules = ["3 answered-twice", "4 answer-to-nothing", "5 answer-to-nothing"];
    assert_eq!(found("capnp", wrong), rules);
}

#[test]
fn a_second_answer_does_not_count_as_the_result() {
    let wrong = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).mention(1),
        b(Kind::Return).question(0).mention(2),
        a(Kind::Finish).question(0).results_back(),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", wrong), ["3 answered-twice", "5 not-given-back"]);
}

#[test]
fn a_question_is_finished_once_and_only_if_it_was_asked() {
    let twice = lines![
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Finish).question(1),
    ];
    assert_eq!(found("capnp", twice), ["3 finished-twice", "4 finish-of-nothing"]);
    let gone = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Finish).question(0),
    ];
    assert_eq!(found("capnp", gone), ["4 finish-of-nothing"]);
}

#[test]
fn a_finish_that_was_not_needed_may_come_once_all_the_same() {
    let crossing = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).no_finish(),
        a(Kind::Call).to(Ref::Answer(0)),
        a(Kind::Finish).question(0),
        a(Kind::Finish).question(0),
    ];
    assert_eq!(found("capnp", crossing), ["5 finish-of-nothing"]);
    let asked_again = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).no_finish(),
        a(Kind::Call).question(0),
        b(Kind::Return).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Finish).question(0),
    ];
    assert_eq!(found("capnp", asked_again), ["6 finish-of-nothing"]);
}

#[test]
fn only_the_answer_to_an_open_question_is_used() {
    let right = lines![
        a(Kind::Bootstrap).question(0),
        a(Kind::Call).question(1).to(Ref::Answer(0)),
        b(Kind::Return).question(0).mention(0),
        a(Kind::Call).question(2).to(Ref::Answer(1)).carry(Ref::Answer(0)),
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![
        a(Kind::Bootstrap).question(0),
        a(Kind::Finish).question(0),
        a(Kind::Call).to(Ref::Answer(0)),
        b(Kind::Call).carry(Ref::Answer(0)),
    ];
    assert_eq!(found("capnp", wrong), ["3 answer-not-open", "4 answer-not-open"]);
}

#[test]
fn at_rest_every_question_was_answered_or_given_up() {
    let unanswered = |ending: Ending| {
        lines![a(Kind::Call).question(0), a(Kind::Call).question(1), a(Kind::Finish).question(1)]
            .into_iter()
            .chain(lines![ending])
            .collect()
    };
    assert_eq!(found("capnp", unanswered(Ending::Quiescent)), ["4 unanswered"]);
    assert_eq!(found("capnp", unanswered(Ending::Cut)), NOTHING);
    let all = ["4 unanswered", "4 unanswered"];
    assert_eq!(found("capnp", unanswered(Ending::Dropped)), all, "a return is due even then");
    assert_eq!(found("e-captp", unanswered(Ending::Quiescent)), NOTHING, "results are calls");
}

#[test]
fn when_all_is_dropped_every_question_was_finished_but_that_for_the_first_object() {
    let lines = lines![
        a(Kind::Bootstrap).question(0),
        b(Kind::Return).question(0).mention(0),
        a(Kind::Call).question(1),
        b(Kind::Return).question(1),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", lines), ["5 unfinished"]);
}

#[test]
fn capnweb_answers_what_is_pulled_and_forgets_what_is_released() {
    let right = lines![
        a(Kind::Call).question(1),
        a(Kind::Finish).question(1),
        a(Kind::Call).question(2),
        a(Kind::Other).question(2),
        a(Kind::Finish).question(2),
        b(Kind::Return).question(2),
        a(Kind::Call).question(3),
        Ending::Quiescent,
    ];
    assert_eq!(found("capnweb", right), NOTHING);
    let wrong = lines![
        a(Kind::Call).question(1),
        a(Kind::Finish).question(1),
        a(Kind::Call).question(2),
        a(Kind::Other).question(2),
        b(Kind::Return).question(1),
        Ending::Quiescent,
    ];
    let rules = ["6 unanswered"];
    assert_eq!(found("capnweb", wrong), rules, "whether 1 was to be pulled was not known then");
}

#[test]
fn capnweb_does_not_answer_what_nobody_pulls() {
    let wrong = lines![
        a(Kind::Call).question(1),
        a(Kind::Other).question(1),
        b(Kind::Return).question(1),
        a(Kind::Finish).question(1),
        a(Kind::Call).question(2),
        a(Kind::Finish).question(2),
        b(Kind::Return).question(2),
    ];
    assert_eq!(found("capnweb", wrong), ["7 answer-to-nothing"]);
}
