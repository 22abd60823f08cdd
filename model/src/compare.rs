//! The systems side by side. Every cell comes from a search: that an assumption is needed is shown
//! by denying it and finding a counterexample, that an answer is needed by taking it away.

use crate::catalogue::{Answer, System, Task, mutation};
use crate::check::{Control, Finding, Verdict};
use crate::property::{PropertyId, PropertySet};
use crate::protocol::Collection;
use crate::sizes::{PerVat, Sizes};
use crate::world::Assumption;
use serde::Serialize;

/// The version of the JSON document's shape.
pub const SCHEMA: &str = "captp-gc/compare/1";

/// The world in which assumptions are denied: a reference is sent again, and used.
pub const PROBE: Sizes =
    Sizes { objects: 2, sends: PerVat::each(0, 2), calls: PerVat::each(1, 0), ..Sizes::SMALLEST };

/// What an assumption is needed against. That a counter is off in itself harms nobody.
const HARM: [PropertyId; 6] = [
    PropertyId::S1,
    PropertyId::S3,
    PropertyId::S4,
    PropertyId::S5,
    PropertyId::S6,
    PropertyId::L1,
];

/// The systems side by side.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The sizes of the worlds in which assumptions are denied, as flags.
    pub probe: String,
    /// One for each system.
    pub systems: Vec<Compared>,
}

/// One system.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// Its name on the command line.
    pub system: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it keeps so that nothing is freed too early.
    pub idea: &'static str,
    /// Messages for one reference that is sent once and dropped, beside the one that carries it;
    /// none if the search was cut short.
    pub messages_per_life: Option<usize>,
    /// The distributed race.
    pub distributed: Race,
    /// The local race.
    pub local: Race,
    /// What happens when an assumption is denied.
    pub assumptions: Vec<Denied>,
    /// Distinct states of the worlds in which all its rules were checked.
    pub states: u64,
    /// What each property came to.
    pub properties: Vec<Judged>,
    /// Whether a search was cut short.
    pub incomplete: bool,
    /// Whether something is not as the catalogue says.
    pub unexpected: bool,
}

/// A race, and what answers it.
#[derive(Debug, Serialize)]
pub struct Race {
    /// Whether a state was found in which it is on.
    pub arises: bool,
    /// What answers it.
    pub answered_by: &'static str,
    /// Without that answer: what is violated, and in how many steps.
    pub without: Option<Shown>,
}

/// What a counterexample shows.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The mutation that shows it, if it has a name.
    pub mutation: Option<&'static str>,
    /// The property that is violated.
    pub property: PropertyId,
    /// After how many steps.
    pub steps: usize,
}

/// An assumption that was denied.
#[derive(Debug, Serialize)]
pub struct Denied {
    /// The assumption.
    pub assumption: Assumption,
    /// Whether the system makes it at all.
    pub made: bool,
    /// The counterexample, if it is needed.
    pub needed: Option<Shown>,
}

/// What a property came to in a system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It was put to the test, and holds.
    Holds,
    /// It holds, and the situation in which it could fail does not arise.
    CannotArise,
    /// It says nothing about this system.
    NotClaimed,
    /// It is violated.
    Violated,
    /// It holds, and was not put to the test.
    Untested,
}

/// A property and what it came to.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// The property.
    pub property: PropertyId,
    /// What it came to.
    pub standing: Standing,
}

