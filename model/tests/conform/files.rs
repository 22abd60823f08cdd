//! What `model conform` prints and saves.

use crate::seen::{LEAST, conform, findings, python, template};
use assert_cmd::Command;
use captp_wire::read::Reader;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty, starts_with};
use quick_junit::TestCaseStatus;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn model(command: &str) -> Command {
    let mut model = Command::new(env!("CARGO_BIN_EXE_model"));
    model.arg(command).env_remove("CLICOLOR_FORCE");
    model
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_document_has_the_fields_that_it_promises() {
    if !python() {
        return;
    }
    let effort = ["--max-states", "20", "--walks", "1", "--cycles", "2"];
    let (_, document) = template(Some("never-answers"), &effort);
    assert_eq!(document["schema"], "captp-gc/conform/1");
    let fields = [
        "adapter_lost",
        "behaviour",
        "can",
        "found",
        "hostile",
        "incomplete",
        "memory",
        "peer",
        "properties",
        "schedules",
        "schema",
        "seconds",
        "system",
        "undecodable",
        "version",
    ];
    assert_eq!(keys(&document), fields);
    let fields = [
        "covered",
        "impossible",
        "left_out",
        "name",
        "planned",
        "refusals",
        "refused",
        "schedules",
        "states",
        "steps",
        "transitions",
        "violating",
    ];
    assert_eq!(keys(&document["schedules"][0]), fields);
    let fields = ["judged", "property", "shortest", "tested", "verdict", "violated"];
    assert_eq!(keys(&document["properties"][0]), fields);
    let finding = findings(&document, "S1")[0];
    let fields = ["counterexample", "finding", "origin", "property", "requests", "schedules"];
    assert_eq!(keys(finding), fields);
    assert_eq!(keys(&document["hostile"][0]), ["case", "reaction", "said", "violated"]);
    let fields = ["grows", "growth", "memory", "times", "what"];
    assert_eq!(keys(&document["memory"][0]), fields);
}

#[test]
fn junit_has_a_case_for_each_property_and_the_schedule_of_what_is_violated() {
    if !python() {
        return;
    }
    let which = ["--peer", "template", "--format", "junit"];
    let defect = ["--", "--defect", "never-answers"];
    let output = conform(&[&which, LEAST, &defect].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let document = String::from_utf8(output.stdout).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&document).unwrap();
    assert_eq!(report.test_suites.len(), 1);
    let suite = &report.test_suites[0];
    assert_eq!(suite.name.as_str(), "toy 1.0.0");
    let ids: Vec<_> = suite.test_cases.iter().map(|case| &case.name.as_str()[..2]).collect();
    assert_eq!(ids, ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "C1", "L1", "L2", "L3"]);
    for case in &suite.test_cases {
        match (&case.name.as_str()[..2], &case.status) {
            ("S1" | "L1", TestCaseStatus::NonSuccess { message, description, .. }) => {
                assert!(message.as_ref().is_some_and(|text| text.contains("after: VatB sends")));
                assert!(description.is_some());
            }
            ("S4" | "L3", TestCaseStatus::Skipped { .. }) | (_, TestCaseStatus::Success { .. }) => {
            }
            (_, status) => panic!("{:?}: {status:?}", case.name),
        }
    }
}

#[test]
fn output_goes_into_a_file_without_colours() {
    if !python() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("said.txt");
    let which = ["--peer", "template", "-o", file.to_str().unwrap()];
    conform(&[&which, LEAST].concat()).assert().code(0).stdout(is_empty());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("toy 1.0.0, held against the rules of E's CapTP\n"), "{text}");
    assert!(text.ends_with("Nothing found.\n") && !text.contains('\u{1b}'), "{text}");
}

/// The files of what was found in a template that never answers.
fn saved() -> TempDir {
    let folder = TempDir::new().unwrap();
    let which = ["--peer", "template", "--save", folder.path().to_str().unwrap()];
    let defect = ["--", "--defect", "never-answers"];
    let assert = conform(&[&which, LEAST, &defect].concat()).assert();
    assert.code(1).stderr(contains("01-S1, 02-L1"));
    folder
}

fn lines(file: &Path) -> usize {
    let text = fs::read(file).unwrap();
    let mut reader = Reader::new(text.as_slice()).unwrap();
    assert_eq!(reader.header().system, "e-captp");
    assert_eq!(reader.header().peer, "toy 1.0.0");
    reader.by_ref().collect::<Result<Vec<_>, _>>().unwrap().len()
}

/// The script does it again, with nothing but the toy beside it.
fn script_shows_it(folder: &Path) {
    let toy = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../checks/peers/template");
    for module in ["toy.py", "entries.py", "fields.py", "defects.py"] {
        fs::copy(toy.join(module), folder.join(module)).unwrap();
    }
    Command::new("python3")
        .arg("01-S1.py")
        .current_dir(folder)
        .assert()
        .code(0)
        .stdout(contains("NEVER ANSWERED: probe 1, VatA asking Bob for its name"));
}

#[test]
fn each_finding_is_saved_in_every_form_and_each_form_is_what_it_says() {
    if !python() {
        return;
    }
    let folder = saved();
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let endings = ["html", "json", "jsonl", "py", "svg", "txt"];
    let expected = ["01-S1", "02-L1"];
    let expected = expected.iter().flat_map(|name| endings.map(|end| format!("{name}.{end}")));
    assert_eq!(names, expected.collect::<Vec<_>>());
    let file = |name: &str| folder.path().join(name);
    let text = |name: &str| fs::read_to_string(file(name)).unwrap();
    assert!(text("01-S1.txt").starts_with("toy 1.0.0: S1 is violated after"));
    assert!(
        text("01-S1.txt").contains("asks Bob for its name")
            && !text("01-S1.txt").contains('\u{1b}')
    );
    assert!(text("01-S1.svg").starts_with("<svg"));
    assert!(text("01-S1.html").starts_with("<!DOCTYPE html>"));
    assert!(lines(&file("01-S1.jsonl")) > 3);
    assert!(lines(&file("02-L1.jsonl")) > 3);
    model("export")
        .args(["--format", "text", "--trace"])
        .arg(file("01-S1.json"))
        .assert()
        .code(0)
        .stdout(starts_with(text("01-S1.txt")));
    script_shows_it(folder.path());
}

#[test]
fn what_an_implementation_did_is_exported_in_every_form_or_refused_and_never_walked_again() {
    if !python() {
        return;
    }
    let folder = saved();
    let file = folder.path().join("01-S1.json");
    let why = contains("01-S1.json: it is what toy 1.0.0 did, and no walk of the model's");
    model("replay").arg(&file).assert().code(2).stdout(is_empty()).stderr(why);
    for form in ["text", "json", "svg", "html", "mermaid", "itf", "shiviz"] {
        let assert = model("export").args(["--format", form, "--trace"]).arg(&file).assert();
        assert.code(0).stdout(is_empty().not());
    }
    let refused = model("export").args(["--format", "rust-test", "--trace"]).arg(&file).assert();
    refused.code(2).stdout(is_empty()).stderr(contains("error: "));
}
