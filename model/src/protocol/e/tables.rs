//! The runtime of one of E's vats: tables for every peer, and what a bent protocol wrongly
//! remembers beside them.

use super::body::EBody;
use super::handoff::Gifts;
use super::questions::Calls;
use crate::names::{Object, VatId};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Ghost, Key, Position, Table, What};
use captp_gc::protocol::{
    ImportEntry, Index, Notification, ProxyId, Reference, SessionId, Tables, Written,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ETables {
    pub(super) id: VatId,
    /// In the order of the peers.
    pub(super) links: SmallVec<[Link; 1]>,
    /// What the own promises were resolved to, and what was meant by that. In order.
    pub(super) resolved: SmallVec<[(Object, What, Ghost); 1]>,
    /// What was given to third vats.
    pub(super) gifts: Gifts,
}

/// What an entry of an export table is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Exported {
    /// What it denotes.
    pub what: What,
    /// Tells the entries of one promise, or the vines of one proxy, from each other: each has one
    /// mention. 0 for what has one entry, and as many mentions as there are.
    pub nth: u32,
}

/// One word, so that it can be a key: `Bob*0`.
impl From<Exported> for String {
    fn from(exported: Exported) -> Self {
        format!("{}*{}", Self::from(exported.what), exported.nth)
    }
}

impl TryFrom<String> for Exported {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let unknown = || format!("'{word}' is no entry");
        let (what, nth) = word.split_once('*').ok_or_else(unknown)?;
        let nth = nth.parse().map_err(|_| unknown())?;
        Ok(Self { what: what.to_owned().try_into()?, nth })
    }
}

/// The tables for one peer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) tables: Tables<Exported>,
    pub(super) writing: Option<Written>,
    pub(super) remembered: SmallVec<[(Memory, Index); 1]>,
    pub(super) calls: Calls,
    /// The entries of promises whose importer was told what they are resolved to. In order.
    pub(super) told: SmallVec<[Index; 1]>,
}

/// What a bent protocol remembers of an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) enum Memory {
    /// What had it.
    Freed(Exported),
    /// It may be reused, although it is allocated.
    Reusable,
    /// The import count it had at the end of a session.
    Count(SessionId, u32),
}

impl ETables {
    pub(super) fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    /// The peers, and the tables for each.
    pub(super) fn each_link(&self) -> impl Iterator<Item = (VatId, &Link)> {
        let peers = VatId::ALL.into_iter().filter(|id| *id != self.id);
        peers.zip(&self.links)
    }
}

impl Link {
    /// The dead index that the reverse map still has for an object.
    pub(super) fn stale_index(&self, reference: &Reference<Exported>) -> Option<Index> {
        let Reference::Local(object) = reference else { return None };
        if self.tables.exports().index_of(object).is_some() {
            return None;
        }
        let mut memories = self.remembered.iter();
        memories.find(|(memory, _)| *memory == Memory::Freed(*object)).map(|(_, index)| *index)
    }

    /// Frees an index that is taken for reusable, if a new object needs one.
    pub(super) fn free_reusable_for(&mut self, reference: &Reference<Exported>) {
        let Reference::Local(object) = reference else { return };
        if self.tables.exports().index_of(object).is_some() {
            return;
        }
        let reusable = self.remembered.iter().position(|(memory, _)| *memory == Memory::Reusable);
        if let Some(position) = reusable {
            let (_, index) = self.remembered.remove(position);
            let count = self.tables.exports().count(index).get();
            let _evicted = self.tables.gc_export(index, count);
        }
    }

    /// The live proxy at `index` is taken for dead.
    pub(super) fn kill_proxy(&mut self, index: Index) -> Option<Notification> {
        let incarnation = self.tables.imports().entry(index)?.incarnation;
        self.tables.clear(ProxyId { session: self.tables.session(), index, incarnation }).ok()
    }

    /// Whatever is held of `index` is forgotten, and nobody is told.
    pub(super) fn forget_import(&mut self, index: Index) {
        if let Some(notification) = self.kill_proxy(index) {
            let _lost = self.tables.notify(notification);
        }
    }

    pub(super) fn serve(&mut self, notification: Notification) -> Option<(Index, u32)> {
        self.tables.notify(notification).map(|op| (op.index, op.delta.get()))
    }

    pub(super) fn recall_count(&mut self, session: SessionId, index: Index) -> Option<u32> {
        let counts = self.remembered.iter().enumerate();
        let (position, count) =
            counts.filter(|(_, (_, at))| *at == index).find_map(|(p, (m, _))| match m {
                Memory::Count(of, count) if *of == session => Some((p, *count)),
                _ => None,
            })?;
        self.remembered.remove(position);
        Some(count)
    }

    pub(super) fn remember(&mut self, memory: Memory, index: Index) {
        if !self.remembered.contains(&(memory, index)) {
            self.remembered.push((memory, index));
            self.remembered.sort_unstable();
        }
    }
}

impl View for ETables {
    type Body = EBody;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let link = self.link(peer);
        let exports = link.tables.exports().iter().map(|(index, exported, count)| {
            (Position::export(index), ExportView { what: exported.what, count: count.get() })
        });
        exports.chain(link.calls.answers.iter().map(|answer| {
            let what = What::Local(answer.object());
            (Position::answer(answer.index), ExportView { what, count: 1 })
        }))
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let link = self.link(peer);
        let imports = link.tables.imports().iter();
        let imports = imports.map(|(index, entry)| (Position::export(index), import_view(entry)));
        imports.chain(link.calls.questions.iter().map(|question| {
            (Position::answer(question.index), ImportView { count: 1, live: question.live })
        }))
    }

    fn export_at(&self, peer: VatId, at: Position) -> Option<ExportView> {
        let link = self.link(peer);
        if at.table == Table::Answers {
            let what = link.calls.answer(at.index).map(What::Local)?;
            return Some(ExportView { what, count: 1 });
        }
        let what = link.tables.exports().lookup(at.index)?.what;
        Some(ExportView { what, count: link.tables.exports().count(at.index).get() })
    }

    fn import_at(&self, peer: VatId, at: Position) -> Option<ImportView> {
        if at.table == Table::Answers {
            return self.imports(peer).find(|(known, _)| *known == at).map(|(_, view)| view);
        }
        self.link(peer).tables.imports().entry(at.index).map(import_view)
    }

    /// What is exported keeps its proxy; a redirector is kept until its call is returned, and a
    /// vine until what it is for was accepted.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| link.tables.exports().iter());
        let exported = exports.filter_map(|(_, exported, _)| exported.what.proxy());
        let untold = self.untold().filter_map(|(_, _, to)| to.what.proxy());
        let redirectors = self.links.iter().flat_map(|link| &link.calls.redirectors);
        let redirectors = redirectors.map(|(_, key)| *key);
        let vines = self.gifts.vines.iter().map(|(_, vine)| *vine);
        exported.chain(untold).chain(redirectors).chain(vines).collect()
    }

    fn has_more(&self) -> bool {
        !self.gifts.is_empty()
    }

    fn is_busy(&self) -> bool {
        self.untold().next().is_some()
            || self.gifts.due().next().is_some()
            || self.links.iter().any(|link| !link.calls.again.is_empty())
    }

    /// A result names a redirector, and no question.
    fn will_answer(&self, _peer: VatId, _body: &EBody) -> Option<(Position, Ghost)> {
        None
    }
}

fn import_view(entry: &ImportEntry) -> ImportView {
    ImportView { count: entry.slot.count().get(), live: entry.slot.is_live() }
}
