//! `model explore`.

use super::{Error, available_threads};
use crate::catalogue::{self, Task};
use crate::check::{Control, Verdict};
use crate::cli::{ExploreArgs, SizeArgs};
use crate::engine::{Budget, Progress};
use crate::explore::Explorer;
use crate::progress::Shown;
use crate::property::PropertySet;
use std::io::Write;
use std::sync::Arc;

/// Beyond so many states, a counterexample is one that a reader should not have to wait for.
const STATES_MAX: u64 = 3_000_000;

/// Runs the command: finds what there is to look at, prints where, and serves it.
///
/// # Errors
/// Sizes that cannot be, an address that cannot be served.
pub fn run(args: &ExploreArgs, progress: &Arc<Progress>) -> Result<(), Error> {
    let task = task(&args.system, args.mutation.as_deref(), &args.sizes)?;
    let explorer = Explorer::bind(args.address).map_err(|error| {
        Error::Usage(format!(
            "cannot serve on {}: {error} (choose another --address)",
            args.address
        ))
    })?;
    let name = task.mutation.map_or(task.system.id, |mutation| mutation.id);
    let control = Control {
        properties: PropertySet::ALL,
        threads: available_threads(),
        budget: Budget { states_max: Some(STATES_MAX), ..Budget::default() },
        progress,
    };
    let finding = {
        let shown = Shown::start(Arc::clone(progress));
        shown.name(name);
        (task.system.runs.search)(&task, &control)
    };
    let mut output = anstream::stdout();
    writeln!(output, "{name}, {}", task.sizes)?;
    writeln!(output, "  from the start: {}", explorer.url(""))?;
    for counterexample in &finding.counterexamples {
        writeln!(
            output,
            "  {} violated in {} steps: {}",
            counterexample.property,
            counterexample.steps.len(),
            explorer.url(&counterexample.explorer_path)
        )?;
    }
    for (property, path) in &finding.examples {
        writeln!(output, "  {property} put to the test: {}", explorer.url(path))?;
    }
    if finding.verdict == Verdict::Incomplete {
        writeln!(output, "  (searched {} states; there may be more to see)", STATES_MAX)?;
    }
    writeln!(output, "In the page, j and k step along the path. Ctrl-C ends the server.")?;
    output.flush()?;
    (task.system.runs.serve)(&task, explorer)
        .map_err(|error| Error::Usage(format!("cannot serve on {}: {error}", args.address)))
}

/// The world of a mutation, or of the full rules of a system, at these sizes.
pub(super) fn task(system: &str, mutation: Option<&str>, given: &SizeArgs) -> Result<Task, Error> {
    let mutation = mutation.and_then(catalogue::mutation);
    let known = mutation.map(|(system, _)| system).or_else(|| catalogue::system(system));
    let Some(system) = known else {
        return Err(Error::Usage(format!("no system is called '{system}'")));
    };
    let mutation = mutation.map(|(_, mutation)| mutation);
    let base = mutation.map_or(system.scenarios[0].sizes, |mutation| mutation.sizes);
    let sizes = given.over(base).map_err(Error::Usage)?;
    system.accepts(&sizes).map_err(Error::Usage)?;
    Ok(mutation.map_or_else(
        || Task::full(system, sizes),
        |mutation| Task::mutated(system, mutation, sizes),
    ))
}
