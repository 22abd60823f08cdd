//! `model compare`.

use super::{Error, available_threads, pretty, written};
use crate::catalogue::SYSTEMS;
use crate::check::Control;
use crate::cli::CompareArgs;
use crate::compare::{Comparison, PROBE, SCHEMA, compare};
use crate::engine::{Budget, Progress};
use crate::progress::Shown;
use crate::property::PropertySet;
use crate::render::comparison;
use std::sync::Arc;
use std::time::Instant;

/// Where there is no terminal.
const WIDTH: u16 = 140;
/// Narrower than this, words would be cut.
const WIDTH_MIN: u16 = 100;

/// Runs the command; returns the exit status.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: &CompareArgs, progress: &Arc<Progress>) -> Result<u8, Error> {
    let compared = comparison(args, progress);
    let text = if args.json {
        pretty(&compared)?
    } else if args.markdown {
        comparison::markdown(&compared)
    } else {
        comparison::text(&compared, width())
    };
    written(&text, None)?;
    Ok(status(&compared))
}

/// 0 if all is as the catalogue says, 1 if not, 3 if a search was cut short.
pub(super) fn status(compared: &Comparison) -> u8 {
    if compared.systems.iter().any(|system| system.unexpected) {
        1
    } else if compared.systems.iter().any(|system| system.incomplete) {
        3
    } else {
        0
    }
}

/// Searches for every cell.
pub(super) fn comparison(args: &CompareArgs, progress: &Arc<Progress>) -> Comparison {
    let started = Instant::now();
    let control = Control {
        properties: PropertySet::ALL,
        threads: args.threads.map_or_else(available_threads, usize::from),
        budget: Budget {
            deadline: args.timeout.and_then(|timeout| started.checked_add(timeout)),
            ..Budget::default()
        },
        progress,
    };
    let shown = Shown::start(Arc::clone(progress));
    let wanted = |id: &str| args.system.is_empty() || args.system.iter().any(|name| name == id);
    let systems = SYSTEMS.iter().filter(|system| wanted(system.id));
    let systems = systems.map(|system| compare(system, &control, |name| shown.name(name)));
    Comparison { schema: SCHEMA, probe: PROBE.to_string(), systems: systems.collect() }
}

/// As wide as the terminal, if there is one.
fn width() -> u16 {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.max(WIDTH_MIN))
}
