//! Whether what an implementation wrote is a behaviour of the model.

use super::run::Run;
use crate::behaviour::{Refinement, Verdict};
use crate::catalogue::System;
use captp_wire::adapter::{Hello, Request};
use captp_wire::line::{FORMAT, Header};
use serde::Serialize;

/// The first line of the trace of a run.
pub fn header(hello: &Hello) -> Header {
    Header {
        trace: FORMAT.to_owned(),
        system: hello.system.clone(),
        peer: format!("{} {}", hello.peer, hello.version),
        reads: true,
        locals: false,
    }
}

/// In how many schedules what was written is a behaviour of the model.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Refined {
    /// It is.
    pub explained: u64,
    /// It is up to a message that the model has no words for.
    pub beyond: u64,
    /// It is not.
    pub unexplained: u64,
    /// Why the model has no words, the first time.
    pub why_beyond: Option<String>,
    /// The shortest that is not.
    pub shortest: Option<Unexplained>,
}

/// A line that no behaviour of the model explains.
#[derive(Clone, Debug, Serialize)]
pub struct Unexplained {
    /// What was done.
    pub requests: Vec<Request>,
    /// What the line says.
    pub said: String,
    /// What would have been explained.
    pub expected: Vec<String>,
}

impl Refined {
    /// Holds the trace of a run against the model.
    pub(super) fn note(&mut self, system: &System, hello: &Hello, run: &Run) {
        let mut explainer = (system.runs.behaviour)(&header(hello));
        for (number, line) in (2..).zip(&run.trace) {
            if explainer.feed(number, line).is_some() {
                break;
            }
        }
        let Refinement { verdict, .. } = explainer.finish();
        match verdict {
            Verdict::Explained => self.explained += 1,
            Verdict::Beyond { why, .. } => {
                self.beyond += 1;
                self.why_beyond.get_or_insert_with(|| why.to_string());
            }
            Verdict::Unexplained { said, expected, .. } => {
                self.unexplained += 1;
                let requests = run.requests();
                let known = self.shortest.as_ref().map(|known| known.requests.len());
                if known.is_none_or(|known| requests.len() < known) {
                    self.shortest = Some(Unexplained { requests, said, expected });
                }
            }
        }
    }
}
