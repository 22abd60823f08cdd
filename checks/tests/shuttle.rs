//! The real tables under shuttle: sampled interleavings of larger worlds than loom can exhaust.
//!
//! Schedules come from a fixed seed; `SHUTTLE_SEED=7` tries others. A failing schedule is written
//! to a file, and `SHUTTLE_SCHEDULE=FILE cargo test -p checks --test shuttle -- --exact NAME`
//! replays it.

#[cfg(not(loom))]
mod sample;

#[cfg(not(loom))]
fn main() {
    sample::main();
}

#[cfg(loom)]
fn main() {
    println!("shuttle's scenarios run without --cfg loom");
}
