//! `model list`.

use super::{Error, pretty, written};
use crate::catalogue::{self, LEFT_OUT, SYSTEMS, System};
use crate::cli::ListArgs;
use crate::property::PropertyId;
use crate::render::{STRONG, pad, paint};
use serde_json::{Value, json};

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: &ListArgs) -> Result<(), Error> {
    let text = if args.json { pretty(&document())? } else { text(args) };
    written(&text, None)
}

fn text(args: &ListArgs) -> String {
    let mut lines = Vec::new();
    let all = !args.systems && !args.defects;
    for system in SYSTEMS {
        if all || args.systems {
            lines.extend(system_lines(system));
        }
        if all {
            lines.extend(mutation_lines(system));
        }
    }
    if args.defects {
        lines.extend(defect_lines());
    }
    if all {
        lines.push(paint(STRONG, "Properties"));
        for id in PropertyId::ALL {
            lines.push(format!("  {id}  {}: {}", id.title(), id.claim()));
            lines.push(format!("      put to the test when {}", id.witness()));
        }
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

fn system_lines(system: &System) -> Vec<String> {
    let mut lines = vec![paint(STRONG, &format!("System {}: {}", system.id, system.title))];
    lines.push(format!("  rules from {}", system.source));
    for scenario in system.scenarios {
        let deep = if scenario.deep { " (--deep)" } else { "" };
        lines.push(format!("  scenario {} {}{deep}", pad(scenario.id, 12), scenario.title));
        lines.push(format!("  {} {}", " ".repeat(21), scenario.sizes));
    }
    for exempt in system.exempt {
        let how = if exempt.claimed { "holds vacuously" } else { "is not claimed" };
        lines.push(format!("  {} {how}: {}", exempt.property, exempt.why));
    }
    lines.push(String::new());
    lines
}

fn mutation_lines(system: &System) -> Vec<String> {
    let mut lines = vec![paint(STRONG, &format!("Mutations of {}", system.id))];
    for mutation in system.mutations {
        lines.push(format!(
            "  {} {} {} {}",
            pad(mutation.id, 30),
            pad(mutation.rule.name(), 3),
            mutation.kills,
            mutation.title
        ));
        let is = mutation.defect.map_or_else(
            || "stands for".to_owned(),
            |defect| format!("is {}, {}:", defect.id, defect.mark.name()),
        );
        lines.push(format!("  {} {is} {}", " ".repeat(37), mutation.stands_for));
    }
    lines.push(String::new());
    lines
}

/// Every defect of the catalogue, in its order, and where it is modelled.
fn defect_lines() -> Vec<String> {
    let mut defects: Vec<_> =
        catalogue::mutations().filter_map(|(s, m)| Some((m.defect?, s, m))).collect();
    defects.sort_by_key(|(defect, ..)| defect.number());
    let mut lines = vec![paint(STRONG, "Real defects, as mutations")];
    for (defect, system, mutation) in defects {
        lines.push(format!(
            "  {} {} {} {} {}",
            pad(defect.id, 4),
            pad(defect.mark.name(), 10),
            pad(system.id, 14),
            mutation.kills,
            mutation.title
        ));
        lines.push(format!("       {}", mutation.stands_for));
        lines.push(format!("       check --mutation {}", mutation.id));
    }
    lines.push(
        "A defect stands with the system whose rules it bends: it need not have been found there."
            .to_owned(),
    );
    lines.push(paint(STRONG, "Left out"));
    for (number, why) in LEFT_OUT {
        lines.push(format!("  {} {why}", pad(&format!("M{number}"), 4)));
    }
    lines
}

fn document() -> Value {
    let systems: Vec<_> = SYSTEMS
        .iter()
        .map(|system| {
            json!({
                "id": system.id,
                "title": system.title,
                "source": system.source,
                "features": system.features,
                "exempt": system.exempt,
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
