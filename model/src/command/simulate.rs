//! `model simulate`.

use super::{Error, explore, export, written};
use crate::cli::SimulateArgs;
use crate::engine::{Cut, Progress};
use crate::progress::Shown;
use crate::property::PropertySet;
use crate::render::coverage;
use crate::simulate::{Simulated, Simulation};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

/// Runs the command; returns the exit status.
///
/// # Errors
/// Sizes that cannot be, an output that cannot be written, a form that there is not.
pub fn run(args: &SimulateArgs, progress: &Arc<Progress>) -> Result<u8, Error> {
    let task = explore::task(&args.system, args.mutation.as_deref(), &args.sizes)?;
    // What the standard library seeds its maps with is as good a number as any.
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(0) >> 32);
    let simulation = Simulation {
        seed,
        first: args.first,
        walks: args.walks,
        steps_max: args.max_steps,
        properties: PropertySet::ALL,
        deadline: args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        progress,
    };
    let name = task.mutation.map_or(task.system.id, |mutation| mutation.id);
    let shown = Shown::start(Arc::clone(progress));
    shown.name(&format!("{name}, seed {seed}"));
    let found = (task.system.runs.simulate)(&task, &simulation);
    drop(shown);
    let said = format!("{name}, {}: {}\n", task.sizes, summary(&found, seed));
    let kinds = coverage::fired(&found.fired);
    let Some((number, counterexample)) = &found.violation else {
        written(&format!("{kinds}\n{said}"), None)?;
        return Ok(if found.cut.is_some() { 3 } else { 0 });
    };
    let text = export::form(counterexample, args.format).map_err(Error::Usage)?;
    written(&text, args.output.as_deref())?;
    let flags = args.mutation.as_ref().map_or_else(
        || format!("--system {}", args.system),
        |mutation| format!("--mutation {mutation}"),
    );
    let again = format!(
        "The same walk again: model simulate {flags} --seed {seed} --first {number} --walks 1 \
         --max-steps {} {}\n",
        args.max_steps, task.sizes
    );
    super::complain(&format!("{said}{again}"));
    Ok(1)
}

fn summary(found: &Simulated, seed: u64) -> String {
    let Simulated { walks, steps, longest, ended, witnessed, elapsed, .. } = found;
    let verdict = match (&found.violation, found.cut) {
        (Some((number, found)), _) => {
            format!("{} is violated by walk {number}", found.property)
        }
        (None, Some(Cut::Timeout)) => "nothing found before --timeout ran out".to_owned(),
        (None, Some(_)) => "nothing found before it was interrupted".to_owned(),
        (None, None) => "nothing found, which proves nothing".to_owned(),
    };
    format!(
        "{verdict}. Seed {seed}: {walks} walks of {steps} steps, the longest of {longest}, {ended} \
         to where nothing more can happen; put to the test: {witnessed}; {:.1} s.",
        elapsed.as_secs_f64()
    )
}
