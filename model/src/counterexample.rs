//! A counterexample as data: everything that is printed of one is rendered from this.

use crate::catalogue::Task;
use crate::engine::{Replay, Trail, replay};
use crate::names::VatId;
use crate::property::{Balance, PropertyId, Subject, balance, explain, subject};
use crate::protocol::Protocol;
use crate::sizes::Sizes;
use crate::world::{Action, State, StepKind, Wire, World};
use serde::Serialize;

/// A shortest walk from the initial state to a violation.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// The system.
    pub system: &'static str,
    /// The mutation, if a rule was bent.
    pub mutation: Option<&'static str>,
    /// The property that the last state violates.
    pub property: PropertyId,
    /// What the property claims.
    pub claim: &'static str,
    /// What is wrong in the last state, in one sentence.
    pub finding: String,
    /// The world.
    pub sizes: Sizes,
    /// The export whose counts are followed.
    pub subject: Option<SubjectRecord>,
    /// The initial state.
    pub initial: Snapshot,
    /// The steps.
    pub steps: Vec<StepRecord>,
    /// The walk as the Explorer writes it, `/0/3/1`.
    pub explorer_path: String,
}

/// Which export the counts are of.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SubjectRecord {
    /// Whose it is.
    pub exporter: VatId,
    /// Which one.
    pub index: u32,
}

/// One step, and the state it led to.
#[derive(Clone, Debug, Serialize)]
pub struct StepRecord {
    /// From 1.
    pub number: usize,
    /// Who acts.
    pub actor: VatId,
    /// What kind of step it is.
    pub kind: StepKind,
    /// What happens, as a sentence.
    pub text: String,
    /// The same without the actor.
    #[serde(skip)]
    pub deed: String,
    /// The message that was read.
    pub read: Option<MessageRecord>,
    /// The messages that were put on the wire.
    pub sent: Vec<MessageRecord>,
    /// The state after it.
    pub after: Snapshot,
}

/// A message, numbered in the order in which messages were put on the wire.
#[derive(Clone, Debug, Serialize)]
pub struct MessageRecord {
    /// From 1.
    pub number: usize,
    /// To whom.
    pub to: VatId,
    /// What it says.
    pub text: String,
}

/// A state, as far as people look at it.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// VatA's tables and debts, a line each.
    pub vat_a: Vec<String>,
    /// VatB's.
    pub vat_b: Vec<String>,
    /// The messages in flight to VatA, next first.
    pub to_vat_a: Vec<String>,
    /// The messages in flight to VatB.
    pub to_vat_b: Vec<String>,
    /// Both sides of the conservation law for the subject; none if the vats are not in one session.
    pub balance: Option<Balance>,
    /// The ledger of every export, a line each.
    pub ledger: Vec<String>,
}

impl Counterexample {
    /// Walks `trail` again and writes down what happens. `None` if the model has no such walk.
    pub fn of<P: Protocol>(
        world: &World<P>,
        task: &Task,
        property: PropertyId,
        trail: &Trail,
    ) -> Option<Self> {
        let walk = replay(world, trail)?;
        let subject = subject(walk.last(), property).or_else(|| mentioned(&walk));
        let mut numbers = Numbers::default();
        let mut before = &walk.initial;
        let mut steps = Vec::with_capacity(walk.steps.len());
        for (position, (action, after)) in walk.steps.iter().enumerate() {
            let (read, sent) = numbers.follow(before, action, after);
            steps.push(StepRecord {
                number: position + 1,
                actor: action.actor(),
                kind: action.kind(),
                text: action.to_string(),
                deed: action.deed(),
                read,
                sent,
                after: Snapshot::of(after, subject),
            });
            before = after;
        }
        Some(Self {
            system: task.system.id,
            mutation: task.mutation.map(|mutation| mutation.id),
            property,
            claim: property.claim(),
            finding: explain(walk.last(), walk.steps.last().map(|(a, _)| a), property, subject),
            sizes: task.sizes,
            subject: subject.map(|s| SubjectRecord { exporter: s.exporter, index: s.index.get() }),
            initial: Snapshot::of(&walk.initial, subject),
            steps,
            explorer_path: walk.path(),
        })
    }
}

impl Snapshot {
    fn of<T: crate::protocol::View>(state: &State<T>, subject: Option<Subject>) -> Self {
        let in_flight = |to| state.wire_to(to).iter().map(ToString::to_string).collect();
        Self {
            vat_a: state.vat(VatId::A).lines(),
            vat_b: state.vat(VatId::B).lines(),
            to_vat_a: in_flight(VatId::A),
            to_vat_b: in_flight(VatId::B),
            balance: subject.and_then(|s| balance(state, s.exporter, s.index)),
            ledger: state.ledger_lines(),
        }
    }
}

/// The export that the first message of the walk mentions.
fn mentioned<T>(walk: &Replay<State<T>, Action>) -> Option<Subject> {
    walk.steps.iter().find_map(|(_, state)| {
        VatId::BOTH.into_iter().find_map(|to| {
            let mention = state.wire_to(to).iter().flat_map(|m| m.mentions()).next()?;
            Some(Subject { exporter: to.peer(), index: mention.descriptor.index() })
        })
    })
}

/// Gives every message its number, by following the channels.
#[derive(Default)]
struct Numbers {
    last: usize,
    in_flight: [Vec<usize>; 2],
}

impl Numbers {
    fn follow<T>(
        &mut self,
        before: &State<T>,
        action: &Action,
        after: &State<T>,
    ) -> (Option<MessageRecord>, Vec<MessageRecord>) {
        let mut read = None;
        if let Action::Deliver { to, position, message } = action {
            let number = self.in_flight[to.number()].remove(*position);
            read = Some(MessageRecord { number, to: *to, text: message.to_string() });
        }
        let to = action.actor().peer();
        let (old, new) = (before.wire_to(to), after.wire_to(to));
        let sent = new.len().saturating_sub(old.len());
        let first = if overtook(old, new) { 0 } else { old.len() };
        let records = new.iter().enumerate().skip(first).take(sent).map(|(position, message)| {
            self.last += 1;
            self.in_flight[to.number()].insert(position, self.last);
            MessageRecord { number: self.last, to, text: message.to_string() }
        });
        let records = records.collect();
        (read, records)
    }
}

/// Whether what is new was put ahead of what was there.
fn overtook(old: &Wire, new: &Wire) -> bool {
    !old.is_empty() && !old.iter().eq(new.iter().take(old.len()))
}
