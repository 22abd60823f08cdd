//! What passes between two vats, judged line by line: the sums, and whether a model explains it.
//!
//! [`Judge`] has both, [`mod@trace`] holds a file against it, and [`tap`] what a relay sees. What
//! is kept here grows with what is live and the sessions that are open, not with what has passed.

mod behaviours;
mod live;
mod notice;
pub mod record;
mod tally;
pub mod tap;
pub mod trace;

pub use live::{Live, Origins, Standing, live, standing};
pub use notice::Notice;
pub use tally::{Tally, Told};

use crate::behaviour::{Hidden, Verdict};
use crate::catalogue;
use behaviours::Behaviours;
use captp_wire::line::{Header, Line};
use captp_wire::sums::{Finding, NoRules, Rules, Sums};
use std::collections::BTreeSet;
use std::fmt;

/// Holds lines against the rules of one system.
#[derive(Debug)]
pub struct Judge {
    sums: Option<Sums>,
    uncounted: Option<String>,
    behaviours: Option<Behaviours>,
}

/// What a line has shown.
#[derive(Debug)]
pub enum Seen {
    /// The sums do not come out.
    Finding(Finding),
    /// It is settled that a session is not explained from here on, or beyond the model.
    Settled {
        /// The session.
        session: u32,
        /// Unexplained or beyond.
        verdict: Verdict,
    },
}

impl Judge {
    /// Nothing has passed yet. Without `refine`, only the sums are judged.
    ///
    /// # Errors
    /// There is no such system.
    pub fn new(header: &Header, refine: bool) -> Result<Self, NoRules> {
        let unknown = || NoRules::Unknown(clean(&header.system, NAME_MAX));
        let system = catalogue::system(&header.system).ok_or_else(unknown)?;
        let (sums, uncounted) = match Rules::of(&header.system) {
            Ok(rules) => (Some(Sums::new(rules)), None),
            Err(NoRules::Unknown(_)) => return Err(unknown()),
            Err(why @ NoRules::Uncounted { .. }) => (None, Some(why.to_string())),
        };
        let behaviours = refine.then(|| Behaviours::new(header, system.runs.behaviour));
        Ok(Self { sums, uncounted, behaviours })
    }

    /// Takes the next line. From then on it has the number `at`: what is found speaks of lines as
    /// they stand in the file.
    pub fn feed(&mut self, at: u64, line: &mut Line) -> Vec<Seen> {
        line.set_seq(at);
        let found = self.sums.as_mut().map(|sums| sums.feed(line)).unwrap_or_default();
        let mut seen: Vec<_> = found.into_iter().map(Seen::Finding).collect();
        if let Some(behaviours) = &mut self.behaviours {
            behaviours.feed(at, line, &mut |session, verdict| {
                seen.push(Seen::Settled { session, verdict });
            });
        }
        seen
    }

    /// Whether the lines of a session are explained is judged no further.
    pub fn no_further(&mut self, session: u32) {
        if let Some(behaviours) = &mut self.behaviours {
            behaviours.no_further(session);
        }
    }

    /// The sums, unless the system counts no mentions.
    pub const fn sums(&self) -> Option<&Sums> {
        self.sums.as_ref()
    }

    /// Why there are no sums.
    pub fn uncounted(&self) -> Option<&str> {
        self.uncounted.as_deref()
    }

    /// The steps that were assumed; none if it is not asked whether a model explains it.
    pub fn hidden(&self) -> Option<Hidden> {
        self.behaviours.as_ref().map(Behaviours::hidden)
    }

    /// The lines on which something that is live depends.
    fn origins(&self) -> BTreeSet<u64> {
        self.sums.iter().flat_map(standing).map(|one| one.since).collect()
    }
}

/// How many characters of a name are shown.
const NAME_MAX: usize = 80;
/// How many characters of a message are shown.
pub const TEXT_MAX: usize = 120;

/// Text from outside as it may be shown on a terminal: without control characters, and not longer
/// than `max` characters.
pub fn clean(text: &str, max: usize) -> String {
    let more = text.chars().nth(max).is_some();
    let kept = if more { max.saturating_sub(1) } else { max };
    let plain = text.chars().take(kept).map(|c| if c.is_control() { ' ' } else { c });
    plain.chain(more.then_some('…')).collect()
}

/// A line as its system calls it, or else as it stands in the trace, without its number.
pub fn words(line: &Line) -> String {
    match line {
        Line::Message(message) if !message.text.is_empty() => clean(&message.text, TEXT_MAX),
        line => {
            let json = serde_json::to_string(line).unwrap_or_default();
            let rest = json.split_once(',').map_or("", |(_seq, rest)| rest);
            clean(&format!("{{{rest}"), TEXT_MAX)
        }
    }
}

/// `one thing`, `2 things`.
pub fn counted(number: u64, thing: &str) -> impl fmt::Display {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", crate::render::thousands(number))
}
