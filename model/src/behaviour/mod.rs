//! Whether a wire trace is a behaviour of a system's model.
//!
//! A trace says what passed on the wire, and perhaps what each end read and dropped. It is
//! explained by running the model's own transitions, [`Protocol::write`], [`Protocol::read`],
//! [`Protocol::clear`] and [`Protocol::notify`], at both ends: each line must be what its sender's
//! runtime writes when its application says what the line means. No rule is written here a second
//! time.
//!
//! | part | is |
//! |---|---|
//! | [`explainer`] | takes a trace line by line |
//! | [`lines_of`] | a walk through a world as the trace that a tap would have made of it |
//!
//! # What is hidden
//!
//! What happened inside an end is of use only beside what it has read: in a trace that does not say
//! when messages were read, and of a system in which another thread tells the table what is gone,
//! lines that say when proxies died are not looked at.
//!
//! - **When a message was read**, in a trace that does not say. An end is taken to have read as
//!   little as explains what it says: a line is tried with what was read so far, then after one
//!   more message, and so on. Reading late is never worse: until it is read, a message can only
//!   allow more (a use of what it mentions, a release of more, an answer to what it asks, an index
//!   that is free), so what is needed of it forces it to be read; and nothing that is forbidden by
//!   having read it (a release of less, a further mention of an entry that it releases) is allowed
//!   by reading it earlier. Where one line can be explained before and after a message (a mention
//!   of an index that a release in flight frees, as the old entry or as a new one at the same
//!   index), both ways lead to the same counts. Nobody is taken to lag by more than
//!   [`UNREAD_MAX`] messages: this bounds the memory by what is live.
//! - **When a proxy died**, in a trace that does not say: immediately before it is given back. A
//!   proxy that has died and was replaced, and was not given back between, has left no trace.
//! - **Whether a message has found a proxy dead and given it back**, in a trace that says what was
//!   read and not what died: then the read is put off until the next line of that end.
//! - **Which object is mentioned**: that of the entry that stands at the index, or else a new one.
//!
//! # What the model's messages have no room for
//!
//! A call with several arguments, or a result with several references, is several messages of the
//! model's, which travel together. A bootstrap is a call with a result of the peer's first object.
//! Where parameters may be given back with the return (Cap'n Proto), an end may do so or release
//! them like any others: both are tried, and an end is held to the one that explains it.
//! A `no_finish` is a finish that does not show. Numbers of questions are mapped to the model's;
//! indices of exports must be equal. What reading a message sends by itself must be the next thing
//! from that end.
//!
//! # What it does not see
//!
//! Which object stands at an index is not on the wire, so an exporter that frees too early and
//! gives the index away is not found out by its index. Why a session ends is not either: an end
//! that refuses a message looks like one that has had enough. That reading late is never worse is
//! an argument and not a proof: the evidence is that every random walk of the models is explained
//! (`tests/behaviour/walks.rs`), in sizes without sends that fail, faults, losses, crashes and
//! calls that are answered by another.
//!
//! What the model has no words for is [`Verdict::Beyond`]: judged up to there, and no further. What
//! somebody says stands in the tables is not looked at here: `captp_wire` does that.

mod checker;
mod compare;
mod end;
mod local;
mod miss;
mod pool;
mod project;
mod put_off;
mod questions;
mod say;
mod session;

pub use project::{header_of, lines_of};

use crate::protocol::Protocol;
use captp_wire::line::{Header, Line};
use serde::Serialize;

/// How many messages an end may leave unread.
pub const UNREAD_MAX: usize = 1024;

/// What a trace came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// Every line is explained so far.
    Explained,
    /// A line is not.
    Unexplained {
        /// The number of the line, as it was fed.
        line: u64,
        /// What it says.
        said: String,
        /// What would have been explicable instead, in the nearest attempts.
        expected: Vec<String>,
    },
    /// The model does not have what the line is about.
    Beyond {
        /// The number of the line, as it was fed.
        line: u64,
        /// What it does not have.
        why: String,
    },
}

/// Steps that a trace does not show and that explain it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Hidden {
    /// Messages read.
    pub reads: u64,
    /// Proxies and questions dropped, cleared and notified, each with what it gives back.
    pub releases: u64,
}

impl Hidden {
    const fn plus(self, other: Self) -> Self {
        Self { reads: self.reads + other.reads, releases: self.releases + other.releases }
    }
}

/// What a whole trace came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Refinement {
    /// Whether it is a behaviour of the model.
    pub verdict: Verdict,
    /// The lines that were looked at, the last one included.
    pub lines: u64,
    /// What was assumed.
    pub hidden: Hidden,
}

/// Takes a trace line by line.
pub trait Explainer: Send {
    /// Takes the next line, whose number is `at`. Returns the verdict once it is settled that it is
    /// not [`Verdict::Explained`]; what is fed after that is not looked at.
    fn feed(&mut self, at: u64, line: &Line) -> Option<&Verdict>;

    /// What it came to so far.
    fn finish(&self) -> Refinement;
}

/// Holds a trace with this header against the rules of `P`.
pub fn explainer<P: Protocol>(header: &Header) -> Box<dyn Explainer> {
    Box::new(checker::Checker::<P>::new(header))
}

/// Says of any trace that the system's messages are not those of a wire trace.
struct NoWords(Option<Verdict>);

/// For systems whose messages are not those of a wire trace.
pub fn no_words(_header: &Header) -> Box<dyn Explainer> {
    Box::new(NoWords(None))
}

impl Explainer for NoWords {
    fn feed(&mut self, at: u64, _line: &Line) -> Option<&Verdict> {
        let line = at;
        let why = "this system's messages are not those of a wire trace".to_owned();
        Some(self.0.get_or_insert(Verdict::Beyond { line, why }))
    }

    fn finish(&self) -> Refinement {
        let verdict = self.0.clone().unwrap_or(Verdict::Explained);
        Refinement { verdict, lines: u64::from(self.0.is_some()), hidden: Hidden::default() }
    }
}

/// Holds a whole trace against the rules of a system. Lines come with their numbers.
pub fn explain(
    system: &crate::catalogue::System,
    header: &Header,
    lines: impl IntoIterator<Item = (u64, Line)>,
) -> Refinement {
    let mut explainer = (system.runs.behaviour)(header);
    for (at, line) in lines {
        if explainer.feed(at, &line).is_some() {
            break;
        }
    }
    explainer.finish()
}
