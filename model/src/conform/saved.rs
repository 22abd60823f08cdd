//! Findings in files: for each a chart, a picture, a page, the wire trace, and a script.

use super::adapter::{BETWEEN_LOOKS, Start, after};
use super::campaign::Conformance;
use super::picture::picture;
use super::refine::header;
use super::run::{By, Run};
use super::verdict::Found;
use crate::render::{chart, page, svg};
use captp_wire::adapter::{Can, Request};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

/// What a script is shorter than, in bytes.
const SCRIPT_MAX: u64 = 4 << 20;

/// Writes every finding into a folder. Returns the names of the files, without their endings.
///
/// # Errors
/// A sentence: a file cannot be written.
pub fn save(folder: &Path, found: &Conformance, start: &Start) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (number, one) in found.found.iter().enumerate() {
        let name = format!("{:02}-{}", number + 1, one.property);
        let counterexample = picture(&found.hello, one);
        let plain = anstream::adapter::strip_str(&chart::chart(&counterexample)).to_string();
        let json = serde_json::to_string_pretty(&counterexample).unwrap_or_default();
        let files = [
            ("txt", plain),
            ("svg", svg::svg(&counterexample)),
            ("html", page::page(&counterexample)),
            ("json", json + "\n"),
            ("jsonl", trace(found, one)),
        ];
        for (ending, text) in files {
            write(folder, &format!("{name}.{ending}"), &text)?;
        }
        if found.hello.can(Can::Script)
            && let Some(script) = script(start, &one.run)
        {
            write(folder, &format!("{name}.{}", ending(&script)), &script)?;
        }
        names.push(name);
    }
    Ok(names)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let file = folder.join(name);
    fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// The wire trace, for `model trace`.
fn trace(found: &Conformance, one: &Found) -> String {
    let header = header(&found.hello);
    let mut lines = vec![serde_json::to_string(&header).unwrap_or_default()];
    let line = |line| serde_json::to_string(line).unwrap_or_default();
    lines.extend(one.run.trace.iter().map(line));
    lines.join("\n") + "\n"
}

/// Everything that was asked for, for somebody who has no suite.
fn requests(run: &Run) -> String {
    let wanted =
        |request: &Request| !matches!(request, Request::Open | Request::Tables | Request::Memory);
    let all = run.entries.iter().map(|entry| (&entry.request, entry.by));
    let all = all.filter(|(request, by)| wanted(request) || *by == By::Schedule);
    let all = std::iter::once(&Request::Open).chain(all.map(|(request, _)| request));
    let lines: Vec<_> = all.map(|r| serde_json::to_string(r).unwrap_or_default()).collect();
    lines.join("\n") + "\n"
}

/// The script that the adapter makes of it; none if it makes none.
fn script(start: &Start, run: &Run) -> Option<String> {
    let mut child = Command::new(&start.program)
        .args(&start.arguments)
        .arg("--script")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let text = requests(run);
    thread::spawn(move || stdin.write_all(text.as_bytes()));
    let (whole, written) = mpsc::channel();
    thread::spawn(move || {
        let mut script = String::new();
        let read = stdout.take(SCRIPT_MAX).read_to_string(&mut script);
        read.is_ok_and(|_| whole.send(script).is_ok())
    });
    let deadline = after(start.timeout);
    let script = written.recv_timeout(start.timeout).ok();
    // One that has ended cannot be killed, and that is all right.
    let is_good = script.is_some() && ends_well(&mut child, deadline);
    let _gone = child.kill();
    let _status = child.wait();
    let is_whole = |script: &String| (script.len() as u64) < SCRIPT_MAX;
    script.filter(|script| is_good && is_whole(script) && !script.trim().is_empty())
}

/// Whether a process ends in time, and with success. To have closed its output is not to end.
fn ends_well(child: &mut Child, deadline: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < deadline => thread::sleep(BETWEEN_LOOKS),
            ended => return matches!(ended, Ok(Some(status)) if status.success()),
        }
    }
}

/// The ending of a script's name, by its look.
fn ending(script: &str) -> &'static str {
    let has = |word: &str| script.contains(word);
    if has("fn main(") {
        "rs"
    } else if has("import ") && has("await ") && !has("def ") {
        "mjs"
    } else if has("def ") {
        "py"
    } else {
        "script"
    }
}
