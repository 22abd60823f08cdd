//! `@endo/captp`: the defects that were reproduced on 4.5.1, step by step as they were written
//! down, and the controls.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::names::VatId;
use model::property::PropertyId;
use model::protocol::endo_captp::EndoCapTp;
use model::protocol::{Bend, EndoBend, Protocol, View};
use model::sizes::{PerVat, Sizes};
use model::world::{State, World};

type Tables = <EndoCapTp as Protocol>::Tables;

fn world(bend: Option<EndoBend>, sizes: Sizes) -> World<EndoCapTp> {
    World::new(EndoCapTp::bent(bend.map(Bend::EndoCapTp)), sizes)
}

fn violates(world: &World<EndoCapTp>, state: &State<Tables>, property: PropertyId) -> bool {
    world.judge(state).violated.contains(property)
}

/// What VatB keeps for VatA.
fn kept(state: &State<Tables>) -> usize {
    state.vat(VatId::B).tables.exports(VatId::A).count()
}

/// VatB calls VatA's `o+1` so often.
const CALLS: u8 = 5;

/// M2: VatB's calls of VatA's `o+1`, then VatA's drop of its import `o-1` while VatB mentions it
/// again. Returns what happens once that drop, of `dec_refs`, is read.
fn drop_crosses_mention(world: &World<EndoCapTp>, calls: u8, dec_refs: u32) -> State<Tables> {
    let mut steps = vec!["VatA sends Alice", "VatB reads o+1 Alice"];
    for _ in 0..calls {
        steps.extend(["VatB calls Alice's proxy", "VatA reads call o-1 Alice"]);
    }
    let drop = format!("VatB reads CTP_DROP(o-1, {dec_refs})");
    steps.extend([
        "VatB sends Bob",
        "VatA reads o+1 Bob",
        "VatA drops Bob's proxy",
        "VatA's collector clears imports[1]",
        "VatA serves the notification of imports[1]",
        "VatB sends Bob",
        &drop,
    ]);
    walk(world, &steps)
}

fn calling(calls: u8) -> Sizes {
    let (sends, calls) = (PerVat::each(1, 2), PerVat::each(1, calls));
    Sizes { sends, calls, ..Sizes::SMALLEST }
}

#[test]
fn m2_five_calls_make_a_drop_of_one_mention_carry_six_and_free_what_is_mentioned_again() {
    let world = world(Some(EndoBend::TargetCountedAsImport), calling(CALLS));
    let state = drop_crosses_mention(&world, CALLS, 6);
    assert_eq!(kept(&state), 0);
    assert!(violates(&world, &state, PropertyId::S1), "{state:?}");
}

#[test]
fn m2_control_without_calls_the_drop_carries_one_and_so_it_does_when_no_rule_is_bent() {
    for (bend, calls) in [(Some(EndoBend::TargetCountedAsImport), 0), (None, CALLS)] {
        let world = world(bend, calling(calls));
        let state = drop_crosses_mention(&world, calls, 1);
        assert_eq!(kept(&state), 1);
        assert!(world.judge(&state).violated.is_empty(), "{state:?}");
    }
}

/// M3: VatA drops all it has of Bob's slot, and VatB exports what comes next.
const DROPPED: [&str; 6] = [
    "VatB sends Bob",
    "VatA reads o+1 Bob",
    "VatA drops Bob's proxy",
    "VatA's collector clears imports[1]",
    "VatA serves the notification of imports[1]",
    "VatB reads CTP_DROP(o-1, 1)",
];

fn exported_again(bend: Option<EndoBend>, then: [&str; 4]) -> (World<EndoCapTp>, State<Tables>) {
    let (sends, calls) = (PerVat::each(0, 2), PerVat::each(1, 0));
    let world = world(bend, Sizes { objects: 2, sends, calls, ..Sizes::SMALLEST });
    let steps: Vec<_> = DROPPED.into_iter().chain(then).collect();
    let state = walk(&world, &steps);
    (world, state)
}

