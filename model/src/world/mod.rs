//! The world: two vats or three, a channel each way between any two, and a step at a time.
//!
//! The vats are Stateright actors ([`actor`]). Stateright's own composition of actors keeps maps of
//! timers, choices and strings in every state; this one keeps the vats and the channels and
//! nothing else, which leaves time to judge every state. A test holds the two against each other:
//! they reach exactly as many states.

pub mod actor;
mod effects;
mod enabled;
mod kind;
mod part;
mod position;
mod reading;
mod show;
mod state;
mod step;
mod take;
mod vat;
mod why;
mod wire;

pub use effects::{Arrival, Content, Effects, Given, Redirected, Refused, What};
pub use kind::StepKind;
pub use position::{Key, Position, Table};
pub use state::State;
pub use step::{Action, Argument, Arguments, Fate, Fault, Reply, Step, Tail, Work};
pub use vat::{Half, Latest, Left, Link, Outbox, Owed, Proxy, Task, Vat, VatActor, Waited};
pub use wire::{Body, Ghost, Message, Ref, Release, Said, Whose, Wire, WireOrder};

use crate::engine::{Kinds, Replay};
use crate::names::VatId;
use crate::property::{Judgement, PropertyId, explain, judge, subject};
use crate::protocol::{BodyOf, Collection, Protocol};
use crate::sizes::{PerVat, Sizes};
use captp_gc::protocol::Admission;
use serde::Serialize;
use smallvec::SmallVec;
use stateright::{Model, Property};

/// Vats with a protocol between them, and bounds on what their applications do.
#[derive(Clone, Debug)]
pub struct World<P> {
    actors: SmallVec<[VatActor<P>; 3]>,
    denied: Option<Assumption>,
}

/// A walk through a world.
pub type Walk<P> = Replay<State<<P as Protocol>::Tables>, Action<BodyOf<P>>>;

/// What a protocol may take for granted, and a world may deny it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assumption {
    /// The messages of one direction arrive in the order in which they were sent.
    Order,
    /// No message is lost.
    NoLoss,
    /// A message is read in one go: no notification is served in the middle of it.
    WholeReads,
    /// What is dropped is gone in the same step, because one thread does everything.
    OneThread,
    /// A call of the collector's is answered before anything is done that depends on it. To deny it
    /// is to bend a rule of the system's.
    SyncCalls,
}

impl Assumption {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Order, Self::NoLoss, Self::WholeReads, Self::OneThread, Self::SyncCalls];

    /// A word or two for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::NoLoss => "no loss",
            Self::WholeReads => "whole reads",
            Self::OneThread => "one thread",
            Self::SyncCalls => "synchronous calls",
        }
    }
}

impl<P: Protocol> World<P> {
    /// A world of these sizes.
    pub fn new(protocol: P, sizes: Sizes) -> Self {
        let collection = protocol.collection();
        let actor = |id| VatActor { id, protocol: protocol.clone(), collection, sizes };
        Self { actors: sizes.vats().map(actor).collect(), denied: None }
    }

    /// The same world, in which one thing is not granted. Losses and interruptions happen at most
    /// once for each of VatA and VatB.
    #[must_use]
    pub fn without(mut self, denied: Option<Assumption>) -> Self {
        self.denied = denied;
        for actor in &mut self.actors {
            match denied {
                Some(Assumption::NoLoss) => actor.sizes.losses = PerVat::both(1),
                Some(Assumption::WholeReads) => actor.sizes.interrupts = PerVat::both(1),
                Some(Assumption::OneThread) if actor.collection == Collection::Immediate => {
                    actor.collection = Collection::Threaded;
                }
                Some(Assumption::Order | Assumption::OneThread | Assumption::SyncCalls) | None => {}
            }
        }
        self
    }

    /// The behaviour of one vat.
    pub fn actor(&self, id: VatId) -> &VatActor<P> {
        &self.actors[id.number()]
    }

    /// The sizes.
    pub fn sizes(&self) -> &Sizes {
        &self.actors[0].sizes
    }

    /// The order of the channels.
    pub fn wire_order(&self) -> WireOrder {
        match self.denied {
            Some(Assumption::Order) => WireOrder::Unordered,
            _ => self.actors[0].protocol.wire_order(),
        }
    }

    /// What a state shows.
    pub fn judge(&self, state: &State<P::Tables>) -> Judgement {
        judge(state)
    }

    fn change(
        &self,
        state: &State<P::Tables>,
        id: VatId,
        handle: impl FnOnce(&VatActor<P>, &mut Vat<P::Tables>, &mut Outbox<BodyOf<P>>),
    ) -> State<P::Tables> {
        let mut next = state.clone();
        let mut out = Outbox::new();
        next.change_vat(id, |vat| handle(self.actor(id), vat, &mut out));
        for (to, message) in out {
            next.change_wire((id, to), |wire| wire.send(message, self.wire_order()));
        }
        next
    }

