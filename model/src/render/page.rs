//! A counterexample as a page to step through: one HTML file that needs no network.
//!
//! The page draws from the counterexample's own JSON, embedded as data; nothing of it is ever
//! parsed as HTML.

use super::{svg, words};
use crate::counterexample::Counterexample;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("assets/page.css");
const GRAPH: &str = include_str!("assets/graph.js");
const TABLES: &str = include_str!("assets/tables.js");
const STEPS: &str = include_str!("assets/steps.js");

/// Nothing is fetched from anywhere, whatever the data says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
pub fn page(counterexample: &Counterexample) -> String {
    within(counterexample, None)
}

/// The page, with the address of the list it is one of.
pub(super) fn within(counterexample: &Counterexample, list: Option<&str>) -> String {
    let body = html! {
        (heading(counterexample, list))
        main {
            (stepper(counterexample.steps.len()))
            div class="columns" {
                figure class="chart" tabindex="0" role="region" aria-label="Message chart" {
                    (svg::draw(counterexample, false))
                }
                (state())
            }
            (verdict(counterexample))
        }
        (footer(counterexample))
        script id="trace" type="application/json" { (PreEscaped(data(counterexample))) }
        script { (PreEscaped(GRAPH)) (PreEscaped(TABLES)) (PreEscaped(STEPS)) }
    };
    document(&words::heading(counterexample), &body)
}

/// A document with the style of all pages.
pub(super) fn document(title: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) " · captp-gc" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    markup.into_string()
}

fn heading(counterexample: &Counterexample, list: Option<&str>) -> Markup {
    let (property, steps) = (counterexample.property, counterexample.steps.len());
    html! {
        header {
            p class="brand" {
                @if let Some(list) = list { a href=(list) { "captp-gc" } }
                @else { "captp-gc" }
                span { " / " (words::system(counterexample)) }
            }
            h1 { (words::name(counterexample)) }
            p class="lead" {
                strong { (property) " " (property.title()) }
                " is violated after " (steps) @if steps == 1 { " step." } @else { " steps." }
            }
            @for sentence in words::about(counterexample) { p class="about" { (sentence) } }
        }
    }
}

fn stepper(steps: usize) -> Markup {
    html! {
        nav class="stepper" aria-label="Steps" {
            div class="buttons" {
                button type="button" data-go="first" title="Home" { "First" }
                button type="button" data-go="previous" title="k or ←" { "Previous" }
                button type="button" data-go="next" title="j or →" { "Next" }
                button type="button" data-go="last" title="End" { "Last" }
                output id="position" { "Step " (steps) " of " (steps) }
            }
            p id="sentence" role="status" aria-live="polite" {
                noscript { "The chart shows the whole walk; stepping through it needs JavaScript." }
            }
        }
    }
}

/// What the scripts fill in.
fn state() -> Markup {
    html! {
        div class="state" {
            section aria-labelledby="references" {
                h2 id="references" { "References" }
                svg id="graph" role="img" aria-label="Objects, proxies, counts and messages" {}
            }
            section aria-labelledby="in-tables" {
                h2 id="in-tables" { "Tables" }
                div id="tables" class="tables" {}
            }
            section aria-labelledby="in-channels" {
                h2 id="in-channels" { "On the wire" }
                ul id="channels" {}
            }
            section aria-labelledby="in-ledger" {
                h2 id="in-ledger" { "Ledger" }
                div id="ledger" class="scrolls" {}
            }
        }
    }
}

fn verdict(counterexample: &Counterexample) -> Markup {
    html! {
        section class="verdict" aria-labelledby="wrong" {
            h2 id="wrong" { "What is wrong" }
            p class="finding" { (counterexample.finding) "." }
            dl {
                dt { "Claimed" }
                dd { (counterexample.claim) "." }
                @if let Some(rule) = words::rule(counterexample) { dt { "Bent" } dd { (rule) } }
                @if counterexample.peer.is_some() {
                    dt { "Counts" }
                    dd { (words::place(counterexample)) }
                } @else {
                    dt { "World" }
                    dd { code { (counterexample.sizes) } }
                }
                @if let Some(mutation) = words::mutation(counterexample) {
                    dt { "Explore" }
                    dd { code { "model explore --mutation " (mutation.id) } }
                }
            }
        }
    }
}

fn footer(counterexample: &Counterexample) -> Markup {
    let made_by = &counterexample.made_by;
    html! {
        footer {
            p { kbd { "j" } " " kbd { "→" } " next, " kbd { "k" } " " kbd { "←" } " previous, "
                kbd { "Home" } " and " kbd { "End" } " first and last." }
            p { "Made by model " (made_by.model) ", sources " (made_by.hash) "." }
        }
    }
}

/// The counterexample as JSON that cannot end the element it stands in.
fn data(counterexample: &Counterexample) -> String {
    let json = serde_json::to_string(counterexample).expect("it has no maps and no odd keys");
    json.replace('<', "\\u003c")
}
