//! Both tables of one vat in one session: whole messages, all or nothing.

use super::{
    Descriptor, ExportTable, GcExportOp, ImportTable, Incarnation, Index, Limits, Misuse, Received,
    Reference, SessionId, Violation,
};
use alloc::vec::Vec;

/// The export table and the import table of one vat in one session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tables<O: Ord> {
    session: SessionId,
    limits: Limits,
    exports: ExportTable<O>,
    imports: ImportTable,
}

/// The collector has cleared a weak reference, and owes the table a turn in which to say so.
/// Served by [`Tables::notify`], once, at any later time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "a notification that is never served leaks the export at the peer"]
pub struct Notification {
    /// The session whose proxy died.
    pub session: SessionId,
    /// Where it stood.
    pub index: Index,
    /// Which proxy it was.
    pub incarnation: Incarnation,
}

impl<O: Clone + Ord> Tables<O> {
    /// Empty tables for `session`.
    pub fn new(session: SessionId, limits: Limits) -> Self {
        Self { session, limits, exports: ExportTable::default(), imports: ImportTable::default() }
    }

    /// The session that these tables belong to.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// What the session may cost.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What this vat holds for the peer.
    pub const fn exports(&self) -> &ExportTable<O> {
        &self.exports
    }

    /// What this vat holds of the peer's.
    pub const fn imports(&self) -> &ImportTable {
        &self.imports
    }

    /// R1: describes the references of one outgoing message, counting every mention.
    ///
    /// # Errors
    /// A [`Misuse`]; then nothing was counted.
    pub fn write(&mut self, references: &[Reference<O>]) -> Result<Vec<Descriptor>, Misuse> {
        let (count, limit) = (references.len(), self.limits.references_per_message_max);
        if !u32::try_from(count).is_ok_and(|count| count <= limit) {
            return Err(Misuse::MessageTooLong { references: count, limit });
        }
        let mut written = Vec::with_capacity(count);
        for reference in references {
            match self.describe(reference) {
                Ok(descriptor) => written.push(descriptor),
                Err(misuse) => {
                    self.unwrite(&written)?;
                    return Err(misuse);
                }
            }
        }
        Ok(written)
    }

    /// R7: the message with these descriptors could not be sent: un-counts its mentions. Returns
    /// the objects whose entries went.
    ///
    /// # Errors
    /// [`Misuse::NotExported`] if they were not written in this session, or were un-counted
    /// before.
    pub fn unwrite(&mut self, written: &[Descriptor]) -> Result<Vec<O>, Misuse> {
        let mut evicted = Vec::new();
        // Latest first, so that indices go back to the free list in the order they were taken.
        for descriptor in written.iter().rev().filter(|descriptor| descriptor.is_mention()) {
            evicted.extend(self.exports.unexport(descriptor.index())?);
        }
        Ok(evicted)
    }

    /// R2, R7: reads the descriptors of one incoming message, counting every mention.
    ///
    /// # Errors
    /// A [`Violation`]; then nothing was counted.
    pub fn read(&mut self, descriptors: &[Descriptor]) -> Result<Vec<Received<O>>, Violation> {
        let (count, limit) = (descriptors.len(), self.limits.references_per_message_max);
        if !u32::try_from(count).is_ok_and(|count| count <= limit) {
            return Err(Violation::MessageTooLong { references: count, limit });
        }
        let mut undo = Vec::new();
        let mut received = Vec::with_capacity(count);
        for descriptor in descriptors {
            let index = descriptor.index();
            let before = self.imports.entry(index).copied();
            match self.resolve(*descriptor) {
                Ok(reference) => received.push(reference),
                Err(violation) => {
                    for (index, before) in undo.into_iter().rev() {
                        self.imports.restore(index, before);
                    }
                    return Err(violation);
                }
            }
            if descriptor.is_mention() {
                undo.push((index, before));
            }
        }
        Ok(received)
    }

    /// R4, R5: reads a `GCExportOp`. Returns the object if its entry went.
    ///
    /// # Errors
    /// As [`ExportTable::gc_export`].
    pub fn gc_export(&mut self, index: Index, delta: u32) -> Result<Option<O>, Violation> {
        self.exports.gc_export(index, delta)
    }

    /// The object that a call to the export `index` is for.
    ///
    /// # Errors
    /// [`Violation::UnknownExport`].
    pub fn lookup(&self, index: Index) -> Result<&O, Violation> {
        self.exports.lookup(index).ok_or(Violation::UnknownExport { index })
    }

    /// The collector has cleared the weak reference at `imports[index]`.
    ///
    /// # Errors
    /// [`Misuse::NoLiveProxy`].
    pub fn clear(&mut self, index: Index) -> Result<Notification, Misuse> {
        let incarnation = self.imports.clear(index)?;
        Ok(Notification { session: self.session, index, incarnation })
    }

    /// R3, R8: serves a notification. Returns the `GCExportOp` to send: none if a live successor
    /// stands there, if nothing is left to give back, or if the notification is of another
    /// session.
    pub fn notify(&mut self, notification: Notification) -> Option<GcExportOp> {
        if notification.session != self.session {
            return None;
        }
        let index = notification.index;
        let delta = self.imports.notify(index)?;
        Some(GcExportOp { index, delta })
    }

    /// R8: the session ends, and `next` begins. Gives back every export, each once; all proxies
    /// are broken, and what is still owed to the old session has no effect on the new.
    pub fn close(&mut self, next: SessionId) -> Vec<O> {
        self.session = next;
        self.imports.close();
        self.exports.close()
    }

