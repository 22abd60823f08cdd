//! One connection: the sums of both ends, message by message.

use super::effect::{Effect, GivenBack};
use super::exports::{Export, Exports, Put};
use super::finding::{Observation, Use, Via};
use super::questions::{Question, Questions};
use super::rules::{Rules, Unit};
use crate::line::{End, Kind, Mention, Message, Place, Ref, Release, Tables};
use std::collections::BTreeSet;

/// One connection, as far as its messages were seen.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) exports: [Exports; 2],
    pub(super) questions: [Questions; 2],
    /// How many messages each end has sent.
    pub(super) sent: [u64; 2],
    /// How many messages of each end the other has surely read: it has answered a later one, or
    /// the trace says so.
    pub(super) read: [u64; 2],
    /// How many messages of each end were read, the trace says.
    pub(super) read_events: [u64; 2],
    /// What was said last of each end's tables, if nothing happened since.
    pub(super) said: [Option<Tables>; 2],
    pub(super) mentions: u64,
    pub(super) given_back: u64,
    effect: Effect,
}

pub(super) const fn slot(end: End) -> usize {
    match end {
        End::A => 0,
        End::B => 1,
    }
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            exports: End::ALL.map(Exports::new),
            questions: End::ALL.map(Questions::new),
            sent: [0; 2],
            read: [0; 2],
            read_events: [0; 2],
            said: [None, None],
            mentions: 0,
            given_back: 0,
            effect: Effect::default(),
        }
    }

    /// The exports of an end that have mentions left, in order of their places.
    pub fn exports(&self, end: End) -> impl ExactSizeIterator<Item = (&Place, &Export)> {
        self.exports[slot(end)].live.iter()
    }

    /// The questions of an end that are open, in order of their ids.
    pub fn questions(&self, end: End) -> impl ExactSizeIterator<Item = (u32, &Question)> {
        self.questions[slot(end)].open.iter().map(|(id, question)| (*id, question))
    }

    /// How many messages an end has sent.
    #[must_use]
    pub const fn sent(&self, end: End) -> u64 {
        self.sent[slot(end)]
    }

    /// What the last message has done to the sums, whatever is wrong with it.
    #[must_use]
    pub const fn effect(&self) -> &Effect {
        &self.effect
    }

    /// What a message uses was used before what it mentions is mentioned, and that before anything
    /// is given back.
    pub(super) fn message(
        &mut self,
        message: &Message,
        rules: &Rules,
        found: &mut Vec<Observation>,
    ) {
        self.said = [None, None];
        self.effect.clear();
        let from = message.from;
        self.sent[slot(from)] += 1;
        self.uses(message, rules, found);
        match message.kind {
            Kind::Bootstrap | Kind::Call => {
                self.mentions(message, false, rules, found);
                if let Some(id) = message.question {
                    let bootstrap = message.kind == Kind::Bootstrap;
                    let new = Question::new(message.seq, bootstrap, self.sent(from));
                    let new = Question { params: places(message, rules), ..new };
                    found.extend(self.questions[slot(from)].ask(id, new, rules));
                }
            }
            Kind::Return => self.returns(message, rules, found),
            Kind::Finish => {
                self.mentions(message, false, rules, found);
                let by = message.release_results.then_some(self.sent(from));
                if let Some(id) = message.question {
                    let finished = self.questions[slot(from)].finish(id, by, rules);
                    found.extend(finished.found);
                    self.all_back(&finished.results, from.other(), Via::Results, rules, found);
                }
            }
            Kind::Release => {
                self.mentions(message, false, rules, found);
                for release in &message.releases {
                    self.release(from.other(), release, rules, found);
                }
            }
            Kind::Unimplemented => {
                let carried = places(message, rules);
                self.all_back(&carried, from.other(), Via::Unimplemented, rules, found);
            }
            Kind::Resolve => {
                self.mentions(message, false, rules, found);
                let promise = message.promise.as_ref();
                let unknown = |at: &&Place| self.exports[slot(from)].ever(at) == Some(false);
                if let Some(at) = promise.filter(unknown) {
                    found.push(Observation::ResolveOfUnknown { at: at.clone(), exporter: from });
                }
            }
            Kind::Over => {}
            Kind::Other => {
                self.mentions(message, false, rules, found);
                if let Some(id) = message.question {
                    self.questions[slot(from)].want(id);
                }
            }
        }
    }

    fn uses(&self, message: &Message, rules: &Rules, found: &mut Vec<Observation>) {
        if message.kind == Kind::Unimplemented {
            return;
        }
        let asker = message.from;
        let exporter = asker.other();
        let target = message.target.iter().map(|one| (one, Use::Target));
        let arguments = message.refs.iter().map(|one| (one, Use::Argument));
        for (one, by) in target.chain(arguments) {
            match one {
                Ref::Mention(mention) if by == Use::Target => {
                    let at = mention.at.clone();
                    found.push(Observation::OwnTarget { at, exporter: asker });
                }
                Ref::Mention(_) => {}
                Ref::Home(at) => {
                    let exports = &self.exports[slot(exporter)];
                    if !exports.live.contains_key(at) && !exports.stands_from_the_start(at, rules) {
                        let known = exports.ever(at) != Some(false);
                        let at = at.clone();
                        found.push(if known {
                            Observation::UseAfterRelease { at, exporter, by }
                        } else {
                            Observation::UseOfUnknown { at, exporter, by }
                        });
                    }
                }
                Ref::Answer(question) => {
                    if !self.questions[slot(asker)].can_be_named(*question) {
                        let question = *question;
                        found.push(Observation::AnswerNotOpen { question, asker, by });
                    }
                }
            }
        }
    }

    /// The mentions of a message are counted.
    fn mentions(
        &mut self,
        message: &Message,
        bootstrap: bool,
        rules: &Rules,
        found: &mut Vec<Observation>,
    ) {
        let from = message.from;
        let read = self.read[slot(from.other())];
        for mention in counted(message, rules) {
            let put = Put { mention, seq: message.seq, bootstrap, read };
            found.extend(self.exports[slot(from)].mention(put, rules));
            self.mentions += 1;
            self.effect.mentions.push(mention.at.clone());
        }
    }

    fn returns(&mut self, message: &Message, rules: &Rules, found: &mut Vec<Observation>) {
        let (from, asker) = (message.from, message.from.other());
        let Some(id) = message.question else { return };
        let questions = &mut self.questions[slot(asker)];
        let carried = places(message, rules);
        let returned = questions.answer(id, message.no_finish, &carried, rules);
        found.extend(returned.found);
        if let Some(asked_by) = returned.asked_by {
            let read = &mut self.read[slot(asker)];
            *read = asked_by.max(*read);
        }
        self.mentions(message, returned.bootstrap, rules, found);
        if message.release_params {
            self.all_back(&returned.params, asker, Via::Params, rules, found);
        }
        if let Some(by) = returned.given_back_by {
            for at in carried {
                let (exporter, count, via) = (from, 1, Via::Results);
                self.back(GivenBack { exporter, at, count, via, by }, rules, found);
            }
        }
    }

    fn release(
        &mut self,
        exporter: End,
        release: &Release,
        rules: &Rules,
        found: &mut Vec<Observation>,
    ) {
        let Release { at, count } = release.clone();
        match u64::try_from(count) {
            Ok(0) => found.push(Observation::ReleaseOfZero { at, exporter }),
            Ok(count) => {
                let (via, by) = (Via::Release, self.sent(exporter.other()));
                self.back(GivenBack { exporter, at, count, via, by }, rules, found);
            }
            Err(_) => found.push(Observation::ReleaseOfNegative { at, exporter, count }),
        }
    }

    /// One mention each is given back, by the last message.
    fn all_back(
        &mut self,
        places: &[Place],
        exporter: End,
        via: Via,
        rules: &Rules,
        found: &mut Vec<Observation>,
    ) {
        let by = self.sent(exporter.other());
        for at in places.iter().cloned() {
            self.back(GivenBack { exporter, at, count: 1, via, by }, rules, found);
        }
    }

    fn back(&mut self, back: GivenBack, rules: &Rules, found: &mut Vec<Observation>) {
        let read = self.read[slot(back.exporter.other())];
        let exports = &mut self.exports[slot(back.exporter)];
        let before = exports.live.get(&back.at).map_or(0, Export::left);
        self.given_back += back.count.min(before);
        found.extend(exports.give_back(&back, read, rules));
        self.effect.given_back.push(back);
    }
}

/// The mentions of a message, in the unit of the system.
fn counted<'a>(message: &'a Message, rules: &Rules) -> Vec<&'a Mention> {
    let mut seen = BTreeSet::new();
    let mentions = message.refs.iter().filter_map(|one| match one {
        Ref::Mention(mention) => Some(mention),
        Ref::Home(_) | Ref::Answer(_) => None,
    });
    match rules.unit {
        Unit::Occurrence => mentions.collect(),
        Unit::Message => mentions.filter(|mention| seen.insert(&mention.at)).collect(),
    }
}

fn places(message: &Message, rules: &Rules) -> Vec<Place> {
    counted(message, rules).into_iter().map(|mention| mention.at.clone()).collect()
}
