//! What a tap shows: notices, the tables of the moment, and what it came to.

use super::conform::laid_out;
use super::{BAD, FAINT, GOOD, STRONG, UNSURE, paint, thousands};
use crate::traffic::tap::{Open, Watched};
use crate::traffic::{Live, Notice, clean, counted};
use captp_wire::line::End;
use captp_wire::sums::Severity;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How many sessions have tables at a time.
const SESSIONS_MAX: usize = 8;
/// How many rows each of them has.
const ROWS_MAX: usize = 12;
/// How many rows each of them has in JSON.
const JSON_ROWS_MAX: usize = 1000;
/// How many characters of a message stand in a row.
const SAID_MAX: usize = 48;

/// A line.
pub fn notice(notice: &Notice) -> String {
    let mark = match notice {
        one if one.is_violation() => paint(BAD, "✗"),
        one if one.is_usual() => paint(FAINT, "·"),
        _ => paint(UNSURE, "?"),
    };
    format!("{mark} {notice}\n")
}

/// One JSON object, in a line.
pub fn notice_json(notice: &Notice) -> String {
    serde_json::to_string(notice).unwrap_or_default() + "\n"
}

/// What is live, by session, under what there was in all.
pub fn tables(watched: &Watched, name: &str, per_second: u64, now: Instant) -> String {
    let mut text = String::new();
    let rate = format!("{} messages/s", thousands(per_second));
    push(&mut text, &paint(STRONG, &format!("{name}: {}; {rate}", totals(watched))));
    push(&mut text, &found(watched));
    let live: Vec<_> = watched.live().collect();
    for (session, open) in watched.sessions().iter().take(SESSIONS_MAX) {
        let mut rows: Vec<_> = live.iter().filter(|one| one.session == *session).collect();
        rows.sort_by_key(|one| (one.since, one.end));
        push(&mut text, &heading(*session, open, now));
        if rows.is_empty() {
            continue;
        }
        let cells = rows.iter().take(ROWS_MAX).map(|one| row(watched, one, now)).collect();
        let columns = ["", "of", "what", "mentioned", "given back", "", "age", "came with"];
        text.push_str(&laid_out(&columns, cells, &[3, 4, 6]));
        if rows.len() > ROWS_MAX {
            push(&mut text, &format!("   and {} more", thousands((rows.len() - ROWS_MAX) as u64)));
        }
    }
    let more = watched.sessions().len().saturating_sub(SESSIONS_MAX);
    if more > 0 {
        push(&mut text, &format!("and {} more sessions", thousands(more as u64)));
    }
    for one in watched.recent() {
        let said = clean(&one.said, SAID_MAX + SAID_MAX);
        let line = format!("  line {} session {} {}: {said}", one.line, one.session, one.from);
        push(&mut text, &paint(FAINT, &line));
    }
    text
}

fn heading(session: u32, open: &Open, now: Instant) -> String {
    let age = seconds(now.saturating_duration_since(open.since));
    let [a, b] = open.messages;
    let marks = match (open.blind, open.hole) {
        (true, _) => ", not judged any further".to_owned(),
        (false, Some(line)) => format!(", not decoded: line {line}"),
        (false, None) => String::new(),
    };
    let client = &open.client;
    let line = format!(
        "session {session}: {client} is VatA, for {age}; {} from it and {} to it{marks}",
        counted(a, "message"),
        thousands(b)
    );
    paint(STRONG, &line)
}

fn row(watched: &Watched, one: &Live, now: Instant) -> Vec<String> {
    use crate::traffic::Standing;
    let mark = if watched.is_old(one, now) { "!" } else { "" };
    let [mentioned, given_back, state] = match &one.what {
        Standing::Export { introduced, given_back, .. } => {
            [thousands(*introduced), thousands(*given_back), String::new()]
        }
        question @ Standing::Question { .. } => [String::new(), String::new(), question.state()],
    };
    vec![
        mark.to_owned(),
        one.end.to_string(),
        clean(&one.what.name(), SAID_MAX),
        mentioned,
        given_back,
        state,
        seconds(watched.age_of(one, now)),
        clean(watched.said(one), SAID_MAX),
    ]
}

fn totals(watched: &Watched) -> String {
    let totals = watched.totals();
    let messages = counted(totals.messages, "message");
    let mut text = format!(
        "{} of {} open, {messages}",
        watched.sessions().len(),
        counted(totals.sessions, "session")
    );
    if let Some(sums) = watched.summary() {
        text += &format!(
            ", {}, {} given back, {}, {}",
            counted(sums.mentions, "mention"),
            thousands(sums.given_back),
            counted(sums.live, "live place"),
            counted(sums.open_questions, "open question"),
        );
    }
    if totals.undecodable > 0 {
        text += &format!(", {} not decoded", thousands(totals.undecodable));
    }
    text
}

fn found(watched: &Watched) -> String {
    let rules = watched.tally().rules.iter().map(|((severity, rule), count)| {
        let note = if *severity == Severity::Note { " (a note)" } else { "" };
        format!("{} {rule}{note}", thousands(*count))
    });
    let mut parts: Vec<_> = rules.collect();
    let totals = watched.totals();
    if totals.unexplained > 0 {
        parts.push(format!("{} not explained", counted(totals.unexplained, "session")));
    }
    if totals.beyond > 0 {
        parts.push(format!("{} beyond the model", counted(totals.beyond, "session")));
    }
    let list = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    match watched.found() {
        0 => paint(GOOD, &format!("Nothing found{list}")),
        _ => paint(BAD, &format!("Found{list}")),
    }
}

/// What it came to.
pub fn summary(watched: &Watched, elapsed: Duration) -> String {
    let mut text = String::new();
    push(&mut text, &paint(STRONG, &format!("In {}: {}.", seconds(elapsed), totals(watched))));
    if let Some(why) = watched.uncounted() {
        push(&mut text, &paint(UNSURE, &format!("{why}.")));
    }
    push(&mut text, &format!("{}.", found(watched)));
    text
}

/// The tables of the moment, or at the end (`event`), as one JSON object in a line.
pub fn tables_json(watched: &Watched, event: &str, per_second: u64, now: Instant) -> String {
    let totals = watched.totals();
    let mut live: Vec<_> = watched.live().collect();
    live.sort_by_key(|one| one.since);
    let live = live.iter().take(JSON_ROWS_MAX).map(|one| {
        json!({
            "what": one,
            "seconds": watched.age_of(one, now).as_secs_f64(),
            "old": watched.is_old(one, now),
            "said": watched.said(one),
        })
    });
    let sessions = watched.sessions().iter().map(|(session, open)| {
        json!({
            "session": session,
            "client": open.client,
            "seconds": now.saturating_duration_since(open.since).as_secs_f64(),
            "messages": open.messages,
            "judged": !open.blind,
            "not_decoded_since": open.hole,
        })
    });
    let rules = watched.tally().rules.iter().map(
        |((severity, rule), count)| json!({ "severity": severity, "rule": rule, "count": count }),
    );
    let document = json!({
        "event": event,
        "sessions_ever": totals.sessions,
        "messages": totals.messages,
        "messages_per_second": per_second,
        "undecodable": totals.undecodable,
        "unexplained": totals.unexplained,
        "beyond": totals.beyond,
        "found": watched.found(),
        "summary": watched.summary(),
        "rules": rules.collect::<Vec<Value>>(),
        "sessions": sessions.collect::<Vec<Value>>(),
        "live": live.collect::<Vec<Value>>(),
    });
    document.to_string() + "\n"
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Who is who, for the first line.
pub fn ends() -> String {
    format!("{} is the client, {} the upstream", End::A, End::B)
}
