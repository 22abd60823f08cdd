//! A counterexample as a message sequence chart: a standalone SVG.
//!
//! One lane a vat, time downwards, one row a step. A message is an arrow from the row in which it
//! was sent to the row in which it was read, so that messages that cross are seen to cross.

mod flight;

use super::words;
use crate::counterexample::{Counterexample, MessageRecord, StepRecord};
use crate::names::VatId;
use crate::property::Balance;
use crate::world::Table;
use flight::{Flight, legend};
use maud::{Markup, PreEscaped, html};
use std::borrow::Cow;

const STYLE: &str = include_str!("assets/chart.css");

/// The widest mark on a lane.
const PILL: i32 = 136;
/// Where the lane of VatA is.
const FIRST: i32 = 36 + PILL / 2;
/// Between the lanes of two vats, and of three.
const GAPS: (i32, i32) = (288, 212);
/// Between the numbers of the sum.
const COUNT: i32 = 48;
/// For the name of the violated property.
const MARGIN: i32 = 46;
/// The height of a line of text.
const LINE: i32 = 14;
/// Characters in a line of a mark.
const DEED: usize = 21;
/// Lines of a mark or of a label, at most. What is shortened is whole in its `<title>`.
const LINES: usize = 3;
/// Below the last step, where messages in flight end.
const END: i32 = 46;

/// The chart, with its heading above and what is wrong below.
pub fn svg(counterexample: &Counterexample) -> String {
    draw(counterexample, true).into_string()
}

/// The chart; not `alone` in a page that says itself what it shows.
pub(super) fn draw(counterexample: &Counterexample, alone: bool) -> Markup {
    let layout = Layout::of(counterexample, alone);
    let Layout { width, top, bottom, .. } = layout;
    let title = words::heading(counterexample);
    let below = below(counterexample, &layout, alone);
    let height = bottom + below.height;
    let last = counterexample.steps.len();
    html! {
        svg class="msc" xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } role="group" aria-label=(clean(&title)) {
            title { (clean(&title)) }
            style { (PreEscaped(STYLE)) }
            (lines(&layout.heading, 14, 24, 20, "heading"))
            (counts_heading(counterexample, &layout))
            @for (row, number) in layout.rows.iter().zip(1..) {
                rect id={ "step-" (number) } data-step=(number) x="6" y=(row.top)
                    width=(width - 12) height=(row.height) rx="4"
                    class={ "band" @if number % 2 == 0 { " even" }
                        @if number == last { " violated" } } {}
            }
            @for vat in &layout.vats {
                line class="lane" x1=(layout.lane(*vat)) x2=(layout.lane(*vat)) y1=(top)
                    y2=(bottom) {}
                rect class="vat-box" x=(layout.lane(*vat) - 34) y=(top - 26) width="68"
                    height="26" rx="4" {}
                text class="vat" x=(layout.lane(*vat)) y=(top - 9) { (vat) }
            }
            @for flight in Flight::all(counterexample) { (flight.draw(&layout)) }
            @for (row, step) in layout.rows.iter().zip(&counterexample.steps) {
                a class={ @if step.number % 2 == 0 { "even" }
                    @if step.number == last { " violated" } }
                    href={ "#step-" (step.number) } data-step=(step.number)
                    aria-label=(clean(&format!("Step {}: {}", step.number, step.text))) {
                    (draw_row(&layout, row, step))
                    @if step.number == last {
                        text class="bad" x=(width - MARGIN) y=(row.y + 4) {
                            "✗ " (counterexample.property)
                        }
                    }
                }
            }
            (below.markup)
        }
    }
}

/// Where everything is.
struct Layout {
    heading: Vec<String>,
    vats: Vec<VatId>,
    gap: i32,
    width: i32,
    /// Where the lanes begin.
    top: i32,
    /// Where they end.
    bottom: i32,
    rows: Vec<Row>,
}

/// One step.
struct Row {
    top: i32,
    /// The middle of the mark, where messages leave and arrive.
    y: i32,
    height: i32,
    deed: Vec<String>,
    /// The half of the mark's width.
    half: i32,
    /// The half of its height.
    mark: i32,
    /// How far above the middle messages arrive, and below it leave, if both on one side.
    spread: i32,
    /// What is sent, and where the first line of each label stands.
    labels: Vec<(i32, Vec<String>)>,
}

