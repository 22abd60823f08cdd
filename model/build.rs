//! Notes the compiler, so that every report says what it was made with, and a hash of what decides
//! how a model behaves, so that a saved walk is not walked through another model.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What decides how a model behaves.
const BEHAVIOUR: [&str; 6] = [
    "src/names.rs",
    "src/property",
    "src/protocol",
    "src/sizes.rs",
    "src/world",
    "../impl/src/protocol",
];

fn main() -> io::Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.as_deref().map_or("rustc of unknown version", str::trim);
    println!("cargo::rustc-env=RUSTC_VERSION={version}");
    let mut files = Vec::new();
    for path in BEHAVIOUR {
        println!("cargo::rerun-if-changed={path}");
        collect(Path::new(path), &mut files)?;
    }
    files.sort();
    let mut hash = FNV_BASIS;
    for file in files {
        // A checkout may end its lines in another way.
        let text = fs::read_to_string(file)?.replace("\r\n", "\n");
        hash =
            text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    }
    println!("cargo::rustc-env=MODEL_HASH={hash:016x}");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// FNV-1a: it tells versions of the sources apart, and need not withstand anybody.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
