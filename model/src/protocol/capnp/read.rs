//! How a vat reads Cap'n Proto's messages.

use super::tables::{Link, Mark};
use super::{Capnp, CapnpBend, CapnpBody, CapnpTables, mentioned};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::protocol::kit::{Desc, Finish, Op, Returned, Wired};
use crate::world::{Arrival, Ghost, Key, Position, Refused, Table, What};
use captp_gc::protocol::export_slot::Refusal;
use captp_gc::protocol::{Incarnation, Index};

impl Capnp {
    pub(super) fn read_message(
        self,
        own: &mut CapnpTables,
        from: VatId,
        body: &CapnpBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(from);
        // What cannot be read is refused before anything is changed.
        for wired in body.wired() {
            if let Desc::Home(at) = wired.desc {
                link.home(at, wired.ghost).ok_or(Refused)?;
            }
        }
        match body {
            Op::Deliver(wired) => {
                for wired in wired {
                    effects.arrived.push(self.receive(link, from, *wired, false)?);
                }
            }
            Op::Call(target) => effects.arrived.push(self.receive(link, from, *target, false)?),
            Op::Ask { target, argument, question, answer } => {
                if link.answer(*question).is_some() {
                    return Err(Refused);
                }
                for wired in target.iter().chain(argument) {
                    effects.arrived.push(self.receive(link, from, *wired, false)?);
                }
                let (id, call) = (*question, *answer);
                link.note_call(id, call, mentioned(*argument), false);
                effects.arrived.push(Arrival::Asked { by: from, answer: id, call });
            }
            Op::AskForYou { target, question, answer } => {
                if link.answer(*question).is_some() {
                    return Err(Refused);
                }
                effects.arrived.push(self.receive(link, from, *target, false)?);
                link.note_call(*question, *answer, None, true);
            }
            Op::Redirect { question, from: kept, .. } => {
                self.read_redirect(link, from, *question, *kept, effects)?;
            }
            Op::Return(returned) => self.read_return(link, from, returned, effects)?,
            Op::Finish(finish) => self.read_finish(link, from, finish, effects),
            Op::Resolve { promise, to } => self.read_resolve(link, from, *promise, *to, effects)?,
            Op::NotResolved { to, .. } => {
                let kept = self.is_bent(CapnpBend::RefusedResolveKept);
                if let Some(index) = mentioned(*to).filter(|_| !kept) {
                    self.lower(link, index, 1, effects)?;
                }
            }
            Op::Release(given) => {
                for given in given {
                    self.lower(link, given.index, given.delta, effects)?;
                }
            }
            Op::Words(_, never) => match *never {},
        }
        if self.is_bent(CapnpBend::OtherEntryForgotten) {
            own.forget_resolutions_of(from, &effects.evicted);
        }
        Ok(())
    }

    /// R2: a reference arrives.
    fn receive(
        self,
        link: &mut Link,
        from: VatId,
        wired: Wired,
        in_result: bool,
    ) -> Result<Arrival, Refused> {
        let Wired { desc, ghost } = wired;
        let (index, promise) = match desc {
            Desc::Home(at) => return link.home(at, ghost).ok_or(Refused),
            Desc::Mention { index, promise, .. } => (index, promise),
        };
        let stale = link.imports.get(index).is_some_and(|import| import.mark.stale);
        let mark = Mark { promise, in_result, stale: false };
        if self.is_bent(CapnpBend::SecondWrapper)
            && let Some(import) = link.imports.get(index).copied()
        {
            link.imports.clear(index, import.incarnation);
        }
        let (incarnation, installed) = link.imports.mention(index, mark).ok_or(Refused)?;
        if let Some(import) = link.imports.get_mut(index) {
            import.mark = Mark {
                promise: import.mark.promise || promise,
                in_result: import.mark.in_result || in_result,
                stale: false,
            };
        }
        let key = link.imported(from, index, incarnation);
        Ok(Arrival::Proxy { key, installed: installed && !stale, ghost })
    }

