//! Runs `model conform`, and reads what it says.

use assert_cmd::Command;
use serde_json::Value;

/// A run of seconds; on a machine that does other things at the same time it may be more.
pub(crate) const LITTLE: &[&str] =
    &["--max-states", "60", "--walks", "5", "--cycles", "10", "--patience", "60"];

/// As little as there is: the first states of each world, and the counterexamples of mutations.
pub(crate) const LEAST: &[&str] = &["--max-states", "5", "--walks", "1", "--cycles", "0"];

pub(crate) fn conform(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.arg("conform").args(arguments).env_remove("CLICOLOR_FORCE");
    command
}

/// Whether there is a Python for the template; says so if not.
pub(crate) fn python() -> bool {
    let output = std::process::Command::new("python3").arg("--version").output();
    let is_there = output.is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("NOT TESTED: there is no `python3`, which the template for adapters needs");
    }
    is_there
}

/// The status and the JSON document of a run.
pub(crate) fn json(which: &[&str], effort: &[&str], adapter: &[&str]) -> (Option<i32>, Value) {
    let mut arguments = [which, effort, &["--json"]].concat();
    if !adapter.is_empty() {
        arguments.push("--");
        arguments.extend(adapter);
    }
    let output = conform(&arguments).output().unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code(), document)
}

/// The template, perhaps with a defect.
pub(crate) fn template(defect: Option<&str>, effort: &[&str]) -> (Option<i32>, Value) {
    let adapter = defect.map_or_else(Vec::new, |defect| vec!["--defect", defect]);
    json(&["--peer", "template"], effort, &adapter)
}

/// What was found that violates a property.
pub(crate) fn findings<'a>(document: &'a Value, property: &str) -> Vec<&'a Value> {
    let found = document["found"].as_array().unwrap();
    found.iter().filter(|finding| finding["property"] == property).collect()
}

/// What is said about a property.
pub(crate) fn cell<'a>(document: &'a Value, property: &str) -> &'a Value {
    let cells = document["properties"].as_array().unwrap();
    cells.iter().find(|cell| cell["property"] == property).unwrap()
}
