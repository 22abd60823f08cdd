//! `model check`.

use super::{Error, available_threads, cannot_write, complain, opened};
use crate::catalogue::{DISTRIBUTED_RACE, LOCAL_RACE, SYSTEMS, System, Task};
use crate::check::{Control, Finding};
use crate::cli::{CheckArgs, ReportForm};
use crate::coverage::Coverage;
use crate::engine::{Budget, Progress};
use crate::progress::Shown;
use crate::property::{PropertyId, PropertySet};
use crate::protocol::Bend;
use crate::render::{chart, coverage, github, junit, table};
use crate::report::{MadeWith, Report, Row, SCHEMA};
use crate::saved;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A world to search, and its name.
struct Job {
    name: &'static str,
    task: Task,
}

/// Runs the command; returns the exit status.
///
/// # Errors
/// Sizes that cannot be, nothing to check, an output that cannot be written.
pub fn run(args: &CheckArgs, progress: &Arc<Progress>) -> Result<u8, Error> {
    let jobs = jobs(args)?;
    // Opened before the search: nobody wants to wait for an error.
    let mut output = opened(args.printed.output.as_deref())?;
    let report = report(args, &jobs, progress);
    if let Some(folder) = &args.save {
        save(folder, &report)?;
    }
    match write(args, &report, &mut output) {
        // Whoever reads our output has seen enough; the status is for others.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(report.exit_status)
}

/// Checks, and says what that came to.
///
/// # Errors
/// Sizes that cannot be, nothing to check.
pub(super) fn checked(args: &CheckArgs, progress: &Arc<Progress>) -> Result<Report, Error> {
    Ok(report(args, &jobs(args)?, progress))
}

/// Every counterexample into a folder, and what can be done with the first that was not expected.
fn save(folder: &Path, report: &Report) -> Result<(), Error> {
    let all: Vec<_> = report
        .rows
        .iter()
        .flat_map(|row| row.counterexamples.iter().map(|found| (row.file_name(), found)))
        .collect();
    let files = saved::save(folder, &all).map_err(|error| cannot_write(folder, &error))?;
    complain(&format!("{} counterexamples are in {}.", files.len(), folder.display()));
    let odd = report.rows.iter().find(|row| !row.as_expected && row.counterexample().is_some());
    if let Some((row, found)) = odd.and_then(|row| Some((row, row.counterexample()?))) {
        let file = folder.join(format!("{}-{}.json", row.file_name(), found.property));
        complain(&format!("Walk it again: model replay {}", file.display()));
    }
    Ok(())
}

fn write(args: &CheckArgs, report: &Report, output: &mut dyn Write) -> std::io::Result<()> {
    match args.printed.form() {
        ReportForm::Json => {
            serde_json::to_writer_pretty(&mut *output, report).map_err(std::io::Error::from)?;
            writeln!(output)?;
        }
        ReportForm::Junit => write!(output, "{}", junit::junit(report))?,
        ReportForm::Github => {
            complain(&github::annotations(report));
            write!(output, "{}", github::summary(report))?;
        }
        ReportForm::Text => {
            writeln!(output, "{}", table::table(report))?;
            writeln!(output, "{}", coverage::table(&report.coverage))?;
            for row in report.rows.iter().filter(|row| is_charted(args, row)) {
                if let Some(counterexample) = row.counterexample() {
                    writeln!(output, "{}", chart::chart(counterexample))?;
                }
            }
            write!(output, "{}", table::summary(report))?;
        }
    }
    output.flush()
}

fn report(args: &CheckArgs, jobs: &[Job], progress: &Arc<Progress>) -> Report {
    let started = Instant::now();
    let threads = args.threads.map_or_else(available_threads, usize::from);
    let control = Control {
        properties: properties(args),
        threads,
        budget: Budget {
            states_max: args.max_states,
            depth_max: args.max_depth,
            deadline: args.timeout.and_then(|timeout| started.checked_add(timeout)),
        },
        progress,
    };
    let shown = Shown::start(Arc::clone(progress));
    let rows: Vec<_> = jobs
        .iter()
        .enumerate()
        .map(|(number, job)| {
            shown.name(&format!("[{}/{}] {}", number + 1, jobs.len(), job.name));
            row(job, &control)
        })
        .collect();
    drop(shown);
    // What some steps of a part of the worlds never did says nothing.
    let whole = args.is_whole() && rows.iter().all(|row| !row.incomplete);
    let coverage = Coverage::of(jobs.iter().map(|job| job.task).zip(&rows), whole);
    Report {
        schema: SCHEMA,
        made_with: MadeWith {
            model: MadeWith::MODEL,
            rustc: MadeWith::RUSTC,
            threads,
            max_states: args.max_states,
            max_depth: args.max_depth,
            timeout: args.timeout.as_ref().map(Duration::as_secs_f64),
        },
        exit_status: Report::status(&rows, &coverage),
        seconds: started.elapsed().as_secs_f64(),
        rows,
        coverage,
    }
}

fn row(job: &Job, control: &Control<'_>) -> Row {
    let search = |task: &Task| -> Finding { (task.system.runs.search)(task, control) };
    let finding = search(&job.task);
    let unbent = Task { mutation: None, bend: None, ..job.task };
    let control = job.task.mutation.map(|_| search(&unbent));
    let halves = job.task.mutation.map_or(&[][..], |mutation| mutation.halves);
    let half = |bend: &Bend| search(&Task { bend: Some(*bend), ..unbent });
    let halves: Vec<_> = halves.iter().map(half).collect();
    Row::new(&job.task, job.name, finding, control, &halves)
}

fn properties(args: &CheckArgs) -> PropertySet {
    args.property.map_or(PropertySet::ALL, PropertySet::only)
}

fn jobs(args: &CheckArgs) -> Result<Vec<Job>, Error> {
    // Sizes that one system allows may be none of another's.
    let of_one = !args.sizes.is_empty() && !args.names_mutations();
    let wanted = args.system.as_deref().or(of_one.then_some(SYSTEMS[0].id));
    let systems = SYSTEMS.iter().filter(|system| wanted.is_none_or(|wanted| wanted == system.id));
    let mut jobs = Vec::new();
    for system in systems {
        if !args.names_mutations() {
            jobs.extend(full_rules(args, system)?);
        }
        jobs.extend(mutations(args, system)?);
    }
    if let Some(property) = args.property {
        put_to_the_test(property, &jobs)?;
    }
    if jobs.is_empty() {
        return Err(Error::Usage("nothing is left to check: no mutation fits all of these".into()));
    }
    Ok(jobs)
}

/// A property that was asked for must be put to the test, or that it holds says nothing.
fn put_to_the_test(property: PropertyId, jobs: &[Job]) -> Result<(), Error> {
    let lacked_by_all: Option<Vec<_>> =
        jobs.iter().map(|job| job.task.untested(property)).collect();
    match lacked_by_all.as_deref() {
        Some([flag, ..]) => Err(Error::Usage(format!(
            "{property} is not put to the test in these worlds: {}{flag}",
            if flag.starts_with("--") { "it needs " } else { "" }
        ))),
        _ => Ok(()),
    }
}

/// The scenarios; with sizes and no scenario, the first at those sizes.
fn full_rules(args: &CheckArgs, system: &'static System) -> Result<Vec<Job>, Error> {
    let chosen = args.scenario.as_deref();
    let custom = !args.sizes.is_empty();
    let scenarios = system.scenarios.iter().filter(|s| chosen.is_none_or(|wanted| wanted == s.id));
    let scenarios = scenarios.filter(|s| args.deep || chosen.is_some() || !s.deep);
    scenarios
        .take(if custom { 1 } else { usize::MAX })
        .map(|scenario| {
            let sizes = args.sizes.over(scenario.sizes).map_err(Error::Usage)?;
            system.accepts(&sizes).map_err(Error::Usage)?;
            let name = if custom { "custom" } else { scenario.id };
            Ok(Job { name, task: Task::full(system, sizes) })
        })
        .collect()
}

fn mutations(args: &CheckArgs, system: &'static System) -> Result<Vec<Job>, Error> {
    let named = args.names_mutations();
    if !named && (args.scenario.is_some() || !args.sizes.is_empty()) {
        return Ok(Vec::new());
    }
    let properties = properties(args);
    let wanted = system
        .mutations
        .iter()
        .filter(|mutation| properties.contains(mutation.kills) && (!named || args.names(mutation)));
    wanted
        .map(|mutation| {
            let sizes = args.sizes.over(mutation.sizes).map_err(Error::Usage)?;
            system.accepts(&sizes).map_err(Error::Usage)?;
            Ok(Job { name: mutation.id, task: Task::mutated(system, mutation, sizes) })
        })
        .collect()
}

/// The two races of the seed are always drawn; so is what was asked for, and what went wrong.
fn is_charted(args: &CheckArgs, row: &Row) -> bool {
    let seed = [DISTRIBUTED_RACE, LOCAL_RACE].contains(&row.name);
    let named = args.mutation.iter().any(|id| id == row.name);
    let is_defect = |id: &String| row.defect.is_some_and(|d| d.id.eq_ignore_ascii_case(id));
    seed || named || args.defect.iter().any(is_defect) || !row.as_expected
}
