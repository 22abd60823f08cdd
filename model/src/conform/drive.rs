//! Leads an implementation through a schedule, and keeps account of what it says.

use super::adapter::{Adapter, Failure, Reply};
use super::bound::{Bound, Spent};
use super::run::{By, Entry, Run};
use super::said::TEXT_MAX;
use super::watch::Watch;
use crate::property::PropertyId;
use crate::traffic::clean;
use captp_wire::adapter::{Event, Request, TableSizes, is_promise};
use captp_wire::decode::{Decoder, Wire};
use captp_wire::line::{self, End, Kind, Line, Local, Message};
use captp_wire::sums::{Rules, Sums};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most complaints, and the most messages that could not be decoded, that are kept.
const KEPT_MAX: usize = 100;

/// A message that is held back.
#[derive(Clone, Copy, Debug)]
struct Held {
    number: usize,
    /// Whether the models have a message like this: not the business of a call whose result nobody
    /// wants, or of a question of the suite's.
    is_modelled: bool,
    /// Whether it could be decoded: if not, the trace has neither it nor that it was read.
    is_in_trace: bool,
}

/// What is known of one session of an implementation.
#[derive(Debug)]
pub struct Driver<'a> {
    adapter: &'a mut Adapter,
    /// What happened.
    pub run: Run,
    pub(super) decoder: Decoder,
    pub(super) sums: Option<Sums>,
    pub(super) watch: Watch,
    held_back: [VecDeque<Held>; 2],
    /// The questions of the schedule's own calls.
    asked: BTreeSet<(End, u32)>,
    messages: usize,
    spent: Spent,
    /// The step of the schedule that is being taken.
    step: usize,
    seq: u64,
    /// Whether somebody breaks the protocol, or ends the session, so that complaints are right.
    pub(super) is_forgiven: bool,
    /// Whether what is said now has nothing to do with the case that is tried.
    pub(super) is_case_over: bool,
    /// Whoever reads nothing any more, whatever is held back for it.
    pub(super) deaf: Option<End>,
    pub(super) tables: BTreeMap<End, TableSizes>,
    pub(super) alive: BTreeMap<End, Vec<String>>,
}

impl<'a> Driver<'a> {
    /// Nothing has happened yet.
    pub fn new(adapter: &'a mut Adapter, wire: Wire, rules: Option<Rules>, bound: Bound) -> Self {
        Self {
            adapter,
            run: Run::default(),
            decoder: Decoder::new(wire),
            sums: rules.map(Sums::new),
            watch: Watch::default(),
            held_back: Default::default(),
            asked: BTreeSet::new(),
            messages: 0,
            spent: Spent::new(bound),
            step: 0,
            seq: 0,
            is_forgiven: false,
            is_case_over: false,
            deaf: None,
            tables: BTreeMap::new(),
            alive: BTreeMap::new(),
        }
    }

    /// Asks for one thing. Returns whether it was done.
    ///
    /// # Errors
    /// The adapter is lost, or the schedule has taken too much.
    pub fn ask(&mut self, request: &Request, by: By) -> Result<bool, Failure> {
        self.spent.spend()?;
        match self.adapter.ask(request) {
            Ok(reply) => {
                let breaks = matches!(request, Request::Hostile { .. } | Request::Cut { .. });
                self.is_forgiven |= breaks && reply.is_done();
                Ok(self.note(request, by, reply))
            }
            Err(failure) => {
                let nothing = Reply { refused: None, events: Vec::new() };
                self.note(request, by, nothing);
                self.say("the adapter is lost".to_owned());
                Err(failure)
            }
        }
    }

    /// What comes now is bounded as a schedule of its own is.
    pub(super) fn begin_anew(&mut self) {
        self.spent.begin_anew();
    }

    fn note(&mut self, request: &Request, by: By, reply: Reply) -> bool {
        let is_done = reply.is_done();
        let (sent, read, said) = (Vec::new(), Vec::new(), Vec::new());
        let refused = reply.refused;
        self.run.refused += usize::from(!is_done && by == By::Schedule);
        let step = self.step;
        let entry = Entry { request: request.clone(), by, step, refused, sent, read, said };
        self.run.entries.push(entry);
        if is_done {
            self.watch.done(request);
        }
        for event in reply.events {
            self.event(request, event);
        }
        is_done
    }

