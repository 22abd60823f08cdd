//! SwingSet's comms and liveslots: no counts at all. A drop is believed if its sender had read
//! every mention.
//!
//! Comms frames have a sequence number and an acknowledgement. The exporter remembers, for each
//! entry, the number of the frame that mentioned it last; a drop is *informed* if the frame that
//! carries it acknowledges that one, and is ignored otherwise: then a mention is on its way, and
//! the importer will drop again. Dropping and retiring are two steps, in this order. At the
//! importer, liveslots only notes that a reference is possibly dead, and looks again when the dead
//! are brought out.
//!
//! A session is two vats in one incarnation each: it ends when one of them dies or starts anew, and
//! with it go the numbers, which mean nothing to the next incarnation, and the c-list. What the
//! dead one can never mention again is retired on its behalf.
//!
//! **Modelled:** sequence numbers and acknowledgements, the informed test, drop and retire,
//! possiblyDead and its second look, a c-list for each peer, a hub that hands on to a third vat,
//! the death and the restart of a vat.
//! **Left out:** the kernel between vats (calls of it are synchronous, and have no such race),
//! virtual data, `retireImport` by an owner that lives on, retransmission, references of an owner
//! that is dead which are held on to: they break with the session.
//! **Source:** agoric-sdk 98e20a0ea189, `swingset-liveslots` and the comms vat, and the kernel for
//! what becomes of the exports of a vat that is terminated; incarnations are ocap-kernel's
//! (05b273d984d3, `RemoteManager` and `RemoteHandle`), as comms vats themselves are persistent.
//! Some of the defects are of a persistent kernel that descends from SwingSet.

mod body;
mod tables;

pub use body::{Frame, Named, Text};
pub use tables::SwingSetTables;

use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{Arrival, Content, Given, Key, Refused, What, Work};
use captp_gc::protocol::{Index, SessionId};
use smallvec::SmallVec;
use tables::{CList, Export};

/// One way of getting it wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SwingSetBend {
    /// A drop is believed, informed or not.
    NoInformedTest,
    /// A mention of an entry that was dropped and not retired leaves it unreachable.
    MentionDoesNotRestore,
    /// What collection messages name is looked up among the receiver's imports.
    PolarityOfDrops,
    /// One baseline count for all importers: the first drop drops for all.
    SharedBaseline,
    /// What is possibly dead is not looked at again.
    NoSecondLook,
    /// Two finalisers of one reference are two deaths.
    DeadTwice,
    /// A reference is retired without having been dropped.
    RetireFirst,
    /// An item of the run queue keeps its references for ever.
    QueueKeeps,
    /// What is dropped and not retired is not looked at when its owner dies.
    OrphansStay,
    /// The numbers of a session are the next one's, too. A number that was seen is a duplicate, and
    /// any that is higher is new, as in ocap-kernel.
    NumbersOutlivePeer,
}

/// SwingSet, with at most one rule bent.
#[derive(Clone, Copy, Debug)]
pub struct SwingSet {
    bend: Option<SwingSetBend>,
}

const BRING_OUT: u8 = 0;
const RETIRE: u8 = 1;

impl SwingSet {
    fn is_bent(self, bend: SwingSetBend) -> bool {
        self.bend == Some(bend)
    }

    /// Describes a reference in the next frame.
    fn describe(self, list: &mut CList, to: VatId, given: &Given) -> Named {
        let (ghost, what) = (given.ghost, given.what);
        if let What::Proxy(key) = what
            && key.peer == to
        {
            return Named { home: true, index: key.at.index, again: true, ghost };
        }
        let last_sent = list.sent + 1;
        let restores = !self.is_bent(SwingSetBend::MentionDoesNotRestore);
        if let Some(export) = list.exports.iter_mut().find(|export| export.what == what) {
            export.last_sent = last_sent;
            export.reachable |= restores;
            return Named { home: false, index: export.index, again: true, ghost };
        }
        let index = Index::new(list.next);
        list.next += 1;
        list.exports.push(Export { index, what, last_sent, reachable: true });
        Named { home: false, index, again: false, ghost }
    }

    /// The peer drops an export, or retires it.
    fn given_up(
        self,
        own: &mut SwingSetTables,
        from: VatId,
        frame: &Frame,
        index: Index,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let retire = matches!(frame.text, Text::Retire { .. });
        let list = own.link_mut(from);
        if self.is_bent(SwingSetBend::PolarityOfDrops) {
            list.imports.retain(|import| import.index != index);
            return Ok(());
        }
        let export = list.export_mut(index).ok_or(Refused)?;
        let informed = frame.ack >= export.last_sent || self.is_bent(SwingSetBend::NoInformedTest);
        if !informed {
            return Ok(());
        }
        if retire {
            if export.reachable {
                return Err(Refused);
            }
            list.exports.retain(|export| export.index != index);
            return Ok(());
        }
        let what = export.what;
        if !std::mem::replace(&mut export.reachable, false) {
            return Err(Refused);
        }
        effects.evicted.push(what);
        if self.is_bent(SwingSetBend::SharedBaseline) {
            let others = own.links.iter_mut().flat_map(|list| &mut list.exports);
            for export in others.filter(|export| export.what == what && export.reachable) {
                export.reachable = false;
                effects.evicted.push(what);
            }
        }
        Ok(())
    }
}

