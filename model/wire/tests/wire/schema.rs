//! The schema describes what the reader takes, and the page beside it shows a right trace.

use captp_wire::line::{FORMAT, Line};
use captp_wire::read::Reader;
use captp_wire::sums::{Rules, Sums};
use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn schema() -> Validator {
    let text = fs::read_to_string(docs().join("wire-trace.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["$defs"]["header"]["properties"]["trace"]["const"], FORMAT);
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn example() -> String {
    let page = fs::read_to_string(docs().join("wire-trace.md")).unwrap();
    let (_, example) = page.split_once("```jsonl\n").unwrap();
    example.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_example_of_the_page_is_right() {
    let reader = Reader::new(Cursor::new(example())).unwrap();
    let mut sums = Sums::new(Rules::of(&reader.header().system).unwrap());
    for line in reader {
        let found = sums.feed(&line.unwrap().1);
        assert!(found.is_empty(), "{}", found[0]);
    }
    assert_eq!(sums.finish().live, 1);
}

#[test]
fn the_page_names_every_rule() {
    let page = fs::read_to_string(docs().join("wire-trace.md")).unwrap();
    let source = include_str!("../../src/sums/finding.rs");
    let (_, variants) = source.split_once("pub enum Observation {").unwrap();
    let names = variants.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(" {"));
    let mut rules = 0;
    for name in names {
        let kebab: String = name.chars().enumerate().fold(String::new(), |mut kebab, (at, c)| {
            if c.is_uppercase() && at > 0 {
                kebab.push('-');
            }
            kebab.extend(c.to_lowercase());
            kebab
        });
        assert!(page.contains(&format!("`{kebab}`")), "{kebab}");
        rules += 1;
    }
    assert!(rules > 20, "{rules}");
}

#[test]
fn every_line_of_the_traces_and_the_example_is_valid() {
    let schema = schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut texts = vec![example()];
    for entry in fs::read_dir(folder).unwrap() {
        texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    for line in texts.iter().flat_map(|text| text.lines()) {
        let value: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = schema.validate(&value) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn the_schema_and_the_reader_refuse_the_same_lines() {
    let schema = schema();
    let right = [
        r#"{"seq":1,"from":"A","kind":"call","target":{"answer":0},"refs":[]}"#,
        r#"{"seq":1,"from":"A","kind":"return","question":0,"no_finish":true}"#,
        r#"{"seq":1,"from":"A","kind":"call","release_params":false,"releases":[]}"#,
        r#"{"seq":1,"from":"B","kind":"resolve","promise":{"index":1,"space":"p"}}"#,
        r#"{"seq":1,"at":"A","event":"drop","question":1}"#,
        r#"{"seq":1,"session":7,"tables":"A"}"#,
    ];
    let wrong = [
        r#"{"seq":1,"from":"A","kind":"cal"}"#,
        r#"{"from":"A","kind":"call"}"#,
        r#"{"seq":-1,"from":"A","kind":"call"}"#,
        r#"{"seq":1,"from":"A","kind":"finish"}"#,
        r#"{"seq":1,"from":"A","kind":"resolve"}"#,
        r#"{"seq":1,"from":"A","kind":"release","target":{"answer":0}}"#,
        r#"{"seq":1,"from":"A","kind":"call","releases":[{"index":1,"count":1}]}"#,
        r#"{"seq":1,"from":"A","kind":"call","no_finish":true}"#,
        r#"{"seq":1,"from":"A","kind":"return","question":1,"release_results":true}"#,
        r#"{"seq":1,"from":"A","kind":"call","refs":[{}]}"#,
        r#"{"seq":1,"from":"A","kind":"call","refs":[{"answer":1,"home":{"index":1}}]}"#,
        r#"{"seq":1,"from":"A","kind":"call","refs":[{"mention":{"index":4294967296}}]}"#,
        r#"{"seq":1,"from":"A","kind":"release","releases":[{"index":1,"count":0.5}]}"#,
        r#"{"seq":1,"at":"A","event":"drop"}"#,
        r#"{"seq":1,"at":"A","event":"read","question":1}"#,
        r#"{"seq":1,"tables":"A","exports":-1}"#,
        r#"{"seq":1,"end":"done"}"#,
        r#"{"seq":1}"#,
        r#"{"seq":1,"end":"cut","text":"x"}"#,
        "[]",
    ];
    let valid = |line: &str| schema.is_valid(&serde_json::from_str(line).unwrap());
    for line in right {
        assert!(serde_json::from_str::<Line>(line).is_ok() && valid(line), "{line}");
    }
    for line in wrong {
        assert!(serde_json::from_str::<Line>(line).is_err(), "{line} is read");
        assert!(!valid(line), "{line} is valid");
    }
}
