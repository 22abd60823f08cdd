//! Indirect reference counting: a copy is charged to whoever made it. Whoever hands a reference on
//! counts it itself, so no increment travels; a drop goes back the way that the copy came.
//!
//! The copies of a reference make a tree with the owner at its root. A vat in the middle keeps its
//! own place in the tree, and so its parent's count of it, while its children live, whether or not
//! it still has a proxy. Calls go to the owner directly: only the counting is indirect. A call and
//! the drop that comes after it then travel on different channels, so a caller keeps its place
//! until the owner has told it that the call has arrived. (The search found that this is needed.)
//!
//! **Modelled:** the tree over three vats, a second copy that reaches a vat which is in the tree
//! already (its count goes back at once), middle vats without a proxy. **Left out:** answers and
//! promises; ends of sessions; Ray's failure detection, of whose defects only the order of reports
//! is here.
//! **Source:** J. M. Piquer, PARLE 1991: read in secondary accounts only. Ray's owners and
//! borrowers are the same tree.

mod tables;

pub use tables::IndirectTables;

use super::kit::{Named, NamedOp, Owner, key};
use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Given, Key, Refused, What};
use captp_gc::protocol::{Index, SessionId};

/// One way of getting it wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IndirectBend {
    /// A vat gives its place up when its own proxy is dead, whether or not it has handed it on.
    ChildrenForgotten,
    /// A notification acts whether or not a live successor stands there.
    NoSuccessorCheck,
    /// A second copy that reaches a vat in the tree is not given back.
    SecondCopyKept,
    /// The owner frees at the first drop.
    FreedAtFirstDrop,
    /// What was counted for a message that could not be sent stays.
    FailedSendKept,
    /// A call in flight does not keep the caller's place.
    CallNotHeld,
    /// A drop is told twice: when the proxy died, and when the last child did.
    DroppedTwice,
}

/// Indirect reference counting, with at most one rule bent.
#[derive(Clone, Copy, Debug)]
pub struct Indirect {
    bend: Option<IndirectBend>,
}

impl Indirect {
    fn is_bent(self, bend: IndirectBend) -> bool {
        self.bend == Some(bend)
    }

    fn describe(
        self,
        own: &mut IndirectTables,
        to: VatId,
        given: &Given,
    ) -> Result<Named, Refused> {
        let ghost = given.ghost;
        let (owner, index, weight, again) = match given.what {
            What::Local(object) => {
                let (index, again) = own.export(object);
                (Owner::Sender, index, 1, again)
            }
            What::Proxy(key) if key.peer == to => {
                own.use_begins(key.peer, key.at.index).ok_or(Refused)?;
                (Owner::Receiver, key.at.index, 0, true)
            }
            What::Proxy(key) => {
                let again = own.copy(key.peer, key.at.index).ok_or(Refused)?;
                (Owner::Third(key.peer), key.at.index, 1, again)
            }
        };
        Ok(Named { owner, index, weight, again, ghost })
    }

    /// A vat without proxy and without children leaves the tree, and tells its parent.
    fn leave(
        self,
        own: &mut IndirectTables,
        (owner, index): (VatId, Index),
        effects: &mut EffectsOf<Self>,
    ) {
        let Some(node) = own.node(owner, index) else { return };
        let forgotten = self.is_bent(IndirectBend::ChildrenForgotten);
        let in_use = node.uses > 0 && !self.is_bent(IndirectBend::CallNotHeld);
        if node.live || in_use || (node.children > 0 && !forgotten) {
            return;
        }
        let parent = node.parent;
        own.remove(owner, index);
        effects.sent.push((parent, drop_of(owner, parent, index)));
        if self.is_bent(IndirectBend::DroppedTwice) {
            effects.sent.push((parent, drop_of(owner, parent, index)));
        }
    }
}

/// One copy of a reference is gone.
fn drop_of(owner: VatId, parent: VatId, index: Index) -> NamedOp {
    let owner = if owner == parent { Owner::Receiver } else { Owner::Third(owner) };
    NamedOp::Drop { owner, index, weight: 1, upto: 0 }
}

impl Protocol for Indirect {
    type Tables = IndirectTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::Indirect(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, _vats: u8) -> IndirectTables {
        IndirectTables::new(id)
    }

    fn write(
        &self,
        own: &mut IndirectTables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<NamedOp, Refused> {
        NamedOp::write(content, |given| self.describe(own, to, given))
    }

    fn unwrite(
        &self,
        own: &mut IndirectTables,
        to: VatId,
        body: &NamedOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        if self.is_bent(IndirectBend::FailedSendKept) {
            return Ok(());
        }
        for named in body.named() {
            match named.owner {
                Owner::Receiver => {
                    own.use_ends(to, named.index);
                    self.leave(own, (to, named.index), effects);
                }
                Owner::Sender => {
                    effects.evicted.extend(own.lower(named.index, 1)?.map(What::Local));
                }
                Owner::Third(owner) => {
                    own.uncopy(owner, named.index)?;
                    self.leave(own, (owner, named.index), effects);
                }
            }
        }
        Ok(())
    }

    fn read(
        &self,
        own: &mut IndirectTables,
        from: VatId,
        body: &NamedOp,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        match *body {
            NamedOp::Drop { owner: Owner::Third(owner), index, .. } => {
                own.uncopy(owner, index)?;
                self.leave(own, (owner, index), effects);
                return Ok(());
            }
            NamedOp::Drop { index, .. } => {
                let count = own.count(index).ok_or(Refused)?;
                let by = if self.is_bent(IndirectBend::FreedAtFirstDrop) { count } else { 1 };
                effects.evicted.extend(own.lower(index, by)?.map(What::Local));
                return Ok(());
            }
            NamedOp::Done { index } => {
                own.use_ends(from, index);
                self.leave(own, (from, index), effects);
                return Ok(());
            }
            NamedOp::Deliver(_) | NamedOp::Call(_) => {}
        }
        for named in body.named() {
            let (owner, index, ghost) = (named.owner(from, own.id()), named.index, named.ghost);
            if owner == own.id() {
                let object = own.denoted(index).ok_or(Refused)?;
                effects.arrived.push(Arrival::Home { object, ghost });
                effects.sent.push((from, NamedOp::Done { index }));
                continue;
            }
            let second = own.node(owner, index).is_some();
            if second && !self.is_bent(IndirectBend::SecondCopyKept) {
                effects.sent.push((from, drop_of(owner, from, index)));
            }
            let (incarnation, installed) = own.receive(owner, index, from);
            let key = key(owner, index, incarnation);
            effects.arrived.push(Arrival::Proxy { key, installed, ghost });
        }
        Ok(())
    }

    fn clear(&self, own: &mut IndirectTables, proxy: Key) -> bool {
        own.clear(proxy)
    }

    fn notify(&self, own: &mut IndirectTables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let place = (proxy.peer, proxy.at.index);
        if self.is_bent(IndirectBend::NoSuccessorCheck) {
            own.kill(place.0, place.1);
        }
        self.leave(own, place, effects);
    }

    fn close(
        &self,
        own: &mut IndirectTables,
        peer: VatId,
        _next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        effects.evicted.extend(own.close(peer).into_iter().map(What::Local));
        Ok(())
    }
}
