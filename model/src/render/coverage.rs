//! Which kinds of steps happened, and how often.

use super::{BAD, STRONG, paint, thousands};
use crate::coverage::Coverage;
use crate::engine::KINDS_MAX;
use crate::world::StepKind;

/// A line for each kind that happened, and those that never did.
pub fn fired(fired: &[u64; KINDS_MAX]) -> String {
    let mut text = paint(STRONG, &format!(" {:<22}{:>16}", "steps", "how often")) + "\n";
    let count = |kind: &StepKind| fired[*kind as usize];
    for kind in StepKind::ALL.iter().filter(|kind| count(kind) > 0) {
        text += &format!(" {:<22}{:>16}\n", kind.name(), thousands(count(kind)));
    }
    let never: Vec<_> =
        StepKind::ALL.iter().filter(|kind| count(kind) == 0).map(|kind| kind.name()).collect();
    if !never.is_empty() {
        text += &format!(" never: {}\n", never.join(", "));
    }
    text
}

/// How often each kind of step happened under the full rules, and what never did; nothing if no
/// world of the full rules was searched.
pub fn table(coverage: &Coverage) -> String {
    let mut text = String::new();
    if !coverage.fired.is_empty() {
        let heading = format!(" {:<22}{:>16}{:>9}", "steps, full rules", "how often", "worlds");
        text += &(paint(STRONG, &heading) + "\n");
    }
    for (kind, fired) in &coverage.fired {
        let (often, worlds) = (thousands(fired.transitions), fired.worlds);
        text += &format!(" {:<22}{often:>16}{worlds:>9}\n", kind.name());
    }
    for never in &coverage.never {
        let sentence = format!(" {} never happened in {}", never.kind.name(), never.system);
        text += &(paint(BAD, &sentence) + "\n");
    }
    text
}
