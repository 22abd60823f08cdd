//! E's promises: a fresh index for every mention, and a redirect for each when it is resolved.

use super::ECapTp;
use super::body::{Described, EBody};
use super::tables::ETables;
use crate::names::{Kind, Object, VatId};
use crate::protocol::EffectsOf;
use crate::world::{Given, Key, What};
use captp_gc::protocol::Index;

/// Whether it is a promise.
pub(super) const fn is_promise(what: What) -> bool {
    match what {
        What::Local(object) => matches!(object.kind(), Kind::Promise),
        What::Proxy(_) => false,
    }
}

impl ETables {
    /// What a promise was resolved to, if it was.
    pub(super) fn resolution(&self, what: What) -> Option<Given> {
        let What::Local(promise) = what else { return None };
        let found = self.resolved.iter().find(|(known, ..)| *known == promise);
        found.map(|(_, what, ghost)| Given { what: *what, ghost: *ghost })
    }

    /// The promise is resolved.
    pub(super) fn settle(&mut self, promise: Object, to: Given) {
        self.resolved.push((promise, to.what, to.ghost));
        self.resolved.sort_unstable();
    }

    /// The entries of promises that are resolved and whose importer was not told.
    pub(super) fn untold(&self) -> impl Iterator<Item = (VatId, Index, Given)> {
        self.each_link().flat_map(move |(peer, link)| {
            let untold = link.tables.exports().iter();
            let untold = untold.filter(|(index, ..)| !link.told.contains(index));
            untold.filter_map(move |(index, exported, _)| {
                Some((peer, index, self.resolution(exported.what)?))
            })
        })
    }

    /// Whether the proxy that a promise was resolved to is still there.
    fn still_has(&self, what: What) -> bool {
        let What::Proxy(Key { peer, at, session, incarnation }) = what else { return true };
        let tables = &self.link(peer).tables;
        let entry = tables.imports().entry(at.index);
        let lives = entry.is_some_and(|e| e.slot.is_live() && e.incarnation == incarnation);
        lives && tables.session() == session
    }
}

impl ECapTp {
    /// An importer is told what a promise was resolved to; nothing, if that is gone meanwhile.
    pub(super) fn tell(
        &self,
        own: &mut ETables,
        peer: VatId,
        promise: Index,
        effects: &mut EffectsOf<Self>,
    ) {
        let untold = own.untold().find(|(of, index, _)| (*of, *index) == (peer, promise));
        let Some((_, _, to)) = untold else { return };
        own.link_mut(peer).told.push(promise);
        own.link_mut(peer).told.sort_unstable();
        let to = if own.still_has(to.what) { self.describe_now(own, peer, to) } else { None };
        effects.sent.push((peer, EBody::Redirect { promise, to }));
    }

    /// One reference of a message that is sent at once.
    pub(super) fn describe_now(
        &self,
        own: &mut ETables,
        to: VatId,
        given: Given,
    ) -> Option<Described> {
        let (described, _) = self.describe_with(own, to, &[given], None).ok()?;
        self.commit(own.link_mut(to)).ok()?;
        described.first().copied()
    }
}
