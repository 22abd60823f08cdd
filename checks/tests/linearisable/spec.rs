//! What the tables do one operation at a time: the protocol's pure tables.

use captp_gc::protocol::{
    Descriptor, ExportTable, ImportTable, Incarnation, Index, Limits, Misuse, Violation, WireDelta,
};
use captp_gc::table::Refused;
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, BTreeSet};

/// Who an object is.
pub(crate) type Name = &'static str;

/// An operation that happens at one point in time.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Export(Name),
    Unexport(Name),
    GcExport(Index, u32),
    Lookup(Index),
    Receive(Descriptor),
    Clone(Index),
    Drop(Index),
    SendHome(Index),
    /// A drain's part at one index.
    DrainAt(Index),
    /// A closing's part at one index.
    CloseImport(Index),
    /// A closing's part at the export table.
    CloseExports,
}

/// What it returns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ret {
    Done,
    Described(Result<Descriptor, Misuse>),
    TakenBack(Result<Option<Name>, Misuse>),
    Evicted(Result<Option<Name>, Refused>),
    Found(Result<Name, Refused>),
    /// Whether a proxy was installed.
    Received(Result<bool, Refused>),
    Drained(Option<WireDelta>),
    Closed(Vec<Name>),
    /// No table that keeps its promises can return this.
    Impossible,
}

/// The sequential object.
#[derive(Clone)]
pub(crate) struct Spec {
    limits: Limits,
    exports: ExportTable<Name>,
    imports: ImportTable,
    /// The live proxies, and how many handles each has.
    handles: BTreeMap<Index, (Incarnation, u32)>,
    is_over: bool,
    broken: BTreeSet<Index>,
}

impl Spec {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            exports: ExportTable::default(),
            imports: ImportTable::default(),
            handles: BTreeMap::new(),
            is_over: false,
            broken: BTreeSet::new(),
        }
    }

    fn unless_over<R>(
        &mut self,
        read: impl FnOnce(&mut ExportTable<Name>) -> Result<R, Violation>,
    ) -> Result<R, Refused> {
        if self.is_over { Err(Refused::Closed) } else { Ok(read(&mut self.exports)?) }
    }

    fn unexport(&mut self, object: Name) -> Result<Option<Name>, Misuse> {
        if self.is_over {
            return Err(Misuse::Closed);
        }
        let index = self.exports.index_of(&object).ok_or(Misuse::NothingToUnexport)?;
        self.exports.unexport(index)
    }

    fn receive(&mut self, mention: Descriptor) -> Result<bool, Refused> {
        let index = mention.index();
        if self.broken.contains(&index) {
            return Err(Refused::Closed);
        }
        let imported = self.imports.import(mention, &self.limits)?;
        let (_, handles) = self.handles.entry(index).or_insert((imported.incarnation, 0));
        *handles += 1;
        Ok(imported.installed)
    }

    /// The pure tables know no handles: the collector clears the proxy when the last one goes.
    fn drop_handle(&mut self, index: Index) -> Ret {
        if self.broken.contains(&index) {
            return Ret::Done;
        }
        let Some((incarnation, handles)) = self.handles.get_mut(&index) else {
            return Ret::Impossible;
        };
        *handles -= 1;
        if *handles > 0 {
            return Ret::Done;
        }
        let cleared = self.imports.clear(index, *incarnation);
        self.handles.remove(&index);
        if cleared.is_ok() { Ret::Done } else { Ret::Impossible }
    }
}

impl SequentialSpec for Spec {
    type Op = Op;
    type Ret = Ret;

    fn invoke(&mut self, op: &Op) -> Ret {
        match *op {
            Op::Export(_) if self.is_over => Ret::Described(Err(Misuse::Closed)),
            Op::Export(object) => Ret::Described(self.exports.export(object, &self.limits)),
            Op::Unexport(object) => Ret::TakenBack(self.unexport(object)),
            Op::GcExport(index, delta) => {
                Ret::Evicted(self.unless_over(|exports| exports.gc_export(index, delta)))
            }
            Op::Lookup(index) => Ret::Found(self.unless_over(|exports| {
                exports.lookup(index).copied().ok_or(Violation::UnknownExport { index })
            })),
            Op::Receive(mention) => Ret::Received(self.receive(mention)),
            Op::Clone(index) => {
                self.handles.entry(index).and_modify(|(_, handles)| *handles += 1);
                Ret::Done
            }
            Op::Drop(index) => self.drop_handle(index),
            Op::SendHome(index) => Ret::Described(match self.broken.contains(&index) {
                true => Err(Misuse::Closed),
                false => Ok(Descriptor::ExportDesc(index)),
            }),
            Op::DrainAt(index) if self.broken.contains(&index) => Ret::Drained(None),
            Op::DrainAt(index) => Ret::Drained(self.imports.notify(index)),
            Op::CloseImport(index) => {
                self.broken.insert(index);
                Ret::Done
            }
            Op::CloseExports => {
                self.is_over = true;
                Ret::Closed(self.exports.close())
            }
        }
    }
}
