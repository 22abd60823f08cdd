//! The concurrent tables beside those that people use or would write, in one run.
//!
//! A group is an operation, a function is a contender, a parameter is how many entries are live, or
//! how many threads work. `cargo run -p benches --bin table-summary` prints the ratios.

#[cfg(not(loom))]
mod contender;
#[cfg(not(loom))]
mod reference;
#[cfg(not(loom))]
mod suite;
#[cfg(not(loom))]
mod threads;
#[cfg(not(loom))]
mod world;

#[cfg(not(loom))]
fn main() {
    contender::check::all();
    suite::run();
}

#[cfg(loom)]
fn main() {}
