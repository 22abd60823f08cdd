//! Runs the scenarios under shuttle's schedulers, and prints how many schedules there were.

use captp_gc::table::Defect;
use checks::attempt::{Outcome, attempt};
use checks::explorer::Verdict;
use checks::planted::{NONE, Twin, planted};
use checks::scenario::{imports, small, wire};
use checks::twins;
use checks::under_shuttle::Shuttle;
use libtest_mimic::{Arguments, Failed, Trial};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

/// Replays the schedule in this file instead of sampling.
const SCHEDULE: &str = "SHUTTLE_SCHEDULE";
/// Samples from this seed instead of the usual one.
const SEED: &str = "SHUTTLE_SEED";

/// Where failing schedules are written.
const SCHEDULES: &str = env!("CARGO_TARGET_TMPDIR");

/// Schedules of each small scenario under each scheduler; of each large one.
const SMALL: usize = 1_000;
const LARGE: usize = 15_000;
/// Depth-first search goes on to the end if it is reached by then.
const DEPTH_FIRST_MAX: usize = 20_000;
/// A twin must fail within so many schedules.
const TWIN_MAX: usize = 20_000;
/// Preemptions that PCT places.
const PCT_DEPTH: usize = 3;

fn seed() -> u64 {
    std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_131_109)
}

/// Runs schedules until one fails. Returns their number, or that of the one that fails and why.
fn sample(scheduler: impl Scheduler + 'static, run: fn() -> Verdict) -> Outcome {
    let mut config = Config::new();
    config.failure_persistence = match PANICS.get() {
        Panics::Expected => FailurePersistence::None,
        _ => FailurePersistence::File(Some(PathBuf::from(SCHEDULES))),
    };
    config.silence_warnings = true;
    attempt(run, |execution| {
        Runner::new(scheduler, config).run(execution);
    })
}

fn random(schedules: usize) -> RandomScheduler {
    RandomScheduler::new_from_seed(seed(), schedules)
}

fn pct(schedules: usize) -> PctScheduler {
    PctScheduler::new_from_seed(seed(), PCT_DEPTH, schedules)
}

fn failed(name: &str, (at, wrong): (usize, String)) -> Failed {
    format!(
        "schedule {at}: {wrong}\nit is in the file named above, which this replays:\n    \
         {SCHEDULE}=FILE cargo test -p checks --test shuttle -- --exact {name}"
    )
    .into()
}

/// A scenario under random schedules, under PCT's, and if it is small under all that there are.
fn holds(name: &'static str, proves: &'static str, run: fn() -> Verdict, small: bool) -> Trial {
    let trial = move || {
        if let Ok(schedule) = std::env::var(SCHEDULE) {
            let replay = ReplayScheduler::new_from_file(schedule)?;
            return sample(replay, run).map(drop).map_err(|wrong| failed(name, wrong));
        }
        let (start, schedules) = (Instant::now(), if small { SMALL } else { LARGE });
        let done = |outcome: Outcome| outcome.map_err(|wrong| failed(name, wrong));
        let random = done(sample(random(schedules), run))?;
        let pct = done(sample(pct(schedules), run))?;
        let depth_first = if small {
            let search = DfsScheduler::new(Some(DEPTH_FIRST_MAX), false);
            match done(sample(search, run))? {
                DEPTH_FIRST_MAX => format!(", depth first {DEPTH_FIRST_MAX} and not finished"),
                all => format!(", depth first all {all}"),
            }
        } else {
            String::new()
        };
        let time = start.elapsed();
        println!("{name}: {proves}\n    random {random}, PCT {pct}{depth_first}; {time:.1?}");
        Ok(())
    };
    Trial::test(name, trial).with_kind("holds")
}

