//! Every interleaving of the real tables, exhausted by loom. Run with
//! `RUSTFLAGS="--cfg loom" cargo test`; `-- --nocapture` is not needed to see the figures.
//!
//! All scenarios, of two threads and of three, are exhausted without a bound on preemptions
//! (`LOOM_MAX_PREEMPTIONS` sets one). On tables with a planted defect each must fail; the execution
//! that does is printed.

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
