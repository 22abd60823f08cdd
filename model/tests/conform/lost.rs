//! Adapters that answer, and then hang, do not start again, come to no end, or write what no
//! terminal should see.

use crate::seen::conform;
use captp_wire::adapter::{Event, Hello, Named, Request};
use captp_wire::line::End;
use model::conform::adapter::{Adapter, Failure, Start};
use model::conform::bound::Bound;
use model::conform::perform::{Manner, Stage};
use model::conform::run::Run;
use model::property::PropertyId;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_millis(300);

/// What the first line of an adapter is, in a shell.
const HELLO: &str = concat!(
    r#"echo '{"adapter":1,"peer":"x","version":"1","system":"e-captp","wire":"lines","#,
    r#""can":["script"]}'"#
);

/// A shell that answers requests: `cases` are what it does for some, and all are done.
fn answers(hello: &str, cases: &str) -> String {
    format!(
        "{hello}
        while read line; do
            case $line in {cases} esac
            echo '{{\"done\":true}}'
        done"
    )
}

fn start(script: String) -> Start {
    let starting = Duration::from_secs(10);
    let start = Start::new("sh".to_owned(), vec!["-c".to_owned(), script], PATIENCE);
    Start { starting, ..start }
}

fn adapter(cases: &str) -> Start {
    start(answers(HELLO, cases))
}

fn send() -> Request {
    Request::Send { vat: End::B, refs: vec![Named::Own("Bob".to_owned())] }
}

fn findings(run: &Run) -> Vec<(PropertyId, &str)> {
    run.violations.iter().map(|found| (found.property, found.finding.as_str())).collect()
}

/// Complains, as is right when a send fails, and opens no vats after that.
const HANGS_AFTER: &str = r#"
    *open*) [ -n "$complained" ] && exec sleep 30;;
    *send*) complained=1; echo '{"event":"error","vat":"A","text":"oh"}';;"#;

#[test]
fn an_adapter_that_hangs_after_a_schedule_is_held_against_that_schedule_and_given_up() {
    let mut stage = Stage::new(adapter(HANGS_AFTER)).unwrap();
    let fails = [Request::FailSend { vat: End::B, refs: Vec::new() }];
    let hangs = "the adapter did not answer within 0.3 s";
    for times in 1..=12 {
        assert!(!stage.is_hopeless());
        let run = stage.schedule(&fails, Manner::default());
        assert_eq!(findings(&run), [(PropertyId::S6, hangs)]);
        assert_eq!((run.failure, stage.lost), (Some(Failure::Hang(PATIENCE)), times));
        let last = run.entries.last().unwrap();
        assert_eq!((&last.request, &last.said[0]), (&Request::Open, &"the adapter is lost".into()));
    }
    assert!(stage.is_hopeless());
    let mut stage = Stage::new(adapter(HANGS_AFTER)).unwrap();
    let hostile = Manner { is_hostile: true, ..Manner::default() };
    assert_eq!(findings(&stage.schedule(&[send()], hostile)), [(PropertyId::S7, hangs)]);
}

/// An adapter that starts once, and then only after the file is gone that says so.
fn starts_once(again: &str, folder: &Path) -> Start {
    let file = folder.join("started");
    let file = file.to_str().unwrap();
    let hello = format!("[ -e {file} ] && {again}; touch {file}; {HELLO}");
    let start = start(answers(&hello, "*send*) exit 1;;"));
    Start { starting: PATIENCE, ..start }
}

#[test]
fn an_adapter_that_does_not_start_again_is_lost_and_violates_nothing() {
    for again in ["exit 7", "exec sleep 30", "echo sorry"] {
        let folder = TempDir::new().unwrap();
        let mut stage = Stage::new(starts_once(again, folder.path())).unwrap();
        let run = stage.schedule(&[send()], Manner::default());
        let ends = "the adapter ended (exit status: 1)";
        assert_eq!(findings(&run), [(PropertyId::S6, ends)], "{again}");
        for times in 1..=12 {
            assert!(!stage.is_hopeless(), "{again}");
            let hostile = Manner { is_hostile: times % 2 == 0, ..Manner::default() };
            let run = stage.schedule(&[send()], hostile);
            assert_eq!((findings(&run), stage.lost), (vec![], 1 + times), "{again}");
            assert!(run.failure.is_some(), "{again}");
        }
        assert!(stage.is_hopeless(), "{again}");
    }
}

#[test]
fn one_schedule_takes_no_more_requests_and_no_more_time_than_its_bound() {
    let number = r#"seq 400 | sed 's/.*/{"event":"holds","vat":"A","name":"Bob&"}/'"#;
    let cases = format!("*send*) {number};; *probe*) sleep 0.02;;");
    let start = adapter(&cases);
    assert_eq!(start.bound, Bound { requests: 20_000, time: Duration::from_secs(18) });
    let few = Bound { requests: 10, ..start.bound };
    let short = Bound { time: Duration::from_millis(500), ..start.bound };
    for (bound, within) in [(few, "10 requests"), (short, "0.5 s")] {
        let mut stage = Stage::new(Start { bound, ..start.clone() }).unwrap();
        let began = Instant::now();
        let run = stage.schedule(&[send()], Manner::default());
        assert!(began.elapsed() < Duration::from_secs(4));
        assert_eq!(run.failure, Some(Failure::Endless(within.to_owned())));
        let finding = run.violation(PropertyId::S6).unwrap().finding.clone();
        let expected = "the adapter answers, and one schedule does not end within ";
        assert_eq!(finding, format!("{expected}{within}"));
    }
}

