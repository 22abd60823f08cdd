//! The rules are those of the systems that are modelled.

use captp_wire::sums::{NoRules, Rules};
use std::path::Path;
use std::{fs, io};

/// The names of the systems, read off the catalogue of the models.
fn catalogue() -> io::Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/catalogue");
    let mut systems = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = if path.is_dir() { path.join("mod.rs") } else { path };
        let text = fs::read_to_string(file)?;
        let Some((_, system)) = text.split_once("SYSTEM: System = System {") else { continue };
        let id = system.split('"').nth(1).unwrap_or_default();
        systems.push(id.to_owned());
    }
    Ok(systems)
}

#[test]
fn every_system_of_the_catalogue_has_rules_or_a_reason_why_not() {
    let systems = catalogue().unwrap();
    assert!(systems.len() >= 13, "{systems:?}");
    for system in &systems {
        match Rules::of(system) {
            Ok(rules) => assert_eq!(rules.system, system),
            Err(NoRules::Uncounted { system: named, .. }) => assert_eq!(named, system),
            Err(NoRules::Unknown(_)) => panic!("{system} has no rules"),
        }
    }
    for rules in Rules::all() {
        assert!(systems.iter().any(|system| system == rules.system), "{}", rules.system);
    }
}

#[test]
fn systems_that_do_not_count_cannot_be_judged_and_say_so() {
    let sentence = Rules::of("rmi").unwrap_err().to_string();
    assert_eq!(
        sentence,
        "sums cannot be judged: rmi counts no mentions, the owner lists its clients, which renew \
         their leases"
    );
    assert_eq!(Rules::of("corba").unwrap_err().to_string(), "there is no system 'corba'");
}
