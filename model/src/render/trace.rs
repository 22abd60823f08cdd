//! What a wire trace came to: text, JSON, JUnit.

use super::{BAD, FAINT, GOOD, STRONG, UNSURE, paint, thousands};
use crate::catalogue;
use crate::traffic::trace::{Explained, Judged};
use crate::traffic::{Told, clean, counted};
use captp_wire::line::Ending;
use captp_wire::sums::{Severity, Summary};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

/// The version of the shape of the JSON document.
pub const SCHEMA: &str = "captp-gc/trace/1";

const PEER_MAX: usize = 120;

/// What was found, whether a model explains it, what is live, and a verdict.
pub fn text(judged: &Judged, name: &str) -> String {
    let mut text = String::new();
    let title = catalogue::system(&judged.header.system).map_or("", |system| system.title);
    push(&mut text, &paint(STRONG, &format!("{name}, held against the rules of {title}")));
    if !judged.header.peer.is_empty() {
        push(&mut text, &paint(FAINT, &clean(&judged.header.peer, PEER_MAX)));
    }
    text.push('\n');
    sums(&mut text, judged);
    behaviour(&mut text, judged);
    if let Some(summary) = &judged.summary {
        text.push('\n');
        totals(&mut text, judged, summary);
    }
    text.push('\n');
    push(&mut text, &verdict(judged));
    text
}

fn sums(text: &mut String, judged: &Judged) {
    if let Some(why) = &judged.uncounted {
        push(text, &format!("{} {why}", paint(UNSURE, "?")));
        return;
    }
    let listed = judged.tally.listed();
    for told in &listed {
        finding(text, told);
    }
    let all: u64 = judged.tally.rules.values().sum();
    if all > listed.len() as u64 {
        push(text, &format!("{} of {} are shown; by rule:", listed.len(), thousands(all)));
        for ((severity, rule), count) in &judged.tally.rules {
            let note = if *severity == Severity::Note { ", a note" } else { "" };
            push(text, &format!("  {:>9}  {rule}{note}", thousands(*count)));
        }
    }
    if judged.tally.count(Severity::Violation) == 0 {
        push(text, &format!("{} the sums are right", paint(GOOD, "✓")));
    }
}

fn finding(text: &mut String, told: &Told) {
    let (mark, note) = match told.severity {
        Severity::Violation => (paint(BAD, "✗"), ""),
        Severity::Note => (paint(UNSURE, "·"), " (a note)"),
    };
    let session = of_session(told.session);
    push(text, &format!("{mark} line {}{session}: {}{note}", told.line, told.what));
    let rule = paint(FAINT, &format!("  {}: ", told.rule));
    push(text, &format!("{rule}{}", told.said));
}

fn behaviour(text: &mut String, judged: &Judged) {
    let Some(explained) = &judged.explained else { return };
    if let Some((one, words)) = &explained.unexplained {
        let session = of_session(one.session);
        let line = format!("line {}{session}: no behaviour of the model explains", one.line);
        push(text, &format!("{} {line} {}", paint(BAD, "✗"), one.said));
        push(text, &format!("{}{words}", paint(FAINT, "  the message: ")));
        for (number, expected) in one.expected.iter().enumerate() {
            let name = if number == 0 { "  expected: " } else { "        or: " };
            push(text, &format!("{}{expected}", paint(FAINT, name)));
        }
        if explained.further > 0 {
            let further = counted(explained.further, "further session");
            push(text, &paint(FAINT, &format!("  and {further} with such a line")));
        }
    }
    if let Some((line, session, why)) = &explained.beyond {
        let session = of_session(*session);
        let line = format!("beyond the model from line {line} on{session}: {why}");
        push(text, &format!("{} {line}", paint(UNSURE, "?")));
    }
    if explained.unexplained.is_none() && explained.beyond.is_none() {
        let line = "every line is what a behaviour of the model says";
        push(text, &format!("{} {line}{}", paint(GOOD, "✓"), hidden(explained)));
    }
}

fn hidden(explained: &Explained) -> String {
    let (reads, releases) = (explained.hidden.reads, explained.hidden.releases);
    if reads + releases == 0 {
        return String::new();
    }
    let reads = counted(reads, "read");
    format!(", with {reads} and {} that do not show", counted(releases, "drop"))
}

fn totals(text: &mut String, judged: &Judged, summary: &Summary) {
    push(
        text,
        &format!(
            "{} in {}: {}, of which {} given back; {}",
            counted(summary.messages, "message"),
            counted(summary.sessions, "session"),
            counted(summary.mentions, "mention"),
            thousands(summary.given_back),
            counted(summary.releases, "release"),
        ),
    );
    let live = counted(summary.live, "live place");
    push(text, &format!("{live}, {}", counted(summary.open_questions, "open question")));
    for (one, said) in &judged.live {
        let said = paint(FAINT, said);
        push(text, &format!("  {}  {said}", clean(&one.to_string(), PEER_MAX)));
    }
    let more = summary.live + summary.open_questions;
    let more = more.saturating_sub(judged.live.len() as u64);
    if more > 0 {
        push(text, &format!("  and {} more", thousands(more)));
    }
    push(
        text,
        match summary.ending {
            None => "It stops without an end: nothing is said of what is left.",
            Some(Ending::Cut) => "It was cut: nothing is said of what is left.",
            Some(Ending::Quiescent) => "At its end everything sent was read.",
            Some(Ending::Dropped) => "At its end everything was read and dropped.",
        },
    );
}

