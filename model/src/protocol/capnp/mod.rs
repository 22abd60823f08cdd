//! Cap'n Proto RPC, one vat one thread, and the ways to bend it.
//!
//! **Modelled:** `senderHosted`, `senderPromise`, `receiverHosted` and `receiverAnswer`
//! descriptors, `Release` with its reference count, `Resolve` (also where it crosses a `Release`),
//! calls with results (`Call`, `Return`, `Finish`), cancellation, `releaseResultCaps`,
//! `releaseParamCaps`, tail calls back to the caller, lowest free id first for exports and
//! questions, deterministic destructors, failed sends, a `Resolve` that comes back
//! `unimplemented`, the end of a connection. A message to the peer's first object, and a call
//! without a result, are calls whose question is of no interest. A promise keeps its entry when
//! it is resolved, beside that of what it was resolved to, and is described by its state at that
//! time. What a reference is handed on to a third vat for is a proxy of one's own.
//!
//! **Left out:** third-party handoff and its vines, embargoes, `noFinishNeeded`, other
//! `unimplemented` messages, calls that are forwarded by a promise that was resolved.
//!
//! **Source:** `rpc.capnp`, and capnproto's `rpc.c++`: an id of a question is free when `Return`
//! was received and `Finish` sent; an entry goes at a count of exactly zero; a `Release` of more,
//! or of an unknown id, ends the connection; `Resolve` of an unknown import is legal, and its
//! replacement is released; `Finish` asks for the release of the results if they are still
//! awaited. The import's destructor tests whether the entry is still its own; with destructors
//! that run at the last drop there is no gap in which another could stand there.
//!
//! `releaseParamCaps` is used as `rpc.capnp` allows it, not as the C++ and the Rust
//! implementations do, which send `false` and a `Release`: what came as a parameter, and was
//! dropped before the call is returned, goes back with the `Return`.

mod bend;
mod read;
mod tables;
mod tail;
mod words;

pub use bend::CapnpBend;
pub use tables::CapnpTables;
pub use words::{CapnpBody, CapnpWords};

use super::kit::{Desc, Finish, Op, Returned, Wired};
use super::{Bend, Collection, EffectsOf, Protocol};
use crate::names::{Object, VatId};
use crate::world::{
    Arrival, Content, Fault, Ghost, Given, Key, Position, Redirected, Refused, Table, What,
};
use captp_gc::protocol::export_slot::Mention;
use captp_gc::protocol::{ImportSlot, Index, SessionId, WireCount};
use smallvec::SmallVec;
use tables::{Link, Results};

/// Cap'n Proto RPC, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capnp {
    /// The rule that is bent, if any.
    pub bend: Option<CapnpBend>,
}

const NEVER_ALLOCATED: Index = Index::new(77);
const OVER_RELEASE: u8 = 0;
const UNKNOWN_RELEASE: u8 = 1;
const UNKNOWN_TARGET: u8 = 2;
const UNKNOWN_QUESTION: u8 = 3;

