//! A counterexample as a Mermaid sequence diagram, which forges and books draw.

use super::words::heading;
use crate::counterexample::{Counterexample, MessageRecord, Role, StepRecord};
use crate::names::VatId;
use crate::world::StepKind;
use std::fmt::Write;

const COLUMNS: usize = 44;

/// The diagram.
///
/// Mermaid draws an arrow in one row, so a message stands in the row in which it is read. If
/// anything lies between, a note says where it was sent, so that crossings can be told.
pub fn mermaid(counterexample: &Counterexample) -> String {
    let mut lines = vec![
        "sequenceDiagram".to_owned(),
        format!("    title {}", escape(&heading(counterexample))),
    ];
    let vats = VatId::first(counterexample.sizes.vats);
    lines.extend(vats.clone().map(|vat| format!("    participant {vat}")));
    for (position, step) in counterexample.steps.iter().enumerate() {
        let (_, later) = counterexample.steps.split_at(position + 1);
        rows(&mut lines, step, later);
    }
    let property = counterexample.property;
    let finding = format!("✗ {property} {}: {}", property.title(), counterexample.finding);
    let ends: Vec<_> = vats.map(|vat| vat.to_string()).collect();
    if let [first, .., last] = &ends[..] {
        lines.push(format!("    Note over {first},{last}: {}", label(&finding)));
    }
    lines.join("\n") + "\n"
}

/// One step: what is read as an arrow, what is done as a note.
fn rows(lines: &mut Vec<String>, step: &StepRecord, later: &[StepRecord]) {
    let number = step.number;
    let mut notes = Vec::new();
    match (&step.read, &step.lost) {
        (Some(message), _) => {
            let how = match step.kind {
                StepKind::BeginRead => "begins to read ",
                StepKind::Refuse => "does not implement ",
                _ => "",
            };
            lines.push(arrow(message, ">>", &format!("{number}. {how}{}", named(message))));
        }
        (None, Some(message)) => {
            lines.push(arrow(message, "x", &format!("{number}. lost: {}", named(message))));
        }
        (None, None) => {
            let deed = step.deed.strip_prefix("'s ").unwrap_or(&step.deed);
            notes.push(label(&format!("{number}. {deed}")));
        }
    }
    let soon = later.first();
    let sent = step.sent.iter().filter(|message| !soon.is_some_and(|step| takes(step, message)));
    for message in sent {
        let fate = match later.iter().find(|step| takes(step, message)) {
            Some(step) if step.lost.is_some() => format!("lost in step {}", step.number),
            Some(step) => format!("read in step {}", step.number),
            None => "not read".to_owned(),
        };
        notes.push(label(&format!("sends {}, {fate}", named(message))));
    }
    if !notes.is_empty() {
        lines.push(format!("    Note over {}: {}", step.actor, notes.join("<br/>")));
    }
}

fn takes(step: &StepRecord, message: &MessageRecord) -> bool {
    step.read.iter().chain(&step.lost).any(|taken| taken.number == message.number)
}

fn named(message: &MessageRecord) -> String {
    format!("#{} {}", message.number, message.text)
}

/// Dashed if it gives something back.
fn arrow(message: &MessageRecord, head: &str, text: &str) -> String {
    let line = if message.role == Role::GivesBack { "--" } else { "-" };
    format!("    {}{line}{head}{}: {}", message.from, message.to, label(text))
}

/// `text` in lines, as Mermaid does not wrap.
fn label(text: &str) -> String {
    let lines = textwrap::wrap(text, COLUMNS);
    let lines: Vec<_> = lines.iter().map(|line| escape(line)).collect();
    lines.join("<br/>")
}

/// Everything that may be syntax as an entity code: Mermaid has several layers of it (its own, of
/// Markdown, of HTML, of formulas), and they differ from version to version.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        let is_harmless = c.is_alphanumeric() || " .,()[]'/+-=≠✗".contains(c);
        if is_harmless {
            escaped.push(c);
        } else {
            // Writing to a string cannot fail.
            let _written = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_is_taken_for_syntax() {
        assert_eq!(label("a;b#c<d>e:f"), "a#59;b#35;c#60;d#62;e#58;f");
        assert_eq!(label("one\ntwo"), "one<br/>two");
        assert_eq!(label("%%{init}"), "#37;#37;#123;init#125;");
        assert_eq!(label("&\"g` $$h end"), "#38;#34;g#96; #36;#36;h end");
    }

    #[test]
    fn a_long_label_is_broken_and_a_word_is_not_lost() {
        let text = "word ".repeat(40);
        let label = label(text.trim());
        assert!(label.split("<br/>").all(|line| line.chars().count() <= COLUMNS), "{label}");
        assert_eq!(label.replace("<br/>", " "), text.trim());
    }
}
