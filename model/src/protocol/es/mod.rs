//! Distributed collection as the ECMAScript strawman for weak references sketched it, and the
//! example that TC39 published later.
//!
//! **Modelled:** `Import(i)`, one function for the first mention of an index and for every later
//! one, which raises `importCounts[i]` and returns a valid proxy; weak references with executors; a
//! drop that carries the import count; the exporter's counts; sessions. **Left out:** promises,
//! answers, faulty peers, and how a proxy is made. **Source:** M. S. Miller on es-discuss,
//! 2013-11-09; TC39 `history/weakrefs.md`. The old page of the strawman itself was not read.
//!
//! What the rules of the language say about weak references is the world's:
//!
//! * A step of the world is a turn. A dereference keeps its target alive to the end of the turn, so
//!   no proxy dies in the middle of a step. An executor runs in a turn of its own, so none is ever
//!   served in the middle of a message.
//! * An executor is told of a death after it: it cannot bring a proxy back.
//! * Executors run late and in any order. A batch of them is several steps with nothing between.
//!   One that never runs is a step that never comes: every state without it is judged, and only
//!   the claim that nothing leaks presupposes that it comes in the end.
//!
//! The strawman does not say which index a new export gets. The model takes the one freed last, as
//! E does: the worst case for what an index means.

mod tables;

pub use tables::EsTables;

use super::kit::{Desc, Given as GivenBack, Op, Wired, Words};
use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Given, Key, Position, Refused, What};
use captp_gc::protocol::SessionId;
use captp_gc::protocol::export_slot::Mention;
use smallvec::SmallVec;
use tables::Link;

/// The ways to bend it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EsBend {
    /// TC39's example as it was published: a drop carries no count, and an executor deletes what
    /// stands at its index.
    Published,
    /// The half of it that is the distributed race: a drop carries no count.
    UncountedDrop,
    /// The half of it that is the local race: an executor does not look for a successor.
    NoSuccessorTest,
    /// `Import(i)` returns the proxy that stands there without raising the count.
    ImportNotCounted,
    /// The weak reference leads to a dead proxy until the executor has run.
    Resurrection,
    /// No executor ever runs.
    ExecutorNeverRuns,
}

/// What the strawman's peers say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EsWords;

impl Words for EsWords {
    fn desc(desc: &Desc) -> String {
        match desc {
            Desc::Mention { index, .. } => format!("Import({index})"),
            Desc::Home(at) => format!("Export({})", at.index),
        }
    }

    fn release(given: &[GivenBack]) -> String {
        let all: Vec<_> = given.iter().map(|g| format!("drop({}, {})", g.index, g.delta)).collect();
        all.join(", ")
    }
}

/// The strawman, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Strawman {
    /// The rule that is bent, if any.
    pub bend: Option<EsBend>,
}

impl Strawman {
    fn is_bent(self, bend: EsBend) -> bool {
        self.bend == Some(bend)
    }

    /// As published, both halves are bent.
    fn is_bent_in_half(self, half: EsBend) -> bool {
        self.is_bent(half) || self.is_bent(EsBend::Published)
    }

    /// Everything that comes home can be found: nothing is counted before that is sure.
    fn receive(
        self,
        link: &mut Link,
        from: VatId,
        wired: &[Wired],
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let homes = wired.iter().filter_map(|wired| match wired.desc {
            Desc::Home(at) => Some(at),
            Desc::Mention { .. } => None,
        });
        if homes.into_iter().any(|at| link.exports.get(at.index).is_none()) {
            return Err(Refused);
        }
        for Wired { desc, ghost } in wired.iter().copied() {
            let arrival = match desc {
                Desc::Home(at) => match link.exports.get(at.index).ok_or(Refused)?.what {
                    What::Local(object) => Arrival::Home { object, ghost },
                    What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
                },
                Desc::Mention { index, .. } => {
                    let uncounted = self.is_bent(EsBend::ImportNotCounted);
                    let live = || link.imports.get(index).filter(|import| import.slot.is_live());
                    let (incarnation, installed) = match live() {
                        Some(import) if uncounted => (import.incarnation, false),
                        _ => link.imports.mention(index, ()).ok_or(Refused)?,
                    };
                    let at = Position::export(index);
                    let key = Key { peer: from, at, session: link.session, incarnation };
                    Arrival::Proxy { key, installed, ghost }
                }
            };
            effects.arrived.push(arrival);
        }
        Ok(())
    }

    /// A drop is read.
    fn lower(
        self,
        link: &mut Link,
        given: &GivenBack,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if self.is_bent_in_half(EsBend::UncountedDrop) {
            effects.evicted.extend(link.exports.remove(given.index));
            return Ok(());
        }
        let evicted = link.exports.release(given.index, given.delta);
        effects.evicted.extend(evicted.map_err(|_refusal| Refused)?);
        Ok(())
    }
}

impl Protocol for Strawman {
    type Tables = EsTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Es(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> EsTables {
        EsTables::new(id, vats)
    }

    fn write(
        &self,
        own: &mut EsTables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<Op<EsWords>, Refused> {
        let link = own.link_mut(to);
        let mut describe = |given: &Given| {
            let desc = match given.what {
                What::Proxy(key) if key.peer == to => Desc::Home(key.at),
                what => {
                    let (index, mention) = link.exports.mention(what, ()).ok_or(Refused)?;
                    Desc::Mention { index, again: mention == Mention::Later, promise: false }
                }
            };
            Ok(Wired { desc, ghost: given.ghost })
        };
        match content {
            Content::Deliver(given) => {
                let wired: Result<SmallVec<[Wired; 2]>, _> = given.iter().map(describe).collect();
                Ok(Op::Deliver(wired?))
            }
            Content::Call(target) => Ok(Op::Call(describe(target)?)),
            Content::Ask { .. } | Content::Return { .. } => Err(Refused),
        }
    }

    fn read(
        &self,
        own: &mut EsTables,
        from: VatId,
        body: &Op<EsWords>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(from);
        match body {
            Op::Release(given) => given.iter().try_for_each(|g| self.lower(link, g, effects)),
            Op::Deliver(_) | Op::Call(_) => self.receive(link, from, &body.wired(), effects),
            _ => Err(Refused),
        }
    }

    fn clear(&self, own: &mut EsTables, proxy: Key) -> bool {
        if self.is_bent(EsBend::Resurrection) {
            return true;
        }
        let link = own.link_mut(proxy.peer);
        let cleared =
            proxy.session == link.session && link.imports.clear(proxy.at.index, proxy.incarnation);
        cleared && !self.is_bent(EsBend::ExecutorNeverRuns)
    }

    fn notify(&self, own: &mut EsTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let link = own.link_mut(proxy.peer);
        if proxy.session != link.session {
            return;
        }
        let index = proxy.at.index;
        let looks_away =
            self.is_bent_in_half(EsBend::NoSuccessorTest) || self.is_bent(EsBend::Resurrection);
        if let Some(import) = link.imports.get(index).filter(|_| looks_away) {
            let incarnation = import.incarnation;
            let _successor = link.imports.clear(index, incarnation);
        }
        let delta = link.imports.notify(index);
        effects.sent.extend(delta.map(|delta| (proxy.peer, Op::release(index, delta))));
    }

    fn close(
        &self,
        own: &mut EsTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(peer);
        if next <= link.session {
            return Err(Refused);
        }
        effects.evicted.extend(std::mem::replace(link, Link::new(next)).exports.close());
        Ok(())
    }
}
