//! What a hostile peer can make a session allocate: no more than follows from its limits, and
//! little at a time.
//!
//! The allocator that counts is the process's, so nothing else may run in the process: neither
//! other tests, nor the thread by which the usual harness waits for them, which allocates when it
//! pleases. The figures are bytes asked of the allocator, without its own overhead.

#[cfg(not(loom))]
#[path = "memory/claims.rs"]
mod claims;

#[cfg(not(loom))]
fn main() {
    claims::main();
}

#[cfg(loom)]
fn main() {
    println!("the allocator is measured without --cfg loom");
}
