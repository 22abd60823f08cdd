//! Adapters that are none, or that stop being one in the middle of a schedule.

use crate::seen::{LEAST, cell, conform, findings, python, template};
use captp_wire::adapter::Request;
use captp_wire::line::End;
use model::conform::adapter::{Adapter, Failure, Start};
use model::conform::perform::{Manner, Stage};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use serde_json::Value;
use std::time::{Duration, Instant};

/// An adapter that only says hello.
fn hello(version: u32, system: &str, wire: &str) -> String {
    let names = format!("'peer': 'x', 'version': '1', 'system': '{system}', 'wire': '{wire}'");
    let line = format!("{{'adapter': {version}, {names}}}").replace('\'', "\\\"");
    format!("sh -c 'echo \"{line}\"; cat >/dev/null'")
}

#[test]
fn what_is_no_adapter_is_a_sentence_and_status_2() {
    let refused = [
        ("/no/such/program", "could not be started: /no/such/program: No such file"),
        ("true", "the adapter ended (exit status: 0)"),
        ("sh -c 'echo sorry >&2; exit 3'", "the adapter ended (exit status: 3)\n  | sorry"),
        ("echo hello", "that is no first line of an adapter: expected"),
        ("printf '\\377\\376\\n'", "that is no first line of an adapter"),
        ("sh -c 'head -c 3000000 /dev/zero'", "said too much: a line of more than 1048576 bytes"),
        ("'", "has a quote that does not end"),
        ("", "names no program"),
    ];
    for (command, why) in refused {
        conform(&["--peer-command", command])
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains(why).and(contains("error: ")));
    }
    conform(&[]).assert().code(2).stderr(contains("--peer-command"));
    conform(&["--peer", "nobody"]).assert().code(2).stderr(contains("capnp-rpc-0.25"));
}

#[test]
fn another_version_an_unknown_system_and_an_unknown_wire_are_refused_by_name() {
    let refused = [
        (hello(2, "e-captp", "lines"), "that is version 2 of the adapter protocol, not 1"),
        (hello(1, "nobody", "lines"), "against the system 'nobody', and there is none"),
        (hello(1, "e-captp", "smoke"), "a wire is one of captp-json, capnweb, capnp and lines"),
    ];
    for (command, why) in refused {
        let assert = conform(&["--peer-command", &command]).assert();
        assert.code(2).stdout(is_empty()).stderr(contains(why));
    }
}

