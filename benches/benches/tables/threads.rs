//! The operations that two threads do at the same time.
//!
//! All threads start at one moment, and each does as many iterations as the others. The time is
//! that from the first start to the last end. So if `t1` and `t2` are the times of an iteration
//! with one and with two threads, two threads have `2 * t1 / t2` times the throughput of one.

use crate::contender::check::Random;
use crate::contender::{Mention, Object, Tables};
use crate::world::{World, life, release};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const LIVE: usize = 1024;

/// What any number of threads may use.
pub(crate) trait Concurrent:
    Tables<Object: Send + Sync, Handle: Send + Sync, Release: Send + Sync> + Sync
{
}

impl<T> Concurrent for T where
    T: Tables<Object: Send + Sync, Handle: Send + Sync, Release: Send + Sync> + Sync
{
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Export,
    Import,
    Clone,
    Life,
}

/// Which entries the threads use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum On {
    /// Each thread its own half of the table.
    Different,
    /// All threads the same entry.
    Hot,
}

impl Op {
    /// A life cycle of one hot object would not be one: the other thread keeps it exported.
    pub(crate) const ALL: [(Self, On); 7] = [
        (Self::Export, On::Different),
        (Self::Export, On::Hot),
        (Self::Import, On::Different),
        (Self::Import, On::Hot),
        (Self::Clone, On::Different),
        (Self::Clone, On::Hot),
        (Self::Life, On::Different),
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Export => "export again + gc partial",
            Self::Import => "import again + drop",
            Self::Clone => "clone + drop",
            Self::Life => "life cycle",
        }
    }

    pub(crate) const fn is_import(self) -> bool {
        matches!(self, Self::Import | Self::Clone)
    }
}

impl On {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Different => "different objects",
            Self::Hot => "one hot object",
        }
    }
}

/// The time in which every thread does so many iterations.
pub(crate) fn run<T: Concurrent>(
    world: &World<T>,
    (op, on): (Op, On),
    threads: usize,
    iterations: u64,
) -> Duration {
    let iterations = usize::try_from(iterations).expect("fits");
    let ready = AtomicUsize::new(0);
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let spawn = |thread| {
            let ready = &ready;
            scope.spawn(move || {
                let entries = entries(op, on, thread);
                ready.fetch_add(1, Ordering::AcqRel);
                while ready.load(Ordering::Acquire) < threads {
                    spin_loop();
                }
                let start = Instant::now();
                work(world, op, entries.iter().copied().cycle().take(iterations));
                (start, Instant::now())
            })
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let start = spans.iter().map(|(start, _)| *start).min().expect("a thread");
    let end = spans.iter().map(|(_, end)| *end).max().expect("a thread");
    end - start
}

/// The entries of a thread, in the order in which it uses them. There are two halves whether or not
/// there is a second thread, so that both have the same memory before them.
fn entries(op: Op, on: On, thread: usize) -> Vec<usize> {
    let half = LIVE / 2;
    let mut entries: Vec<_> = match on {
        On::Different => (thread * half..(thread + 1) * half).collect(),
        On::Hot => return vec![0],
    };
    if op != Op::Life {
        Random::new(11).shuffle(&mut entries); // spare objects are in no order already
    }
    entries
}

fn work<T: Concurrent>(world: &World<T>, op: Op, entries: impl Iterator<Item = usize>) {
    let tables = &world.tables;
    match op {
        Op::Export => {
            let mut gc_export = tables.gc_exporter();
            entries.for_each(|at| {
                let index = tables.export(&world.objects[at]).number();
                drop(gc_export(index, 1).expect("exported"));
            });
        }
        Op::Import => entries.for_each(|at| {
            drop(tables.import(T::Mention::again(world.imported[at])));
        }),
        Op::Clone => entries.for_each(|at| drop(world.proxy(at).clone())),
        Op::Life => {
            let mut releases = Vec::with_capacity(LIVE);
            entries.for_each(|at| life(tables, &world.spare[at], &mut releases));
        }
    }
}

/// That two threads at once lose no mention.
pub(crate) fn check<T: Concurrent>() {
    let world = World::<T>::new(LIVE);
    for what in Op::ALL {
        run(&world, what, 2, 2000);
    }
    let World { tables, objects, spare, .. } = &world;
    release(tables, &mut Vec::new());
    assert!(spare.iter().all(|object| object.owners() == 1), "{}: a life goes on", T::NAME);
    for (object, &index) in objects.iter().zip(&world.exported) {
        let evicted = tables.gc_export(index, 1).expect("one mention is left");
        assert_eq!(evicted.map(|o| o.number()), Some(object.number()), "{}", T::NAME);
    }
}
