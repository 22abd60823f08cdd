//! What really happened, counted apart from the tables.

use crate::explorer::Verdict;
use captp_gc::protocol::{Descriptor, GcExportOp, Index};
use captp_gc::sync::Primitives;
use captp_gc::table::{ExportCell, Exportable, Proxy, Refused, Session};
use std::sync::Arc;

/// An exported object that says who it is.
#[derive(Debug)]
pub struct Object<P: Primitives> {
    cell: ExportCell<P>,
    /// Its name.
    pub name: &'static str,
}

impl<P: Primitives> Object<P> {
    /// An object of this name.
    pub fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { cell: ExportCell::new(), name })
    }
}

impl<P: Primitives> Exportable<P> for Object<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        Some(&self.cell)
    }
}

/// The mentions of one import index: what was received, and what was given back.
#[derive(Clone, Copy, Default, Debug)]
pub struct Mentions {
    received: u32,
    given_back: u32,
}

impl Mentions {
    /// This many were received.
    pub fn received(received: u32) -> Self {
        Self { received, given_back: 0 }
    }

    /// These messages are sent.
    pub fn give_back(&mut self, index: Index, ops: &[GcExportOp]) {
        for op in ops.iter().filter(|op| op.index == index) {
            self.given_back += op.delta.get();
        }
    }

    /// The exporter's count: what the peer still holds for us.
    ///
    /// # Errors
    /// More was given back than received: the exporter would end the session.
    pub fn exported(self) -> Result<u32, String> {
        let Self { received, given_back } = self;
        received
            .checked_sub(given_back)
            .ok_or_else(|| format!("{given_back} mentions given back of {received} received"))
    }

    /// A live proxy stands at the index, so its export must be held.
    ///
    /// # Errors
    /// It is not.
    pub fn check_held(self) -> Verdict {
        match self.exported()? {
            0 => Err("a proxy lives, and its export is given back".into()),
            _ => Ok(()),
        }
    }

    /// Everything is dropped and drained, so everything must be given back.
    ///
    /// # Errors
    /// It is not: a leak.
    pub fn check_released(self) -> Verdict {
        match self.exported()? {
            0 => Ok(()),
            left => Err(format!("{left} of {} mentions never given back", self.received)),
        }
    }
}

/// What is drained now.
pub fn drain<T: ?Sized + Exportable<P>, P: Primitives>(session: &Session<T, P>) -> Vec<GcExportOp> {
    let mut ops = Vec::new();
    session.drain_gc(&mut ops);
    ops
}

/// The first mention of an index.
pub const fn first(index: u32) -> Descriptor {
    Descriptor::NewFarDesc(Index::new(index))
}

/// A later one.
pub const fn again(index: u32) -> Descriptor {
    Descriptor::ImportDesc(Index::new(index))
}

/// A mention that must be readable.
///
/// # Errors
/// It was refused.
pub fn import<T: ?Sized + Exportable<P>, P: Primitives>(
    session: &Session<T, P>,
    mention: Descriptor,
) -> Result<Proxy<P>, String> {
    session.import(mention).map_err(|refused| format!("{mention} is refused: {refused}"))
}

/// A refusal in a sentence.
pub fn said(refused: Refused) -> String {
    format!("refused: {refused}")
}
