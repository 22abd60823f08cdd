//! A counterexample as a message chart: VatA on the left, VatB on the right, time downwards, both
//! counts and the conservation sum beside each step.

use super::{BAD, FAINT, STRONG, pad, paint, words};
use crate::counterexample::{Counterexample, MessageRecord, StepRecord};
use crate::names::VatId;
use crate::property::Balance;
use crate::world::Table;
use std::fmt::Write;

const STEP: usize = 4;
const VAT: usize = 28;
const WIRE: usize = 26;
const WIDE_VAT: usize = 36;
const WIDE_WIRE: usize = 46;

/// The chart, with its heading and the sentence that names the rule.
pub fn chart(counterexample: &Counterexample) -> String {
    let mut text = String::new();
    let property = counterexample.property;
    let steps = counterexample.steps.len();
    line(&mut text, &paint(STRONG, &words::heading(counterexample)));
    for sentence in words::about(counterexample) {
        line(&mut text, &sentence);
    }
    line(&mut text, &paint(FAINT, &words::place(counterexample)));
    text.push('\n');
    let export = counterexample.subject.filter(|subject| subject.table == Table::Exports);
    let counts = export.map_or_else(String::new, |s| {
        let (from, to, index) = (s.exporter.letter(), s.importer.letter(), s.index);
        format!("{from}.exports[{index}] = in flight + {to}.imports[{index}] + coming back")
    });
    line(&mut text, format!("{:>1$}", counts, STEP + 2 * VAT + WIRE + 13).trim_end());
    let two = counterexample.sizes.vats == 2;
    let heading =
        if two { columns("", "VatA", "wire", "VatB", "") } else { wide("", "vat", "wire", "") };
    line(&mut text, &paint(STRONG, heading.trim_end()));
    for step in &counterexample.steps {
        let is_last = step.number == steps;
        rows(&mut text, step, two, is_last.then(|| property.name()));
    }
    text.push('\n');
    line(&mut text, &paint(BAD, &format!("{property} {}:", property.title())));
    line(&mut text, &format!("  {}.", counterexample.finding));
    line(&mut text, &format!("  Claimed: {}.", counterexample.claim));
    if let Some(rule) = words::rule(counterexample) {
        line(&mut text, &format!("  {rule}"));
    }
    if let Some(mutation) = words::mutation(counterexample) {
        let look = format!("Step through it: model explore --mutation {}", mutation.id);
        line(&mut text, &paint(FAINT, &look));
    }
    text
}

/// One step: a row, and one more for each line that does not fit, or further message.
fn rows(text: &mut String, step: &StepRecord, two: bool, violated: Option<&str>) {
    let deed =
        if two { words::deed(step) } else { format!("{}  {}", step.actor, words::deed(step)) };
    let deeds = wrap(&deed, if two { VAT } else { WIDE_VAT });
    let draw = if two { arrow } else { named };
    let taken = step.read.iter().chain(&step.lost);
    let mut wire: Vec<_> = taken.flat_map(|m| draw(m, Some(crossed(m, step)))).collect();
    wire.extend(step.sent.iter().flat_map(|m| draw(m, None)));
    let mut counts = step.after.balance.map_or_else(String::new, balance);
    if violated.is_some() {
        counts = paint(BAD, &counts);
    }
    let mut number = step.number.to_string();
    for row in 0..deeds.len().max(wire.len()) {
        let deed = deeds.get(row).map_or("", String::as_str);
        let wire = wire.get(row).map_or("", String::as_str);
        let row = match (two, step.actor) {
            (true, VatId::B) => columns(&number, "", wire, deed, &counts),
            (true, _) => columns(&number, deed, wire, "", &counts),
            (false, _) => wide(&number, deed, wire, &counts),
        };
        line(text, row.trim_end());
        number.clear();
        counts.clear();
    }
    if let Some(property) = violated {
        let arrow = format!("{:>1$}", format!("✗ {property}"), STEP + 2 * VAT + WIRE + 13);
        line(text, &paint(BAD, &arrow));
    }
}

