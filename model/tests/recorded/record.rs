//! Writes the recordings anew, from the peers.

use crate::file;
use crate::schedules::{RECORDINGS, Recording};
use captp_wire::line::{Ended, Ending, Line};
use captp_wire::write::Writer;
use model::conform::adapter::Start;
use model::conform::peers;
use model::conform::perform::{Manner, Stage};
use model::conform::refine::header;
use model::conform::run::Run;
use std::fs;
use std::path::Path;
use std::time::Duration;

fn stage(recording: &Recording) -> Result<Stage, String> {
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checks/peers");
    let line = peers::peer(recording.peer).unwrap().line(&adapters)?;
    let start = Start::new(line.program, line.arguments, Duration::from_secs(10));
    Stage::new(start).map_err(|failure| failure.to_string())
}

/// The trace as bytes. Its end says that all was dropped, if the session has lived so long.
fn written(stage: &Stage, run: &Run) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header(stage.hello())).unwrap();
    for line in &run.trace {
        writer.write(line.clone()).unwrap();
    }
    let lived = run.ended.is_empty() && run.failure.is_none() && run.complaints.is_empty();
    let end = if lived { Ending::Dropped } else { Ending::Cut };
    writer.write(Line::End(Ended { seq: 0, end })).unwrap();
    writer.into_inner()
}

#[test]
#[ignore = "needs the peers, and writes the recordings"]
fn record() {
    for recording in RECORDINGS {
        let mut stage = match stage(recording) {
            Ok(stage) => stage,
            Err(why) => {
                println!("NOT RECORDED {}: {why}", recording.name);
                continue;
            }
        };
        let manner = Manner::default();
        let run = stage.schedule(&(recording.schedule)(), manner);
        let mut violated: Vec<_> = run.violations.iter().map(|found| found.property).collect();
        violated.sort_unstable();
        assert_eq!(violated, recording.violates, "{}: {:?}", recording.name, run.violations);
        assert!(run.undecodable.is_empty(), "{}: {:?}", recording.name, run.undecodable);
        fs::write(file(recording.name), written(&stage, &run)).unwrap();
    }
}
