//! One session of a trace: both ends as the model has them, and what each may not have read yet.

use super::compare::agree;
use super::end::End;
use super::miss::Miss;
use super::put_off::hopeless;
use super::questions::{Bound, Questions};
use super::say::{Speaker, Style};
use super::{Hidden, UNREAD_MAX};
use crate::names::VatId;
use crate::protocol::{BodyOf, Protocol, View};
use crate::world::{Body, Key};
use captp_wire::line::{End as At, Kind, Message, Ref};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// A line that has passed, as the model's messages.
#[derive(Clone)]
pub(super) struct Passed<P: Protocol> {
    line: u64,
    pub(super) bodies: Vec<BodyOf<P>>,
    /// The questions of its reader that are done with when it is read.
    done: SmallVec<[Key; 1]>,
    /// Whether it ends the session.
    over: bool,
    /// Whether it stands in the trace: what a runtime does without saying so is read for nothing.
    shown: bool,
}

/// What is the same for all that a trace may mean.
pub(super) struct Rules<P> {
    pub(super) protocol: P,
    /// How many references the protocol adds to a call with a result.
    pub(super) added: usize,
    /// Whether the trace says when messages are read.
    pub(super) reads: bool,
    /// Whether it says when proxies are dropped, cleared and notified.
    pub(super) locals: bool,
}

/// One way in which the lines so far may have come about.
#[derive(Clone)]
pub(super) struct Session<P: Protocol> {
    pub(super) ends: [End<P>; 2],
    /// What each end may not have read yet.
    pub(super) unread: [VecDeque<Passed<P>>; 2],
    /// How many messages that stand in a trace, or do not, each end has been sent, and has read.
    sent: [u64; 2],
    pub(super) read: [u64; 2],
    /// How many messages each end is said to have read that are not read here yet.
    pub(super) due: [usize; 2],
    /// How many it has read here before the trace said so.
    pub(super) early: [usize; 2],
    /// The notifications that were served before the trace said so.
    pub(super) served: [Vec<Key>; 2],
    pub(super) questions: [Questions; 2],
    /// What becomes of the parameters of calls to each end, if that is known.
    style: [Option<Style>; 2],
    pub(super) over: [bool; 2],
    pub(super) hidden: Hidden,
}

pub(super) const fn number(end: At) -> usize {
    end as usize
}

const fn vat(end: At) -> VatId {
    match end {
        At::A => VatId::A,
        At::B => VatId::B,
    }
}

impl<P: Protocol> Session<P> {
    /// Nothing was said yet.
    pub(super) fn open(protocol: &P) -> Self {
        let ends = At::ALL.map(|end| End::open(protocol, vat(end), vat(end.other())));
        Self {
            ends,
            unread: [VecDeque::new(), VecDeque::new()],
            sent: [0; 2],
            read: [0; 2],
            due: [0; 2],
            early: [0; 2],
            served: [Vec::new(), Vec::new()],
            questions: [Questions::default(), Questions::default()],
            style: [None; 2],
            over: [false; 2],
            hidden: Hidden::default(),
        }
    }

    /// The ways in which a line may be meant, if that is open.
    pub(super) fn ways(self, rules: &Rules<P>, line: &Message) -> SmallVec<[Self; 2]> {
        let to = number(line.from.other());
        let mentions = line.refs.iter().any(|reference| matches!(reference, Ref::Mention(_)));
        let asks = line.kind == Kind::Call && line.question.is_some();
        let mut ways = SmallVec::new();
        if asks && mentions && self.style[to].is_none() && rules.protocol.returns_parameters() {
            let mut other = self.clone();
            other.style[to] = Some(Style::WithReturn);
            ways.push(other);
            ways.push(Self { style: self.style_of(to, Style::Apart), ..self });
        } else {
            ways.push(self);
        }
        ways
    }

    const fn style_of(&self, to: usize, style: Style) -> [Option<Style>; 2] {
        let mut styles = self.style;
        styles[to] = Some(style);
        styles
    }

