//! Counterexamples in files.

use crate::catalogue::{self, Task};
use crate::counterexample::{Counterexample, MadeBy, SCHEMA};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// No counterexample is as long as this; what is, is something else.
const BYTES_MAX: u64 = 64 << 20;

/// Reads a counterexample.
///
/// # Errors
/// A sentence with the place in the file: it cannot be read, is no JSON, is of another shape.
pub fn load(path: &Path) -> Result<Counterexample, String> {
    let name = path.display();
    let unreadable = |error: io::Error| format!("cannot read {name}: {error}");
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    let read = file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read > BYTES_MAX) {
        return Err(format!("{name} is larger than {} MiB: no counterexample is", BYTES_MAX >> 20));
    }
    // Whose it is comes before whether all of it is there.
    let foreign: Value =
        serde_json::from_str(&text).map_err(|error| format!("{name} is no JSON: {error}"))?;
    match foreign.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("{name} has the schema '{other}', and not '{SCHEMA}'")),
        None => return Err(format!("{name} does not say that it is '{SCHEMA}'")),
    }
    serde_json::from_str(&text).map_err(|error| format!("{name} is no counterexample: {error}"))
}

/// The world that a counterexample is of.
///
/// # Errors
/// It is what an implementation did, or of another version of the model, or of a world that this
/// one does not have.
pub fn task(saved: &Counterexample) -> Result<Task, String> {
    if let Some(peer) = &saved.peer {
        return Err(format!(
            "it is what {peer} did, and no walk of the model's. `model conform` wrote a script \
             beside it that does it again, if its adapter makes one; `model export --trace` shows \
             it"
        ));
    }
    let ours = MadeBy::this();
    if saved.made_by.hash != ours.hash {
        return Err(format!(
            "it was made by another model (model {}, sources {}) than this (model {}, sources {}): \
             its steps may mean something else. Make it again with this model",
            saved.made_by.model, saved.made_by.hash, ours.model, ours.hash
        ));
    }
    let system = catalogue::system(&saved.system)
        .ok_or_else(|| format!("there is no system '{}'", saved.system))?;
    saved.sizes.validate()?;
    system.accepts(&saved.sizes)?;
    let Some(id) = &saved.mutation else { return Ok(Task::full(system, saved.sizes)) };
    let mutation = system.mutations.iter().find(|mutation| mutation.id == id);
    let mutation = mutation.ok_or_else(|| format!("{} has no mutation '{id}'", system.title))?;
    Ok(Task::mutated(system, mutation, saved.sizes))
}

/// Writes counterexamples into a folder, each as `NAME-PROPERTY.json`. Returns the files.
///
/// # Errors
/// The folder or a file cannot be written.
pub fn save(folder: &Path, all: &[(String, &Counterexample)]) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let write = |(name, counterexample): &(String, &Counterexample)| {
        let file = folder.join(format!("{name}-{}.json", counterexample.property));
        let text = serde_json::to_string_pretty(counterexample).map_err(io::Error::from)?;
        fs::write(&file, text + "\n")?;
        Ok(file)
    };
    all.iter().map(write).collect()
}
