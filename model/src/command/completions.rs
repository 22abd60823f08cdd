//! `model completions`.

use super::Error;
use crate::cli::Cli;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::io::Write;

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub fn run(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "model", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}
