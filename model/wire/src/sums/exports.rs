//! What was mentioned of one end's exports, and what of it was given back.

use super::effect::GivenBack;
use super::finding::Observation;
use super::known::{Crossing, Ever};
use super::rules::{Reuse, Rules};
use crate::line::{End, Mention, Place};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// An export that has mentions left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Export {
    /// How often it was mentioned.
    pub introduced: u64,
    /// How many of these mentions were given back.
    pub given_back: u64,
    /// How many of these mentions came with the answer to a `bootstrap`.
    pub bootstrapped: u64,
    /// The line that mentioned it first.
    pub since: u64,
    /// The line that mentioned it last.
    pub last: u64,
}

impl Export {
    /// How many mentions are left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.introduced.saturating_sub(self.given_back)
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |n| if n == 1 { "once".to_owned() } else { format!("{n} times") };
        let given_back = match self.given_back {
            0 => "never given back".to_owned(),
            n => format!("given back {}", times(n)),
        };
        write!(f, "mentioned {}, {given_back}, since #{}", times(self.introduced), self.since)
    }
}

/// A mention, as it is put on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put<'a> {
    pub(super) mention: &'a Mention,
    pub(super) seq: u64,
    pub(super) bootstrap: bool,
    /// How many messages of the other end the exporter has surely read.
    pub(super) read: u64,
}

/// What was mentioned of one end's exports, and what of it was given back.
#[derive(Clone, Debug)]
pub(super) struct Exports {
    exporter: End,
    pub(super) live: BTreeMap<Place, Export>,
    ever: BTreeMap<String, Ever>,
    crossing: Crossing,
    /// Whether mentions say if their place is known.
    says_again: bool,
}

impl Exports {
    pub(super) fn new(exporter: End) -> Self {
        let (live, ever, crossing) = Default::default();
        Self { exporter, live, ever, crossing, says_again: false }
    }

    /// How many places have mentions left: the exporter has at least as many entries.
    pub(super) fn entries(&self) -> u64 {
        u64::try_from(self.live.len()).unwrap_or(u64::MAX)
    }

    /// Whether a place was ever mentioned, if that is still known.
    pub(super) fn ever(&self, at: &Place) -> Option<bool> {
        self.ever.get(&at.space).map_or(Some(false), |ever| ever.contains(at.index))
    }

    /// Whether the other end may use a place without having seen it mentioned.
    pub(super) fn stands_from_the_start(&self, at: &Place, rules: &Rules) -> bool {
        rules.first_object && *at == Place::new(0) && self.ever(at) == Some(false)
    }

    pub(super) fn mention(&mut self, put: Put<'_>, rules: &Rules) -> Option<Observation> {
        let Put { mention, seq, bootstrap, read } = put;
        let (at, exporter) = (&mention.at, self.exporter);
        let bootstrapped = u64::from(bootstrap);
        self.says_again |= mention.again.is_some();
        if let Some(export) = self.live.get_mut(at) {
            let left = export.left();
            export.introduced += 1;
            export.bootstrapped += bootstrapped;
            export.last = seq;
            let known = mention.again == Some(false);
            let found = || Observation::FirstThoughKnown { at: at.clone(), exporter, left };
            return known.then(found);
        }
        let (ever, from_the_start) = (self.ever(at), self.stands_from_the_start(at, rules));
        let may_have = from_the_start || self.crossing.may_be(at, read);
        let new = Export { introduced: 1, given_back: 0, bootstrapped, since: seq, last: seq };
        self.live.insert(at.clone(), new);
        self.ever.entry(at.space.clone()).or_default().insert(at.index);
        let at = at.clone();
        if may_have {
            None
        } else if rules.reuse == Reuse::Never && ever == Some(true) {
            Some(Observation::PlaceUsedAgain { at, exporter })
        } else {
            let gone = mention.again == Some(true);
            gone.then_some(Observation::AgainThoughGone { at, exporter })
        }
    }

    /// What is given back too much takes away what there is: both ends are beyond their sums.
    /// `read` is how many messages of the other end the exporter has surely read.
    pub(super) fn give_back(
        &mut self,
        back: &GivenBack,
        read: u64,
        rules: &Rules,
    ) -> Option<Observation> {
        let GivenBack { exporter, ref at, count, via, by } = *back;
        let Some(export) = self.live.get_mut(at) else {
            let at = at.clone();
            return if self.stands_from_the_start(&at, rules) {
                None
            } else if self.ever(&at) == Some(false) {
                Some(Observation::ReleaseOfUnknown { at, exporter, count })
            } else {
                Some(Observation::ReleaseAfterRelease { at, exporter, count, via })
            };
        };
        let left = export.left();
        if count < left {
            export.given_back += count;
            return None;
        }
        self.live.remove(at);
        if self.says_again || rules.reuse == Reuse::Never {
            self.crossing.insert(at.clone(), by, read);
        } else {
            self.crossing.forget(by);
        }
        let found = || Observation::OverRelease { at: at.clone(), exporter, count, left, via };
        (count > left).then(found)
    }
}
