//! The sums: a trace is held, line by line, against the rules of its system.
//!
//! How often each place was mentioned, how many of these mentions were given back, by a release or
//! by one of the ways that say it in passing; which questions are open. Nothing is kept of what is
//! over: memory grows with the places that are live and the questions that are open, not with the
//! trace. What is remembered beyond that, of numbers that were used and of what may still come, is
//! bounded, and what had to be forgotten is not held against anybody.
//!
//! **It raises no false alarms on a tap.** Between two ends, messages of one direction are seen in
//! order, but where those of the other come in between is chance: an exporter may mention again
//! what the tap saw given back, if it has not read of it. So whatever depends on what an end has
//! read is judged only where the trace says so (`read`), or where it follows: who answers a
//! question has read it, and all that was sent before.

mod effect;
mod exports;
mod finding;
mod inside;
mod known;
mod questions;
mod rules;
mod session;
mod summary;
mod words;

pub use effect::{Effect, GivenBack};
pub use exports::Export;
pub use finding::{Finding, Observation, Severity, Table, Use, Via};
pub use questions::Question;
pub use rules::{Free, NoRules, Reuse, Rules, Unit};
pub use session::Session;
pub use summary::{OpenQuestion, Summary};

use crate::line::{End, Kind, Line};
use known::Ever;
use std::collections::BTreeMap;

/// Holds a trace against the rules of its system.
#[derive(Clone, Debug)]
pub struct Sums {
    rules: Rules,
    sessions: BTreeMap<u32, Session>,
    over: Ever,
    seen: Summary,
}

impl Sums {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let (sessions, over, seen) = Default::default();
        Self { rules, sessions, over, seen }
    }

    /// Takes the next line, and says what it shows, in the order of its parts.
    pub fn feed(&mut self, line: &Line) -> Vec<Finding> {
        let mut findings = Vec::new();
        match line.session() {
            Some(session) => {
                let found = self.feed_session(session, line);
                self.report(line.seq(), session, found, &mut findings);
            }
            None => {
                if let Line::End(ended) = line {
                    self.seen.ending = Some(ended.end);
                    for (id, session) in std::mem::take(&mut self.sessions) {
                        let mut found = Vec::new();
                        session.end(ended.end, &self.rules, &mut found);
                        self.report(ended.seq, id, found, &mut findings);
                        self.sessions.insert(id, session);
                    }
                }
            }
        }
        findings
    }

    fn feed_session(&mut self, id: u32, line: &Line) -> Vec<Observation> {
        let mut found = Vec::new();
        if let Line::Message(message) = line {
            self.seen.messages += 1;
            self.seen.releases += u64::from(message.kind == Kind::Release);
        }
        if self.over.contains(id) != Some(false) {
            if let Line::Message(message) = line {
                found.push(Observation::AfterOver { from: message.from });
            }
            return found;
        }
        let seen = &mut self.seen;
        let session = self.sessions.entry(id).or_insert_with(|| {
            seen.sessions += 1;
            Session::new()
        });
        match line {
            Line::Message(message) => {
                let before = (session.mentions, session.given_back);
                session.message(message, &self.rules, &mut found);
                self.seen.mentions += session.mentions - before.0;
                self.seen.given_back += session.given_back - before.1;
                if message.kind == Kind::Over {
                    self.sessions.remove(&id);
                    self.over.insert(id);
                }
            }
            Line::Local(local) => session.local(local, &mut found),
            Line::Tables(tables) => session.tables(tables, &self.rules, &mut found),
            Line::End(_) => {}
        }
        found
    }

    fn report(
        &mut self,
        seq: u64,
        session: u32,
        found: Vec<Observation>,
        findings: &mut Vec<Finding>,
    ) {
        for what in found {
            let severity = match &what {
                Observation::AfterOver { .. } => Severity::Note,
                Observation::ReleaseOfZero { .. } if !self.rules.zero_refused => Severity::Note,
                _ => Severity::Violation,
            };
            match severity {
                Severity::Note => self.seen.notes += 1,
                Severity::Violation => self.seen.violations += 1,
            }
            findings.push(Finding { seq, session, severity, what });
        }
    }

    /// The rules that it holds the trace against.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The sessions that are not over, in order of their numbers.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = (u32, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// What it comes to so far. Takes time in proportion to what is open.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = self.seen.clone();
        for (session, sums) in self.sessions() {
            for asker in End::ALL {
                summary.live += sums.exports[session::slot(asker)].entries();
                summary.open_questions += sums.questions[session::slot(asker)].entries();
                let open = sums.questions(asker).map(|(question, open)| OpenQuestion {
                    session,
                    asker,
                    question,
                    since: open.since,
                });
                let oldest = summary.oldest.into_iter().chain(open);
                summary.oldest = oldest.min_by_key(|open| open.since);
            }
        }
        summary
    }

    /// Nothing follows.
    #[must_use]
    pub fn finish(self) -> Summary {
        self.summary()
    }
}
