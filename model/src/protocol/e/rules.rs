//! E's rules for one connection, and the ways to bend them.
//!
//! Unbent, every function here hands over to the production crate. A bend never re-states a rule:
//! it composes the same pure transitions wrongly.

use super::body::ONE_ABOVE_THE_COUNT;
use super::questions::Calls;
use super::tables::{Exported, Link, Memory};
use super::{EBend, ECapTp};
use captp_gc::protocol::{
    Descriptor, Index, Misuse, Notification, ProxyId, Received, Reference, SessionId, Violation,
};
use smallvec::SmallVec;

/// The largest delta of a narrow field: caja-captp's was 255, and what is above it is the same.
const NARROW_DELTA_MAX: u32 = 1;

impl ECapTp {
    pub(super) fn is_bent(self, bend: EBend) -> bool {
        self.bend == Some(bend)
    }

    /// A stale entry of the reverse map is described without asking the tables; all else is.
    fn write_bent(
        self,
        own: &mut Link,
        references: &[Reference<Exported>],
    ) -> Result<Vec<Descriptor>, Misuse> {
        let stale: SmallVec<[_; 2]> = references.iter().map(|r| own.stale_index(r)).collect();
        for reference in references {
            own.free_reusable_for(reference);
        }
        let fresh = references.iter().zip(&stale).filter(|(_, stale)| stale.is_none());
        let fresh: SmallVec<[Reference<Exported>; 2]> = fresh.map(|(r, _)| *r).collect();
        let written = own.tables.write(&fresh)?;
        let mut described = written.descriptors().to_vec().into_iter();
        own.writing = Some(written);
        let uncounted = |descriptor: &Descriptor| match descriptor {
            Descriptor::NewFarDesc(_) => self.is_bent(EBend::Canary),
            Descriptor::ImportDesc(_) => self.is_bent(EBend::ExportNotCounted),
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
        own: &mut Link,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Exported>>, Violation> {
        let mut received = Vec::new();
        for descriptor in descriptors {
            let index = descriptor.index();
            let held = own.tables.imports().entry(index).copied();
            let descriptor = match (self.bend, descriptor) {
                (Some(EBend::UnknownHomeIgnored), Descriptor::ExportDesc(_))
                    if own.tables.lookup(index).is_err() =>
                {
                    continue;
                }
                (Some(EBend::NotIntroducedAccepted), Descriptor::ImportDesc(_))
                    if held.is_none() =>
                {
                    Descriptor::NewFarDesc(index)
                }
                (Some(EBend::HeldIndexOverwritten), Descriptor::NewFarDesc(_)) => {
                    own.forget_import(index);
                    *descriptor
                }
                _ => *descriptor,
            };
            received.extend(own.tables.read(&[descriptor])?);
        }
        Ok(received)
    }

    pub(super) fn describe(
        &self,
        own: &mut Link,
        references: &[Reference<Exported>],
    ) -> Result<Vec<Descriptor>, Misuse> {
        if self.bend.is_some() {
            return self.write_bent(own, references);
        }
        let written = own.tables.write(references)?;
        let descriptors = written.descriptors().to_vec();
        own.writing = Some(written);
        Ok(descriptors)
    }

    pub(super) fn commit(&self, own: &mut Link) -> Result<(), Misuse> {
        let written = own.writing.take().ok_or(Misuse::NotInTheMaking)?;
        own.tables.sent(written).map(|_descriptors| ())
    }

    pub(super) fn take_back(&self, own: &mut Link) -> Result<Vec<Exported>, Misuse> {
        if self.is_bent(EBend::FailedSendKept) {
            return self.commit(own).map(|()| Vec::new());
        }
        let written = own.writing.take().ok_or(Misuse::NotInTheMaking)?;
        own.tables.unwrite(written)
    }

    pub(super) fn receive(
        &self,
        own: &mut Link,
        descriptors: &[Descriptor],
    ) -> Result<Vec<Received<Exported>>, Violation> {
        match self.bend {
            Some(EBend::ImportCountedOncePerMessage) => {
                let twice = matches!(descriptors, [a, b]
                    if a.is_mention() && b.is_mention() && a.index() == b.index());
                own.tables.read(if twice { &descriptors[..1] } else { descriptors })
            }
            Some(EBend::HomeCountedAsImport) => {
                let received = own.tables.read(descriptors)?;
                for home in descriptors.iter().filter(|d| !d.is_mention()) {
                    // Counted only where an import of that index is known.
                    let _miscounted = own.tables.read(&[Descriptor::ImportDesc(home.index())]);
                }
                Ok(received)
            }
            Some(EBend::LateMentionRefused) => {
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
                EBend::PartialReadKept
                | EBend::UnknownHomeIgnored
                | EBend::NotIntroducedAccepted
                | EBend::HeldIndexOverwritten,
            ) => self.read_bent(own, descriptors),
            _ => own.tables.read(descriptors),
        }
    }

    pub(super) fn lower(
        &self,
        own: &mut Link,
        index: Index,
        delta: u32,
    ) -> Result<Option<Exported>, Violation> {
        let count = own.tables.exports().count(index).get();
        let delta = if delta == ONE_ABOVE_THE_COUNT { count + 1 } else { delta };
        let delta = match self.bend {
            Some(EBend::UncountedDrop) if count > 0 => count,
            Some(EBend::SaturatingSubtraction) if count > 0 => delta.min(count),
            Some(EBend::ZeroDeltaIgnored) if delta == 0 => return Ok(None),
            Some(EBend::UnknownExportIgnored) if count == 0 => return Ok(None),
            Some(EBend::GcAppliedToImports) if own.tables.imports().entry(index).is_some() => {
                own.forget_import(index);
                return Ok(None);
            }
            _ => delta,
        };
        let freed = own.tables.gc_export(index, delta)?;
        match (self.bend, freed) {
            (Some(EBend::ReverseMapKept), Some(object)) => {
                own.remember(Memory::Freed(object), index);
            }
            (Some(EBend::ReusedBeforeZero), None) => own.remember(Memory::Reusable, index),
            (Some(EBend::EvictedObjectLost), _) => return Ok(None),
            _ => {}
        }
        Ok(freed)
    }

    pub(super) fn kill(&self, own: &mut Link, proxy: ProxyId) -> Option<Notification> {
        if self.is_bent(EBend::DeadProxyHandedOut) {
            return Some(Notification { proxy });
        }
        let notification = own.tables.clear(proxy).ok()?;
        (!self.is_bent(EBend::NotificationLost)).then_some(notification)
    }

    pub(super) fn serve(&self, own: &mut Link, notification: Notification) -> Option<(Index, u32)> {
        let ProxyId { session, index, .. } = notification.proxy;
        if session != own.tables.session() {
            let wrongly = own.recall_count(session, index).map(|count| (index, count));
            return wrongly.or_else(|| own.serve(notification));
        }
        match self.bend {
            Some(EBend::NoSuccessorCheck | EBend::DeadProxyHandedOut) => {
                let _successor = own.kill_proxy(index);
            }
            Some(EBend::CountKeptAfterRelease) => {
                return own.clone().serve(notification);
            }
            Some(EBend::EmptyReleaseSent) => {
                let live = own.tables.imports().entry(index).is_some_and(|e| e.slot.is_live());
                let served = own.serve(notification);
                return if live { served } else { served.or(Some((index, 0))) };
            }
            Some(EBend::WideDeltaRefused) => {
                let entry = own.tables.imports().entry(index);
                if entry.is_some_and(|entry| entry.slot.count().get() > NARROW_DELTA_MAX) {
                    return None;
                }
            }
            _ => {}
        }
        own.serve(notification)
    }

    pub(super) fn end(&self, own: &mut Link, next: SessionId) -> Result<Vec<Exported>, Misuse> {
        let old = own.clone();
        let mut released = own.tables.close(next)?;
        own.remembered.clear();
        own.writing = None;
        own.calls = Calls::default();
        own.told.clear();
        match self.bend {
            Some(EBend::OldNotificationActs) => {
                let counts = old.tables.imports().iter().filter(|(_, e)| !e.slot.count().is_zero());
                for (index, entry) in counts {
                    let count = entry.slot.count().get();
                    own.remember(Memory::Count(old.tables.session(), count), index);
                }
            }
            Some(EBend::ExportsOutliveSession) => {
                for (_, object, _) in old.tables.exports().iter() {
                    let kept = own.tables.write(&[Reference::Local(*object)])?;
                    own.tables.sent(kept)?;
                }
            }
            Some(EBend::ReleasedTwice) => released.extend(released.clone().first()),
            _ => {}
        }
        Ok(released)
    }
}
