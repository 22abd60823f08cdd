//! Reading a wire trace, a line at a time and in bounded memory.

use crate::fields::FromJson;
use crate::line::{Ending, Header, Line};
use serde_json::Value;
use std::fmt;
use std::io::{self, BufRead, Read};

/// How long a line may be, in bytes.
pub const LINE_MAX: usize = 1 << 20;

/// Reads a wire trace: the header at once, then the lines, each with its number in the file.
///
/// After an error it is at its end. A trace that ends without a last line was cut there.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    header: Header,
    buffer: Vec<u8>,
    number: u64,
    seq: u64,
    ending: Option<Ending>,
    failed: bool,
}

/// What is wrong with a file, and in which line.
#[derive(Debug)]
pub struct ReadError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug)]
pub enum Problem {
    /// There is no line at all.
    Empty,
    /// The first line is not the header of a wire trace.
    Foreign(String),
    /// It cannot be read.
    Io(io::Error),
    /// It is longer than [`LINE_MAX`].
    TooLong,
    /// It is not UTF-8.
    NotText,
    /// The file ends in the middle of it.
    Truncated,
    /// It is not JSON, or its fields are wrong.
    Malformed(String),
    /// Its number does not follow.
    Seq {
        /// The number that it should have.
        expected: u64,
        /// The number that it has.
        found: u64,
    },
    /// It follows the last line.
    AfterEnd,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Problem::Empty = self.problem {
            return f.write_str("the file is empty");
        }
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::Empty => Ok(()),
            Problem::Foreign(why) => write!(f, "this is not a wire trace: {why}"),
            Problem::Io(error) => write!(f, "it cannot be read: {error}"),
            Problem::TooLong => write!(f, "it is longer than {LINE_MAX} bytes"),
            Problem::NotText => f.write_str("it is not UTF-8"),
            Problem::Truncated => f.write_str("the file ends in the middle of it"),
            Problem::Malformed(why) => f.write_str(why),
            Problem::Seq { expected, found } => {
                write!(f, "`seq` is {found}, but must be {expected}: lines are missing or moved")
            }
            Problem::AfterEnd => f.write_str("nothing may follow the line that has `end`"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The first line is not one. Whether its system is known is the caller's to judge.
    pub fn new(mut from: R) -> Result<Self, ReadError> {
        let at = |problem| ReadError { line: 1, problem };
        let mut buffer = Vec::new();
        let Some(text) = next_line(&mut from, &mut buffer).map_err(at)? else {
            return Err(at(Problem::Empty));
        };
        let foreign = |why| at(Problem::Foreign(why));
        let value = json(text).map_err(|problem| match problem {
            Problem::Malformed(why) => foreign(why),
            other => at(other),
        })?;
        let header = Header::from_json(value).map_err(foreign)?;
        Ok(Self { from, header, buffer, number: 1, seq: 0, ending: None, failed: false })
    }

    /// What the trace is of.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How it ended, if its last line was read.
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    fn read(&mut self) -> Result<Option<Line>, Problem> {
        let Some(text) = next_line(&mut self.from, &mut self.buffer)? else { return Ok(None) };
        if self.ending.is_some() {
            return Err(Problem::AfterEnd);
        }
        let line = Line::from_json(json(text)?).map_err(Problem::Malformed)?;
        let (expected, found) = (self.seq + 1, line.seq());
        if found != expected {
            return Err(Problem::Seq { expected, found });
        }
        self.seq = found;
        if let Line::End(ended) = &line {
            self.ending = Some(ended.end);
        }
        Ok(Some(line))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<(u64, Line), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        self.number += 1;
        let line = self.number;
        match self.read() {
            Ok(read) => read.map(|read| Ok((line, read))),
            Err(problem) => {
                self.failed = true;
                Some(Err(ReadError { line, problem }))
            }
        }
    }
}

/// A line without what ends it, and whether something does.
type Text<'a> = (&'a str, bool);

fn next_line<'a>(
    from: &mut impl BufRead,
    buffer: &'a mut Vec<u8>,
) -> Result<Option<Text<'a>>, Problem> {
    buffer.clear();
    let limit = u64::try_from(LINE_MAX + 1).unwrap_or(u64::MAX);
    let read = from.by_ref().take(limit).read_until(b'\n', buffer).map_err(Problem::Io)?;
    if read == 0 {
        return Ok(None);
    }
    let ended = buffer.last() == Some(&b'\n');
    if !ended && read > LINE_MAX {
        return Err(Problem::TooLong);
    }
    let bytes = buffer.strip_suffix(b"\n").unwrap_or(buffer);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some((text, ended))),
        Err(error) if !ended && error.error_len().is_none() => Err(Problem::Truncated),
        Err(_) => Err(Problem::NotText),
    }
}

fn json((text, ended): Text<'_>) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof if text.trim().is_empty() => {
            Problem::Malformed("a line must not be empty".to_owned())
        }
        serde_json::error::Category::Eof if !ended => Problem::Truncated,
        _ => Problem::Malformed(format!("it is not JSON: {}", without_line(&error))),
    })
}

/// What serde says of a single line, without its number in it, which is always 1.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let at = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&at) {
        Some(what) => format!("{what} at column {}", error.column()),
        None => text,
    }
}
