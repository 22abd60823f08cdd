//! The command line.

mod looking;
mod printed;
mod sizes;
mod wire;

pub use looking::{ExportArgs, Form, ReplayArgs, ReportArgs, SimulateArgs};
pub use printed::{Forms, Printed};
pub use sizes::SizeArgs;
pub use wire::{ConformArgs, TapArgs, TraceArgs, WireForm};

use crate::catalogue::{self, SYSTEMS};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::collections::BTreeSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  model check                                every system and every mutation, a minute or two
  model check --system e-captp               one system
  model check --mutation no-successor-check  the local race, with its chart
  model check --defect M1                    a real defect, with its chart
  model check --scenario one-way --calls 2,0 the full rules in a larger world
  model check --deep                         the larger worlds too
  model compare                              the systems side by side
  model list                                 what there is to check
  model explore --mutation uncounted-drop    the distributed race, in a browser
  model export --mutation M --format html    a counterexample as a page, a picture, a file, a test
  model report --out DIR                     all of them as a static site
  model replay FILE                          a saved counterexample, walked again
  model simulate --system capnp --seed 1     random walks through larger worlds
  model conform --peer captp                 an implementation, led through a model's schedules
  model trace FILE                           recorded traffic, held against a system's rules
  model tap --help                           the same while it passes, from between two ends

Exit status of check: 0 everything as expected and complete, 1 a verdict differs,
2 usage, 3 incomplete (a budget ran out, or Ctrl-C).";

const COMPARE_HELP: &str = "\
Every cell comes from a search. That an assumption is needed is shown by denying it and finding a
counterexample; that an answer is needed, by taking it away.

Exit status: 0 as the catalogue says, 1 not, 2 usage, 3 incomplete.";

const COMPLETIONS_HELP: &str = "\
Examples:
  model completions bash > ~/.local/share/bash-completion/completions/model
  model completions zsh > ~/.zfunc/_model";

/// Explores every interleaving of two vats that collect each other's garbage.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// When to use colour (NO_COLOR is respected).
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check that the full rules hold, and that each mutation is caught by the property it names.
    #[command(after_help = EXAMPLES)]
    Check(CheckArgs),
    /// Put the systems side by side: races, what answers them, assumptions, verdicts.
    #[command(after_help = COMPARE_HELP)]
    Compare(CompareArgs),
    /// Print the completions of a shell, for the names of systems, mutations and defects too.
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Lead somebody else's implementation through the model's schedules, and judge what it does.
    #[command(after_help = wire::CONFORM_HELP)]
    Conform(ConformArgs),
    /// Write a counterexample as a picture, a page, a file or a test.
    #[command(after_help = looking::EXPORT_HELP)]
    Export(ExportArgs),
    /// List systems, scenarios, mutations and properties.
    List(ListArgs),
    /// Walk a saved counterexample through today's model, or ask why something is not possible.
    #[command(after_help = looking::REPLAY_HELP)]
    Replay(ReplayArgs),
    /// Write the whole catalogue as a static site: a page for every counterexample.
    #[command(after_help = looking::REPORT_HELP)]
    Report(ReportArgs),
    /// Walk at random through worlds that are too large to exhaust.
    #[command(after_help = looking::SIMULATE_HELP)]
    Simulate(SimulateArgs),
    /// Stand between two ends, and judge what passes: sums, behaviour, what is live.
    #[command(after_help = wire::TAP_HELP)]
    Tap(TapArgs),
    /// Hold a recorded wire trace against the rules and the model of its system.
    #[command(after_help = wire::TRACE_HELP)]
    Trace(TraceArgs),
    /// Open Stateright's Explorer on a world, at its counterexamples.
    #[command(after_help = "In the page, j and k step along a path. Ctrl-C ends the server.")]
    Explore(ExploreArgs),
}