impl Layout {
    fn of(counterexample: &Counterexample, alone: bool) -> Self {
        let vats: Vec<_> = counterexample.initial.vats.iter().map(|vat| vat.vat).collect();
        let gap = if vats.len() > 2 { GAPS.1 } else { GAPS.0 };
        let lanes = times(vats.len().saturating_sub(1).max(1), gap);
        let width = FIRST + lanes + PILL / 2 + 24 + 4 * COUNT + MARGIN;
        let heading = words::heading(counterexample);
        let heading = if alone { wrapped(&heading, width, 9, LINES) } else { Vec::new() };
        let top = times(heading.len(), 20) + 64;
        let mut y = top + 8;
        let rows = counterexample.steps.iter().map(|step| {
            let row = Row::of(step, gap, y);
            y = row.top + row.height;
            row
        });
        let rows = rows.collect();
        Self { heading, vats, gap, width, top, bottom: y + END, rows }
    }

    fn lane(&self, vat: VatId) -> i32 {
        FIRST + times(vat.number(), self.gap)
    }

    /// The middle of a number of the sum, from the left.
    fn count(&self, column: i32) -> i32 {
        self.width - MARGIN - 4 * COUNT + column * COUNT + COUNT / 2
    }
}

impl Row {
    fn of(step: &StepRecord, gap: i32, top: i32) -> Self {
        let deed = shortened(&words::deed(step), DEED, LINES);
        let longest = deed.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let half = (times(longest, 7) / 2 + 8).min(PILL / 2);
        // In this row, nothing stands on the other lanes.
        let room = usize::try_from((gap - half - 15) * 10 / 67).unwrap_or(1);
        let labels: Vec<_> = step.sent.iter().map(|m| shortened(&label(m), room, LINES)).collect();
        let lines = labels.iter().map(Vec::len).sum();
        let is_right = |vat: VatId| vat > step.actor;
        let on_one_side = |read: &MessageRecord| {
            step.sent.iter().any(|sent| is_right(sent.to) == is_right(read.from))
        };
        let between = step.read.as_ref().is_some_and(on_one_side);
        let spread = if between { times(lines, LINE) / 2 + 1 } else { 0 };
        let mark = (times(deed.len(), LINE) / 2 + 5).max(spread + 4);
        let above = if between { 0 } else { times(lines, LINE) + 8 };
        let y = top + above.max(mark + 5);
        let last = if between { y + spread - 4 } else { y - 7 };
        let mut next = last - times(lines.saturating_sub(1), LINE);
        let labels = labels.into_iter().map(|lines| {
            let first = next;
            next += times(lines.len(), LINE);
            (first, lines)
        });
        let labels = labels.collect();
        Self { top, y, height: y - top + mark + 6, deed, half, mark, spread, labels }
    }
}

fn label(message: &MessageRecord) -> String {
    let text = message.text.trim_start_matches("faulty ").trim_start_matches("call ");
    format!("#{} {text}", message.number)
}

fn draw_row(layout: &Layout, row: &Row, step: &StepRecord) -> Markup {
    let lane = layout.lane(step.actor);
    let lines_of_deed = times(row.deed.len(), LINE);
    html! {
        rect class="hit" x="6" y=(row.top) width=(layout.width - 12) height=(row.height) rx="4" {}
        text class="number" x="20" y=(row.y + 4) { (step.number) }
        g {
            title { (clean(&step.text)) }
            rect class="pill" x=(lane - row.half) y=(row.y - row.mark)
                width=(2 * row.half) height=(2 * row.mark) rx="9" {}
            (lines(&row.deed, lane, row.y - lines_of_deed / 2 + 11, LINE, "deed"))
        }
        @for (message, (y, label)) in step.sent.iter().zip(&row.labels) {
            @let rightward = message.to > message.from;
            @let x = if rightward { lane + row.half + 7 } else { lane - row.half - 7 };
            @let class = if rightward { "label" } else { "label leftward" };
            g {
                title { (clean(&message.text)) }
                (lines(label, x, *y, LINE, class))
            }
        }
        (counts(layout, row.y + 4, step.after.balance))
    }
}

