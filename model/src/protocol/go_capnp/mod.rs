//! Cap'n Proto RPC as go-capnp implements it, with threads.
//!
//! **Modelled:** counted exports with the lowest free ids, `Release`; an import entry (`impent`)
//! with `wireRefs`, a generation and the number of its live hooks; questions and answers with
//! `Return` and `Finish`; calls to an answer before it returns; promises with `Resolve`; a third
//! vat, by proxying; sessions. **Left out:** embargoes, hand-offs, sends that fail, faulty peers,
//! `noFinishNeeded`. **Source:** go-capnp, `rpc/{export,import,question,answer}.go`; `rpc.capnp`.
//!
//! * The last reference to a client is dropped by some thread, and from then on no weak reference
//!   leads to it. The hook's `Shutdown` waits for the connection's lock: it comes later, in any
//!   order with other shutdowns and with what is read ([`Collection::Threaded`]).
//! * `addImport`: every mention raises `wireRefs`. If the weak client is dead, a successor hook
//!   raises the generation and the number of live hooks. `Shutdown` lowers the number of live
//!   hooks, and only the last one sends `Release(wireRefs)` and deletes the entry.
//! * A hook describes itself as `receiverHosted` only if its generation is current. An application
//!   uses no client that is shut down, and so none of an earlier generation: no step of the model
//!   depends on this test.
//! * A question's id is free again when both `Return` was read and `Finish` is in the queue. After
//!   a `Return`, `Finish` is sent at once, and does not release the result. If the application
//!   gives the question up before, `Finish` releases the result, and a `Return` that comes after
//!   it is not imported.
//! * An exported promise keeps its id. Once it is resolved, further mentions are of what it was
//!   resolved to. A `Resolve` for a promise that was released is legal: it crossed the `Release`,
//!   and its mention is given back at once.

mod bend;
mod rules;
mod tables;

pub use bend::GoBend;
pub use tables::GoTables;

use super::kit::{Desc, Finish, Given as GivenBack, Op, Returned, Wired, Words};
use super::{Bend, Collection, EffectsOf, Protocol};
use crate::names::{Object, VatId};
use crate::world::{Arrival, Content, Given, Key, Position, Refused, Table, WireOrder};
use captp_gc::protocol::SessionId;
use smallvec::SmallVec;
use tables::Link;

/// The words of `rpc.capnp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GoWords;

impl Words for GoWords {
    fn desc(desc: &Desc) -> String {
        match desc {
            Desc::Mention { index, promise: false, .. } => format!("senderHosted {index}"),
            Desc::Mention { index, promise: true, .. } => format!("senderPromise {index}"),
            Desc::Home(Position { table: Table::Exports, index }) => {
                format!("receiverHosted {index}")
            }
            Desc::Home(Position { table: Table::Answers, index }) => {
                format!("receiverAnswer {index}")
            }
        }
    }

    fn release(given: &[GivenBack]) -> String {
        let all = given.iter().map(|g| format!("Release({}, {})", g.index, g.delta));
        all.collect::<Vec<_>>().join(", ")
    }

    fn returned(returned: &Returned, result: &str) -> String {
        format!("Return({}) {result}", returned.question)
    }

    fn finish(finish: &Finish) -> String {
        let results = if finish.release_results { ", releaseResultCaps" } else { "" };
        format!("Finish({}{results})", finish.answer)
    }

    fn resolve(promise: captp_gc::protocol::Index, to: &str) -> String {
        format!("Resolve({promise}) {to}")
    }
}

/// go-capnp, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct GoCapnp {
    /// The rule that is bent, if any.
    pub bend: Option<GoBend>,
}

