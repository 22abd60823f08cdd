//! `model list`.

use super::Error;
use crate::catalogue::SYSTEMS;
use crate::cli::ListArgs;
use crate::property::PropertyId;
use crate::render::{STRONG, pad, paint};
use serde_json::{Value, json};
use std::io::Write;

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: &ListArgs) -> Result<(), Error> {
    let mut output = anstream::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &document()).map_err(std::io::Error::from)?;
        writeln!(output)?;
    } else {
        output.write_all(text().as_bytes())?;
    }
    output.flush()?;
    Ok(())
}

fn text() -> String {
    let mut lines = Vec::new();
    for system in SYSTEMS {
        lines.push(paint(STRONG, &format!("System {}: {}", system.id, system.title)));
        lines.push(format!("  rules from {}", system.source));
        for scenario in system.scenarios {
            lines.push(format!("  scenario {} {}", pad(scenario.id, 12), scenario.title));
            lines.push(format!("  {} {}", " ".repeat(21), scenario.sizes));
        }
        lines.push(String::new());
        lines.push(paint(STRONG, &format!("Mutations of {}", system.id)));
        for mutation in system.mutations {
            lines.push(format!(
                "  {} {} {} {}",
                pad(mutation.id, 30),
                pad(mutation.rule.name(), 3),
                mutation.kills,
                mutation.title
            ));
            lines.push(format!("  {} stands for {}", " ".repeat(37), mutation.stands_for));
        }
        lines.push(String::new());
    }
    lines.push(paint(STRONG, "Properties"));
    for id in PropertyId::ALL {
        lines.push(format!("  {id}  {}: {}", id.title(), id.claim()));
        lines.push(format!("      put to the test when {}", id.witness()));
    }
    lines.join("\n") + "\n"
}

fn document() -> Value {
    let systems: Vec<_> = SYSTEMS
        .iter()
        .map(|system| {
            json!({
                "id": system.id,
                "title": system.title,
                "source": system.source,
                "scenarios": system.scenarios,
                "mutations": system.mutations,
            })
        })
        .collect();
    let properties: Vec<_> = PropertyId::ALL
        .into_iter()
        .map(|id| {
            json!({
                "id": id,
                "title": id.title(),
                "claim": id.claim(),
                "witness": id.witness(),
            })
        })
        .collect();
    json!({ "schema": "captp-gc/list/1", "systems": systems, "properties": properties })
}