    fn describe(&mut self, reference: &Reference<O>) -> Result<Descriptor, Misuse> {
        match reference {
            Reference::Local(object) => self.exports.export(object.clone(), &self.limits),
            Reference::Proxy(index) => match self.imports.entry(*index) {
                Some(entry) if entry.slot.is_live() => Ok(Descriptor::ExportDesc(*index)),
                _ => Err(Misuse::NoLiveProxy { index: *index }),
            },
        }
    }

    fn resolve(&mut self, descriptor: Descriptor) -> Result<Received<O>, Violation> {
        match descriptor {
            Descriptor::ExportDesc(index) => Ok(Received::Home(self.lookup(index)?.clone())),
            mention => {
                let imported = self.imports.import(mention, &self.limits)?;
                Ok(Received::Proxy {
                    index: mention.index(),
                    incarnation: imported.incarnation,
                    installed: imported.installed,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{WireCount, WireDelta};
    use Descriptor::{ExportDesc, ImportDesc, NewFarDesc};
    use alloc::vec;

    const I0: Index = Index::new(0);
    const I1: Index = Index::new(1);

    fn new_tables() -> Tables<&'static str> {
        let limits = Limits { exports_max: 2, references_per_message_max: 3, ..Limits::default() };
        Tables::new(SessionId::FIRST, limits)
    }

    fn local(object: &'static str) -> Reference<&'static str> {
        Reference::Local(object)
    }

    #[test]
    fn one_message_may_mention_one_object_twice_and_both_ends_count_two() {
        let (mut a, mut b) = (new_tables(), new_tables());
        let message = b.write(&[local("Bob"), local("Bob")]).unwrap();
        assert_eq!(message, [NewFarDesc(I0), ImportDesc(I0)]);
        a.read(&message).unwrap();
        assert_eq!(b.exports().count(I0), WireCount::new(2));
        assert_eq!(a.imports().entry(I0).unwrap().slot.count(), WireCount::new(2));
    }

    #[test]
    fn a_reference_that_goes_home_is_not_counted() {
        let (mut a, mut b) = (new_tables(), new_tables());
        a.read(&b.write(&[local("Bob")]).unwrap()).unwrap();
        let before = (a.clone(), b.clone());
        let home = a.write(&[Reference::Proxy(I0)]).unwrap();
        assert_eq!(home, [ExportDesc(I0)]);
        assert_eq!(b.read(&home).unwrap(), [Received::Home("Bob")]);
        assert_eq!((a, b), before);
    }

    #[test]
    fn a_message_that_cannot_be_written_whole_counts_nothing() {
        let mut b = new_tables();
        b.write(&[local("Bob")]).unwrap();
        let before = b.clone();
        let full = b.write(&[local("Ben"), local("Bob"), local("Bea")]);
        assert_eq!(full, Err(Misuse::ExportsFull { limit: 2 }));
        assert_eq!(b, before);
        let dead = b.write(&[local("Bob"), Reference::Proxy(I0)]);
        assert_eq!(dead, Err(Misuse::NoLiveProxy { index: I0 }));
        assert_eq!(b, before);
        let long = b.write(&[local("Bob"); 4]);
        assert_eq!(long, Err(Misuse::MessageTooLong { references: 4, limit: 3 }));
        assert_eq!(b, before);
    }

    #[test]
    fn a_message_that_cannot_be_sent_is_uncounted() {
        let mut b = new_tables();
        b.write(&[local("Bob")]).unwrap();
        let before = b.clone();
        let message = b.write(&[local("Ben"), local("Bob"), local("Ben")]).unwrap();
        assert_eq!(b.unwrite(&message), Ok(vec!["Ben"]));
        assert_eq!(b, before);
    }

    #[test]
    fn a_message_that_cannot_be_read_whole_counts_nothing() {
        let mut a = new_tables();
        a.read(&[NewFarDesc(I0)]).unwrap();
        let _owed = a.clear(I0).unwrap();
        let before = a.clone();
        let bad = [
            vec![ImportDesc(I0), NewFarDesc(I1), ImportDesc(Index::new(2))],
            vec![NewFarDesc(I1), ImportDesc(I1), NewFarDesc(I1)],
            vec![ImportDesc(I0), ExportDesc(I0)],
            vec![ImportDesc(I0); 4],
        ];
        for message in bad {
            assert!(a.read(&message).is_err(), "{message:?}");
            assert_eq!(a, before, "{message:?}");
        }
    }

    #[test]
    fn a_notification_of_an_old_session_sends_nothing() {
        let mut a = new_tables();
        a.read(&[NewFarDesc(I0)]).unwrap();
        let owed = a.clear(I0).unwrap();
        a.close(SessionId::FIRST.next().unwrap());
        a.read(&[NewFarDesc(I0)]).unwrap();
        let owed_now = a.clear(I0).unwrap();
        let before = a.clone();
        assert_eq!(a.notify(owed), None);
        assert_eq!(a, before);
        let op = GcExportOp { index: I0, delta: WireDelta::ONE };
        assert_eq!(a.notify(owed_now), Some(op));
    }

    #[test]
    fn the_distributed_race_of_the_seed_keeps_the_entry() {
        let (mut a, mut b) = (new_tables(), new_tables());
        a.read(&b.write(&[local("Bob")]).unwrap()).unwrap();
        let owed = a.clear(I0).unwrap();
        let op = a.notify(owed).unwrap(); // leaves VatA …
        let crossing = b.write(&[local("Bob")]).unwrap(); // … while this leaves VatB
        assert_eq!(crossing, [ImportDesc(I0)]);
        assert_eq!(b.gc_export(op.index, op.delta.get()), Ok(None), "one mention is in flight");
        a.read(&crossing).unwrap();
        let home = a.write(&[Reference::Proxy(I0)]).unwrap();
        assert_eq!(b.read(&home).unwrap(), [Received::Home("Bob")]);
    }
}