#[test]
fn a_hello_that_never_comes_is_waited_for_no_longer_than_starting_may_take() {
    let (starting, began) = (Duration::from_millis(500), Instant::now());
    for (program, arguments) in [("cat", vec![]), ("sleep", vec!["60".to_owned()])] {
        let patient = Start::new(program.to_owned(), arguments, Duration::from_secs(60));
        assert_eq!(patient.starting, patient.timeout);
        let failure = Adapter::start(&Start { starting, ..patient }).err();
        assert_eq!(failure, Some(Failure::Hang(starting)));
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_adapter_may_take_longer_to_start_than_to_answer() {
    let slow = hello(1, "nobody", "lines").replace("echo", "sleep 1; echo");
    let assert = conform(&["--peer-command", &slow, "--patience", "0.1"]).assert();
    assert.code(2).stderr(contains("against the system 'nobody', and there is none"));
}

#[test]
fn an_adapter_that_has_started_is_not_waited_for_any_longer_than_for_a_request() {
    let arguments = vec!["-c".to_owned(), format!("exec {}", hello(1, "e-captp", "lines"))];
    let timeout = Duration::from_millis(500);
    let mut adapter = Adapter::start(&Start::new("sh".to_owned(), arguments, timeout)).unwrap();
    assert_eq!(adapter.ask(&Request::Open), Err(Failure::Hang(timeout)));
}

#[test]
fn where_nothing_can_be_written_is_said_before_anything_is_done() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let assert = conform(&["--peer-command", "/no/such/program", "--save", path]).assert();
    assert.code(2).stderr(contains("cannot write").and(contains(path)));
}

/// A message that cannot be decoded is not in the trace, and neither is that it was read: what is
/// read next is the message after it.
#[test]
fn a_message_that_cannot_be_decoded_is_left_out_of_the_trace_with_its_reading() {
    let hello = r#"{"adapter":1,"peer":"x","version":"1","system":"e-captp","wire":"lines"}"#;
    let sent = |raw: &str| format!(r#"echo '{{"event":"sent","from":"B","raw":{raw}}}'"#);
    let (smoke, call) = (sent(r#""smoke""#), sent(r#"{"kind":"call"}"#));
    let (read, done) = (r#"{"event":"delivered","to":"A"}"#, r#"{"done":true}"#);
    let script = format!(
        "echo '{hello}'
        while read line; do
            case $line in *send*) {smoke}; {call};; *deliver*) echo '{read}';; esac
            echo '{done}'
        done"
    );
    let arguments = vec!["-c".to_owned(), script];
    let start = Start::new("sh".to_owned(), arguments, Duration::from_secs(10));
    let mut stage = Stage::new(start).unwrap();
    let requests =
        [Request::Send { vat: End::B, refs: Vec::new() }, Request::Deliver { to: End::A }];
    let run = stage.schedule(&requests, Manner::default());
    assert_eq!((run.undecodable.len(), run.violations), (1, Vec::new()));
    let lines: Vec<_> = run.trace.iter().map(|line| serde_json::to_value(line).unwrap()).collect();
    assert_eq!((&lines[0]["seq"], &lines[0]["kind"]), (&1.into(), &"call".into()));
    assert_eq!((&lines[1]["seq"], &lines[1]["event"]), (&2.into(), &"read".into()));
    assert_eq!(lines.len(), 2);
}

#[test]
fn what_is_missing_for_a_peer_and_how_to_get_it_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let of = |peer| conform(&["--peer", peer, "--adapters", path]).assert().code(2);
    of("capnweb").stderr(contains("name the folder of its adapters with --adapters"));
    std::fs::create_dir(folder.path().join("captp")).unwrap();
    let said = contains("error: captp needs ");
    let how = contains("run `npm ci` in ").or(contains("there is no `node`"));
    of("captp").stdout(is_empty()).stderr(said.and(how));
    std::fs::create_dir(folder.path().join("pycapnp")).unwrap();
    if python() && !has_pycapnp() {
        of("pycapnp").stderr(contains("pip install --require-hashes -r requirements.txt"));
    }
}

fn has_pycapnp() -> bool {
    let mut python = std::process::Command::new("python3");
    python.args(["-c", "import capnp"]).output().is_ok_and(|output| output.status.success())
}

/// Runs a template that goes astray in some schedules. All others are performed all the same.
fn astray(defect: &str, said: &str) -> Value {
    let (status, document) = template(Some(defect), LEAST);
    assert_eq!(status, Some(1), "{defect}");
    for group in document["schedules"].as_array().unwrap() {
        assert_eq!(group["schedules"], group["planned"], "{defect}: {group}");
        let lost = group["violating"].as_u64() > Some(0);
        let all = group["covered"] == group["transitions"];
        assert!(lost || all, "what an adapter was lost in covers nothing: {group}");
    }
    assert!(document["adapter_lost"].as_u64() > Some(5), "{defect}");
    assert_eq!(document["incomplete"], false);
    let found = findings(&document, "S6");
    assert_eq!(found.len(), 1, "{defect}: {found:#?}");
    assert!(found[0]["finding"].as_str().unwrap().contains(said), "{defect}: {found:#?}");
    assert_eq!(found[0]["requests"].as_array().unwrap().len(), 1, "{defect}: {found:#?}");
    // Of what it did before, there is something to say.
    assert!(cell(&document, "C1")["judged"].as_u64() > Some(0), "{defect}");
    document
}

#[test]
fn an_adapter_that_crashes_is_started_anew_and_its_last_words_are_the_finding() {
    if python() {
        astray("crash", "the adapter ended (exit status: 3)\n  | the adapter was told to crash");
    }
}

#[test]
fn an_adapter_that_writes_garbage_is_started_anew_and_the_garbage_is_shown() {
    if python() {
        astray("garbage", "wrote 'Segmentation fault (core not dumped)' on its standard output");
    }
}

#[test]
fn an_adapter_that_floods_is_started_anew() {
    if python() {
        astray("flood", "the adapter said too much: 20001 lines for one request");
    }
}

#[test]
fn an_adapter_that_hangs_is_killed_when_patience_is_out_and_the_run_goes_on() {
    if !python() {
        return;
    }
    let effort = [LEAST, &["--patience", "2", "--timeout", "5"]].concat();
    let (status, document) = template(Some("hang"), &effort);
    assert_eq!((status, &document["incomplete"]), (Some(1), &true.into()));
    assert!(document["adapter_lost"].as_u64() > Some(2));
    let found = findings(&document, "S6");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["finding"], "the adapter did not answer within 2 s");
}
