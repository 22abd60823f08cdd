//! The catalogue as a user meets it: systems, defects, the comparison, completions.
#![cfg(not(loom))]

use assert_cmd::Command;
use model::catalogue::{self, Feature, SYSTEMS};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::collections::BTreeSet;

fn model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn stdout(arguments: &[&str]) -> String {
    let output = model(arguments).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

#[test]
fn the_list_of_systems_says_where_the_rules_are_from() {
    insta::assert_snapshot!(stdout(&["list", "--systems"]));
}

#[test]
fn the_list_of_defects_has_each_with_its_citation_and_its_mark() {
    insta::assert_snapshot!(stdout(&["list", "--defects"]));
}

#[test]
fn a_defect_is_checked_and_charted_by_its_number_in_either_case() {
    for id in ["M1", "m1"] {
        model(&["check", "--defect", id])
            .assert()
            .code(0)
            .stdout(contains("violated S1").and(contains("✗ S1")).and(contains("M1, documented")));
    }
    model(&["check", "--defect", "M99"]).assert().code(2).stderr(contains("invalid value"));
}

#[test]
fn a_system_is_checked_by_its_name() {
    let text = stdout(&["check", "--system", SYSTEMS[1].id]);
    assert!(text.contains(SYSTEMS[1].title), "{text}");
    assert!(!text.contains(SYSTEMS[0].title), "{text}");
}

#[test]
fn sizes_that_a_model_does_not_have_are_a_sentence() {
    let without = SYSTEMS.iter().filter(|system| !system.features.contains(&Feature::Sessions));
    assert!(without.clone().count() > 1);
    for system in without {
        model(&["check", "--system", system.id, "--sessions", "2"])
            .assert()
            .code(2)
            .stderr(contains(format!("the model of {} has no --sessions", system.title)));
    }
}

/// Every cell of a row says what the catalogue promises.
#[test]
fn the_comparison_of_a_system_comes_from_searches() {
    let text = stdout(&["compare", "--system", SYSTEMS[1].id, "--json"]);
    let compared: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(compared["schema"], "captp-gc/compare/1");
    let row = &compared["systems"][0];
    assert_eq!(row["system"], SYSTEMS[1].id);
    assert_eq!(row["incomplete"], false);
    assert!(row["states"].as_u64().unwrap() > 100);
    assert_eq!(row["properties"].as_array().unwrap().len(), 11);
    assert_eq!(row["assumptions"].as_array().unwrap().len(), 5);
    let untested = |p: &&Value| p["standing"] == "untested" || p["standing"] == "violated";
    let untested: Vec<_> = row["properties"].as_array().unwrap().iter().filter(untested).collect();
    assert_eq!(untested, Vec::<&Value>::new());
}

#[test]
fn a_comparison_that_is_cut_short_is_incomplete() {
    model(&["compare", "--system", "e-captp", "--timeout", "0"]).assert().code(3);
}

#[test]
fn completions_know_the_names() {
    let script = stdout(&["completions", "bash"]);
    for name in ["e-captp", "no-successor-check", "M1"] {
        assert!(script.contains(name), "{name}");
    }
    model(&["completions", "abacus"]).assert().code(2);
}

/// The answer to a race is the absence of a mutation of the same system, killed by a property that
/// such a race can violate.
#[test]
fn what_answers_a_race_is_taken_away_by_a_mutation_of_the_same_system() {
    for system in SYSTEMS {
        for answer in [&system.distributed, &system.local] {
            if let Some(id) = answer.without {
                let (of, _) = catalogue::mutation(id).unwrap_or_else(|| panic!("{id}"));
                assert_eq!(of.id, system.id, "{id}");
            }
        }
    }
}

#[test]
fn every_defect_about_collection_is_a_mutation_or_is_named_as_left_out() {
    let modelled: BTreeSet<_> = catalogue::mutations()
        .filter_map(|(_, mutation)| mutation.defect)
        .map(|defect| defect.number())
        .collect();
    let left_out: BTreeSet<_> = catalogue::LEFT_OUT.iter().map(|(number, _)| *number).collect();
    assert!(modelled.is_disjoint(&left_out));
    let all: BTreeSet<_> = modelled.union(&left_out).copied().collect();
    assert_eq!(all, (1..=55).collect());
}
