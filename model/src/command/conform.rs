//! `model conform`.

use super::{Error, cannot_write, complain, pretty, written};
use crate::catalogue;
use crate::cli::{ConformArgs, WireForm};
use crate::conform::adapter::Start;
use crate::conform::campaign::{Conformance, Effort, conform};
use crate::conform::peers::{self, PEERS, Peer};
use crate::conform::perform::Stage;
use crate::conform::saved;
use crate::progress::Saying;
use crate::render::conform as render;
use serde_json::json;
use std::time::Instant;

/// Runs the command; returns the exit status.
///
/// # Errors
/// The adapter is not there or not understood; the result cannot be written.
pub fn run(args: &ConformArgs) -> Result<u8, Error> {
    if args.list {
        return list(args).map(|()| 0);
    }
    if args.patience.is_zero() {
        return Err(Error::Usage("--patience 0 leaves an adapter no time to answer".to_owned()));
    }
    // A folder that cannot be made is said before the work is done.
    if let Some(folder) = &args.save {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        if std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
            complain(&format!("{} is not empty: what is in it stays", folder.display()));
        }
    }
    let start = start(args)?;
    let mut stage =
        Stage::new(start.clone()).map_err(|failure| Error::Usage(failure.to_string()))?;
    let id = stage.hello().system.clone();
    let system = catalogue::system(&id).ok_or_else(|| {
        Error::Usage(format!(
            "the adapter wants to be held against the system '{id}', and there is none; `model \
             list --systems` names them"
        ))
    })?;
    let effort = Effort {
        states_max: args.max_states,
        walks: args.walks,
        seed: args.seed,
        steps_max: args.max_steps,
        cycles: args.cycles,
        deadline: args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
    };
    let mut saying = Saying::start();
    let found = conform(&mut stage, system, &effort, &mut |what| saying.say(what));
    drop(saying);
    let text = match args.printed.form() {
        WireForm::Text => render::text(&found, system),
        WireForm::Json => render::json(&found),
        WireForm::Junit => render::junit(&found),
    };
    written(&text, args.printed.output.as_deref())?;
    if let Some(folder) = &args.save {
        let files = saved::save(folder, &found, &start).map_err(Error::Usage)?;
        if !files.is_empty() {
            complain(&format!("Written to {}: {}", folder.display(), files.join(", ")));
        }
    }
    Ok(status(&found))
}

const fn status(found: &Conformance) -> u8 {
    // What could not be decoded was not judged.
    let is_cut = found.is_cut || found.lost > 0 || !found.undecodable.is_empty();
    match (found.found.is_empty(), is_cut) {
        (false, _) => 1,
        (true, true) => 3,
        (true, false) => 0,
    }
}

fn start(args: &ConformArgs) -> Result<Start, Error> {
    let (program, mut arguments) = match (&args.peer, &args.peer_command) {
        (Some(id), _) => {
            let adapters = args.adapters.clone().unwrap_or_else(peers::adapters);
            let peer = peers::peer(id).ok_or_else(|| Error::Usage(format!("no peer '{id}'")))?;
            let line = peer.line(&adapters).map_err(Error::Usage)?;
            (line.program, line.arguments)
        }
        (None, command) => {
            let command = command.as_deref().unwrap_or_default();
            let words = shlex::split(command).ok_or_else(|| {
                Error::Usage(format!("--peer-command '{command}' has a quote that does not end"))
            })?;
            let mut words = words.into_iter();
            let program = words
                .next()
                .ok_or_else(|| Error::Usage("--peer-command names no program".to_owned()))?;
            (program, words.collect())
        }
    };
    arguments.extend(args.arguments.iter().cloned());
    Ok(Start::new(program, arguments, args.patience))
}

fn list(args: &ConformArgs) -> Result<(), Error> {
    let adapters = args.adapters.clone().unwrap_or_else(peers::adapters);
    let state = |peer: &Peer| peer.missing(&adapters).unwrap_or_else(|| "ready".to_owned());
    let text = match args.printed.form() {
        WireForm::Text => PEERS
            .iter()
            .map(|peer| format!("{:<16}{}: {}\n", peer.id, peer.title, state(peer)))
            .collect(),
        WireForm::Json => {
            let document = |peer: &Peer| {
                let Peer { id, title, .. } = peer;
                json!({ "id": id, "title": title, "state": state(peer) })
            };
            pretty(&PEERS.iter().map(document).collect::<Vec<_>>())?
        }
        WireForm::Junit => {
            return Err(Error::Usage("--list is printed as text or as json".to_owned()));
        }
    };
    written(&text, args.printed.output.as_deref())
}
