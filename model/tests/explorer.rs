//! Stateright's Explorer on a counterexample, asked over HTTP as its page asks.
#![cfg(not(loom))]

mod common;

use assert_cmd::assert::OutputAssertExt;
use common::server::Server;
use predicates::str::contains;
use serde_json::Value;
use std::process::Command;

#[test]
fn the_printed_address_leads_to_the_violation_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--mutation", "uncounted-drop"], folder.path());
    let url = server.url("S1 violated in 7 steps");
    let (_, path) = url.split_once("/#/steps").unwrap();
    let (before, last) = path.rsplit_once('/').unwrap();
    let steps: Value = serde_json::from_str(&server.get(&format!("/.states{before}"))).unwrap();
    let step = &steps[last.parse::<usize>().unwrap()];
    assert_eq!(step["action"], "VatB reads GCExportOp(0, 1)");
    let outcome = step["outcome"].as_str().unwrap();
    insta::assert_snapshot!(outcome);
    let names: Vec<_> =
        step["properties"].as_array().unwrap().iter().map(|p| p[1].as_str().unwrap()).collect();
    assert!(names.contains(&"S1 no premature free"), "{names:?}");
}

#[test]
fn the_actions_read_like_a_story() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--mutation", "no-successor-check"], folder.path());
    let (_, path) = server.url("S4 violated").split_once("/#/steps").unwrap();
    let indices: Vec<_> = path.split('/').skip(1).collect();
    let mut story = Vec::new();
    for at in 1..indices.len() {
        let before = format!("/.states/{}", indices[..at].join("/"));
        let steps: Value = serde_json::from_str(&server.get(&before)).unwrap();
        let step = &steps[indices[at].parse::<usize>().unwrap()];
        story.push(step["action"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        story,
        [
            "VatB sends Bob",
            "VatA reads NewFarDesc(0) Bob",
            "VatA drops Bob's proxy",
            "VatA's collector clears imports[0]",
            "VatB sends Bob",
            "VatA reads ImportDesc(0) Bob",
            "VatA serves the notification of imports[0]",
        ]
    );
}

#[test]
fn every_system_opens_on_a_counterexample_whose_last_step_shows_the_violation() {
    let folder = tempfile::tempdir().unwrap();
    for system in model::catalogue::SYSTEMS {
        let mutation = &system.mutations[0];
        let server = Server::start(&["--mutation", mutation.id], folder.path());
        let label = format!("{} violated in", mutation.kills);
        let (_, path) = server.url(&label).split_once("/#/steps").unwrap();
        let (before, last) = path.rsplit_once('/').unwrap();
        let steps: Value = serde_json::from_str(&server.get(&format!("/.states{before}"))).unwrap();
        let outcome = steps[last.parse::<usize>().unwrap()]["outcome"].as_str().unwrap().to_owned();
        assert!(outcome.contains(&format!("✗ {}", mutation.kills)), "{}: {outcome}", system.id);
    }
}

#[test]
fn a_folder_ui_where_it_is_started_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let ui = folder.path().join("ui");
    std::fs::create_dir(&ui).unwrap();
    std::fs::write(ui.join("index.htm"), "somebody's private page").unwrap();
    let server = Server::start(&["--mutation", "canary"], folder.path());
    let page = server.get("/");
    assert!(page.contains("Stateright") && !page.contains("private"), "{page}");
}

#[test]
fn an_address_in_use_is_a_sentence_and_status_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    Command::new(env!("CARGO_BIN_EXE_model"))
        .args(["explore", "--mutation", "canary", "--address", &address])
        .assert()
        .code(2)
        .stderr(contains(format!("error: cannot serve on {address}: ")));
}
