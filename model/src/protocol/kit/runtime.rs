//! The runtime of one vat of a mention-counting system: for every peer four tables, and what the
//! system keeps beside them.

use super::{Answers, Desc, Exports, Ids, Imports, Op, Questions, Returned, Wired, Words};
use crate::names::VatId;
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Arrival, Content, Effects, Given, Key, Position, Refused, Table, What};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

/// The proxy that a mention is read as, and whether it is a new one.
type Handed = (Incarnation, bool);

/// What a system keeps beside the tables of one peer.
pub trait Beside: Clone + Default + Eq + Hash + Debug + Send + Sync + 'static {
    /// Whether a question's promise is held until it is answered.
    const QUESTIONS_ARE_HELD: bool = false;

    /// Import counts that are kept elsewhere than in the table.
    fn counts(&self) -> SmallVec<[(Index, u32); 1]> {
        SmallVec::new()
    }

    /// Whether anything is left that is no import.
    fn has_more(&self) -> bool {
        false
    }
}

/// Nothing beside the tables.
impl Beside for () {}

/// The tables for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Link<X> {
    /// The session that they belong to.
    pub session: SessionId,
    /// What the vat has exported to the peer.
    pub exports: Exports<()>,
    /// What it has imported.
    pub imports: Imports<()>,
    /// What it has asked.
    pub questions: Questions,
    /// What it was asked.
    pub answers: Answers,
    /// What else the system keeps.
    pub beside: X,
}

/// The runtime of one vat. Positions of exports and questions are never used again in a session.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Runtime<X, W> {
    id: VatId,
    /// In the order of the peers.
    links: SmallVec<[Link<X>; 1]>,
    words: PhantomData<W>,
}

impl<X: Beside> Link<X> {
    /// Empty tables.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            exports: Exports::new(Ids::NeverReused, 1),
            imports: Imports::default(),
            questions: Questions::new(1),
            answers: Answers::default(),
            beside: X::default(),
        }
    }

    /// A proxy of `peer`'s export.
    pub fn import_key(&self, peer: VatId, index: Index, incarnation: Incarnation) -> Key {
        Key { peer, at: Position::export(index), session: self.session, incarnation }
    }

    /// R1: a reference is described; a mention is counted, at the entry that there is or at one of
    /// its own.
    ///
    /// # Errors
    /// The count would wrap.
    pub fn describe(&mut self, to: VatId, given: &Given, anew: bool) -> Result<Wired, Refused> {
        let desc = match given.what {
            What::Proxy(key) if key.peer == to => Desc::Home(key.at),
            what => {
                let known = self.exports.index_of(what).is_some() && !anew;
                let mention = if anew {
                    self.exports.mention_anew(what, ())
                } else {
                    self.exports.mention(what, ())
                };
                let (index, _) = mention.ok_or(Refused)?;
                Desc::Mention { index, again: known, promise: false }
            }
        };
        Ok(Wired { desc, ghost: given.ghost })
    }

    /// R1: a further mention at an entry that there is.
    ///
    /// # Errors
    /// There is none, or its count would wrap.
    pub fn describe_at(&mut self, index: Index, given: &Given) -> Result<Wired, Refused> {
        let _later = self.exports.mention_at(index).ok_or(Refused)?;
        let desc = Desc::Mention { index, again: true, promise: false };
        Ok(Wired { desc, ghost: given.ghost })
    }

    /// What the application says, as a message; `describe` writes each reference.
    ///
    /// # Errors
    /// As `describe`'s.
    pub fn write<W: Words>(
        &mut self,
        to: VatId,
        content: &Content,
        effects: &mut Effects<Op<W>>,
        mut describe: impl FnMut(&mut Self, &Given) -> Result<Wired, Refused>,
    ) -> Result<Op<W>, Refused> {
        Ok(match content {
            Content::Deliver(given) => {
                let wired: Result<_, _> = given.iter().map(|g| describe(self, g)).collect();
                Op::Deliver(wired?)
            }
            Content::Call(target) => Op::Call(describe(self, target)?),
            Content::Ask { target, argument, answer } => {
                let target = target.map(|given| describe(self, &given)).transpose()?;
                let argument = argument.map(|given| describe(self, &given)).transpose()?;
                let question = self.questions.ask();
                let at = Position::answer(question);
                let (session, incarnation) = (self.session, Incarnation::FIRST);
                let key = Key { peer: to, at, session, incarnation };
                effects.arrived.push(Arrival::Proxy { key, installed: true, ghost: *answer });
                Op::Ask { target, argument, question, answer: *answer }
            }
            Content::Return { answer, call, result } => {
                let result = result.map(|given| describe(self, &given)).transpose()?;
                let (question, call) = (*answer, *call);
                Op::Return(Returned { question, call, result, release_params: false })
            }
        })
    }

    /// What is called or comes home at a place of this vat's.
    fn home(&self, at: Position) -> Option<What> {
        match at.table {
            Table::Exports => self.exports.get(at.index).map(|entry| entry.what),
            Table::Answers => self.answers.get(at.index).map(What::Local),
        }
    }

    /// Reads the references of a message and, if it is a call with a result, notes the answer;
    /// `mention` counts a mention. Nothing is counted if one of them cannot be read.
    ///
    /// # Errors
    /// What is to come home is not there.
    pub fn read_refs<W: Words>(
        &mut self,
        from: VatId,
        op: &Op<W>,
        effects: &mut Effects<Op<W>>,
        mut mention: impl FnMut(&mut Self, Index, &mut Effects<Op<W>>) -> Option<Handed>,
    ) -> Result<(), Refused> {
        let wired = op.wired();
        let unknown = |wired: &Wired| match wired.desc {
            Desc::Home(at) => self.home(at).is_none(),
            Desc::Mention { .. } => false,
        };
        if wired.iter().any(unknown) {
            return Err(Refused);
        }
        for Wired { desc, ghost } in wired {
            let arrival = match desc {
                Desc::Mention { index, .. } => {
                    let (incarnation, installed) = mention(self, index, effects).ok_or(Refused)?;
                    let key = self.import_key(from, index, incarnation);
                    Arrival::Proxy { key, installed, ghost }
                }
                Desc::Home(at) => match self.home(at).ok_or(Refused)? {
                    What::Local(object) => Arrival::Home { object, ghost },
                    // What a vat had handed on comes back to it: its own proxy.
                    What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
                },
            };
            effects.arrived.push(arrival);
        }
        if let Op::Ask { question, answer, .. } = op {
            self.answers.ask(*question, *answer);
            effects.arrived.push(Arrival::Asked { by: from, answer: *question, call: *answer });
        }
        Ok(())
    }

    /// The weak reference to a proxy is cleared. Returns whether a notification is owed: one of an
    /// old session finds nothing.
    pub fn clear(&mut self, proxy: Key) -> bool {
        if proxy.session != self.session {
            return true;
        }
        match proxy.at.table {
            Table::Exports => self.imports.clear(proxy.at.index, proxy.incarnation),
            Table::Answers => self.questions.clear(proxy.at.index),
        }
    }

    /// R8: the session ends, and `next` begins with empty tables.
    ///
    /// # Errors
    /// `next` is not later.
    pub fn close<B>(&mut self, next: SessionId, effects: &mut Effects<B>) -> Result<(), Refused> {
        if next <= self.session {
            return Err(Refused);
        }
        effects.evicted.extend(self.exports.close());
        *self = Self::new(next);
        Ok(())
    }
}

