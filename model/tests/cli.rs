//! The command line as a user meets it: what it prints, and how it ends.
#![cfg(not(loom))]

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::Value;

const SMALL: &[&str] =
    &["check", "--objects", "1", "--sends", "0,2", "--calls", "0", "--references", "1"];

fn model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn stdout(arguments: &[&str]) -> String {
    let output = model(arguments).assert().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// Takes out what differs from run to run.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r" +\d+(\.\d+)? s  +(-|[\d,]+)\n", "  [time]\n");
    settings.add_filter(r"time  states/s", "[time]");
    settings.add_filter(r"in \d+(\.\d+)? s", "in [time]");
    settings.add_filter(r"; peak memory [\d.]+ \w+", "");
    settings.add_filter(r"rustc [^,]+", "rustc [version]");
    settings
}

#[test]
fn a_check_prints_a_table_what_was_tested_and_a_verdict() {
    let text = stdout(&[SMALL, &["--threads", "1"]].concat());
    settings().bind(|| insta::assert_snapshot!(text));
}

#[test]
fn a_mutation_is_charted_and_caught_with_status_0() {
    model(&["check", "--mutation", "export-not-counted"])
        .assert()
        .code(0)
        .stdout(contains("violated C1").and(contains("✗ C1")).and(contains("1 ≠ 2 + 0 + 0")))
        .stderr(is_empty());
}

#[test]
fn a_mutation_that_is_not_caught_is_status_1() {
    model(&["check", "--mutation", "reused-before-zero", "--objects", "1"])
        .assert()
        .code(1)
        .stdout(contains("not caught: S3 should have been violated"));
}

#[test]
fn a_mutation_caught_by_another_property_than_it_names_is_status_1() {
    model(&["check", "--mutation", "unordered-channels", "--sends", "1", "--calls", "1"])
        .assert()
        .code(1)
        .stdout(contains("caught by S1, not by S6, which it names"));
}

#[test]
fn a_search_that_is_cut_short_is_incomplete_with_status_3_whatever_cut_it() {
    let budgets = [["--max-states", "500"], ["--max-depth", "4"], ["--timeout", "0"]];
    for budget in budgets {
        for threads in [["--threads", "1"], ["--threads", "2"]] {
            let scenario = ["check", "--scenario", "one-way"];
            let arguments = [&scenario[..], &budget, &threads].concat();
            let incomplete = contains("? ").and(contains("incomplete: --"));
            model(&arguments)
                .assert()
                .code(3)
                .stdout(incomplete.and(contains("  holds  ").count(1).and(contains(budget[0]))));
        }
    }
}

#[test]
fn a_mutation_cut_short_before_it_shows_is_incomplete_too() {
    model(&["check", "--mutation", "uncounted-drop", "--max-depth", "3"]).assert().code(3);
}

#[test]
fn only_the_mutations_of_a_property_are_checked_with_it() {
    let arguments = ["check", "--property", "s2", "--mutation", "gc-overtakes-calls"];
    model(&arguments).assert().code(0).stdout(contains("violated S2"));
    model(&["check", "--property", "S1", "--mutation", "gc-overtakes-calls"])
        .assert()
        .code(2)
        .stderr(contains("nothing is left to check"));
}

#[test]
fn a_property_that_would_not_be_put_to_the_test_is_refused_rather_than_found_to_hold() {
    model(&["check", "--property", "S7", "--scenario", "one-way"])
        .assert()
        .code(2)
        .stderr(contains("S7 is not put to the test in these worlds: it needs --faults 1"));
}

#[test]
fn properties_that_are_not_put_to_the_test_are_named_below_the_verdict() {
    let untested = "Not put to the test in any of them: S2 S3 S5 S7 C1.";
    model(SMALL).assert().code(0).stdout(contains(untested));
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_does_not_change_the_status() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_model"))
        .args(SMALL)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]));
}

#[test]
fn unknown_names_are_status_2_with_the_nearest_names() {
    let unknown = [
        (["check", "--mutation", "no-sucessor-check"], "'no-successor-check'"),
        (["check", "--system", "e-catp"], "'e-captp'"),
        (["check", "--scenario", "oneway"], "'one-way'"),
        (["explore", "--mutation", "uncounted"], "'uncounted-drop'"),
    ];
    for (arguments, nearest) in unknown {
        model(&arguments)
            .assert()
            .code(2)
            .stderr(contains("similar value").and(contains(nearest)))
            .stdout(is_empty());
    }
    model(&["check", "--property", "S9"]).assert().code(2).stderr(contains("possible values"));
}

