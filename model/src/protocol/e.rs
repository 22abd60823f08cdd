//! E's CapTP, as rules R1 to R8 of [`captp_gc::protocol`] state it, and the ways to bend it.
//!
//! **Modelled:** export and import counts, `NewFarDesc`, `ImportDesc`, `ExportDesc` (E's
//! `IncomingDesc`), `GCExportOp`, the successor test, LIFO reuse of indices, failed sends,
//! sessions. **Left out:** promises, questions and answers, third-party introductions.
//! **Source:** E's `net.captp` (`jcomm`, `tables`), and the es-discuss mail of 2013-11-09.
//!
//! Unbent, every function here hands over to the production crate. A [`Bend`] never re-states a
//! rule: it composes the same pure transitions wrongly.

use super::{Admission, ExportView, ImportView, Protocol, View};
use crate::names::Object;
use crate::world::WireOrder;
use captp_gc::protocol::{
    Descriptor, Index, Limits, Misuse, Notification, Received, Reference, SessionId, Tables,
    Violation,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// E's CapTP, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ECapTp {
    /// The rule that is bent, if any.
    pub bend: Option<Bend>,
}

/// One way of getting the protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bend {
    /// Nothing is counted at all: the entry is gone as soon as it was written.
    Canary,
    /// An `ImportDesc` is written without raising the export count.
    ExportNotCounted,
    /// Several mentions of one index in one message are counted once by the reader.
    ImportCountedOncePerMessage,
    /// A reference that comes home is counted as a mention of the import of the same index.
    HomeCountedAsImport,
    /// A `GCExportOp` is applied to the import, not the export, of that index.
    GcAppliedToImports,
    /// A notification acts whether or not a live successor stands there.
    NoSuccessorCheck,
    /// The weak reference stays until the notification is served.
    DeadProxyHandedOut,
    /// The import count stays when it was given back.
    CountKeptAfterRelease,
    /// A notification with nothing to give back sends a `GCExportOp` all the same.
    EmptyReleaseSent,
    /// A cleared weak reference schedules no notification.
    NotificationLost,
    /// The exporter frees at the first `GCExportOp`.
    UncountedDrop,
    /// Object → index survives the entry.
    ReverseMapKept,
    /// The index is free for reuse at the first `GCExportOp`, even if the count is not zero.
    ReusedBeforeZero,
    /// A delta above the count is taken for the count.
    SaturatingSubtraction,
    /// A mention that revives a released import is taken for a violation.
    LateMentionRefused,
    /// Messages in flight arrive in any order.
    UnorderedChannels,
    /// GC messages are sent ahead of what is queued.
    GcOvertakesCalls,
    /// The counts of a message that could not be sent stay.
    FailedSendKept,
    /// The counts of a message that could not be read whole stay.
    PartialReadKept,
    /// A notification of an old session gives back, in the new one, what it remembers.
    OldNotificationActs,
    /// A message of an old session is read in the new one.
    OldMessageRead,
    /// The export table is not emptied when the session ends.
    ExportsOutliveSession,
}

/// One vat's tables, and what a bent protocol wrongly remembers beside them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ETables {
    tables: Tables<Object>,
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

    fn write_bent(
        self,
        bend: Bend,
        own: &mut ETables,
        reference: Reference<Object>,
    ) -> Result<Descriptor, Misuse> {
        if let Reference::Local(object) = reference
            && own.tables.exports().index_of(&object).is_none()
        {
            if let Some(index) = own.recall(|memory| memory == Memory::Freed(object)) {
                return Ok(Descriptor::ImportDesc(index));
            }
            if let Some(index) = own.recall(|memory| memory == Memory::Reusable) {
                own.free(index);
            }
        }
        let written = own.tables.write(&[reference])?[0];
        let uncounted = match written {
            Descriptor::NewFarDesc(_) => bend == Bend::Canary,
            Descriptor::ImportDesc(_) => bend == Bend::ExportNotCounted,
            Descriptor::ExportDesc(_) => false,
        };
        if uncounted {
            own.tables.unwrite(&[written])?;
        }
        Ok(written)
    }
}

impl ETables {
    fn recall(&mut self, wanted: impl Fn(Memory) -> bool) -> Option<Index> {
        let position = self.remembered.iter().position(|(memory, _)| wanted(*memory))?;
        let (memory, index) = self.remembered[position];
        if memory == Memory::Reusable {
            self.remembered.remove(position);
        }
        Some(index)
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

    fn free(&mut self, index: Index) {
        let count = self.tables.exports().count(index).get();
        if count > 0 {
            let freed = self.tables.gc_export(index, count);
            debug_assert!(freed.is_ok(), "the whole count can be given back");
        }
    }
}

impl Protocol for ECapTp {
    type Tables = ETables;