impl<X: Beside, W> Runtime<X, W> {
    /// The runtime of vat `id`, one of `vats`, before its first step.
    pub fn new(id: VatId, vats: u8) -> Self {
        let links = id.others(vats).map(|_| Link::new(SessionId::FIRST)).collect();
        Self { id, links, words: PhantomData }
    }

    /// The tables for a peer.
    pub fn link(&self, peer: VatId) -> &Link<X> {
        &self.links[peer.among_peers_of(self.id)]
    }

    /// The tables for a peer.
    pub fn link_mut(&mut self, peer: VatId) -> &mut Link<X> {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    /// The peers, and the tables for each.
    fn each_link(&self) -> impl Iterator<Item = (VatId, &Link<X>)> {
        let peers = VatId::ALL.into_iter().filter(|id| *id != self.id);
        peers.zip(&self.links)
    }
}

impl<X: Beside, W: Words> View for Runtime<X, W> {
    type Body = Op<W>;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let link = self.link(peer);
        link.exports.views().chain(link.answers.views())
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let link = self.link(peer);
        let mut imports: SmallVec<[_; 4]> = link.imports.views().collect();
        for (index, count) in link.beside.counts() {
            let at = Position::export(index);
            match imports.iter_mut().find(|(position, _)| *position == at) {
                Some((_, import)) => import.count += count,
                None => imports.push((at, ImportView { count, live: false })),
            }
        }
        imports.extend(link.questions.views());
        imports.sort_unstable_by_key(|(at, _)| *at);
        imports.into_iter()
    }

    fn roots(&self) -> SmallVec<[Key; 2]> {
        let mut roots = SmallVec::new();
        for (peer, link) in self.each_link() {
            roots.extend(link.exports.iter().filter_map(|(_, entry)| entry.what.proxy()));
            if X::QUESTIONS_ARE_HELD {
                let unanswered = link.questions.iter().filter(|(_, question)| !question.answered);
                let (session, incarnation) = (link.session, Incarnation::FIRST);
                roots.extend(unanswered.map(|(index, _)| Key {
                    peer,
                    at: Position::answer(index),
                    session,
                    incarnation,
                }));
            }
        }
        roots
    }

    fn has_more(&self) -> bool {
        self.links.iter().any(|link| link.beside.has_more())
    }
}
