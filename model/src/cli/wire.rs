//! Arguments of the commands that look at implementations: `conform`, `trace`, `tap`.

use super::{Forms, Printed, address, names, seconds, system_ids};
use crate::conform::peers::PEERS;
use captp_wire::decode::Wire;
use clap::builder::TypedValueParser;
use clap::{ArgGroup, Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const CONFORM_HELP: &str = "\
Examples:
  model conform --peer captp                      @endo/captp, through schedules of the model
  model conform --peer capnp-rpc --save found     with a chart, a page, a trace and a script for
                                                  each finding
  model conform --peer-command './my-adapter'     an implementation of your own
  model conform --list                            the peers that adapters come with, and whether
                                                  each is ready; --json for programs

An adapter is a program that you run, with your rights. docs/adapter.md says how to write one.

Exit status: 0 nothing is violated, 1 something is, 2 usage or the peer is not there,
3 incomplete: --timeout, or the adapter was lost or did not start again, or wrote what cannot be
decoded.";

pub(super) const TRACE_HELP: &str = "\
Examples:
  model trace recorded.jsonl                      are the sums right, and does a model explain it?
  model trace - < recorded.jsonl                  from standard input
  model trace --no-refine recorded.jsonl          only the sums
  model trace --format junit -o trace.xml FILE    for a build server

A wire trace has one JSON object a line; its first line names the system whose rules hold.
docs/wire-trace.md describes it, and says what is judged. `model tap --record` writes one.

The sums say whether more was given back than was mentioned, whether anything was used after that,
and what was left over. Beyond them, each line must be what the system's model would have sent at
that point; the first that is not is shown with what was expected. Where the trace goes beyond what
the model has words for, the sums go on, and the model is not asked any further.

Exit status: 0 nothing was found (and beyond the model, if that was reached, only the sums were
asked), 1 a rule is broken or a line is not explained, 2 usage, or the file is truncated or no
trace, 3 nothing could be judged, or Ctrl-C; with --strict also if it goes beyond the model.";

pub(super) const TAP_HELP: &str = "\
Examples:
  model tap --listen 127.0.0.1:4000 --upstream 127.0.0.1:5000 --wire capnp
                                                  then point the client at port 4000
  model tap --listen 127.0.0.1:0 --upstream db:5000 --wire captp-json --record t.jsonl
                                                  on any free port, writing a trace down
  model tap ... --json --for 60                   a minute, one JSON object a line

Bytes pass unchanged in both directions, also those that cannot be decoded; these are reported. A
message that breaks a rule, or that no behaviour of the system's model explains, is reported as it
passes. On a terminal the tables of both ends are redrawn below; elsewhere they are printed every
ten seconds. A place or question that is live for longer than --age is marked: it may be a leak, and
it may be in use, so the exit status does not depend on it.

Whoever can reach the address that is listened on can reach the upstream through it. Other than
loopback addresses need --allow-remote.

Exit status, after Ctrl-C or --for: 0 nothing was found, 1 a rule is broken or a message is not
explained, 2 usage, or the address cannot be listened on.";

/// Arguments of `conform`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["peer", "peer_command", "list"])))]
pub struct ConformArgs {
    /// An implementation that an adapter comes with.
    #[arg(long, value_name = "NAME", value_parser = names(peer_ids()))]
    pub peer: Option<String>,
    /// The adapter of another implementation: a program and its arguments, as a shell would split
    /// them.
    #[arg(long, value_name = "COMMAND")]
    pub peer_command: Option<String>,
    /// List the implementations that adapters come with, and what is missing for each.
    #[arg(long)]
    pub list: bool,
    /// Further arguments for the adapter.
    #[arg(last = true, value_name = "ADAPTER ARGS")]
    pub arguments: Vec<String>,
    /// The folder of the adapters; checks/peers of this checkout, if not given.
    #[arg(long, value_name = "DIR")]
    pub adapters: Option<PathBuf>,
    /// How many random walks are performed beside the schedules of the model.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub walks: u64,
    /// The seed of the random walks.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The most steps of a random walk.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub max_steps: u32,
    /// The most states of a world of which every transition is covered.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub max_states: usize,
    /// How often each cycle is done between two looks at the memory; 0 for never.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub cycles: u32,
    /// Begin no schedule after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// How long the adapter may take for one request. To start it has 30 seconds if that is more.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub patience: Duration,
    /// What to print, and where to.
    #[command(flatten)]
    pub printed: Printed<WireForm>,
    /// Write each finding into this folder: a chart, a picture, a page, the wire trace, and a
    /// script that needs no suite.
    #[arg(long, value_name = "DIR", conflicts_with = "list")]
    pub save: Option<PathBuf>,
}

/// What `conform` and `trace` print.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum WireForm {
    /// Tables and charts.
    Text,
    /// One JSON document.
    Json,
    /// JUnit's XML.
    Junit,
}

impl Forms for WireForm {
    const HELP: &'static str = "What to print";
    const JSON: Self = Self::Json;
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The wire trace; - for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only the sums: do not ask whether the model explains the trace.
    #[arg(long)]
    pub no_refine: bool,
    /// A trace that goes beyond the model, or that has no sums, is incomplete: exit status 3.
    #[arg(long)]
    pub strict: bool,
    /// How many violations, and how many notes, are shown in full; further ones are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub max_findings: usize,
    /// How many of the places and questions that are live at the end are listed, oldest first.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub live: usize,
    /// What to print, and where to.
    #[command(flatten)]
    pub printed: Printed<WireForm>,
}

/// Arguments of `tap`.
#[derive(Debug, Args)]
pub struct TapArgs {
    /// Where clients connect to; port 0 takes any free port, and which is said on standard error.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub listen: SocketAddr,
    /// Where they are connected to.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub upstream: SocketAddr,
    /// How messages are written: Cap'n Proto's, @endo/captp's JSON a line, capnweb's in a
    /// WebSocket, or the messages of a wire trace, one a line.
    #[arg(long, value_name = "WIRE")]
    #[arg(value_parser = names(wires()).try_map(|name| name.parse::<Wire>()))]
    pub wire: Wire,
    /// The system whose rules hold; that of the wire if not given, which `lines` does not have.
    #[arg(long, value_name = "NAME", value_parser = names(system_ids()))]
    pub system: Option<String>,
    /// Write the trace to this file, for `model trace`.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Let others than this machine connect.
    #[arg(long)]
    pub allow_remote: bool,
    /// Only the sums: do not ask whether the model explains what passes.
    #[arg(long)]
    pub no_refine: bool,
    /// Mark what is live for longer than this.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    pub age: Duration,
    /// End after so many seconds.
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,
    /// Let the ends wait if messages come faster than they can be judged. Otherwise the trace of
    /// such a session ends there, and its bytes still pass.
    #[arg(long)]
    pub stall: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

fn wires() -> Vec<&'static str> {
    Wire::ALL.into_iter().map(Wire::name).collect()
}

fn peer_ids() -> Vec<&'static str> {
    PEERS.iter().map(|peer| peer.id).collect()
}
