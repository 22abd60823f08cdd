//! A counterexample as a message chart: VatA on the left, VatB on the right, time downwards, both
//! counts and the conservation sum beside each step.

use super::{BAD, FAINT, STRONG, pad, paint};
use crate::catalogue;
use crate::counterexample::{Counterexample, MessageRecord, StepRecord};
use crate::names::VatId;
use crate::property::Balance;
use std::fmt::Write;

const STEP: usize = 4;
const VAT: usize = 29;
const WIRE: usize = 26;

/// The chart, with its heading and the sentence that names the rule.
pub fn chart(counterexample: &Counterexample) -> String {
    let mut text = String::new();
    let property = counterexample.property;
    let system = catalogue::system(counterexample.system).map_or("", |system| system.title);
    let mutation = counterexample.mutation.and_then(catalogue::mutation).map(|(_, m)| m);
    let name = mutation.map_or(system, |mutation| mutation.id);
    let steps = counterexample.steps.len();
    line(&mut text, &paint(STRONG, &format!("{name}: {property} is violated after {steps} steps")));
    if let Some(mutation) = mutation {
        line(&mut text, &format!("Bent is {}: {}.", mutation.rule.name(), mutation.title));
        line(&mut text, &format!("It stands for {}.", mutation.stands_for));
    }
    text.push('\n');
    let export = counterexample.subject.map(|s| (s.exporter, s.index));
    let counts = export.map_or_else(String::new, |(exporter, index)| {
        let (from, to) = (letter(exporter), letter(exporter.peer()));
        format!("{from}.exports[{index}] = in flight + {to}.imports[{index}] + coming back")
    });
    line(&mut text, &format!("{:>1$}", counts, STEP + 2 * VAT + WIRE + 14));
    let heading = columns("", "VatA", "wire", "VatB", "");
    line(&mut text, &paint(STRONG, heading.trim_end()));
    for step in &counterexample.steps {
        let is_last = step.number == steps;
        rows(&mut text, step, is_last.then(|| property.name()));
    }
    text.push('\n');
    line(&mut text, &paint(BAD, &format!("{property} {}:", property.title())));
    line(&mut text, &format!("  {}.", counterexample.finding));
    line(&mut text, &format!("  Claimed: {}.", counterexample.claim));
    if let Some(mutation) = mutation {
        line(&mut text, &format!("  {} says: {}.", mutation.rule.name(), mutation.rule.text()));
        let look = format!("Step through it: model explore --mutation {}", mutation.id);
        line(&mut text, &paint(FAINT, &look));
    }
    text
}

/// One step: a row, and one more for each further message.
fn rows(text: &mut String, step: &StepRecord, violated: Option<&str>) {
    let deed = shorten(step);
    let mut wire = step.read.iter().map(|m| arrow(m, true)).collect::<Vec<_>>();
    wire.extend(step.sent.iter().map(|m| arrow(m, false)));
    let mut counts = step.after.balance.map_or_else(String::new, balance);
    if let Some(property) = violated {
        counts = paint(BAD, &format!("{} ✗ {property}", pad(&counts, 13)));
    }
    let (a, b) = match step.actor {
        VatId::A => (deed.as_str(), ""),
        VatId::B => ("", deed.as_str()),
    };
    let first = wire.first().map_or("", String::as_str);
    let row = columns(&step.number.to_string(), a, first, b, &counts);
    line(text, row.trim_end());
    for further in wire.iter().skip(1) {
        line(text, columns("", "", further, "", "").trim_end());
    }
}

fn columns(step: &str, a: &str, wire: &str, b: &str, counts: &str) -> String {
    let mut row = String::new();
    // Writing to a string cannot fail.
    let _written =
        write!(row, "{step:>2}  {}{}{}{counts}", pad(a, VAT), pad(wire, WIRE), pad(b, VAT));
    row
}

/// A message as it leaves (`◁──`) or as it is read (`◀──`), pointing to its receiver.
fn arrow(message: &MessageRecord, read: bool) -> String {
    let number = message.number;
    let label = if read { format!("#{number}") } else { format!("#{number} {}", message.text) };
    match (message.to, read) {
        (VatId::A, false) => format!("◁─ {label}"),
        (VatId::B, false) => format!("{label} ─▷"),
        (VatId::A, true) => format!("◀─ {label}"),
        (VatId::B, true) => format!("{label} ─▶"),
    }
}

/// What happens, in the width of a column.
fn shorten(step: &StepRecord) -> String {
    let deed = step.deed.strip_prefix("'s ").unwrap_or(&step.deed);
    let deed = deed.replace("serves the notification of", "serves notification");
    match &step.read {
        Some(message) => format!("reads #{}", message.number),
        None => deed.replace("breaks the protocol: sends", "faulty:"),
    }
}

fn balance(b: Balance) -> String {
    let equals = if b.holds() { "=" } else { "≠" };
    format!("{} {equals} {} + {} + {}", b.export_count, b.mentions, b.import_count, b.deltas)
}

const fn letter(vat: VatId) -> &'static str {
    match vat {
        VatId::A => "A",
        VatId::B => "B",
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
