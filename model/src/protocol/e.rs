//! E's CapTP, as rules R1 to R8 of [`captp_gc::protocol`] state it, and the ways to bend it.
//!
//! **Modelled:** export and import counts, `NewFarDesc`, `ImportDesc`, `ExportDesc` (E's
//! `IncomingDesc`), `GCExportOp`, the successor test, LIFO reuse of indices, failed sends,
//! sessions. **Left out:** promises, questions and answers, third-party introductions.
//! **Source:** E's `net.captp` (`jcomm`, `tables`), and the es-discuss mail of 2013-11-09.
//!
//! Unbent, every function here hands over to the production crate. A [`Bend`] never re-states a
//! rule: it composes the same pure transitions wrongly.

use super::bend::Bend;
use super::{ExportView, ImportView, Protocol, View};
use crate::names::Object;
use crate::world::WireOrder;
use captp_gc::protocol::{
    Admission, Descriptor, ImportEntry, Index, Limits, Misuse, Notification, ProxyId, Received,
    Reference, SessionId, Tables, Violation, Written,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// E's CapTP, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ECapTp {
    /// The rule that is bent, if any.
    pub bend: Option<Bend>,
}

/// One vat's tables, and what a bent protocol wrongly remembers beside them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ETables {
    tables: Tables<Object>,
    writing: Option<Written>,
    remembered: SmallVec<[(Memory, Index); 1]>,
}

/// What a bent protocol remembers of an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Memory {
    /// The object that had it.
    Freed(Object),
    /// It may be reused, although it is allocated.
    Reusable,
    /// The import count it had at the end of a session.
    Count(SessionId, u32),
}

impl ECapTp {
    fn is_bent(self, bend: Bend) -> bool {
        self.bend == Some(bend)
    }

    /// A stale entry of the reverse map is described without asking the tables; all else is.
    fn write_bent(
        self,
        own: &mut ETables,
        references: &[Reference<Object>],
    ) -> Result<Vec<Descriptor>, Misuse> {
        let stale: SmallVec<[_; 2]> = references.iter().map(|r| own.stale_index(r)).collect();
        for reference in references {
            own.free_reusable_for(reference);
        }
        let fresh = references.iter().zip(&stale).filter(|(_, stale)| stale.is_none());
        let fresh: SmallVec<[Reference<Object>; 2]> = fresh.map(|(r, _)| *r).collect();
        let written = own.tables.write(&fresh)?;
        let mut described = written.descriptors().to_vec().into_iter();
        own.writing = Some(written);
        let uncounted = |descriptor: &Descriptor| match descriptor {
            Descriptor::NewFarDesc(_) => self.is_bent(Bend::Canary),
            Descriptor::ImportDesc(_) => self.is_bent(Bend::ExportNotCounted),
            Descriptor::ExportDesc(_) => false,
        };
        for descriptor in described.clone().filter(uncounted) {
            let _evicted = own.tables.gc_export(descriptor.index(), 1);
        }
        let merged =
            stale.into_iter().map(|s| s.map(Descriptor::ImportDesc).or_else(|| described.next()));
        Ok(merged.flatten().collect())
    }

    /// Reads one reference after the other, bending what stands in the way.
    fn read_bent(
        self,
        own: &mut ETables,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Object>>, Violation> {
        let mut received = Vec::new();
        for descriptor in descriptors {
            let index = descriptor.index();
            let held = own.tables.imports().entry(index).copied();
            let descriptor = match (self.bend, descriptor) {
                (Some(Bend::UnknownHomeIgnored), Descriptor::ExportDesc(_))
                    if own.tables.lookup(index).is_err() =>
                {
                    continue;
                }
                (Some(Bend::NotIntroducedAccepted), Descriptor::ImportDesc(_))
                    if held.is_none() =>
                {
                    Descriptor::NewFarDesc(index)
                }
                (Some(Bend::HeldIndexOverwritten), Descriptor::NewFarDesc(_)) => {
                    own.forget_import(index);
                    *descriptor
                }
                _ => *descriptor,
            };
            received.extend(own.tables.read(&[descriptor])?);
        }
        Ok(received)
    }
}

impl ETables {
    /// The dead index that the reverse map still has for an object.
    fn stale_index(&self, reference: &Reference<Object>) -> Option<Index> {
        let Reference::Local(object) = reference else { return None };
        if self.tables.exports().index_of(object).is_some() {
            return None;
        }
        let mut memories = self.remembered.iter();
        memories.find(|(memory, _)| *memory == Memory::Freed(*object)).map(|(_, index)| *index)
    }

