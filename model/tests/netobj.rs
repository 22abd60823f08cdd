//! Network Objects and Java RMI: what is handed on to a third space, strong cleans against late
//! dirty calls, and deaths, step by step, and the controls.
#![cfg(not(loom))]

mod common;

use common::find_in;
use common::walk::walk;
use model::catalogue::{self, Task};
use model::check::Verdict;
use model::names::VatId;
use model::property::{PropertyId, PropertySet};
use model::protocol::netobj::{Listing, NetObj};
use model::protocol::{Bend, NetObjBend, Protocol, View};
use model::sizes::{PerVat, Sizes};
use model::world::{State, World};
use stateright::Model;

type Tables = <NetObj as Protocol>::Tables;

fn world<const LEASES: bool>(bend: Option<NetObjBend>, sizes: Sizes) -> World<Listing<LEASES>> {
    World::new(Listing::bent(bend.map(Bend::NetObj)), sizes)
}

/// The state after these steps, and what it violates of what both systems claim.
fn after<const LEASES: bool>(
    bend: Option<NetObjBend>,
    sizes: Sizes,
    steps: &[&[&str]],
) -> (State<Tables>, PropertySet) {
    let world = world::<LEASES>(bend, sizes);
    let state = walk(&world, &steps.concat());
    let claims = catalogue::system("netobj").unwrap().claims();
    let violated = world.judge(&state).violated.intersection(claims);
    (state, violated)
}

/// Whether VatB still has its object in the table.
fn is_kept(state: &State<Tables>) -> bool {
    state.vat(VatId::B).tables.exports(VatId::A).next().is_some()
}

/// Whether something can happen then.
fn is_possible(bend: Option<NetObjBend>, state: &State<Tables>, sizes: Sizes, step: &str) -> bool {
    let mut actions = Vec::new();
    world::<false>(bend, sizes).actions(state, &mut actions);
    actions.iter().any(|action| action.to_string() == step)
}

/// VatB's object is at VatA, and nobody else is pinning it.
const SENT: &[&str] = &[
    "VatB sends Bob",
    "VatA reads mine[0] Bob",
    "VatB reads dirty [0] e1",
    "VatA reads dirty ok [0] e1",
    "VatB reads ack [0]",
];

const CLEARS: &str = "VatA's collector clears imports[0]";

/// VatA has no use for it, and says so.
const CLEANED: &[&str] = &[
    CLEARS,
    "VatA serves the notification of imports[0]",
    "VatA makes its clean calls",
    "VatB reads clean [0] e2",
];

/// VatA hands it on to VatC, and drops it at once.
const HANDED_ON: &[&str] = &["VatA sends Bob's proxy to VatC", "VatA drops Bob's proxy"];

const RECEIVED: &[&str] = &[
    "VatC reads B's[0] Bob",
    "VatB reads dirty [0] e1",
    "VatC reads dirty ok [0] e1",
    "VatA reads ack [0]",
];

const THREE: Sizes = Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST };

#[test]
fn m51_a_donor_that_drops_early_frees_what_is_on_its_way_to_a_third_space() {
    let bend = Some(NetObjBend::NoPinOfSurrogates);
    let (state, violated) = after::<false>(bend, THREE, &[SENT, HANDED_ON, CLEANED]);
    assert!(!is_kept(&state));
    assert_eq!(violated, PropertySet::only(PropertyId::S1), "{state:?}");
}

#[test]
fn m51_control_its_surrogate_stays_until_the_third_space_is_listed() {
    let (state, violated) = after::<false>(None, THREE, &[SENT, HANDED_ON]);
    assert!(!is_possible(None, &state, THREE, CLEARS));
    assert!(violated.is_empty(), "{state:?}");
    let (state, violated) = after::<false>(None, THREE, &[SENT, HANDED_ON, RECEIVED, CLEANED]);
    assert!(is_kept(&state));
    assert!(violated.is_empty(), "{state:?}");
}

