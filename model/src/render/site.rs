//! The whole catalogue as static files: a list, and a page for each counterexample.

use super::comparison::{self, RACES, REST};
use super::{page, svg, thousands};
use crate::catalogue::{DISTRIBUTED_RACE, LEFT_OUT, SYSTEMS, System};
use crate::check::Verdict;
use crate::compare::{Compared, Comparison};
use crate::property::PropertyId;
use crate::report::{Report, Row};
use maud::{Markup, PreEscaped, html};
use std::fs;
use std::io;
use std::path::Path;

/// Where the pages are, below the list.
const PAGES: &str = "mutations";

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// Pages, the list included.
    pub pages: usize,
    /// Bytes in all.
    pub bytes: usize,
}

/// Writes the list and the pages into `folder`, which is made if it is not there.
///
/// # Errors
/// The folder cannot be made, or a file not be written.
pub fn site(report: &Report, comparison: &Comparison, folder: &Path) -> io::Result<Written> {
    let pages = folder.join(PAGES);
    fs::create_dir_all(&pages)?;
    let list = list(report, comparison);
    fs::write(folder.join("index.html"), &list)?;
    let mut written = Written { pages: 1, bytes: list.len() };
    for row in &report.rows {
        let Some(counterexample) = row.counterexample() else { continue };
        let text = page::within(counterexample, Some("../index.html"));
        fs::write(pages.join(file(row)), &text)?;
        written.pages += 1;
        written.bytes += text.len();
    }
    Ok(written)
}

/// The name of a row's page.
fn file(row: &Row) -> String {
    format!("{}.html", row.file_name())
}

fn list(report: &Report, comparison: &Comparison) -> String {
    let of = |system: &System| {
        let id = system.id;
        report.rows.iter().filter(move |row| row.system == id)
    };
    let systems: Vec<_> =
        SYSTEMS.iter().copied().filter(|system| of(system).next().is_some()).collect();
    let body = html! {
        main class="list" {
            (introduction(report, &systems))
            (example(report))
            @if !comparison.systems.is_empty() { (compared(comparison)) }
            h2 id="systems" { "Systems and their mutations" }
            p { "A mutation bends one rule. Each is found by an exhaustive search; its page walks \
                through a shortest counterexample. A number M1 and so on is a defect of a real \
                system: reproduced, documented in its history or source, or a suspicion." }
            nav aria-label="Systems" {
                ul {
                    @for system in &systems {
                        li { a href={ "#" (system.id) } { (system.title) } }
                    }
                }
            }
            @for system in &systems {
                (section(system, &of(system).collect::<Vec<_>>()))
            }
            (left_out())
            (properties())
        }
        footer {
            p { "Made by model " (report.made_with.model) ", " (report.made_with.rustc)
                ". Nothing on these pages is fetched from a network." }
        }
    };
    page::document("Distributed garbage collection, model-checked", &body)
}

fn introduction(report: &Report, systems: &[&System]) -> Markup {
    let mutations = report.rows.iter().filter(|row| row.rule.is_some()).count();
    let scenarios = report.rows.len() - mutations;
    let states: u64 = report.rows.iter().map(|row| row.states).sum();
    let count = |is: fn(&&Row) -> bool| report.rows.iter().filter(is).count();
    let odd = count(|row| !row.as_expected && !row.incomplete);
    let cut_short = count(|row| row.incomplete);
    html! {
        header {
            p class="brand" { "captp-gc" }
            h1 { "Distributed garbage collection, model-checked" }
            p class="lead" {
                "Vats hold references to each other’s objects, count them, and give them back. \
                 Releases cross mentions, finalisers run late, sessions end. Which of it goes \
                 wrong, in which system, and in how few steps?"
            }
            p class="about" {
                (systems.len()) @if systems.len() == 1 { " system, " } @else { " systems, " }
                (scenarios) " worlds with all rules, " (mutations)
                " mutations, " (thousands(states)) " states. "
                @if odd > 0 {
                    span class="odd" { (odd) " verdicts are not as expected." }
                } @else if cut_short > 0 {
                    span class="odd" { (cut_short) " searches were cut short." }
                } @else { "Every verdict is as expected." }
            }
        }
    }
}