impl Protocol for GoCapnp {
    type Tables = GoTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Go(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> GoTables {
        GoTables::new(id, vats)
    }

    fn wire_order(&self) -> WireOrder {
        if self.is_bent(GoBend::FinishOvertakesCalls) {
            WireOrder::FinishFirst
        } else {
            WireOrder::Fifo
        }
    }

    fn collection(&self) -> Collection {
        Collection::Threaded
    }

    fn write(
        &self,
        own: &mut GoTables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<Op<GoWords>, Refused> {
        Ok(match content {
            Content::Deliver(given) => {
                let wired = given.iter().map(|given| self.describe(own, to, *given));
                Op::Deliver(wired.collect::<Result<SmallVec<[Wired; 2]>, _>>()?)
            }
            Content::Call(target) => Op::Call(self.describe(own, to, *target)?),
            Content::Ask { target, argument, answer } => {
                let mut describe = |given: Given| self.describe(own, to, given);
                let target = target.map(&mut describe).transpose()?;
                let argument = argument.map(describe).transpose()?;
                let link = own.link_mut(to);
                let (question, incarnation) = link.new_question();
                let at = Position::answer(question);
                let key = Key { peer: to, at, session: link.session, incarnation };
                effects.arrived.push(Arrival::Proxy { key, installed: true, ghost: *answer });
                Op::Ask { target, argument, question, answer: *answer }
            }
            Content::Return { answer, call, result } => {
                let what = result.map(|given| own.target(given).what);
                let result = result.map(|given| self.describe(own, to, given)).transpose()?;
                own.link_mut(to).returns(*answer, what, result, effects)?;
                own.forget_resolutions();
                let release_params = false;
                Op::Return(Returned { question: *answer, call: *call, result, release_params })
            }
        })
    }

    fn read(
        &self,
        own: &mut GoTables,
        from: VatId,
        body: &Op<GoWords>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        match body {
            Op::Release(given) => {
                let exports = &mut own.link_mut(from).exports;
                for given in given {
                    let evicted = exports.release(given.index, given.delta);
                    effects.evicted.extend(evicted.map_err(|_refusal| Refused)?);
                }
            }
            Op::Deliver(_) | Op::Call(_) => {
                self.receive(own.link_mut(from), from, &body.wired(), effects)?;
            }
            Op::Ask { question, answer, .. } => {
                let link = own.link_mut(from);
                if link.answer(*question).is_some() {
                    return Err(Refused);
                }
                self.receive(link, from, &body.wired(), effects)?;
                link.new_answer(*question, *answer);
                let asked = Arrival::Asked { by: from, answer: *question, call: *answer };
                effects.arrived.push(asked);
            }
            Op::Return(returned) => self.returned(own.link_mut(from), from, returned, effects)?,
            Op::Finish(finish) => Self::finished(own.link_mut(from), *finish, effects)?,
            Op::Resolve { promise, to } => {
                self.resolved(own.link_mut(from), from, (*promise, *to), effects)?;
            }
            Op::AskForYou { .. } | Op::Redirect { .. } | Op::NotResolved { .. } => {
                return Err(Refused);
            }
            Op::Words(_, never) => match *never {},
        }
        own.forget_resolutions();
        Ok(())
    }

    fn resolve(
        &self,
        own: &mut GoTables,
        promise: Object,
        to: Given,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        self.settle(own, promise, to, effects)
    }

    fn clear(&self, own: &mut GoTables, proxy: Key) -> bool {
        let link = own.link_mut(proxy.peer);
        let Key { at, incarnation, .. } = proxy;
        if proxy.session != link.session {
            return false;
        }
        match at.table {
            Table::Answers => {
                let asked = link.question(at.index);
                asked.is_some_and(|q| q.incarnation == incarnation && !q.finished)
            }
            Table::Exports => {
                let leaked = link.imports.get(at.index).is_some_and(|i| i.mark.leaked);
                !leaked && link.imports.clear(at.index, incarnation)
            }
        }
    }

    fn notify(&self, own: &mut GoTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let link = own.link_mut(proxy.peer);
        if proxy.session != link.session {
            return;
        }
        match proxy.at.table {
            Table::Answers => cancel(link, proxy, effects),
            Table::Exports => self.shut_down(link, proxy, effects),
        }
    }

    fn close(
        &self,
        own: &mut GoTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(peer);
        if next <= link.session {
            return Err(Refused);
        }
        effects.evicted.extend(std::mem::replace(link, Link::new(next)).exports.close());
        own.forget_resolutions();
        Ok(())
    }
}

/// The application gives a question up. Nothing is sent if the answer has come meanwhile.
fn cancel(link: &mut Link, proxy: Key, effects: &mut EffectsOf<GoCapnp>) {
    let question = link.question_mut(proxy.at.index);
    let question = question.filter(|q| q.incarnation == proxy.incarnation && !q.finished);
    if let Some(question) = question {
        question.finished = true;
        let finish = Finish { answer: proxy.at.index, release_results: true, upto: 0 };
        effects.sent.push((proxy.peer, Op::Finish(finish)));
    }
}
