//! `model report`.

use super::{Error, cannot_write, check, compare, complain};
use crate::cli::{CheckArgs, CompareArgs, ReportArgs};
use crate::engine::Progress;
use crate::render::site;
use std::fs;
use std::sync::Arc;

/// Runs the command; returns the exit status.
///
/// # Errors
/// The folder cannot be written.
pub fn run(args: &ReportArgs, progress: &Arc<Progress>) -> Result<u8, Error> {
    // Made before the search: nobody wants to wait for an error.
    fs::create_dir_all(&args.out).map_err(|error| cannot_write(&args.out, &error))?;
    let (system, threads) = (args.system.clone(), args.threads);
    let of_one = CheckArgs { system: system.clone(), threads, ..CheckArgs::default() };
    let report = check::checked(&of_one, progress)?;
    let of_one =
        CompareArgs { system: system.into_iter().collect(), threads, ..CompareArgs::default() };
    let comparison = compare::comparison(&of_one, progress);
    let written = site::site(&report, &comparison, &args.out);
    let written = written.map_err(|error| cannot_write(&args.out, &error))?;
    let index = args.out.join("index.html");
    let mebibytes = written.bytes.div_ceil(1 << 20);
    complain(&format!("{} pages, {mebibytes} MiB: open {}", written.pages, index.display()));
    let statuses = [report.exit_status, compare::status(&comparison)];
    // That something differs says more than that something was cut short.
    Ok(if statuses.contains(&1) { 1 } else { statuses.into_iter().max().unwrap_or(0) })
}
