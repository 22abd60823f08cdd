//! Counterexamples in files: walked again, asked, refused; and random walks that a seed gives back.
#![cfg(not(loom))]

mod common;

use assert_cmd::Command;
use common::find;
use model::catalogue::{self, DISTRIBUTED_RACE};
use model::counterexample::Counterexample;
use model::saved;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.args(arguments).env_remove("CLICOLOR_FORCE");
    command
}

fn race() -> Counterexample {
    find(DISTRIBUTED_RACE).counterexamples.remove(0)
}

/// A file with the race's data, after `change`.
fn file(folder: &TempDir, change: impl FnOnce(String) -> String) -> PathBuf {
    let file = folder.path().join("trace.json");
    let text = serde_json::to_string_pretty(&race()).unwrap();
    fs::write(&file, change(text)).unwrap();
    file
}

fn replay(file: &Path) -> assert_cmd::assert::Assert {
    model(&["replay"]).arg(file).assert()
}

#[test]
fn every_counterexample_of_the_catalogue_is_walked_again_exactly_as_it_was_saved() {
    for (system, mutation) in catalogue::mutations() {
        for found in find(mutation.id).counterexamples {
            let text = serde_json::to_string(&found).unwrap();
            let saved: Counterexample = serde_json::from_str(&text).unwrap();
            assert!(saved == found, "{}: what is read is not what was written", mutation.id);
            let task = saved::task(&saved).unwrap();
            let again = (system.runs.walk)(&task, &saved).unwrap();
            assert!(again == saved, "{}: another walk", mutation.id);
        }
    }
}

#[test]
fn check_saves_what_replay_walks() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    model(&["check", "--mutation", DISTRIBUTED_RACE, "--save", path]).assert().code(0);
    replay(&folder.path().join("uncounted-drop-S1.json"))
        .code(0)
        .stdout(contains("exactly as saved: 7 steps").and(contains("✗ S1")));
}

#[test]
fn a_walk_of_another_model_is_refused_before_it_is_walked() {
    let folder = TempDir::new().unwrap();
    let ours = race().made_by.hash;
    let file = file(&folder, |text| text.replace(&ours, "0123456789abcdef"));
    replay(&file).code(2).stdout(is_empty()).stderr(contains("made by another model"));
}

#[test]
fn a_walk_that_is_not_one_of_this_model_is_status_1_with_the_step_and_what_would_be_possible() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, |text| {
        text.replacen("\"text\": \"VatA drops Bob's proxy\"", "\"text\": \"VatA eats Bob\"", 1)
    });
    replay(&file).code(1).stdout(
        contains("step 3, 'VatA eats Bob', is not possible").and(contains("VatB sends Bob")),
    );
}

#[test]
fn a_walk_that_violates_nothing_of_the_kind_is_status_1() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, |text| text.replace("\"property\": \"S1\"", "\"property\": \"S7\""));
    replay(&file).code(1).stdout(contains("does not violate S7"));
}

#[test]
fn an_unreadable_truncated_foreign_or_hostile_file_is_a_sentence_with_the_place_and_status_2() {
    let folder = TempDir::new().unwrap();
    let name = "trace.json";
    replay(&folder.path().join("nowhere.json")).code(2).stderr(contains("cannot read"));
    replay(folder.path()).code(2).stderr(contains("cannot read"));
    type Spoil = fn(String) -> String;
    let refused: [(&str, Spoil); 8] = [
        ("EOF while parsing", |text| text[..text.len() / 2].to_owned()),
        ("line 1 column 2", |_| "not a trace".to_owned()),
        ("does not say that it is", |_| "{\"states\": []}".to_owned()),
        ("has the schema 'captp-gc/check/2'", |text| {
            text.replace("captp-gc/trace/1", "captp-gc/check/2")
        }),
        ("invalid type", |text| text.replace("\"steps\": [", "\"steps\": 7, \"others\": [")),
        ("there is no system 'nobody'", |text| text.replace("e-captp", "nobody")),
        ("has no mutation 'none'", |text| text.replace("\"uncounted-drop\"", "\"none\"")),
        ("--objects is 200", |text| text.replacen("\"objects\": 1", "\"objects\": 200", 1)),
    ];
    for (reason, change) in refused {
        let file = file(&folder, change);
        replay(&file).code(2).stdout(is_empty()).stderr(contains(reason).and(contains(name)));
    }
    let huge = file(&folder, |text| {
        text.replace("\"mentions\": 1", "\"mentions\": 4294967295")
            .replace("\"import_count\": 1", "\"import_count\": 4294967295")
            .replace("\"deltas\": 0", "\"deltas\": 4294967295")
    });
    for form in ["text", "svg", "html", "mermaid", "itf", "shiviz", "rust-test"] {
        let arguments = ["export", "--format", form, "--trace"];
        let status = model(&arguments).arg(&huge).output().unwrap().status.code();
        assert!(matches!(status, Some(0 | 2)), "{form}: {status:?}");
    }
    let deep = file(&folder, |_| "[".repeat(1 << 20));
    replay(&deep).code(2).stdout(is_empty()).stderr(contains("recursion limit exceeded"));
}

#[test]
fn why_not_names_the_guard_that_forbids_a_step() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, |text| text);
    let asked = [
        ("VatB sends Bob", "7", "--sends is used up"),
        ("VatB sends Bob", "2", "'VatB sends Bob' is possible"),
        ("VatA's collector clears imports[0]", "2", "the application holds the proxy"),
        ("VatB finds the session cut", "1", "it is the last session that --sessions allows"),
        ("VatA calls Bob's proxy", "3", "--calls is used up, and the application does not hold"),
        ("VatA calls Carol's proxy", "3", "none of the guards that can be lifted forbids it"),
    ];
    for (step, after, why) in asked {
        let arguments = ["--why-not", step, "--after", after];
        model(&["replay"]).arg(&file).args(arguments).assert().code(0).stdout(contains(why));
    }
    let beyond = ["--why-not", "VatB sends Bob", "--after", "99"];
    model(&["replay"]).arg(&file).args(beyond).assert().code(2).stderr(contains("no step 99"));
}

#[test]
fn a_seed_and_a_number_give_a_random_walk_back() {
    let walks = |arguments: &[&str]| {
        let mut all = vec!["simulate", "--mutation", DISTRIBUTED_RACE, "--format", "json"];
        all.extend(arguments);
        let output = model(&all).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let (status, first, said) = walks(&["--seed", "3"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("S1 is violated by walk 5"), "{said}");
    let (_, again, _) = walks(&["--seed", "3", "--first", "5", "--walks", "1"]);
    assert_eq!(first, again);
    let found: Counterexample = serde_json::from_str(&first).unwrap();
    let task = saved::task(&found).unwrap();
    assert_eq!((task.system.runs.walk)(&task, &found), Ok(found));
    let (_, other, _) = walks(&["--seed", "4"]);
    assert_ne!(first, other);
}

#[test]
fn random_walks_of_the_full_rules_find_nothing_in_worlds_beyond_exhaustion() {
    for system in catalogue::SYSTEMS {
        let walks = ["--sends", "6", "--calls", "3", "--walks", "200", "--seed", "11"];
        model(&["simulate", "--system", system.id])
            .args(walks)
            .assert()
            .code(0)
            .stdout(contains("nothing found, which proves nothing. Seed 11: 200 walks"));
    }
}
