//! Everything that can be checked: the systems, the worlds they are checked in, their mutations.
//! One file a system.
//!
//! Adding a system is an implementation of [`Protocol`], a file here,
//! and a line in [`SYSTEMS`].

mod capnp;
mod capnweb;
mod e_captp;
mod endo_captp;
mod endo_ocapn;
mod es_strawman;
mod go_capnp;
mod goblins;
mod indirect;
mod netobj;
mod rmi;
mod runs;
mod swingset;
mod weighted;

pub use e_captp::{DISTRIBUTED_RACE, LOCAL_RACE};
pub use runs::Runs;

use crate::mutation::Mutation;
use crate::property::{PropertyId, PropertySet};
use crate::protocol::{Bend, Protocol};
use crate::sizes::Sizes;
use crate::world::{Assumption, World};
use serde::Serialize;

/// A system that is modelled.
#[derive(Debug)]
pub struct System {
    /// Its name on the command line.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where its rules are taken from.
    pub source: &'static str,
    /// In a few words, what it keeps so that nothing is freed too early.
    pub idea: &'static str,
    /// What answers the distributed race: a release crosses a mention.
    pub distributed: Answer,
    /// What answers the local race: a dead proxy's notification meets a successor.
    pub local: Answer,
    /// The mutation in which a call of its collector is not waited for, if it waits for any.
    pub asynchronous: Option<&'static str>,
    /// What its model has beyond sending, calling and dropping references between two vats.
    pub features: &'static [Feature],
    /// The properties that are not put to the test in it, whatever the sizes, and why.
    pub exempt: &'static [Exempt],
    /// The worlds in which all its rules are checked, the smallest telling one first.
    pub scenarios: &'static [Scenario],
    /// Its mutations.
    pub mutations: &'static [Mutation],
    /// What can be done with its worlds.
    pub runs: Runs,
}

/// What keeps a race from doing harm.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Answer {
    /// In a few words.
    pub by: &'static str,
    /// The mutation that takes it away, if the race can arise.
    pub without: Option<&'static str>,
}

/// What not every model has; sizes that ask for it are refused in one that has not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// `--failures`: a message is counted, and cannot be sent.
    Failures,
    /// `--faults`: a vat breaks the protocol.
    Faults,
    /// `--sessions`: a session ends, and another begins.
    Sessions,
    /// `--vats 3`.
    ThirdVat,
    /// `--promises`.
    Promises,
    /// `--asks`: calls with results.
    Answers,
    /// `--losses`: messages are lost, or answered too late.
    Losses,
    /// `--interrupts`: a message is read with something in the middle.
    Interrupts,
    /// `--crashes`.
    Crashes,
    /// `--refusals`: a vat does not implement a message, and says so.
    Refusals,
    /// `--waits`: the application waits for a promise without holding it.
    Waits,
}

impl Feature {
    /// The flag whose use needs it, where it is used.
    const fn used(self, sizes: &Sizes) -> Option<&'static str> {
        let (flag, used) = match self {
            Self::Failures => ("--failures", !sizes.failures.is_none()),
            Self::Faults => ("--faults", !sizes.faults.is_none()),
            Self::Sessions => ("--sessions", sizes.sessions > 1),
            Self::ThirdVat => ("--vats 3", sizes.vats > 2),
            Self::Promises => ("--promises", sizes.promises > 0),
            Self::Answers => ("--asks", !sizes.asks.is_none()),
            Self::Losses => ("--losses", !sizes.losses.is_none()),
            Self::Interrupts => ("--interrupts", !sizes.interrupts.is_none()),
            Self::Crashes => ("--crashes", !sizes.crashes.is_none()),
            Self::Refusals => ("--refusals", !sizes.refusals.is_none()),
            Self::Waits => ("--waits", !sizes.waits.is_none()),
        };
        if used { Some(flag) } else { None }
    }

    const ALL: [Self; 11] = [
        Self::Failures,
        Self::Faults,
        Self::Sessions,
        Self::ThirdVat,
        Self::Promises,
        Self::Answers,
        Self::Losses,
        Self::Interrupts,
        Self::Crashes,
        Self::Refusals,
        Self::Waits,
    ];
}

/// Why a property is not put to the test in a system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Exempt {
    /// The property.
    pub property: PropertyId,
    /// Whether the system claims it all the same: it is judged, but the situation in which it could
    /// fail does not arise.
    pub claimed: bool,
    /// Why.
    pub why: &'static str,
}

impl Exempt {
    /// The property says nothing about this system, and is not judged.
    pub const fn not_claimed(property: PropertyId, why: &'static str) -> Self {
        Self { property, claimed: false, why }
    }

    /// The property is judged; its witness cannot be found, and if it is, the check fails.
    pub const fn cannot_arise(property: PropertyId, why: &'static str) -> Self {
        Self { property, claimed: true, why }
    }
}

/// A world in which all rules are checked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scenario {
    /// Whether it is checked with `--deep` only.
    pub deep: bool,
    /// Properties whose witness these sizes should have and do not, and why.
    pub silent: &'static [Exempt],
    /// Its name on the command line.
    pub id: &'static str,
    /// What it is for.
    pub title: &'static str,
    /// Its sizes.
    pub sizes: Sizes,
}

/// One world to search: a system, perhaps with a rule bent, at some sizes.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The system.
    pub system: &'static System,
    /// The mutation that bends it, if it has a name.
    pub mutation: Option<&'static Mutation>,
    /// How it is bent, if it is.
    pub bend: Option<Bend>,
    /// What the world does not grant, whatever the protocol asks for.
    pub denied: Option<Assumption>,
    /// How large.
    pub sizes: Sizes,
}