#[test]
fn sizes_that_cannot_be_are_status_2_with_the_limit_and_the_reason() {
    let impossible = [
        (["--objects", "0"], "from 1 to 4: with none there is nothing to export"),
        (["--objects", "5"], "from 1 to 4"),
        (["--references", "3"], "1 or 2: a message is kept in fixed space"),
        (["--sessions", "0"], "from 1 to 8"),
        (["--sends", "0"], "no reference would ever be sent"),
        (["--sends", "0,31"], "at most 30"),
        (["--sends", "1,2,3"], "only with --vats 3"),
        (["--sends", "1,2,3,4"], "more numbers than there are vats"),
        (["--losses", "1"], "has no --losses"),
        (["--sends", "300"], "is not a number from 0 to 255"),
        (["--threads", "0"], "1..=256"),
        (["--max-states", "0"], "1.."),
        (["--timeout", "soon"], "not a number of seconds"),
    ];
    for (arguments, reason) in impossible {
        model(&["check"]).args(arguments).assert().code(2).stderr(contains(reason));
    }
    model(&["check", "--timeout=-1"]).assert().code(2).stderr(contains("negative"));
}

#[test]
fn an_output_that_cannot_be_written_is_a_sentence_before_the_search() {
    model(&["check", "--output", "/nowhere/at/all.json"])
        .timeout(std::time::Duration::from_secs(2))
        .assert()
        .code(2)
        .stderr(contains("error: cannot write /nowhere/at/all.json: "));
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_while_it_is_written_is_a_sentence_too() {
    let arguments = [SMALL, &["--output", "/dev/full"]].concat();
    model(&arguments).assert().code(2).stderr(contains("the result could not be written"));
}

#[test]
fn the_json_has_a_schema_and_says_what_the_table_says() {
    let text = stdout(&["check", "--mutation", "uncounted-drop", "--json", "--threads", "1"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], "captp-gc/check/2");
    assert_eq!(report["exit_status"], 0);
    assert_eq!(report["made_with"]["threads"], 1);
    let row = &report["rows"][0];
    assert_eq!(row["name"], "uncounted-drop");
    assert_eq!(row["rule"], "R4");
    assert_eq!(row["expected_property"], "S1");
    assert_eq!(row["verdict"], "violated");
    assert_eq!(row["as_expected"], true);
    assert_eq!(row["control"]["verdict"], "holds");
    let counterexample = &row["counterexamples"][0];
    assert_eq!(counterexample["property"], "S1");
    let last = counterexample["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["text"], "VatB reads GCExportOp(0, 1)");
    let balance = serde_json::json!({
        "export_count": 0, "mentions": 1, "import_count": 0, "deltas": 0
    });
    assert_eq!(last["after"]["balance"], balance);
}

#[test]
fn the_json_can_go_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let arguments = [SMALL, &["--json", "--output", path.to_str().unwrap()]].concat();
    model(&arguments).assert().code(0).stdout(is_empty());
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(report["rows"][0]["verdict"], "holds");
    assert_eq!(
        report["rows"][0]["witnesses"],
        serde_json::json!(["S1", "S4", "S6", "L1", "L2", "L3"])
    );
}

#[test]
fn colour_is_for_terminals_and_for_those_who_insist() {
    let escape = "\u{1b}[";
    let check = ["check", "--mutation", "canary"];
    model(&check).assert().stdout(contains(escape).not());
    model(&check).args(["--color", "always"]).assert().stdout(contains(escape));
    model(&check).env("CLICOLOR_FORCE", "1").assert().stdout(contains(escape));
    model(&check).env("NO_COLOR", "1").assert().stdout(contains(escape).not());
}

#[test]
fn the_list_names_everything_there_is_to_check() {
    insta::assert_snapshot!(stdout(&["list"]));
    let document: Value = serde_json::from_str(&stdout(&["list", "--json"])).unwrap();
    assert_eq!(document["schema"], "captp-gc/list/1");
    assert_eq!(document["systems"][0]["mutations"].as_array().unwrap().len(), 34);
    assert_eq!(document["properties"].as_array().unwrap().len(), 11);
}

#[test]
fn a_bare_command_prints_help_with_examples() {
    model(&[]).assert().code(2).stderr(contains("Usage: model").and(contains("Examples:")));
    model(&["check", "--help"])
        .assert()
        .code(0)
        .stdout(contains("Exit status of check: 0").and(contains("--max-states")));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_search_as_incomplete_with_its_report() {
    use std::process::{Command, Stdio};
    use std::time::Duration;
    let child = Command::new(env!("CARGO_BIN_EXE_model"))
        .args(["check", "--sends", "4", "--objects", "4", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rows"][0]["verdict"], "incomplete");
    assert!(report["rows"][0]["problem"].as_str().unwrap().contains("it was interrupted"));
}
