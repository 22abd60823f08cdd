//! What a conformance run has shown: tables and charts, JSON, JUnit.

use super::{BAD, FAINT, GOOD, STRONG, UNSURE, chart, paint, thousands};
use crate::catalogue::System;
use crate::conform::campaign::Conformance;
use crate::conform::group::Group;
use crate::conform::picture::picture;
use crate::conform::refine::Refined;
use crate::conform::verdict::{Cell, Found, Verdict};
use captp_wire::adapter::Request;
use comfy_table::{CellAlignment, Table, presets};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::fmt::Write;

/// The version of the shape of the JSON document.
pub const SCHEMA: &str = "captp-gc/conform/1";

/// How many reasons are said why steps were not taken.
const REFUSALS: usize = 2;

/// Tables, then a chart for every finding.
pub fn text(found: &Conformance, system: &System) -> String {
    let mut text = String::new();
    let hello = &found.hello;
    let heading =
        format!("{} {}, held against the rules of {}", hello.peer, hello.version, system.title);
    push(&mut text, &paint(STRONG, &heading));
    text.push('\n');
    text.push_str(&groups(&found.groups));
    text.push('\n');
    text.push_str(&cells(&found.cells));
    text.push('\n');
    text.push_str(&refined(&found.refined));
    if !found.hostile.is_empty() {
        text.push('\n');
        text.push_str(&hostile(found));
    }
    if !found.cycles.is_empty() {
        text.push('\n');
        for cycled in &found.cycles {
            let grows = if cycled.grows { paint(BAD, "grows") } else { paint(GOOD, "stays") };
            let times = thousands(cycled.times);
            push(
                &mut text,
                &format!(
                    "memory {grows} when {}: {} bytes each, {times} times",
                    cycled.what, cycled.growth
                ),
            );
        }
    }
    for (number, one) in found.found.iter().enumerate() {
        text.push('\n');
        let times =
            if one.times == 1 { "one schedule".into() } else { format!("{} schedules", one.times) };
        let steps = one.requests.len();
        let steps = if steps == 1 { "one step".into() } else { format!("{steps} steps") };
        let seen = format!(
            "Finding {}: seen in {times}; this one is from {}: {steps}, and what comes at the end.",
            number + 1,
            one.origin
        );
        push(&mut text, &paint(STRONG, &seen));
        text.push_str(&chart::chart(&picture(hello, one)));
    }
    text.push('\n');
    for why in found.undecodable.iter().take(3) {
        push(&mut text, &paint(UNSURE, &format!("A message could not be decoded: {why}")));
    }
    if found.lost > 0 {
        push(&mut text, &format!("The adapter was started anew {} times.", found.lost));
    }
    push(&mut text, &paint(FAINT, &format!("{:.1} s.", found.elapsed.as_secs_f64())));
    push(&mut text, &verdict(found));
    text
}

fn verdict(found: &Conformance) -> String {
    let count = found.found.len();
    if count > 0 {
        let findings = if count == 1 { "finding".into() } else { format!("{count} findings") };
        return paint(
            BAD,
            &format!("{findings}: what belongs to others' code goes to them first."),
        );
    }
    if found.is_cut {
        return paint(UNSURE, "Nothing found, and not everything was tried.");
    }
    paint(GOOD, "Nothing found.")
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

pub(super) fn laid_out(heading: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading.to_vec());
    table.add_rows(rows);
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        push(&mut text, &if number == 0 { paint(STRONG, line) } else { line.to_owned() });
    }
    text
}

fn groups(groups: &[Group]) -> String {
    let heading =
        ["schedules", "states", "transitions covered", "run", "steps", "not taken", "violating"];
    let row = |group: &Group| {
        let covered = match group.states {
            None => String::new(),
            Some(_) => format!("{} of {}", thousands(group.covered), thousands(group.transitions)),
        };
        vec![
            group.name.clone(),
            group.states.map_or_else(String::new, |states| thousands(states as u64)),
            covered,
            thousands(group.schedules),
            thousands(group.steps),
            thousands(group.refused),
            thousands(group.violating),
        ]
    };
    let mut text = laid_out(&heading, groups.iter().map(row).collect(), &[1, 2, 3, 4, 5, 6]);
    for group in groups {
        for (why, number) in &group.impossible {
            let number = thousands(*number);
            let line = format!("{}: {number} further transitions left out: {why}", group.name);
            push(&mut text, &paint(FAINT, &line));
        }
        let mut refusals: Vec<_> = group.refusals.iter().collect();
        refusals.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
        for (why, number) in refusals.into_iter().take(REFUSALS) {
            let times = if *number == 1 { "once".into() } else { thousands(*number) + " times" };
            let line = format!("{}: not taken, {times}: {why}", group.name);
            push(&mut text, &paint(FAINT, &line));
        }
        for why in &group.left_out {
            push(&mut text, &paint(FAINT, &format!("{}: left out: {why}", group.name)));
        }
    }
    text
}

