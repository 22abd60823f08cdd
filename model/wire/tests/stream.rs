//! Long traces: memory does not grow with the length.
#![cfg(not(loom))]

use captp_wire::line::{End, FORMAT, Kind, Line, Mention, Message, Place, Ref, Release};
use captp_wire::read::Reader;
use captp_wire::sums::{Rules, Sums};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{self, BufReader, Read};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A trace that is made while it is read: calls that pass references and are answered with one.
/// Some are given back one by one, some in passing; `live` of each end stay.
struct Traffic {
    live: u32,
    call: u32,
    step: u32,
    seq: u64,
    lines: u64,
    text: Vec<u8>,
    at: usize,
}

impl Traffic {
    fn new(lines: u64, live: u32) -> Self {
        let header = format!("{{\"trace\":\"{FORMAT}\",\"system\":\"capnp\"}}\n");
        Self { live, call: 0, step: 0, seq: 0, lines, text: header.into_bytes(), at: 0 }
    }

    fn message(&mut self) -> Message {
        let (place, passing) = (self.call % self.live, self.live);
        let early = self.call < self.live;
        let mention =
            |index| Ref::Mention(Mention { at: Place::new(index), again: None, promise: false });
        let (from, kind) = match self.step {
            0 => (End::A, Kind::Call),
            1 => (End::B, Kind::Return),
            2 => (End::A, Kind::Finish),
            _ => (End::B, Kind::Release),
        };
        self.seq += 1;
        let mut message = Message { seq: self.seq, from, kind, ..Message::default() };
        message.question = (self.step < 3).then_some(self.call % 7);
        match self.step {
            0 => message.refs = vec![mention(place), mention(passing)],
            1 => {
                message.refs = vec![mention(place), Ref::Home(Place::new(place))];
                message.release_params = !early;
            }
            2 => message.release_results = !early,
            _ if early => {
                message.releases = vec![Release { at: Place::new(passing), count: 1 }];
            }
            _ => message.kind = Kind::Other,
        }
        self.step = (self.step + 1) % 4;
        self.call += u32::from(self.step == 0);
        message
    }
}

impl Read for Traffic {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() && self.lines > 0 {
            self.lines -= 1;
            self.text.clear();
            self.at = 0;
            let line = Line::Message(self.message());
            serde_json::to_writer(&mut self.text, &line)?;
            self.text.push(b'\n');
        }
        let rest = &self.text[self.at..];
        let taken = rest.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&rest[..taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// What it took to judge a trace.
struct Taken {
    time: Duration,
    /// The most that was in use when a tenth was read, and afterwards.
    early: usize,
    late: usize,
}

fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

fn judge(lines: u64, live: u32) -> Taken {
    let (before, start) = (in_use(), Instant::now());
    let reader = Reader::new(BufReader::new(Traffic::new(lines, live))).unwrap();
    let mut sums = Sums::new(Rules::of(&reader.header().system).unwrap());
    let (mut early, mut late) = (0, 0);
    for line in reader {
        let (number, line) = line.unwrap();
        let found = sums.feed(&line);
        assert!(found.is_empty(), "{}", found[0]);
        let peak = if number < lines / 10 { &mut early } else { &mut late };
        *peak = (*peak).max(in_use().saturating_sub(before));
    }
    let time = start.elapsed();
    let summary = sums.finish();
    assert_eq!((summary.messages, summary.open_questions), (lines, 0));
    assert_eq!(summary.live, 2 * u64::from(live));
    assert_eq!(summary.mentions, lines / 4 * 3);
    Taken { time, early, late }
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_trace() {
    let Taken { early, late, .. } = judge(100_000, 100);
    assert!(late <= early + 1024, "{early} bytes, then {late}");
}

#[test]
#[ignore = "a million lines, for figures: run it alone, with --nocapture"]
fn a_million_lines() {
    for live in [10, 1_000, 10_000] {
        let Taken { time, early, late } = judge(1_000_000, live);
        println!("{live} live places an end: {time:?}, {early} bytes at a tenth, {late} at most");
        assert!(late <= early + 1024, "{early} bytes, then {late}");
    }
}
