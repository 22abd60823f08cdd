//! Whether each session is a behaviour of the model.

use crate::behaviour::{Explainer, Hidden, Verdict};
use captp_wire::line::{Header, Kind, Line};
use std::collections::BTreeMap;
use std::fmt;

/// How many sessions are followed at a time.
const SESSIONS_MAX: usize = 256;

/// Has an explainer for each session that is open. Where a trace tells of what happened inside the
/// ends, its sessions follow one another, and what is told of one bears upon the next: there one
/// explainer has them all.
pub(super) struct Behaviours {
    header: Header,
    start: fn(&Header) -> Box<dyn Explainer>,
    /// None for a session of which nothing is judged any more.
    sessions: BTreeMap<u32, Option<Box<dyn Explainer>>>,
    /// Nothing is judged of sessions with smaller numbers.
    from: u32,
    /// What was assumed in sessions that are over.
    hidden: Hidden,
}

impl fmt::Debug for Behaviours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behaviours").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Behaviours {
    pub(super) fn new(header: &Header, start: fn(&Header) -> Box<dyn Explainer>) -> Self {
        let (sessions, hidden) = Default::default();
        Self { header: header.clone(), start, sessions, from: 0, hidden }
    }

    /// Takes the next line, and tells of each session that is settled by it.
    pub(super) fn feed(&mut self, at: u64, line: &Line, tell: &mut impl FnMut(u32, Verdict)) {
        let Some(session) = line.session() else {
            for (session, explainer) in &mut self.sessions {
                let Some(open) = explainer else { continue };
                if let Some(verdict) = open.feed(at, line) {
                    tell(*session, verdict.clone());
                    add(&mut self.hidden, explainer.take());
                }
            }
            return;
        };
        let key = if self.header.locals { 1 } else { session };
        if key < self.from {
            return;
        }
        let (start, header) = (self.start, &self.header);
        let explainer = self.sessions.entry(key).or_insert_with(|| Some(start(header)));
        let verdict = explainer.as_mut().and_then(|open| open.feed(at, line)).cloned();
        let over = matches!(line, Line::Message(message) if message.kind == Kind::Over);
        if verdict.is_some() || (over && !self.header.locals) {
            add(&mut self.hidden, explainer.take());
        }
        if let Some(verdict) = verdict {
            tell(session, verdict);
        }
        if !self.header.locals {
            self.forget(at, tell);
        }
    }

    /// Nothing more is judged of a session.
    pub(super) fn no_further(&mut self, session: u32) {
        if session >= self.from {
            add(&mut self.hidden, self.sessions.insert(session, None).flatten());
        }
    }

    pub(super) fn hidden(&self) -> Hidden {
        let mut hidden = self.hidden;
        for explainer in self.sessions.values().flatten() {
            plus(&mut hidden, explainer.finish().hidden);
        }
        hidden
    }

    /// Forgets sessions that are over, if they are the first, and the oldest if there are too many.
    fn forget(&mut self, at: u64, tell: &mut impl FnMut(u32, Verdict)) {
        loop {
            let too_many = self.sessions.len() > SESSIONS_MAX;
            let Some(oldest) = self.sessions.first_entry() else { return };
            let is_next = *oldest.key() <= self.from.max(1);
            if !too_many && (oldest.get().is_some() || !is_next) {
                return;
            }
            let (session, explainer) = oldest.remove_entry();
            if explainer.is_some() {
                let why = format!("there are more than {SESSIONS_MAX} sessions at a time");
                tell(session, Verdict::Beyond { line: at, why });
            }
            add(&mut self.hidden, explainer);
            self.from = session.saturating_add(1);
        }
    }
}

fn add(hidden: &mut Hidden, explainer: Option<Box<dyn Explainer>>) {
    if let Some(explainer) = explainer {
        plus(hidden, explainer.finish().hidden);
    }
}

const fn plus(hidden: &mut Hidden, more: Hidden) {
    hidden.reads += more.reads;
    hidden.releases += more.releases;
}
