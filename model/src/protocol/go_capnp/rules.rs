//! The transitions of go-capnp's tables, and where a bend changes one.

use super::tables::{GoTables, Hooks, Link, Resolved};
use super::{GoBend, GoCapnp};
use crate::names::{Object, VatId};
use crate::protocol::EffectsOf;
use crate::protocol::kit::{Desc, Finish, Op, Returned, Wired};
use crate::world::{Arrival, Given, Key, Position, Refused, Table, What};
use captp_gc::protocol::Index;
use captp_gc::protocol::export_slot::Mention;

impl GoCapnp {
    pub(super) fn is_bent(self, bend: GoBend) -> bool {
        self.bend == Some(bend)
    }

    /// `sendCap`.
    pub(super) fn describe(
        self,
        own: &mut GoTables,
        to: VatId,
        given: Given,
    ) -> Result<Wired, Refused> {
        let Given { what, ghost } = own.target(given);
        let promise = own.is_pending(what);
        let exports = &mut own.link_mut(to).exports;
        let desc = match what {
            What::Proxy(key) if key.peer == to => Desc::Home(key.at),
            what => {
                let (index, mention) = exports.mention(what, 0).ok_or(Refused)?;
                let again = mention == Mention::Later;
                if let Some(entry) = exports.get_mut(index).filter(|_| promise) {
                    // Suspected of the real one: each mention starts another wait.
                    entry.mark += u8::from(!again || self.is_bent(GoBend::ResolverPerMention));
                }
                Desc::Mention { index, again, promise }
            }
        };
        Ok(Wired { desc, ghost })
    }

    /// `addImport`, and what comes home. Nothing is counted before all that comes home is found.
    pub(super) fn receive(
        self,
        link: &mut Link,
        from: VatId,
        wired: &[Wired],
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let missing = |wired: &Wired| match wired.desc {
            Desc::Home(Position { table: Table::Exports, index }) => {
                link.exports.get(index).is_none()
            }
            Desc::Home(Position { table: Table::Answers, index }) => link.answer(index).is_none(),
            Desc::Mention { .. } => false,
        };
        if wired.iter().any(missing) {
            return Err(Refused);
        }
        for Wired { desc, ghost } in wired.iter().copied() {
            let arrival = match desc {
                // The answer stands for a result that is not known: nothing comes home yet.
                Desc::Home(Position { table: Table::Answers, .. }) => continue,
                Desc::Home(at) => match link.exports.get(at.index).ok_or(Refused)?.what {
                    What::Local(object) => Arrival::Home { object, ghost },
                    What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
                },
                Desc::Mention { index, promise, .. } => {
                    let (key, installed) = self.import(link, from, index, promise)?;
                    Arrival::Proxy { key, installed, ghost }
                }
            };
            effects.arrived.push(arrival);
        }
        Ok(())
    }

    fn import(
        self,
        link: &mut Link,
        from: VatId,
        index: Index,
        promise: bool,
    ) -> Result<(Key, bool), Refused> {
        let fresh = Hooks { promise, ..Hooks::default() };
        let (incarnation, installed) = link.imports.mention(index, fresh).ok_or(Refused)?;
        let hooks = &mut link.imports.get_mut(index).ok_or(Refused)?.mark;
        hooks.live += u8::from(installed);
        let leak = if installed { GoBend::NewClientLeaks } else { GoBend::PromotionLeaks };
        hooks.leaked |= self.is_bent(leak);
        let at = Position::export(index);
        Ok((Key { peer: from, at, session: link.session, incarnation }, installed))
    }

    /// `importClient.Shutdown`.
    pub(super) fn shut_down(self, link: &mut Link, proxy: Key, effects: &mut EffectsOf<Self>) {
        let index = proxy.at.index;
        let Some(import) = link.imports.get_mut(index) else { return };
        import.mark.live = import.mark.live.saturating_sub(1);
        let (last, generation) = (import.mark.live == 0, import.incarnation);
        let acts = match self.bend {
            Some(GoBend::ShutdownActsOnIndex) => true,
            Some(GoBend::GenerationOnly) => generation == proxy.incarnation,
            _ => last,
        };
        if !acts {
            return;
        }
        // Where another hook lives all the same, the table forgets it with the entry.
        let _forgotten = link.imports.clear(index, generation);
        let count = link.imports.notify(index);
        let _entry = link.imports.remove(index);
        let twice = if self.is_bent(GoBend::ReleasedTwice) { 2 } else { 1 };
        let releases = count.into_iter().map(|count| (proxy.peer, Op::release(index, count)));
        releases.for_each(|release| effects.sent.extend(std::iter::repeat_n(release, twice)));
    }