/// A planted defect that must be found, under random schedules or under PCT's.
fn finds(Twin { defect, scenario, run }: Twin) -> Trial {
    let name = format!("{defect:?}_in_{scenario}");
    let said = name.clone();
    let trial = move || {
        PANICS.set(Panics::Expected);
        let outcomes =
            [("random", sample(random(TWIN_MAX), run)), ("PCT", sample(pct(TWIN_MAX), run))];
        PANICS.set(Panics::Unexpected);
        for (scheduler, outcome) in &outcomes {
            match outcome {
                Err((at, wrong)) => println!("{said}: {scheduler} finds it at {at}: {wrong}"),
                Ok(all) => println!("{said}: {scheduler} does not find it in {all}"),
            }
        }
        match outcomes {
            [(_, Ok(_)), (_, Ok(_))] => Err("found by no scheduler".into()),
            _ => Ok(()),
        }
    };
    Trial::test(name, trial).with_kind("finds")
}

/// What to say of a panic of this thread.
#[derive(Clone, Copy, PartialEq)]
enum Panics {
    Unexpected,
    /// The test reports it, once.
    Expected,
    /// The same, and its schedule is written down.
    Written,
}

thread_local! {
    static PANICS: Cell<Panics> = const { Cell::new(Panics::Unexpected) };
}

/// Shuttle's own hook, which writes the schedule to a file, is installed by its first run. It stays
/// between one that says when it is called, and one that says when the default hook is.
fn hush_expected_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if PANICS.get() == Panics::Unexpected {
            default(panic);
        }
    }));
    assert_eq!(sample(random(1), || Ok(())), Ok(1));
    let shuttles = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if PANICS.get() != Panics::Expected {
            shuttles(panic);
        }
    }));
}

/// A failing schedule, written down and replayed, fails in the same way.
fn a_failing_schedule_is_replayed() -> Result<(), Failed> {
    let run = imports::last_drop_and_import::<Shuttle<{ planted(Defect::SuccessorNotChecked) }>>;
    let written = || -> Result<BTreeSet<PathBuf>, Failed> {
        std::fs::read_dir(SCHEDULES)?.map(|file| Ok(file?.path())).collect()
    };
    let before = written()?;
    println!("a schedule fails, as it should:");
    PANICS.set(Panics::Written);
    let first = sample(random(TWIN_MAX), run);
    let file = written()?.difference(&before).next().cloned().ok_or("no schedule is written")?;
    PANICS.set(Panics::Expected);
    let again = sample(ReplayScheduler::new_from_file(&file)?, run);
    PANICS.set(Panics::Unexpected);
    std::fs::remove_file(file)?;
    match (first, again) {
        (Err((_, first)), Err((1, again))) if first == again => Ok(()),
        outcomes => Err(format!("{outcomes:?}").into()),
    }
}

pub(crate) fn main() {
    hush_expected_panics();
    let mut trials: Vec<_> = small::<Shuttle<NONE>>()
        .into_iter()
        .map(|scenario| holds(scenario.name, scenario.proves, scenario.run, true))
        .collect();
    trials.push(holds(
        "two_sessions",
        "two vats of three threads: no error, no wrong object, empty tables in the end",
        wire::two_sessions::<Shuttle<NONE>>,
        false,
    ));
    trials.push(holds(
        "two_sessions_cut",
        "the same, and both sessions end in the middle of it",
        wire::two_sessions_cut::<Shuttle<NONE>>,
        false,
    ));
    let large = twins! { Shuttle:
        SuccessorNotChecked in wire::two_sessions,
        CountTakenInTwoSteps in wire::two_sessions,
        ReportedBeforeGone in wire::two_sessions,
        MentionInTwoSteps in wire::two_sessions,
        ClosedBesideTheWord in wire::two_sessions_cut,
    };
    // Shuttle is sequentially consistent: it sees no ordering that is too weak, and no load that
    // returns an old value.
    let weak = [Defect::DropNotOrdered, Defect::MarkWipedLate];
    let small = twins!(Shuttle).into_iter().filter(|twin| !weak.contains(&twin.defect));
    trials.extend(small.chain(large).map(finds));
    trials.push(Trial::test("a_failing_schedule_is_replayed", a_failing_schedule_is_replayed));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
