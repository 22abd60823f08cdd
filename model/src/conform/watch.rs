//! What the two applications hold and have to do, by what an adapter says.

use captp_wire::adapter::{Event, Named, Request, is_promise};
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
    /// The questions that were answered, and may be on their way; and what they were answered by.
    pub(super) returned: BTreeMap<String, Option<Named>>,
    /// The questions whose answers came back broken, and why.
    failed: BTreeMap<String, String>,
    /// The questions whose answers were called before they came.
    called: BTreeSet<String>,
    /// The promises that were broken.
    nothing: BTreeSet<String>,
    /// The objects that were sent to each by their own vat.
    given: BTreeSet<(End, String)>,
    /// What each has ever got.
    got: BTreeSet<(End, String)>,
    /// The promises that were named as one's own, and whose they are.
    promised: BTreeSet<(End, String)>,
    /// What promises were resolved to.
    resolved: BTreeMap<String, Named>,
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
            Request::Send { vat, refs } => {
                let own = refs.iter().filter(|named| matches!(named, Named::Own(_)));
                let to = vat.other();
                self.given.extend(own.map(|named| (to, named.name().to_owned())));
            }
            Request::Ask { vat, target, question, .. } => {
                self.open.insert((*vat, question.clone()));
                self.called.insert(target.clone());
            }
            Request::Call { target, .. } => {
                self.called.insert(target.clone());
            }
            Request::Return { vat, question, refs } => {
                self.tasks.remove(&(*vat, question.clone()));
                self.returned.insert(question.clone(), refs.first().cloned());
            }
            Request::Resolve { promise, refs, .. } => {
                if let Some(to) = refs.first() {
                    self.resolved.insert(promise.clone(), to.clone());
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
                self.got.insert((*vat, name.clone()));
            }
            Event::Asked { vat, question } => {
                self.tasks.insert((*vat, question.clone()));
            }
            Event::Answered { vat, question, error } => {
                let was_open = self.open.remove(&(*vat, question.clone()));
                if let (true, Some(why)) = (was_open, error) {
                    self.failed.insert(question.clone(), why.clone());
                }
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

    /// Whether nothing was called: the answer that a call went to has no object. To complain of
    /// that is right.
    pub(super) fn calls_nothing(&self) -> bool {
        self.called.iter().any(|question| matches!(self.returned.get(question), Some(None)))
    }

    /// Whether any object was sent to a vat.
    pub(super) fn is_given(&self) -> bool {
        !self.given.is_empty()
    }

    /// An object that was sent to a vat, which never got it.
    pub(super) fn never_got(&self) -> Option<&(End, String)> {
        self.given.difference(&self.got).next()
    }

    /// A question that was answered by something that is there, and whose answer came back broken:
    /// the question, and why.
    pub(super) fn wrongly_failed(&self) -> Option<(&str, &str)> {
        let mut failed = self.failed.iter();
        let wrongly = |question: &String| {
            self.returned.get(question).is_some_and(|result| {
                result.as_ref().is_none_or(|result| !self.may_break(result.name()))
            })
        };
        let (question, why) = failed.find(|(question, _)| wrongly(question))?;
        Some((question, why))
    }

    /// Whether a reference of this name may be broken while the session lives: a promise that was
    /// broken, or that was resolved to what its own vat may have lost since.
    pub(super) fn may_break(&self, name: &str) -> bool {
        match self.resolved.get(name) {
            Some(Named::Own(_)) => false,
            Some(Named::Held(_) | Named::Promise(_)) => true,
            None => self.nothing.contains(name),
        }
    }

    /// Whether this promise was resolved to something, so that it may be held in its place.
    pub(super) fn is_resolved(&self, name: &str) -> bool {
        self.resolved.contains_key(name)
    }

    /// Whether promises were resolved to each other in a circle. Nothing that collects without
    /// looking for circles can free them.
    pub(super) fn has_circle(&self) -> bool {
        self.resolved.keys().any(|promise| {
            let mut next = self.resolved.get(promise);
            let steps = std::iter::from_fn(|| {
                let to = next?.name();
                next = self.resolved.get(to);
                Some(to)
            });
            steps.take(self.resolved.len()).any(|to| to == promise)
        })
    }

    /// Whether something that was called or returned is a promise that is open: then calls wait.
    pub(super) fn waits_for_a_promise(&self) -> bool {
        let is_open = |name: &str| is_promise(name) && self.meant(name) == Meant::Open;
        let mut results = self.returned.values().flatten().map(Named::name);
        self.called.iter().any(|name| is_open(name)) || results.any(is_open)
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
            name = to.name();
        }
        Meant::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(vat: End, promise: &str, to: Option<&str>) -> Request {
        let refs = to.map(|to| Named::Held(to.to_owned())).into_iter().collect();
        Request::Resolve { vat, promise: promise.to_owned(), refs }
    }

    #[test]
    fn promises_that_were_resolved_to_each_other_are_a_circle_and_mean_nothing_yet() {
        let mut watch = Watch::default();
        watch.done(&resolve(End::A, "pA1", Some("pB1")));
        assert!(!watch.has_circle() && watch.meant("pA1") == Meant::Open);
        watch.done(&resolve(End::B, "pB1", Some("pA1")));
        assert!(watch.has_circle() && watch.meant("pA1") == Meant::Open);
    }

    #[test]
    fn a_call_of_a_promise_waits_until_the_promise_is_resolved_or_broken() {
        let mut watch = Watch::default();
        watch.done(&Request::Call { vat: End::A, target: "pB1".to_owned() });
        assert!(watch.waits_for_a_promise());
        watch.done(&resolve(End::B, "pB1", None));
        assert!(!watch.waits_for_a_promise() && watch.meant("pB1") == Meant::Nothing);
    }
}
