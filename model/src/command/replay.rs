//! `model replay`.

use super::{Error, written};
use crate::cli::ReplayArgs;
use crate::render::chart;
use crate::saved;
use crate::walk::Stray;

/// Runs the command; returns the exit status.
///
/// # Errors
/// The file cannot be read, or is of another model.
pub fn run(args: &ReplayArgs) -> Result<u8, Error> {
    let saved = saved::load(&args.file).map_err(Error::Usage)?;
    let name = args.file.display();
    let task = saved::task(&saved).map_err(|why| Error::Usage(format!("{name}: {why}")))?;
    let runs = task.system.runs;
    let answer = match &args.why_not {
        Some(wanted) => {
            let after = args.after.unwrap_or(saved.steps.len());
            (runs.why_not)(&task, &saved, after, wanted)
                .map(|why| format!("After {after} of {} steps, {why}.\n", saved.steps.len()))
        }
        None => (runs.walk)(&task, &saved).map(|again| {
            let same = if again == saved { "exactly as saved" } else { "but not all as saved" };
            let steps = again.steps.len();
            let verdict = format!("{name} is a walk of this model, {same}: {steps} steps.");
            format!("{}\n{verdict}\n", chart::chart(&again))
        }),
    };
    match answer {
        Err(stray @ Stray::TooFar { .. }) => Err(Error::Usage(format!("{name}: {stray}"))),
        Ok(text) => written(&text, None).map(|()| 0),
        Err(stray) => {
            written(&format!("{name} is no walk of this model: {stray}\n"), None).map(|()| 1)
        }
    }
}
