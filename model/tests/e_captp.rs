//! E's CapTP beyond far objects: promises, questions and introductions, step by step.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::names::VatId;
use model::property::PropertyId;
use model::protocol::e::{ECapTp, ETables};
use model::protocol::{Bend, EBend, Protocol, View};
use model::sizes::{PerVat, Sizes};
use model::world::{State, Table, World};

fn world(bend: Option<EBend>, sizes: Sizes) -> World<ECapTp> {
    World::new(ECapTp::bent(bend.map(Bend::E)), sizes)
}

fn walked(bend: Option<EBend>, sizes: Sizes, steps: &[&str]) -> (World<ECapTp>, State<ETables>) {
    let world = world(bend, sizes);
    let state = walk(&world, steps);
    (world, state)
}

/// What VatB keeps for VatA.
fn kept(state: &State<ETables>) -> usize {
    state.vat(VatId::B).tables.exports(VatId::A).count()
}

const PROMISED: Sizes =
    Sizes { sends: PerVat::each(0, 2), calls: PerVat::each(1, 0), promises: 1, ..Sizes::SMALLEST };

#[test]
fn a_promise_gets_an_index_of_its_own_for_every_mention_and_each_is_redirected() {
    let steps = [
        "VatB sends pB1",
        "VatB sends pB1",
        "VatA reads NewRemotePromiseDesc(0) pB1",
        "VatA reads NewRemotePromiseDesc(1) pB1",
        "VatB resolves pB1 to Bob",
        "VatB redirects",
        "VatA reads redirect 0 to NewFarDesc(2) Bob",
        "VatB redirects",
        "VatA reads redirect 1 to ImportDesc(2) Bob",
    ];
    let (world, state) = walked(None, PROMISED, &steps);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
    assert_eq!(kept(&state), 3);
    let held: Vec<_> = state.vat(VatId::A).heap.iter().filter(|proxy| proxy.held).collect();
    assert_eq!(held.len(), 1, "what was resolved while it was still imported is held no more");
}

#[test]
fn a_redirect_that_crosses_the_release_of_its_promise_is_counted_and_given_back() {
    let steps = [
        "VatB sends pB1",
        "VatA reads NewRemotePromiseDesc(0) pB1",
        "VatA drops pB1's proxy",
        "VatA's collector clears imports[0]",
        "VatA serves the notification of imports[0]",
        "VatB resolves pB1 to Bob",
        "VatB redirects",
        "VatB reads GCExportOp(0, 1)",
        "VatA reads redirect 0 to NewFarDesc(1) Bob",
        "VatA's collector clears imports[1]",
        "VatA serves the notification of imports[1]",
        "VatB reads GCExportOp(1, 1)",
    ];
    let (world, state) = walked(None, PROMISED, &steps);
    assert_eq!(kept(&state), 0);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}

const ASKED: Sizes =
    Sizes { sends: PerVat::each(0, 1), asks: PerVat::each(2, 0), ..Sizes::SMALLEST };
/// VatA gives its first question up, asks at the same place again, and the first result comes.
const LATE_RESULT: [&str; 8] = [
    "VatB sends Bob",
    "VatA reads NewFarDesc(0) Bob",
    "VatA asks Bob's proxy",
    "VatA drops qA1's proxy",
    "VatA's collector clears questions[1]",
    "VatA serves the notification of questions[1]",
    "VatB reads ask q1 ExportDesc(0) Bob, redirector 0",
    "VatA asks Bob's proxy",
];
const RESULT: [&str; 2] = ["VatB returns nothing", "VatA reads return to redirector 0: nothing"];

#[test]
fn a_question_has_the_place_that_was_freed_last_and_a_late_result_does_not_reach_it() {
    let steps: Vec<_> = LATE_RESULT.into_iter().chain(RESULT).collect();
    let (world, state) = walked(None, ASKED, &steps);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
    let asked = |at: &Table| *at == Table::Answers;
    let questions = state.vat(VatId::A).tables.imports(VatId::B);
    let questions: Vec<_> = questions.filter(|(at, _)| asked(&at.table)).collect();
    assert_eq!(questions.len(), 1, "the second question is at the first one's place");
    let held = |of: &str| state.vat(VatId::A).heap.iter().any(|p| p.object.name() == of && p.held);
    assert!(held("qA2"), "and is not answered: {state:?}");
}

#[test]
fn a_result_that_goes_to_a_place_answers_another_question() {
    let steps: Vec<_> = LATE_RESULT.into_iter().chain(RESULT).collect();
    let (world, state) = walked(Some(EBend::AnswerByIndex), ASKED, &steps);
    assert!(world.judge(&state).violated.contains(PropertyId::S5), "{state:?}");
}

const INTRODUCED: Sizes =
    Sizes { vats: 3, sends: PerVat::three(1, 1, 0), calls: PerVat::NONE, ..Sizes::SMALLEST };
/// VatA introduces VatC to Bob, and drops him early; VatC drops the vine if the runtime lets it.
const DROPPED_EARLY: [&str; 6] = [
    "VatB sends Bob",
    "VatA reads NewFarDesc(0) Bob",
    "VatA sends Bob's proxy to VatC",
    "VatA tells the host of a gift",
    "VatA drops Bob's proxy",
    "VatC reads Promise3Desc(VatB, vine 0) Bob",
];

#[test]
fn a_vine_keeps_what_was_given_until_it_was_accepted_in_either_order() {
    let told_first = [
        "VatB reads provide gift AC0 ExportDesc(0) Bob",
        "VatB reads accept gift AC0 Bob",
        "VatB hands a gift out",
        "VatC reads gift AC0 is NewFarDesc(0) Bob",
    ];
    let asked_first = [told_first[1], told_first[0], told_first[2], told_first[3]];
    for order in [told_first, asked_first] {
        let steps: Vec<_> = DROPPED_EARLY.into_iter().chain(order).collect();
        let (world, state) = walked(None, INTRODUCED, &steps);
        assert!(world.judge(&state).violated.is_empty(), "{state:?}");
        let vat_c = state.vat(VatId::C);
        assert!(vat_c.heap.iter().any(|p| p.key.peer == VatId::B && p.held), "{state:?}");
    }
}

#[test]
fn m50_without_the_vine_the_donor_gives_back_what_was_not_accepted_yet() {
    let gone = [
        "VatC's collector clears imports[0] from VatA",
        "VatC serves the notification of imports[0] from VatA",
        "VatA reads GCExportOp(0, 1)",
        "VatA's collector clears imports[0]",
        "VatA serves the notification of imports[0]",
        "VatB reads provide gift AC0 ExportDesc(0) Bob",
        "VatB reads GCExportOp(0, 1)",
    ];
    let steps: Vec<_> = DROPPED_EARLY.into_iter().chain(gone).collect();
    let (world, state) = walked(Some(EBend::VineNotHeld), INTRODUCED, &steps);
    assert!(world.judge(&state).violated.contains(PropertyId::S1), "{state:?}");
}
