//! From data to text: one form a file.

pub mod chart;
pub mod comparison;
pub mod coverage;
pub mod github;
pub mod itf;
pub mod junit;
pub mod mermaid;
pub mod rust_test;
pub mod shiviz;
pub mod table;

use crate::catalogue;
use crate::counterexample::Counterexample;
use anstyle::{AnsiColor, Style};

/// As expected.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Not as expected.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Cut short.
pub const UNSURE: Style = AnsiColor::Yellow.on_default();
/// Headings.
pub const STRONG: Style = Style::new().bold();
/// What is there to be looked up.
pub const FAINT: Style = Style::new().dimmed();

/// `text` in `style`. Whoever writes it to a stream that wants no colour strips it.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` filled up with spaces to `width` columns; longer text stays whole.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// `number` with its thousands apart.
pub fn thousands(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// What was violated, of what, and after how many steps. A name that is not in the catalogue is
/// left as it is.
pub fn heading(counterexample: &Counterexample) -> String {
    let Counterexample { system, mutation, property, .. } = counterexample;
    let title = || catalogue::system(system).map_or(system.as_str(), |system| system.title);
    let name = mutation.as_deref().unwrap_or_else(title);
    let after = match counterexample.steps.len() {
        1 => "one step".to_owned(),
        steps => format!("{steps} steps"),
    };
    format!("{name}: {property} is violated after {after}")
}