    /// Frees an index that is taken for reusable, if a new object needs one.
    fn free_reusable_for(&mut self, reference: &Reference<Object>) {
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
    fn kill_proxy(&mut self, index: Index) -> Option<Notification> {
        let incarnation = self.tables.imports().entry(index)?.incarnation;
        self.tables.clear(ProxyId { session: self.tables.session(), index, incarnation }).ok()
    }

    /// Whatever is held of `index` is forgotten, and nobody is told.
    fn forget_import(&mut self, index: Index) {
        if let Some(notification) = self.kill_proxy(index) {
            let _lost = self.tables.notify(notification);
        }
    }

    fn serve(&mut self, notification: Notification) -> Option<(Index, u32)> {
        self.tables.notify(notification).map(|op| (op.index, op.delta.get()))
    }

    fn recall_count(&mut self, session: SessionId, index: Index) -> Option<u32> {
        let counts = self.remembered.iter().enumerate();
        let (position, count) =
            counts.filter(|(_, (_, at))| *at == index).find_map(|(p, (m, _))| match m {
                Memory::Count(of, count) if *of == session => Some((p, *count)),
                _ => None,
            })?;
        self.remembered.remove(position);
        Some(count)
    }

    fn remember(&mut self, memory: Memory, index: Index) {
        if !self.remembered.contains(&(memory, index)) {
            self.remembered.push((memory, index));
            self.remembered.sort_unstable();
        }
    }
}

impl Protocol for ECapTp {
    type Tables = ETables;

    fn bent(bend: Option<Bend>) -> Self {
        Self { bend }
    }

    fn open(&self, session: SessionId) -> ETables {
        let mut limits = Limits::default();
        if self.is_bent(Bend::LimitIgnored) {
            limits.imports_max = u32::MAX;
        }
        let tables = Tables::new(session, limits);
        ETables { tables, writing: None, remembered: SmallVec::new() }
    }

    fn wire_order(&self) -> WireOrder {
        match self.bend {
            Some(Bend::UnorderedChannels) => WireOrder::Unordered,
            Some(Bend::GcOvertakesCalls) => WireOrder::GcFirst,
            _ => WireOrder::Fifo,
        }
    }

    fn write(
        &self,
        own: &mut ETables,
        references: &[Reference<Object>],
    ) -> Result<Vec<Descriptor>, Misuse> {
        if self.bend.is_some() {
            return self.write_bent(own, references);
        }
        let written = own.tables.write(references)?;
        let descriptors = written.descriptors().to_vec();
        own.writing = Some(written);
        Ok(descriptors)
    }

    fn sent(&self, own: &mut ETables) -> Result<(), Misuse> {
        let written = own.writing.take().ok_or(Misuse::NotInTheMaking)?;
        own.tables.sent(written).map(|_descriptors| ())
    }

    fn unwrite(&self, own: &mut ETables) -> Result<Vec<Object>, Misuse> {
        if self.is_bent(Bend::FailedSendKept) {
            return self.sent(own).map(|()| Vec::new());
        }
        let written = own.writing.take().ok_or(Misuse::NotInTheMaking)?;
        own.tables.unwrite(written)
    }

    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission {
        match ours.admit(theirs) {
            Admission::Stale if self.is_bent(Bend::OldMessageRead) => Admission::Current,
            admission => admission,
        }
    }

