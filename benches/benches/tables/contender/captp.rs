//! captp-gc itself, on either family of primitives for production.

use super::{Mention, Object, Refused, Release, Tables};
use captp_gc::protocol::{Descriptor, GcExportOp, Index, Limits, SessionId};
use captp_gc::sync::{Leaking, Primitives, Std};
use captp_gc::table::{ExportCell, Exportable, Proxy, Reader, Session};
use std::cell::RefCell;
use std::sync::Arc;

pub(crate) struct CaptpGc<P: Named> {
    exporter: Session<Cell<P>, P>,
    importer: Session<Cell<P>, P>,
}

/// An object that carries its own count.
pub(crate) struct Cell<P: Primitives> {
    export: ExportCell<P>,
    number: usize,
}

pub(crate) trait Named: Primitives {
    const NAME: &'static str;
}

impl Named for Std {
    const NAME: &'static str = "captp-gc";
}

impl Named for Leaking {
    const NAME: &'static str = "captp-gc, leaking";
}

impl<P: Primitives> Exportable<P> for Cell<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        Some(&self.export)
    }
}

impl<P: Primitives> Object for Arc<Cell<P>> {
    fn new(number: usize) -> Self {
        Self::new(Cell { export: ExportCell::new(), number })
    }

    fn number(&self) -> usize {
        self.number
    }

    fn owners(&self) -> usize {
        Self::strong_count(self)
    }
}

impl<P: Named> Tables for CaptpGc<P> {
    const NAME: &'static str = P::NAME;
    type Object = Arc<Cell<P>>;
    type Handle = Proxy<P>;
    type Mention = Descriptor;
    type Release = GcExportOp;

    fn new() -> Self {
        let session = || Session::on(SessionId::FIRST, Limits::default(), None);
        Self { exporter: session(), importer: session() }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> Descriptor {
        self.exporter.export(object).expect("within limits")
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        self.exporter.gc_export(Index::new(index), delta).map_err(|_| Refused)
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.exporter.lookup(Index::new(index)).ok()
    }

    #[inline]
    fn import(&self, mention: Descriptor) -> Proxy<P> {
        self.importer.import(mention).expect("a correct mention")
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<GcExportOp>) {
        self.importer.drain_gc(releases);
    }
}

/// Several threads read the exporter's messages, and each has a [`Reader`] for it.
pub(crate) struct CaptpReaders(CaptpGc<Std>);

impl Tables for CaptpReaders {
    const NAME: &'static str = CaptpReader::NAME;
    type Object = Arc<Cell<Std>>;
    type Handle = Proxy;
    type Mention = Descriptor;
    type Release = GcExportOp;

    fn new() -> Self {
        Self(CaptpGc::new())
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> Descriptor {
        self.0.export(object)
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        self.0.gc_export(index, delta)
    }

    fn gc_exporter(&self) -> impl FnMut(u32, u32) -> Result<Option<Self::Object>, Refused> {
        let mut reader = self.0.exporter.reader();
        move |index, delta| {
            let index = Index::new(index);
            reader.lookup(index).map_err(|_| Refused)?; // the call that a message comes with
            reader.gc_export(index, delta).map_err(|_| Refused)
        }
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.0.lookup(index)
    }

    #[inline]
    fn import(&self, mention: Descriptor) -> Proxy {
        self.0.import(mention)
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<GcExportOp>) {
        self.0.drain(releases);
    }
}

/// The exporter's messages are read by one thread, which has a [`Reader`] for it.
pub(crate) struct CaptpReader {
    tables: CaptpGc<Std>,
    reader: RefCell<Reader<Cell<Std>>>,
}

impl Tables for CaptpReader {
    const NAME: &'static str = "captp-gc, reader";
    type Object = Arc<Cell<Std>>;
    type Handle = Proxy;
    type Mention = Descriptor;
    type Release = GcExportOp;

    fn new() -> Self {
        let tables = CaptpGc::new();
        let reader = RefCell::new(tables.exporter.reader());
        Self { tables, reader }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> Descriptor {
        self.tables.export(object)
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        self.reader.borrow_mut().gc_export(Index::new(index), delta).map_err(|_| Refused)
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.reader.borrow_mut().lookup(Index::new(index)).ok().map(Arc::clone)
    }

    /// The object is lent for the call, not cloned.
    #[inline]
    fn call(&self, index: u32) -> Option<usize> {
        self.reader.borrow_mut().lookup(Index::new(index)).ok().map(Object::number)
    }

    #[inline]
    fn import(&self, mention: Descriptor) -> Proxy {
        self.tables.import(mention)
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<GcExportOp>) {
        self.tables.drain(releases);
    }
}

impl Mention for Descriptor {
    fn first(index: u32) -> Self {
        Self::NewFarDesc(Index::new(index))
    }

    fn again(index: u32) -> Self {
        Self::ImportDesc(Index::new(index))
    }

    fn number(self) -> u32 {
        self.index().get()
    }
}

impl Release for GcExportOp {
    fn parts(self) -> (u32, u32) {
        (self.index.get(), self.delta.get())
    }
}
