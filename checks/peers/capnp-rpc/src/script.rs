//! A program that makes the same requests of the implementation without this suite.
//!
//! It is this adapter's own sources, without those that read and write the protocol, and a `main`.

use crate::VERSION;
use crate::event::Ref;
use crate::request::Request;
use std::io::{self, BufRead, Write};

const MODULES: [(&str, &str); 7] = [
    ("app", include_str!("app.rs")),
    ("event", include_str!("event.rs")),
    ("object", include_str!("object.rs")),
    ("pair", include_str!("pair.rs")),
    ("panics", include_str!("panics.rs")),
    ("pipe", include_str!("pipe.rs")),
    ("words", include_str!("words.rs")),
];

const BEFORE: &str = r#"
fn main() {
    use event::{End, Event, Ref};
    use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

    let unanswered = Rc::new(RefCell::new(BTreeSet::<u64>::new()));
    let probes = Rc::clone(&unanswered);
    let mut pair = pair::Pair::new(Rc::new(move |event: &Event| {
        println!("    {}", words::event(event));
        if let Event::Answer { probe, .. } = event {
            probes.borrow_mut().remove(probe);
        }
    }));
    let step = |done: event::Done| {
        if let Err(why) = done {
            println!("    not done: {why}");
        }
    };
"#;

const AFTER: &str = r#"
    println!("Probes that were never answered: {:?}", unanswered.borrow());
}
"#;

/// Reads requests, and writes the program.
///
/// # Errors
///
/// Fails if one of the two fails.
pub(crate) fn write(requests: impl BufRead, mut program: impl Write) -> io::Result<()> {
    let minor = VERSION.rsplit_once('.').map_or(VERSION, |(minor, _)| minor);
    writeln!(
        program,
        "//! Two vats of capnp-rpc {VERSION} in one thread, and a wire that holds back."
    )?;
    writeln!(
        program,
        "//!\n//! This is src/main.rs of a package with this Cargo.toml; `cargo run`.\n//!"
    )?;
    let manifest = [
        "[package]",
        "name = \"requests\"",
        "version = \"0.0.0\"",
        "edition = \"2024\"",
        "[dependencies]",
        &format!("capnp = \"{minor}\""),
        &format!("capnp-rpc = \"={VERSION}\""),
        "futures = \"0.3\"",
    ];
    for line in manifest {
        writeln!(program, "//!     {line}")?;
    }
    writeln!(program, "\n// Not every script makes every request.\n#![allow(dead_code)]")?;
    program.write_all(BEFORE.as_bytes())?;
    for line in requests.lines() {
        match Request::parse(&line?) {
            Ok(request) => write_step(&mut program, &request)?,
            Err(why) => writeln!(program, "\n    // Left out: {}", why.escape_debug())?,
        }
    }
    program.write_all(AFTER.as_bytes())?;
    for (name, source) in MODULES {
        writeln!(program, "\nmod {name} {{\n{source}}}")?;
    }
    Ok(())
}

fn write_step(program: &mut impl Write, request: &Request) -> io::Result<()> {
    let (words, code) = match request {
        Request::Open => ("Two fresh vats".into(), "open()".into()),
        Request::Send { vat, refs } => (
            format!("{vat} sends {}", list(refs)),
            format!("send(End::{vat:?}, &[{}])", literal(refs)),
        ),
        Request::FailSend { vat, refs } => (
            format!("{vat} sends {} and something that cannot be copied", list(refs)),
            format!("fail_send(End::{vat:?}, &[{}])", literal(refs)),
        ),
        Request::Call { vat, target } => {
            (format!("{vat} calls {target}"), format!("call(End::{vat:?}, {target:?})"))
        }
        Request::Ask { vat, target, refs, question } => (
            format!("{vat} asks {target} {question} with {}", list(refs)),
            format!("ask(End::{vat:?}, {target:?}, &[{}], {question:?})", literal(refs)),
        ),
        Request::Return { vat, question, refs } => (
            format!("{vat} answers {question} with {}", list(refs)),
            format!("answer(End::{vat:?}, {question:?}, &[{}])", literal(refs)),
        ),
        Request::Resolve { vat, promise, refs } => (
            if refs.is_empty() {
                format!("{vat} breaks its promise {promise}")
            } else {
                format!("{vat} resolves {promise} to {}", list(refs))
            },
            format!("resolve(End::{vat:?}, {promise:?}, &[{}])", literal(refs)),
        ),
        Request::Drop { vat, name } => {
            (format!("{vat} drops {name}"), format!("drop_held(End::{vat:?}, {name:?})"))
        }
        Request::DropOne { vat, name } => (
            format!("{vat} drops one of its copies of {name}"),
            format!("drop_one(End::{vat:?}, {name:?})"),
        ),
        Request::Deliver { to } => {
            (format!("The oldest message for {to} is let through"), format!("deliver(End::{to:?})"))
        }
        Request::Probe { vat, name, probe } => {
            writeln!(program, "\n    unanswered.borrow_mut().insert({probe});")?;
            (
                format!("{vat} asks {name} for its name, probe {probe}"),
                format!("probe(End::{vat:?}, {name:?}, {probe})"),
            )
        }
        Request::Hostile { to, raw } => {
            (format!("{to} reads bytes of ours"), format!("hostile(End::{to:?}, &{raw:?})"))
        }
        Request::Cut { vat } => (format!("{vat} ends the session"), format!("cut(End::{vat:?})")),
        Request::Forget => ("Both let go of everything".into(), "forget()".into()),
        Request::Witness => ("What still exists?".into(), "witness()".into()),
        Request::Memory => return Ok(()),
    };
    // The words stand in a format string.
    let words = words.replace('{', "{{").replace('}', "}}");
    writeln!(program, "\n    println!({words:?});\n    step(pair.{code});")
}

fn list(refs: &[Ref]) -> String {
    let names: Vec<_> = refs
        .iter()
        .map(|reference| match reference {
            Ref::Own(name) => format!("its own {name}"),
            Ref::Promise(name) => format!("its promise {name}"),
            Ref::Held(name) => format!("the {name} that it holds"),
        })
        .collect();
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

fn literal(refs: &[Ref]) -> String {
    let items = refs.iter().map(|reference| {
        let kind = match reference {
            Ref::Own(_) => "Own",
            Ref::Promise(_) => "Promise",
            Ref::Held(_) => "Held",
        };
        format!("Ref::{kind}({:?}.into())", reference.name())
    });
    items.collect::<Vec<_>>().join(", ")
}
