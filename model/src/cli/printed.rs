//! What a command prints, and where to.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The forms in which a command can print its result. The default one is called `text`.
pub trait Forms: ValueEnum + Send + Sync + 'static {
    /// What `--help` says of them.
    const HELP: &'static str;
    /// What `--json` is short for.
    const JSON: Self;
}

/// What a command prints, and where to.
#[derive(Debug, Default, Args)]
pub struct Printed<F: Forms> {
    #[arg(long, value_name = "FORM", value_enum, default_value = "text", help = F::HELP)]
    format: F,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write the result to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl<F: Forms> Printed<F> {
    /// The form that is asked for.
    pub fn form(&self) -> F {
        if self.json { F::JSON } else { self.format.clone() }
    }
}
