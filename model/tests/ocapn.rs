//! OCapN: the defect that was reproduced on an implementation of it, step by step, and its control;
//! the deposit and the withdrawal of a gift in either order.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::names::VatId;
use model::property::PropertyId;
use model::protocol::ocapn::{EndoOcapn, Goblins, OcapnTables};
use model::protocol::{Bend, OcapnBend, Protocol, View};
use model::sizes::{PerVat, Sizes};
use model::world::{State, World};

fn endo(bend: Option<OcapnBend>) -> World<EndoOcapn> {
    let (sends, interrupts) = (PerVat::each(0, 2), PerVat::each(1, 0));
    let sizes = Sizes { objects: 2, references: 2, sends, interrupts, ..Sizes::SMALLEST };
    World::new(EndoOcapn::bent(bend.map(Bend::EndoOcapn)), sizes)
}

/// What VatB's count for VatA is of its first export.
fn residual(state: &State<OcapnTables>) -> u32 {
    state.vat(VatId::B).tables.exports(VatId::A).next().map_or(0, |(_, export)| export.count)
}

/// M6: import 1 was mentioned once, its proxy has died, and the finaliser has not run.
const DEAD: [&str; 4] = [
    "VatB sends Bob",
    "VatA reads desc:import-object 1 Bob",
    "VatA drops Bob's proxy",
    "VatA's collector clears imports[1]",
];
/// What came with it, at these positions, is dropped and given back.
fn dropped(bob: u32, ben: u32) -> Vec<String> {
    let each = [("Bob", bob), ("Ben", ben)].into_iter().flat_map(|(name, at)| {
        [
            format!("VatA drops {name}'s proxy"),
            format!("VatA's collector clears imports[{at}]"),
            format!("VatA serves the notification of imports[{at}]"),
            format!("VatB reads op:gc-exports [{at}] [1]"),
        ]
    });
    each.collect()
}

fn after_death(
    bend: Option<OcapnBend>,
    then: &[&str],
    dropped: &[String],
) -> (World<EndoOcapn>, State<OcapnTables>) {
    let world = endo(bend);
    let dropped = dropped.iter().map(String::as_str);
    let steps: Vec<_> = DEAD.iter().chain(then).copied().chain(dropped).collect();
    let state = walk(&world, &steps);
    (world, state)
}

/// The finaliser runs inside the decoding of a message that mentions import 1 among others.
const IN_THE_MIDDLE: [&str; 5] = [
    "VatB sends Bob and Ben",
    "VatA begins to read desc:import-object 1 Bob, desc:import-object 2 Ben",
    "VatA serves the notification of imports[1]",
    "VatA reads it to its end",
    "VatB reads op:gc-exports [1] [1]",
];

#[test]
fn m6_a_finaliser_in_the_middle_of_a_message_loses_what_it_noted_and_one_mention_stays_for_ever() {
    let bent = Some(OcapnBend::NotedCountsForgotten);
    let (world, state) = after_death(bent, &IN_THE_MIDDLE, &[]);
    assert_eq!(residual(&state), 1);
    assert!(world.judge(&state).violated.contains(PropertyId::C1), "{state:?}");
    let import = state.vat(VatId::A).tables.imports(VatId::B).next().unwrap().1;
    assert_eq!(import.count, 0, "nobody will give it back: {state:?}");
}

#[test]
fn m6_control_what_was_noted_is_counted_when_no_rule_is_bent() {
    let (world, state) = after_death(None, &IN_THE_MIDDLE, &dropped(1, 2));
    assert_eq!(residual(&state), 0);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}

#[test]
fn m6_control_with_the_finaliser_before_the_message_nothing_is_left() {
    let finaliser_first = [
        "VatA serves the notification of imports[1]",
        "VatB reads op:gc-exports [1] [1]",
        "VatB sends Bob and Ben",
        "VatA reads desc:import-object 2 Bob, desc:import-object 3 Ben",
    ];
    let bent = Some(OcapnBend::NotedCountsForgotten);
    let (world, state) = after_death(bent, &finaliser_first, &dropped(2, 3));
    assert_eq!(residual(&state), 0);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}

const GIVEN: [&str; 3] =
    ["VatB sends Bob", "VatA reads desc:import-object 1 Bob", "VatA sends Bob's proxy to VatC"];

fn given(bend: Option<OcapnBend>, then: &[&str]) -> (World<Goblins>, State<OcapnTables>) {
    let sizes = Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST };
    let world = World::new(Goblins::bent(bend.map(Bend::Goblins)), sizes);
    let steps: Vec<_> = GIVEN.iter().chain(then).copied().collect();
    let state = walk(&world, &steps);
    (world, state)
}

#[test]
fn a_gift_is_kept_until_it_is_withdrawn_although_its_donor_drops_early() {
    let (world, state) = given(None, &["VatB reads deposit-gift gift AC0 desc:export 1 Bob"]);
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
    assert_eq!(state.vat(VatId::B).tables.gifts().len(), 1);
}

#[test]
fn m49_a_deposit_after_the_withdrawal_stores_a_gift_that_nobody_will_withdraw() {
    let late = [
        "VatC reads desc:handoff-give gift AC0 at VatB Bob",
        "VatB reads withdraw-gift gift AC0 Bob",
        "VatB reads deposit-gift gift AC0 desc:export 1 Bob",
    ];
    for (bend, kept) in [(Some(OcapnBend::GiftKeptWhenHandedOut), 1), (None, 0)] {
        let (_, state) = given(bend, &late);
        assert_eq!(state.vat(VatId::B).tables.gifts().len(), kept, "{state:?}");
    }
}