/// The distributed race, as what all this is about.
fn example(report: &Report) -> Markup {
    let row = report.rows.iter().find(|row| row.name == DISTRIBUTED_RACE);
    let Some((row, counterexample)) = row.and_then(|row| Some((row, row.counterexample()?))) else {
        return PreEscaped(String::new());
    };
    html! {
        figure class="chart" tabindex="0" role="region" aria-label="The distributed race" {
            (PreEscaped(svg::svg(counterexample)))
        }
        p { a href={ (PAGES) "/" (file(row)) } { "Step through this one" } "." }
    }
}

fn compared(comparison: &Comparison) -> Markup {
    let table = |heading: &[&str], rows: fn(&Compared) -> Vec<String>| {
        html! {
            div class="scrolls" tabindex="0" role="region" aria-label="Comparison" {
                table class="comparison" {
                    thead { tr { @for word in heading { th scope="col" { (word) } } } }
                    tbody {
                        @for compared in &comparison.systems {
                            tr {
                                @for (column, cell) in rows(compared).iter().enumerate() {
                                    @if column == 0 {
                                        th scope="row" {
                                            a href={ "#" (compared.system) } { (cell) }
                                        }
                                    } @else { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    html! {
        h2 id="comparison" { "The systems side by side" }
        (table(RACES, comparison::races))
        (table(REST, comparison::rest))
        p { small { (comparison::legend(comparison)) } }
    }
}

fn section(system: &System, rows: &[&Row]) -> Markup {
    let mutations: Vec<_> = rows.iter().filter(|row| row.rule.is_some()).collect();
    let scenarios: Vec<_> = rows.iter().filter(|row| row.rule.is_none()).collect();
    html! {
        section aria-labelledby=(system.id) {
            h3 id=(system.id) { (system.title) }
            p class="about" { "Rules from " (system.source) ". It keeps: " (system.idea) "." }
            @if !scenarios.is_empty() {
                p {
                    "With all rules: "
                    @for (number, row) in scenarios.iter().enumerate() {
                        @if number > 0 { "; " }
                        (row.name) " " (verdict(row)) " in " (thousands(row.states)) " states"
                        @if let Some(problem) = &row.problem {
                            " " span class="odd" { "(" (problem) ")" }
                        }
                    }
                    "."
                }
            }
            @if !mutations.is_empty() { (table(&mutations)) }
        }
    }
}

fn table(mutations: &[&&Row]) -> Markup {
    let heading = ["defect", "mutation", "bent", "violated", "citation"];
    html! {
        div class="scrolls" {
            table class="mutations" {
                thead { tr { @for word in heading { th scope="col" { (word) } } } }
                tbody { @for row in mutations { (mutation(row)) } }
            }
        }
    }
}

fn mutation(row: &Row) -> Markup {
    html! {
        tr {
            td {
                @if let Some(defect) = row.defect {
                    (defect.id) " " span class="mark" { (defect.mark.name()) }
                }
            }
            td {
                @if row.counterexample().is_some() {
                    a href={ (PAGES) "/" (file(row)) } { code { (row.name) } }
                } @else { code { (row.name) } }
                br;
                (row.title)
                @if let Some(problem) = &row.problem { " " span class="odd" { (problem) } }
            }
            td { @if let Some(rule) = row.rule { (rule.name()) } }
            td {
                @if let Some(counterexample) = row.counterexample() {
                    @let steps = counterexample.steps.len();
                    (counterexample.property) " in " (steps)
                    @if steps == 1 { " step" } @else { " steps" }
                } @else { (verdict(row)) }
            }
            td { @if let Some(text) = row.stands_for { (text) } }
        }
    }
}

const fn verdict(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Holds => "holds",
        Verdict::Violated => "is violated",
        Verdict::Incomplete => "is incomplete",
    }
}

fn left_out() -> Markup {
    html! {
        h2 { "Defects that are no mutation" }
        ul { @for (number, why) in LEFT_OUT { li { "M" (number) ": " (why) "." } } }
    }
}

fn properties() -> Markup {
    html! {
        h2 id="properties" { "Properties" }
        dl {
            @for property in PropertyId::ALL {
                dt { (property) " " (property.title()) }
                dd { (property.claim()) "; put to the test when " (property.witness()) "." }
            }
        }
    }
}
