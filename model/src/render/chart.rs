//! A counterexample as a message chart: VatA on the left, VatB on the right, time downwards, both
//! counts and the conservation sum beside each step.

use super::{BAD, FAINT, STRONG, pad, paint};
use crate::catalogue;
use crate::counterexample::{Counterexample, MessageRecord, StepRecord};
use crate::names::VatId;
use crate::property::Balance;
use crate::rule::Rule;
use crate::world::StepKind;
use std::fmt::Write;

const STEP: usize = 4;
const VAT: usize = 28;
const WIRE: usize = 26;

/// The chart, with its heading and the sentence that names the rule.
pub fn chart(counterexample: &Counterexample) -> String {
    let mut text = String::new();
    let property = counterexample.property;
    let system = catalogue::system(counterexample.system).map_or("", |system| system.title);
    let mutation = counterexample.mutation.and_then(catalogue::mutation).map(|(_, m)| m);
    let name = mutation.map_or(system, |mutation| mutation.id);
    let steps = counterexample.steps.len();
    let after = if steps == 1 { "one step".to_owned() } else { format!("{steps} steps") };
    line(&mut text, &paint(STRONG, &format!("{name}: {property} is violated after {after}")));
    if let Some(mutation) = mutation {
        line(&mut text, &format!("{}: {}.", bent(mutation.rule), mutation.title));
        line(&mut text, &format!("It stands for {}.", mutation.stands_for));
    }
    line(&mut text, &paint(FAINT, &format!("In the world {}.", counterexample.sizes)));
    text.push('\n');
    let export = counterexample.subject.map(|s| (s.exporter, s.index));
    let counts = export.map_or_else(String::new, |(exporter, index)| {
        let (from, to) = (letter(exporter), letter(exporter.peer()));
        format!("{from}.exports[{index}] = in flight + {to}.imports[{index}] + coming back")
    });
    line(&mut text, &format!("{:>1$}", counts, STEP + 2 * VAT + WIRE + 13));
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
        if mutation.rule != Rule::Canary {
            line(&mut text, &format!("  {} says: {}.", mutation.rule.name(), mutation.rule.text()));
        }
        let look = format!("Step through it: model explore --mutation {}", mutation.id);
        line(&mut text, &paint(FAINT, &look));
    }
    text
}

fn bent(rule: Rule) -> String {
    match rule {
        Rule::Canary => "Every rule is bent".to_owned(),
        rule => format!("Bent is {}", rule.name()),
    }
}

/// One step: a row, and one more for each further message, or part of a message.
fn rows(text: &mut String, step: &StepRecord, violated: Option<&str>) {
    let deed = shorten(step);
    let mut wire: Vec<_> = step.read.iter().flat_map(|m| arrow(m, true)).collect();
    wire.extend(step.sent.iter().flat_map(|m| arrow(m, false)));
    let mut counts = step.after.balance.map_or_else(String::new, balance);
    if violated.is_some() {
        counts = paint(BAD, &counts);
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

/// A message as it leaves (`◁─`) or as it is read (`◀─`), pointing to its receiver. Each reference
/// has a line of its own.
fn arrow(message: &MessageRecord, read: bool) -> Vec<String> {
    let number = message.number;
    let (to_a, to_b) = if read { ("◀─", "─▶") } else { ("◁─", "─▷") };
    // Both are said beside it.
    let text = message.text.trim_start_matches("faulty ").trim_start_matches("call ");
    let (first, second) = match text.split_once(", ").filter(|_| !text.starts_with("GC")) {
        _ if read => (String::new(), None),
        Some((first, second)) => (format!(" {first},"), Some(second)),
        None => (format!(" {text}"), None),
    };
    let mut lines = vec![match message.to {
        VatId::A => format!("{to_a} #{number}{first}"),
        VatId::B => right(&format!("#{number}{first} {to_b}")),
    }];
    lines.extend(second.map(|second| match message.to {
        VatId::A => format!("      {second}"),
        VatId::B => right(&format!("{second}   ")),
    }));
    lines
}

/// `text` at the right end of the wire's column.
fn right(text: &str) -> String {
    format!("{text:>0$}", WIRE - 1)
}

/// What happens, in the width of a column.
fn shorten(step: &StepRecord) -> String {
    let deed = step.deed.strip_prefix("'s ").unwrap_or(&step.deed);
    let deed = deed.replace("serves the notification of", "notification of");
    match &step.read {
        Some(message) => format!("reads #{}", message.number),
        None if step.kind == StepKind::Fail => "breaks the protocol".to_owned(),
        None => deed,
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
