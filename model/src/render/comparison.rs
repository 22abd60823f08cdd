//! The comparison of the systems, for a terminal or as Markdown.

use super::{STRONG, paint, thousands};
use crate::compare::{Compared, Comparison, Denied, Race, Shown, Standing};
use crate::world::Assumption;
use comfy_table::{ContentArrangement, Table, presets};

/// The comparison as text of at most `width` columns: one table of the races, one of the rest.
pub fn text(comparison: &Comparison, width: u16) -> String {
    let mut out = String::new();
    for (heading, rows) in [(RACES, races as fn(&Compared) -> Vec<String>), (REST, rest)] {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.set_header(heading.iter());
        for compared in &comparison.systems {
            table.add_row(rows(compared));
        }
        let mut lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        if let Some(heading) = lines.get_mut(1) {
            *heading = paint(STRONG, heading);
        }
        out += &lines.join("\n");
        out += "\n\n";
    }
    out + &legend(comparison)
}

/// The same as two Markdown tables.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (heading, rows) in [(RACES, races as fn(&Compared) -> Vec<String>), (REST, rest)] {
        out += &format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
        for compared in &comparison.systems {
            out += &format!("| {} |\n", rows(compared).join(" | "));
        }
        out += "\n";
    }
    out + &legend(comparison)
}

pub(super) const RACES: &[&str] =
    &["system", "keeps", "GC messages a life", "distributed race", "local race"];
pub(super) const REST: &[&str] = &[
    "system",
    "order",
    "no loss",
    "whole reads",
    "one thread",
    "synchronous calls",
    "states",
    "properties",
];

pub(super) fn races(compared: &Compared) -> Vec<String> {
    let messages = compared.messages_per_life;
    vec![
        compared.title.to_owned(),
        compared.idea.to_owned(),
        messages.map_or_else(|| "?".to_owned(), |messages| messages.to_string()),
        race(&compared.distributed),
        race(&compared.local),
    ]
}

pub(super) fn rest(compared: &Compared) -> Vec<String> {
    let mut cells = vec![compared.title.to_owned()];
    cells.extend(compared.assumptions.iter().map(denied));
    cells.push(thousands(compared.states));
    let named = |wanted: Standing| -> Vec<&str> {
        let judged = compared.properties.iter().filter(|judged| judged.standing == wanted);
        judged.map(|judged| judged.property.name()).collect()
    };
    let mut parts = Vec::new();
    for (standing, words) in [
        (Standing::Violated, "violated"),
        (Standing::Holds, "hold"),
        (Standing::CannotArise, "cannot be tried"),
        (Standing::Untested, "untested"),
        (Standing::NotClaimed, "not claimed"),
    ] {
        let named = named(standing);
        if !named.is_empty() {
            parts.push(format!("{} {words}", named.join(" ")));
        }
    }
    cells.push(parts.join("; "));
    cells
}

fn race(race: &Race) -> String {
    let arises = if race.arises { "" } else { "does not arise: " };
    let without = race.without.as_ref().map(|shown| format!("; without it {}", steps(shown)));
    format!("{arises}{}{}", race.answered_by, without.unwrap_or_default())
}

fn denied(denied: &Denied) -> String {
    match &denied.needed {
        Some(shown) => format!("needed: {}", steps(shown)),
        None if denied.made => "not needed".to_owned(),
        None => "not assumed".to_owned(),
    }
}

fn steps(shown: &Shown) -> String {
    let steps = if shown.steps == 1 { "step" } else { "steps" };
    format!("{} in {} {steps}", shown.property, shown.steps)
}

pub(super) fn legend(comparison: &Comparison) -> String {
    let denied: Vec<_> = Assumption::ALL.iter().map(|assumption| assumption.name()).collect();
    format!(
        "Every cell comes from a search. \"Without it\": the counterexample when the answer is \
         taken away. {}: what is violated when it is not granted, in the world {}.\n",
        denied.join(", "),
        comparison.probe
    )
}
