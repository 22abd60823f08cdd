//! Both tables of one vat in one session: whole messages, all or nothing.

use super::{
    Descriptor, ExportTable, GcExportOp, ImportTable, Index, Limits, Misuse, ProxyId, Received,
    Reference, SessionId, Violation, WireCount, Written,
};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The export table and the import table of one vat in one session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tables<O: Ord> {
    session: SessionId,
    limits: Limits,
    exports: ExportTable<O>,
    imports: ImportTable,
    writing: bool,
}

/// The collector has cleared a weak reference, and owes the table a turn in which to say so.
/// Served by [`Tables::notify`], once, at any later time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "a notification that is never served leaks the export at the peer"]
pub struct Notification {
    /// The proxy that died.
    pub proxy: ProxyId,
}

impl<O: Clone + Ord> Tables<O> {
    /// Empty tables for `session`.
    pub fn new(session: SessionId, limits: Limits) -> Self {
        let (exports, imports) = (ExportTable::default(), ImportTable::default());
        Self { session, limits, exports, imports, writing: false }
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

    /// R1: describes the references of one outgoing message, counting every mention. The message
    /// is then in the making, until [`sent`](Self::sent) or [`unwrite`](Self::unwrite) settles it.
    ///
    /// # Errors
    /// A [`Misuse`]; then nothing was counted.
    pub fn write(&mut self, references: &[Reference<O>]) -> Result<Written, Misuse> {
        let (count, limit) = (references.len(), self.limits.references_per_message_max);
        if !self.limits.fit(count) {
            return Err(Misuse::MessageTooLong { references: count, limit });
        }
        if self.writing {
            return Err(Misuse::Unsettled);
        }
        let mut descriptors = Vec::with_capacity(count);
        for reference in references {
            match self.describe(reference) {
                Ok(descriptor) => descriptors.push(descriptor),
                Err(misuse) => {
                    self.uncount(&descriptors)?;
                    return Err(misuse);
                }
            }
        }
        self.writing = true;
        Ok(Written { session: self.session, descriptors })
    }

    /// The message is on its way: its mentions stay counted. Returns its descriptors.
    ///
    /// # Errors
    /// [`Misuse::NotInTheMaking`].
    pub fn sent(&mut self, written: Written) -> Result<Vec<Descriptor>, Misuse> {
        self.check_in_the_making(&written)?;
        self.writing = false;
        Ok(written.descriptors)
    }

    /// R7: the message could not be sent: un-counts its mentions. Returns the objects whose entries
    /// went; between writing and this, the peer may have given all their other mentions back.
    ///
    /// # Errors
    /// [`Misuse::NotInTheMaking`], [`Misuse::NotExported`].
    pub fn unwrite(&mut self, written: Written) -> Result<Vec<O>, Misuse> {
        self.check_in_the_making(&written)?;
        let mut mentions = BTreeMap::new();
        for mention in written.descriptors.iter().filter(|d| d.is_mention()) {
            let count: &mut u32 = mentions.entry(mention.index()).or_default();
            *count = count.saturating_add(1);
        }
        for (index, mentions) in mentions {
            if self.exports.count(index) < WireCount::new(mentions) {
                return Err(Misuse::NotExported { index });
            }
        }
        self.writing = false;
        self.uncount(&written.descriptors)
    }

    /// R2, R7: reads the descriptors of one incoming message, counting every mention.
    ///
    /// # Errors
    /// A [`Violation`]; then nothing was counted.
    pub fn read(&mut self, descriptors: &[Descriptor]) -> Result<Vec<Received<O>>, Violation> {
        let (count, limit) = (descriptors.len(), self.limits.references_per_message_max);
        if !self.limits.fit(count) {
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

    /// The collector has cleared the weak reference to `proxy`. For a proxy of another session,
    /// which is broken, there is nothing to do, and its notification will do nothing.
    ///
    /// # Errors
    /// [`Misuse::NoLiveProxy`] if another proxy, or none, lives there.
    pub fn clear(&mut self, proxy: ProxyId) -> Result<Notification, Misuse> {
        if proxy.session == self.session {
            self.imports.clear(proxy.index, proxy.incarnation)?;
        }
        Ok(Notification { proxy })
    }

    /// R3, R8: serves a notification. Returns the `GCExportOp` to send: none if a live successor
    /// stands there, if nothing is left to give back, or if the notification is of another
    /// session.
    pub fn notify(&mut self, notification: Notification) -> Option<GcExportOp> {
        if notification.proxy.session != self.session {
            return None;
        }
        let index = notification.proxy.index;
        let delta = self.imports.notify(index)?;
        Some(GcExportOp { index, delta })
    }

    /// R8: the session ends, and `next` begins. Gives back every export, each once; all proxies
    /// are broken, and neither what is still owed to the old session nor a message in the making
    /// has any effect on the new.
    ///
    /// # Errors
    /// [`Misuse::NotLater`].
    pub fn close(&mut self, next: SessionId) -> Result<Vec<O>, Misuse> {
        if next <= self.session {
            return Err(Misuse::NotLater { next, current: self.session });
        }
        self.session = next;
        self.writing = false;
        self.imports.close();
        Ok(self.exports.close())
    }

    fn check_in_the_making(&self, written: &Written) -> Result<(), Misuse> {
        let current = self.writing && written.session == self.session;
        if current { Ok(()) } else { Err(Misuse::NotInTheMaking) }
    }

    /// Latest first, so that indices go back to the free list in the order they were taken.
    fn uncount(&mut self, written: &[Descriptor]) -> Result<Vec<O>, Misuse> {
        let mut evicted = Vec::new();
        for descriptor in written.iter().rev().filter(|descriptor| descriptor.is_mention()) {
            evicted.extend(self.exports.unexport(descriptor.index())?);
        }
        Ok(evicted)
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
                let proxy = ProxyId {
                    session: self.session,
                    index: mention.index(),
                    incarnation: imported.incarnation,
                };
                Ok(Received::Proxy { proxy, installed: imported.installed })
            }
        }
    }
}