    /// A `Return` is read. If the question was finished before, it is not imported.
    pub(super) fn returned(
        self,
        link: &mut Link,
        from: VatId,
        returned: &Returned,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let question = link.question(returned.question).ok_or(Refused)?;
        if !question.finished {
            let at = Position::answer(returned.question);
            let (session, incarnation) = (link.session, question.incarnation);
            effects.arrived.push(Arrival::Settled(Key { peer: from, at, session, incarnation }));
            self.receive(link, from, returned.result.as_slice(), effects)?;
            let finish = Finish { answer: returned.question, release_results: false, upto: 0 };
            effects.sent.push((from, Op::Finish(finish)));
        }
        link.questions.retain(|(id, _)| *id != returned.question);
        Ok(())
    }

    /// A `Finish` is read.
    pub(super) fn finished(
        link: &mut Link,
        finish: Finish,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        // What is retired already is tolerated.
        let Some(answer) = link.answer_mut(finish.answer) else { return Ok(()) };
        if answer.finished.is_some() {
            return Err(Refused);
        }
        answer.finished = Some(finish.release_results);
        link.retire(finish.answer, effects)
    }

    /// A `Resolve` is read.
    pub(super) fn resolved(
        self,
        link: &mut Link,
        from: VatId,
        (promise, to): (Index, Option<Wired>),
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let session = link.session;
        let Some(import) = link.imports.get_mut(promise) else {
            return self.resolved_late(link, from, to, effects);
        };
        if !import.mark.promise {
            return Err(Refused);
        }
        import.mark.promise = false;
        let (at, incarnation) = (Position::export(promise), import.incarnation);
        effects.arrived.push(Arrival::Settled(Key { peer: from, at, session, incarnation }));
        self.receive(link, from, to.as_slice(), effects)
    }

    /// The promise was released, and the `Resolve` had crossed that: what it mentions has no use
    /// here, but it is counted, and has to be given back.
    fn resolved_late(
        self,
        link: &mut Link,
        from: VatId,
        to: Option<Wired>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if self.is_bent(GoBend::LateResolveDropped) {
            return Ok(());
        }
        let Some(Wired { desc: Desc::Mention { index, .. }, .. }) = to else { return Ok(()) };
        let (key, installed) = self.import(link, from, index, false)?;
        // Nobody ever has the client. If it is a new one, its hook shuts down at once.
        if installed && link.imports.clear(index, key.incarnation) {
            self.shut_down(link, key, effects);
        }
        Ok(())
    }

    /// One of the vat's own promises is resolved: everybody who has it is told.
    pub(super) fn settle(
        self,
        own: &mut GoTables,
        promise: Object,
        to: Given,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let to = own.target(to);
        for peer in own.peers() {
            let exports = &own.link(peer).exports;
            let Some(index) = exports.index_of(What::Local(promise)) else { continue };
            for _ in 0..exports.get(index).map_or(0, |entry| entry.mark) {
                let to = Some(self.describe(own, peer, to)?);
                effects.sent.push((peer, Op::Resolve { promise: index, to }));
            }
        }
        own.resolved.push(Resolved { promise, to: Some((to.what, to.ghost)) });
        own.resolved.sort_unstable();
        own.forget_resolutions();
        Ok(())
    }
}

impl GoTables {
    /// What a reference leads to now: a promise that is resolved stands for what it is resolved to.
    pub(super) fn target(&self, given: Given) -> Given {
        let mut resolved = self.resolved.iter();
        let found = resolved.find(|r| What::Local(r.promise) == given.what);
        found.and_then(|r| r.to).map_or(given, |(what, ghost)| Given { what, ghost })
    }
}

impl Link {
    /// A `Return` is written.
    pub(super) fn returns(
        &mut self,
        id: Index,
        what: Option<What>,
        result: Option<Wired>,
        effects: &mut EffectsOf<GoCapnp>,
    ) -> Result<(), Refused> {
        let answer = self.answer_mut(id).ok_or(Refused)?;
        answer.returned = true;
        answer.result = what;
        answer.mentioned.extend(result.and_then(|wired| match wired.desc {
            Desc::Mention { index, .. } => Some(index),
            Desc::Home(_) => None,
        }));
        self.retire(id, effects)
    }

    /// An answer goes when it was both returned and finished.
    fn retire(&mut self, id: Index, effects: &mut EffectsOf<GoCapnp>) -> Result<(), Refused> {
        let answer = self.answer(id).filter(|answer| answer.returned);
        let Some((release, mentioned)) =
            answer.and_then(|answer| Some((answer.finished?, answer.mentioned.clone())))
        else {
            return Ok(());
        };
        self.answers.retain(|(at, _)| *at != id);
        for index in mentioned.into_iter().filter(|_| release) {
            let evicted = self.exports.release(index, 1).map_err(|_refusal| Refused)?;
            effects.evicted.extend(evicted);
        }
        Ok(())
    }
}
