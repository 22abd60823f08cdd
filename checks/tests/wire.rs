//! Two vats over a real connection: a million random steps on several threads each, connections
//! that are cut, and in the end nothing left and every destructor run once.
//!
//! The choices of every thread follow from one seed, which a failure prints; how the threads are
//! scheduled does not. To run with another seed, or with this one again and again:
//!
//! ```sh
//! CAPTP_GC_SEED=7 cargo test -p checks --test wire
//! ```
#![cfg(not(loom))]

#[path = "wire/app.rs"]
mod app;
#[path = "wire/channel.rs"]
mod channel;
#[path = "wire/ledger.rs"]
mod ledger;
#[path = "wire/planted.rs"]
mod planted;
#[path = "wire/run.rs"]
mod run;
#[path = "wire/vat.rs"]
mod vat;

use captp_gc::sync::{Leaking, Primitives, Std};
use ledger::Ledger;
use planted::Planted;
use run::{Plan, run};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const MILLION: u64 = 1_000_000;
/// Longer than any run takes: what is not done by then hangs.
const DEADLINE: Duration = Duration::from_secs(120);

fn seed() -> u64 {
    std::env::var("CAPTP_GC_SEED").map_or(0xB0B, |seed| seed.parse().expect("a number"))
}

/// Runs a plan on a thread of its own, so that a deadlock fails.
fn run_in_time<P: Primitives>(plan: Plan) -> Result<Arc<Ledger>, String> {
    let (done, waiting) = mpsc::channel();
    thread::spawn(move || done.send(run::<P>(plan)));
    waiting.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no end, or a panic: {plan:?}"))
}

/// Runs a plan that must succeed, and have met with everything.
fn run_well<P: Primitives>(steps: u64) {
    let plan = Plan { steps, seed: seed(), cut_one_in: 4_000 };
    let ledger = run_in_time::<P>(plan).unwrap_or_else(|fault| {
        panic!("{fault}\n{plan:?}: again with CAPTP_GC_SEED={}", plan.seed)
    });
    let tally = &ledger.tally;
    println!("{} objects, {tally:?}", ledger.created());
    let met = |counter: &AtomicU64, one_in: u64| {
        let met = counter.load(Ordering::Relaxed);
        assert!(met >= steps / one_in, "{met} is too little to show much: {plan:?}, {tally:?}");
    };
    for counter in [&tally.sessions, &tally.stale, &tally.broken, &tally.refused] {
        met(counter, 20_000);
    }
    for counter in [&tally.calls, &tally.mentions, &tally.homes, &tally.successors, &tally.unsent] {
        met(counter, 1_000);
    }
    met(&tally.given_back, 1_000);
}

#[test]
fn a_million_steps_with_cut_connections_leave_nothing_and_destroy_everything_once() {
    run_well::<Std>(MILLION);
}

#[test]
fn the_same_holds_of_tables_whose_pages_are_never_returned() {
    run_well::<Leaking>(MILLION / 10);
}

#[test]
fn the_same_run_finds_defects_that_are_planted_in_the_tables() {
    fn check<P: Primitives>() {
        let plan = Plan { steps: MILLION / 20, seed: seed(), cut_one_in: 1_000 };
        let fault = run_in_time::<P>(plan).err();
        println!("{:?}: {}", P::DEFECT, fault.expect("it was not found"));
    }
    check::<Planted<0>>();
    check::<Planted<1>>();
    check::<Planted<3>>();
}
