//! `model export`.

use super::{Error, available_threads, written};
use crate::catalogue::{self, Task};
use crate::check::{Control, Verdict};
use crate::cli::{ExportArgs, Form};
use crate::counterexample::Counterexample;
use crate::engine::{Budget, Progress};
use crate::progress::Shown;
use crate::property::PropertySet;
use crate::render::{chart, itf, mermaid, page, rust_test, shiviz, svg};
use crate::saved;
use std::sync::Arc;

/// Runs the command.
///
/// # Errors
/// There is no such counterexample, it cannot be read or written, or not in this form.
pub fn run(args: &ExportArgs, progress: &Arc<Progress>) -> Result<(), Error> {
    let counterexample = match (&args.trace, &args.mutation) {
        (Some(file), _) => saved::load(file).map_err(Error::Usage)?,
        (None, mutation) => found(mutation.as_deref().unwrap_or_default(), args, progress)?,
    };
    let text = form(&counterexample, args.format).map_err(Error::Usage)?;
    written(&text, args.output.as_deref())
}

/// A counterexample in a form.
///
/// # Errors
/// It has none.
pub fn form(counterexample: &Counterexample, form: Form) -> Result<String, String> {
    Ok(match form {
        Form::Text => chart::chart(counterexample),
        Form::Json => {
            serde_json::to_string_pretty(counterexample).map_err(|error| error.to_string())? + "\n"
        }
        Form::Svg => svg::svg(counterexample),
        Form::Html => page::page(counterexample),
        Form::Mermaid => mermaid::mermaid(counterexample),
        Form::Itf => itf::itf(counterexample),
        Form::Shiviz => shiviz::shiviz(counterexample),
        Form::RustTest => rust_test::rust_test(counterexample)?,
    })
}

fn found(id: &str, args: &ExportArgs, progress: &Arc<Progress>) -> Result<Counterexample, Error> {
    let (system, mutation) = catalogue::mutation(id)
        .ok_or_else(|| Error::Usage(format!("no mutation is called '{id}'")))?;
    let sizes = args.sizes.over(mutation.sizes).map_err(Error::Usage)?;
    system.accepts(&sizes).map_err(Error::Usage)?;
    let control = Control {
        properties: PropertySet::ALL,
        threads: available_threads(),
        budget: Budget::default(),
        progress,
    };
    let shown = Shown::start(Arc::clone(progress));
    shown.name(id);
    let finding = (system.runs.search)(&Task::mutated(system, mutation, sizes), &control);
    drop(shown);
    let mut all = finding.counterexamples;
    let named = all.iter().position(|found| found.property == mutation.kills);
    if finding.verdict == Verdict::Incomplete {
        return Err(Error::Usage(format!("the search of {id} was interrupted")));
    }
    if all.is_empty() {
        return Err(Error::Usage(format!("{id} shows nothing in the world {sizes}")));
    }
    Ok(all.swap_remove(named.unwrap_or(0)))
}
