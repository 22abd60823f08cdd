//! The subcommands, one a file.

pub mod check;
pub mod compare;
pub mod completions;
pub mod conform;
pub mod explore;
pub mod export;
pub mod list;
pub mod replay;
pub mod report;
pub mod simulate;
pub mod tap;
pub mod trace;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Why a command could not be carried out. The process ends with status 2.
#[derive(Debug)]
pub enum Error {
    /// The arguments do not make sense.
    Usage(String),
    /// The result could not be written.
    Output(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(reason) => f.write_str(reason),
            Self::Output(error) => write!(f, "the result could not be written: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Writes text to a file or, without colour unless it is a terminal, to standard output.
fn written(text: &str, output: Option<&Path>) -> Result<(), Error> {
    match output {
        Some(path) => {
            let plain = anstream::adapter::strip_str(text).to_string();
            fs::write(path, plain).map_err(|error| cannot_write(path, &error))
        }
        None => {
            let mut output = anstream::stdout();
            output.write_all(text.as_bytes())?;
            Ok(output.flush()?)
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::Usage(format!("cannot write {}: {error}", path.display()))
}

/// Says it on standard error; if that cannot be written, there is nobody to tell.
pub fn complain(sentence: &str) {
    if !sentence.is_empty() {
        let _unheard = writeln!(io::stderr(), "{}", sentence.trim_end());
    }
}

/// As many threads as this process may use.
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