    fn bent(bend: Option<Bend>) -> Self {
        Self { bend }
    }

    fn open(&self, session: SessionId) -> ETables {
        let tables = Tables::new(session, Limits::default());
        ETables { tables, remembered: SmallVec::new() }
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
        match self.bend {
            None => own.tables.write(references),
            Some(bend) => references.iter().map(|r| self.write_bent(bend, own, *r)).collect(),
        }
    }

    fn unwrite(&self, own: &mut ETables, written: &[Descriptor]) {
        if !self.is_bent(Bend::FailedSendKept) {
            // A bent write may have counted less than it wrote; then there is less to take back.
            let _evicted = own.tables.unwrite(written);
        }
    }

    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission {
        if theirs > ours {
            Admission::Newer
        } else if theirs == ours || self.is_bent(Bend::OldMessageRead) {
            Admission::Current
        } else {
            Admission::Stale
        }
    }

    fn read(
        &self,
        own: &mut ETables,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Object>>, Violation> {
        match self.bend {
            Some(Bend::ImportCountedOncePerMessage) => {
                let twice = matches!(descriptors, [a, b] if a.is_mention() && a.index() == b.index()
                    && b.is_mention());
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
            Some(Bend::PartialReadKept) => {
                let mut received = Vec::new();
                for descriptor in descriptors {
                    received.extend(own.tables.read(&[*descriptor])?);
                }
                Ok(received)
            }
            _ => own.tables.read(descriptors),
        }
    }

    fn gc_export(&self, own: &mut ETables, index: Index, delta: u32) -> Result<(), Violation> {
        let count = own.tables.exports().count(index).get();
        let delta = match self.bend {
            Some(Bend::UncountedDrop) if count > 0 => count,
            Some(Bend::SaturatingSubtraction) if count > 0 => delta.min(count),
            Some(Bend::GcAppliedToImports) => {
                if let Ok(notification) = own.tables.clear(index) {
                    let _lost = own.tables.notify(notification);
                }
                return Ok(());
            }
            _ => delta,
        };
        let freed = own.tables.gc_export(index, delta)?;
        match (self.bend, freed) {
            (Some(Bend::ReverseMapKept), Some(object)) => {
                own.remember(Memory::Freed(object), index);
            }
            (Some(Bend::ReusedBeforeZero), None) => own.remember(Memory::Reusable, index),
            _ => {}
        }
        Ok(())
    }

    fn clear(&self, own: &mut ETables, index: Index, incarnation: u64) -> Option<Notification> {
        if self.is_bent(Bend::DeadProxyHandedOut) {
            let session = own.tables.session();
            let incarnation = captp_gc::protocol::Incarnation::new(incarnation);
            return Some(Notification { session, index, incarnation });
        }
        let notification = own.tables.clear(index).ok()?;
        (!self.is_bent(Bend::NotificationLost)).then_some(notification)
    }

    fn notify(&self, own: &mut ETables, notification: Notification) -> Option<(Index, u32)> {
        let (session, index) = (notification.session, notification.index);
        if session != own.tables.session() {
            let wrongly = own.recall_count(session, index).map(|count| (index, count));
            return wrongly.or_else(|| own.serve(notification));
        }
        match self.bend {
            Some(Bend::NoSuccessorCheck | Bend::DeadProxyHandedOut) => {
                // A live successor is taken for dead.
                let _successor = own.tables.clear(index);
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

    fn close(&self, own: &mut ETables, next: SessionId) -> Vec<Object> {
        let old = own.clone();
        let released = own.tables.close(next);
        own.remembered.clear();
        match self.bend {
            Some(Bend::OldNotificationActs) => {
                let counts = old.tables.imports().iter().filter(|(_, e)| !e.slot.count().is_zero());
                for (index, entry) in counts {
                    let count = entry.slot.count().get();
                    own.remember(Memory::Count(old.tables.session(), count), index);
                }
            }
            Some(Bend::ExportsOutliveSession) => {
                for (_, object, count) in old.tables.exports().iter() {
                    for _ in 0..count.get() {
                        let kept = own.tables.write(&[Reference::Local(*object)]);
                        debug_assert!(kept.is_ok(), "it fitted before");
                    }
                }
            }
            _ => {}
        }
        released
    }
}

impl View for ETables {
    fn export_at(&self, index: Index) -> Option<ExportView> {
        let object = *self.tables.exports().lookup(index)?;
        Some(ExportView { object, count: self.tables.exports().count(index).get() })
    }

    fn import_at(&self, index: Index) -> Option<ImportView> {
        let entry = self.tables.imports().entry(index)?;
        Some(ImportView { count: entry.slot.count().get(), live: entry.slot.is_live() })
    }
}