/// Arguments of `check`.
#[derive(Debug, Default, Args)]
pub struct CheckArgs {
    /// Only this system; with sizes and none given, E's CapTP.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()))]
    pub system: Option<String>,
    /// Only this scenario of the full rules, and no mutation.
    #[arg(long, value_name = "NAME", value_parser = names(scenario_ids()))]
    pub scenario: Option<String>,
    /// Only this mutation; may be given several times.
    #[arg(long, value_name = "ID", conflicts_with = "scenario")]
    #[arg(value_parser = names(mutation_ids()))]
    pub mutation: Vec<String>,
    /// Only the mutations that are this defect of the catalogue; may be given several times.
    #[arg(long, value_name = "ID", conflicts_with = "scenario", ignore_case = true)]
    #[arg(value_parser = names(defect_ids()))]
    pub defect: Vec<String>,
    /// The larger scenarios too.
    #[arg(long)]
    pub deep: bool,
    /// Only this property, and the mutations that it kills.
    #[arg(long, value_name = "ID", ignore_case = true)]
    #[arg(value_parser = names(property_ids()).try_map(|name| name.parse::<PropertyId>()))]
    pub property: Option<PropertyId>,
    /// Sizes of the world.
    #[command(flatten)]
    pub sizes: SizeArgs,
    /// Threads to search with; as many as there are cores if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// End each search at about so many distinct states.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_states: Option<u64>,
    /// End each search so many steps from the initial state.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_depth: Option<u32>,
    /// End the whole check after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<std::time::Duration>,
    /// What to print, and where to.
    #[command(flatten)]
    pub printed: Printed<ReportForm>,
    /// Write every counterexample into this folder, for `model replay` and `model export`.
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
}

/// What `check` prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ReportForm {
    /// A table and charts.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// JUnit's XML, a test case for each world.
    Junit,
    /// Annotations on standard error, and a summary in Markdown.
    Github,
}

impl Forms for ReportForm {
    const HELP: &'static str = "What to print: a table and charts; one JSON document; JUnit's XML; \
                                or for GitHub's CI, annotations on standard error and a summary in \
                                Markdown";
    const JSON: Self = Self::Json;
}

/// Arguments of `compare`.
#[derive(Debug, Default, Args)]
pub struct CompareArgs {
    /// Only this system; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()))]
    pub system: Vec<String>,
    /// Threads to search with; as many as there are cores if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// End the whole comparison after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<std::time::Duration>,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Print Markdown.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only the systems, their sources and scenarios.
    #[arg(long)]
    pub systems: bool,
    /// Only the real defects of the catalogue, with their citations.
    #[arg(long, conflicts_with = "systems")]
    pub defects: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// The system.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()), default_value = "e-captp")]
    pub system: String,
    /// The mutation; the full rules if not given.
    #[arg(long, value_name = "ID", value_parser = names(mutation_ids()))]
    pub mutation: Option<String>,
    /// Sizes of the world.
    #[command(flatten)]
    pub sizes: SizeArgs,
    /// Where to serve; port 0 takes any free port.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    #[arg(value_parser = address)]
    pub address: SocketAddr,
}

/// clap prints the nearest of these when a name is not among them.
fn names(ids: Vec<&'static str>) -> PossibleValuesParser {
    PossibleValuesParser::new(ids)
}

impl CheckArgs {
    /// Whether everything of every system that is checked is checked.
    pub fn is_whole(&self) -> bool {
        !self.names_mutations()
            && self.scenario.is_none()
            && self.property.is_none()
            && self.sizes.is_empty()
    }

    /// Whether only some mutations are wanted, and no scenario.
    pub fn names_mutations(&self) -> bool {
        !self.mutation.is_empty() || !self.defect.is_empty()
    }

    /// Whether this mutation is wanted by its name, or as a defect.
    pub fn names(&self, mutation: &Mutation) -> bool {
        let is_defect =
            |id: &String| mutation.defect.is_some_and(|defect| defect.id.eq_ignore_ascii_case(id));
        self.mutation.iter().any(|id| id == mutation.id) || self.defect.iter().any(is_defect)
    }
}

fn system_ids() -> Vec<&'static str> {
    SYSTEMS.iter().map(|system| system.id).collect()
}

fn scenario_ids() -> Vec<&'static str> {
    let ids: BTreeSet<_> = SYSTEMS.iter().flat_map(|s| s.scenarios).map(|s| s.id).collect();
    ids.into_iter().collect()
}

fn mutation_ids() -> Vec<&'static str> {
    catalogue::mutations().map(|(_, mutation)| mutation.id).collect()
}

fn defect_ids() -> Vec<&'static str> {
    let mut defects: Vec<_> = catalogue::mutations().filter_map(|(_, m)| m.defect).collect();
    defects.sort_by_key(Defect::number);
    defects.dedup();
    defects.into_iter().map(|defect| defect.id).collect()
}

fn property_ids() -> Vec<&'static str> {
    PropertyId::ALL.iter().map(|property| property.name()).collect()
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.next().ok_or_else(|| format!("'{text}' has no address"))
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("'{text}' is not a number of seconds"))?;
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
