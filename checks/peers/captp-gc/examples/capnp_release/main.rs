//! The tables of `captp-gc` at one end of a connection to `capnp-rpc`.
//!
//! ```text
//! cargo run -p captp-gc-peer --example capnp_release
//! ```
//!
//! Both ends are in this process, joined by two pipes. A capability of ours goes there three times
//! and comes home, one of theirs comes here three times; one is dropped while it is on its way. It
//! ends well, with exit status 0, if nothing is left in our tables and nothing of theirs is kept.
#![cfg_attr(loom, allow(unused))]

#[cfg(not(loom))]
mod ours;
#[cfg(not(loom))]
mod peer;
#[cfg(not(loom))]
mod pipe;
#[cfg(not(loom))]
#[path = "../shared/mod.rs"]
mod shared;
#[cfg(not(loom))]
mod story;

#[cfg(not(loom))]
fn main() -> std::process::ExitCode {
    match story::tell() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("capnp_release: {why}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// The peer is not built for loom.
#[cfg(loom)]
fn main() {}

#[cfg(all(test, not(loom)))]
mod tests {
    #[test]
    fn both_ends_count_alike_and_nothing_is_left() {
        super::story::tell().unwrap();
    }
}
