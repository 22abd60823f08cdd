//! The files for other tools: each is what its readers expect, for every counterexample of the
//! catalogue.
#![cfg(not(loom))]

mod common;
#[path = "files/itf.rs"]
mod itf;
#[path = "files/mermaid.rs"]
mod mermaid;
#[path = "files/reports.rs"]
mod reports;
#[path = "files/schema.rs"]
mod schema;
#[path = "files/shiviz.rs"]
mod shiviz;

use model::catalogue;
use model::counterexample::Counterexample;
use model::render;
use std::sync::OnceLock;

/// The counterexamples of every mutation.
fn every() -> &'static [Counterexample] {
    static EVERY: OnceLock<Vec<Counterexample>> = OnceLock::new();
    EVERY.get_or_init(|| {
        let found = catalogue::mutations().map(|(_, m)| common::find(m.id).counterexamples);
        let found: Vec<_> = found.flatten().collect();
        assert!(found.len() >= catalogue::mutations().count());
        found
    })
}

/// The one of this mutation.
fn of(mutation: &str) -> &'static Counterexample {
    every().iter().find(|c| c.mutation.as_deref() == Some(mutation)).unwrap()
}

fn everything(counterexample: &Counterexample) -> [String; 3] {
    [render::itf::itf, render::mermaid::mermaid, render::shiviz::shiviz]
        .map(|render| render(counterexample))
}

#[test]
fn a_file_that_was_saved_renders_the_same() {
    for counterexample in every() {
        let saved = serde_json::to_string(counterexample).unwrap();
        let read: Counterexample = serde_json::from_str(&saved).unwrap();
        assert_eq!(everything(&read), everything(counterexample), "{:?}", read.mutation);
    }
}

#[test]
fn a_foreign_file_renders_with_the_names_that_it_has() {
    let mut foreign = of("uncounted-drop").clone();
    foreign.system = "elsewhere".to_owned();
    foreign.mutation = Some("unheard-of".to_owned());
    assert!(everything(&foreign).iter().take(2).all(|text| text.contains("unheard-of")));
    foreign.mutation = None;
    assert!(everything(&foreign).iter().take(2).all(|text| text.contains("elsewhere")));
    foreign.steps.clear();
    foreign.sizes.vats = 0;
    foreign.initial.vats.clear();
    assert!(everything(&foreign).iter().all(|text| !text.is_empty()));
}