    /// What may happen to the messages in flight from `from` to `to`.
    fn fates(
        &self,
        state: &State<P::Tables>,
        (from, to): (VatId, VatId),
        actions: &mut Vec<Action<BodyOf<P>>>,
    ) {
        let wire = state.wire(from, to);
        let (sender, reader) = (state.vat(from), state.vat(to));
        for position in wire.deliverable(self.wire_order()) {
            let Some(message) = wire.iter().nth(position) else { continue };
            let mut may = |fate| {
                actions.push(Action::Deliver { from, to, position, message: message.clone(), fate })
            };
            if reader.reading.is_none() {
                may(Fate::Read);
                let link = self.actor(to).link(reader, from);
                let current =
                    link.open && link.session.admit(message.session) == Admission::Current;
                if reader.left.interrupts > 0 && current && message.correct().is_some() {
                    may(Fate::HalfRead);
                }
                let refusable = |body| self.actor(to).protocol.may_refuse(body);
                if reader.left.refusals > 0 && current && message.correct().is_some_and(refusable) {
                    may(Fate::Refused);
                }
            }
            let losable = |body| self.actor(from).protocol.may_lose(body);
            if sender.left.losses > 0 && message.correct().is_some_and(losable) {
                may(Fate::Lost);
            }
        }
    }
}

impl<P: Protocol> Model for World<P> {
    type State = State<P::Tables>;
    type Action = Action<BodyOf<P>>;

    fn init_states(&self) -> Vec<State<P::Tables>> {
        vec![State::new(self.actors.iter().map(VatActor::initial))]
    }

    fn actions(&self, state: &State<P::Tables>, actions: &mut Vec<Action<BodyOf<P>>>) {
        for to in self.sizes().vats() {
            for from in to.others(self.sizes().vats) {
                self.fates(state, (from, to), actions);
            }
        }
        for id in self.sizes().vats() {
            let steps = self.actor(id).enabled(state.vat(id));
            actions.extend(steps.into_iter().map(|step| Action::Vat(id, step)));
        }
    }

    fn next_state(
        &self,
        state: &State<P::Tables>,
        action: Action<BodyOf<P>>,
    ) -> Option<State<P::Tables>> {
        let (from, to, position, message, fate) = match action {
            Action::Vat(id, step) => {
                return Some(self.change(state, id, |actor, vat, out| actor.take(vat, step, out)));
            }
            Action::Deliver { from, to, position, message, fate } => {
                (from, to, position, message, fate)
            }
        };
        let actor = if fate == Fate::Lost { from } else { to };
        let mut next = self.change(state, actor, |actor, vat, out| match (fate, message.body()) {
            (Fate::HalfRead, Some(body)) => actor.begin_read(vat, from, body, out),
            (Fate::Lost, _) => actor.lose(vat, to, &message, out),
            (Fate::Refused, Some(body)) => actor.send_back(vat, from, body, out),
            _ => actor.read(vat, from, &message, out),
        });
        next.change_wire((from, to), |wire| wire.take(position))?;
        Some(next)
    }

    fn format_action(&self, action: &Action<BodyOf<P>>) -> String {
        action.to_string()
    }

    /// What the Explorer shows beside a step: what the state it leads to violates, and the state.
    fn format_step(&self, state: &Self::State, action: Self::Action) -> Option<String> {
        let next = self.next_state(state, action.clone())?;
        let mut text = format!("{action}\n\n");
        for property in self.judge(&next).violated.iter() {
            let at = subject(&next, property);
            let finding = explain(&next, Some(&action), property, at);
            text += &format!("✗ {property} {}: {finding}\n\n", property.title());
        }
        Some(text + &format!("{next:?}"))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        PropertyId::ALL.into_iter().flat_map(named).collect()
    }
}

impl<P: Protocol> Kinds for World<P> {
    fn kind(action: &Self::Action) -> usize {
        action.kind() as usize
    }
}

/// A property and its witness for Stateright, which wants a plain function for each.
fn named<P: Protocol>(id: PropertyId) -> [Property<World<P>>; 2] {
    macro_rules! pair {
        ($($id:ident => $claim:literal, $witness:literal;)*) => {
            match id {
                $(PropertyId::$id => [
                    Property::always($claim, |world: &World<P>, state| {
                        !world.judge(state).violated.contains(PropertyId::$id)
                    }),
                    Property::sometimes($witness, |world: &World<P>, state| {
                        world.judge(state).witnessed.contains(PropertyId::$id)
                    }),
                ],)*
            }
        };
    }
    pair! {
        S1 => "S1 no premature free", "S1 was put to the test";
        S2 => "S2 no use after release", "S2 was put to the test";
        S3 => "S3 no ABA", "S3 was put to the test";
        S4 => "S4 local coherence", "S4 was put to the test";
        S5 => "S5 answers", "S5 was put to the test";
        S6 => "S6 no self-inflicted error", "S6 was put to the test";
        S7 => "S7 a violation is refused", "S7 was put to the test";
        C1 => "C1 conservation", "C1 was put to the test";
        L1 => "L1 no leak", "L1 was put to the test";
        L2 => "L2 sessions end clean", "L2 was put to the test";
        L3 => "L3 bounded", "L3 was put to the test";
    }
}
