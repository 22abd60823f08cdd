//! Tables that are drawn again and again at the foot of a terminal, with lines that scroll above.

use super::paint;
use anstream::{AutoStream, ColorChoice};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

/// The foot of a terminal.
#[derive(Debug, Default)]
pub struct Screen {
    /// How many lines of it are drawn.
    drawn: usize,
}

impl Screen {
    /// The terminal that standard output is, if it is one whose cursor can be moved.
    pub fn of_stdout() -> Option<Self> {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        (io::stdout().is_terminal() && !dumb).then(Self::default)
    }

    /// Adds `lines` to what has scrolled by, and draws `foot` below in place of the last one, as
    /// far as there is room.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn draw(&mut self, lines: &str, foot: &str) -> io::Result<()> {
        let size = terminal_size::terminal_size();
        let (columns, rows) =
            size.map_or((80, 24), |(columns, rows)| (usize::from(columns.0), usize::from(rows.0)));
        let foot: Vec<_> =
            foot.lines().take(rows.saturating_sub(1)).map(|line| fit(line, columns)).collect();
        let mut text = String::new();
        if self.drawn > 0 {
            // To the first line of the foot, and away with all that is below. Writing to a string
            // cannot fail.
            let _written = write!(text, "\x1b[{}F\x1b[0J", self.drawn);
        }
        let mut output = io::stdout().lock();
        output.write_all(text.as_bytes())?;
        let mut text = lines.to_owned();
        for line in &foot {
            text.push_str(line);
            text.push('\n');
        }
        if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
            text = anstream::adapter::strip_str(&text).to_string();
        }
        output.write_all(text.as_bytes())?;
        self.drawn = foot.len();
        output.flush()
    }
}

/// A line that does not wrap: without its colours if it is too long.
fn fit(line: &str, columns: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    if plain.chars().count() < columns {
        return line.to_owned();
    }
    let kept: String = plain.chars().take(columns.saturating_sub(2)).collect();
    paint(anstyle::Style::new(), &format!("{kept}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_and_one_that_fits_keeps_its_colours() {
        let painted = paint(super::super::BAD, "abc");
        assert_eq!(fit(&painted, 4), painted);
        assert_eq!(fit(&painted, 3), "a…");
    }
}
