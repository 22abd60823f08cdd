//! The two races of the seed, as a user sees them.
#![cfg(not(loom))]

mod common;

use common::find;
use model::catalogue::{self, DISTRIBUTED_RACE, LOCAL_RACE};
use model::render::chart;

fn plain(id: &str) -> String {
    let finding = find(id);
    anstream::adapter::strip_str(&chart::chart(&finding.counterexamples[0])).to_string()
}

#[test]
fn the_distributed_race_is_drawn_with_both_counts_and_the_sum_that_stops_matching() {
    insta::assert_snapshot!(plain(DISTRIBUTED_RACE));
}

#[test]
fn the_local_race_is_drawn_with_the_successor_that_is_harmed() {
    insta::assert_snapshot!(plain(LOCAL_RACE));
}

#[test]
fn a_message_with_two_references_takes_two_lines() {
    insta::assert_snapshot!(plain("import-counted-once-per-message"));
}

#[test]
fn a_session_that_ends_is_drawn() {
    insta::assert_snapshot!(plain("old-message-read"));
}

#[test]
fn the_finding_says_what_is_wrong_and_not_something_else() {
    let finding = |id| find(id).counterexamples[0].finding.clone();
    let lost = finding("evicted-object-lost");
    assert!(lost.contains("objects handed back are not those whose entries went"), "{lost}");
    let leaked = finding("notification-lost");
    assert!(leaked.contains("VatB's exports[0] still counts 1"), "{leaked}");
    let overtaken = finding("gc-overtakes-calls");
    assert!(
        overtaken.starts_with("on the wire, what gives imports[0] back stands ahead"),
        "{overtaken}"
    );
}

#[test]
fn every_chart_fits_a_hundred_columns() {
    for (_, mutation) in catalogue::mutations() {
        let chart = plain(mutation.id);
        let (steps, _prose) = chart.split_once("✗").unwrap_or((&chart, ""));
        for line in steps.lines().skip(4) {
            assert!(line.chars().count() <= 100, "{}: {line}", mutation.id);
        }
    }
}

#[test]
fn the_counterexample_as_data_says_everything_that_is_drawn() {
    let mut counterexample = find(DISTRIBUTED_RACE).counterexamples.remove(0);
    counterexample.made_by.hash = "[of the sources]".to_owned();
    insta::assert_snapshot!(serde_json::to_string_pretty(&counterexample).unwrap());
}