/// Compares one system. `name` is told what is searched.
pub fn compare(
    system: &'static System,
    control: &Control<'_>,
    mut name: impl FnMut(&str),
) -> Compared {
    let mut searches = Searches { control, incomplete: false };
    let scenarios = system.scenarios.iter().filter(|scenario| !scenario.deep);
    let mut full = Vec::new();
    for scenario in scenarios {
        name(&format!("{}, {}", system.id, scenario.id));
        full.push(searches.find(&Task::full(system, scenario.sizes)));
    }
    name(&format!("{}, its races and assumptions", system.id));
    let life = searches.find(&Task::full(system, Sizes::SMALLEST)).messages_to_quiescence;
    let witnessed: PropertySet =
        full.iter().flat_map(|found| found.outcome.witnessed().iter()).collect();
    let distributed = searches.race(system.distributed, witnessed.contains(PropertyId::S1));
    let local = searches.race(system.local, witnessed.contains(PropertyId::S4));
    let assumptions = Assumption::ALL.map(|assumption| searches.deny(system, assumption)).into();
    let violated: PropertySet =
        full.iter().flat_map(|found| found.outcome.violated().iter()).collect();
    let properties: Vec<_> = PropertyId::ALL
        .into_iter()
        .map(|property| Judged {
            property,
            standing: standing(system, property, witnessed, violated),
        })
        .collect();
    let odd = |race: &Race, answer: &Answer| answer.without.is_some() != race.without.is_some();
    Compared {
        system: system.id,
        title: system.title,
        idea: system.idea,
        messages_per_life: life.map(|messages| messages.saturating_sub(1)),
        unexpected: !violated.is_empty()
            || (!searches.incomplete
                && (odd(&distributed, &system.distributed) || odd(&local, &system.local))),
        distributed,
        local,
        assumptions,
        states: full.iter().map(|found| found.outcome.counts.distinct).sum(),
        properties,
        incomplete: searches.incomplete,
    }
}

fn standing(
    system: &System,
    property: PropertyId,
    witnessed: PropertySet,
    violated: PropertySet,
) -> Standing {
    let exempt = system.exempt.iter().find(|exempt| exempt.property == property);
    match exempt {
        _ if violated.contains(property) => Standing::Violated,
        _ if witnessed.contains(property) && system.claims().contains(property) => Standing::Holds,
        Some(exempt) if exempt.claimed => Standing::CannotArise,
        Some(_) => Standing::NotClaimed,
        None => Standing::Untested,
    }
}

struct Searches<'a> {
    control: &'a Control<'a>,
    incomplete: bool,
}

impl Searches<'_> {
    fn find(&mut self, task: &Task) -> Finding {
        let found = (task.system.runs.search)(task, self.control);
        self.incomplete |= found.verdict == Verdict::Incomplete;
        found
    }

    fn race(&mut self, answer: Answer, arises: bool) -> Race {
        let named = answer.without.and_then(mutation);
        let without = named.and_then(|(system, mutation)| {
            let found = self.find(&Task::mutated(system, mutation, mutation.sizes));
            let mut shown = shown(&found, Some(mutation.kills))?;
            shown.mutation = Some(mutation.id);
            Some(shown)
        });
        Race { arises, answered_by: answer.by, without }
    }

    /// A system that lacks something in the probe's world, or does not make the assumption, is not
    /// searched.
    fn deny(&mut self, system: &'static System, assumption: Assumption) -> Denied {
        let asynchronous = system.asynchronous.and_then(mutation).map(|(_, mutation)| mutation);
        let made = match assumption {
            Assumption::OneThread => (system.runs.collection)() == Collection::Immediate,
            Assumption::SyncCalls => asynchronous.is_some(),
            _ => true,
        };
        if !made {
            return Denied { assumption, made, needed: None };
        }
        let bend = asynchronous.filter(|_| assumption == Assumption::SyncCalls).map(|m| m.bend);
        let task = Task { bend, denied: Some(assumption), ..Task::full(system, PROBE) };
        let control = Control { properties: HARM.into_iter().collect(), ..*self.control };
        let found = (system.runs.search)(&task, &control);
        self.incomplete |= found.verdict == Verdict::Incomplete;
        Denied { assumption, made, needed: shown(&found, None) }
    }
}

/// The counterexample of the property that was expected, or the first.
fn shown(found: &Finding, expected: Option<PropertyId>) -> Option<Shown> {
    let mut all = found.counterexamples.iter();
    let wanted = all.find(|counterexample| Some(counterexample.property) == expected);
    let counterexample = wanted.or(found.counterexamples.first())?;
    let (property, steps) = (counterexample.property, counterexample.steps.len());
    Some(Shown { mutation: None, property, steps })
}