impl Protocol for Capnp {
    type Tables = CapnpTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Capnp(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> CapnpTables {
        let links = id.others(vats).map(|_| Link::new(SessionId::FIRST)).collect();
        CapnpTables { id, links, settled: SmallVec::new() }
    }

    fn collection(&self) -> Collection {
        Collection::Immediate
    }

    fn returns_parameters(&self) -> bool {
        true
    }

    fn forgets_waits(&self) -> bool {
        self.is_bent(CapnpBend::WaitIsNoReference)
    }

    fn write(
        &self,
        own: &mut CapnpTables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<CapnpBody, Refused> {
        match content {
            Content::Deliver(given) => {
                let wired: Result<_, Refused> =
                    given.iter().map(|given| self.describe(own, to, *given)).collect();
                Ok(Op::Deliver(wired?))
            }
            Content::Call(target) => Ok(Op::Call(self.describe(own, to, *target)?)),
            Content::Ask { target, argument, answer } => {
                let target = target.map(|given| self.describe(own, to, given)).transpose()?;
                let argument = argument.map(|given| self.describe(own, to, given)).transpose()?;
                let link = own.link_mut(to);
                let question = link.ask(mentioned(argument));
                let (key, ghost) = (link.asked(to, question), *answer);
                effects.arrived.push(Arrival::Proxy { key, installed: true, ghost });
                Ok(Op::Ask { target, argument, question, answer: *answer })
            }
            Content::Return { answer, call, result } => {
                let known = own.link(to).answer(*answer);
                let known = known.filter(|answer| !answer.returned).ok_or(Refused)?;
                if known.kept {
                    let link = own.link_mut(to);
                    link.take_kept(to, *answer, *result, effects);
                    link.returned(*answer, None);
                    let (question, call, release_params) = (*answer, *call, false);
                    let result = None;
                    return Ok(Op::Return(Returned { question, call, result, release_params }));
                }
                let result = result.map(|given| self.describe(own, to, given)).transpose()?;
                let link = own.link_mut(to);
                let release_params = link.give_param_back(*answer);
                link.returned(*answer, mentioned(result));
                if self.is_bent(CapnpBend::AnswerGoneBeforeFinish) {
                    link.answers.retain(|known| known.id != *answer);
                }
                Ok(Op::Return(Returned { question: *answer, call: *call, result, release_params }))
            }
        }
    }

    fn unwrite(
        &self,
        own: &mut CapnpTables,
        to: VatId,
        body: &CapnpBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if self.is_bent(CapnpBend::FailedSendKept) {
            return Ok(());
        }
        let exports = &mut own.link_mut(to).exports;
        let mentions = body.wired().into_iter().filter_map(|wired| mentioned(Some(wired)));
        effects.evicted.extend(mentions.filter_map(|index| exports.unmention(index)));
        Ok(())
    }

    fn read(
        &self,
        own: &mut CapnpTables,
        from: VatId,
        body: &CapnpBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let read = self.read_message(own, from, body, effects);
        let unknown = matches!(body, Op::Release(given)
            if given.iter().any(|given| own.link(from).exports.get(given.index).is_none()));
        if unknown && read.is_err() && self.is_bent(CapnpBend::UnknownIdPanics) {
            own.links.iter_mut().for_each(|link| *link = Link::new(link.session));
        }
        read
    }

    fn resolve(
        &self,
        own: &mut CapnpTables,
        promise: Object,
        to: Given,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        own.settled.push((promise, to.what));
        own.settled.sort_unstable();
        let peers = VatId::ALL.into_iter().filter(|peer| *peer != own.id);
        let peers: SmallVec<[VatId; 2]> = peers.take(own.links.len()).collect();
        for peer in peers {
            let exported = own.link(peer).exports.index_of(What::Local(promise));
            if let Some(index) = exported {
                let replacement = self.describe(own, peer, to)?;
                let resolve = Op::Resolve { promise: index, to: Some(replacement) };
                effects.sent.push((peer, resolve));
            }
        }
        Ok(())
    }

    fn may_redirect(&self, own: &CapnpTables, by: VatId, answer: Index) -> bool {
        own.link(by).answer(answer).is_some_and(|answer| !answer.kept)
    }

    fn redirect(
        &self,
        own: &mut CapnpTables,
        to: VatId,
        redirected: Redirected,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        self.write_redirect(own, to, redirected, effects)
    }

    fn clear(&self, own: &mut CapnpTables, proxy: Key) -> bool {
        let link = own.link_mut(proxy.peer);
        if link.session != proxy.session {
            return false;
        }
        match proxy.at.table {
            Table::Exports => link.imports.clear(proxy.at.index, proxy.incarnation),
            Table::Answers => link.question(proxy.at.index).is_some(),
        }
    }

    fn notify(&self, own: &mut CapnpTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let Key { peer, at, .. } = proxy;
        let link = own.link_mut(peer);
        let asked = link.question(at.index).filter(|_| at.table == Table::Answers);
        let kept = asked.and_then(|question| question.takes);
        let sent = match at.table {
            Table::Exports => self.release(link, at.index),
            Table::Answers => self.finish(link, at.index),
        };
        effects.sent.extend(sent.map(|body| (peer, body)));
        if let Some(kept) = kept {
            link.cancel_kept(peer, kept, effects);
        }
    }

    fn may_refuse(&self, body: &CapnpBody) -> bool {
        matches!(body, Op::Resolve { .. })
    }

    fn refuse(
        &self,
        _own: &mut CapnpTables,
        from: VatId,
        body: &CapnpBody,
        effects: &mut EffectsOf<Self>,
    ) {
        if let Op::Resolve { promise, to } = *body {
            effects.sent.push((from, Op::NotResolved { promise, to }));
        }
    }

    fn faults(&self, _own: &CapnpTables, proxies: &[Index]) -> SmallVec<[Fault; 8]> {
        let what = "a reference count above that of";
        let over = proxies.iter().map(|at| Fault { code: OVER_RELEASE, what, at: Some(*at) });
        let unknown = [
            (UNKNOWN_RELEASE, "a Release of an export that there is not"),
            (UNKNOWN_TARGET, "a call to an export that there is not"),
            (UNKNOWN_QUESTION, "a Return to a question that there is not"),
        ];
        over.chain(unknown.map(|(code, what)| Fault { code, what, at: None })).collect()
    }

    fn faulty(&self, fault: Fault, ghost: Ghost) -> CapnpBody {
        let home = Desc::Home(Position::export(NEVER_ALLOCATED));
        match (fault.code, fault.at) {
            (OVER_RELEASE, Some(at)) => Op::release(at, u32::MAX),
            (UNKNOWN_TARGET, _) => Op::Call(Wired { desc: home, ghost }),
            (UNKNOWN_QUESTION, _) => Op::Return(Returned {
                question: NEVER_ALLOCATED,
                call: ghost,
                result: None,
                release_params: false,
            }),
            _ => Op::release(NEVER_ALLOCATED, 1),
        }
    }

    fn close(
        &self,
        own: &mut CapnpTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(peer);
        let mut old = std::mem::replace(link, Link::new(next));
        if self.is_bent(CapnpBend::ExportsOutliveSession) {
            effects.evicted.extend(old.exports.iter().map(|(_, entry)| entry.what));
            link.exports = old.exports;
        } else {
            effects.evicted.extend(old.exports.close());
        }
        Ok(())
    }
}

impl Capnp {
    fn is_bent(self, bend: CapnpBend) -> bool {
        self.bend == Some(bend)
    }

    /// How a reference is written; a mention is counted (R1).
    fn describe(self, own: &mut CapnpTables, to: VatId, given: Given) -> Result<Wired, Refused> {
        let Given { what, ghost } = given;
        if let What::Proxy(key) = what
            && key.peer == to
        {
            return Ok(Wired { desc: Desc::Home(key.at), ghost });
        }
        let open = own.is_open_promise(what);
        let (index, mention) = own.link_mut(to).exports.mention(what, ()).ok_or(Refused)?;
        let again = mention == Mention::Later;
        let settled = again && self.is_bent(CapnpBend::PromiseSettledWhenMentionedAgain);
        Ok(Wired { desc: Desc::Mention { index, again, promise: open && !settled }, ghost })
    }

    /// The proxy of an import is gone: everything goes back but the parameters of calls that are
    /// not returned yet.
    fn release(self, link: &mut Link, index: Index) -> Option<CapnpBody> {
        let import = *link.imports.get(index)?;
        let brought = u32::try_from(link.brought(index)).ok()?;
        let count = import.slot.count().get();
        let delta = count.saturating_sub(brought);
        let kept = ImportSlot::new(WireCount::new(count - delta), false);
        if kept.count().is_zero() {
            link.imports.remove(index);
        } else if let Some(import) = link.imports.get_mut(index) {
            import.slot = kept;
        }
        if self.is_bent(CapnpBend::ReleasedProxyHandedOut) {
            link.imports.mention(index, tables::Mark { stale: true, ..import.mark })?;
            let import = link.imports.get_mut(index)?;
            (import.slot, import.mark.stale) = (kept, true);
        }
        if self.is_bent(CapnpBend::ResultNotReleased) && import.mark.in_result {
            return None;
        }
        (delta > 0).then(|| Op::release(index, delta))
    }

    /// The answer is not wanted any more.
    fn finish(self, link: &mut Link, id: Index) -> Option<CapnpBody> {
        let question = link.question_mut(id)?;
        let awaited = !question.returned;
        let bent = match self.bend {
            Some(CapnpBend::FinishWithoutRelease) => Some(Results::GivenBack),
            Some(CapnpBend::LateReturnDropped) => Some(Results::ToCome),
            _ => None,
        };
        question.finished = Some(bent.unwrap_or(Results::GivenBack));
        let release_results = awaited && bent.is_none();
        if !awaited || self.is_bent(CapnpBend::QuestionFreeBeforeReturn) {
            link.questions.retain(|question| question.id != id);
        }
        Some(Op::Finish(Finish { answer: id, release_results, upto: 0 }))
    }
}

impl Link {
    /// A call is returned. Returns whether the mention among its parameters goes back with it: if
    /// nothing lives that needs it.
    fn give_param_back(&mut self, answer: Index) -> bool {
        let Some(param) = self.answer(answer).and_then(|answer| answer.param) else { return false };
        let Some(import) = self.imports.get_mut(param).filter(|import| !import.slot.is_live())
        else {
            return false;
        };
        let count = WireCount::new(import.slot.count().get().saturating_sub(1));
        import.slot = ImportSlot::new(count, false);
        if count.is_zero() {
            self.imports.remove(param);
        }
        true
    }

    fn returned(&mut self, answer: Index, result: Option<Index>) {
        for known in self.answers.iter_mut().filter(|known| known.id == answer) {
            (known.returned, known.result, known.param) = (true, result, None);
        }
    }
}

/// The sender's export that is mentioned.
fn mentioned(wired: Option<Wired>) -> Option<Index> {
    match wired?.desc {
        Desc::Mention { index, .. } => Some(index),
        Desc::Home(_) => None,
    }
}
