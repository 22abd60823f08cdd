//! `model trace`.

use super::{Error, complain, written};
use crate::cli::{TraceArgs, WireForm};
use crate::engine::Progress;
use crate::progress::Saying;
use crate::render::{thousands, trace as render};
use crate::traffic::trace::{Judged, Wanted, judge};
use captp_wire::read::Reader;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Nothing was found.
const CLEAN: u8 = 0;
/// A rule is broken, or a line is not explained.
const FOUND: u8 = 1;
/// The trace cannot be read to its end.
const UNREADABLE: u8 = 2;
/// Not all was judged.
const INCOMPLETE: u8 = 3;

/// Runs the command; returns the exit status.
///
/// # Errors
/// The file cannot be read or is no wire trace, or its system is unknown; the result cannot be
/// written.
pub fn run(args: &TraceArgs, progress: &Progress) -> Result<u8, Error> {
    let name = if args.file == Path::new("-") {
        "standard input".to_owned()
    } else {
        args.file.display().to_string()
    };
    let unreadable = |error: &dyn std::fmt::Display| Error::Usage(format!("{name}: {error}"));
    let input: Box<dyn BufRead> = if args.file == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(&args.file).map_err(|error| unreadable(&error))?))
    };
    let reader = Reader::new(input).map_err(|error| unreadable(&error))?;
    let wanted =
        Wanted { refine: !args.no_refine, findings_max: args.max_findings, live_max: args.live };
    let mut saying = Saying::start();
    let judged = judge(reader, wanted, &|| progress.is_interrupted(), &mut |lines| {
        saying.say(&format!("{name}: line {}", thousands(lines)));
    });
    drop(saying);
    let judged = judged.map_err(|unknown| {
        unreadable(&format!("line 1: {unknown}; `model list --systems` names them"))
    })?;
    let text = match args.printed.form() {
        WireForm::Text => render::text(&judged, &name),
        WireForm::Json => render::json(&judged, &name),
        WireForm::Junit => render::junit(&judged, &name),
    };
    written(&text, args.printed.output.as_deref())?;
    if let Some(problem) = &judged.problem {
        complain(&format!("error: {name}: {problem}"));
    }
    Ok(status(&judged, args.strict))
}

fn status(judged: &Judged, strict: bool) -> u8 {
    if judged.problem.is_some() {
        UNREADABLE
    } else if judged.found() > 0 {
        FOUND
    } else if judged.interrupted || !judged.is_judged() || (strict && !judged.is_whole()) {
        INCOMPLETE
    } else {
        CLEAN
    }
}