    /// Takes a message that was put on the wire. What it has read by then is as little as can be.
    pub(super) fn pass(
        &mut self,
        rules: &Rules<P>,
        line: &Message,
        at: u64,
    ) -> Result<(), Vec<Miss>> {
        let from = number(line.from);
        if self.over[from] {
            return Err(vec![Miss::Over]);
        }
        let mut misses = Vec::new();
        loop {
            if !self.ends[from].pending.is_empty() {
                return self.pass_pending(rules, line, at).map_err(|miss| with(misses, miss));
            }
            if self.due[from] > 0 {
                if line.kind == Kind::Unimplemented && self.send_back(rules, line, at).is_ok() {
                    self.due[from] -= 1;
                    return Ok(());
                }
                if self.cancels(line) && self.attempt(rules, line, at).is_ok() {
                    return Ok(());
                }
                if self.revives(rules, line) {
                    let given = self.attempt(rules, line, at);
                    return given.map_err(|miss| with(misses, miss));
                }
                self.read_due(rules, from).map_err(|miss| with(misses.clone(), miss))?;
                continue;
            }
            match self.attempt(rules, line, at) {
                Ok(()) => return Ok(()),
                Err(miss @ Miss::Beyond(_)) => return Err(vec![miss]),
                Err(miss) => misses = with(misses, miss),
            }
            if self.unread[from].is_empty() {
                return Err(misses);
            }
            // What a message sends by being read may be written down before that it was read.
            self.read_one(rules, from).map_err(|miss| with(misses.clone(), miss))?;
            if !rules.reads {
                self.hidden.reads += 1;
            } else if self.ends[from].pending.is_empty() {
                return Err(misses);
            } else {
                self.early[from] += 1;
            }
        }
    }

    /// The line is what the runtime has sent by itself.
    fn pass_pending(&mut self, rules: &Rules<P>, line: &Message, at: u64) -> Result<(), Miss> {
        let from = number(line.from);
        let Some(body) = self.ends[from].pending.front() else { return Err(Miss::NothingToRead) };
        let beyond = Miss::Beyond("something that a trace has no words for");
        let mut model = body.line().ok_or(beyond)?;
        let asker = if model.kind == Kind::Return { 1 - from } else { from };
        model.question = model.question.and_then(|index| self.questions[asker].number_of(index));
        if !agree(line, &model) || line.question != model.question {
            return Err(Miss::First(Box::new(model)));
        }
        let body: Vec<_> = self.ends[from].pending.pop_front().into_iter().collect();
        self.note(line);
        self.put(rules, line, at, body);
        Ok(())
    }

    /// The line is what the application says, or comes of what the collector does.
    fn attempt(&mut self, rules: &Rules<P>, line: &Message, at: u64) -> Result<(), Miss> {
        let (from, to) = (number(line.from), number(line.from.other()));
        match line.kind {
            Kind::Unimplemented => {
                self.send_back(rules, line, at)?;
                self.early[from] += usize::from(rules.reads);
                return Ok(());
            }
            Kind::Over => {
                self.over[from] = true;
                self.put(rules, line, at, Vec::new());
                return Ok(());
            }
            _ => {}
        }
        let (ends, questions) = (&mut self.ends, &self.questions);
        if let Some(miss) = hopeless(&ends[from], &questions[to], line) {
            return Err(miss);
        }
        // Where nothing is left to be read, there will be no other attempt.
        let is_last = self.unread[from].is_empty();
        let mut copy = (!is_last).then(|| ends[from].clone());
        let speaker = Speaker {
            protocol: &rules.protocol,
            end: copy.as_mut().unwrap_or(&mut ends[from]),
            mine: &questions[from],
            theirs: &questions[to],
            style: self.style[to].unwrap_or(Style::Apart),
            added: rules.added,
            locals: rules.locals,
            fresh: SmallVec::new(),
            served: SmallVec::new(),
        };
        let said = speaker.say(line)?;
        if let Some(end) = copy {
            self.ends[from] = end;
        }
        self.served[from].extend(said.served);
        if !rules.locals && matches!(line.kind, Kind::Release | Kind::Finish) {
            self.hidden.releases += 1;
        }
        self.note(line);
        self.put(rules, line, at, said.bodies);
        if let Some(bound) = said.asks {
            self.bind(from, Bound { asked: self.sent[to], ..bound });
        }
        Ok(())
    }

