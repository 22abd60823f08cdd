//! capnweb, as its protocol text states its rules, and the ways to bend them.
//!
//! **Modelled:** explicit dispose, in the same step; exports at ids that their exporter chooses
//! (negative on the wire) and never uses again, a fresh one for every mention; `["release", id, n]`
//! with the number of times that the id was introduced; a bad release ends the session; `push`,
//! whose id is chosen by the caller, and `resolve`, whose delivery releases the promise, and which
//! may come for a promise that was released already: then what it carries is disposed of.
//! **Left out:** promises as arguments, `pull` (every result is wanted), `reject`, streams, pipes,
//! session limits, and numbers that only their type is checked of.
//! **Source:** cloudflare/capnweb 32e381cd5a1c, `src/rpc.ts` and the protocol reference.
//!
//! The implementation departs from the text in one way that shows nothing by itself: its importer
//! does not count (#140). That is a half of [`WebBend::BooleanCountAndDedupe`].

use super::kit::{Beside, Desc, Finish, Given, Op, Returned, Runtime, Words};
use super::{Bend, Collection, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Fault, Ghost, Key, Position, Refused, Table};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

/// One way of getting capnweb wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WebBend {
    /// The importer's count does not rise (#140).
    BooleanCount,
    /// A stub that was exported before is exported at the id that it has (#141, as asked for).
    Dedupe,
    /// Both.
    BooleanCountAndDedupe,
    /// A reference that is settled still names the id that its settling released.
    SettledStillNamed,
    /// What a resolution carries for a promise that was released is not disposed of.
    LateResolutionKept,
    /// A release of more than the count is taken for the count.
    OverReleaseAccepted,
}

/// What capnweb calls its messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WebWords;

impl Words for WebWords {
    fn desc(desc: &Desc) -> String {
        match desc {
            Desc::Mention { index, .. } => format!("export -{index}"),
            Desc::Home(Position { table: Table::Exports, index }) => format!("import -{index}"),
            Desc::Home(Position { table: Table::Answers, index }) => format!("pipeline {index}"),
        }
    }

    fn release(given: &[Given]) -> String {
        let one = |g: &Given| match g.delta {
            ONE_ABOVE_THE_COUNT => format!("release -{}, n+1", g.index),
            delta => format!("release -{}, {delta}", g.index),
        };
        given.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn returned(returned: &Returned, result: &str) -> String {
        format!("resolve {} {result}", returned.question)
    }

    fn finish(finish: &Finish) -> String {
        format!("release {}, 1", finish.answer)
    }
}

/// A faulty release that is read as one more than the reader's count.
const ONE_ABOVE_THE_COUNT: u32 = u32::MAX;
/// An id that no vat of these worlds allocates.
const NEVER_ALLOCATED: Index = Index::new(77);
const OVER_RELEASE: u8 = 0;
const UNKNOWN_EXPORT: u8 = 1;

/// capnweb, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capnweb {
    bend: Option<WebBend>,
}

/// Nothing is kept beside the tables.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct WebBeside;

impl Beside for WebBeside {}

type WebOp = Op<WebWords>;

