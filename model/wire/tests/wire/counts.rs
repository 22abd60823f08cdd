//! Each rule about mentions: a trace that keeps it, and one that breaks it.

use crate::say::{NOTHING, a, b, found, lines};
use captp_wire::line::{Ending, Kind, Mention, Place, Ref};

#[test]
fn what_was_mentioned_can_be_given_back_and_no_more() {
    let right = lines![
        b(Kind::Call).mention(3).mention(3),
        b(Kind::Call).mention(3),
        a(Kind::Release).give(3, 2),
        a(Kind::Release).give(3, 1),
    ];
    assert_eq!(found("e-captp", right), NOTHING);
    let wrong = lines![b(Kind::Call).mention(3), a(Kind::Release).give(3, 2)];
    assert_eq!(found("e-captp", wrong), ["2 over-release"]);
}

#[test]
fn a_place_without_mentions_gives_nothing_back() {
    let gone = lines![
        b(Kind::Call).mention(3),
        a(Kind::Release).give(3, 1),
        a(Kind::Release).give(3, 1),
        a(Kind::Release).give(4, 1),
    ];
    assert_eq!(found("capnp", gone), ["3 release-after-release", "4 release-of-unknown"]);
    let own = lines![a(Kind::Call).mention(3), a(Kind::Release).give(3, 1)];
    assert_eq!(found("capnp", own), ["2 release-of-unknown"], "each end has its own places");
}

#[test]
fn kinds_of_places_are_numbered_apart() {
    let at = Place { index: 3, space: "p".to_owned() };
    let promise = Ref::Mention(Mention { at, again: None, promise: true });
    let wrong = lines![b(Kind::Call).carry(promise), a(Kind::Release).give(3, 1)];
    assert_eq!(found("endo-captp", wrong), ["2 release-of-unknown"]);
}

#[test]
fn to_give_nothing_back_is_noted_and_e_refuses_it() {
    let zero = || lines![b(Kind::Call).mention(3), a(Kind::Release).give(3, 0)];
    assert_eq!(found("capnp", zero()), ["[2 release-of-zero]"]);
    assert_eq!(found("e-captp", zero()), ["2 release-of-zero"]);
}

#[test]
fn less_than_nothing_is_refused_and_changes_nothing() {
    let wrong = lines![
        b(Kind::Call).mention(3),
        a(Kind::Release).give(3, -2),
        a(Kind::Release).give(3, 1),
    ];
    assert_eq!(found("capnweb", wrong), ["2 release-of-negative"]);
}

#[test]
fn what_was_given_back_is_used_no_more() {
    let right = lines![
        b(Kind::Call).mention(3).mention(3),
        a(Kind::Release).give(3, 1),
        a(Kind::Call).to(Ref::Home(Place::new(3))).home(3),
        a(Kind::Release).give(3, 1),
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![
        b(Kind::Call).mention(3),
        a(Kind::Release).give(3, 1),
        a(Kind::Call).to(Ref::Home(Place::new(3))),
        a(Kind::Call).home(3),
        a(Kind::Call).home(4),
    ];
    let rules = ["3 use-after-release", "4 use-after-release", "5 use-of-unknown"];
    assert_eq!(found("capnp", wrong), rules);
}

#[test]
fn what_goes_back_in_the_same_message_may_still_be_used_in_it() {
    let right = lines![
        a(Kind::Call).question(0).mention(1),
        b(Kind::Return).question(0).home(1).params_back(),
        b(Kind::Call).home(1),
    ];
    assert_eq!(found("capnp", right), ["3 use-after-release"]);
}

#[test]
fn the_first_object_stands_from_the_start_where_the_system_has_one() {
    let call = || lines![a(Kind::Call).to(Ref::Home(Place::new(0)))];
    assert_eq!(found("capnweb", call()), NOTHING);
    assert_eq!(found("goblins", call()), NOTHING);
    assert_eq!(found("capnp", call()), ["1 use-of-unknown"]);
}

#[test]
fn nobody_calls_an_own_export_across_the_wire() {
    let own = Ref::Mention(Mention { at: Place::new(1), again: None, promise: false });
    assert_eq!(found("endo-captp", lines![a(Kind::Call).to(own)]), ["1 own-target"]);
}

#[test]
fn endo_captp_counts_a_place_once_a_message_and_the_others_each_mention() {
    let twice = |count| {
        lines![
            b(Kind::Call).mention(3).mention(3),
            a(Kind::Release).give(3, count),
            Ending::Dropped
        ]
    };
    assert_eq!(found("endo-captp", twice(1)), NOTHING);
    assert_eq!(found("endo-captp", twice(2)), ["2 over-release"]);
    assert_eq!(found("capnp", twice(2)), NOTHING);
    assert_eq!(found("capnp", twice(1)), ["3 not-given-back"]);
}

#[test]
fn a_return_can_give_all_mentions_among_the_parameters_back() {
    let right = lines![
        a(Kind::Call).question(0).mention(1).mention(1).mention(2),
        b(Kind::Return).question(0).params_back().no_finish(),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![
        a(Kind::Call).question(0).mention(1),
        b(Kind::Release).give(1, 1),
        b(Kind::Return).question(0).params_back(),
    ];
    assert_eq!(found("capnp", wrong), ["3 release-after-release"]);
}

#[test]
fn a_finish_can_give_the_results_back_before_and_after_they_came() {
    let after = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).mention(1).mention(1),
        a(Kind::Finish).question(0).results_back(),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", after), NOTHING);
    let before = lines![
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0).results_back(),
        b(Kind::Return).question(0).mention(1).mention(1),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", before), NOTHING);
    let twice = lines![
        a(Kind::Call).question(0),
        b(Kind::Return).question(0).mention(1),
        a(Kind::Finish).question(0).results_back(),
        a(Kind::Release).give(1, 1),
    ];
    assert_eq!(found("capnp", twice), ["4 release-after-release"]);
    let kept = lines![
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0),
        b(Kind::Return).question(0).mention(1),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", kept), ["4 not-given-back"], "this finish gives nothing back");
}

#[test]
fn what_comes_back_unimplemented_is_given_back() {
    let right = lines![
        b(Kind::Call).mention(1),
        b(Kind::Resolve).promise(1).mention(2),
        a(Kind::Unimplemented).mention(2),
        a(Kind::Release).give(1, 1),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![
        b(Kind::Call).mention(1),
        b(Kind::Resolve).promise(1).mention(2),
        a(Kind::Unimplemented).mention(2),
        a(Kind::Release).give(2, 1),
    ];
    assert_eq!(found("capnp", wrong), ["4 release-after-release"]);
}

#[test]
fn only_a_promise_that_was_mentioned_is_resolved() {
    let crossing = lines![
        b(Kind::Call).mention(1),
        a(Kind::Release).give(1, 1),
        b(Kind::Resolve).promise(1),
        b(Kind::Resolve).promise(2),
    ];
    assert_eq!(found("capnp", crossing), ["4 resolve-of-unknown"]);
}

#[test]
fn after_too_large_a_release_the_place_counts_from_nothing() {
    let lines = lines![
        b(Kind::Call).mention(1),
        a(Kind::Release).give(1, i64::MAX),
        b(Kind::Call).mention(1),
        a(Kind::Release).give(1, 1),
        Ending::Dropped,
    ];
    assert_eq!(found("endo-captp", lines), ["2 over-release"]);
}
