//! The command line of the models: parses, dispatches, and chooses the exit status.

use clap::{ColorChoice, Parser};
use model::cli::{Cli, Command};
use model::command::{self, Error, complain};
use model::engine::Progress;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: u8 = 2;
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let progress = Arc::new(Progress::default());
    let result = match &cli.command {
        Command::Check(args) => {
            stop_on_ctrl_c(&progress);
            command::check::run(args, &progress)
        }
        Command::Compare(args) => {
            stop_on_ctrl_c(&progress);
            command::compare::run(args, &progress)
        }
        Command::Completions { shell } => command::completions::run(*shell).map(|()| 0),
        Command::Conform(args) => command::conform::run(args),
        Command::Export(args) => {
            stop_on_ctrl_c(&progress);
            command::export::run(args, &progress).map(|()| 0)
        }
        Command::List(args) => command::list::run(args).map(|()| 0),
        Command::Report(args) => {
            stop_on_ctrl_c(&progress);
            command::report::run(args, &progress)
        }
        Command::Replay(args) => command::replay::run(args),
        Command::Simulate(args) => {
            stop_on_ctrl_c(&progress);
            command::simulate::run(args, &progress)
        }
        Command::Tap(args) => {
            stop_on_ctrl_c(&progress);
            command::tap::run(args, &progress)
        }
        Command::Trace(args) => {
            stop_on_ctrl_c(&progress);
            command::trace::run(args, &progress)
        }
        Command::Explore(args) => command::explore::run(args, &progress).map(|()| 0),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        // Whoever reads our output has seen enough.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

/// The first Ctrl-C ends the search, which is then reported as incomplete; the second ends us.
fn stop_on_ctrl_c(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let handler = move || {
        if progress.is_interrupted() {
            std::process::exit(INTERRUPTED);
        }
        progress.interrupt();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        complain(&format!("warning: Ctrl-C will end the search without a report: {error}"));
    }
}
