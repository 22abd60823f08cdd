//! From data to text: one form a file.

pub mod chart;
pub mod comparison;
pub mod conform;
pub mod coverage;
pub mod github;
pub mod itf;
pub mod junit;
pub mod mermaid;
pub mod page;
pub mod rust_test;
pub mod screen;
pub mod shiviz;
pub mod site;
pub mod svg;
pub mod table;
pub mod tap;
pub mod trace;
mod words;

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
