//! Sharded hash maps: both tables on `DashMap`.

use super::{Plain, Refused, Tables};
use dashmap::{DashMap, Entry};
use std::sync::{Arc, Mutex, PoisonError, Weak};

pub(crate) struct Dash {
    by_address: DashMap<usize, Export>,
    by_index: DashMap<u32, Arc<Plain>>,
    indices: Mutex<Indices>,
    importer: DashImporter,
}

/// The count is where the object is looked for first: at the address.
struct Export {
    index: u32,
    mentions: u32,
}

#[derive(Default)]
struct Indices {
    free: Vec<u32>,
    next: u32,
}

impl Indices {
    fn allocate(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

/// The import table, which two contenders have in common.
#[derive(Clone, Default)]
pub(crate) struct DashImporter(Arc<Importer>);

#[derive(Default)]
struct Importer {
    imports: DashMap<u32, (Weak<Proxy>, u32)>,
    outbox: Mutex<Vec<(u32, u32)>>,
}

pub(crate) struct Proxy {
    importer: DashImporter,
    index: u32,
}

impl DashImporter {
    #[inline]
    pub(crate) fn import(&self, index: u32) -> Arc<Proxy> {
        let proxy = || Arc::new(Proxy { importer: self.clone(), index });
        match self.0.imports.entry(index) {
            Entry::Occupied(mut entry) => {
                let (weak, mentions) = entry.get_mut();
                *mentions += 1;
                weak.upgrade().unwrap_or_else(|| {
                    let successor = proxy();
                    *weak = Arc::downgrade(&successor);
                    successor
                })
            }
            Entry::Vacant(entry) => {
                let first = proxy();
                entry.insert((Arc::downgrade(&first), 1));
                first
            }
        }
    }

    #[inline]
    pub(crate) fn drain(&self, releases: &mut Vec<(u32, u32)>) {
        releases.append(&mut self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Proxy {
    /// A successor that was installed meanwhile inherits the mentions.
    fn drop(&mut self) {
        let Importer { imports, outbox } = &*self.importer.0;
        let removed = imports.remove_if(&self.index, |_, (weak, _)| {
            std::ptr::eq(weak.as_ptr(), std::ptr::from_ref::<Self>(self))
        });
        if let Some((index, (_, mentions))) = removed {
            outbox.lock().unwrap_or_else(PoisonError::into_inner).push((index, mentions));
        }
    }
}

impl Dash {
    fn indices<R>(&self, critical: impl FnOnce(&mut Indices) -> R) -> R {
        critical(&mut self.indices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables for Dash {
    const NAME: &'static str = "DashMap";
    type Object = Arc<Plain>;
    type Handle = Arc<Proxy>;
    type Mention = u32;
    type Release = (u32, u32);

    fn new() -> Self {
        Self {
            by_address: DashMap::new(),
            by_index: DashMap::new(),
            indices: Mutex::default(),
            importer: DashImporter::default(),
        }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> u32 {
        match self.by_address.entry(Arc::as_ptr(object).addr()) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().mentions += 1;
                entry.get().index
            }
            Entry::Vacant(entry) => {
                let index = self.indices(Indices::allocate);
                self.by_index.insert(index, Arc::clone(object));
                entry.insert(Export { index, mentions: 1 });
                index
            }
        }
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        let address = Arc::as_ptr(&*self.by_index.get(&index).ok_or(Refused)?).addr();
        let Entry::Occupied(mut entry) = self.by_address.entry(address) else {
            return Err(Refused);
        };
        if entry.get().index != index {
            return Err(Refused);
        }
        let mentions = entry.get().mentions.checked_sub(delta).ok_or(Refused)?;
        entry.get_mut().mentions = mentions;
        if mentions > 0 {
            return Ok(None);
        }
        let object = self.by_index.remove(&index).map(|(_, object)| object);
        entry.remove();
        self.indices(|indices| indices.free.push(index));
        Ok(object)
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.by_index.get(&index).map(|object| Arc::clone(&object))
    }

    #[inline]
    fn import(&self, mention: u32) -> Self::Handle {
        self.importer.import(mention)
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<(u32, u32)>) {
        self.importer.drain(releases);
    }
}
