//! Runs the scenarios under loom, and prints how many executions there were.

use checks::attempt::{Outcome, attempt};
use checks::explorer::Verdict;
use checks::planted::{NONE, Twin};
use checks::scenario::small;
use checks::twins;
use checks::under_loom::Loom;
use libtest_mimic::{Arguments, Failed, Trial};
use std::cell::Cell;
use std::time::Instant;

/// Explores all executions.
fn explore(run: fn() -> Verdict) -> Outcome {
    attempt(run, |execution| loom::model::Builder::new().check(execution))
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
            let start = Instant::now();
            let executions = explore(scenario.run)
                .map_err(|(at, wrong)| Failed::from(format!("execution {at}: {wrong}")))?;
            let bound = std::env::var("LOOM_MAX_PREEMPTIONS")
                .map_or("no bound".into(), |bound| format!("at most {bound} preemptions"));
            let (name, threads, time) = (scenario.name, scenario.threads, start.elapsed());
            println!(
                "{name}: {}\n    {threads} threads, {bound}: {executions} executions, {time:.1?}",
                scenario.proves
            );
            Ok(())
        })
        .with_kind("holds")
    });
    let finds = twins!(Loom).into_iter().map(|Twin { defect, scenario, run }| {
        Trial::test(format!("{defect:?}_in_{scenario}"), move || {
            EXPECTED.set(true);
            let outcome = explore(run);
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