const LOSSY: Sizes = Sizes { losses: PerVat::each(1, 0), ..Sizes::SMALLEST };

/// VatA gives its dirty call up, and its clean call overtakes it.
fn late_dirty(bend: Option<NetObjBend>, clean: &str, answer: &str) -> (bool, PropertySet) {
    let steps = [
        "VatB sends Bob",
        "VatA reads mine[0] Bob",
        "VatA waits for its dirty call no longer",
        "VatA makes its clean calls",
        clean,
        "VatB reads dirty [0] e1",
        answer,
        "VatB reads ack [0]",
    ];
    let (state, violated) = after::<false>(bend, LOSSY, &[&steps]);
    (is_kept(&state), violated)
}

#[test]
fn m52_a_dirty_call_that_is_late_behind_a_normal_clean_lists_a_client_that_has_nothing() {
    let bend = Some(NetObjBend::NoStrongClean);
    let found = late_dirty(bend, "VatB reads clean [0] e2", "VatA reads dirty ok [0] e1");
    assert_eq!(found, (true, PropertySet::only(PropertyId::L1)));
}

#[test]
fn a_strong_clean_of_a_client_that_is_not_listed_yet_must_leave_its_tombstone_too() {
    let bend = Some(NetObjBend::NoTombstoneOfUnlisted);
    let found = late_dirty(bend, "VatB reads strong clean [0] e2", "VatA reads dirty ok [0] e1");
    assert_eq!(found, (true, PropertySet::only(PropertyId::L1)));
}

#[test]
fn m52_control_behind_a_strong_clean_it_is_refused() {
    let refused = "VatA reads dirty refused [0] e1";
    let found = late_dirty(None, "VatB reads strong clean [0] e2", refused);
    assert_eq!(found, (false, PropertySet::EMPTY));
}

/// Each may die once.
const MORTAL: Sizes =
    Sizes { crashes: PerVat::both(1), sends: PerVat::each(0, 2), sessions: 2, ..LOSSY };

const CLIENT_DIES: &[&str] = &["VatA crashes and starts again", "VatB reads session 1 is over"];

#[test]
fn a_client_that_dies_is_taken_off_the_lists_whether_pinged_or_leased() {
    let bend = Some(NetObjBend::DeadStayListed);
    let steps = [SENT, CLIENT_DIES];
    let results = [after::<false>(bend, MORTAL, &steps), after::<true>(bend, MORTAL, &steps)];
    for (state, violated) in results {
        assert!(is_kept(&state));
        assert!(violated.contains(PropertyId::L2), "{state:?}");
    }
    let results = [after::<false>(None, MORTAL, &steps), after::<true>(None, MORTAL, &steps)];
    for (state, violated) in results {
        assert!(!is_kept(&state));
        assert!(violated.is_empty(), "{state:?}");
    }
}

