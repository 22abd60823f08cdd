//! The lines of the test's body, as they are collected.

use captp_gc::protocol::Index;
use std::collections::BTreeSet;
use textwrap::WordSplitter;

/// The columns that a comment may have, its indentation apart.
const COLUMNS: usize = 92;

/// The body of a test.
#[derive(Default)]
pub(super) struct Script {
    lines: Vec<String>,
    indices: BTreeSet<Index>,
}

impl Script {
    /// Begins a paragraph, with its heading as a comment.
    pub(super) fn paragraph(&mut self, heading: &str) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        self.comment(heading);
    }

    /// A comment.
    pub(super) fn comment(&mut self, text: &str) {
        self.lines.extend(comment("// ", text));
    }

    /// A line of code.
    pub(super) fn code(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// How the test calls an index.
    pub(super) fn index(&mut self, index: Index) -> String {
        self.indices.insert(index);
        name(index)
    }

    /// All lines.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The indices that have a name.
    pub(super) fn indices(&self) -> impl Iterator<Item = Index> {
        self.indices.iter().copied()
    }
}

/// The name of an index.
pub(super) fn name(index: Index) -> String {
    format!("I{index}")
}

/// `text` in comments that begin with `mark`.
pub(super) fn comment(mark: &str, text: &str) -> Vec<String> {
    let text = plain(text);
    let options = textwrap::Options::new(COLUMNS).word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(&text, options).into_iter();
    lines.map(|line| format!("{mark}{line}")).collect()
}

/// `text` on one line: a file from elsewhere must not get out of a comment.
pub(super) fn plain(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