    fn read(
        &self,
        own: &mut ETables,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Object>>, Violation> {
        match self.bend {
            Some(Bend::ImportCountedOncePerMessage) => {
                let twice = matches!(descriptors, [a, b]
                    if a.is_mention() && b.is_mention() && a.index() == b.index());
                own.tables.read(if twice { &descriptors[..1] } else { descriptors })
            }
            Some(Bend::HomeCountedAsImport) => {
                let received = own.tables.read(descriptors)?;
                for home in descriptors.iter().filter(|d| !d.is_mention()) {
                    // Counted only where an import of that index is known.
                    let _miscounted = own.tables.read(&[Descriptor::ImportDesc(home.index())]);
                }
                Ok(received)
            }
            Some(Bend::LateMentionRefused) => {
                let released = |index| {
                    let entry = own.tables.imports().entry(index);
                    entry.is_some_and(|entry| entry.slot.count().is_zero())
                };
                let late = descriptors.iter().find_map(|d| match d {
                    Descriptor::ImportDesc(index) if released(*index) => Some(*index),
                    _ => None,
                });
                match late {
                    Some(index) => Err(Violation::NotIntroduced { index }),
                    None => own.tables.read(descriptors),
                }
            }
            Some(
                Bend::PartialReadKept
                | Bend::UnknownHomeIgnored
                | Bend::NotIntroducedAccepted
                | Bend::HeldIndexOverwritten,
            ) => self.read_bent(own, descriptors),
            _ => own.tables.read(descriptors),
        }
    }

    fn gc_export(
        &self,
        own: &mut ETables,
        index: Index,
        delta: u32,
    ) -> Result<Option<Object>, Violation> {
        let count = own.tables.exports().count(index).get();
        let delta = match self.bend {
            Some(Bend::UncountedDrop) if count > 0 => count,
            Some(Bend::SaturatingSubtraction) if count > 0 => delta.min(count),
            Some(Bend::ZeroDeltaIgnored) if delta == 0 => return Ok(None),
            Some(Bend::UnknownExportIgnored) if count == 0 => return Ok(None),
            Some(Bend::GcAppliedToImports) if own.tables.imports().entry(index).is_some() => {
                own.forget_import(index);
                return Ok(None);
            }
            _ => delta,
        };
        let freed = own.tables.gc_export(index, delta)?;
        match (self.bend, freed) {
            (Some(Bend::ReverseMapKept), Some(object)) => {
                own.remember(Memory::Freed(object), index);
            }
            (Some(Bend::ReusedBeforeZero), None) => own.remember(Memory::Reusable, index),
            (Some(Bend::EvictedObjectLost), _) => return Ok(None),
            _ => {}
        }
        Ok(freed)
    }

    fn clear(&self, own: &mut ETables, proxy: ProxyId) -> Option<Notification> {
        if self.is_bent(Bend::DeadProxyHandedOut) {
            return Some(Notification { proxy });
        }
        let notification = own.tables.clear(proxy).ok()?;
        (!self.is_bent(Bend::NotificationLost)).then_some(notification)
    }

    fn notify(&self, own: &mut ETables, notification: Notification) -> Option<(Index, u32)> {
        let ProxyId { session, index, .. } = notification.proxy;
        if session != own.tables.session() {
            let wrongly = own.recall_count(session, index).map(|count| (index, count));
            return wrongly.or_else(|| own.serve(notification));
        }
        match self.bend {
            Some(Bend::NoSuccessorCheck | Bend::DeadProxyHandedOut) => {
                let _successor = own.kill_proxy(index);
            }
            Some(Bend::CountKeptAfterRelease) => {
                return own.clone().serve(notification);
            }
            Some(Bend::EmptyReleaseSent) => {
                let live = own.tables.imports().entry(index).is_some_and(|e| e.slot.is_live());
                let served = own.serve(notification);
                return if live { served } else { served.or(Some((index, 0))) };
            }
            _ => {}
        }
        own.serve(notification)
    }

    fn close(&self, own: &mut ETables, next: SessionId) -> Result<Vec<Object>, Misuse> {
        let old = own.clone();
        let mut released = own.tables.close(next)?;
        own.remembered.clear();
        own.writing = None;
        match self.bend {
            Some(Bend::OldNotificationActs) => {
                let counts = old.tables.imports().iter().filter(|(_, e)| !e.slot.count().is_zero());
                for (index, entry) in counts {
                    let count = entry.slot.count().get();
                    own.remember(Memory::Count(old.tables.session(), count), index);
                }
            }
            Some(Bend::ExportsOutliveSession) => {
                for (_, object, _) in old.tables.exports().iter() {
                    let kept = own.tables.write(&[Reference::Local(*object)])?;
                    own.tables.sent(kept)?;
                }
            }
            Some(Bend::ReleasedTwice) => released.extend(released.clone().first()),
            _ => {}
        }
        Ok(released)
    }
}

impl View for ETables {
    fn exports(&self) -> impl Iterator<Item = (Index, ExportView)> {
        let all = self.tables.exports().iter();
        all.map(|(index, object, count)| {
            (index, ExportView { object: *object, count: count.get() })
        })
    }

    fn imports(&self) -> impl Iterator<Item = (Index, ImportView)> {
        self.tables.imports().iter().map(|(index, entry)| (index, import_view(entry)))
    }

    fn export_at(&self, index: Index) -> Option<ExportView> {
        let object = *self.tables.exports().lookup(index)?;
        Some(ExportView { object, count: self.tables.exports().count(index).get() })
    }

    fn import_at(&self, index: Index) -> Option<ImportView> {
        self.tables.imports().entry(index).map(import_view)
    }
}

fn import_view(entry: &ImportEntry) -> ImportView {
    ImportView { count: entry.slot.count().get(), live: entry.slot.is_live() }
}