#[test]
fn a_transmission_to_a_client_that_dies_pins_nothing_any_more() {
    let steps: [&[&str]; 2] = [&["VatB sends Bob"], CLIENT_DIES];
    let bend = Some(NetObjBend::PinsOutliveReceiver);
    let (state, violated) = after::<false>(bend, MORTAL, &steps);
    assert!(is_kept(&state));
    assert!(violated.contains(PropertyId::L2), "{state:?}");
    let (state, violated) = after::<false>(None, MORTAL, &steps);
    assert!(!is_kept(&state));
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn a_client_that_starts_again_counts_its_events_from_one_and_is_heeded() {
    let again: &[&str] = &[
        "VatB sends Bob",
        "VatA reads mine[1] Bob",
        "VatB reads dirty [1] e1",
        "VatA reads dirty ok [1] e1",
        "VatB reads ack [1]",
    ];
    let (state, violated) = after::<false>(None, MORTAL, &[SENT, CLIENT_DIES, again]);
    assert!(is_kept(&state));
    assert!(violated.is_empty(), "{state:?}");
}

const OWNER_DIES: &[&str] = &["VatB crashes and starts again", "VatA reads session 1 is over"];

#[test]
fn surrogates_of_an_owner_that_dies_break_and_their_clean_up_says_nothing() {
    let cleaned_up: &[&str] = &["VatA serves the notification of imports[0]"];
    let (state, violated) = after::<false>(None, MORTAL, &[SENT, OWNER_DIES, cleaned_up]);
    let client = state.vat(VatId::A);
    assert!(client.heap.is_empty() && client.tables.imports(VatId::B).next().is_none());
    assert!(!is_possible(None, &state, MORTAL, "VatA makes its clean calls"));
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn what_an_owner_had_transmitted_before_it_died_makes_no_surrogate() {
    let steps: [&[&str]; 3] = [&["VatB sends Bob"], OWNER_DIES, &["VatA reads mine[0] Bob"]];
    let (state, violated) = after::<false>(Some(NetObjBend::DeadAreHeard), MORTAL, &steps);
    assert!(state.vat(VatId::A).tables.imports(VatId::B).next().is_some());
    assert!(violated.contains(PropertyId::L2), "{state:?}");
    let (state, violated) = after::<false>(None, MORTAL, &steps);
    assert!(state.vat(VatId::A).tables.imports(VatId::B).next().is_none());
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn that_a_call_of_an_earlier_life_was_lost_is_nothing_to_a_later_one_with_the_same_numbers() {
    let calls: &[&str] = &["VatB sends Bob", "VatA reads mine[0] Bob"];
    let die: &[&str] = &["VatA crashes and starts again", "VatB crashes and starts again"];
    let lost: &[&str] = &["VatA learns that dirty [0] e1 may be lost"];
    let (state, violated) = after::<false>(None, MORTAL, &[calls, die, calls, lost]);
    assert_eq!(state.wire(VatId::A, VatId::B).iter().filter(|m| m.body().is_some()).count(), 1);
    assert!(state.vat(VatId::A).tables.imports(VatId::B).next().is_some(), "it still waits");
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn a_lease_that_a_lost_renewal_did_not_extend_runs_out_with_the_session_of_its_client() {
    let renews: &[&str] = &["VatA renews its leases"];
    let late: &[&str] = &["VatB reads dirty [0] e2"];
    let steps = [SENT, renews, CLIENT_DIES, late];
    let (state, violated) = after::<true>(None, MORTAL, &steps);
    assert!(!is_kept(&state), "a renewal that comes too late brings nothing back");
    assert!(!state.vat(VatId::B).tables.has_more(), "nor a lease");
    assert!(violated.is_empty(), "{state:?}");
}

#[test]
fn a_lease_that_runs_out_under_a_client_that_lives_frees_what_it_has() {
    let sizes = Sizes { losses: PerVat::each(1, 1), ..Sizes::SMALLEST };
    let steps: [&[&str]; 2] = [SENT, &["VatA renews its leases", "VatB takes a client for dead"]];
    let (state, violated) = after::<true>(Some(NetObjBend::LeaseTooShort), sizes, &steps);
    assert!(!is_kept(&state));
    assert_eq!(violated, PropertySet::only(PropertyId::S1), "{state:?}");
}

/// Of two references of one transmission, the dirty call of one fails. Or a renewal is answered too
/// late, and a clean is queued meanwhile.
#[test]
fn what_came_with_a_call_that_failed_and_what_was_renewed_too_late_is_given_back() {
    for id in ["netobj", "rmi"] {
        let system = catalogue::system(id).unwrap();
        let (sends, losses) = (PerVat::each(0, 1), PerVat::both(1));
        let sizes = Sizes { objects: 2, references: 2, sends, losses, ..Sizes::SMALLEST };
        assert_eq!(find_in(&Task::full(system, sizes)).verdict, Verdict::Holds, "{id}");
    }
}
