//! Traces of other people's implementations, as they were recorded: each is held against the sums
//! and against the model of its system, with nothing installed.
//!
//! `traces/*.jsonl` were written by `cargo test -p model --test recorded -- --ignored`, which needs
//! the peers. Besides clean sessions there are only defects that are public: E1, E2 and E3 of
//! @endo/captp 4.5.1, M8 of capnp-rpc 0.27.3, C3 of 0.25.0.
#![cfg(not(loom))]

#[path = "recorded/record.rs"]
mod record;
#[path = "recorded/schedules.rs"]
mod schedules;

use captp_wire::line::{Header, Line};
use captp_wire::read::Reader;
use captp_wire::sums::{Rules, Sums};
use model::behaviour::{Refinement, Verdict, explain};
use model::catalogue;
use schedules::RECORDINGS;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// The file of a recording.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(format!("{name}.jsonl"))
}

fn read(name: &str) -> (Header, Vec<Line>) {
    let text = fs::read(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut reader = Reader::new(text.as_slice()).unwrap();
    let header = reader.header().clone();
    (header, reader.by_ref().map(|line| line.unwrap().1).collect())
}

/// What the sums find, each in a line, and what it comes to.
fn summed(header: &Header, lines: &[Line]) -> String {
    let mut sums = Sums::new(Rules::of(&header.system).unwrap());
    let mut said = String::new();
    for finding in lines.iter().flat_map(|line| sums.feed(line)) {
        writeln!(said, "  {:?} {finding}", finding.severity).unwrap();
    }
    writeln!(said, "  {}", sums.finish()).unwrap();
    said
}

fn refined(header: &Header, lines: &[Line]) -> Refinement {
    let system = catalogue::system(&header.system).unwrap();
    explain(system, header, (1..).zip(lines.iter().cloned()))
}

fn worded(refinement: &Refinement) -> String {
    let after = refinement.lines;
    match &refinement.verdict {
        Verdict::Explained => format!("a behaviour of the model ({after} lines)"),
        Verdict::Beyond { line, why } => format!("beyond the model at #{line}: {why}"),
        Verdict::Unexplained { line, said, expected } => {
            format!("#{line} is no behaviour: {said}; expected {}", expected.join(", or "))
        }
    }
}

#[test]
fn every_recorded_trace_is_judged_as_it_was_by_the_sums_and_by_the_model() {
    let mut all = String::new();
    for recording in RECORDINGS {
        let (header, lines) = read(recording.name);
        writeln!(all, "{}: {}, {}", recording.name, header.peer, recording.shows).unwrap();
        all.push_str(&summed(&header, &lines));
        writeln!(all, "  {}", worded(&refined(&header, &lines))).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_session_without_a_defect_is_clean_in_both_senses() {
    for recording in RECORDINGS.iter().filter(|recording| recording.violates.is_empty()) {
        let (header, lines) = read(recording.name);
        let mut sums = Sums::new(Rules::of(&header.system).unwrap());
        let found: Vec<_> = lines.iter().flat_map(|line| sums.feed(line)).collect();
        assert_eq!(sums.finish().violations, 0, "{}: {found:?}", recording.name);
        let verdict = refined(&header, &lines).verdict;
        assert_eq!(verdict, Verdict::Explained, "{}", recording.name);
    }
}

#[test]
fn there_is_a_recording_for_each_file_and_none_is_large() {
    let folder = file("x").with_file_name("");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .inspect(|path| assert!(fs::metadata(path).unwrap().len() < 16 << 10, "{path:?}"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let mut known: Vec<_> = RECORDINGS.iter().map(|recording| recording.name).collect();
    known.sort_unstable();
    assert_eq!(names, known);
}