fn verdict(judged: &Judged) -> String {
    let violations = judged.tally.count(Severity::Violation);
    let explained = judged.explained.as_ref();
    let unexplained = explained.is_some_and(|one| one.unexplained.is_some());
    let broken = match violations {
        0 => String::new(),
        1 => "one rule is broken".to_owned(),
        many => format!("rules are broken {} times", thousands(many)),
    };
    let found = match (violations > 0, unexplained) {
        (true, true) => format!("Found: {broken}, and the model does not explain it."),
        (true, false) => format!("Found: {broken}."),
        (false, true) => "Found: the model does not explain it.".to_owned(),
        (false, false) => String::new(),
    };
    if !found.is_empty() {
        return paint(BAD, &found);
    }
    if judged.interrupted {
        let line = format!("Nothing found up to line {}, where it was stopped.", judged.lines);
        return paint(UNSURE, &line);
    }
    if judged.problem.is_some() {
        let line = "Nothing found in what could be read, and it could not be read to its end.";
        return paint(UNSURE, line);
    }
    let beyond = explained.and_then(|one| one.beyond.as_ref());
    match (&judged.summary, beyond) {
        (None, _) if !judged.is_judged() => paint(UNSURE, "Nothing could be judged."),
        (_, Some((line, ..))) => {
            let line = format!("Nothing found; from line {line} on by the sums alone.");
            paint(UNSURE, &line)
        }
        _ => paint(GOOD, "Nothing found."),
    }
}

fn of_session(session: u32) -> String {
    if session == 1 { String::new() } else { format!(" (session {session})") }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// One JSON document.
pub fn json(judged: &Judged, name: &str) -> String {
    let counts = judged.tally.rules.iter().map(
        |((severity, rule), count)| json!({ "severity": severity, "rule": rule, "count": count }),
    );
    let live = judged.live.iter().map(|(one, said)| json!({ "what": one, "said": said }));
    let document = json!({
        "schema": SCHEMA,
        "file": name,
        "header": judged.header,
        "lines": judged.lines,
        "found": judged.found(),
        "whole": judged.is_whole(),
        "findings": judged.tally.listed(),
        "rules": counts.collect::<Vec<_>>(),
        "behaviour": judged.explained.as_ref().map(explained),
        "summary": judged.summary,
        "uncounted": judged.uncounted,
        "live": live.collect::<Vec<_>>(),
        "problem": judged.problem,
        "interrupted": judged.interrupted,
        "seconds": judged.elapsed.as_secs_f64(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn explained(explained: &Explained) -> Value {
    let unexplained = explained.unexplained.as_ref().map(|(one, words)| {
        json!({
            "line": one.line,
            "session": one.session,
            "said": one.said,
            "message": words,
            "expected": one.expected,
        })
    });
    let beyond = explained
        .beyond
        .as_ref()
        .map(|(line, session, why)| json!({ "line": line, "session": session, "why": why }));
    json!({
        "unexplained": unexplained,
        "further_sessions": explained.further,
        "beyond": beyond,
        "hidden": explained.hidden,
    })
}

/// JUnit's XML: a test case for each question that is asked of a trace.
pub fn junit(judged: &Judged, name: &str) -> String {
    let mut document = quick_junit::Report::new("captp-gc trace");
    document.set_time(judged.elapsed);
    let mut suite = TestSuite::new(name);
    for (question, status) in [
        ("it can be read", readable(judged)),
        ("the sums are right", sums_status(judged)),
        ("the model explains it", behaviour_status(judged)),
    ] {
        let mut case = TestCase::new(question, status);
        case.set_classname(&judged.header.system);
        suite.add_test_case(case);
    }
    document.add_test_suite(suite);
    // Writing to memory cannot fail.
    document.to_string().unwrap_or_else(|error| format!("<!-- {error} -->\n"))
}

fn readable(judged: &Judged) -> TestCaseStatus {
    match (&judged.problem, judged.interrupted) {
        (Some(problem), _) => failure(NonSuccessKind::Error, "unreadable", problem, problem),
        (None, true) => failure(NonSuccessKind::Error, "incomplete", "interrupted", ""),
        (None, false) => TestCaseStatus::success(),
    }
}

fn sums_status(judged: &Judged) -> TestCaseStatus {
    if let Some(why) = &judged.uncounted {
        return skipped(why);
    }
    let listed = judged.tally.listed().into_iter();
    let violations = listed.filter(|told| told.severity == Severity::Violation);
    let lines: Vec<_> =
        violations.map(|t| format!("line {}: {} ({})", t.line, t.what, t.said)).collect();
    match judged.tally.count(Severity::Violation) {
        0 => TestCaseStatus::success(),
        count => {
            let message = counted(count, "violation").to_string();
            failure(NonSuccessKind::Failure, "violated", &message, &lines.join("\n"))
        }
    }
}

fn behaviour_status(judged: &Judged) -> TestCaseStatus {
    let Some(explained) = &judged.explained else { return skipped("it was not asked") };
    if let Some((one, words)) = &explained.unexplained {
        let message = format!("line {}: {} ({words})", one.line, one.said);
        let text = format!("{message}\nexpected: {}", one.expected.join("\nor: "));
        return failure(NonSuccessKind::Failure, "not explained", &message, &text);
    }
    match &explained.beyond {
        Some((line, _, why)) => skipped(&format!("beyond the model from line {line} on: {why}")),
        None => TestCaseStatus::success(),
    }
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn failure(kind: NonSuccessKind, name: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(message);
    status.set_description(text);
    status
}
