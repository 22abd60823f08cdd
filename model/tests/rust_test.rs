//! A counterexample as a Rust test: it compiles, it passes, and it can fail.
#![cfg(not(loom))]

mod common;

use common::{e_mutations, find};
use model::catalogue::{self, Task};
use model::counterexample::Counterexample;
use model::engine::fingerprint;
use model::mutation::Mutation;
use model::property::PropertyId;
use model::protocol::e::ECapTp;
use model::render::rust_test::rust_test;
use stateright::Model;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Those with promises' answers, or a third vat.
const BEYOND_THE_TABLES: [&str; 3] = ["question-freed-twice", "answer-by-index", "vine-not-held"];

/// Every counterexample of E's CapTP that these tables can run, with a name for a module.
fn supported() -> Vec<(String, Counterexample)> {
    let ids = e_mutations().iter().map(|mutation| mutation.id);
    let mut all = Vec::new();
    for id in ids.filter(|id| !BEYOND_THE_TABLES.contains(id)) {
        for counterexample in find(id).counterexamples {
            let name = format!("{id}-{}", counterexample.property).replace('-', "_");
            all.push((name.to_lowercase(), counterexample));
        }
    }
    assert!(all.len() > 30, "{} counterexamples", all.len());
    all
}

/// A walk of this world, at random, as if it were a counterexample.
fn stroll(task: &Task, seed: u64) -> Counterexample {
    let world = task.world::<ECapTp>();
    let mut state = world.init_states().remove(0);
    let mut trail = vec![fingerprint(&state)];
    let mut random = seed;
    for _ in 0..40 {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        if actions.is_empty() {
            break;
        }
        // Knuth's generator; its upper bits are the random ones.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
        let chosen = usize::try_from(random >> 33).unwrap() % actions.len();
        if let Some(next) = world.next_state(&state, actions.remove(chosen)) {
            trail.push(fingerprint(&next));
            state = next;
        }
    }
    Counterexample::of(&world, task, PropertyId::C1, &trail).unwrap()
}

/// Some walks of each world of E's CapTP that these tables can run.
fn strolls(bent: Option<&'static Mutation>) -> Vec<(String, Counterexample)> {
    let system = catalogue::system("e-captp").unwrap();
    let mut all = Vec::new();
    for id in ["one-way", "both-ways", "failing", "hostile"] {
        let scenario = system.scenarios.iter().find(|scenario| scenario.id == id).unwrap();
        let task = match bent {
            None => Task::full(system, scenario.sizes),
            Some(mutation) => Task::mutated(system, mutation, scenario.sizes),
        };
        for seed in 1..=if bent.is_some() { 1 } else { 8 } {
            let rule = bent.map_or("no_rule", |mutation| mutation.id);
            let name = format!("{id}-{rule}-{seed}").replace('-', "_");
            all.push((name, stroll(&task, seed)));
        }
    }
    all
}

fn first(id: &str) -> Counterexample {
    find(id).counterexamples.remove(0)
}

fn generated(id: &str) -> String {
    rust_test(&first(id)).unwrap()
}

/// A package with one test binary, `schedules`, of which these are the modules.
fn package(modules: &[(String, String)]) -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tests = folder.path().join("tests/schedules");
    fs::create_dir_all(&tests).unwrap();
    let captp_gc = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("impl");
    let manifest = format!(
        "[package]\nname = \"schedules\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"lib.rs\"\n\n[dependencies]\ncaptp-gc = {{ path = {captp_gc:?} }}\n\n\
         [workspace]\n"
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.path().join("lib.rs"), "").unwrap();
    let lock = captp_gc.parent().unwrap().join("Cargo.lock");
    fs::copy(lock, folder.path().join("Cargo.lock")).unwrap();
    for (name, source) in modules {
        fs::write(tests.join(format!("{name}.rs")), source).unwrap();
    }
    let mut main: Vec<_> = modules.iter().map(|(name, _)| format!("mod {name};\n")).collect();
    main.sort();
    fs::write(tests.join("main.rs"), main.concat()).unwrap();
    folder
}