fn cells(cells: &[Cell]) -> String {
    let row = |cell: &Cell| {
        let (mark, said) = match cell.verdict {
            Verdict::Holds => (paint(GOOD, "✓"), "holds".to_owned()),
            Verdict::Violated => {
                (paint(BAD, "✗"), format!("violated in {}", thousands(cell.counted.violated)))
            }
            Verdict::NotObservable { why } => ("·".to_owned(), format!("not observable: {why}")),
            Verdict::NotTried => (paint(UNSURE, "?"), "not tried".to_owned()),
        };
        let name = format!("{} {}", cell.property, cell.property.title());
        let shortest = cell.shortest.map_or_else(String::new, |steps| format!("{steps} steps"));
        let [judged, tested] = match cell.verdict {
            Verdict::NotObservable { .. } => [String::new(), String::new()],
            _ => [thousands(cell.counted.judged), thousands(cell.counted.tested)],
        };
        (mark, [name, judged, tested, shortest, said])
    };
    let mut text = String::new();
    let heading = format!(
        "  {:<28}{:>8}{:>17}  {:>9}  verdict",
        "property", "judged", "put to the test", "shortest"
    );
    push(&mut text, &paint(STRONG, &heading));
    for (mark, [name, judged, tested, shortest, said]) in cells.iter().map(row) {
        let counts = format!("{judged:>8}{tested:>17}  {shortest:>9}");
        push(&mut text, &format!("{mark} {name:<28}{counts}  {said}"));
    }
    text
}

fn refined(refined: &Refined) -> String {
    let mut text = String::new();
    let (explained, beyond) = (thousands(refined.explained), thousands(refined.beyond));
    let mut line = format!("What was written is a behaviour of the model in {explained} schedules");
    if let Some(why) = &refined.why_beyond {
        line += &format!("; in {beyond} the model has no words for it ({why})");
    }
    push(&mut text, &format!("{line}."));
    if let Some(shortest) = &refined.shortest {
        let steps: Vec<_> = shortest.requests.iter().map(Request::to_string).collect();
        let number = thousands(refined.unexplained);
        let said = "which is no violation by itself, and does not change the exit status";
        let line = format!("In {number} it is not, {said}. The shortest of them:");
        push(&mut text, &paint(UNSURE, &line));
        push(&mut text, &format!("  {}", steps.join("; ")));
        push(&mut text, &format!("  then {}", shortest.said));
        let expected = shortest.expected.join("; or ");
        push(&mut text, &format!("  where the model expects {expected}"));
    }
    text
}

fn hostile(found: &Conformance) -> String {
    let row = |tried: &crate::conform::hostile::Tried| {
        let said: String = tried.said.chars().take(70).collect();
        vec![tried.case.to_owned(), tried.reaction.words().to_owned(), said]
    };
    let rows = found.hostile.iter().map(row).collect();
    laid_out(&["what a hostile peer did", "came of it", "said"], rows, &[])
}

/// One JSON document.
pub fn json(found: &Conformance) -> String {
    let hostile = found.hostile.iter().map(|tried| {
        json!({
            "case": tried.case,
            "reaction": tried.reaction,
            "said": tried.said,
            "violated": tried.run.violations,
        })
    });
    let document = json!({
        "schema": SCHEMA,
        "peer": found.hello.peer,
        "version": found.hello.version,
        "system": found.hello.system,
        "can": found.hello.can,
        "schedules": found.groups,
        "properties": found.cells,
        "found": found.found.iter().map(|one| finding(found, one)).collect::<Vec<_>>(),
        "behaviour": found.refined,
        "hostile": hostile.collect::<Vec<_>>(),
        "memory": found.cycles,
        "adapter_lost": found.lost,
        "undecodable": found.undecodable,
        "incomplete": found.is_cut,
        "seconds": found.elapsed.as_secs_f64(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn finding(found: &Conformance, one: &Found) -> Value {
    json!({
        "property": one.property,
        "finding": one.violation.finding,
        "origin": one.origin,
        "schedules": one.times,
        "requests": one.requests,
        "counterexample": picture(&found.hello, one),
    })
}

/// JUnit's XML: a test case for each property.
pub fn junit(found: &Conformance) -> String {
    let mut document = quick_junit::Report::new("captp-gc conform");
    document.set_time(found.elapsed);
    let mut suite = TestSuite::new(format!("{} {}", found.hello.peer, found.hello.version));
    for cell in &found.cells {
        let name = format!("{} {}", cell.property, cell.property.title());
        let mut case = TestCase::new(name, status(found, cell));
        case.set_classname(&found.hello.system);
        suite.add_test_case(case);
    }
    document.add_test_suite(suite);
    // Writing to memory cannot fail.
    document.to_string().unwrap_or_else(|error| format!("<!-- {error} -->\n"))
}

fn status(found: &Conformance, cell: &Cell) -> TestCaseStatus {
    match cell.verdict {
        Verdict::Holds => TestCaseStatus::success(),
        Verdict::NotObservable { why } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("not observable: {why}"));
            status
        }
        Verdict::NotTried => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("not tried");
            status
        }
        Verdict::Violated => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let of_cell = found.found.iter().filter(|one| one.property == cell.property);
            let mut text = String::new();
            for one in of_cell {
                let requests: Vec<_> = one.requests.iter().map(Request::to_string).collect();
                let finding = &one.violation.finding;
                // Writing to a string cannot fail.
                let _written = writeln!(text, "{finding}, after: {}.", requests.join("; "));
            }
            status.set_type("violated").set_message(text.lines().next().unwrap_or_default());
            status.set_description(text);
            status
        }
    }
}
