//! `@endo/captp` with `gcImports`, as its rules are where its known defects are mended, and the
//! ways to bend them, which are those defects.
//!
//! **Modelled:** slots `o+N` and `o-N` that both vats number from 1 and never use again; a count
//! once per slot and message, at both ends, kept until the message is whole; `CTP_DROP` with
//! `decRefs`, which an exporter takes for the whole count if it is too large, and ignores for a
//! slot that it does not know; a dead slot that is mentioned again, whose drop is sent by the act
//! of installing the successor, and whose finaliser is unregistered then; questions and answers
//! `q-N`, dropped by the same message, and held until they are answered; sessions
//! (`CTP_DISCONNECT` and `epoch`). **Left out:** promises as arguments (`CTP_RESOLVE`), traps, the
//! question of a call whose result nobody wants, and that the source unregisters the finalisers of
//! a connection that ends: here they come late, and find nothing.
//! **Source:** endo 1fa6c227e58f, `packages/captp/src/{captp,finalize}.js`; the messages were
//! recorded from `@endo/captp` 4.5.1.
//!
//! The mended rules are: only arguments and results are counted (4.5.1 counts the target of a call,
//! too); the way from a value to its slot goes with the slot; an answer is dropped under the name
//! that it is kept under.

mod words;

pub use words::CtpWords;

use super::kit::{self, Beside, Desc, Finish, Link, Op, Runtime, Wired};
use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Content, Given, Key, Position, Refused, Table, What};
use captp_gc::protocol::export_slot::Refusal;
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

/// One way of getting `@endo/captp` wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndoBend {
    /// `CTP_DROP` has no count: the exporter forgets the slot at once.
    UncountedDrop,
    /// The target of a call is counted under the name that the caller gave it, which is that of an
    /// import.
    TargetCountedAsImport,
    /// The way from a value to its slot outlives the slot.
    ValueKeepsSlot,
    /// An answer is dropped under another name than it is kept under.
    AnswerDroppedUnderAnotherName,
    /// A finaliser never runs.
    FinaliserNeverRuns,
    /// The finaliser of a dead proxy is not unregistered when a successor is installed, and acts
    /// on whatever has the slot.
    FinaliserNotUnregistered,
    /// The exporter counts every mention, the importer once per message.
    ExporterCountsEveryMention,
    /// An answer goes as soon as it is returned.
    AnswerGoesWhenReturned,
}

/// `@endo/captp`, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct EndoCapTp {
    bend: Option<EndoBend>,
}

/// What is kept beside the tables of one connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct EndoBeside {
    /// What is counted of imports that were not mentioned: only a bent protocol does.
    miscounted: SmallVec<[(Index, u32); 1]>,
}

impl Beside for EndoBeside {
    const QUESTIONS_ARE_HELD: bool = true;

    fn counts(&self) -> SmallVec<[(Index, u32); 1]> {
        self.miscounted.clone()
    }
}

impl EndoBeside {
    fn miscount(&mut self, index: Index) {
        match self.miscounted.iter_mut().find(|(at, _)| *at == index) {
            Some((_, count)) => *count += 1,
            None => self.miscounted.push((index, 1)),
        }
        self.miscounted.sort_unstable();
    }

    fn take_miscounted(&mut self, index: Index) -> u32 {
        let taken = self.miscounted.iter().find(|(at, _)| *at == index).map_or(0, |(_, n)| *n);
        self.miscounted.retain(|(at, _)| *at != index);
        taken
    }
}

type EndoLink = Link<EndoBeside>;
type EndoOp = Op<CtpWords>;

