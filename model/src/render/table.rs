//! The report as a table.

use super::{BAD, FAINT, GOOD, STRONG, UNSURE, paint, thousands};
use crate::catalogue;
use crate::check::Verdict;
use crate::property::PropertyId;
use crate::report::{Report, Row};
use comfy_table::{Cell, CellAlignment, Table, presets};
use std::time::Duration;

const RIGHT: &[usize] = &[4, 5, 6, 8, 9];

/// The table, and below it what is not as expected.
pub fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heading = [
        "world",
        "bent",
        "expected",
        "found",
        "states",
        "depth",
        "steps",
        "rule kept",
        "time",
        "states/s",
    ];
    table.set_header(heading);
    for row in &report.rows {
        table.add_row(cells(row).map(Cell::new));
    }
    for column in RIGHT {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    if let Some(heading) = lines.first_mut() {
        *heading = paint(STRONG, heading);
    }
    for (line, row) in lines.iter_mut().skip(1).zip(&report.rows) {
        *line = format!("{} {line}", mark(row));
    }
    if let Some(heading) = lines.first_mut() {
        *heading = format!("  {heading}");
    }
    lines.join("\n") + "\n"
}

/// The lines below the charts: what the rows mean, and the verdict on the whole.
pub fn summary(report: &Report) -> String {
    let mut lines = Vec::new();
    let full: Vec<_> = report.rows.iter().filter(|row| row.rule.is_none()).collect();
    if !full.is_empty() {
        lines.extend(coverage(&full));
    }
    let states: u64 = report.rows.iter().map(|row| row.states).sum();
    let collisions: f64 = report.rows.iter().map(|row| row.collision_probability).sum();
    lines.push(format!(
        "{} distinct states in {}; two of them taken for one: about {collisions:.0e}{}.",
        thousands(states),
        seconds(report.seconds),
        peak_memory().map_or_else(String::new, |memory| format!("; peak memory {memory}")),
    ));
    let made = &report.made_with;
    let budget = [
        made.max_states.map(|states| format!("--max-states {states}")),
        made.max_depth.map(|depth| format!("--max-depth {depth}")),
        made.timeout.map(|timeout| format!("--timeout {timeout}")),
    ];
    let budget: Vec<_> = budget.into_iter().flatten().collect();
    let budget = if budget.is_empty() { "no budget".to_owned() } else { budget.join(" ") };
    lines.push(paint(
        FAINT,
        &format!(
            "model {}, {}, {}, {budget}; exhaustive search, so there is no seed.",
            made.model,
            made.rustc,
            plural(made.threads, "thread")
        ),
    ));
    lines.extend(verdict(report));
    let tested = |id: &PropertyId| report.rows.iter().any(|row| row.witnesses.contains(id));
    // What a system is exempt from is said in the list of systems.
    let sizes_lack = |id: &PropertyId| {
        let untested = report.rows.iter().flat_map(|row| &row.untested);
        untested.filter(|u| u.property == *id).any(|u| u.needs.starts_with("--"))
    };
    let untested: Vec<_> =
        PropertyId::ALL.into_iter().filter(|id| !tested(id) && sizes_lack(id)).collect();
    if !full.is_empty() && !untested.is_empty() {
        let names: Vec<_> = untested.iter().map(|id| id.name()).collect();
        let not_tested = format!("Not put to the test in any of them: {}.", names.join(" "));
        lines.push(paint(UNSURE, &not_tested));
    }
    lines.join("\n") + "\n"
}

fn verdict(report: &Report) -> Vec<String> {
    let problems = report.rows.iter().filter_map(|row| Some((row, row.problem.as_ref()?)));
    let mut lines: Vec<_> = problems
        .map(|(row, problem)| {
            let style = if row.incomplete { UNSURE } else { BAD };
            paint(style, &format!("{}: {problem}.", row.name))
        })
        .collect();
    let worlds = match report.rows.len() {
        1 => "The one world".to_owned(),
        worlds => format!("All {worlds} worlds"),
    };
    lines.push(match report.exit_status {
        0 => paint(GOOD, &format!("{worlds} came out as expected, and complete.")),
        3 => paint(UNSURE, "Incomplete: nothing unexpected was found, but not all was searched."),
        _ => paint(BAD, "Not as expected."),
    });
    lines
}

