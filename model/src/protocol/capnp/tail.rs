//! Tail calls: a call that is answered by another, made back to the caller, which keeps the result.
//!
//! Of a call that VatA makes, VatB says: ask this object of yours, and keep the result
//! (`sendResultsTo.yourself`); and then: that is the result of your call
//! (`takeFromOtherQuestion`). VatA returns the call that it was asked when there is a result, or
//! when its own is cancelled; VatB finishes its question when it was returned, and its own answer
//! finished. VatA's application takes the call up when both messages have come.

use super::tables::Link;
use super::{Capnp, CapnpBend, CapnpTables};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::protocol::kit::{Finish, Op, Returned};
use crate::world::{Arrival, Given, Redirected, Refused, What};
use captp_gc::protocol::Index;

impl Capnp {
    /// A call of `to`'s is answered by another.
    pub(super) fn write_redirect(
        self,
        own: &mut CapnpTables,
        to: VatId,
        redirected: Redirected,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let Redirected { answer: id, call, target, asked } = redirected;
        let known = own.link(to).answer(id);
        known.filter(|answer| !answer.returned && !answer.kept).ok_or(Refused)?;
        let target = self.describe(own, to, target)?;
        let link = own.link_mut(to);
        let from = link.ask(None);
        if let Some(question) = link.question_mut(from) {
            question.tail = true;
        }
        effects.sent.push((to, Op::AskForYou { target, question: from, answer: asked }));
        effects.sent.push((to, Op::Redirect { question: id, call, from }));
        let param = link.answer(id).and_then(|answer| answer.param);
        if link.give_param_back(id) {
            effects.sent.extend(param.map(|index| (to, Op::release(index, 1))));
        }
        link.returned(id, None);
        for answer in link.answers.iter_mut().filter(|answer| answer.id == id) {
            answer.tail = Some(from);
        }
        Ok(())
    }

    /// The result of this vat's question will be that of a call that it keeps.
    pub(super) fn read_redirect(
        self,
        link: &mut Link,
        from: VatId,
        id: Index,
        kept: Index,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let answer = link.answer(kept).filter(|answer| answer.kept && !answer.returned);
        let call = answer.ok_or(Refused)?.call;
        let question = link.question_mut(id).filter(|question| !question.returned);
        let question = question.ok_or(Refused)?;
        if question.finished.is_none() {
            (question.returned, question.takes) = (true, Some(kept));
            effects.arrived.push(Arrival::Asked { by: from, answer: kept, call });
            return Ok(());
        }
        link.questions.retain(|question| question.id != id);
        if !self.is_bent(CapnpBend::CancelledTailKept) {
            link.cancel_kept(from, kept, effects);
        }
        Ok(())
    }
}

impl Link {
    /// There is a result of a call that was kept: it is that of the question that takes it.
    pub(super) fn take_kept(
        &mut self,
        peer: VatId,
        kept: Index,
        result: Option<Given>,
        effects: &mut EffectsOf<Capnp>,
    ) {
        let taker = self.questions.iter_mut().find(|question| question.takes == Some(kept));
        let Some(taker) = taker else { return };
        taker.takes = None;
        let id = taker.id;
        effects.arrived.push(Arrival::Settled(self.asked(peer, id)));
        effects.arrived.extend(result.map(|Given { what, ghost }| match what {
            What::Local(object) => Arrival::Home { object, ghost },
            What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
        }));
    }

    /// Nobody wants the result of a call that is kept.
    pub(super) fn cancel_kept(&mut self, peer: VatId, kept: Index, effects: &mut EffectsOf<Capnp>) {
        let Some(call) = self.answer(kept).map(|answer| answer.call) else { return };
        self.returned(kept, None);
        effects.arrived.push(Arrival::Cancelled { by: peer, answer: kept });
        let (question, result, release_params) = (kept, None, false);
        let returned = Returned { question, call, result, release_params };
        effects.sent.push((peer, Op::Return(returned)));
    }

    /// A question that this vat had redirected a call to is returned.
    pub(super) fn tail_returned(&mut self, peer: VatId, id: Index, effects: &mut EffectsOf<Capnp>) {
        if let Some(question) = self.question_mut(id) {
            question.returned = true;
        }
        self.finish_tail(peer, id, effects);
    }

    /// Finishes a question that a call was redirected to, if it was returned and the call finished.
    pub(super) fn finish_tail(&mut self, peer: VatId, id: Index, effects: &mut EffectsOf<Capnp>) {
        let needed = self.answers.iter().any(|answer| answer.tail == Some(id));
        let returned = self.question(id).is_some_and(|question| question.returned);
        if returned && !needed {
            self.questions.retain(|question| question.id != id);
            let finish = Finish { answer: id, release_results: false, upto: 0 };
            effects.sent.push((peer, Op::Finish(finish)));
        }
    }
}
