//! What a few well-known things cost on this machine: the units of the other figures.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tables: reference");
    rmw(&mut group, BenchmarkId::from_parameter("one RMW"));
    let shared = Arc::new(0_u64);
    group.bench_function("Arc clone and drop", |b| {
        b.iter(|| {
            let clone = Arc::clone(&shared);
            drop(black_box(clone));
        });
    });
    group.bench_function("Box new and drop", |b| b.iter(|| drop(black_box(Box::new([0_u64; 3])))));
    let lock = Mutex::new(0_u64);
    group.bench_function("Mutex lock and unlock", |b| {
        b.iter(|| *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1);
    });
    group.finish();
}

/// One atomic read-modify-write that nobody contends for.
pub(crate) fn rmw(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId) {
    let word = AtomicU64::new(0);
    group.bench_function(id, |b| b.iter(|| word.fetch_add(1, Ordering::AcqRel)));
}