#[test]
fn m3_a_re_export_after_a_complete_drop_names_a_dead_slot_and_a_call_of_it_finds_nothing() {
    let dead = [
        "VatB sends Bob",
        "VatA reads o+1 Bob",
        "VatA calls Bob's proxy",
        "VatB reads call o-1 Bob",
    ];
    let (world, state) = exported_again(Some(EndoBend::ValueKeepsSlot), dead);
    assert!(violates(&world, &state, PropertyId::S6), "unknown export: {state:?}");
}

#[test]
fn m3_control_a_fresh_object_works_and_so_does_the_same_one_when_no_rule_is_bent() {
    let fresh = [
        "VatB sends Ben",
        "VatA reads o+2 Ben",
        "VatA calls Ben's proxy",
        "VatB reads call o-2 Ben",
    ];
    let (world, state) = exported_again(Some(EndoBend::ValueKeepsSlot), fresh);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
    let same = [
        "VatB sends Bob",
        "VatA reads o+2 Bob",
        "VatA calls Bob's proxy",
        "VatB reads call o-2 Bob",
    ];
    let (world, state) = exported_again(None, same);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}

/// M26: calls that are answered, their results settled and dropped; everything else is dropped,
/// too.
fn answered_and_dropped(bend: Option<EndoBend>) -> (World<EndoCapTp>, State<Tables>) {
    let (sends, asks) = (PerVat::each(0, 1), PerVat::each(3, 0));
    let world = world(bend, Sizes { sends, asks, ..Sizes::SMALLEST });
    let mut steps = vec!["VatB sends Bob".to_owned(), "VatA reads o+1 Bob".to_owned()];
    for n in 1..=3 {
        steps.extend([
            "VatA asks Bob's proxy".to_owned(),
            format!("VatB reads ask q{n} o-1 Bob"),
            "VatB returns nothing".to_owned(),
            format!("VatA reads CTP_RETURN(q-{n}) nothing"),
            format!("VatA drops qA{n}'s proxy"),
            format!("VatA's collector clears questions[{n}]"),
            format!("VatA serves the notification of questions[{n}]"),
            format!("VatB reads CTP_DROP(q-{n})"),
        ]);
    }
    steps.extend(DROPPED[2..].iter().map(ToString::to_string));
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let state = walk(&world, &steps);
    (world, state)
}

#[test]
fn m26_every_answer_is_kept_that_was_returned_and_dropped() {
    let misnamed = Some(EndoBend::AnswerDroppedUnderAnotherName);
    let (world, state) = answered_and_dropped(misnamed);
    assert_eq!(kept(&state), 3);
    assert!(violates(&world, &state, PropertyId::L1), "{state:?}");
}

#[test]
fn m26_control_under_the_name_that_it_is_kept_under_no_answer_is_kept() {
    let (world, state) = answered_and_dropped(None);
    assert_eq!(kept(&state), 0);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}

#[test]
fn a_slot_that_is_mentioned_twice_in_one_message_counts_once_at_both_ends() {
    let sends = PerVat::each(0, 1);
    let world = world(None, Sizes { sends, references: 2, ..Sizes::SMALLEST });
    let state = walk(&world, &["VatB sends Bob twice", "VatA reads o+1 Bob, o+1 Bob"]);
    let (_, export) = state.vat(VatId::B).tables.exports(VatId::A).next().unwrap();
    let (_, import) = state.vat(VatId::A).tables.imports(VatId::B).next().unwrap();
    assert_eq!((export.count, import.count), (1, 1));
}

#[test]
fn a_dead_slot_that_is_mentioned_again_is_dropped_by_installing_the_successor() {
    let sends = PerVat::each(0, 2);
    let world = world(None, Sizes { sends, ..Sizes::SMALLEST });
    let steps = [
        "VatB sends Bob",
        "VatB sends Bob",
        "VatA reads o+1 Bob",
        "VatA drops Bob's proxy",
        "VatA's collector clears imports[1]",
        "VatA reads o+1 Bob",
        "VatB reads CTP_DROP(o-1, 1)",
    ];
    let state = walk(&world, &steps);
    assert!(state.vat(VatId::A).owed.is_empty(), "the finaliser is withdrawn: {state:?}");
    assert_eq!(kept(&state), 1);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}
