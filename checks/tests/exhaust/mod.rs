//! Runs the scenarios under loom, and prints how many executions there were.

use captp_gc::table::Defect;
use checks::explorer::Verdict;
use checks::planted::{NONE, planted};
use checks::scenario::{exports, imports, sessions, small};
use checks::under_loom::Loom;
use libtest_mimic::{Arguments, Failed, Trial};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Scenarios that are too large to be exhausted without a bound: the number of preemptions up to
/// which they are.
const BOUNDED: &[(&str, usize)] = &[];

/// A defect, and the scenario that must find it.
struct Twin {
    defect: Defect,
    scenario: &'static str,
    run: fn() -> Verdict,
}

macro_rules! twin {
    ($defect:ident, $module:ident :: $scenario:ident) => {
        Twin {
            defect: Defect::$defect,
            scenario: stringify!($scenario),
            run: $module::$scenario::<Loom<{ planted(Defect::$defect) }>>,
        }
    };
}

fn twins() -> Vec<Twin> {
    vec![
        twin!(SuccessorNotChecked, imports::last_drop_and_import),
        twin!(SuccessorNotChecked, sessions::both_races_at_once),
        twin!(CountTakenInTwoSteps, imports::drain_and_drain),
        twin!(ReportedBeforeGone, imports::drop_and_drain),
        twin!(MarkWipedLate, imports::drop_and_drain),
        twin!(DropNotOrdered, imports::drop_is_ordered_after_the_call),
        twin!(IndexFreedEarly, exports::an_index_is_reused_at_once),
        twin!(NotLookedAgain, exports::export_and_export),
        twin!(OwnerIgnored, exports::one_object_in_two_sessions),
        twin!(ClosedBesideTheWord, sessions::close_and_import),
        twin!(MentionInTwoSteps, exports::export_export_and_gc_export),
    ]
}

/// Explores all executions up to the bound. Returns their number, or that of the one that fails and
/// what went wrong.
fn explore(run: fn() -> Verdict, bound: Option<usize>) -> Result<usize, (usize, String)> {
    let executions = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(bound);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        builder.check(move || {
            count.fetch_add(1, Ordering::Relaxed);
            if let Err(wrong) = run() {
                panic!("{wrong}");
            }
        });
    }));
    let executions = executions.load(Ordering::Relaxed);
    outcome.map(|()| executions).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        (executions, said.unwrap_or_else(|| "loom ended the execution".into()))
    })
}

fn bound_of(scenario: &str) -> Option<usize> {
    BOUNDED.iter().find(|(name, _)| *name == scenario).map(|(_, bound)| *bound)
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// A panic that is expected is reported once, by the test.
fn hush_expected_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !EXPECTED.get() {
            default(panic);
        }
    }));
}

pub(crate) fn main() {
    hush_expected_panics();
    let holds = small::<Loom<NONE>>().into_iter().map(|scenario| {
        Trial::test(scenario.name, move || {
            let (start, bound) = (Instant::now(), bound_of(scenario.name));
            let executions = explore(scenario.run, bound)
                .map_err(|(at, wrong)| Failed::from(format!("execution {at}: {wrong}")))?;
            let bound = bound.map_or("no bound".into(), |b| format!("at most {b} preemptions"));
            let (name, threads, time) = (scenario.name, scenario.threads, start.elapsed());
            println!(
                "{name}: {}\n    {threads} threads, {bound}: {executions} executions, {time:.1?}",
                scenario.proves
            );
            Ok(())
        })
        .with_kind("holds")
    });
    let finds = twins().into_iter().map(|Twin { defect, scenario, run }| {
        Trial::test(format!("{defect:?}_in_{scenario}"), move || {
            EXPECTED.set(true);
            let outcome = explore(run, bound_of(scenario));
            EXPECTED.set(false);
            match outcome {
                Ok(executions) => Err(format!("not found in {executions} executions").into()),
                Err((at, wrong)) => {
                    println!("{defect:?} is found by {scenario} in execution {at}: {wrong}");
                    Ok(())
                }
            }
        })
        .with_kind("finds")
    });
    let trials = holds.chain(finds).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
