//! Lockstep: one thread drives the concurrent tables and the pure ones through the same steps, and
//! everything that can be seen of them is the same after each.
#![cfg(not(loom))]

#[path = "lockstep/concurrent.rs"]
mod concurrent;
#[path = "lockstep/planted_std.rs"]
mod planted_std;
#[path = "lockstep/reference.rs"]
mod reference;
#[path = "lockstep/step.rs"]
mod step;

use captp_gc::sync::{Leaking, Primitives, Std};
use captp_gc::table::Defect;
use checks::planted::{NONE, planted};
use concurrent::Lockstep;
use planted_std::PlantedStd;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use reference::{Pure, State};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use step::Step;

const CASES: u32 = 2_000;
const STEPS: std::ops::Range<usize> = 40..80;

/// Everything that the tables can refuse.
const REFUSALS: [&str; 14] = [
    "GivenBackBefore",
    "Misuse::Closed",
    "Misuse::ExportsFull",
    "Misuse::ForeignProxy",
    "Misuse::NothingToUnexport",
    "Misuse::TooManyMentions",
    "Refused::Closed",
    "Violation::IndexBeyondLimit",
    "Violation::NotIntroduced",
    "Violation::OverRelease",
    "Violation::StillImported",
    "Violation::TooManyMentions",
    "Violation::UnknownExport",
    "Violation::ZeroDelta",
];

/// A case that failed.
struct Failure {
    /// How many cases it took to find one.
    cases: u32,
    /// What goes wrong in the shortest that was found from there.
    why: String,
    steps: Vec<Step>,
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 1_000, ..Config::default() }
}

/// Runs cases until one fails. `see` is shown the reference after each step.
fn run<P: Primitives>(mut runner: TestRunner, see: impl Fn(&State)) -> Result<(), Failure> {
    let (cases, is_shrinking) = (Cell::new(0), Cell::new(false));
    let outcome = runner.run(&Pure::sequential_strategy(STEPS), |(first, steps, counter)| {
        let is_new = !is_shrinking.get();
        if is_new {
            cases.set(cases.get() + 1);
            is_shrinking.set(true); // if this case panics
        }
        let mut state = first.clone();
        for step in &steps {
            state = Pure::apply(state, step);
            see(&state);
        }
        Lockstep::<P>::test_sequential(Config::default(), first, steps, counter);
        is_shrinking.set(!is_new);
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, (_, steps, _))) => {
            Err(Failure { cases: cases.get(), why: why.message().into(), steps })
        }
        Err(aborted @ TestError::Abort(_)) => panic!("{aborted}"),
    }
}

fn listed(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("  {step:?}\n")).collect()
}

/// Fails with the shortest case, if there is one.
fn hold<P: Primitives>(cases: u32, see: impl Fn(&State)) {
    if let Err(Failure { why, steps, .. }) = run::<P>(TestRunner::new(config(cases)), see) {
        panic!("{why}\n{}", listed(&steps));
    }
}

#[test]
fn the_concurrent_tables_take_every_step_as_the_pure_tables_do_and_every_refusal_is_met() {
    let met = RefCell::new(BTreeMap::<String, usize>::new());
    hold::<Std>(CASES, |state| {
        if let Some(refusal) = state.seen.refusal() {
            *met.borrow_mut().entry(refusal).or_default() += 1;
        }
    });
    let met = met.into_inner();
    println!("{met:#?}");
    assert!(met.keys().eq(&REFUSALS), "{met:#?}");
}

#[test]
fn tables_on_pages_of_two_slots_take_every_step_as_the_pure_tables_do() {
    hold::<PlantedStd<NONE>>(CASES, |_| {});
}

#[test]
fn tables_that_leak_their_pages_take_every_step_as_the_pure_tables_do() {
    hold::<Leaking>(CASES / 8, |_| {});
}

/// The same cases in each run: whether a defect is found is no matter of luck.
fn hunt<const DEFECT: usize>() -> Option<Failure> {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runner = TestRunner::new_with_rng(config(CASES / 8), random);
    run::<PlantedStd<DEFECT>>(runner, |_| {}).err()
}

#[test]
fn the_defects_that_one_thread_can_show_are_found_and_no_others() {
    macro_rules! hunts {
        ($($defect:ident: $shown:expr,)*) => {
            [$((Defect::$defect, $shown, hunt::<{ planted(Defect::$defect) }>())),*]
        };
    }
    let hunts = hunts! {
        SuccessorNotChecked: true,
        CountTakenInTwoSteps: false,
        ReportedBeforeGone: true, // reports every drop, not only the last
        MarkWipedLate: false,
        DropNotOrdered: false,
        IndexFreedEarly: true, // does not look at counts
        NotLookedAgain: false,
        OwnerIgnored: true, // two sessions on one thread suffice
        ClosedBesideTheWord: true, // leaves the slots open
        MentionInTwoSteps: false,
        GivenBackInTwoSteps: true, // knows only objects with a cell
        DroppedUnderTheLock: true, // and so not returned
        CloneNotCounted: true,
        ReturnedInTwoSteps: true, // leaves the counts in the objects
        LinkedOnce: false,
        WakeDecidedEarly: false,
    };
    assert_eq!(hunts.each_ref().map(|(defect, ..)| *defect), Defect::ALL);
    for (defect, shown, found) in &hunts {
        match found {
            None => println!("{defect:?}: not found"),
            Some(Failure { cases, why, steps }) => {
                println!("{defect:?}: found in case {cases}: {why}\n{}", listed(steps));
            }
        }
        assert_eq!(found.is_some(), *shown, "{defect:?}");
    }
}