impl Protocol for Capnweb {
    type Tables = Runtime<WebBeside, WebWords>;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Capnweb(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> Self::Tables {
        Runtime::new(id, vats)
    }

    fn collection(&self) -> Collection {
        Collection::Immediate
    }

    fn first_object(&self) -> Option<Index> {
        Some(Index::new(0))
    }

    fn write(
        &self,
        tables: &mut Self::Tables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<WebOp, Refused> {
        let dedupes = self.is_bent(&[WebBend::Dedupe, WebBend::BooleanCountAndDedupe]);
        let link = tables.link_mut(to);
        link.write(to, content, effects, |link, given| {
            let known = link.exports.iter().find(|(_, entry)| entry.what == given.what);
            let known = known.map(|(index, _)| index).filter(|_| dedupes);
            match known {
                None => link.describe(to, given, true),
                Some(index) => link.describe_at(index, given),
            }
        })
    }

    fn read(
        &self,
        tables: &mut Self::Tables,
        from: VatId,
        op: &WebOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let boolean = self.is_bent(&[WebBend::BooleanCount, WebBend::BooleanCountAndDedupe]);
        let link = tables.link_mut(from);
        match op {
            Op::Release(given) => {
                for Given { index, delta, .. } in given {
                    let count = link.exports.get(*index).map_or(0, |e| e.slot.count().get());
                    let delta = if *delta == ONE_ABOVE_THE_COUNT { count + 1 } else { *delta };
                    let accepts = self.is_bent(&[WebBend::OverReleaseAccepted]) && count > 0;
                    let delta = if accepts { delta.min(count) } else { delta };
                    let gone = link.exports.release(*index, delta).map_err(|_refusal| Refused)?;
                    effects.evicted.extend(gone);
                }
                return Ok(());
            }
            Op::Finish(finish) => {
                return if link.answers.remove(finish.answer) { Ok(()) } else { Err(Refused) };
            }
            Op::Return(returned) => {
                let at = Position::answer(returned.question);
                let (session, incarnation) = (link.session, Incarnation::FIRST);
                let known = link.questions.answer(returned.question);
                if known && self.is_bent(&[WebBend::SettledStillNamed]) {
                    // The release goes out, and the reference stays as it is.
                    let _released = link.questions.remove(returned.question);
                    effects.sent.push((from, finish(returned.question)));
                } else if !known && self.is_bent(&[WebBend::LateResolutionKept]) {
                    // Nobody looks at what it carries.
                    let ignored = &mut EffectsOf::<Self>::default();
                    return link.read_refs(from, op, ignored, |link, index, _| {
                        link.imports.mention(index, ())
                    });
                } else {
                    // Its delivery releases the promise: nobody holds it any more. What it carries
                    // is held instead, if the promise was.
                    let key = Key { peer: from, at, session, incarnation };
                    effects.arrived.push(Arrival::Settled(key));
                }
            }
            _ => {}
        }
        link.read_refs(from, op, effects, |link, index, _| {
            let known = link.imports.get(index).filter(|import| import.slot.is_live());
            match known {
                Some(import) if boolean => Some((import.incarnation, false)),
                _ => link.imports.mention(index, ()),
            }
        })
    }

    fn clear(&self, tables: &mut Self::Tables, proxy: Key) -> bool {
        tables.link_mut(proxy.peer).clear(proxy)
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
            Table::Exports => {
                let given = link.imports.notify(index);
                effects.sent.extend(given.map(|delta| (proxy.peer, Op::release(index, delta))));
            }
            Table::Answers => {
                if link.questions.remove(index) {
                    effects.sent.push((proxy.peer, finish(index)));
                }
            }
        }
    }

    fn faults(&self, _tables: &Self::Tables, proxies: &[Index]) -> SmallVec<[Fault; 8]> {
        let over = |at: &Index| {
            let what = "a release of more than the count of";
            Fault { code: OVER_RELEASE, what, at: Some(*at) }
        };
        let what = "a release of an id that is not allocated";
        let unknown = Fault { code: UNKNOWN_EXPORT, what, at: None };
        proxies.iter().map(over).chain([unknown]).collect()
    }

    fn faulty(&self, fault: Fault, _ghost: Ghost) -> WebOp {
        let (index, delta) = match fault.at {
            Some(index) => (index, ONE_ABOVE_THE_COUNT),
            None => (NEVER_ALLOCATED, 1),
        };
        Op::Release(smallvec![Given { index, delta, upto: 0 }])
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

impl Capnweb {
    fn is_bent(self, bends: &[WebBend]) -> bool {
        self.bend.is_some_and(|bend| bends.contains(&bend))
    }
}

/// The promise of a result is released.
const fn finish(answer: Index) -> WebOp {
    Op::Finish(Finish { answer, release_results: false, upto: u32::MAX })
}
