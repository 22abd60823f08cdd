//! The session that the description for adapters shows is one that the template has.

use crate::seen::python;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

fn values<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Value> {
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_session_by_hand_is_what_the_template_says() {
    if !python() {
        return;
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let page = std::fs::read_to_string(format!("{root}/docs/adapter.md")).unwrap();
    let said = page.lines().filter_map(|line| line.strip_prefix("< "));
    let typed: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(typed.len() > 10);
    let mut adapter = Command::new("python3")
        .arg(format!("{root}/checks/peers/template/adapter.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    adapter.stdin.take().unwrap().write_all((typed.join("\n") + "\n").as_bytes()).unwrap();
    let output = adapter.wait_with_output().unwrap();
    let answered = String::from_utf8(output.stdout).unwrap();
    assert_eq!(values(answered.lines()), values(said));
}
