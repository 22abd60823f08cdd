//! Drives two vats of the Rust crate `capnp-rpc` for `model conform`, as docs/adapter.md says.
//!
//! There is one binary for each version that is driven, `capnp-rpc-0-27` and `capnp-rpc-0-25`, from
//! the same sources. With `--script` it writes a program that needs no suite; with `--words` it
//! tells people on standard error what happens, with every message decoded.

mod app;
mod event;
mod object;
mod pair;
mod panics;
mod pipe;
mod request;
mod script;
mod tell;
mod words;

use crate::event::{Done, Event};
use crate::pair::Pair;
use crate::request::Request;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::fd::AsFd;
use std::rc::Rc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What of the implementation is driven: the version of this package is that of the peer.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> io::Result<()> {
    let flag = |flag| std::env::args().skip(1).any(|argument| argument == flag);
    if flag("--script") {
        return script::write(io::stdin().lock(), io::stdout().lock());
    }
    drive(flag("--words"))
}

/// Obeys requests. With `aloud`, tells people on standard error what happens.
fn drive(aloud: bool) -> io::Result<()> {
    // The implementation prints some errors. They must not get between the lines of the protocol.
    let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdout(io::stderr())?;

    let say = Rc::new(move |line: &Value| writeln!(&answers, "{line}"));
    say(&tell::hello(VERSION))?;
    let events = Rc::clone(&say);
    let mut pair = Pair::new(Rc::new(move |event: &Event| {
        if aloud {
            eprintln!("{}", words::event(event));
        }
        // If nobody listens any more, the answer to the request will tell.
        let _ = events(&tell::event(event));
    }));
    for line in io::stdin().lock().lines() {
        let done = Request::parse(&line?).and_then(|request| match request {
            Request::Memory => {
                say(&json!({"event": "memory", "bytes": in_use()})).map_err(|e| e.to_string())
            }
            request => obey(&mut pair, &request),
        });
        say(&tell::done(done))?;
    }
    Ok(())
}

/// Bytes asked of the allocator and not given back.
fn in_use() -> i128 {
    let stats = ALLOCATOR.stats();
    let allocated = i128::try_from(stats.bytes_allocated).unwrap_or(i128::MAX);
    let freed = i128::try_from(stats.bytes_deallocated).unwrap_or(i128::MAX);
    allocated - freed
}

fn obey(pair: &mut Pair, request: &Request) -> Done {
    match request {
        Request::Open => pair.open(),
        Request::Send { vat, refs } => pair.send(*vat, refs),
        Request::FailSend { vat, refs } => pair.fail_send(*vat, refs),
        Request::Call { vat, target } => pair.call(*vat, target),
        Request::Ask { vat, target, refs, question } => pair.ask(*vat, target, refs, question),
        Request::Return { vat, question, refs } => pair.answer(*vat, question, refs),
        Request::Resolve { vat, promise, refs } => pair.resolve(*vat, promise, refs),
        Request::Drop { vat, name } => pair.drop_held(*vat, name),
        Request::DropOne { vat, name } => pair.drop_one(*vat, name),
        Request::Deliver { to } => pair.deliver(*to),
        Request::Probe { vat, name, probe } => pair.probe(*vat, name, *probe),
        Request::Hostile { to, raw } => pair.hostile(*to, raw),
        Request::Cut { vat } => pair.cut(*vat),
        Request::Forget => pair.forget(),
        Request::Witness => pair.witness(),
        Request::Memory => Err("memory is not the pair's".into()),
    }
}