/// Which property was put to the test in which world of the full rules.
fn coverage(rows: &[&Row]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let names = rows.iter().map(|row| row.name.to_owned());
    table.set_header(std::iter::once("full rules".to_owned()).chain(names));
    for id in PropertyId::ALL {
        let cells = rows.iter().map(|row| {
            if row.violated.contains(&id) {
                "violated".to_owned()
            } else if row.witnesses.contains(&id) {
                "tested".to_owned()
            } else {
                let untested = row.untested.iter().find(|untested| untested.property == id);
                untested.map_or_else(
                    || "-".to_owned(),
                    |u| {
                        if u.needs.starts_with("--") {
                            format!("needs {}", u.needs)
                        } else {
                            "·".to_owned()
                        }
                    },
                )
            }
        });
        table.add_row(std::iter::once(format!("{id} {}", id.title())).chain(cells));
    }
    let mut lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    if let Some(heading) = lines.first_mut() {
        *heading = paint(STRONG, heading);
    }
    lines.extend(rows.iter().map(|row| paint(FAINT, &format!(" {}: {}", row.name, row.flags))));
    lines.push(String::new());
    lines
}

fn cells(row: &Row) -> [String; 10] {
    let steps = row.counterexample().map_or_else(|| "-".to_owned(), |c| c.steps.len().to_string());
    [
        world(row),
        row.rule.map_or("-", crate::rule::Rule::name).to_owned(),
        expected(row),
        found(row),
        thousands(row.states),
        row.depth.to_string(),
        steps,
        row.control.as_ref().map_or("-", |control| control.verdict.name()).to_owned(),
        seconds(row.seconds),
        rate(row),
    ]
}

/// A mutation by its name; a scenario with its system.
pub(super) fn world(row: &Row) -> String {
    if row.rule.is_some() {
        row.name.to_owned()
    } else {
        let system = catalogue::system(row.system).map_or(row.system, |system| system.title);
        format!("{system}, {}", row.name)
    }
}

/// The expected verdict, and of what.
pub(super) fn expected(row: &Row) -> String {
    row.expected_property.map_or_else(
        || row.expected.name().to_owned(),
        |property| format!("{} {property}", row.expected.name()),
    )
}

/// The verdict, and of what.
pub(super) fn found(row: &Row) -> String {
    match row.verdict {
        Verdict::Violated => format!("violated {}", named_first(row)),
        Verdict::Holds | Verdict::Incomplete => row.verdict.name().to_owned(),
    }
}

/// The violated properties, the expected one first.
fn named_first(row: &Row) -> String {
    let mut ids = row.violated.clone();
    ids.sort_by_key(|id| Some(*id) != row.expected_property);
    let mut names = ids.iter().map(|id| id.name());
    let first = names.next().unwrap_or("").to_owned();
    let others: Vec<_> = names.collect();
    if others.is_empty() { first } else { format!("{first} ({})", others.join(" ")) }
}

fn mark(row: &Row) -> String {
    if row.as_expected {
        paint(GOOD, "✓")
    } else if row.incomplete {
        paint(UNSURE, "?")
    } else {
        paint(BAD, "✗")
    }
}

/// A rate says nothing of a search that was over at once.
fn rate(row: &Row) -> String {
    if row.seconds < 0.05 {
        return "-".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    let rate = row.states_per_second as u64;
    thousands(rate)
}

fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("{number} {noun}") } else { format!("{number} {noun}s") }
}

/// For people.
pub(super) fn seconds(seconds: f64) -> String {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    if duration < Duration::from_secs(10) {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// The most memory that this process had, where the system tells (Linux).
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(indicatif::HumanBytes(kibibytes * 1024).to_string())
}
