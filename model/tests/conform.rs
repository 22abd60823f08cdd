//! `model conform`: what it says of adapters that are right, wrong, and no adapters at all.
//!
//! They are led through the program itself. All that they need is Python, for the toy that comes
//! with the template for adapters; where there is none they say so.
#![cfg(not(loom))]

#[path = "conform/bad_input.rs"]
mod bad_input;
#[path = "conform/by_hand.rs"]
mod by_hand;
#[path = "conform/defects.rs"]
mod defects;
#[path = "conform/drawn.rs"]
mod drawn;
#[path = "conform/files.rs"]
mod files;
#[path = "conform/lost.rs"]
mod lost;
#[path = "conform/seen.rs"]
mod seen;

use seen::{LITTLE, conform, json, python, template};
use serde_json::Value;

/// Everything that can be seen holds, and all that was planned was done.
fn passes(document: &Value) {
    for cell in document["properties"].as_array().unwrap() {
        let verdict = cell["verdict"].as_str().unwrap();
        let hidden = verdict == "not-observable";
        assert!(verdict == "holds" || (hidden && cell["property"] == "S4"), "{cell}");
        assert!(hidden || cell["judged"].as_u64().unwrap() > 0, "{cell}");
    }
    let groups = document["schedules"].as_array().unwrap();
    for group in groups {
        assert_eq!(group["covered"], group["transitions"], "{group}");
        assert_eq!(group["schedules"], group["planned"], "{group}");
        assert_eq!(group["violating"], 0, "{group}");
    }
    let worlds = groups.iter().filter(|group| group["states"].is_u64());
    assert!(worlds.filter(|world| world["transitions"].as_u64() > Some(0)).count() >= 5);
    assert_eq!(document["found"], Value::Array(Vec::new()));
    assert_eq!(document["adapter_lost"], 0);
    assert_eq!(document["incomplete"], false);
}

#[test]
fn an_adapter_without_a_defect_passes_and_every_transition_of_every_world_is_covered() {
    if !python() {
        return;
    }
    let (status, document) = template(None, LITTLE);
    passes(&document);
    assert_eq!(status, Some(0));
    let hostile = document["hostile"].as_array().unwrap();
    assert!(hostile.len() >= 12);
    assert!(hostile.iter().all(|case| case["reaction"] == "ended" && case["said"] != ""));
    let memory = document["memory"].as_array().unwrap();
    assert_eq!(memory.len(), 2);
    assert!(memory.iter().all(|cycle| cycle["grows"] == false), "{memory:?}");
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_other_walks() {
    if !python() {
        return;
    }
    let walks = |seed| {
        let effort = ["--max-states", "3", "--walks", "8", "--cycles", "0", "--seed", seed];
        let mut groups = template(None, &effort).1["schedules"].take();
        groups.as_array_mut().unwrap().pop().unwrap()
    };
    let (one, other) = (walks("7"), walks("8"));
    assert_eq!(one, walks("7"));
    assert_eq!((&one["name"], &one["schedules"]), (&"random walks, seed 7".into(), &8.into()));
    assert_ne!(one["refused"], other["refused"]);
}

#[test]
fn our_own_tables_pass_everything() {
    let effort = ["--max-states", "150", "--walks", "20", "--cycles", "20"];
    let (status, document) = json(&["--peer", "captp-gc"], &effort, &[]);
    passes(&document);
    assert_eq!(status, Some(0));
    assert_eq!((&document["peer"], &document["system"]), (&"captp-gc".into(), &"e-captp".into()));
}

#[test]
fn the_list_says_of_each_peer_whether_it_is_ready_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("captp")).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = conform(&["--list", "--adapters", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let listed = String::from_utf8(output.stdout).unwrap();
    let names = ["captp", "capnweb", "capnp-rpc", "capnp-rpc-0.25", "pycapnp", "captp-gc"];
    for name in names {
        let line = listed.lines().find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name} is not in: {listed}"));
        let missing = if name == "captp" { "needs" } else { "there is no folder" };
        assert!(line.contains(missing), "{line}");
    }
    if python() {
        let output = conform(&["--list"]).output().unwrap();
        let listed = String::from_utf8(output.stdout).unwrap();
        let line = listed.lines().find(|line| line.starts_with("template "));
        assert!(line.is_some_and(|line| line.ends_with(": ready")), "{listed}");
    }
}

#[test]
fn the_list_is_printed_in_the_form_and_into_the_file_that_is_asked_for() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    conform(&["--list", "--json", "-o", path]).assert().code(0).stdout("");
    let listed: Value = serde_json::from_reader(file).unwrap();
    let listed = listed.as_array().unwrap();
    let ours = listed.iter().find(|peer| peer["id"] == "captp-gc").unwrap();
    assert_eq!(
        (&ours["title"], ours["state"].is_string()),
        (&"this project's own tables".into(), true)
    );
    conform(&["--list", "--format", "junit"]).assert().code(2).stdout("");
    conform(&["--list", "--save", "somewhere"]).assert().code(2).stdout("");
}

#[test]
fn time_that_is_up_is_status_3_and_what_was_left_out_is_said() {
    if !python() {
        return;
    }
    let effort = ["--walks", "5000", "--cycles", "0", "--timeout", "1"];
    let (status, document) = template(None, &effort);
    assert_eq!((status, &document["incomplete"]), (Some(3), &true.into()));
    let groups = document["schedules"].as_array().unwrap();
    let late =
        groups.iter().filter(|group| group["schedules"].as_u64() < group["planned"].as_u64());
    for group in late.clone() {
        let why = group["left_out"].as_array().unwrap();
        let why: Vec<_> = why.iter().map(|why| why.as_str().unwrap()).collect();
        assert!(why.iter().any(|why| why.ends_with(", for time")), "{group}");
    }
    assert!(late.count() > 0);
    let command = ["--peer", "template", "--max-states", "5"];
    let output = conform(&[&command[..], &effort].concat()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text.contains("schedules, for time"), "{text}");
    assert!(text.contains("Nothing found, and not everything was tried."), "{text}");
}

#[test]
fn no_schedules_are_looked_for_in_a_world_when_time_is_up() {
    if !python() {
        return;
    }
    let (status, document) = template(None, &["--timeout", "0"]);
    assert_eq!((status, &document["incomplete"]), (Some(3), &true.into()));
    let groups = document["schedules"].as_array().unwrap();
    let is_world = |group: &&Value| group["name"].as_str().unwrap().starts_with("world ");
    let worlds: Vec<_> = groups.iter().filter(is_world).collect();
    assert!(worlds.len() >= 5);
    for world in worlds {
        assert_eq!(world["left_out"], serde_json::json!(["the whole world, for time"]), "{world}");
        assert_eq!((&world["states"], &world["schedules"]), (&Value::Null, &0.into()), "{world}");
    }
}