/// Builds the package without a warning, and runs it.
fn run(folder: &TempDir) -> Output {
    Command::new(env!("CARGO"))
        .args(["test", "--offline", "--test", "schedules"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("schedules"))
        .env("RUSTFLAGS", "-D warnings")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[test]
fn the_distributed_race_is_a_test_that_the_tables_survive() {
    insta::assert_snapshot!(generated("uncounted-drop"));
}

#[test]
fn the_local_race_is_a_test_that_the_tables_survive() {
    insta::assert_snapshot!(generated("no-successor-check"));
}

#[test]
fn a_saved_counterexample_becomes_the_same_test() {
    for (name, counterexample) in supported() {
        let saved = serde_json::to_string(&counterexample).unwrap();
        let loaded = serde_json::from_str(&saved).unwrap();
        assert_eq!(rust_test(&counterexample), rust_test(&loaded), "{name}");
    }
}

#[test]
fn the_real_tables_pass_the_schedule_of_every_counterexample() {
    let modules: Vec<_> = supported()
        .into_iter()
        .map(|(name, counterexample)| (name, rust_test(&counterexample).unwrap()))
        .collect();
    let output = run(&package(&modules));
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{} passed; 0 failed", modules.len())), "{said}");
}

#[test]
fn walks_of_the_correct_protocol_are_followed_to_the_letter() {
    let mut modules = Vec::new();
    for (name, walk) in strolls(None) {
        let source = rust_test(&walk).unwrap();
        assert!(!source.contains("counterexample,"), "{name}: {source}");
        assert!(!source.contains("The counterexample"), "{name}: {source}");
        assert!(!source.contains(" here."), "{name}: {source}");
        modules.push((name, source));
    }
    let seen = [
        "Admission::Stale",
        "Admission::Newer",
        ".remove(1)",
        "&b_half), [1, 1, 0, 0]",
        "unwrite(",
        "live(",
        "Received::Home(",
        "Violation::",
        "_2_gone), None",
    ];
    let unseen = |what: &&str| !modules.iter().any(|(_, source)| source.contains(what));
    assert_eq!(seen.into_iter().filter(unseen).collect::<Vec<_>>(), [""; 0]);
    let output = run(&package(&modules));
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn walks_of_bent_protocols_do_not_lead_the_real_tables_astray() {
    let bent = e_mutations().iter().filter(|m| !BEYOND_THE_TABLES.contains(&m.id));
    let walks = bent.flat_map(|mutation| strolls(Some(mutation)));
    let modules: Vec<_> = walks.map(|(name, walk)| (name, rust_test(&walk).unwrap())).collect();
    let output = run(&package(&modules));
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_generated_test_that_is_not_what_happened_fails() {
    let source = generated("uncounted-drop");
    let read = "    let op = given_back(to_b.pop_front());
    let gone = vat_b.gc_export(op.index, op.delta.get());
    assert_eq!(gone, Ok(None));
";
    let number = "[2, 1, 0, 1]";
    assert!(source.contains(read) && source.contains(number), "{source}");
    let modules = [
        ("a_read_less".to_owned(), source.replacen(read, "", 1)),
        ("another_number".to_owned(), source.replacen(number, "[2, 1, 1, 0]", 1)),
        ("as_it_was".to_owned(), source),
    ];
    let output = run(&package(&modules));
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("1 passed; 2 failed"), "{said}");
    assert!(said.contains("as_it_was::the_tables_survive_uncounted_drop ... ok"), "{said}");
}

#[test]
fn generated_tests_are_formatted_in_the_style_of_this_repository_and_in_rustfmts_own() {
    let all = supported().into_iter().chain(strolls(None));
    let modules: Vec<_> =
        all.map(|(name, counterexample)| (name, rust_test(&counterexample).unwrap())).collect();
    let folder = package(&modules);
    let own = folder.path().join("rustfmt.toml");
    fs::write(&own, "").unwrap();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("rustfmt.toml");
    for style in [ours, own] {
        let rustfmt = Command::new("rustfmt")
            .args(["--check", "--edition", "2024", "--config-path"])
            .arg(&style)
            .arg(folder.path().join("tests/schedules/main.rs"))
            .output();
        // Who has no rustfmt has no opinion on the format.
        let Ok(output) = rustfmt else { return };
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn what_the_tables_cannot_run_is_refused_with_a_reason() {
    let reason = |id| rust_test(&first(id)).unwrap_err();
    let asked = reason("question-freed-twice");
    assert!(asked.contains("no counterpart of step 3, VatA asks Bob's proxy"), "{asked}");
    let third = reason("vine-not-held");
    assert!(third.contains("a third vat"), "{third}");
    let other = reason("capnp-promise-settled-when-mentioned-again");
    assert!(other.contains("those of E's CapTP, and go by no other rules"), "{other}");
}

#[test]
fn a_file_from_elsewhere_cannot_get_out_of_a_comment_or_a_text() {
    let mut foreign = first("uncounted-drop");
    foreign.mutation = Some("no such\nmutation".to_owned());
    foreign.finding = "one\nfn two() {}".to_owned();
    foreign.steps[0].text = "VatB\r\npanic!()".to_owned();
    for step in &mut foreign.steps {
        for reference in &mut step.references {
            reference.object = "\"); panic!(\"".to_owned();
        }
    }
    let source = rust_test(&foreign).unwrap();
    assert!(source.contains("fn the_tables_survive_no_such_mutation() {"), "{source}");
    let output = run(&package(&[("foreign".to_owned(), source)]));
    assert!(output.status.success(), "{}", said(&output));
}
