//! A counterexample as data: everything that is printed of one is rendered from this.

mod snapshot;

pub(crate) use snapshot::ledger;
pub use snapshot::{
    Change, ChannelRecord, ExportRecord, ImportRecord, LedgerRecord, OwedRecord, ProxyRecord,
    SessionRecord, Snapshot, VatRecord,
};

use crate::catalogue::Task;
use crate::engine::{Replay, Trail, replay};
use crate::names::VatId;
use crate::property::{PropertyId, Subject, explain, subject};
use crate::protocol::{Protocol, View};
use crate::sizes::Sizes;
use crate::world::{Action, Argument, Body, Key, Message, State, StepKind, Table, World};
use serde::{Deserialize, Serialize};
use snapshot::InFlight;

/// The version of the shape of a counterexample.
pub const SCHEMA: &str = "captp-gc/trace/1";

/// What a counterexample was made by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MadeBy {
    /// The version of this program.
    pub model: String,
    /// A hash of the sources of the world, the protocols and the properties.
    pub hash: String,
}

impl MadeBy {
    /// This program.
    pub fn this() -> Self {
        let (model, hash) = (env!("CARGO_PKG_VERSION"), env!("MODEL_HASH"));
        Self { model: model.to_owned(), hash: hash.to_owned() }
    }
}

/// A walk from the initial state to a violation. Of a search it is a shortest one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counterexample {
    /// [`SCHEMA`].
    pub schema: String,
    /// What it was made by.
    pub made_by: MadeBy,
    /// The system.
    pub system: String,
    /// The implementation that did this, with its version; none if it was the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The mutation, if a rule was bent.
    pub mutation: Option<String>,
    /// The property that the last state violates.
    pub property: PropertyId,
    /// What the property claims.
    pub claim: String,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectRecord {
    /// Whose it is.
    pub exporter: VatId,
    /// For whom it is kept.
    pub importer: VatId,
    /// In which table.
    pub table: Table,
    /// Which one.
    pub index: u32,
}

/// One step, and the state it led to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
    pub deed: String,
    /// To whom the application speaks, if it does.
    pub to: Option<VatId>,
    /// The references that the application uses, a call's target first.
    pub references: Vec<ReferenceRecord>,
    /// The place of the proxy that the step is about: what is dropped, cleared, notified, called.
    pub place: Option<PlaceRecord>,
    /// The message that was read.
    pub read: Option<MessageRecord>,
    /// The message that was lost.
    pub lost: Option<MessageRecord>,
    /// The messages that were put on the wire.
    pub sent: Vec<MessageRecord>,
    /// What it changed in the vats' tables and debts.
    pub changed: Vec<Change>,
    /// The state after it.
    pub after: Snapshot,
}

/// A reference that the application uses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReferenceRecord {
    /// What it denotes.
    pub object: String,
    /// The place of the proxy, if it is one.
    pub proxy: Option<PlaceRecord>,
}

/// The place of an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlaceRecord {
    /// Of whose export.
    pub peer: VatId,
    /// In which table of the peer's.
    pub table: Table,
    /// Where.
    pub index: u32,
}

impl From<Key> for PlaceRecord {
    fn from(key: Key) -> Self {
        Self { peer: key.peer, table: key.at.table, index: key.at.index.get() }
    }
}

impl From<Argument> for ReferenceRecord {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Local(object) => Self { object: object.to_string(), proxy: None },
            Argument::Proxy { key, object } => {
                Self { object: object.to_string(), proxy: Some(key.into()) }
            }
        }
    }
}

/// A message, numbered in the order in which messages were put on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MessageRecord {
    /// From 1.
    pub number: usize,
    /// From whom.
    pub from: VatId,
    /// To whom.
    pub to: VatId,
    /// What it says.
    pub text: String,
    /// What it is for.
    pub role: Role,
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It carries references, or calls, or answers.
    Carries,
    /// It gives something back.
    GivesBack,
    /// It ends the session.
    Ends,
    /// A faulty vat sent it, and it breaks the protocol.
    Breaks,
}

impl MessageRecord {
    fn of<B: Body>(number: usize, (from, to): (VatId, VatId), message: &Message<B>) -> Self {
        let role = match message.body() {
            _ if message.fault => Role::Breaks,
            None => Role::Ends,
            Some(body) if !body.releases().is_empty() => Role::GivesBack,
            Some(_) => Role::Carries,
        };
        Self { number, from, to, text: message.to_string(), role }
    }
}

