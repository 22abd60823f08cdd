//! The adapter: requests on standard input, events on standard output, one JSON object a line.

use captp_gc_peer::Pair;
use captp_wire::adapter::{Can, Done, Event, Hello, Request, VERSION};
use serde::Serialize;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes of a line; what is longer ends the adapter.
const LINE_MAX: u64 = 1 << 20;

/// What it can do.
const CAN: [Can; 10] = [
    Can::Call,
    Can::Ask,
    Can::Resolve,
    Can::Collect,
    Can::FailSend,
    Can::Hostile,
    Can::Cut,
    Can::Tables,
    Can::Witness,
    Can::Memory,
];

fn main() -> ExitCode {
    if let Some(argument) = std::env::args().nth(1) {
        eprintln!("captp-gc-peer takes no argument, and cannot do {argument}");
        return ExitCode::from(2);
    }
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("captp-gc-peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    say(output, &hello())?;
    let mut pair = Pair::new();
    let mut line = String::new();
    loop {
        line.clear();
        let read = input.by_ref().take(LINE_MAX).read_line(&mut line)?;
        if read == 0 {
            return Ok(());
        }
        if !line.ends_with('\n') && u64::try_from(read).is_ok_and(|read| read == LINE_MAX) {
            return Err(io::Error::other(format!("a line longer than {LINE_MAX} bytes")));
        }
        let done = match serde_json::from_str(&line) {
            Ok(Request::Memory) => {
                say(output, &Event::Memory { bytes: memory() })?;
                Done::YES
            }
            Ok(request) => {
                let (events, done) = pair.obey(&request);
                for event in &events {
                    say(output, event)?;
                }
                done
            }
            Err(error) => Done::not(format!("no request: {error}")),
        };
        say(output, &done)?;
    }
}

/// The first line.
fn hello() -> Hello {
    Hello {
        adapter: VERSION,
        peer: "captp-gc".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system: "e-captp".to_owned(),
        wire: "lines".to_owned(),
        can: CAN.to_vec(),
    }
}

fn say(output: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, what)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Bytes allocated and not freed. (Its `bytes_reallocated` is by how much blocks have grown, which
/// the other two have in them already.)
fn memory() -> u64 {
    let stats = ALLOCATOR.stats();
    u64::try_from(stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)).unwrap_or(u64::MAX)
}
