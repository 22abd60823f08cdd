//! The arguments of the commands that look at counterexamples.

use super::{SizeArgs, mutation_ids, names, seconds, system_ids};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXPORT_HELP: &str = "\
Examples:
  model export --mutation uncounted-drop --format svg -o race.svg
  model export --mutation uncounted-drop --format html -o race.html   a page to step through
  model export --mutation uncounted-drop --format rust-test           a #[test] of the real tables
  model export --trace saved.json --format mermaid                    of a saved one

Exit status: 0 written, 2 there is none, or it cannot be read or written.";

pub(super) const REPLAY_HELP: &str = "\
Examples:
  model check --save traces                     saves every counterexample
  model replay traces/uncounted-drop-S1.json    walks it again, and prints what happens
  model replay traces/uncounted-drop-S1.json --why-not 'VatB sends Bob' --after 6

Exit status: 0 it is a walk of this model and violates what it says, 1 it is not or does not,
2 it cannot be read, or is of another model.";

pub(super) const REPORT_HELP: &str = "\
The site is plain files with relative links: open index.html from the folder.

Exit status: as check's.";

pub(super) const SIMULATE_HELP: &str = "\
Every walk follows from the seed and its number: `--seed 7 --first 41 --walks 1` is one walk again.
That nothing is found proves nothing.

Exit status: 0 nothing found, 1 a violation, 2 usage, 3 ended early (--timeout, Ctrl-C).";

/// How a counterexample is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Form {
    /// The message chart of the terminal.
    Text,
    /// Everything, as JSON: `docs/trace.schema.json`.
    Json,
    /// A message chart as a picture.
    Svg,
    /// A page that steps through it, for any browser, without a network.
    Html,
    /// A sequence diagram for Mermaid.
    Mermaid,
    /// The Informal Trace Format of Apalache and Quint.
    Itf,
    /// A log for ShiViz, with vector clocks.
    Shiviz,
    /// A Rust test that drives the tables of captp-gc through it.
    RustTest,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The mutation whose counterexample it is.
    #[arg(long, value_name = "ID", value_parser = names(mutation_ids()))]
    #[arg(required_unless_present = "trace")]
    pub mutation: Option<String>,
    /// A saved counterexample.
    #[arg(long, value_name = "FILE", conflicts_with = "mutation")]
    pub trace: Option<PathBuf>,
    /// How to write it.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// Sizes of the world.
    #[command(flatten)]
    pub sizes: SizeArgs,
    /// Write it to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The saved counterexample.
    pub file: PathBuf,
    /// Say which guard forbids this step, written as the chart's data has it ('VatB sends Bob').
    #[arg(long, value_name = "STEP")]
    pub why_not: Option<String>,
    /// After how many steps of the walk; at its end if not given.
    #[arg(long, value_name = "N", requires = "why_not")]
    pub after: Option<usize>,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder to write to; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Only this system.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()))]
    pub system: Option<String>,
    /// Threads to search with; as many as there are cores if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The system.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()), default_value = "e-captp")]
    pub system: String,
    /// The mutation; the full rules if not given.
    #[arg(long, value_name = "ID", value_parser = names(mutation_ids()))]
    pub mutation: Option<String>,
    /// The seed; one is drawn and printed if it is not given.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The number of the first walk.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub first: u64,
    /// How many walks.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub walks: u64,
    /// The most steps of one walk.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_steps: u32,
    /// Sizes of the world.
    #[command(flatten)]
    pub sizes: SizeArgs,
    /// End after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// How to write the counterexample, if one is found.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// Write the counterexample to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
