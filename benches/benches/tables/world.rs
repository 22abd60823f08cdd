//! One contender with so many live entries, and each operation timed on it by one thread.

use crate::contender::check::Random;
use crate::contender::{Mention, Object, Release, Tables};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Objects that are not exported, for the life cycle.
pub(crate) const SPARE: usize = 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Life,
    ImportNew,
    ImportAgain,
    CloneDrop,
    LastDrop,
    LastDrops,
    ExportNew,
    ExportAgain,
    GcPartial,
    GcLast,
    Lookup,
}

impl Op {
    /// The life cycle comes first: it is the only one that carries indices from the exporter to the
    /// importer, and the others let the two tables grow apart.
    pub(crate) const ALL: [Self; 11] = [
        Self::Life,
        Self::ImportNew,
        Self::ImportAgain,
        Self::CloneDrop,
        Self::LastDrop,
        Self::LastDrops,
        Self::ExportNew,
        Self::ExportAgain,
        Self::GcPartial,
        Self::GcLast,
        Self::Lookup,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Life => "life cycle",
            Self::ImportNew => "import new",
            Self::ImportAgain => "import again",
            Self::CloneDrop => "clone and drop",
            Self::LastDrop => "last drop and drain",
            Self::LastDrops => "last drops, drained together",
            Self::ExportNew => "export new",
            Self::ExportAgain => "export again",
            Self::GcPartial => "gc partial",
            Self::GcLast => "gc last",
            Self::Lookup => "lookup",
        }
    }

    /// Whether it is one of the import table's, and of no other.
    pub(crate) const fn is_import(self) -> bool {
        use Op::{CloneDrop, ImportAgain, ImportNew, LastDrop, LastDrops};
        matches!(self, ImportNew | ImportAgain | CloneDrop | LastDrop | LastDrops)
    }
}

pub(crate) struct World<T: Tables> {
    pub(crate) tables: T,
    pub(crate) objects: Vec<T::Object>,
    pub(crate) spare: Vec<T::Object>,
    /// Where each object is exported.
    pub(crate) exported: Vec<u32>,
    /// Where each proxy is imported. The indices are the same at first; see [`Op::ALL`].
    pub(crate) imported: Vec<u32>,
    proxies: Vec<Option<T::Handle>>,
    /// Which entry is used when: all of them, at random.
    order: Vec<usize>,
    cursor: usize,
    received: Vec<T::Handle>,
    releases: Vec<T::Release>,
    clock: Clock,
}

impl<T: Tables> World<T> {
    pub(crate) fn new(live: usize) -> Self {
        let tables = T::new();
        let mut random = Random::new(7);
        // Neighbours in the table are no neighbours in memory, as in a process that has run long.
        let mut objects: Vec<_> = (0..live + SPARE).map(T::Object::new).collect();
        random.shuffle(&mut objects);
        let spare = objects.split_off(live);
        let mentions: Vec<_> = objects.iter().map(|object| tables.export(object)).collect();
        let proxies = mentions.iter().map(|mention| Some(tables.import(*mention))).collect();
        let exported: Vec<_> = mentions.into_iter().map(Mention::number).collect();
        let mut order: Vec<_> = (0..live).collect();
        random.shuffle(&mut order);
        Self {
            tables,
            objects,
            spare,
            imported: exported.clone(),
            exported,
            proxies,
            order,
            cursor: 0,
            received: Vec::with_capacity(SPARE),
            releases: Vec::with_capacity(SPARE),
            clock: Clock::calibrated(),
        }
    }

    pub(crate) fn proxy(&self, at: usize) -> &T::Handle {
        self.proxies[at].as_ref().expect("every operation puts back what it took")
    }

    /// The time that so many operations take, without what prepares them and puts things back.
    pub(crate) fn run(&mut self, op: Op, iterations: u64) -> Duration {
        let mut left = usize::try_from(iterations).expect("fits");
        let order = std::mem::take(&mut self.order);
        // No larger than a quarter of what is live, so that taking a batch away leaves the size;
        // no smaller than 16, so that reading the clock is little beside it.
        let batch = (order.len() / 4).clamp(16, SPARE);
        let mut time = Duration::ZERO;
        while left > 0 {
            let end = order.len().min(self.cursor + batch.min(left));
            let entries = &order[self.cursor..end];
            time += self.batch(op, entries);
            left -= entries.len();
            self.cursor = end % order.len();
        }
        self.order = order;
        time
    }

