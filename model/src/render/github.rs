//! The report for GitHub's workflows: annotations, and the summary of a job.

use super::{chart, table, thousands};
use crate::report::{Report, Row};
use anstream::adapter::strip_str;

/// Workflow commands, one for each world that is not as expected; nothing if all are.
pub fn annotations(report: &Report) -> String {
    let commands = report.rows.iter().filter_map(|row| {
        let problem = row.problem.as_ref()?;
        let level = if row.incomplete { "warning" } else { "error" };
        let title = property(&format!("{}: {}", row.system, row.name));
        let mut text = format!("{}: {problem}.", row.title);
        if let Some(counterexample) = row.counterexample() {
            text += &format!("\n{}: {}.", counterexample.property, counterexample.finding);
        }
        Some(format!("::{level} title={title}::{}\n", data(&text)))
    });
    commands.collect()
}

/// Markdown: a table of the worlds, and below it, folded, the charts of what was not expected.
pub fn summary(report: &Report) -> String {
    let verdict = match report.exit_status {
        0 => "every world came out as expected, and complete",
        3 => "incomplete: nothing unexpected was found, but not all was searched",
        _ => "not as expected",
    };
    let mut lines = vec![
        format!("### captp-gc: {verdict}"),
        String::new(),
        "| | world | expected | found | states | time |".to_owned(),
        "|---|---|---|---|---:|---:|".to_owned(),
    ];
    lines.extend(report.rows.iter().map(line));
    for row in &report.rows {
        lines.extend(row.problem.as_ref().map(|problem| details(row, problem)));
    }
    lines.join("\n") + "\n"
}

fn line(row: &Row) -> String {
    let mark = match (row.as_expected, row.incomplete) {
        (true, _) => "✅",
        (false, true) => "❔",
        (false, false) => "❌",
    };
    let (states, time) = (thousands(row.states), table::seconds(row.seconds));
    let cells = [table::world(row), table::expected(row), table::found(row), states, time]
        .map(|c| cell(&c));
    format!("| {mark} | {} |", cells.join(" | "))
}

fn details(row: &Row, problem: &str) -> String {
    let summary = markup(&format!("{}: {problem}", row.name));
    let Some(counterexample) = row.counterexample() else { return format!("\n{summary}") };
    let chart = fenced(&strip_str(&chart::chart(counterexample)).to_string());
    // Without the empty lines, what is folded would not be read as Markdown.
    format!("\n<details><summary>{summary}</summary>\n\n{chart}\n</details>")
}

/// A block of code that nothing in it can end.
fn fenced(code: &str) -> String {
    let runs = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(runs + 1));
    format!("{fence}text\n{code}{fence}\n")
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cell(text: &str) -> String {
    markup(text).replace('|', "&#124;").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_command_is_escaped_as_github_undoes_it() {
        assert_eq!(data("50%\r\na,b: c"), "50%25%0D%0Aa,b: c");
        assert_eq!(property("50%\r\na,b: c"), "50%25%0D%0Aa%2Cb%3A c");
    }

    #[test]
    fn a_block_of_code_is_not_ended_by_what_is_in_it() {
        assert_eq!(fenced("a\n````\nb\n"), "`````text\na\n````\nb\n`````\n");
        assert_eq!(fenced("a\n"), "```text\na\n```\n");
    }

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(cell("a|b <i>\nc"), "a&#124;b &lt;i&gt; c");
    }
}
