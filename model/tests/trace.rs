//! `model trace`: what recorded traffic comes to, and what is no trace.
#![cfg(not(loom))]

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

const HEADER: &str = r#"{"trace":"captp-gc/wire/1","system":"capnp"}"#;
const RECORDED: [&str; 5] = [
    "capnp.jsonl",
    "capnp-in-passing.jsonl",
    "capnweb.jsonl",
    "endo-captp-e1.jsonl",
    "endo-captp-e2.jsonl",
];
/// A promise that is broken: the model has no words for it, and the sums are right.
const BROKEN_PROMISE: [&str; 3] = [
    r#""from":"A","kind":"bootstrap","question":0"#,
    r#""from":"B","kind":"return","question":0,"refs":[{"mention":{"index":0,"promise":true}}]"#,
    r#""from":"B","kind":"resolve","promise":{"index":0}"#,
];

fn trace(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/traces"));
    command.arg("trace").args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// A trace of messages without their numbers.
fn numbered<T: AsRef<str>>(header: &str, messages: impl IntoIterator<Item = T>) -> String {
    let mut text = format!("{header}\n");
    for (seq, message) in (1..).zip(messages) {
        writeln!(text, r#"{{"seq":{seq},{}}}"#, message.as_ref()).unwrap();
    }
    text
}

/// Standard input is judged.
fn judged(arguments: &[&str], text: impl Into<Vec<u8>>) -> Assert {
    trace(&[arguments, &["-"]].concat()).write_stdin(text).assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn each_recorded_trace_has_its_verdict() {
    let mut all = String::new();
    for file in RECORDED {
        let assert = trace(&[file]).assert().stderr(is_empty());
        let status = assert.get_output().status.code();
        writeln!(all, "{}exit status {status:?}\n", stdout(&assert)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_trace_comes_from_standard_input_as_well() {
    let text = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/traces/endo-captp-e1.jsonl"),
    );
    let named = stdout(&trace(&["endo-captp-e1.jsonl"]).assert().code(1));
    let piped = stdout(&judged(&[], text.unwrap()).code(1));
    assert_eq!(piped.replace("standard input", "endo-captp-e1.jsonl"), named);
}

#[test]
fn without_refinement_only_the_sums_are_judged() {
    trace(&["--no-refine", "endo-captp-e1.jsonl"])
        .assert()
        .stdout(contains("model explains").not().and(contains("use-after-release").not()));
}

#[test]
fn what_is_no_trace_is_a_sentence_with_the_line_and_status_2() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/traces/capnp.jsonl");
    let recorded = std::fs::read_to_string(recorded).unwrap();
    let truncated = &recorded[..recorded.find(r#"{"seq":5"#).unwrap() + 12];
    let moved = recorded.replace(r#""seq":4"#, r#""seq":9"#);
    let after = format!("{recorded}{}\n", r#"{"seq":12,"from":"A","kind":"other"}"#);
    let twice = numbered(HEADER, [r#""from":"A","kind":"return""#]);
    let blank = format!("{HEADER}\n\n");
    let unknown = HEADER.replace("capnp", "carrier-pigeons");
    let long = format!("{HEADER}\n{}", "x".repeat(2 << 20));
    for (text, said) in [
        ("", "standard input: the file is empty"),
        ("a log of something\n", "line 1: this is not a wire trace"),
        ("{\"trace\":\"other/1\"}\n", "line 1: this is not a wire trace"),
        ("\u{0}\u{1}\u{2}", "line 1: this is not a wire trace"),
        (truncated, "line 6: the file ends in the middle of it"),
        (&moved, "line 5: `seq` is 9, but must be 4: lines are missing or moved"),
        (&after, "line 13: nothing may follow"),
        (&twice, "line 2: `question` is missing"),
        (&blank, "line 2: a line must not be empty"),
        (&unknown, "line 1: there is no system 'carrier-pigeons'; `model list --systems`"),
        (&long, "line 2: it is longer than 1048576 bytes"),
    ] {
        let assert = judged(&[], text).code(2).stderr(contains(said));
        let errors = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
    trace(&["no-such-file"]).assert().code(2).stdout(is_empty()).stderr(contains("no-such-file"));
}

#[test]
fn what_was_found_before_a_trace_is_truncated_is_shown() {
    let mut text =
        numbered(HEADER, [r#""from":"A","kind":"release","releases":[{"index":7,"count":1}]"#]);
    text.push_str("{\"seq\":2,\"fr");
    judged(&[], text)
        .code(2)
        .stdout(contains("line 2: 1 mention given back of VatB's export 7"))
        .stderr(contains("line 3: the file ends in the middle of it"));
}

#[test]
fn findings_are_shown_up_to_a_number_and_counted_beyond_it() {
    let release = r#""from":"A","kind":"release","releases":[{"index":7,"count":1}],"text":"gone""#;
    let text = numbered(HEADER, std::iter::repeat_n(release, 5_000));
    let shown = stdout(&judged(&[], text.clone()).code(1));
    assert_eq!(shown.matches("✗ line").count(), 20 + 1, "{shown}");
    assert!(shown.contains("20 of 5,000 are shown"), "{shown}");
    assert!(shown.contains("5,000  release-of-unknown"), "{shown}");
    assert!(shown.contains("gone"), "{shown}");
    let shown = stdout(&judged(&["--max-findings", "2", "--no-refine"], text).code(1));
    assert_eq!(shown.matches("✗ line").count(), 2, "{shown}");
}

#[test]
fn beyond_the_model_the_sums_go_on_and_strict_says_that_this_is_not_all() {
    let text = numbered(HEADER, BROKEN_PROMISE);
    let beyond = contains("? beyond the model from line 4 on: a promise that is broken")
        .and(contains("Nothing found; from line 4 on by the sums alone."));
    judged(&[], text.clone()).code(0).stdout(beyond);
    judged(&["--strict"], text.clone()).code(3);
    let release = r#""from":"A","kind":"release","releases":[{"index":0,"count":2}]"#;
    let more = numbered(HEADER, BROKEN_PROMISE.into_iter().chain([release]));
    judged(&[], more).code(1).stdout(contains("✗ line 5: a release gives 2 mentions"));
}

#[test]
fn a_system_that_counts_no_mentions_says_so() {
    let header = HEADER.replace("capnp", "netobj");
    let text = numbered(&header, [r#""from":"A","kind":"call","refs":[{"mention":{"index":1}}]"#]);
    let said = contains("sums cannot be judged: netobj counts no mentions, the owner lists its");
    judged(&[], text).code(3).stdout(said.and(contains("Nothing could be judged.")));
}

#[test]
fn what_is_live_at_the_end_is_listed_with_the_message_that_it_came_with() {
    let messages = [
        r#""from":"A","kind":"bootstrap","question":0,"text":"first""#,
        r#""from":"B","kind":"return","question":0,"refs":[{"mention":{"index":0}}],"text":"boot""#,
        r#""from":"A","kind":"call","question":1,"target":{"home":{"index":0}},"text":"make""#,
        r#""from":"B","kind":"return","question":1,"refs":[{"mention":{"index":1}}],"text":"a""#,
        r#""from":"B","kind":"call","question":0,"target":{"answer":9},"text":"nonsense""#,
        r#""end":"cut""#,
    ];
    let text = stdout(&judged(&["--no-refine", "--live", "2"], numbered(HEADER, messages)).code(1));
    insta::assert_snapshot!(text);
}

#[test]
fn sessions_that_are_open_at_once_are_each_explained() {
    let capnp = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/traces/capnp.jsonl"),
    );
    let capnp = capnp.unwrap();
    let lines: Vec<_> = capnp.lines().skip(1).filter(|line| line.contains("from")).collect();
    let each = |line: &str| -> Vec<String> {
        let (_, rest) = line.split_once(',').unwrap();
        let rest = rest.strip_suffix('}').unwrap();
        (1..=20).map(|session| format!(r#""session":{session},{rest}"#)).collect()
    };
    let messages = lines.into_iter().flat_map(each);
    let shown = judged(&["--strict"], numbered(HEADER, messages)).code(0);
    shown.stdout(contains("in 20 sessions").and(contains("every line is what a behaviour")));
}

#[test]
fn a_long_trace_of_sessions_that_come_and_go_is_read_to_its_end() {
    let messages = (1..=10_000).flat_map(|session| {
        [
            r#""kind":"bootstrap","from":"A","question":0"#,
            r#""kind":"return","from":"B","question":0,"refs":[{"mention":{"index":0}}]"#,
            r#""kind":"over","from":"A""#,
        ]
        .map(|rest| format!(r#""session":{session},{rest}"#))
    });
    let shown = judged(&["--strict"], numbered(HEADER, messages)).code(0).stderr(is_empty());
    shown.stdout(contains("30,000 messages in 10,000 sessions").and(contains("0 live places")));
}

#[test]
fn json_says_all_of_it() {
    let document = stdout(&trace(&["--json", "endo-captp-e1.jsonl"]).assert().code(1));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["schema"], "captp-gc/trace/1");
    assert_eq!(document["behaviour"]["unexplained"]["line"], 8);
    assert_eq!(document["header"]["system"], "endo-captp");
    assert_eq!(document["summary"]["messages"], 8);
    assert!(document["live"].as_array().is_some_and(|live| !live.is_empty()), "{document:#}");
    let again = stdout(&trace(&["--format", "json", "capnp.jsonl"]).assert().code(0));
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["found"], &again["whole"]), (&Value::from(0), &Value::from(true)));
}

#[test]
fn junit_has_a_case_for_each_question_and_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.xml");
    let path = file.to_str().unwrap();
    trace(&["--format", "junit", "-o", path, "endo-captp-e1.jsonl"])
        .assert()
        .code(1)
        .stdout(is_empty());
    let document = std::fs::read_to_string(file).unwrap();
    assert_eq!(document.matches("<testcase").count(), 3, "{document}");
    assert!(document.contains("not explained"), "{document}");
}

#[test]
fn what_a_message_says_cannot_move_the_cursor() {
    let release =
        r#""from":"A","kind":"release","releases":[{"index":7,"space":"\u001b[2J","count":1}]"#;
    let text = r#","text":"\u001b[31mred\u0007""#;
    let text = numbered(HEADER, [format!("{release}{text}")]);
    let mut command = trace(&["--color", "always", "-"]);
    let shown = stdout(&command.write_stdin(text).assert().code(1));
    assert!(!shown.contains("\u{1b}[2J") && !shown.contains("\u{1b}[31mred"), "{shown:?}");
    assert!(!shown.contains('\u{7}'), "{shown:?}");
}
