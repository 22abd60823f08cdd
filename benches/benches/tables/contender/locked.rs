//! One lock around each table: what most people would write, and the same with the fastest parts.

use super::{Plain, Refused, Tables};
use slab::Slab;
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, Weak};

/// Which lock, and which hasher.
pub(crate) trait Family: Sized + Send + Sync + 'static {
    const NAME: &'static str;
    type Lock<T: Send>: Lock<T>;
    type Hasher: BuildHasher + Default + Send;
}

pub(crate) trait Lock<T>: Send + Sync {
    fn new(value: T) -> Self;
    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R;
}

/// The standard library's lock and hasher.
pub(crate) struct StdLock;

/// The fastest lock and the fastest hasher in common use.
pub(crate) struct FastLock;

impl Family for StdLock {
    const NAME: &'static str = "Mutex + HashMap";
    type Lock<T: Send> = std::sync::Mutex<T>;
    type Hasher = RandomState;
}

impl Family for FastLock {
    const NAME: &'static str = "parking_lot + FxHashMap";
    type Lock<T: Send> = parking_lot::Mutex<T>;
    type Hasher = rustc_hash::FxBuildHasher;
}

impl<T: Send> Lock<T> for std::sync::Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        critical(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Send> Lock<T> for parking_lot::Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
        critical(&mut self.lock())
    }
}

pub(crate) struct Locked<F: Family> {
    exports: F::Lock<Exports<F>>,
    importer: Arc<Importer<F>>,
}

struct Exports<F: Family> {
    entries: Slab<Export>,
    by_address: HashMap<usize, u32, F::Hasher>,
}

struct Export {
    object: Arc<Plain>,
    mentions: u32,
}

struct Importer<F: Family> {
    imports: F::Lock<Imports<F>>,
    outbox: F::Lock<Vec<(u32, u32)>>,
}

type Imports<F> = HashMap<u32, (Weak<Proxy<F>>, u32), <F as Family>::Hasher>;

pub(crate) struct Proxy<F: Family> {
    importer: Arc<Importer<F>>,
    index: u32,
}

impl<F: Family> Drop for Proxy<F> {
    /// A successor that was installed meanwhile inherits the mentions.
    fn drop(&mut self) {
        let owed = self.importer.imports.with(|imports| {
            let Entry::Occupied(entry) = imports.entry(self.index) else { return None };
            let is_me = std::ptr::eq(entry.get().0.as_ptr(), self);
            is_me.then(|| entry.remove().1)
        });
        if let Some(mentions) = owed {
            self.importer.outbox.with(|outbox| outbox.push((self.index, mentions)));
        }
    }
}

impl<F: Family> Tables for Locked<F> {
    const NAME: &'static str = F::NAME;
    type Object = Arc<Plain>;
    type Handle = Arc<Proxy<F>>;
    type Mention = u32;
    type Release = (u32, u32);

    fn new() -> Self {
        let exports = Exports { entries: Slab::new(), by_address: HashMap::default() };
        let imports = Lock::new(HashMap::default());
        let importer = Arc::new(Importer { imports, outbox: Lock::new(Vec::new()) });
        Self { exports: Lock::new(exports), importer }
    }

    #[inline]
    fn export(&self, object: &Self::Object) -> u32 {
        self.exports.with(|Exports { entries, by_address }| {
            match by_address.entry(Arc::as_ptr(object).addr()) {
                Entry::Occupied(entry) => {
                    entries[*entry.get() as usize].mentions += 1;
                    *entry.get()
                }
                Entry::Vacant(entry) => {
                    let index = entries.insert(Export { object: Arc::clone(object), mentions: 1 });
                    *entry.insert(u32::try_from(index).expect("indices of 32 bits"))
                }
            }
        })
    }

    #[inline]
    fn gc_export(&self, index: u32, delta: u32) -> Result<Option<Self::Object>, Refused> {
        self.exports.with(|Exports { entries, by_address }| {
            let entry = entries.get_mut(index as usize).ok_or(Refused)?;
            entry.mentions = entry.mentions.checked_sub(delta).ok_or(Refused)?;
            if entry.mentions > 0 {
                return Ok(None);
            }
            let object = entries.remove(index as usize).object;
            by_address.remove(&Arc::as_ptr(&object).addr());
            Ok(Some(object))
        })
    }

    #[inline]
    fn lookup(&self, index: u32) -> Option<Self::Object> {
        self.exports.with(|exports| {
            exports.entries.get(index as usize).map(|entry| Arc::clone(&entry.object))
        })
    }

    #[inline]
    fn import(&self, mention: u32) -> Self::Handle {
        let proxy = || Arc::new(Proxy { importer: Arc::clone(&self.importer), index: mention });
        self.importer.imports.with(|imports| match imports.entry(mention) {
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
        })
    }

    #[inline]
    fn drain(&self, releases: &mut Vec<(u32, u32)>) {
        self.importer.outbox.with(|outbox| releases.append(outbox));
    }
}
