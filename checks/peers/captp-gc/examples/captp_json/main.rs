//! The tables of `captp-gc` at one end of a connection to `@endo/captp`, which runs in a `node`.
//!
//! ```text
//! npm ci --prefix checks/peers/captp
//! cargo run -p captp-gc-peer --example captp_json -- --peer-modules checks/peers/captp
//! ```
//!
//! An object of ours goes there three times and comes home, one of theirs comes here three times;
//! one is dropped while it is on its way. It ends well, with exit status 0, if nothing is left in
//! our tables and the peer's collector has taken what we gave back; 2 if there is no `node` or no
//! package.
//!
//! With `--collide`, our exports are numbered like the peer's, from 1. Version 4.5.1 then gives
//! back more than it got; it ends well if our tables refuse that.

mod ours;
#[path = "../shared/mod.rs"]
mod shared;
mod story;

use std::process::ExitCode;
use story::End;

/// Where the package is installed, if nothing else is said.
const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../captp");

fn main() -> ExitCode {
    let (mut modules, mut collide) = (MODULES.to_owned(), false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let folder = if argument == "--peer-modules" { arguments.next() } else { None };
        match folder {
            Some(folder) => modules = folder,
            None if argument == "--collide" => collide = true,
            None => {
                eprintln!("usage: captp_json [--peer-modules DIR] [--collide]");
                return ExitCode::from(2);
            }
        }
    }
    match story::tell(&modules, collide) {
        Ok(End::Well) => ExitCode::SUCCESS,
        Ok(End::NoPeer(why)) => {
            eprintln!("captp_json: {why}");
            ExitCode::from(2)
        }
        Err(why) => {
            eprintln!("captp_json: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{End, MODULES, story};

    fn told(collide: bool) {
        let modules = std::env::var("CAPTP_MODULES").unwrap_or_else(|_| MODULES.to_owned());
        match story::tell(&modules, collide) {
            Ok(End::Well) => {}
            Ok(End::NoPeer(why)) => eprintln!("not tested: {why}"),
            Err(why) => panic!("{why}"),
        }
    }

    #[test]
    fn both_ends_count_alike_and_nothing_is_left() {
        told(false);
    }

    #[test]
    fn what_the_released_peer_miscounts_is_refused() {
        told(true);
    }
}