fn columns(step: &str, a: &str, wire: &str, b: &str, counts: &str) -> String {
    let mut row = String::new();
    // Writing to a string cannot fail.
    let _written =
        write!(row, "{step:>2}  {}{}{}{counts}", pad(a, VAT), pad(wire, WIRE), pad(b, VAT));
    row
}

/// With three vats: who acts, and the messages with their ends.
fn wide(step: &str, deed: &str, wire: &str, counts: &str) -> String {
    let mut row = String::new();
    let (deed, wire) = (pad(deed, WIDE_VAT), pad(wire, WIDE_WIRE));
    let _written = write!(row, "{step:>2}  {deed}{wire}{counts}");
    row
}

/// The messages that a message has crossed when it is read: those on their way the other way.
fn crossed(message: &MessageRecord, step: &StepRecord) -> String {
    let channels = step.after.channels.iter();
    let back = channels.filter(|c| (c.from, c.to) == (message.to, message.from));
    let sent_now = |m: &&MessageRecord| step.sent.iter().any(|sent| sent.number == m.number);
    let crossed = back.flat_map(|channel| &channel.messages).filter(|m| !sent_now(m));
    let crossed: Vec<_> = crossed.map(|m| format!("╳ #{}", m.number)).collect();
    crossed.join(" ")
}

/// With two vats: a message as it leaves (`◁─`) or as it is read (`◀─`), pointing to its receiver;
/// then with those that it has crossed.
fn arrow(message: &MessageRecord, crossed: Option<String>) -> Vec<String> {
    let (to_a, to_b) = if crossed.is_some() { ("◀─", "─▶") } else { ("◁─", "─▷") };
    let number = format!("#{} ", message.number);
    let parts = parts(message, crossed, (WIRE - 4).saturating_sub(number.chars().count()));
    let draw = |(row, part): (usize, &String)| match (message.to, row) {
        (VatId::A, 0) => format!("{to_a} {number}{part}").trim_end().to_owned(),
        (VatId::A, _) => format!("      {part}"),
        (_, 0) => right(&format!("{} {to_b}", format!("{number}{part}").trim_end())),
        (_, _) => right(&format!("{part}   ")),
    };
    parts.iter().enumerate().map(draw).collect()
}

/// With three vats: a message with both its ends.
fn named(message: &MessageRecord, crossed: Option<String>) -> Vec<String> {
    let (from, to) = (message.from.letter(), message.to.letter());
    let arrow = if crossed.is_some() { "─▶" } else { "─▷" };
    let ends = format!("{from} {arrow} {to} #{} ", message.number);
    let parts = parts(message, crossed, (WIDE_WIRE - 1).saturating_sub(ends.chars().count()));
    let draw = |(row, part): (usize, &String)| {
        let ends = if row == 0 { ends.clone() } else { " ".repeat(ends.chars().count()) };
        format!("{ends}{part}").trim_end().to_owned()
    };
    parts.iter().enumerate().map(draw).collect()
}

/// What a message says, in lines; what it has crossed, if it was said when it left.
fn parts(message: &MessageRecord, crossed: Option<String>, width: usize) -> Vec<String> {
    if let Some(crossed) = crossed {
        return vec![crossed];
    }
    // Both are said beside it.
    wrap(message.text.trim_start_matches("faulty ").trim_start_matches("call "), width)
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    // A column of space between columns.
    textwrap::wrap(text, width.saturating_sub(1).max(1)).into_iter().map(Into::into).collect()
}

/// `text` at the right end of the wire's column.
fn right(text: &str) -> String {
    format!("{text:>0$}", WIRE - 1)
}

fn balance(b: Balance) -> String {
    let equals = if b.holds() { "=" } else { "≠" };
    format!("{} {equals} {} + {} + {}", b.export_count, b.mentions, b.import_count, b.deltas)
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