    /// What is known of a question by this line.
    fn note(&mut self, line: &Message) {
        let Some(asked) = line.question else { return };
        let from = number(line.from);
        match line.kind {
            Kind::Return => {
                if let Some(bound) = self.questions[1 - from].get_mut(asked) {
                    bound.results = Some(line.refs.len());
                }
            }
            Kind::Finish => {
                if let Some(bound) = self.questions[from].get_mut(asked) {
                    bound.results_released |= line.release_results;
                }
            }
            _ => {}
        }
    }

    fn bind(&mut self, from: usize, bound: Bound) {
        let (ends, read) = (&self.ends, self.read[1 - from]);
        let (asker, answerer) = (&ends[from], &ends[1 - from]);
        self.questions[from].bind(bound, |bound| {
            bound.asked <= read
                && bound.keys.iter().all(|key| {
                    let task = answerer.tasks.iter().any(|(index, _)| *index == key.at.index);
                    let open = asker.proxy_at(key.at).is_some() || asker.owed.contains(key);
                    let kept = answerer.tables.export_at(answerer.peer(), key.at).is_some();
                    !task && !open && !kept
                })
        });
    }

    /// Puts a line on the wire.
    pub(super) fn put(
        &mut self,
        rules: &Rules<P>,
        line: &Message,
        at: u64,
        bodies: Vec<BodyOf<P>>,
    ) {
        let to = number(line.from.other());
        let mut done = SmallVec::new();
        if line.no_finish
            && let Some(bound) = line.question.and_then(|asked| self.questions[to].get(asked))
        {
            done = bound.keys.clone();
        }
        let over = line.kind == Kind::Over;
        if bodies.is_empty() && !rules.reads {
            return;
        }
        self.sent[to] += 1;
        self.unread[to].push_back(Passed { line: at, bodies, done, over, shown: true });
    }

    /// What is too old not to have been read is read.
    pub(super) fn keep_up(&mut self, rules: &Rules<P>) -> Result<(), (At, Miss)> {
        for end in At::ALL {
            let to = number(end);
            if rules.reads {
                while self.due[to] > UNREAD_MAX {
                    self.read_due(rules, to).map_err(|miss| (end, miss))?;
                }
                continue;
            }
            while self.unread[to].len() > UNREAD_MAX {
                self.read_one(rules, to).map_err(|miss| (end, miss))?;
                self.hidden.reads += 1;
            }
        }
        Ok(())
    }

    pub(super) fn read_due(&mut self, rules: &Rules<P>, to: usize) -> Result<(), Miss> {
        let shown = self.unread[to].front().is_none_or(|passed| passed.shown);
        self.read_one(rules, to)?;
        self.due[to] -= usize::from(shown);
        Ok(())
    }

    /// Reads the oldest message that an end has not read.
    pub(super) fn read_one(&mut self, rules: &Rules<P>, to: usize) -> Result<(), Miss> {
        let passed = self.unread[to].pop_front().ok_or(Miss::NothingToRead)?;
        self.read[to] += 1;
        if self.over[to] {
            return Ok(());
        }
        self.over[to] |= passed.over;
        let end = &mut self.ends[to];
        for body in &passed.bodies {
            let read = end.read(&rules.protocol, body);
            read.map_err(|_refused| Miss::Refuses(passed.line))?;
        }
        for key in passed.done {
            if end.proxy_at(key.at).is_some_and(|proxy| proxy.key == key) {
                let bodies = end.give_back(&rules.protocol, key)?.into_vec();
                let (line, done, over, shown) = (passed.line, SmallVec::new(), false, false);
                self.sent[1 - to] += 1;
                let done = Passed { line, bodies, done, over, shown };
                self.unread[1 - to].push_back(done);
            }
        }
        Ok(())
    }
}

fn with(mut misses: Vec<Miss>, miss: Miss) -> Vec<Miss> {
    const FIRST: usize = 3;
    if !misses.contains(&miss) {
        misses.truncate(FIRST);
        misses.push(miss);
    }
    misses
}
