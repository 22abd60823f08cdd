//! README shows what the program prints.
#![cfg(not(loom))]

mod common;

use common::{find, search_with};
use model::catalogue;
use model::catalogue::DISTRIBUTED_RACE;
use model::render::{chart, svg};
use model::sizes::{PerVat, Sizes};

const README: &str = include_str!("../../README.md");
const CHANGELOG: &str = include_str!("../../CHANGELOG.md");

#[test]
fn the_chart_in_the_readme_is_the_chart_that_is_printed() {
    let finding = find(DISTRIBUTED_RACE);
    let chart = chart::chart(&finding.counterexamples[0]);
    let chart = anstream::adapter::strip_str(&chart).to_string();
    let (drawn, _prose) = chart.split_once("\n\nS1 ").unwrap();
    assert!(README.contains(drawn), "{drawn}");
}

/// If this fails: `model export --mutation uncounted-drop --format svg -o docs/uncounted-drop.svg`.
#[test]
fn the_picture_in_the_readme_is_the_picture_that_is_exported() {
    let picture = svg::svg(&find(DISTRIBUTED_RACE).counterexamples[0]);
    assert!(README.contains("(docs/uncounted-drop.svg)"));
    assert!(picture == include_str!("../../docs/uncounted-drop.svg"), "it is another picture now");
}

#[test]
fn the_changelog_has_the_counts_that_the_tests_pin() {
    for count in ["3,592,850", "1,365,995", "1,152,145", "2,327,222"] {
        assert!(CHANGELOG.contains(count), "{count}");
    }
}

/// If this fails: put what `model compare --markdown` prints between the marks in README.
#[test]
fn the_comparison_in_the_readme_is_what_is_printed() {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_model"))
        .args(["compare", "--markdown"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let (_, after) = README.split_once("<!-- comparison -->\n").unwrap();
    let (shown, _) = after.split_once("<!-- /comparison -->").unwrap();
    assert_eq!(shown, printed);
}

#[test]
fn the_readme_says_how_many_systems_and_defects_there_are() {
    let defects: std::collections::BTreeSet<_> =
        catalogue::mutations().filter_map(|(_, m)| Some(m.defect?.id)).collect();
    assert_eq!((catalogue::SYSTEMS.len(), defects.len()), (13, 53));
    assert!(README.contains("thirteen systems"));
    assert!(README.contains("fifty-three defects"));
    assert_eq!(catalogue::LEFT_OUT.len(), 2);
    assert!(README.contains("Two of the catalogue's defects"));
}

/// Minutes of work for a debug build: `cargo test -p model --release --test readme -- --ignored`.
#[test]
#[ignore = "7.6 million states"]
fn the_larger_run_has_the_number_of_states_that_the_readme_gives() {
    let failing = catalogue::SYSTEMS[0].scenarios.iter().find(|s| s.id == "failing").unwrap();
    let sizes = Sizes { failures: PerVat::both(1), ..failing.sizes };
    let outcome = search_with(None, sizes, 2);
    assert_eq!((outcome.cut, outcome.counts.distinct), (None, 7_647_912));
    assert!(README.contains("7,647,912"));
}
