//! The implementations that adapters come with, and what each needs.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An implementation that an adapter comes with.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its name on the command line.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Its folder among the adapters.
    folder: &'static str,
    runs: Runs,
}

/// How an adapter is run.
#[derive(Clone, Copy, Debug)]
enum Runs {
    /// By Node.js, with packages that npm has put beside it.
    Node { package: &'static str },
    /// By Python, with a module that pip has installed, if it needs one.
    Python { script: &'static str, module: Option<&'static str> },
    /// It is built by Cargo, in a workspace of its own or in this one.
    Cargo { binary: &'static str },
}

/// What to run, in which folder the adapter is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Every implementation that an adapter comes with.
pub const PEERS: &[Peer] = &[
    Peer {
        id: "captp",
        title: "@endo/captp, in JavaScript",
        folder: "captp",
        runs: Runs::Node { package: "@endo/captp" },
    },
    Peer {
        id: "capnweb",
        title: "capnweb, in JavaScript",
        folder: "capnweb",
        runs: Runs::Node { package: "capnweb" },
    },
    Peer {
        id: "capnp-rpc",
        title: "capnp-rpc, Cap'n Proto in Rust",
        folder: "capnp-rpc",
        runs: Runs::Cargo { binary: "capnp-rpc-0-27" },
    },
    Peer {
        id: "capnp-rpc-0.25",
        title: "capnp-rpc 0.25.0, with a defect that was mended since",
        folder: "capnp-rpc",
        runs: Runs::Cargo { binary: "capnp-rpc-0-25" },
    },
    Peer {
        id: "pycapnp",
        title: "Cap'n Proto in C++, by way of pycapnp",
        folder: "pycapnp",
        runs: Runs::Python { script: "adapter.py", module: Some("capnp") },
    },
    Peer {
        id: "captp-gc",
        title: "this project's own tables",
        folder: "captp-gc",
        runs: Runs::Cargo { binary: "captp-gc-peer" },
    },
    Peer {
        id: "template",
        title: "the toy that comes with the template for adapters",
        folder: "template",
        runs: Runs::Python { script: "adapter.py", module: None },
    },
];

/// The one with this name.
pub fn peer(id: &str) -> Option<&'static Peer> {
    PEERS.iter().find(|peer| peer.id == id)
}

impl Peer {
    /// What to run, after it was built if it has to be.
    ///
    /// # Errors
    /// What is missing, and how to get it, in a sentence.
    pub fn line(&self, adapters: &Path) -> Result<Line, String> {
        let folder = adapters.join(self.folder);
        if !folder.is_dir() {
            return Err(format!(
                "there is no folder {}: start in a checkout of this project, or name the folder of \
                 its adapters with --adapters",
                folder.display()
            ));
        }
        match self.runs {
            Runs::Node { package } => self.node(&folder, package),
            Runs::Python { script, module } => self.python(&folder, script, module),
            Runs::Cargo { binary } => self.cargo(&folder, binary),
        }
    }

    /// What is missing, if anything, and how to get it. Nothing is built.
    pub fn missing(&self, adapters: &Path) -> Option<String> {
        match self.runs {
            Runs::Cargo { .. } if adapters.join(self.folder).is_dir() => None,
            _ => self.line(adapters).err(),
        }
    }

    fn node(&self, folder: &Path, package: &str) -> Result<Line, String> {
        if !is_there("node", &["--version"]) {
            return Err(format!("{} needs Node.js 20 or later, and there is no `node`", self.id));
        }
        if !folder.join("node_modules").join(package).is_dir() {
            return Err(format!(
                "{} needs the package {package}: run `npm ci` in {}",
                self.id,
                folder.display()
            ));
        }
        Ok(line("node", [folder.join("adapter.mjs")]))
    }

    fn python(&self, folder: &Path, script: &str, module: Option<&str>) -> Result<Line, String> {
        let own = folder.join("venv/bin/python");
        let python = if own.exists() { own.display().to_string() } else { "python3".to_owned() };
        if !is_there(&python, &["--version"]) {
            return Err(format!("{} needs Python 3, and there is no `python3`", self.id));
        }
        if let Some(module) = module
            && !is_there(&python, &["-c", &format!("import {module}")])
        {
            return Err(format!(
                "{} needs the Python module {module}: in {}, run `python3 -m venv venv` and \
                 `venv/bin/pip install --require-hashes -r requirements.txt`",
                self.id,
                folder.display()
            ));
        }
        Ok(line(&python, [folder.join(script)]))
    }

    fn cargo(&self, folder: &Path, binary: &str) -> Result<Line, String> {
        let manifest = folder.join("Cargo.toml");
        let built = Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--workspace", "--bin", binary])
            .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
            .arg(&manifest)
            .stderr(Stdio::inherit())
            .output();
        let output = match built {
            Ok(output) if output.status.success() => output.stdout,
            Ok(_) => {
                return Err(format!("{} could not be built from {}", self.id, manifest.display()));
            }
            Err(error) => {
                return Err(format!("{} is built by cargo, which did not start: {error}", self.id));
            }
        };
        let messages = String::from_utf8_lossy(&output);
        let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
        let mut executable = messages.filter_map(|message: Value| {
            let program = message.get("executable")?.as_str()?.to_owned();
            (message["target"]["name"].as_str() == Some(binary)).then_some(program)
        });
        let program = executable.next_back();
        let program = program.ok_or_else(|| format!("cargo does not say where {binary} is"))?;
        Ok(Line { program, arguments: Vec::new() })
    }
}

fn line(program: &str, files: impl IntoIterator<Item = PathBuf>) -> Line {
    let arguments = files.into_iter().map(|file| file.display().to_string()).collect();
    Line { program: program.to_owned(), arguments }
}

/// Whether a program is there and answers.
fn is_there(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// The folder of the adapters: that of the checkout in which somebody stands.
pub fn adapters() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let folders = here.ancestors().map(|folder| folder.join("checks/peers"));
    folders.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| "checks/peers".into())
}
