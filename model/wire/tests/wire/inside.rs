//! What is left at the end, and what is said of the tables.

use crate::say::{IntoLine, NOTHING, a, b, found, lines, reads, tables};
use captp_wire::line::{End, Ending, Kind, Line, Tables};

#[test]
fn when_all_is_dropped_everything_was_given_back_but_the_first_object() {
    let right = lines![
        a(Kind::Bootstrap).question(0),
        b(Kind::Return).question(0).mention(0).no_finish(),
        b(Kind::Call).mention(1),
        a(Kind::Release).give(1, 1),
        Ending::Dropped,
    ];
    assert_eq!(found("capnp", right), NOTHING);
    let wrong = || {
        lines![
            a(Kind::Bootstrap).question(0),
            b(Kind::Return).question(0).mention(0).no_finish(),
            b(Kind::Call).mention(1).mention(0),
        ]
    };
    let ended = |ending: Ending| wrong().into_iter().chain(lines![ending]).collect();
    let left = ["4 not-given-back", "4 not-given-back"];
    assert_eq!(found("capnp", ended(Ending::Dropped)), left, "the other mention of 0 is left, too");
    assert_eq!(found("capnp", ended(Ending::Quiescent)), NOTHING);
}

#[test]
fn an_exporter_has_at_least_what_the_wire_has_not_given_back() {
    let exports = |count| Tables { exports: Some(count), ..tables(End::B) };
    let said = |count| lines![b(Kind::Call).mention(1), b(Kind::Call).mention(2), exports(count)];
    assert_eq!(found("capnp", said(2)), NOTHING);
    assert_eq!(
        found("capnp", said(3)),
        ["3 too-many-entries"],
        "nothing was sent that it could read"
    );
    assert_eq!(found("capnp", said(1)), ["3 too-few-entries"]);
}

#[test]
fn an_exporter_that_has_read_everything_has_no_more_than_that() {
    let exports = |count| Tables { exports: Some(count), ..tables(End::B) };
    let unread =
        lines![b(Kind::Call).mention(1), a(Kind::Release).give(1, 1), exports(1), reads(End::B)];
    assert_eq!(found("capnp", unread), NOTHING);
    let read =
        lines![b(Kind::Call).mention(1), a(Kind::Release).give(1, 1), reads(End::B), exports(1)];
    assert_eq!(found("capnp", read), ["4 too-many-entries"]);
    let at_rest = lines![
        b(Kind::Call).mention(1),
        a(Kind::Release).give(1, 1),
        exports(1),
        tables(End::A),
        Ending::Quiescent
    ];
    assert_eq!(found("capnp", at_rest), ["5 too-many-entries"]);
}

#[test]
fn a_table_that_is_too_large_is_told_once() {
    let said = Tables { exports: Some(7), ..tables(End::B) };
    let lines = lines![a(Kind::Other), reads(End::B), said, Ending::Quiescent];
    assert_eq!(found("capnp", lines), ["3 too-many-entries"]);
}

#[test]
fn what_was_said_of_tables_before_something_happened_does_not_hold_at_the_end() {
    let before = |then: Line| {
        lines![
            b(Kind::Call).mention(1),
            a(Kind::Release).give(1, 1),
            Tables { exports: Some(1), ..tables(End::B) },
            then,
            Ending::Quiescent,
        ]
    };
    assert_eq!(found("capnp", before(tables(End::A).into_line())), ["5 too-many-entries"]);
    assert_eq!(found("capnp", before(reads(End::B))), NOTHING);
    assert_eq!(found("capnp", before(b(Kind::Other).into_line())), NOTHING);
    let unread = Tables { imports: Some(0), ..tables(End::A) };
    let lines = lines![b(Kind::Call).mention(1), unread, reads(End::A), Ending::Quiescent];
    assert_eq!(found("capnp", lines), NOTHING);
}

#[test]
fn an_importer_has_nothing_that_it_has_given_back_and_at_rest_all_the_rest() {
    let imports = |count| Tables { imports: Some(count), ..tables(End::A) };
    let said = |count| {
        lines![
            b(Kind::Call).mention(1),
            b(Kind::Call).mention(2),
            a(Kind::Release).give(1, 1),
            imports(count),
            Ending::Quiescent,
        ]
    };
    assert_eq!(found("capnp", said(1)), NOTHING);
    assert_eq!(found("capnp", said(2)), ["4 too-many-entries"]);
    assert_eq!(found("capnp", said(0)), ["5 too-few-entries"]);
}

#[test]
fn at_rest_questions_and_answers_are_those_of_the_wire() {
    let of = |end, questions, answers| Tables { questions, answers, ..tables(end) };
    let said = |questions, answers| {
        lines![
            a(Kind::Call).question(0),
            b(Kind::Return).question(0),
            of(End::A, Some(questions), Some(0)),
            of(End::B, Some(0), Some(answers)),
            Ending::Quiescent,
        ]
    };
    assert_eq!(found("capnp", said(1, 1)), NOTHING);
    assert_eq!(found("capnp", said(2, 0)), ["5 too-many-entries", "5 too-few-entries"]);
}

#[test]
fn capnweb_may_count_its_first_object_and_the_answers_among_its_exports() {
    let exports = |count| Tables { exports: Some(count), ..tables(End::B) };
    let said = |count| lines![a(Kind::Call).question(1), reads(End::B), exports(count)];
    assert_eq!(found("capnweb", said(2)), NOTHING);
    assert_eq!(found("capnweb", said(3)), ["3 too-many-entries"]);
}
