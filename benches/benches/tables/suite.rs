//! Every operation, for every contender, at every size.

use crate::contender::Tables;
use crate::contender::capnp::CapnpRpc;
use crate::contender::captp::{CaptpGc, CaptpReader, CaptpReaders};
use crate::contender::dash::Dash;
use crate::contender::locked::{FastLock, Locked, StdLock};
use crate::contender::sharded::Sharded;
use crate::reference;
use crate::threads::{self, Concurrent, On};
use crate::world::{Op, World};
use captp_gc::sync::{Leaking, Std};
use criterion::{BenchmarkId, Criterion};
use std::time::Duration;

const SIZES: [(&str, usize); 4] = [("16", 16), ("1k", 1024), ("64k", 1 << 16), ("1M", 1_000_000)];

pub(crate) fn run() {
    // The whole run takes less than ten minutes. The command line may say otherwise.
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_millis(900))
        .warm_up_time(Duration::from_millis(300))
        .sample_size(20)
        .nresamples(10_000)
        .configure_from_args();
    let is_test = std::env::args().any(|argument| argument == "--test");
    reference::run(&mut criterion);
    two_threads(&mut criterion, is_test);
    for (size, live) in SIZES.into_iter().filter(|(_, live)| !is_test || *live <= 1024) {
        one_thread(&mut criterion, size, live);
    }
    criterion.final_summary();
}

/// A contender, and its world once a benchmark of it has been chosen.
struct Contestant<T: Tables> {
    live: usize,
    world: Option<World<T>>,
}

trait OneThread {
    fn name(&self) -> &'static str;
    fn run(&mut self, op: Op, iterations: u64) -> Duration;
}

impl<T: Tables> OneThread for Contestant<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn run(&mut self, op: Op, iterations: u64) -> Duration {
        self.world.get_or_insert_with(|| World::new(self.live)).run(op, iterations)
    }
}

fn one_thread(criterion: &mut Criterion, size: &str, live: usize) {
    fn contestant<T: Tables>(live: usize) -> Box<dyn OneThread> {
        Box::new(Contestant::<T> { live, world: None })
    }
    let mut contestants = [
        contestant::<CaptpGc<Std>>(live),
        contestant::<CaptpGc<Leaking>>(live),
        contestant::<CaptpReader>(live),
        contestant::<CapnpRpc>(live),
        contestant::<Locked<StdLock>>(live),
        contestant::<Locked<FastLock>>(live),
        contestant::<Dash>(live),
        contestant::<Sharded>(live),
    ];
    for op in Op::ALL {
        let mut group = criterion.benchmark_group(format!("tables: {}", op.name()));
        // The unit, measured beside the figures: on a shared machine it is not the same all day.
        reference::rmw(&mut group, BenchmarkId::new("one RMW", size));
        for contestant in &mut contestants {
            let name = contestant.name();
            if op.is_import() && [Sharded::NAME, CaptpReader::NAME].contains(&name) {
                continue; // those imports are another contender's
            }
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter_custom(|iterations| contestant.run(op, iterations));
            });
        }
        group.finish();
    }
}

trait TwoThreads {
    fn name(&self) -> &'static str;
    fn run(&mut self, what: (threads::Op, On), threads: usize, iterations: u64) -> Duration;
}

impl<T: Concurrent> TwoThreads for Contestant<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn run(&mut self, what: (threads::Op, On), threads: usize, iterations: u64) -> Duration {
        let world = self.world.get_or_insert_with(|| World::new(self.live));
        threads::run(world, what, threads, iterations)
    }
}

fn two_threads(criterion: &mut Criterion, is_test: bool) {
    fn contestant<T: Concurrent>(check: bool) -> Box<dyn TwoThreads> {
        if check {
            threads::check::<T>();
        }
        Box::new(Contestant::<T> { live: threads::LIVE, world: None })
    }
    let mut contestants = [
        contestant::<CaptpGc<Std>>(is_test),
        contestant::<CaptpGc<Leaking>>(is_test),
        contestant::<CaptpReaders>(is_test),
        contestant::<Locked<StdLock>>(is_test),
        contestant::<Locked<FastLock>>(is_test),
        contestant::<Dash>(is_test),
        contestant::<Sharded>(is_test),
    ];
    for (op, on) in threads::Op::ALL {
        let title = format!("tables: {}, {}", op.name(), on.name());
        let mut group = criterion.benchmark_group(title);
        for contestant in &mut contestants {
            let name = contestant.name();
            let elsewhere = [Sharded::NAME, CaptpReaders::NAME].contains(&name);
            if elsewhere && op != threads::Op::Export && (op.is_import() || name != Sharded::NAME) {
                continue; // those imports are DashMap's, and captp-gc's without a reader
            }
            for (threads, number) in [("1 thread", 1), ("2 threads", 2)] {
                group.bench_function(BenchmarkId::new(name, threads), |b| {
                    b.iter_custom(|iterations| contestant.run((op, on), number, iterations));
                });
            }
        }
        group.finish();
    }
}