impl Counterexample {
    /// Walks `trail` again and writes down what happens. `None` if the model has no such walk.
    pub fn of<P: Protocol>(
        world: &World<P>,
        task: &Task,
        property: PropertyId,
        trail: &Trail,
    ) -> Option<Self> {
        Some(Self::of_walk(&replay(world, trail)?, task, property))
    }

    /// Writes down what happens on a walk whose last state violates `property`.
    pub fn of_walk<T: View>(
        walk: &Replay<State<T>, Action<T::Body>>,
        task: &Task,
        property: PropertyId,
    ) -> Self {
        let subject = subject(walk.last(), property).or_else(|| mentioned(walk));
        let mut numbers = Numbers::default();
        let mut before = &walk.initial;
        let initial = Snapshot::of(before, subject, &numbers.in_flight);
        let mut steps: Vec<StepRecord> = Vec::with_capacity(walk.steps.len());
        for (position, (action, after)) in walk.steps.iter().enumerate() {
            let (taken, sent) = numbers.follow(before, action, after);
            let is_lost = action.kind() == StepKind::Lose;
            let (read, lost) = if is_lost { (None, taken) } else { (taken, None) };
            let snapshot = Snapshot::of(after, subject, &numbers.in_flight);
            let earlier = steps.last().map_or(&initial, |step| &step.after);
            steps.push(StepRecord {
                changed: snapshot.changes_since(earlier),
                number: position + 1,
                actor: action.actor(),
                kind: action.kind(),
                text: action.to_string(),
                deed: action.deed(),
                to: action.addressee(),
                references: action.references().into_iter().map(Into::into).collect(),
                place: action.place().map(Into::into),
                read,
                lost,
                sent,
                after: snapshot,
            });
            before = after;
        }
        Self {
            schema: SCHEMA.to_owned(),
            made_by: MadeBy::this(),
            system: task.system.id.to_owned(),
            peer: None,
            mutation: task.mutation.map(|mutation| mutation.id.to_owned()),
            property,
            claim: property.claim().to_owned(),
            finding: explain(walk.last(), walk.steps.last().map(|(a, _)| a), property, subject),
            sizes: task.sizes,
            subject: subject.map(|s| SubjectRecord {
                exporter: s.exporter,
                importer: s.importer,
                table: s.at.table,
                index: s.at.index.get(),
            }),
            initial,
            steps,
            explorer_path: walk.path(),
        }
    }
}

/// The export that the first message of the walk mentions.
fn mentioned<T: View>(walk: &Replay<State<T>, Action<T::Body>>) -> Option<Subject> {
    walk.steps.iter().find_map(|(_, state)| {
        state.pairs().find_map(|(exporter, importer)| {
            let mention = state.unread_mentions(exporter, importer).next()?;
            Some(Subject { exporter, importer, at: mention.at })
        })
    })
}

/// Gives every message its number, by following the channels.
#[derive(Default)]
struct Numbers {
    last: usize,
    in_flight: InFlight,
}

impl Numbers {
    /// The message that was taken off the wire, and those that were put on it.
    fn follow<T: View>(
        &mut self,
        before: &State<T>,
        action: &Action<T::Body>,
        after: &State<T>,
    ) -> (Option<MessageRecord>, Vec<MessageRecord>) {
        let mut taken = None;
        let mut gone = None;
        if let Action::Deliver { from, to, position, message, .. } = action {
            let number = self.in_flight.entry((*from, *to)).or_default().remove(*position);
            taken = Some(MessageRecord::of(number, (*from, *to), message));
            gone = Some((*from, *to, *position));
        }
        let from = action.actor();
        let mut sent = Vec::new();
        for to in from.others(after.vat_count()) {
            let taken = gone.filter(|gone| (gone.0, gone.1) == (from, to)).map(|gone| gone.2);
            let old: Vec<_> = before.wire(from, to).iter().enumerate().collect();
            let old = old.into_iter().filter(|(at, _)| Some(*at) != taken).map(|(_, m)| m);
            let old: Vec<_> = old.collect();
            let new: Vec<_> = after.wire(from, to).iter().collect();
            let more = new.len().saturating_sub(old.len());
            // What is new may have been put ahead of what was there.
            let first = if new.starts_with(&old) { old.len() } else { 0 };
            for (position, message) in new.into_iter().enumerate().skip(first).take(more) {
                self.last += 1;
                self.in_flight.entry((from, to)).or_default().insert(position, self.last);
                sent.push(MessageRecord::of(self.last, (from, to), message));
            }
        }
        (taken, sent)
    }
}
