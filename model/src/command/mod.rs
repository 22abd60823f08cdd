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

use serde::Serialize;
use std::fmt;
use std::fs::File;
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

/// Where a result is written: a file, or standard output. There is colour only on a terminal.
///
/// # Errors
/// The file cannot be made.
fn opened(output: Option<&Path>) -> Result<Box<dyn Write>, Error> {
    Ok(match output {
        None => Box::new(anstream::stdout()),
        Some(path) => {
            let file = File::create(path).map_err(|error| cannot_write(path, &error))?;
            Box::new(anstream::StripStream::new(file))
        }
    })
}

/// Writes text there.
///
/// # Errors
/// It cannot be written.
fn written(text: &str, output: Option<&Path>) -> Result<(), Error> {
    let mut to = opened(output)?;
    match (to.write_all(text.as_bytes()).and_then(|()| to.flush()), output) {
        (Err(error), Some(path)) => Err(cannot_write(path, &error)),
        (done, _) => Ok(done?),
    }
}

/// A JSON document as text.
///
/// # Errors
/// It has no such form.
fn pretty(of: &impl Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(of).map_err(io::Error::from)? + "\n")
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
