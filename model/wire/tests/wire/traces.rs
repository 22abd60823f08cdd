//! The traces in `traces`, and what the sums say of them.

use captp_wire::line::Line;
use captp_wire::read::Reader;
use captp_wire::sums::{Rules, Sums};
use captp_wire::write::Writer;
use std::fs::{self, File};
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces")
}

/// Each trace: what is found, and what it comes to.
const VERDICTS: [(&str, &[&str], &str); 5] = [
    (
        "capnp-in-passing.jsonl",
        &[],
        "10 messages, 5 mentions, 4 given back, 1 places live, 1 questions open \
         (the oldest is VatA's 0, since #1)",
    ),
    (
        "capnp.jsonl",
        &[],
        "10 messages, 4 mentions, 3 given back, 1 places live, 1 questions open \
         (the oldest is VatA's 0, since #1)",
    ),
    (
        "capnweb.jsonl",
        &[],
        "12 messages, 2 mentions, 2 given back, 0 places live, 0 questions open",
    ),
    (
        "endo-captp-e1.jsonl",
        &["#9: VatA's question 4 (#8) was never answered"],
        "8 messages, 3 mentions, 1 given back, 2 places live, 4 questions open \
         (the oldest is VatA's 1, since #1)",
    ),
    (
        "endo-captp-e2.jsonl",
        &["#13: a release gives 4 mentions of VatA's export 1 back, and only 1 is left"],
        "14 messages, 4 mentions, 3 given back, 1 places live, 0 questions open",
    ),
];

#[test]
fn every_trace_has_its_verdict() {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, VERDICTS.map(|(name, ..)| name));
    for (name, expected, comes_to) in VERDICTS {
        let file = BufReader::new(File::open(folder().join(name)).unwrap());
        let reader = Reader::new(file).unwrap();
        let mut sums = Sums::new(Rules::of(&reader.header().system).unwrap());
        let mut found = Vec::new();
        for line in reader {
            let (_, line) = line.unwrap_or_else(|error| panic!("{name}: {error}"));
            found.extend(sums.feed(&line).iter().map(ToString::to_string));
        }
        assert_eq!(found, expected, "{name}");
        assert_eq!(sums.finish().to_string(), comes_to, "{name}");
    }
}

#[test]
fn every_trace_is_written_as_it_is_read() {
    for (name, ..) in VERDICTS {
        let text = fs::read_to_string(folder().join(name)).unwrap();
        let mut reader = Reader::new(Cursor::new(&text)).unwrap();
        let mut writer = Writer::new(Vec::new(), reader.header()).unwrap();
        let lines: Vec<Line> = reader.by_ref().map(|line| line.unwrap().1).collect();
        for line in &lines {
            writer.write(line.clone()).unwrap();
        }
        let written = writer.into_inner();
        let read: Vec<Line> =
            Reader::new(Cursor::new(written)).unwrap().map(|line| line.unwrap().1).collect();
        assert_eq!(read, lines, "{name}");
    }
}

#[test]
fn a_leak_is_told_with_its_place_and_since_when() {
    let file = BufReader::new(File::open(folder().join("capnp.jsonl")).unwrap());
    let reader = Reader::new(file).unwrap();
    let mut sums = Sums::new(Rules::of("capnp").unwrap());
    for line in reader.take(9) {
        sums.feed(&line.unwrap().1);
    }
    let live: Vec<String> = sums
        .sessions()
        .flat_map(|(_, session)| session.exports(captp_wire::line::End::B))
        .map(|(place, export)| format!("{place}: {export}"))
        .collect();
    assert_eq!(
        live,
        [
            "0: mentioned once, never given back, since #3",
            "1: mentioned 2 times, never given back, since #4",
        ]
    );
}