impl Protocol for EndoCapTp {
    type Tables = Runtime<EndoBeside, CtpWords>;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::EndoCapTp(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> Self::Tables {
        Runtime::new(id, vats)
    }

    fn write(
        &self,
        tables: &mut Self::Tables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<EndoOp, Refused> {
        let link = tables.link_mut(to);
        let mut seen: SmallVec<[Index; 2]> = SmallVec::new();
        let op = link
            .write(to, content, effects, |link, given| self.describe(link, to, given, &mut seen))?;
        if let Op::Return(returned) = &op
            && self.is_bent(EndoBend::AnswerGoesWhenReturned)
        {
            let _wrongly = link.answers.remove(returned.question);
        }
        Ok(op)
    }

    fn read(
        &self,
        tables: &mut Self::Tables,
        from: VatId,
        op: &EndoOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = tables.link_mut(from);
        match op {
            Op::Release(given) => {
                for given in given {
                    effects.evicted.extend(self.drop_refs(link, given.index, given.delta));
                }
                return Ok(());
            }
            Op::Finish(finish) => {
                if !self.is_bent(EndoBend::AnswerDroppedUnderAnotherName) {
                    // One that is not known is counted as a drop, and that is all.
                    let _known = link.answers.remove(finish.answer);
                }
                return Ok(());
            }
            Op::Return(returned) if !link.questions.answer(returned.question) => {
                return Err(Refused);
            }
            Op::Call(target) | Op::Ask { target: Some(target), .. } => {
                self.count_target(link, target);
            }
            _ => {}
        }
        let mut seen: SmallVec<[Index; 2]> = SmallVec::new();
        link.read_refs(from, op, effects, |link, index, effects| {
            self.mention(link, from, index, &mut seen, effects)
        })
    }

    fn clear(&self, tables: &mut Self::Tables, proxy: Key) -> bool {
        let owed = tables.link_mut(proxy.peer).clear(proxy);
        owed && !self.is_bent(EndoBend::FinaliserNeverRuns)
    }

    fn forget(&self, tables: &mut Self::Tables, peer: VatId, at: Index) {
        tables.link_mut(peer).imports.forget(at);
    }

    fn notify(&self, tables: &mut Self::Tables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let link = tables.link_mut(proxy.peer);
        if proxy.session != link.session {
            return;
        }
        let index = proxy.at.index;
        match proxy.at.table {
            Table::Answers => {
                if link.questions.remove(index) {
                    let finish = Finish { answer: index, release_results: false, upto: 0 };
                    effects.sent.push((proxy.peer, Op::Finish(finish)));
                }
            }
            Table::Exports => {
                if self.is_bent(EndoBend::FinaliserNotUnregistered) {
                    let successor = link.imports.get(index).map(|import| import.incarnation);
                    let _killed = successor.is_some_and(|of| link.imports.clear(index, of));
                }
                effects.sent.extend(give_back(link, proxy));
            }
        }
    }

    fn close(
        &self,
        tables: &mut Self::Tables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        tables.link_mut(peer).close(next, effects)
    }
}

impl EndoCapTp {
    fn is_bent(self, bend: EndoBend) -> bool {
        self.bend == Some(bend)
    }

    /// Describes a reference. `seen` are the slots that this message has counted.
    fn describe(
        self,
        link: &mut EndoLink,
        to: VatId,
        given: &Given,
        seen: &mut SmallVec<[Index; 2]>,
    ) -> Result<Wired, Refused> {
        let home = matches!(given.what, What::Proxy(key) if key.peer == to);
        let known = link.exports.index_of(given.what).filter(|_| !home);
        if let Some(index) = known {
            let counts_all = self.is_bent(EndoBend::ExporterCountsEveryMention);
            let counted = seen.contains(&index) && !counts_all;
            // The slot is gone, the way to it is not: its name is written, and no entry made.
            let dangling = link.exports.get(index).is_none();
            if counted || dangling {
                let desc = Desc::Mention { index, again: true, promise: false };
                return Ok(Wired { desc, ghost: given.ghost });
            }
        }
        let wired = link.describe(to, given, false)?;
        if let Desc::Mention { index, .. } = wired.desc {
            seen.push(index);
        }
        Ok(wired)
    }

    /// Reads a mention. A dead proxy's mentions are given back before a successor is installed, and
    /// its finaliser is unregistered.
    fn mention(
        self,
        link: &mut EndoLink,
        from: VatId,
        index: Index,
        seen: &mut SmallVec<[Index; 2]>,
        effects: &mut EffectsOf<Self>,
    ) -> Option<(Incarnation, bool)> {
        let before = link.imports.get(index).copied();
        if let Some(import) = before {
            let dead = !import.slot.is_live() && !import.slot.count().is_zero();
            if dead && !self.is_bent(EndoBend::FinaliserNotUnregistered) {
                let key = link.import_key(from, index, import.incarnation);
                effects.withdrawn.push(key);
                effects.sent.extend(give_back(link, key));
            }
        }
        if seen.contains(&index) {
            return before.map(|import| (import.incarnation, false));
        }
        seen.push(index);
        link.imports.mention(index, ())
    }

    fn count_target(self, link: &mut EndoLink, target: &Wired) {
        if let Desc::Home(Position { table: Table::Exports, index }) = target.desc
            && self.is_bent(EndoBend::TargetCountedAsImport)
        {
            link.beside.miscount(index);
        }
    }

    /// `CTP_DROP`. Returns what was denoted if the slot is forgotten.
    fn drop_refs(self, link: &mut EndoLink, index: Index, dec_refs: u32) -> Option<What> {
        let count = link.exports.get(index)?.slot.count().get();
        let all = dec_refs >= count;
        match self.bend {
            Some(EndoBend::UncountedDrop) => link.exports.remove(index),
            Some(EndoBend::ValueKeepsSlot) if all => link.exports.remove_entry(index),
            _ => match link.exports.release(index, dec_refs) {
                Err(Refusal::Above(_)) => link.exports.remove(index),
                released => released.ok().flatten(),
            },
        }
    }
}

/// The drop of a dead proxy's mentions, if there are any to give back.
fn give_back(link: &mut EndoLink, proxy: Key) -> SmallVec<[(VatId, EndoOp); 1]> {
    let index = proxy.at.index;
    let Some(count) = link.imports.notify(index) else { return SmallVec::new() };
    let delta = count + link.beside.take_miscounted(index);
    let upto = u32::try_from(proxy.incarnation.get()).unwrap_or(u32::MAX);
    smallvec![(proxy.peer, Op::Release(smallvec![kit::Given { index, delta, upto }]))]
}
