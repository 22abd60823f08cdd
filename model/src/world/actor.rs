//! The vats as Stateright actors, and Stateright's own composition of them.
//!
//! The application and the collector are driven by random choices: after every event a vat offers
//! all the steps that it may take next.

use super::vat::{Outbox, Vat, VatActor};
use super::{Message, Step, WireOrder, World};
use crate::names::VatId;
use crate::protocol::{BodyOf, Protocol};
use stateright::actor::{Actor, ActorModel, Id, Network, Out};
use std::borrow::Cow;

impl<P: Protocol> VatActor<P> {
    fn finish(&self, vat: &Vat<P::Tables>, outbox: Outbox<BodyOf<P>>, out: &mut Out<Self>) {
        for (to, message) in outbox {
            out.send(Id::from(to.number()), message);
        }
        out.choose_random("step", self.enabled(vat).into_vec());
    }
}

impl<P: Protocol> Actor for VatActor<P> {
    type Msg = Message<BodyOf<P>>;
    type State = Vat<P::Tables>;
    type Timer = ();
    type Storage = ();
    type Random = Step;

    fn on_start(&self, _id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> Vat<P::Tables> {
        let vat = self.initial();
        self.finish(&vat, Outbox::new(), out);
        vat
    }

    fn on_msg(
        &self,
        _id: Id,
        state: &mut Cow<'_, Vat<P::Tables>>,
        src: Id,
        message: Message<BodyOf<P>>,
        out: &mut Out<Self>,
    ) {
        let mut outbox = Outbox::new();
        if let Some(from) = VatId::ALL.get(usize::from(src)) {
            self.read(state.to_mut(), *from, &message, &mut outbox);
        }
        self.finish(state, outbox, out);
    }

    fn on_random(
        &self,
        _id: Id,
        state: &mut Cow<'_, Vat<P::Tables>>,
        step: &Step,
        out: &mut Out<Self>,
    ) {
        let mut outbox = Outbox::new();
        self.take(state.to_mut(), *step, &mut outbox);
        self.finish(state, outbox, out);
    }
}

impl<P: Protocol> World<P> {
    /// The same vats in Stateright's own composition, for holding the two against each other.
    /// `None` for [`WireOrder::GcFirst`] and [`WireOrder::FinishFirst`], which its networks do not
    /// have.
    pub fn actor_model(&self) -> Option<ActorModel<VatActor<P>>> {
        let network = match self.wire_order() {
            WireOrder::Fifo => Network::new_ordered([]),
            WireOrder::Unordered => Network::new_unordered_nonduplicating([]),
            WireOrder::GcFirst | WireOrder::FinishFirst => return None,
        };
        Some(ActorModel::new((), ()).actors(self.actors.clone()).init_network(network))
    }
}
