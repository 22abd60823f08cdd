//! How many bytes an entry of each contender's tables takes, and which operations allocate.
//!
//! Prints a table, and ends with a panic if captp-gc takes more than it may.

#[cfg(not(loom))]
#[path = "../tables/contender/mod.rs"]
mod contender;

#[cfg(not(loom))]
fn main() {
    contender::check::all();
    memory::run();
}

#[cfg(loom)]
fn main() {}

#[cfg(not(loom))]
mod memory {
    use crate::contender::capnp::CapnpRpc;
    use crate::contender::captp::{CaptpGc, CaptpReaders};
    use crate::contender::check::Random;
    use crate::contender::dash::Dash;
    use crate::contender::locked::{FastLock, Locked, StdLock};
    use crate::contender::sharded::Sharded;
    use crate::contender::{Mention, Object, Plain, Tables};
    use captp_gc::sync::{Leaking, Std};
    use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
    use std::alloc::System;
    use std::sync::Arc;

    #[global_allocator]
    static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

    const IMPORT_BYTES_MAX: usize = 40;
    const EXPORT_BYTES_MAX: usize = 64;

    const SIZES: [(&str, usize); 3] = [("1k", 1024), ("64k", 1 << 16), ("1M", 1_000_000)];

    pub(crate) fn run() {
        let is_test = std::env::args().any(|argument| argument == "--test");
        println!(
            "Heap bytes for each live entry. An import has one proxy, which is counted where it"
        );
        println!("is on the heap; an export is counted with what the object carries for it.\n");
        let sizes = if is_test { &SIZES[..1] } else { &SIZES[..] };
        let columns = |what| sizes.iter().map(move |(size, _)| format!(" {what}, {size} |"));
        let columns: String = columns("import").chain(columns("export")).collect();
        println!("| contender | both tables, empty | a handle |{columns}");
        println!("|---|---:|---:|{}", "---:|".repeat(2 * sizes.len()));
        within_limits(&row::<CaptpGc<Std>>(sizes));
        within_limits(&row::<CaptpGc<Leaking>>(sizes));
        row::<CapnpRpc>(sizes);
        row::<Locked<StdLock>>(sizes);
        row::<Locked<FastLock>>(sizes);
        row::<Dash>(sizes);
        row::<Sharded>(sizes);
        nothing_is_allocated_where_nothing_is_new::<CaptpGc<Std>>();
        nothing_is_allocated_where_nothing_is_new::<CaptpGc<Leaking>>();
        nothing_is_allocated_where_nothing_is_new::<CaptpReaders>();
    }

    struct Entry {
        import: usize,
        export: usize,
    }

    fn row<T: Tables>(sizes: &[(&str, usize)]) -> Vec<Entry> {
        let (_empty, empty) = measured(T::new);
        let entries: Vec<_> = sizes.iter().map(|(_, live)| entry::<T>(*live)).collect();
        let imports = entries.iter().map(|entry| format!(" {} |", entry.import));
        let exports = entries.iter().map(|entry| format!(" {} |", entry.export));
        let cells: String = imports.chain(exports).collect();
        println!("| {} | {empty} | {} |{cells}", T::NAME, size_of::<T::Handle>());
        entries
    }

    /// Bytes for each entry, rounded up.
    fn entry<T: Tables>(live: usize) -> Entry {
        let tables = T::new();
        let (mut objects, with_count) = measured(|| new_objects::<T::Object>(live));
        let (_, plain) = measured(|| new_objects::<Arc<Plain>>(live));
        Random::new(7).shuffle(&mut objects);
        let mut indices = Vec::with_capacity(live);
        let ((), exported) = measured(|| {
            indices.extend(objects.iter().map(|object| tables.export(object).number()));
        });
        let mut proxies = Vec::with_capacity(live);
        let ((), imported) = measured(|| {
            let mentions = indices.iter().map(|index| T::Mention::first(*index));
            proxies.extend(mentions.map(|mention| tables.import(mention)));
        });
        let export = exported + with_count.saturating_sub(plain);
        Entry { import: imported.div_ceil(live), export: export.div_ceil(live) }
    }

    fn new_objects<O: Object>(count: usize) -> Vec<O> {
        (0..count).map(O::new).collect()
    }

    /// The bytes that are held in the end and were not at the beginning.
    fn measured<R>(make: impl FnOnce() -> R) -> (R, usize) {
        let region = Region::new(ALLOCATOR);
        let made = make();
        let change = region.change();
        (made, change.bytes_allocated.saturating_sub(change.bytes_deallocated))
    }

    fn within_limits(entries: &[Entry]) {
        for Entry { import, export } in entries {
            assert!(*import <= IMPORT_BYTES_MAX, "{import} bytes an import");
            assert!(*export <= EXPORT_BYTES_MAX, "{export} bytes an export");
        }
    }

    fn nothing_is_allocated_where_nothing_is_new<T: Tables>() {
        let tables = T::new();
        let [bob, carol] = [1, 2].map(T::Object::new);
        let bobs = tables.export(&bob).number();
        drop(tables.import(T::Mention::first(bobs)));
        let mut releases = Vec::with_capacity(8);
        tables.drain(&mut releases);
        let carols = tables.export(&carol).number();
        let mut gc_export = tables.gc_exporter();
        tables.export(&bob);
        assert!(gc_export(bobs, 1).is_ok());
        let region = Region::new(ALLOCATOR);
        let silent = |what: &str| {
            let change = region.change();
            let calls = (change.allocations, change.reallocations, change.deallocations);
            assert_eq!(calls, (0, 0, 0), "{}: {what}", T::NAME);
        };
        let proxy = tables.import(T::Mention::first(carols));
        silent("import of an index whose page exists");
        let again = tables.import(T::Mention::again(carols));
        drop((proxy.clone(), again, proxy));
        silent("import again, clone and drop");
        tables.drain(&mut releases);
        silent("a drain into a Vec that has room");
        tables.export(&bob);
        silent("export of an object that is exported");
        assert!(gc_export(bobs, 1).is_ok());
        silent("a partial release");
    }
}
