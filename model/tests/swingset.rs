//! SwingSet's comms: the defects that were reproduced on a persistent kernel that descends from it,
//! step by step as they were written down, those of vats that die or start anew, and the controls.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::catalogue;
use model::names::VatId;
use model::property::{PropertyId, PropertySet};
use model::protocol::swingset::SwingSet;
use model::protocol::{Bend, Protocol, SwingSetBend, View};
use model::sizes::{PerVat, Sizes};
use model::world::{State, World};

type Tables = <SwingSet as Protocol>::Tables;

fn world(bend: Option<SwingSetBend>, sizes: Sizes) -> World<SwingSet> {
    World::new(SwingSet::bent(bend.map(Bend::SwingSet)), sizes)
}

/// The state after these steps, and what it violates of what the system claims.
fn after(
    bend: Option<SwingSetBend>,
    sizes: Sizes,
    steps: &[&[&str]],
) -> (State<Tables>, PropertySet) {
    let world = world(bend, sizes);
    let state = walk(&world, &steps.concat());
    let claims = catalogue::system("swingset").unwrap().claims();
    let violated = world.judge(&state).violated.intersection(claims);
    (state, violated)
}

/// How many entries VatB keeps for this peer that it takes for reachable.
fn kept(state: &State<Tables>, peer: VatId) -> usize {
    state.vat(VatId::B).tables.exports(peer).count()
}

/// How many of this peer's VatA has a c-list entry for, reachable or not.
fn known(state: &State<Tables>) -> usize {
    state.vat(VatId::A).tables.imports(VatId::B).count()
}

const SENT: &[&str] = &["VatB sends Bob", "VatA reads 1:0:ro-1 Bob"];

/// VatA has no use for it.
const DROPPED: &[&str] = &[
    "VatA drops Bob's proxy",
    "VatA's collector clears imports[1]",
    "VatA serves the notification of imports[1]",
    "VatA brings out its dead",
];

const DROP_READ: &[&str] = &["VatB reads 1:1:dropExport ro+1"];

const RETIRED: &[&str] = &["VatA retires what it dropped", "VatB reads 2:1:retireExport ro+1"];

fn sends(number: u8) -> Sizes {
    Sizes { sends: PerVat::each(0, number), ..Sizes::SMALLEST }
}

#[test]
fn m17_a_drop_and_a_retire_looked_up_on_the_wrong_side_leave_the_entry() {
    let bend = Some(SwingSetBend::PolarityOfDrops);
    let (state, violated) = after(bend, sends(1), &[SENT, DROPPED, DROP_READ, RETIRED]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (1, 0));
    assert!(violated.contains(PropertyId::L1), "{state:?}");
}

/// Each vat has sent an object to the other, under the same number.
const BOTH_SENT: &[&str] =
    &["VatA sends Alice", "VatB reads 1:0:ro-1 Alice", "VatB sends Bob", "VatA reads 1:1:ro-1 Bob"];

/// VatB's proxy of Alice, and whether its c-list has the entry.
fn alice(state: &State<Tables>) -> (usize, bool) {
    let vat = state.vat(VatId::B);
    (vat.heap.len(), vat.tables.imports(VatId::A).next().is_some())
}

