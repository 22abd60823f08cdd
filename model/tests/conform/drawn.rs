//! The counts beside the steps, where mentions are given back by messages that are no releases.

use captp_wire::adapter::{Hello, Request, VERSION};
use captp_wire::line::{End, Line, Message};
use captp_wire::read::Reader;
use model::conform::picture::picture;
use model::conform::run::{By, Entry, Run, Violation};
use model::conform::schedule::Origin;
use model::conform::verdict::Found;
use model::counterexample::{Counterexample, Snapshot};
use model::property::{Balance, PropertyId};
use model::render::chart::chart;
use model::render::page::page;
use std::collections::VecDeque;

/// The lines of a trace.
fn read(system: &str, lines: &[&str]) -> Vec<Line> {
    let header = format!(r#"{{"trace":"captp-gc/wire/1","system":"{system}","reads":true}}"#);
    let numbered = (1..).zip(lines).map(|(seq, line)| format!("{{\"seq\":{seq},{line}}}"));
    let trace: Vec<String> = std::iter::once(header).chain(numbered).collect();
    let trace = trace.join("\n");
    Reader::new(trace.as_bytes()).unwrap().map(|line| line.unwrap().1).collect()
}

/// What is drawn if a system's implementation writes and reads these lines of a trace, each in an
/// entry of its own.
fn drawn(system: &str, lines: &[&str]) -> Counterexample {
    let (mut unread, mut number, mut run) = (VecDeque::new(), 0, Run::default());
    for line in read(system, lines) {
        let (sent, read, request) = match line {
            Line::Message(message) => {
                number += 1;
                let vat = message.from;
                unread.push_back((vat.other(), number));
                (vec![(number, message)], vec![], Request::Send { vat, refs: vec![] })
            }
            Line::Local(local) => {
                let to = local.at;
                let next = unread.iter().position(|(reader, _)| *reader == to).unwrap();
                let (_, number) = unread.remove(next).unwrap();
                (vec![], vec![(number, local.seq)], Request::Deliver { to })
            }
            other => panic!("{other:?}"),
        };
        let (refused, said) = (None, vec![]);
        let entry = Entry { request, by: By::Schedule, step: 1, refused, sent, read, said };
        run.entries.push(entry);
    }
    picture_of(system, run)
}

fn picture_of(system: &str, run: Run) -> Counterexample {
    let after = run.entries.len();
    let (property, finding) = (PropertyId::S6, "this is made up".to_owned());
    let violation = Violation { property, finding, after };
    let origin = Origin::Cycle { what: "by hand".to_owned() };
    let found = Found { property, violation, origin, requests: vec![], run, times: 1 };
    let hello = Hello {
        adapter: VERSION,
        peer: "by hand".to_owned(),
        version: "1".to_owned(),
        system: system.to_owned(),
        wire: "lines".to_owned(),
        can: vec![],
    };
    picture(&hello, &found)
}

/// The exporter's count, in flight, the importer's count and coming back, after each step.
fn counts(of: impl Fn(&Snapshot) -> Option<Balance>, drawn: &Counterexample) -> Vec<[u32; 4]> {
    let balances = drawn.steps.iter().map(|step| of(&step.after).unwrap_or_default());
    balances.map(|b| [b.export_count, b.mentions, b.import_count, b.deltas]).collect()
}

fn subject(drawn: &Counterexample) -> Vec<[u32; 4]> {
    counts(|after| after.balance, drawn)
}

const ASKS: &str = r#""from":"A","kind":"call","question":1"#;
const RETURNS: &str = concat!(
    r#""from":"B","kind":"return","question":1,"text":"Return(1)","#,
    r#""refs":[{"mention":{"index":1}}]"#,
);
const FINISHES: &str = r#""from":"A","kind":"finish","question":1,"release_results":true"#;
const A_READS: &str = r#""at":"A","event":"read""#;
const B_READS: &str = r#""at":"B","event":"read""#;

#[test]
fn what_a_return_and_a_finish_give_back_in_passing_is_on_its_way_until_they_are_read() {
    let asks =
        format!(r#"{ASKS},"refs":[{{"mention":{{"index":0}}}},{{"mention":{{"index":0}}}}]"#);
    let returns = format!(r#"{RETURNS},"release_params":true"#);
    let finishes = format!(r#"{FINISHES},"text":"Finish(1)""#);
    let drawn = drawn("capnp", &[&asks, B_READS, &returns, A_READS, &finishes, B_READS]);
    let params = [[2, 2, 0, 0], [2, 0, 2, 0], [2, 0, 0, 2], [0; 4], [0; 4], [0; 4]];
    assert_eq!(subject(&drawn), params);
    let result = counts(
        |after| after.ledger.iter().find(|record| record.index == 1).map(|record| record.balance),
        &drawn,
    );
    assert_eq!(result, [[0; 4], [0; 4], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1], [0; 4]]);
    let chart = anstream::adapter::strip_str(&chart(&drawn)).to_string();
    assert!(chart.contains("2 = 0 + 0 + 2") && chart.contains("The counts are"), "{chart}");
    let said: Vec<_> = drawn.steps.iter().flat_map(|step| &step.sent).collect();
    assert_eq!(said[1].text, "Return(1), gives back A.exports[0] 2 times");
    assert_eq!(said[2].text, "Finish(1), gives back B.exports[1]");
    assert_eq!(drawn.steps[2].after.channels[1].messages[0], *said[1]);
}

#[test]
fn a_result_that_crosses_the_finish_is_nobodys_when_it_comes() {
    let crossed = drawn("capnp", &[ASKS, B_READS, RETURNS, FINISHES, A_READS, B_READS]);
    let counts = [[1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0; 4]];
    assert_eq!(subject(&crossed)[2..], counts);
    let before = drawn("capnp", &[ASKS, B_READS, FINISHES, RETURNS, A_READS, B_READS]);
    let counts = [[1, 0, 0, 1], [1, 0, 0, 1], [0; 4]];
    assert_eq!(subject(&before)[3..], counts);
    let label = "Return(1), after B.exports[1] was given back";
    assert_eq!(before.steps[3].sent[0].text, label);
    let given_up = drawn("capnp", &[ASKS, FINISHES, B_READS, B_READS, RETURNS, A_READS]);
    assert_eq!(subject(&given_up), [[0; 4]; 6]);
}

#[test]
fn what_is_given_back_too_much_is_drawn_as_it_is() {
    let sends = r#""from":"B","kind":"call","refs":[{"mention":{"index":3}}]"#;
    let releases =
        r#""from":"A","kind":"release","releases":[{"index":3,"count":2}],"text":"R(3)""#;
    let lines = [sends, A_READS, releases, B_READS];
    for system in ["capnp", "e-captp", "endo-captp", "capnweb"] {
        let drawn = drawn(system, &lines);
        assert_eq!(subject(&drawn), [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 2], [0; 4]]);
        assert_eq!(drawn.steps[2].sent[0].text, "R(3)", "a release says what it gives back");
    }
}

#[test]
fn a_system_that_counts_no_mentions_is_drawn_without_counts() {
    let sends = r#""from":"B","kind":"call","refs":[{"mention":{"index":3}}],"text":"call 3""#;
    let drawn = drawn("netobj", &[sends, A_READS]);
    assert!(drawn.subject.is_none() && drawn.steps.iter().all(|step| step.after.balance.is_none()));
    let chart = anstream::adapter::strip_str(&chart(&drawn)).to_string();
    assert!(chart.contains("There are no counts: ") && !chart.contains("exports["), "{chart}");
    assert!(chart.contains("#1 3") && chart.contains("reads #1"), "{chart}");
}

/// The messages of a trace.
fn parsed(lines: &[&str]) -> Vec<Message> {
    let message = |line| match line {
        Line::Message(message) => message,
        other => panic!("{other:?}"),
    };
    read("e-captp", lines).into_iter().map(message).collect()
}

/// So many messages, each of an export of its own.
fn flood(messages: usize) -> Vec<String> {
    let send = |index| {
        let mention = format!(r#"{{"mention":{{"index":{index}}}}}"#);
        format!(r#""from":"B","kind":"call","refs":[{mention}]"#)
    };
    (1..=messages).map(send).collect()
}

#[test]
fn a_flood_is_drawn_as_far_as_somebody_may_look_at_it_and_the_rest_is_counted() {
    let lines = flood(3_000);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let steps = drawn("e-captp", &lines);
    assert_eq!(steps.steps.len(), 200);
    let last = steps.steps.last().unwrap();
    assert!(last.text.ends_with("; 2800 more steps are not drawn"), "{}", last.text);
    assert_eq!((last.after.channels[1].messages.len(), last.sent.len()), (100, 0));
    // All of it sent in one step, and then read one by one.
    let mut run = Run::default();
    for (number, message) in (1..).zip(parsed(&lines)) {
        let (refused, said) = (None, vec!["oh".to_owned(); 500]);
        let request = Request::Send { vat: End::B, refs: vec![] };
        let first = run.entries.first_mut();
        if let Some(first) = first {
            first.sent.push((number, message));
        } else {
            let sent = vec![(number, message)];
            let entry =
                Entry { request, by: By::Schedule, step: 1, refused, sent, read: vec![], said };
            run.entries.push(entry);
        }
    }
    for number in 1..=150 {
        let (refused, said, sent) = (None, vec![], vec![]);
        let (request, read) =
            (Request::Deliver { to: End::A }, vec![(number, 3_000 + number as u64)]);
        run.entries.push(Entry { request, by: By::Schedule, step: 2, refused, sent, read, said });
    }
    let once = picture_of("e-captp", run);
    let first = &once.steps[0];
    assert_eq!((first.sent.len(), once.steps[100].read.is_some()), (100, true));
    assert!(once.steps[101].read.is_none());
    let more = "; oh; and so on, 490 times; 2900 of the messages are not drawn";
    assert!(first.text.ends_with(more), "{}", first.text);
    for picture in [steps, once] {
        assert!(chart(&picture).len() < 100_000, "{}", chart(&picture).len());
        assert!(page(&picture).len() < 6_000_000, "{}", page(&picture).len());
    }
}
