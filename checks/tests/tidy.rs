//! What a reader may rely on in this repository, enforced.
#![cfg(not(loom))]

use captp_gc::table::Defect;
use checks::scenario::small;
use checks::under_shuttle::Shuttle;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust source file of the repository, with its path from the root.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<_> = ["impl", "model", "checks", "benches"].map(|f| root().join(f)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let installed = ["node_modules", "target"].map(|name| path.ends_with(name));
            if path.is_dir() {
                if !installed.contains(&true) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    for (name, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines");
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            assert!(columns <= COLUMNS_MAX, "{name}:{} has {columns} columns", number + 1);
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "{name} has no heading");
    }
}

#[test]
fn every_rule_is_cited_where_it_is_applied_and_is_bent_by_a_mutation() {
    let sources = sources();
    let protocol: String = sources
        .iter()
        .filter(|(name, _)| name.starts_with("impl/src/protocol/") && !name.ends_with("mod.rs"))
        .map(|(_, text)| text.as_str())
        .collect();
    let mutations = &sources["model/src/catalogue/e_captp/mutations.rs"];
    for rule in 1..=8 {
        let bent = format!("rule: Rule::R{rule},");
        assert!(mutations.contains(&bent), "no mutation bends R{rule}");
        // The order of the channels is a duty of whoever moves the messages.
        let applied = if rule == 6 { &sources["model/src/world/wire.rs"] } else { &protocol };
        assert!(applied.contains(&format!("R{rule}")), "R{rule} is cited nowhere");
    }
}

/// What a reference was meant to denote is for the ledger; a protocol that looked would be judged
/// by its own answer.
#[test]
fn no_protocol_looks_into_a_ghost() {
    for (name, text) in sources() {
        if name.starts_with("model/src/protocol/") {
            for look in [".meant()", "ghost.number()", "call.number()", "crate::property"] {
                assert!(!text.contains(look), "{name} has {look}");
            }
        }
    }
}

#[test]
fn the_scenarios_and_defects_are_as_many_as_is_said() {
    let (scenarios, defects) = (small::<Shuttle>().len(), Defect::ALL.len());
    for name in ["README.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        assert!(text.contains(&format!("{scenarios} scenarios")), "{name}: {scenarios} scenarios");
        assert!(text.contains(&format!("{defects} defects")), "{name}: {defects} defects");
    }
}

#[test]
fn only_one_file_of_the_crate_names_the_primitives() {
    for (name, text) in sources() {
        if !name.starts_with("impl/src/") || name.ends_with("sync.rs") || name.ends_with("tests.rs")
        {
            continue;
        }
        for named in ["std::sync::atomic", "core::sync::atomic", "loom::", "shuttle::"] {
            assert!(!text.contains(named), "{name} names {named}");
        }
    }
}

#[test]
fn data_flows_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = [
        ("captp-gc", &[][..]),
        ("captp-wire", &[]),
        ("model", &["captp-gc", "captp-wire"]),
        ("captp-gc-peer", &["captp-gc", "captp-wire"]),
        ("checks", &["captp-gc", "model"]),
        ("benches", &["captp-gc", "model"]),
    ]
    .into();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), allowed.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency = dependency["name"].as_str().unwrap();
            if allowed.contains_key(dependency) {
                assert!(allowed[name].contains(&dependency), "{name} must not use {dependency}");
            }
        }
    }
}

#[test]
fn the_production_crate_depends_on_nothing_by_default() {
    let manifest = fs::read_to_string(root().join("impl/Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = dependencies.split_once("\n[").unwrap();
    for line in dependencies.lines().filter(|line| !line.trim().is_empty()) {
        assert!(line.contains("optional = true"), "{line}");
    }
}
