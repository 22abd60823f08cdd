//! What is live: places with mentions left, and open questions.

use super::counted;
use captp_wire::line::{End, Kind, Line, Place, Ref};
use captp_wire::sums::{Export, Question, Session, Sums};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Something that is live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Live {
    /// The session.
    pub session: u32,
    /// Whose export or question it is.
    pub end: End,
    /// What it is.
    #[serde(flatten)]
    pub what: Standing,
    /// The line that it came with.
    pub since: u64,
}

/// What is live.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "live")]
pub enum Standing {
    /// A place that has mentions left.
    Export {
        /// Where.
        #[serde(flatten)]
        at: Place,
        /// How often it was mentioned.
        introduced: u64,
        /// How many of these mentions were given back.
        given_back: u64,
        /// Whether it is the first object, which may be kept for ever.
        bootstrapped: bool,
    },
    /// A question that is open.
    Question {
        /// Which.
        question: u32,
        /// Whether it was answered.
        returned: bool,
        /// Whether the asker is done with it.
        finished: bool,
        /// Whether it is for the first object, and may be kept for ever.
        bootstrap: bool,
    },
}

impl Live {
    fn export(session: u32, end: End, (at, export): (&Place, &Export)) -> Self {
        let Export { introduced, given_back, bootstrapped, since, .. } = *export;
        let bootstrapped = bootstrapped > 0;
        let what = Standing::Export { at: at.clone(), introduced, given_back, bootstrapped };
        Self { session, end, what, since }
    }

    const fn question(session: u32, end: End, (number, asked): (u32, &Question)) -> Self {
        let Question { since, bootstrap, returned, finished, .. } = *asked;
        let what = Standing::Question { question: number, returned, finished, bootstrap };
        Self { session, end, what, since }
    }

    /// Whether it may be kept for ever.
    pub const fn is_first(&self) -> bool {
        match self.what {
            Standing::Export { bootstrapped, .. } => bootstrapped,
            Standing::Question { bootstrap, .. } => bootstrap,
        }
    }

    /// What stays the same while it lives.
    pub fn name(&self) -> (u64, u32, End, String) {
        (self.since, self.session, self.end, self.what.name())
    }
}

impl Standing {
    /// Which place or question.
    pub fn name(&self) -> String {
        match self {
            Self::Export { at, .. } => format!("export {at}"),
            Self::Question { question, .. } => format!("question {question}"),
        }
    }

    /// What has become of it.
    pub fn state(&self) -> String {
        match self {
            Self::Export { introduced, given_back, .. } => format!(
                "mentioned {}, given back {}",
                counted(*introduced, "time"),
                crate::render::thousands(*given_back)
            ),
            Self::Question { returned: true, .. } => "answered, not finished".to_owned(),
            Self::Question { finished: true, .. } => "given up, not answered".to_owned(),
            Self::Question { .. } => "not answered".to_owned(),
        }
    }
}

impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.session != 1 {
            write!(f, "session {}: ", self.session)?;
        }
        write!(f, "{}'s {}: {}", self.end, self.what.name(), self.what.state())?;
        write!(f, ", since line {}", self.since)
    }
}

/// All that is live.
pub fn standing(sums: &Sums) -> impl Iterator<Item = Live> {
    sums.sessions().flat_map(|(number, session)| of_session(number, session))
}

fn of_session(number: u32, session: &Session) -> impl Iterator<Item = Live> {
    End::ALL.into_iter().flat_map(move |end| {
        let exports = session.exports(end).map(move |one| Live::export(number, end, one));
        exports.chain(session.questions(end).map(move |one| Live::question(number, end, one)))
    })
}

/// What has been live longest, at most `max` of it.
pub fn live(sums: &Sums, max: usize) -> Vec<Live> {
    let mut oldest: BTreeMap<_, Live> = BTreeMap::new();
    for one in standing(sums) {
        oldest.insert(one.name(), one);
        if oldest.len() > max {
            oldest.pop_last();
        }
    }
    oldest.into_values().collect()
}

/// The messages that something live came with: when they passed, and what they said.
#[derive(Debug, Default)]
pub struct Origins {
    kept: BTreeMap<u64, (Instant, Arc<str>)>,
    /// How many may be kept before those of which nothing is live are let go.
    room: usize,
}

impl Origins {
    const ROOM: usize = 1024;

    /// A message has passed. `live` is asked now and then for the lines that matter still.
    pub(super) fn passed(
        &mut self,
        line: &Line,
        said: &str,
        now: Instant,
        live: impl FnOnce() -> BTreeSet<u64>,
    ) {
        let Line::Message(message) = line else { return };
        let asks =
            matches!(message.kind, Kind::Call | Kind::Bootstrap) && message.question.is_some();
        if !asks && !message.refs.iter().any(|one| matches!(one, Ref::Mention(_))) {
            return;
        }
        self.kept.insert(message.seq, (now, said.into()));
        if self.kept.len() > self.room.max(Self::ROOM) {
            let live = live();
            self.kept.retain(|line, _| live.contains(line));
            self.room = 2 * self.kept.len();
        }
    }

    /// What the message in this line said.
    pub fn said(&self, line: u64) -> &str {
        self.kept.get(&line).map_or("", |(_, said)| said)
    }

    /// When it passed.
    pub fn when(&self, line: u64) -> Option<Instant> {
        self.kept.get(&line).map(|(when, _)| *when)
    }
}
