//! A hostile peer: whatever it sends, and whatever the application does meanwhile, it is refused or
//! it is within its rights, nothing else changes, and no object goes that it did not give back.
//!
//! Three sources of operations, one judge: proptest, a fuzzer, and the corpus. To run proptest with
//! another seed, or the fuzzer for longer or with the seed that it printed when it failed:
//!
//! ```sh
//! PROPTEST_RNG_SEED=7 cargo test -p checks --test hostile
//! BOLERO_RANDOM_ITERATIONS=10000000 cargo test -p checks --test hostile fuzzed
//! BOLERO_RANDOM_SEED=123456789 cargo test -p checks --test hostile fuzzed
//! cargo bolero test -p checks fuzzed_bytes_never_break_the_tables # guided, needs cargo-bolero
//! ```
//!
//! An input that broke something belongs into the corpus, under any name: all of them are replayed,
//! on stable, by `cargo test`. The named ones are written by
//! `CAPTP_GC_WRITE_CORPUS=1 cargo test -p checks --test hostile corpus`.
#![cfg(not(loom))]

#[path = "hostile/named.rs"]
mod named;
#[path = "hostile/op.rs"]
mod op;
#[path = "wire/planted.rs"]
mod planted;
#[path = "hostile/world.rs"]
mod world;

use captp_gc::protocol::{Limits, WireCount};
use captp_gc::sync::{Primitives, Std};
use op::{Op, any_op, decode, encode};
use planted::Planted;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use world::judge;

/// So tight that every limit is met, and with a page of imports that is not used to its end.
const TIGHT: Limits = Limits {
    exports_max: 3,
    imports_max: 70,
    mentions_max: WireCount::new(3),
    references_per_message_max: 8,
};

/// Judges under both limits. Returns the violations that occurred.
fn judge_both<P: Primitives>(ops: &[Op]) -> Result<BTreeSet<String>, String> {
    let mut violations = judge::<P>(ops, TIGHT)?;
    violations.append(&mut judge::<P>(ops, Limits::default())?);
    Ok(violations)
}

/// The same cases each time, unless the environment has another seed.
fn config(cases: u32) -> Config {
    let mut config = Config { cases, failure_persistence: None, ..Config::default() };
    if matches!(config.rng_seed, RngSeed::Random) {
        config.rng_seed = RngSeed::Fixed(0xB0B);
    }
    config
}

/// Random operations on tables on these primitives.
fn run_random<P: Primitives>(cases: u32) -> Result<(), String> {
    let config = config(cases);
    let seed = config.rng_seed;
    let ops = proptest::collection::vec(any_op(), 0..80);
    let run = TestRunner::new(config)
        .run(&ops, |ops| judge_both::<P>(&ops).map(|_| ()).map_err(TestCaseError::fail));
    run.map_err(|error| format!("{error}\nagain with PROPTEST_RNG_SEED={seed}"))
}

/// Where bolero looks for it: it is named after the test.
fn corpus_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/__fuzz__/fuzzed_bytes_never_break_the_tables/corpus")
}

fn corpus() -> BTreeMap<String, Vec<u8>> {
    let folder = std::fs::read_dir(corpus_folder()).expect("the corpus is committed");
    let files = folder.map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    });
    files.collect()
}

#[test]
fn no_random_operations_break_the_tables() {
    if let Err(wrong) = run_random::<Std>(1_000) {
        panic!("{wrong}");
    }
}

#[test]
fn fuzzed_bytes_never_break_the_tables() {
    let seen = Mutex::new(BTreeSet::new());
    bolero::check!().with_iterations(3_000).with_max_len(512).for_each(|bytes: &[u8]| {
        seen.lock().unwrap().insert(bytes.to_vec());
        let ops = decode(bytes);
        if let Err(wrong) = judge_both::<Std>(&ops) {
            panic!("{wrong}: {ops:?}");
        }
    });
    let seen = seen.into_inner().unwrap();
    for (name, bytes) in corpus() {
        assert!(seen.contains(&bytes), "{name} was not replayed");
    }
}

#[test]
fn every_input_of_the_corpus_is_what_its_name_says_and_every_violation_has_one() {
    let mut met = BTreeSet::new();
    for (name, ops, violations) in named::cases() {
        let path = corpus_folder().join(name);
        if std::env::var_os("CAPTP_GC_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(corpus_folder()).unwrap();
            std::fs::write(&path, encode(&ops)).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decode(&bytes), ops, "{name}");
        let found = judge_both::<Std>(&ops).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        for violation in violations {
            assert!(found.contains(*violation), "{name} meets with {found:?}");
        }
        met.extend(violations.iter().copied());
    }
    let all = [
        "IndexBeyondLimit",
        "NotIntroduced",
        "OverRelease",
        "StillImported",
        "TooManyMentions",
        "UnknownExport",
        "ZeroDelta",
    ];
    assert_eq!(met, all.into());
}

#[test]
fn every_list_of_operations_can_be_written_as_bytes() {
    let ops = proptest::collection::vec(any_op(), 0..20);
    let run = TestRunner::new(config(1_000)).run(&ops, |ops| {
        proptest::prop_assert_eq!(decode(&encode(&ops)), ops);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn the_corpus_and_random_operations_both_find_defects_that_are_planted_in_the_tables() {
    fn check<P: Primitives>() {
        let mut inputs = corpus().into_iter();
        let found =
            inputs.find_map(|(name, bytes)| Some((name, judge_both::<P>(&decode(&bytes)).err()?)));
        println!("{:?}: {:?}", P::DEFECT, found.expect("the corpus does not find it"));
        run_random::<P>(1_000).expect_err("random operations do not find it");
    }
    check::<Planted<0>>();
    check::<Planted<1>>();
    check::<Planted<2>>();
    check::<Planted<3>>();
}