    /// R4, R5.
    fn lower(
        self,
        link: &mut Link,
        index: Index,
        delta: u32,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let evicted = match link.exports.release(index, delta) {
            Ok(evicted) if self.is_bent(CapnpBend::UncountedRelease) => {
                evicted.or_else(|| link.exports.remove(index))
            }
            Err(Refusal::Above(_)) if self.is_bent(CapnpBend::OverReleaseAccepted) => {
                link.exports.remove(index)
            }
            lowered => lowered.map_err(|_refusal| Refused)?,
        };
        effects.evicted.extend(evicted);
        Ok(())
    }

    fn read_return(
        self,
        link: &mut Link,
        from: VatId,
        returned: &Returned,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let id = returned.question;
        let known = link.question(id).filter(|question| !question.returned);
        let question = *known.ok_or(Refused)?;
        if let Some(param) = question.param.filter(|_| returned.release_params)
            && !self.is_bent(CapnpBend::ParamReleaseIgnored)
        {
            self.lower(link, param, 1, effects)?;
        }
        if question.tail {
            link.tail_returned(from, id, effects);
            return Ok(());
        }
        if question.finished.is_some() {
            // The results were given back with the Finish.
            link.questions.retain(|question| question.id != id);
            return Ok(());
        }
        effects.arrived.push(Arrival::Settled(link.asked(from, id)));
        if let Some(result) = returned.result {
            effects.arrived.push(self.receive(link, from, result, true)?);
        }
        if self.is_bent(CapnpBend::QuestionFreeBeforeFinish) {
            link.questions.retain(|question| question.id != id);
        } else if let Some(question) = link.question_mut(id) {
            question.returned = true;
        }
        Ok(())
    }

    /// A `Finish` of a call that is not returned cancels it. An unknown one is ignored.
    fn read_finish(
        self,
        link: &mut Link,
        from: VatId,
        finish: &Finish,
        effects: &mut EffectsOf<Self>,
    ) {
        let Some(answer) = link.answer(finish.answer).copied() else { return };
        if answer.returned {
            let results = answer.result.filter(|_| finish.release_results);
            if let Some(result) = results {
                // It was counted when the Return was written, and nobody else gives it back.
                let _counted = self.lower(link, result, 1, effects);
            }
        } else {
            effects.arrived.push(Arrival::Cancelled { by: from, answer: answer.id });
            let given_back = link.give_param_back(answer.id);
            let release_params = given_back && !self.is_bent(CapnpBend::CancelledParamsKept);
            let canceled =
                Returned { question: answer.id, call: answer.call, result: None, release_params };
            effects.sent.push((from, Op::Return(canceled)));
        }
        link.answers.retain(|known| known.id != answer.id);
        if let Some(tail) = answer.tail {
            link.finish_tail(from, tail, effects);
        }
    }

    fn read_resolve(
        self,
        link: &mut Link,
        from: VatId,
        promise: Index,
        to: Option<Wired>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let incarnation = match link.imports.get_mut(promise) {
            Some(import) if !import.mark.promise => return Err(Refused),
            Some(import) => {
                import.mark.promise = false;
                import.incarnation
            }
            None if self.is_bent(CapnpBend::LateResolveRefused) => return Err(Refused),
            None if self.is_bent(CapnpBend::LateResolveIgnored) => return Ok(()),
            // It crosses the Release: nobody holds the promise, nor will hold what replaces it.
            None => Incarnation::FIRST,
        };
        effects.arrived.push(Arrival::Settled(link.imported(from, promise, incarnation)));
        if let Some(to) = to {
            effects.arrived.push(self.receive(link, from, to, false)?);
        }
        Ok(())
    }
}

impl Link {
    const fn imported(&self, peer: VatId, index: Index, incarnation: Incarnation) -> Key {
        Key { peer, at: Position::export(index), session: self.session, incarnation }
    }

    /// What comes home to this place.
    fn home(&self, at: Position, ghost: Ghost) -> Option<Arrival> {
        let what = match at.table {
            Table::Exports => self.exports.get(at.index)?.what,
            Table::Answers => What::Local(self.answer(at.index)?.object()),
        };
        Some(match what {
            What::Local(object) => Arrival::Home { object, ghost },
            What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
        })
    }
}
