//! Linearisability: what concurrent threads see of the tables, they could have seen of the pure
//! tables, had they taken turns. Judged by Stateright's tester.
#![cfg(not(loom))]

#[path = "linearisable/history.rs"]
mod history;
#[path = "linearisable/program.rs"]
mod program;
#[path = "linearisable/spec.rs"]
mod spec;

use captp_gc::table::Defect;
use checks::planted::{NONE, planted};
use history::Drains;
use program::{ENDS, EVERYTHING, EXPORTS, HANDLES, IMPORTS, Kind, explore};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use std::hash::{BuildHasher, RandomState};

/// Schedules of each menu under each scheduler.
const SCHEDULES: usize = 4_000;
/// PCT's depth: how many places to switch it chooses, less one.
const DEPTH: usize = 3;
/// A planted defect is found within so many schedules of one of the schedulers, from this seed.
const HUNTED: usize = 4_000;
const SEED: u64 = 7;

fn hold(menu: &'static [Kind]) {
    let seed = RandomState::new().hash_one("fresh in each run");
    let random = RandomScheduler::new_from_seed(seed, SCHEDULES);
    let pct = PctScheduler::new_from_seed(seed, DEPTH, SCHEDULES);
    let random = explore::<NONE>(random, menu, Drains::MayMiss);
    let pct = explore::<NONE>(pct, menu, Drains::MayMiss);
    for (scheduler, (ran, found)) in [("random", random), ("PCT", pct)] {
        if let Some(history) = found {
            panic!("schedule {ran} of the {scheduler} scheduler from seed {seed}\n{history}");
        }
        assert_eq!(ran, SCHEDULES);
    }
}

#[test]
fn every_history_of_exports_linearises() {
    hold(EXPORTS);
}

#[test]
fn every_history_of_imports_linearises() {
    hold(IMPORTS);
}

#[test]
fn every_history_of_imports_with_clones_linearises() {
    hold(HANDLES);
}

#[test]
fn every_history_of_everything_at_once_linearises() {
    hold(EVERYTHING);
}

#[test]
fn every_history_of_a_session_that_several_threads_end_linearises() {
    hold(ENDS);
}

/// The same schedules in each run.
fn hunt<const DEFECT: usize>(menu: &'static [Kind], drains: Drains) -> (usize, Option<String>) {
    let (ran, found) =
        explore::<DEFECT>(RandomScheduler::new_from_seed(SEED, HUNTED), menu, drains);
    if found.is_some() {
        return (ran, found);
    }
    let pct = PctScheduler::new_from_seed(SEED, DEPTH, HUNTED);
    let (more, found) = explore::<DEFECT>(pct, menu, drains);
    (ran + more, found)
}

/// So the tester's patience with drains is needed; see `history.rs` for why it does no harm.
#[test]
fn a_drain_does_not_find_what_another_thread_is_still_reporting_or_serving() {
    let (ran, found) = hunt::<NONE>(IMPORTS, Drains::FindEverything);
    let history = found.expect("a history that does not linearise");
    println!("schedule {ran}\n{history}");
}

macro_rules! hunts {
    ($($test:ident: $defect:ident, $menu:expr;)*) => {$(
        #[test]
        fn $test() {
            let (ran, found) = hunt::<{ planted(Defect::$defect) }>($menu, Drains::MayMiss);
            let history = found.expect("a history that does not linearise");
            println!("{:?}: schedule {ran} does not linearise\n{history}", Defect::$defect);
        }
    )*};
}

hunts! {
    an_unchecked_successor_does_not_linearise: SuccessorNotChecked, IMPORTS;
    a_count_taken_in_two_steps_does_not_linearise: CountTakenInTwoSteps, IMPORTS;
    a_proxy_reported_before_it_is_gone_does_not_linearise: ReportedBeforeGone, IMPORTS;
    an_index_freed_early_does_not_linearise: IndexFreedEarly, EXPORTS;
    an_export_that_does_not_look_again_does_not_linearise: NotLookedAgain, EXPORTS;
    an_ignored_owner_does_not_linearise: OwnerIgnored, EXPORTS;
    a_session_closed_beside_its_words_does_not_linearise: ClosedBesideTheWord, ENDS;
    a_mention_in_two_steps_does_not_linearise: MentionInTwoSteps, EXPORTS;
    a_release_in_two_steps_does_not_linearise: GivenBackInTwoSteps, EXPORTS;
    an_object_that_is_not_returned_does_not_linearise: DroppedUnderTheLock, EXPORTS;
    an_uncounted_clone_does_not_linearise: CloneNotCounted, HANDLES;
    exports_returned_in_two_steps_do_not_linearise: ReturnedInTwoSteps, ENDS;
}

/// It differs only in the order of memory, and shuttle's is sequentially consistent. Loom finds it,
/// and `MarkWipedLate`, which shows here only if a third thread queues something in between.
#[test]
fn an_unordered_drop_linearises_here() {
    const PLANTED: usize = planted(Defect::DropNotOrdered);
    assert_eq!(hunt::<PLANTED>(IMPORTS, Drains::MayMiss), (2 * HUNTED, None));
}
