//! Prints the ratios of the last run of `cargo bench -p benches --bench tables`, as Markdown.
//!
//! Reads what criterion has saved below `target/criterion`, or below the folder that is given.
//! Figures are medians: on a machine that others use, too, the mean is theirs.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const OURS: &str = "captp-gc";
const LEAKING: &str = "captp-gc, leaking";
const READER: &str = "captp-gc, reader";
const CAPNP: &str = "capnp-rpc structure";
const RMW: &str = "one RMW";

/// The operations with one thread, in the order of the report.
const OPERATIONS: [&str; 11] = [
    "import new",
    "import again",
    "clone and drop",
    "last drop and drain",
    "last drops, drained together",
    "export new",
    "export again",
    "gc partial",
    "gc last",
    "lookup",
    "life cycle",
];

/// Medians in nanoseconds, by operation, contender and parameter.
type Figures = BTreeMap<(String, String, String), f64>;

fn main() -> io::Result<()> {
    let target = || env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let folder = env::args_os().nth(1).map_or_else(|| target().join("criterion"), PathBuf::from);
    let mut figures = Figures::new();
    collect(&folder, &mut figures)?;
    let size = env::args().nth(2).unwrap_or_else(|| "1k".to_owned());
    one_thread(&figures, &size);
    two_threads(&figures);
    Ok(())
}

fn collect(folder: &Path, figures: &mut Figures) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "base") {
            collect(&path, figures)?;
        }
    }
    if folder.ends_with("new") {
        let read = |name| -> io::Result<Value> {
            Ok(serde_json::from_str(&fs::read_to_string(folder.join(name))?)?)
        };
        let (name, estimates) = (read("benchmark.json")?, read("estimates.json")?);
        let part = |key: &str| name[key].as_str().unwrap_or_default().to_owned();
        if let (Some(operation), Some(median)) = (
            part("group_id").strip_prefix("tables: "),
            estimates["median"]["point_estimate"].as_f64(),
        ) {
            let key = (operation.to_owned(), part("function_id"), part("value_str"));
            figures.insert(key, median);
        }
    }
    Ok(())
}

fn figure(figures: &Figures, operation: &str, contender: &str, parameter: &str) -> Option<f64> {
    figures.get(&(operation.into(), contender.into(), parameter.into())).copied()
}

/// The fastest of the peers that several threads can use, and its name.
fn best<'a>(figures: &'a Figures, operation: &str, parameter: &str) -> Option<(&'a str, f64)> {
    figures
        .iter()
        .filter(|((o, c, p), _)| {
            o == operation
                && p == parameter
                && ![OURS, LEAKING, READER, CAPNP, RMW].contains(&c.as_str())
        })
        .map(|((_, contender, _), time)| (contender.as_str(), *time))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn one_thread(figures: &Figures, size: &str) {
    println!("One thread, {size} entries live. Ratios above 1: captp-gc is faster.\n");
    print!("| operation | ns | RMWs | leaking, ns | reader, ns ");
    println!("| vs {CAPNP} | vs best concurrent peer | which |");
    println!("|---|---:|---:|---:|---:|---:|---:|---|");
    for operation in OPERATIONS {
        let Some(ours) = figure(figures, operation, OURS, size) else { continue };
        let rmw = figure(figures, operation, RMW, size);
        let ns = |contender| {
            let time = figure(figures, operation, contender, size);
            time.map_or_else(|| "–".to_owned(), |time| format!("{time:.1}"))
        };
        let capnp = figure(figures, operation, CAPNP, size).map(|time| time / ours);
        let peer = best(figures, operation, size);
        println!(
            "| {operation} | {ours:.1} | {} | {} | {} | {} | {} | {} |",
            times(rmw.map(|rmw| ours / rmw)),
            ns(LEAKING),
            ns(READER),
            times(capnp),
            times(peer.map(|(_, time)| time / ours)),
            peer.map_or("–", |(name, _)| name),
        );
    }
    println!("\n| unit | ns |\n|---|---:|");
    for ((operation, function, parameter), time) in figures {
        if operation == "reference" {
            println!("| {function}{parameter} | {time:.1} |");
        }
    }
}

fn two_threads(figures: &Figures) {
    println!(
        "\nTwo threads at once: nanoseconds of an iteration of each, and the throughput of both"
    );
    println!("as a multiple of that of one alone.\n");
    println!("| operation | contender | one, ns | two, ns | throughput |");
    println!("|---|---|---:|---:|---:|");
    for ((operation, contender, parameter), two) in figures {
        if parameter != "2 threads" {
            continue;
        }
        let one = figure(figures, operation, contender, "1 thread");
        println!(
            "| {operation} | {contender} | {} | {two:.1} | {} |",
            one.map_or_else(|| "–".to_owned(), |time| format!("{time:.1}")),
            times(one.map(|one| 2.0 * one / two)),
        );
    }
}
