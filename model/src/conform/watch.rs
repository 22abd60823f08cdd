//! What the two applications hold and have to do, by what an adapter says.

use captp_wire::adapter::{Event, Request, is_promise};
use captp_wire::line::End;
use std::collections::{BTreeMap, BTreeSet};

/// What came of a probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// A name.
    Says(String),
    /// The call failed.
    Failed(String),
}

/// What is meant by the name of a reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meant<'a> {
    /// The object of this name.
    Object(&'a str),
    /// Nothing: the promise was broken.
    Nothing,
    /// It is not known yet: the promise is not resolved.
    Open,
}

/// What the two applications hold and have to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// How many references each holds under each name.
    pub(super) held: BTreeMap<(End, String), usize>,
    /// What is known to be broken.
    pub(super) broken: BTreeSet<(End, String)>,
    /// The calls that each has to answer.
    pub(super) tasks: BTreeSet<(End, String)>,
    /// The questions that each waits for.
    pub(super) open: BTreeSet<(End, String)>,
    /// The questions that were answered, and may be on their way.
    pub(super) returned: BTreeSet<String>,
    /// The questions whose answers were called before they came, and the promises that were.
    pub(super) called: BTreeSet<String>,
    /// The questions that were answered by nothing, and the promises that were broken.
    pub(super) nothing: BTreeSet<String>,
    /// The promises that were put into messages, and whose they are.
    promised: BTreeSet<(End, String)>,
    /// What promises were resolved to.
    pub(super) resolved: BTreeMap<String, String>,
    /// The answers of probes.
    pub(super) answers: BTreeMap<u64, Answer>,
}

impl Watch {
    /// Something was done.
    pub(super) fn done(&mut self, request: &Request) {
        let promises = request.refs().iter().filter(|named| named.is_promise());
        let promised = promises.map(|promise| (request.actor(), promise.name().to_owned()));
        self.promised.extend(promised);
        match request {
            Request::Drop { vat, name } => {
                self.held.remove(&(*vat, name.clone()));
                self.open.remove(&(*vat, name.clone()));
            }
            Request::DropOne { vat, name } => {
                if let Some(count) = self.held.get_mut(&(*vat, name.clone())) {
                    *count = count.saturating_sub(1);
                }
                self.held.retain(|_, count| *count > 0);
            }
            Request::Ask { vat, target, question, .. } => {
                self.open.insert((*vat, question.clone()));
                self.called.insert(target.clone());
            }
            Request::Call { target, .. } => {
                self.called.insert(target.clone());
            }
            Request::Return { vat, question, refs } => {
                if refs.is_empty() {
                    self.nothing.insert(question.clone());
                }
                self.tasks.remove(&(*vat, question.clone()));
                self.returned.insert(question.clone());
            }
            Request::Resolve { promise, refs, .. } => {
                if let Some(to) = refs.first() {
                    self.resolved.insert(promise.clone(), to.name().to_owned());
                } else {
                    self.nothing.insert(promise.clone());
                }
            }
            Request::Forget => {
                self.held.clear();
                self.open.clear();
            }
            _ => {}
        }
    }

    /// Something was said.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Holds { vat, name } => {
                *self.held.entry((*vat, name.clone())).or_default() += 1;
            }
            Event::Asked { vat, question } => {
                self.tasks.insert((*vat, question.clone()));
            }
            Event::Answered { vat, question, .. } => {
                self.open.remove(&(*vat, question.clone()));
            }
            Event::Answer { probe, says, error, .. } => {
                let answer = says.clone().map_or_else(
                    || Answer::Failed(error.clone().unwrap_or_default()),
                    Answer::Says,
                );
                self.answers.insert(*probe, answer);
            }
            Event::Broken { vat, name } => {
                self.broken.insert((*vat, name.clone()));
            }
            _ => {}
        }
    }

    /// The promises that were neither resolved nor broken, and whose they are.
    pub(super) fn open_promises(&self) -> Vec<(End, String)> {
        let settled = |name| self.nothing.contains(name) || self.resolved.contains_key(name);
        self.promised.iter().filter(|(_, name)| !settled(name)).cloned().collect()
    }

    /// Whether nothing was called: an answer that has no object, or a promise that is broken. To
    /// complain of that is right.
    pub(super) fn calls_nothing(&self) -> bool {
        self.called.iter().any(|name| self.nothing.contains(name))
    }

    /// What is meant by `name`: by that of a promise, what it was resolved to.
    pub(super) fn meant<'a>(&'a self, name: &'a str) -> Meant<'a> {
        let mut name = name;
        // No more promises than there are.
        for _ in 0..=self.resolved.len() {
            if !is_promise(name) {
                return Meant::Object(name);
            }
            if self.nothing.contains(name) {
                return Meant::Nothing;
            }
            let Some(to) = self.resolved.get(name) else { break };
            name = to;
        }
        Meant::Open
    }
}
