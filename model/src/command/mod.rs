//! The subcommands, one a file.

pub mod check;
pub mod compare;
pub mod completions;
pub mod explore;
pub mod list;

use std::fmt;
use std::io;

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

/// As many threads as this process may use.
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
