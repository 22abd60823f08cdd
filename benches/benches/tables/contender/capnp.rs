//! The table structure of capnp-rpc (capnproto-rust, `capnp-rpc/src/rpc.rs`), for one thread.
//!
//! The same maps, entries, look-ups and order of steps. Left out, all to this peer's advantage: the
//! boxing of each handle as `Box<dyn ClientHook>`, the `client_downcast_map` (a third hash map that
//! each import and each last drop writes to), the resolution of promises, and the messages. A
//! release goes to an outbox instead.

use super::{Object, Refused, Tables};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::rc::{Rc, Weak};

pub(crate) struct CapnpRpc {
    exporter: Rc<Connection>,
    importer: Rc<Connection>,
}

struct Connection {
    exports: RefCell<ExportTable>,
    exports_by_cap: RefCell<HashMap<usize, u32>>,
    imports: RefCell<HashMap<u32, Import>>,
    outbox: RefCell<Vec<(u32, u32)>>,
}

struct ExportTable {
    slots: Vec<Option<Export>>,
    /// The lowest is used first.
    free_ids: BinaryHeap<Reverse<u32>>,
}

struct Export {
    refcount: u32,
    client_hook: Rc<Local>,
}

pub(crate) struct Local {
    number: usize,
}

#[derive(Default)]
struct Import {
    /// The client, and its address.
    import_client: Option<(Weak<RefCell<ImportClient>>, usize)>,
    /// What the application has: the client, there being no promises here.
    app_client: Option<Weak<RefCell<ImportClient>>>,
}

pub(crate) struct ImportClient {
    connection: Rc<Connection>,
    import_id: u32,
    remote_ref_count: u32,
}

impl ExportTable {
    fn erase(&mut self, id: u32) -> Option<Export> {
        let export = self.slots[id as usize].take();
        self.free_ids.push(Reverse(id));
        export
    }

    fn push(&mut self, export: Export) -> u32 {
        if let Some(Reverse(id)) = self.free_ids.pop() {
            self.slots[id as usize] = Some(export);
            return id;
        }
        self.slots.push(Some(export));
        u32::try_from(self.slots.len() - 1).expect("ids of 32 bits")
    }

    fn find(&mut self, id: u32) -> Option<&mut Export> {
        self.slots.get_mut(id as usize)?.as_mut()
    }
}

impl Connection {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            exports: RefCell::new(ExportTable { slots: Vec::new(), free_ids: BinaryHeap::new() }),
            exports_by_cap: RefCell::default(),
            imports: RefCell::default(),
            outbox: RefCell::default(),
        })
    }

    fn write_descriptor(&self, cap: &Rc<Local>) -> u32 {
        let ptr = Rc::as_ptr(cap).addr();
        let contains_key = self.exports_by_cap.borrow().contains_key(&ptr);
        if contains_key {
            let id = self.exports_by_cap.borrow()[&ptr];
            let mut exports = self.exports.borrow_mut();
            exports.find(id).expect("exported").refcount += 1;
            return id;
        }
        let export = Export { refcount: 1, client_hook: Rc::clone(cap) };
        let id = self.exports.borrow_mut().push(export);
        self.exports_by_cap.borrow_mut().insert(ptr, id);
        id
    }

    fn release_export(&self, id: u32, refcount: u32) -> Result<Option<Rc<Local>>, Refused> {
        let client_ptr = match self.exports.borrow_mut().find(id) {
            Some(export) if refcount <= export.refcount => {
                export.refcount -= refcount;
                if export.refcount > 0 {
                    return Ok(None);
                }
                Rc::as_ptr(&export.client_hook).addr()
            }
            _ => return Err(Refused),
        };
        let erased = self.exports.borrow_mut().erase(id);
        self.exports_by_cap.borrow_mut().remove(&client_ptr);
        Ok(erased.map(|export| export.client_hook))
    }

    fn import(self: &Rc<Self>, import_id: u32) -> Rc<RefCell<ImportClient>> {
        let client = {
            let mut imports = self.imports.borrow_mut();
            let import = imports.entry(import_id).or_default();
            if let Some((client, _)) = &import.import_client {
                client.upgrade().expect("the entry goes before its client")
            } else {
                let connection = Rc::clone(self);
                let client = ImportClient { connection, import_id, remote_ref_count: 0 };
                let client = Rc::new(RefCell::new(client));
                let ptr = std::ptr::from_ref(&*client.borrow()).addr();
                import.import_client = Some((Rc::downgrade(&client), ptr));
                client
            }
        };
        client.borrow_mut().remote_ref_count += 1;
        if let Some(import) = self.imports.borrow_mut().get_mut(&import_id) {
            import.app_client = Some(Rc::downgrade(&client));
        }
        client
    }
}

impl Drop for ImportClient {
    fn drop(&mut self) {
        let ptr = std::ptr::from_ref::<Self>(self).addr();
        let is_me = {
            let imports = self.connection.imports.borrow();
            let client = imports.get(&self.import_id).and_then(|i| i.import_client.as_ref());
            client.is_some_and(|(_, client)| *client == ptr)
        };
        if is_me {
            self.connection.imports.borrow_mut().remove(&self.import_id);
        }
        if self.remote_ref_count > 0 {
            self.connection.outbox.borrow_mut().push((self.import_id, self.remote_ref_count));
        }
    }
}

impl Object for Rc<Local> {
    fn new(number: usize) -> Self {
        Self::new(Local { number })
    }

    fn number(&self) -> usize {
        self.number
    }

    fn owners(&self) -> usize {
        Self::strong_count(self)
    }
}

impl Tables for CapnpRpc {
    const NAME: &'static str = "capnp-rpc structure";
    type Object = Rc<Local>;
    type Handle = Rc<RefCell<ImportClient>>;
    type Mention = u32;
    type Release = (u32, u32);

    fn new() -> Self {
        Self { exporter: Connection::new(), importer: Connection::new() }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> u32 {
        self.exporter.write_descriptor(object)
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        self.exporter.release_export(index, delta)
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        let exports = self.exporter.exports.borrow();
        Some(Rc::clone(&exports.slots.get(index as usize)?.as_ref()?.client_hook))
    }

    #[inline]
    fn import(&self, mention: u32) -> Self::Handle {
        self.importer.import(mention)
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<(u32, u32)>) {
        releases.append(&mut self.importer.outbox.borrow_mut());
    }
}