impl Protocol for SwingSet {
    type Tables = SwingSetTables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::SwingSet(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> SwingSetTables {
        let list = |_| CList::new(SessionId::FIRST);
        SwingSetTables { id, links: id.others(vats).map(list).collect() }
    }

    fn write(
        &self,
        own: &mut SwingSetTables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<Frame, Refused> {
        let list = own.link_mut(to);
        let text = match content {
            Content::Deliver(given) => {
                Text::Deliver(given.iter().map(|given| self.describe(list, to, given)).collect())
            }
            Content::Call(target) => Text::Call(self.describe(list, to, target)),
            Content::Ask { .. } | Content::Return { .. } => return Err(Refused),
        };
        Ok(list.frame(text))
    }

    fn read(
        &self,
        own: &mut SwingSetTables,
        from: VatId,
        frame: &Frame,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let list = own.link_mut(from);
        if frame.seq <= list.heard {
            return Ok(());
        }
        if frame.seq != list.heard + 1 && !self.is_bent(SwingSetBend::NumbersOutlivePeer) {
            return Err(Refused);
        }
        list.heard = frame.seq;
        if let Text::Drop { index, .. } | Text::Retire { index, .. } = frame.text {
            return self.given_up(own, from, frame, index, effects);
        }
        for Named { home, index, ghost, .. } in frame.named() {
            if home {
                let export = list.export_mut(index).ok_or(Refused)?;
                effects.arrived.push(match export.what {
                    What::Local(object) => Arrival::Home { object, ghost },
                    What::Proxy(key) => Arrival::Proxy { key, installed: false, ghost },
                });
                continue;
            }
            let (key, installed) = list.receive(from, index);
            if self.is_bent(SwingSetBend::QueueKeeps)
                && let Some(import) = list.import_mut(index)
            {
                import.queued = 1;
            }
            effects.arrived.push(Arrival::Proxy { key, installed, ghost });
        }
        Ok(())
    }

    /// What is of an old session has its finaliser, too.
    fn clear(&self, own: &mut SwingSetTables, proxy: Key) -> bool {
        let list = own.link_mut(proxy.peer);
        if list.session != proxy.session {
            return true;
        }
        let import = list.import_mut(proxy.at.index);
        let import = import.filter(|i| i.incarnation == proxy.incarnation && i.live);
        import.is_some_and(|import| {
            import.live = false;
            true
        })
    }

    /// The finaliser does nothing unless the weak reference is there, and dead; nor is a reference
    /// dropped again that was dropped already, when a second finaliser of it comes late.
    fn notify(&self, own: &mut SwingSetTables, proxy: Key, _effects: &mut EffectsOf<Self>) {
        let list = own.link_mut(proxy.peer);
        if list.session != proxy.session {
            return;
        }
        let index = proxy.at.index;
        let unchecked = self.is_bent(SwingSetBend::NoSecondLook);
        let twice = self.is_bent(SwingSetBend::DeadTwice);
        let known = list.import(index).filter(|import| twice || !import.dropped);
        let dead = known.is_some_and(|import| !import.live || unchecked);
        if dead && (twice || !list.possibly_dead.contains(&index)) {
            list.possibly_dead.push(index);
            list.possibly_dead.sort_unstable();
        }
    }

    fn work(&self, own: &SwingSetTables) -> SmallVec<[Work; 2]> {
        let mut work = SmallVec::new();
        let of = |code, what, peer, index| Work { code, what, peer, index, trouble: false };
        for (peer, list) in own.each_link() {
            let mut dead = list.possibly_dead.clone();
            dead.dedup();
            work.extend(dead.into_iter().map(|i| of(BRING_OUT, "brings out its dead", peer, i)));
            let dropped = list.imports.iter().filter(|import| import.dropped && !import.live);
            work.extend(dropped.map(|i| of(RETIRE, "retires what it dropped", peer, i.index)));
        }
        work
    }

    fn do_work(&self, own: &mut SwingSetTables, work: Work, effects: &mut EffectsOf<Self>) {
        let Work { peer, index, .. } = work;
        let list = own.link_mut(peer);
        let mut say = |list: &mut CList, text| effects.sent.push((peer, list.frame(text)));
        if work.code == RETIRE {
            list.imports.retain(|import| import.index != index);
            say(list, Text::Retire { index, upto: 0 });
            return;
        }
        let times = list.possibly_dead.iter().filter(|dead| **dead == index).count();
        list.possibly_dead.retain(|dead| *dead != index);
        let unchecked = self.is_bent(SwingSetBend::NoSecondLook);
        for _ in 0..times {
            let Some(import) = list.import_mut(index) else { return };
            if (import.live && !unchecked) || import.queued > 0 {
                return;
            }
            import.live = false;
            import.dropped = true;
            if !self.is_bent(SwingSetBend::RetireFirst) {
                say(list, Text::Drop { index, upto: 0 });
            }
        }
    }

    /// The peer is gone, or was told that this vat is. What was exported to it is released, and
    /// whatever was its, reachable or only recognisable, can never be mentioned again.
    fn close(
        &self,
        own: &mut SwingSetTables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let open = own.link_mut(peer);
        if next <= open.session {
            return Err(Refused);
        }
        let list = std::mem::replace(open, CList::new(next));
        if self.is_bent(SwingSetBend::NumbersOutlivePeer) {
            (open.sent, open.heard) = (list.sent, list.heard);
        }
        if self.is_bent(SwingSetBend::OrphansStay) {
            let dropped = list.imports.iter().filter(|import| import.dropped && !import.live);
            open.imports.extend(dropped.copied());
        }
        let held = list.exports.into_iter().filter(|export| export.reachable);
        effects.evicted.extend(held.map(|export| export.what));
        Ok(())
    }
}