/// The conservation sum in figures.
fn counts(layout: &Layout, y: i32, balance: Option<Balance>) -> Markup {
    let Some(balance) = balance else {
        return html! { text class="count soft" x=(layout.count(0)) y=(y) { "–" } };
    };
    let Balance { export_count, mentions, import_count, deltas } = balance;
    let equals = if balance.holds() { "=" } else { "≠" };
    html! {
        @for (column, number) in [export_count, mentions, import_count, deltas].iter().enumerate() {
            text class="count" x=(layout.count(0) + times(column, COUNT)) y=(y) { (number) }
        }
        @for (column, sign) in [equals, "+", "+"].iter().enumerate() {
            text x=(layout.count(0) + times(column, COUNT) + COUNT / 2) y=(y)
                class=(if *sign == "≠" { "count bad" } else { "count soft" }) { (sign) }
        }
    }
}

fn counts_heading(counterexample: &Counterexample, layout: &Layout) -> Markup {
    let subject = counterexample.subject.filter(|subject| subject.table == Table::Exports);
    let Some(subject) = subject else { return PreEscaped(String::new()) };
    let (exporter, importer, index) = (subject.exporter, subject.importer, subject.index);
    let column = |number: i32, words: [&str; 2]| {
        html! {
            @for (line, word) in words.iter().enumerate() {
                @if !word.is_empty() {
                    text class="small soft middle" x=(layout.count(number))
                        y=(layout.top - 20 + times(line, 12)) { (word) }
                }
            }
        }
    };
    html! {
        text class="small middle" x=(layout.count(1) + COUNT / 2) y=(layout.top - 42) {
            (exporter) "’s exports[" (index) "] for " (importer)
        }
        (column(0, ["", "export"]))
        (column(1, ["in", "flight"]))
        (column(2, ["", "imported"]))
        (column(3, ["coming", "back"]))
    }
}

/// What stands below the lanes.
struct Below {
    markup: Markup,
    height: i32,
}

fn below(counterexample: &Counterexample, layout: &Layout, alone: bool) -> Below {
    let property = counterexample.property;
    let wrap =
        |text: &str| if alone { wrapped(text, layout.width, 7, usize::MAX) } else { Vec::new() };
    let finding = format!("✗ {property} {}: {}.", property.title(), counterexample.finding);
    let finding = wrap(&finding);
    let rule = words::rule(counterexample).map(|rule| wrap(&rule)).unwrap_or_default();
    let first = layout.bottom + 26;
    let second = first + times(finding.len(), 18);
    let third = second + times(rule.len(), 18) + 10;
    Below {
        height: third + 16 - layout.bottom,
        markup: html! {
            (lines(&finding, 14, first, 18, "bad"))
            (lines(&rule, 14, second, 18, ""))
            (legend(counterexample, third))
        },
    }
}

/// Lines of text, one below the other.
fn lines(lines: &[String], x: i32, y: i32, step: i32, class: &str) -> Markup {
    html! {
        text class=(class) x=(x) y=(y) {
            @for (number, line) in lines.iter().enumerate() {
                tspan x=(x) y=(y + times(number, step)) { (clean(line)) }
            }
        }
    }
}

/// `text` in lines that fit between the margins, with about so many pixels a character.
fn wrapped(text: &str, width: i32, pixels: i32, lines_max: usize) -> Vec<String> {
    shortened(text, usize::try_from((width - 28) / pixels).unwrap_or(1), lines_max)
}

/// `text` in lines; what is too long for them ends in an ellipsis.
fn shortened(text: &str, columns: usize, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> =
        textwrap::wrap(text, columns.max(8)).into_iter().map(Cow::into_owned).collect();
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            *last = last.chars().take(columns.max(8) - 1).collect();
            last.push('…');
        }
    }
    lines
}

/// `text` without the characters that no XML document may contain, however they are written.
fn clean(text: &str) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let bad = |c: char| bad(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(bad) { text.replace(bad, "\u{fffd}").into() } else { text.into() }
}

fn times(count: usize, each: i32) -> i32 {
    i32::try_from(count).unwrap_or(0).saturating_mul(each)
}