/// Every system.
pub static SYSTEMS: &[&System] = &[
    &e_captp::SYSTEM,
    &es_strawman::SYSTEM,
    &capnp::SYSTEM,
    &go_capnp::SYSTEM,
    &endo_captp::SYSTEM,
    &goblins::SYSTEM,
    &endo_ocapn::SYSTEM,
    &capnweb::SYSTEM,
    &netobj::SYSTEM,
    &rmi::SYSTEM,
    &swingset::SYSTEM,
    &weighted::SYSTEM,
    &indirect::SYSTEM,
];

/// The defects of the catalogue that are no mutation, and why not.
pub const LEFT_OUT: &[(u32, &str)] = &[
    (
        31,
        "a vine and what it stands for lead to the same object: what is lost is a hand-off, \
         nothing is freed or kept",
    ),
    (33, "it is about the order of calls after an embargo, not about collection"),
];

impl System {
    /// What is wrong with these sizes for this system, if anything.
    ///
    /// # Errors
    /// A sentence with the flag that its model does not have.
    pub fn accepts(&self, sizes: &Sizes) -> Result<(), String> {
        let lacking = Feature::ALL.into_iter().filter(|feature| !self.features.contains(feature));
        match lacking.filter_map(|feature| feature.used(sizes)).next() {
            None => Ok(()),
            Some(flag) => Err(format!("the model of {} has no {flag}", self.title)),
        }
    }

    /// The properties that are judged.
    pub fn claims(&self) -> PropertySet {
        let exempt = self.exempt.iter().filter(|exempt| !exempt.claimed);
        PropertySet::ALL.difference(exempt.map(|exempt| exempt.property).collect())
    }
}

impl Task {
    /// The system with all its rules.
    pub const fn full(system: &'static System, sizes: Sizes) -> Self {
        Self { system, mutation: None, bend: None, denied: None, sizes }
    }

    /// The system with a rule bent.
    pub const fn mutated(
        system: &'static System,
        mutation: &'static Mutation,
        sizes: Sizes,
    ) -> Self {
        let bend = Some(mutation.bend);
        Self { system, mutation: Some(mutation), bend, denied: None, sizes }
    }

    /// The world.
    pub fn world<P: Protocol>(&self) -> World<P> {
        World::new(P::bent(self.bend), self.sizes).without(self.denied)
    }

    /// Why a property is not put to the test in this world, if it is not.
    pub fn untested(&self, property: PropertyId) -> Option<&'static str> {
        let mut exempt = self.exempt().filter(|exempt| exempt.property == property);
        exempt.next().map(|exempt| exempt.why).or_else(|| property.lacks(&self.sizes))
    }

    /// The properties whose witness, the catalogue says, cannot be found in this world.
    pub fn excuses(&self) -> PropertySet {
        self.exempt().map(|exempt| exempt.property).collect()
    }

    fn exempt(&self) -> impl Iterator<Item = &'static Exempt> {
        let scenario = self.system.scenarios.iter().find(|s| s.sizes == self.sizes);
        let silent = scenario.map_or(&[][..], |scenario| scenario.silent);
        self.system.exempt.iter().chain(silent)
    }
}

/// The system with this name.
pub fn system(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().copied().find(|system| system.id == id)
}

/// Every mutation, and its system.
pub fn mutations() -> impl Iterator<Item = (&'static System, &'static Mutation)> {
    SYSTEMS.iter().flat_map(|system| system.mutations.iter().map(move |m| (*system, m)))
}

/// The mutation with this name, and its system.
pub fn mutation(id: &str) -> Option<(&'static System, &'static Mutation)> {
    mutations().find(|(_, mutation)| mutation.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_is_bent_and_every_property_that_is_claimed_is_named_by_a_mutation() {
        let rules: BTreeSet<_> = mutations().map(|(_, m)| m.rule.name()).collect();
        let expected = ["-", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"];
        assert!(expected.into_iter().all(|rule| rules.contains(rule)), "{rules:?}");
        let named: PropertySet = mutations().map(|(_, m)| m.kills).collect();
        for system in SYSTEMS {
            let claimed = system.claims();
            assert_eq!(claimed.difference(named), PropertySet::EMPTY, "{}", system.id);
        }
    }

    #[test]
    fn names_are_unique_and_the_two_races_are_among_them() {
        let ids: BTreeSet<_> = mutations().map(|(_, m)| m.id).collect();
        assert_eq!(ids.len(), mutations().count());
        assert!(mutation(DISTRIBUTED_RACE).is_some() && mutation(LOCAL_RACE).is_some());
        let systems: BTreeSet<_> = SYSTEMS.iter().map(|system| system.id).collect();
        assert_eq!(systems.len(), SYSTEMS.len());
    }

    #[test]
    fn a_system_has_what_its_own_worlds_ask_for() {
        for system in SYSTEMS {
            let scenarios = system.scenarios.iter().map(|s| (s.id, s.sizes));
            let mutations = system.mutations.iter().map(|m| (m.id, m.sizes));
            for (id, sizes) in scenarios.chain(mutations) {
                assert_eq!(system.accepts(&sizes), Ok(()), "{id}");
                assert_eq!(sizes.validate(), Ok(()), "{id}");
            }
        }
    }

    #[test]
    fn a_defect_is_marked_the_same_wherever_it_is_modelled() {
        let mut marks = std::collections::BTreeMap::new();
        for (_, mutation) in mutations() {
            if let Some(defect) = mutation.defect {
                assert!(defect.number() <= 55, "{}", mutation.id);
                let mark = *marks.entry(defect.id).or_insert(defect.mark);
                assert_eq!(mark, defect.mark, "{}: {}", mutation.id, defect.id);
            }
        }
    }
}
