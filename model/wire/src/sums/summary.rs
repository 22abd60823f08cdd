//! What a trace comes to.

use crate::line::{End, Ending};
use serde::Serialize;
use std::fmt;

/// What a trace comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// How many sessions there were.
    pub sessions: u64,
    /// How many messages.
    pub messages: u64,
    /// How many mentions of exports they carried, in the unit of the system.
    pub mentions: u64,
    /// How many of these mentions were given back.
    pub given_back: u64,
    /// How many messages only gave something back.
    pub releases: u64,
    /// How many places have mentions left, in sessions that are not over.
    pub live: u64,
    /// How many questions are open, in sessions that are not over.
    pub open_questions: u64,
    /// The one that is open longest.
    pub oldest: Option<OpenQuestion>,
    /// How many rules were broken.
    pub violations: u64,
    /// How many notes there were.
    pub notes: u64,
    /// How the trace ended, if its last line was read.
    pub ending: Option<Ending>,
}

/// A question that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct OpenQuestion {
    /// The connection.
    pub session: u32,
    /// Who asked.
    pub asker: End,
    /// Its id.
    pub question: u32,
    /// The line that asked it.
    pub since: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, mentions, given_back, live, open_questions, .. } = self;
        write!(
            f,
            "{messages} messages, {mentions} mentions, {given_back} given back, \
             {live} places live, {open_questions} questions open"
        )?;
        if let Some(OpenQuestion { asker, question, since, .. }) = self.oldest {
            write!(f, " (the oldest is {asker}'s {question}, since #{since})")?;
        }
        Ok(())
    }
}
