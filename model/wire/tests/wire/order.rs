//! What depends on what an end has read is judged only where that is known.

use crate::say::{NOTHING, a, b, found, lines, reads};
use captp_wire::line::{End, Kind};

#[test]
fn a_mention_as_new_has_no_mentions_left_even_if_all_releases_were_read() {
    let right = lines![b(Kind::Call).first(1), a(Kind::Release).give(1, 1), b(Kind::Call).first(1)];
    assert_eq!(found("e-captp", right), NOTHING);
    let wrong = lines![
        b(Kind::Call).first(1).again(1),
        a(Kind::Release).give(1, 1),
        b(Kind::Call).first(1)
    ];
    assert_eq!(found("e-captp", wrong), ["3 first-though-known"]);
}

#[test]
fn a_mention_as_known_may_cross_the_release_of_the_last() {
    let crossing =
        lines![b(Kind::Call).first(1), a(Kind::Release).give(1, 1), b(Kind::Call).again(1)];
    assert_eq!(found("e-captp", crossing), NOTHING);
    let read = lines![
        b(Kind::Call).first(1),
        a(Kind::Release).give(1, 1),
        reads(End::B),
        b(Kind::Call).again(1),
    ];
    assert_eq!(found("e-captp", read), ["4 again-though-gone"]);
    let never = lines![b(Kind::Call).again(1)];
    assert_eq!(found("e-captp", never), ["1 again-though-gone"]);
}

#[test]
fn who_answers_has_read_what_was_sent_before_the_question() {
    let after = lines![
        b(Kind::Call).first(1),
        a(Kind::Release).give(1, 1),
        a(Kind::Call).question(0),
        b(Kind::Return).question(0),
        b(Kind::Call).again(1),
    ];
    assert_eq!(found("capnp", after), ["5 again-though-gone"]);
    let before = lines![
        b(Kind::Call).first(1),
        a(Kind::Call).question(0),
        a(Kind::Release).give(1, 1),
        b(Kind::Return).question(0),
        b(Kind::Call).again(1),
    ];
    assert_eq!(found("capnp", before), NOTHING);
}

#[test]
fn a_place_is_used_again_only_where_the_system_does_so() {
    let crossing = || {
        lines![
            b(Kind::Call).mention(1),
            a(Kind::Release).give(1, 1),
            b(Kind::Call).mention(1),
            a(Kind::Release).give(1, 1),
        ]
    };
    let read = || {
        lines![
            b(Kind::Call).mention(1),
            a(Kind::Release).give(1, 1),
            reads(End::B),
            b(Kind::Call).mention(1),
        ]
    };
    for never in ["capnweb", "goblins", "endo-ocapn"] {
        assert_eq!(found(never, crossing()), NOTHING, "{never}");
        assert_eq!(found(never, read()), ["4 place-used-again"], "{never}");
    }
    for may in ["e-captp", "es-strawman", "capnp", "go-capnp", "endo-captp"] {
        assert_eq!(found(may, read()), NOTHING, "{may}");
    }
}

#[test]
fn an_unread_release_of_one_place_excuses_no_other() {
    let lines = |known: bool| {
        let mention = |index| {
            let call = b(Kind::Call);
            if known { call.again(index) } else { call.mention(index) }
        };
        lines![
            b(Kind::Call).mention(1).mention(2),
            a(Kind::Release).give(1, 1),
            reads(End::B),
            a(Kind::Release).give(2, 1),
            mention(2),
            mention(1),
        ]
    };
    assert_eq!(found("goblins", lines(false)), ["6 place-used-again"]);
    let first = b(Kind::Call).first(3);
    let lines = lines![first].into_iter().chain(lines(true)).collect();
    assert_eq!(found("e-captp", lines), ["7 again-though-gone"]);
}

#[test]
fn results_that_were_given_back_before_they_came_do_not_hide_an_unread_release() {
    let lines = lines![
        a(Kind::Call).question(0),
        a(Kind::Finish).question(0).results_back(),
        b(Kind::Call).first(1),
        a(Kind::Release).give(1, 1),
        reads(End::B),
        b(Kind::Return).question(0).again(1),
        reads(End::B),
        b(Kind::Call).again(1),
        a(Kind::Release).give(1, 1),
        reads(End::B),
        reads(End::B),
        b(Kind::Call).again(1),
    ];
    assert_eq!(found("capnp", lines), ["12 again-though-gone"]);
}

#[test]
fn places_that_come_out_of_order_are_not_taken_for_used() {
    let gap = lines![
        b(Kind::Call).mention(7),
        b(Kind::Call).mention(5),
        a(Kind::Release).give(5, 1),
        reads(End::B),
        b(Kind::Call).mention(6),
        b(Kind::Call).mention(5),
    ];
    assert_eq!(found("goblins", gap), ["6 place-used-again"]);
}

#[test]
fn nobody_reads_more_than_was_sent() {
    let right = lines![a(Kind::Other), reads(End::B)];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = lines![a(Kind::Other), reads(End::B), reads(End::B), reads(End::A)];
    assert_eq!(found("capnp", wrong), ["3 read-of-nothing", "4 read-of-nothing"]);
}

#[test]
fn a_session_that_is_over_is_void_and_another_is_not_touched() {
    let lines = lines![
        b(Kind::Call).mention(1),
        b(Kind::Call).mention(1).session(2),
        a(Kind::Over),
        b(Kind::Release).give(9, 9),
        a(Kind::Release).give(1, 1).session(2),
        a(Kind::Release).give(1, 1).session(2),
        captp_wire::line::Ending::Dropped,
    ];
    assert_eq!(found("capnp", lines), ["[4 after-over]", "6 release-after-release"]);
}