#[test]
fn no_control_character_of_an_adapter_is_kept_but_in_messages() {
    let bad = r"\\u001b[31mred\\u0007";
    let hello = HELLO.replace(r#""x""#, &format!("\"{bad}\"").replace(r"\\", r"\"));
    let events = [
        r#""holds","vat":"A","name":"BAD""#,
        r#""broken","vat":"A","name":"BAD""#,
        r#""asked","vat":"A","question":"BAD""#,
        r#""answered","vat":"A","question":"BAD","error":"BAD""#,
        r#""answer","vat":"A","probe":1,"says":"BAD","error":"BAD""#,
        r#""error","vat":"A","text":"BAD""#,
        r#""ended","vat":"A","text":"BAD""#,
        r#""witness","vat":"A","alive":["BAD"]"#,
    ];
    let sent = r#""sent","from":"A","raw":"BAD""#;
    let lines = events.iter().chain([&sent]).map(|event| {
        let event = event.replace("BAD", bad).replace(r"\\", r"\");
        format!("printf '%s\\n' '{{\"event\":{event}}}'; ")
    });
    let refusal = format!(r#"printf '%s\n' '{{"done":false,"why":"{bad}"}}'; continue"#);
    let refusal = refusal.replace(r"\\", r"\");
    let cases = format!("*send*) {}{refusal};;", lines.collect::<String>());
    let hello = hello.replace("echo", "printf '%s\\n'");
    let mut adapter = Adapter::start(&start(answers(&hello, &cases))).unwrap();
    let red = " [31mred ";
    let Hello { peer, .. } = adapter.hello();
    assert_eq!(peer, red);
    let mut reply = adapter.ask(&send()).unwrap();
    assert_eq!(reply.refused.as_deref(), Some(red));
    let raw = reply.events.pop();
    assert!(matches!(raw, Some(Event::Sent { raw, .. }) if raw == "\u{1b}[31mred\u{7}"));
    assert_eq!(reply.events.len(), events.len());
    for (event, said) in reply.events.iter().zip(events) {
        let json: serde_json::Value = serde_json::to_value(event).unwrap();
        let expected = format!("{{\"event\":{}}}", said.replace("BAD", red));
        let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
        assert_eq!(json, expected);
    }
    assert!(!format!("{:?}", adapter.ask(&Request::Open)).contains("u{1b}"));
}

#[test]
fn no_control_character_of_a_message_is_in_a_finding() {
    let mention = r#"{"mention":{"index":1,"space":"\u001b[31m"}}"#;
    let raw = format!(r#"{{"kind":"call","refs":[{mention}]}}"#);
    let sent = format!(r#"printf '%s\n' '{{"event":"sent","from":"B","raw":{raw}}}'"#);
    let read = r#"*deliver*) echo '{"event":"delivered","to":"A"}';;"#;
    let mut stage = Stage::new(adapter(&format!("*send*) {sent};; {read}"))).unwrap();
    let run = stage.schedule(&[send()], Manner::default());
    let finding = "everything is dropped and read, and one mention of VatB's exports[ [31m1] never \
                   came back";
    let lost = "Bob was sent to VatA, and everything was read; it never got it";
    assert_eq!(findings(&run), [(PropertyId::S1, lost), (PropertyId::L1, finding)]);
}

/// Complains of everything that is sent, and makes a script that `--script` asks for.
fn saves(script: &str) -> (Option<i32>, Vec<String>, Duration) {
    let folder = TempDir::new().unwrap();
    let (file, saved) = (folder.path().join("adapter.sh"), folder.path().join("saved"));
    let cases = r#"*send*) echo '{"event":"error","vat":"A","text":"oh"}';;"#;
    let hello = format!("[ \"$1\" = --script ] && {{ {script}; }}; {HELLO}");
    fs::write(&file, answers(&hello, cases)).unwrap();
    let command = format!("sh {}", file.to_str().unwrap());
    let little = ["--max-states", "2", "--walks", "0", "--cycles", "0", "--patience", "1"];
    let which = ["--peer-command", &command, "--save", saved.to_str().unwrap()];
    let began = Instant::now();
    let output = conform(&[&little[..], &which].concat()).output().unwrap();
    let files = fs::read_dir(saved).unwrap();
    let mut files: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    (output.status.code(), files, began.elapsed())
}

#[test]
fn a_script_that_comes_too_late_or_is_too_long_is_left_out_and_not_waited_for() {
    let scripts = |files: &[String]| files.iter().filter(|f| f.ends_with(".script")).count();
    let (status, files, _) = saves("cat >/dev/null; echo as it was; exit 0");
    assert_eq!((status, scripts(&files)), (Some(1), files.len() / 6), "{files:?}");
    let largest = "head -c 4194304 /dev/zero | tr '\\0' x; exit 0";
    for script in ["cat >/dev/null; echo more; exec >&-; exec sleep 60", largest] {
        let (status, files, elapsed) = saves(script);
        assert_eq!((status, scripts(&files)), (Some(1), 0), "{files:?}");
        assert!(files.len() >= 5 && elapsed < Duration::from_secs(40), "{files:?}");
    }
}