#[test]
fn m17_an_unrelated_entry_under_the_same_number_is_forgotten() {
    let sizes = Sizes { sends: PerVat::both(1), ..Sizes::SMALLEST };
    let steps = [BOTH_SENT, DROPPED, &["VatB reads 2:1:dropExport ro+1"]];
    let (state, _) = after(Some(SwingSetBend::PolarityOfDrops), sizes, &steps);
    assert_eq!((alice(&state), kept(&state, VatId::A)), ((1, false), 1));
    let (state, violated) = after(None, sizes, &steps);
    assert_eq!((alice(&state), kept(&state, VatId::A)), ((1, true), 0));
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn m17_control_looked_up_among_the_exports_the_entry_goes() {
    let (state, violated) = after(None, sends(1), &[SENT, DROPPED, DROP_READ, RETIRED]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (0, 0));
    assert!(violated.is_empty(), "{state:?}");
}

/// VatA and VatC have imported it.
const SENT_TO_TWO: &[&str] = &[
    "VatB sends Bob",
    "VatB sends Bob to VatC",
    "VatA reads 1:0:ro-1 Bob",
    "VatC reads 1:0:ro-1 Bob",
];

const C_DROPS: &[&str] = &[
    "VatC drops Bob's proxy",
    "VatC's collector clears imports[1] from VatB",
    "VatC serves the notification of imports[1] from VatB",
    "VatC brings out its dead",
    "VatB reads 1:1:dropExport ro+1",
];

fn three() -> Sizes {
    Sizes { vats: 3, ..sends(2) }
}

#[test]
fn m18_one_baseline_for_all_importers_frees_what_the_second_holds_and_its_drop_is_refused() {
    let bend = Some(SwingSetBend::SharedBaseline);
    let (state, violated) = after(bend, three(), &[SENT_TO_TWO, DROPPED, DROP_READ]);
    assert_eq!((kept(&state, VatId::A), kept(&state, VatId::C)), (0, 0));
    assert!(violated.contains(PropertyId::S1), "{state:?}");
    let (state, violated) = after(bend, three(), &[SENT_TO_TWO, DROPPED, DROP_READ, C_DROPS]);
    assert!(violated.contains(PropertyId::S6), "underflow: {state:?}");
}

#[test]
fn m18_control_with_one_for_each_the_second_keeps_it_until_it_drops_it_too() {
    let (state, violated) = after(None, three(), &[SENT_TO_TWO, DROPPED, DROP_READ]);
    assert_eq!((kept(&state, VatId::A), kept(&state, VatId::C)), (0, 1));
    assert!(violated.is_empty(), "{state:?}");
    let (state, violated) = after(None, three(), &[SENT_TO_TWO, DROPPED, DROP_READ, C_DROPS]);
    assert_eq!((kept(&state, VatId::A), kept(&state, VatId::C)), (0, 0));
    assert!(violated.is_empty(), "{state:?}");
}

const SENT_AGAIN: &[&str] = &["VatB sends Bob", "VatA reads 2:1:ro-1 Bob"];

#[test]
fn m19_what_is_mentioned_again_between_drop_and_retire_stays_dropped() {
    let bend = Some(SwingSetBend::MentionDoesNotRestore);
    let (state, violated) = after(bend, sends(2), &[SENT, DROPPED, DROP_READ, SENT_AGAIN]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (0, 1));
    assert!(violated.contains(PropertyId::S1), "{state:?}");
}

#[test]
fn m19_control_the_mention_makes_it_reachable_and_after_a_retire_there_is_a_new_entry() {
    let (state, violated) = after(None, sends(2), &[SENT, DROPPED, DROP_READ, SENT_AGAIN]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (1, 1));
    assert!(violated.is_empty(), "{state:?}");
    let anew: &[&str] = &["VatB sends Bob", "VatA reads 2:2:ro-2 Bob"];
    for bend in [None, Some(SwingSetBend::MentionDoesNotRestore)] {
        let steps = [SENT, DROPPED, DROP_READ, RETIRED, anew];
        let (state, violated) = after(bend, sends(2), &steps);
        assert_eq!((kept(&state, VatId::A), known(&state)), (1, 1));
        assert!(violated.is_empty(), "{state:?}");
    }
}

fn crashing(sends: u8, sessions: u8) -> Sizes {
    let crashes = PerVat::each(0, 1);
    Sizes { sends: PerVat::each(0, sends), crashes, sessions, ..Sizes::SMALLEST }
}

const OWNER_DIES: &[&str] = &["VatB crashes and starts again", "VatA reads session 1 is over"];

#[test]
fn m42_what_is_dropped_and_still_recognisable_is_never_retired_when_its_owner_dies() {
    let bend = Some(SwingSetBend::OrphansStay);
    let steps = [SENT, DROPPED, DROP_READ, OWNER_DIES];
    let (state, violated) = after(bend, crashing(1, 1), &steps);
    assert_eq!(known(&state), 1);
    assert_eq!(violated, PropertySet::only(PropertyId::L2), "{state:?}");
}

#[test]
fn m42_control_it_is_retired_and_what_was_reachable_goes_in_either_case() {
    let steps = [SENT, DROPPED, DROP_READ, OWNER_DIES];
    let (state, violated) = after(None, crashing(1, 1), &steps);
    assert_eq!(known(&state), 0);
    assert!(violated.is_empty(), "{state:?}");
    for bend in [None, Some(SwingSetBend::OrphansStay)] {
        let (state, violated) = after(bend, crashing(1, 1), &[SENT, OWNER_DIES]);
        assert_eq!(known(&state), 0);
        assert!(violated.is_empty(), "{state:?}");
    }
}

/// VatB starts again, and numbers its frames from 1 again.
const RESTARTED: &[&str] =
    &["VatB crashes and starts again", "VatB sends Bob", "VatA reads 1:0:ro-1 Bob"];

#[test]
fn m48_the_first_frame_of_a_peer_that_started_again_is_taken_for_a_duplicate() {
    let bend = Some(SwingSetBend::NumbersOutlivePeer);
    let (state, violated) = after(bend, crashing(2, 2), &[SENT, RESTARTED]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (1, 0));
    assert!(state.vat(VatId::A).heap.is_empty(), "the application never hears of it");
    assert_eq!(violated, PropertySet::only(PropertyId::L3), "{state:?}");
}

#[test]
fn m48_control_numbers_that_go_with_the_peer_let_it_through_and_so_do_those_of_a_first_frame() {
    let (state, violated) = after(None, crashing(2, 2), &[SENT, RESTARTED]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (1, 1));
    assert!(violated.is_empty(), "{state:?}");
    let bend = Some(SwingSetBend::NumbersOutlivePeer);
    let (state, violated) = after(bend, crashing(2, 2), &[RESTARTED]);
    assert_eq!((kept(&state, VatId::A), known(&state)), (1, 1));
    assert!(violated.is_empty(), "{state:?}");
}