    fn batch(&mut self, op: Op, entries: &[usize]) -> Duration {
        match op {
            Op::Life => self.life(entries.len()),
            Op::ImportNew => {
                self.drop_proxies(entries);
                self.discard_releases();
                self.import_anew(entries)
            }
            Op::ImportAgain => self.import_again(entries),
            Op::CloneDrop => self.clone_and_drop(entries),
            Op::LastDrop => {
                let time = self.last_drops(entries, 1);
                self.import_anew(entries);
                time
            }
            Op::LastDrops => {
                let time = self.last_drops(entries, entries.len());
                self.import_anew(entries);
                time
            }
            Op::ExportNew => {
                self.gc(entries);
                self.export(entries)
            }
            Op::ExportAgain => {
                let time = self.export(entries);
                self.gc(entries);
                time
            }
            Op::GcPartial => {
                self.export(entries);
                self.lookup(entries); // a release comes after calls
                self.gc(entries)
            }
            Op::GcLast => {
                let time = self.gc(entries);
                self.export(entries);
                time
            }
            Op::Lookup => self.lookup(entries),
        }
    }

    fn life(&mut self, count: usize) -> Duration {
        let start = self.clock.start();
        for object in &self.spare[..count] {
            life(&self.tables, black_box(object), &mut self.releases);
        }
        self.clock.stop(start)
    }

    fn import_anew(&mut self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        for &at in entries {
            let mention = T::Mention::first(black_box(self.imported[at]));
            self.proxies[at] = Some(self.tables.import(mention));
        }
        self.clock.stop(start)
    }

    fn import_again(&mut self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        for &at in entries {
            let mention = T::Mention::again(black_box(self.imported[at]));
            self.received.push(self.tables.import(mention));
        }
        let time = self.clock.stop(start);
        self.received.clear();
        time
    }

    fn clone_and_drop(&self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        for &at in entries {
            let clone = self.proxy(black_box(at)).clone();
            black_box(&clone); // or a counter that is not atomic is not touched at all
            drop(clone);
        }
        self.clock.stop(start)
    }

    fn drop_proxies(&mut self, entries: &[usize]) {
        for &at in entries {
            self.proxies[at] = None;
        }
    }

    fn discard_releases(&mut self) {
        self.tables.drain(&mut self.releases);
        self.releases.clear();
    }

    fn last_drops(&mut self, entries: &[usize], together: usize) -> Duration {
        let start = self.clock.start();
        for entries in entries.chunks(together) {
            for &at in entries {
                self.proxies[black_box(at)] = None;
            }
            self.tables.drain(&mut self.releases);
        }
        let time = self.clock.stop(start);
        assert_eq!(self.releases.len(), entries.len(), "each proxy reports once");
        self.releases.clear();
        time
    }

    fn export(&mut self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        for &at in entries {
            let mention = self.tables.export(black_box(&self.objects[at]));
            self.exported[at] = mention.number();
        }
        self.clock.stop(start)
    }

    /// Gives back one mention of each.
    fn gc(&self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        for &at in entries {
            drop(self.tables.gc_export(black_box(self.exported[at]), 1).expect("exported"));
        }
        self.clock.stop(start)
    }

    fn lookup(&self, entries: &[usize]) -> Duration {
        let start = self.clock.start();
        let mut sum = 0;
        for &at in entries {
            sum ^= self.tables.call(black_box(self.exported[at])).expect("exported");
        }
        black_box(sum);
        self.clock.stop(start)
    }
}

/// An object is exported and imported; the proxy goes, which is drained; the mentions are given
/// back, which is the end of the export. Another thread may have a part of that.
#[inline]
pub(crate) fn life<T: Tables>(tables: &T, object: &T::Object, releases: &mut Vec<T::Release>) {
    let mention = tables.export(object);
    drop(tables.import(mention));
    release(tables, releases);
}

/// The session's loop: drains what is owed, and the exporter reads it.
#[inline]
pub(crate) fn release<T: Tables>(tables: &T, releases: &mut Vec<T::Release>) {
    tables.drain(releases);
    for (index, delta) in releases.drain(..).map(Release::parts) {
        drop(tables.gc_export(index, delta).expect("conserved"));
    }
}

/// Measures spans of some tens of operations, and takes off what the measuring costs.
#[derive(Clone, Copy)]
struct Clock {
    cost: Duration,
}

impl Clock {
    fn calibrated() -> Self {
        let cost = (0..1000).map(|_| Instant::now().elapsed()).min().unwrap_or_default();
        Self { cost }
    }

    fn start(self) -> Instant {
        Instant::now()
    }

    fn stop(self, start: Instant) -> Duration {
        start.elapsed().saturating_sub(self.cost)
    }
}
