//! A whole trace: its sessions, and for each of them the ways in which it may have come about.

use super::miss::{Miss, say};
use super::session::{Rules, Session};
use super::{Explainer, Hidden, Refinement, Verdict};
use crate::names::VatId;
use crate::protocol::{Collection, Protocol};
use crate::world::{Body, Content, Effects, Ghost};
use captp_wire::line::{End as At, Ended, Event, Header, Line, Local, Message};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// More ways than this are not kept; those that assume less come first.
const WAYS_MAX: usize = 16;
/// Sessions older than this many are forgotten.
const SESSIONS_KEPT: usize = 3;

type Ways<P> = SmallVec<[Session<P>; 1]>;

/// Holds a trace against the rules of `P`.
pub(super) struct Checker<P: Protocol> {
    rules: Rules<P>,
    sessions: BTreeMap<u32, Ways<P>>,
    /// The latest session in which each end has done anything.
    latest: [u32; 2],
    verdict: Verdict,
    lines: u64,
    /// What was assumed in sessions that are forgotten.
    hidden: Hidden,
}

impl<P: Protocol> Checker<P> {
    /// Nothing of a trace with this header was read yet.
    pub(super) fn new(header: &Header) -> Self {
        let protocol = P::bent(None);
        // Where another thread tells the table, nobody has seen all that happens.
        let seen = header.locals && protocol.collection() != Collection::Threaded;
        Self {
            rules: Rules {
                added: added(&protocol),
                protocol,
                reads: header.reads,
                locals: header.reads && seen,
            },
            sessions: BTreeMap::new(),
            latest: [0; 2],
            verdict: Verdict::Explained,
            lines: 0,
            hidden: Hidden::default(),
        }
    }

    fn message(&mut self, at: u64, message: &Message) {
        let expect = |from, misses: &[Miss]| -> Vec<String> {
            misses.iter().map(|miss| miss.expected(from, message)).collect()
        };
        let from = message.from;
        self.comes(from, message.session);
        let rules = &self.rules;
        let ways = self.sessions.remove(&message.session);
        let ways = ways.unwrap_or_else(|| SmallVec::from_iter([Session::open(&rules.protocol)]));
        let (mut kept, mut misses) = (Ways::<P>::new(), Vec::new());
        for mut way in ways.into_iter().flat_map(|way| way.ways(rules, message)) {
            match way.pass(rules, message, at) {
                Ok(()) => match way.keep_up(rules) {
                    Ok(()) => kept.push(way),
                    Err((end, miss)) => misses.push((end, vec![miss])),
                },
                Err(why) => misses.push((from, why)),
            }
        }
        kept.truncate(WAYS_MAX);
        if kept.is_empty() {
            let beyond = misses.iter().flat_map(|(_, why)| why).find_map(|miss| match miss {
                Miss::Beyond(why) => Some((*why).to_owned()),
                _ => None,
            });
            let mut expected: Vec<String> = Vec::new();
            for text in misses.iter().flat_map(|(end, why)| expect(*end, why)) {
                if !expected.contains(&text) {
                    expected.push(text);
                }
            }
            self.verdict = match beyond {
                Some(why) => Verdict::Beyond { line: at, why },
                None => Verdict::Unexplained { line: at, said: say(from, message), expected },
            };
        }
        self.sessions.insert(message.session, kept);
        self.forget_old();
    }

    fn local(&mut self, at: u64, local: &Local) {
        let is_read = local.event == Event::Read;
        let is_old = !is_read && local.session < self.latest[local.at as usize];
        let is_told = if is_read { self.rules.reads } else { self.rules.locals };
        if is_old || !is_told {
            return;
        }
        self.comes(local.at, local.session);
        let rules = &self.rules;
        let ways = self.sessions.remove(&local.session);
        let ways = ways.unwrap_or_else(|| SmallVec::from_iter([Session::open(&rules.protocol)]));
        let (mut kept, mut miss) = (Ways::<P>::new(), None);
        for mut way in ways {
            match way.local(rules, local) {
                Ok(()) => kept.push(way),
                Err(why) => miss = miss.or(Some(why)),
            }
        }
        if let Some(miss) = miss.filter(|_| kept.is_empty()) {
            let said = said_locally(local);
            let expected = vec![miss.expected(local.at, &Message::default())];
            self.verdict = match miss {
                Miss::Beyond(why) => Verdict::Beyond { line: at, why: why.to_owned() },
                _ => Verdict::Unexplained { line: at, said, expected },
            };
        }
        self.sessions.insert(local.session, kept);
    }

    fn end(&mut self, at: u64, ended: &Ended) {
        let rules = &self.rules;
        let Some(mut last) = self.sessions.last_entry() else { return };
        let mut misses = Vec::new();
        for way in last.get_mut().iter_mut() {
            match way.finish(rules, ended.end) {
                Ok(()) => return,
                Err((end, miss)) => misses.push(miss.expected(end, &Message::default())),
            }
        }
        let said = "the end of the trace, with nothing left to be done".to_owned();
        self.verdict = Verdict::Unexplained { line: at, said, expected: misses };
    }

    const fn comes(&mut self, end: At, session: u32) {
        let latest = &mut self.latest[end as usize];
        if session > *latest {
            *latest = session;
        }
    }

    fn forget_old(&mut self) {
        while self.sessions.len() > SESSIONS_KEPT {
            let oldest = self.sessions.pop_first();
            let way = oldest.and_then(|(_, ways)| ways.into_iter().next());
            self.hidden = self.hidden.plus(way.map(|way| way.hidden).unwrap_or_default());
        }
    }
}

impl<P: Protocol> Explainer for Checker<P> {
    fn feed(&mut self, at: u64, line: &Line) -> Option<&Verdict> {
        if self.verdict == Verdict::Explained {
            self.lines += 1;
            match line {
                Line::Message(message) => self.message(at, message),
                Line::Local(local) => self.local(at, local),
                Line::End(ended) => self.end(at, ended),
                _ => {}
            }
        }
        Some(&self.verdict).filter(|verdict| **verdict != Verdict::Explained)
    }

    fn finish(&self) -> Refinement {
        let ways = self.sessions.values().filter_map(|ways| ways.first());
        let hidden = ways.fold(self.hidden, |sum, way| sum.plus(way.hidden));
        Refinement { verdict: self.verdict.clone(), lines: self.lines, hidden }
    }
}

/// How many references the protocol adds to a call with a result: asked of the protocol itself.
fn added<P: Protocol>(protocol: &P) -> usize {
    let mut tables = protocol.open(VatId::A, 2);
    let answer = Ghost::new(crate::names::Object::answer_to(VatId::A, 0), 0);
    let content = Content::Ask { target: None, argument: None, answer };
    let body = protocol.write(&mut tables, VatId::B, &content, &mut Effects::default());
    body.ok().and_then(|body| body.line()).map_or(0, |line| line.refs.len())
}

fn said_locally(local: &Local) -> String {
    let what = match local.event {
        Event::Read => "read the next message",
        Event::Drop => "dropped",
        Event::Clear => "cleared",
        Event::Notify => "was notified of",
    };
    let import = local.import.as_ref().map(|at| format!(" index {}", at.index));
    let question = local.question.map(|number| format!(" question {number}"));
    let which = import.or(question).unwrap_or_default();
    format!("{} {what}{which}", local.at)
}
