//! The world: two vats, a channel each way, and a step at a time.
//!
//! The vats are Stateright actors ([`actor`]). Stateright's own composition of actors keeps maps of
//! timers, choices and strings in every state; this one keeps the two vats and the two channels and
//! nothing else, which leaves time to judge every state. A test holds the two against each other:
//! they reach exactly as many states.

pub mod actor;
mod reading;
mod show;
mod step;
mod vat;
mod wire;

pub use step::{Action, Argument, Arguments, Fault, Step, StepKind, Unreadable};
pub use vat::{Left, Outbox, Owed, Proxy, Vat, VatActor};
pub use wire::{Body, Message, Ref, Wire, WireOrder};

use crate::names::VatId;
use crate::property::{Judgement, PropertyId, explain, judge, subject};
use crate::protocol::Protocol;
use crate::sizes::Sizes;
use captp_gc::protocol::SessionId;
use serde::{Deserialize, Serialize};
use stateright::{Model, Property};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Two vats with a protocol between them, and bounds on what their applications do.
#[derive(Clone, Debug)]
pub struct World<P> {
    actors: [VatActor<P>; 2],
}

/// A state of the world.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State<T> {
    vats: [Arc<Vat<T>>; 2],
    /// To VatA, and to VatB.
    wires: [Wire; 2],
}

impl<P: Protocol> World<P> {
    /// A world of these sizes.
    pub fn new(protocol: P, sizes: Sizes) -> Self {
        Self { actors: VatId::BOTH.map(|id| VatActor { id, protocol: protocol.clone(), sizes }) }
    }

    /// The behaviour of one vat.
    pub const fn actor(&self, id: VatId) -> &VatActor<P> {
        &self.actors[id.number()]
    }

    /// The sizes.
    pub const fn sizes(&self) -> &Sizes {
        &self.actors[0].sizes
    }

    /// The order of the channels.
    pub fn wire_order(&self) -> WireOrder {
        self.actors[0].protocol.wire_order()
    }

    /// What a state shows.
    pub fn judge(&self, state: &State<P::Tables>) -> Judgement {
        judge(state)
    }

    fn change(
        &self,
        state: &State<P::Tables>,
        id: VatId,
        handle: impl FnOnce(&VatActor<P>, &mut Vat<P::Tables>, &mut Outbox),
    ) -> State<P::Tables> {
        let mut next = state.clone();
        let mut out = Outbox::new();
        handle(self.actor(id), Arc::make_mut(&mut next.vats[id.number()]), &mut out);
        for message in out {
            next.wires[id.peer().number()].send(message, self.wire_order());
        }
        next
    }
}

impl<T> State<T> {
    /// One of the vats.
    pub fn vat(&self, id: VatId) -> &Vat<T> {
        &self.vats[id.number()]
    }

    /// The session that both vats are in, if they are in the same one.
    pub fn shared_session(&self) -> Option<SessionId> {
        let [a, b] = &self.vats;
        (a.open && b.open && a.session == b.session).then_some(a.session)
    }

    /// The mentions of `exporter`'s exports, in its current session, that its peer has not read:
    /// those on the wire, and those of a message in the making.
    pub fn unread_mentions(&self, exporter: VatId) -> impl Iterator<Item = Ref> + Clone {
        let vat = self.vat(exporter);
        let on_the_wire = self.wire_to(exporter.peer()).iter();
        let on_the_wire = on_the_wire.filter(|message| message.session == vat.session);
        let pending = vat.pending.iter().filter(|r| r.descriptor.is_mention()).copied();
        on_the_wire.flat_map(Message::mentions).chain(pending)
    }

    /// The messages in flight to a vat.
    pub const fn wire_to(&self, id: VatId) -> &Wire {
        &self.wires[id.number()]
    }
}

impl<T: Hash> Hash for State<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for id in VatId::BOTH {
            self.vat(id).hash(hasher);
            self.wire_to(id).hash(hasher);
        }
    }
}

impl<P: Protocol> Model for World<P> {
    type State = State<P::Tables>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<P::Tables>> {
        let vats = VatId::BOTH.map(|id| Arc::new(self.actor(id).initial()));
        vec![State { vats, wires: [Wire::default(), Wire::default()] }]
    }

    fn actions(&self, state: &State<P::Tables>, actions: &mut Vec<Action>) {
        for to in VatId::BOTH {
            let wire = state.wire_to(to);
            for position in wire.deliverable(self.wire_order()) {
                let message = wire.iter().nth(position).copied();
                actions.extend(message.map(|message| Action::Deliver { to, position, message }));
            }
        }
        for id in VatId::BOTH {
            let steps = self.actor(id).enabled(state.vat(id));
            actions.extend(steps.into_iter().map(|step| Action::Vat(id, step)));
        }
    }

    fn next_state(&self, state: &State<P::Tables>, action: Action) -> Option<State<P::Tables>> {
        match action {
            Action::Vat(id, step) => {
                Some(self.change(state, id, |actor, vat, out| actor.take(vat, step, out)))
            }
            Action::Deliver { to, position, message } => {
                let read = |actor: &VatActor<P>, vat: &mut Vat<P::Tables>, out: &mut Outbox| {
                    actor.read(vat, message, out);
                };
                let mut next = self.change(state, to, read);
                next.wires[to.number()].take(position)?;
                Some(next)
            }
        }
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    /// What the Explorer shows beside a step: what the state it leads to violates, and the state.
    fn format_step(&self, state: &Self::State, action: Action) -> Option<String> {
        let next = self.next_state(state, action)?;
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
        S6 => "S6 no self-inflicted error", "S6 was put to the test";
        S7 => "S7 a violation is refused", "S7 was put to the test";
        C1 => "C1 conservation", "C1 was put to the test";
        L1 => "L1 no leak", "L1 was put to the test";
        L2 => "L2 sessions end clean", "L2 was put to the test";
        L3 => "L3 bounded", "L3 was put to the test";
    }
}
