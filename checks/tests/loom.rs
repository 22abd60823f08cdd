//! Every interleaving of the real tables, exhausted by loom. Run with
//! `RUSTFLAGS="--cfg loom" cargo test`; `-- --nocapture` is not needed to see the figures.
//!
//! Scenarios of two threads are exhausted without a bound. Those of three are exhausted without one
//! too where that takes seconds, and else up to the number of preemptions printed. Each planted
//! defect must be found by a scenario; the execution that finds it is printed.

#[cfg(loom)]
mod exhaust;

#[cfg(loom)]
fn main() {
    exhaust::main();
}

#[cfg(not(loom))]
fn main() {
    println!("loom's scenarios run with RUSTFLAGS=\"--cfg loom\" cargo test");
}
