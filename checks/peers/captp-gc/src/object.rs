//! What the vats export.

use captp_gc::table::{ExportCell, Exportable, Proxy};
use std::sync::Arc;

/// An exported object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) what: What,
    export: ExportCell,
}

/// What an exported object is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// One of the application's, with its name.
    Own(String),
    /// One mention of the application's promise of this name.
    Promise(String),
    /// Where the result of a question is to be sent; the question's ticket.
    Redirector(u64),
}

/// Something that an application can hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Thing {
    /// One of the peer's objects.
    Proxy(Proxy),
    /// One of its own, which came home.
    Own(Own),
    /// The promise of a result; the question's ticket.
    Question(u64),
}

/// An object of one's own. Equal if it is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Own(pub(crate) Arc<Object>);

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Own {}

impl Object {
    pub(crate) fn new(what: What) -> Arc<Self> {
        Arc::new(Self { what, export: ExportCell::new() })
    }
}

impl Exportable for Object {
    fn export_cell(&self) -> Option<&ExportCell> {
        Some(&self.export)
    }
}