    fn event(&mut self, request: &Request, event: Event) {
        self.watch.event(&event);
        if self.is_case_over && matches!(event, Event::Error { .. } | Event::Ended { .. }) {
            return;
        }
        self.run.has_copies |= self.watch.held.values().any(|copies| *copies > 1);
        match event {
            Event::Sent { from, raw } => match self.decoder.decode_value(from, &raw) {
                Ok(message) => self.sent(request, message),
                Err(why) => {
                    if self.run.undecodable.len() < KEPT_MAX {
                        self.run.undecodable.push(clean(&why.to_string(), TEXT_MAX));
                    }
                    self.hold_back(from, false, false);
                }
            },
            Event::Delivered { to } => self.read(to),
            Event::Error { vat, text } => {
                let fails = matches!(request, Request::FailSend { .. });
                if !self.is_forgiven && !fails && !self.watch.calls_nothing() {
                    self.run.violate(PropertyId::S6, format!("{vat} complains: {text}"));
                }
                self.say(format!("{vat} complains: {text}"));
                if self.run.complaints.len() < KEPT_MAX {
                    self.run.complaints.push(format!("{vat}: {text}"));
                }
            }
            Event::Ended { vat, text } => {
                if !self.is_forgiven {
                    let why = format!("the session ends by itself at {vat}: {text}");
                    self.run.violate(PropertyId::S6, why);
                }
                self.say(format!("the session is over for {vat}: {text}"));
                self.run.ended.entry(vat).or_insert(text);
            }
            Event::Answer { says: Some(name), .. } => {
                self.say(format!("the answer is {name}"));
            }
            Event::Answer { error, .. } => {
                let error = error.unwrap_or_default();
                self.say(format!("the answer is an error: {error}"));
            }
            Event::Tables { vat, sizes } => {
                self.tables.insert(vat, sizes);
            }
            Event::Witness { vat, alive } => {
                self.alive.insert(vat, alive);
            }
            Event::Memory { bytes } => self.run.memory.push(bytes),
            Event::Broken { vat, name } => {
                if is_promise(&name) && !self.is_forgiven && !self.watch.may_break(&name) {
                    let finding = format!("{vat} is told that {name} is broken, and it is not");
                    self.run.violate(PropertyId::S1, finding);
                }
            }
            Event::Holds { .. } | Event::Asked { .. } | Event::Answered { .. } => {}
        }
    }

    fn sent(&mut self, request: &Request, message: Message) {
        let from = message.from;
        if let (Request::Ask { vat, .. }, Kind::Call, Some(question)) =
            (request, message.kind, message.question)
            && *vat == from
            && message.target.is_some()
        {
            self.asked.insert((from, question));
        }
        let is_modelled = match (message.kind, message.question) {
            (Kind::Call, _) => !matches!(request, Request::Probe { .. } | Request::Open),
            (Kind::Return, Some(question)) => self.asked.contains(&(from.other(), question)),
            (Kind::Finish, Some(question)) => self.asked.contains(&(from, question)),
            (Kind::Release | Kind::Resolve | Kind::Over, _) => true,
            _ => false,
        };
        let number = self.hold_back(from, is_modelled, true);
        self.seq += 1;
        let message = Message { seq: self.seq, ..message };
        if let Some(entry) = self.run.entries.last_mut() {
            entry.sent.push((number, message.clone()));
        }
        self.line(Line::Message(message));
    }

    fn hold_back(&mut self, from: End, is_modelled: bool, is_in_trace: bool) -> usize {
        self.messages += 1;
        let number = self.messages;
        self.held_back[from.other() as usize].push_back(Held { number, is_modelled, is_in_trace });
        number
    }

    fn read(&mut self, to: End) {
        let Some(held) = self.held_back[to as usize].pop_front() else { return };
        self.seq += u64::from(held.is_in_trace);
        if let Some(entry) = self.run.entries.last_mut() {
            entry.read.push((held.number, self.seq));
        }
        if held.is_in_trace {
            let (seq, event) = (self.seq, line::Event::Read);
            let (import, question) = (None, None);
            self.line(Line::Local(Local { seq, session: 1, at: to, event, import, question }));
        }
    }

    /// A line of the trace, which is summed up at once.
    pub(super) fn line(&mut self, line: Line) {
        self.run.judged.insert_if(PropertyId::S6, !self.is_forgiven);
        if let Some(sums) = &mut self.sums
            && !self.is_forgiven
        {
            let gives_back = matches!(&line, Line::Message(m) if m.kind == Kind::Release);
            self.run.judged.insert_if(PropertyId::C1, gives_back);
            self.run.judged.insert_if(PropertyId::S2, gives_back);
            for finding in sums.feed(&line) {
                if let Some(property) = super::oracle::property(&finding) {
                    self.run.violate(property, finding.to_string());
                }
            }
        }
        self.run.trace.push(line);
    }

    /// Says something about what was done last.
    pub(super) fn say(&mut self, sentence: String) {
        if let Some(entry) = self.run.entries.last_mut() {
            entry.said.push(sentence);
        }
    }

    /// How many messages are held back for a vat, and wait to be read.
    pub fn waiting(&self, to: End) -> usize {
        if self.deaf == Some(to) { 0 } else { self.held_back[to as usize].len() }
    }

    /// A vat reads the next message that the models know of, and whatever else stands before it or
    /// right behind it. Returns whether there was any.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn deliver(&mut self, to: End, by: By) -> Result<bool, Failure> {
        let mut is_read = false;
        while let Some(next) = self.held_back[to as usize].front() {
            if next.is_modelled && is_read {
                break;
            }
            is_read |= next.is_modelled;
            if !self.reads(to, by)? {
                // Then nothing is gained by asking again.
                break;
            }
        }
        Ok(is_read)
    }

    /// Asks a vat to read the oldest message that is held back for it. Returns whether it has.
    pub(super) fn reads(&mut self, to: End, by: By) -> Result<bool, Failure> {
        self.ask(&Request::Deliver { to }, by)?;
        Ok(self.run.entries.last().is_some_and(|entry| !entry.read.is_empty()))
    }

    /// Takes one step of a schedule.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn step(&mut self, request: &Request) -> Result<(), Failure> {
        self.step += 1;
        match request {
            Request::Deliver { to } => {
                if !self.deliver(*to, By::Schedule)? {
                    self.run.refused += 1;
                }
            }
            other => {
                self.ask(other, By::Schedule)?;
            }
        }
        Ok(())
    }
}
