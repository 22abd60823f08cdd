//! The sequential tables, beside one uncontended atomic read-modify-write and one allocation.

#[cfg(not(loom))]
fn main() {
    tables::run();
}

#[cfg(loom)]
fn main() {}

#[cfg(not(loom))]
mod tables {
    use captp_gc::protocol::{Descriptor, Index, Limits, Received, Reference, SessionId, Tables};
    use criterion::Criterion;
    use std::hint::black_box;
    use std::sync::atomic::{AtomicU64, Ordering};

    const LIVE: u64 = 1000;

    /// An exporter with `LIVE` objects exported, and an importer that holds them all.
    fn two_vats() -> (Tables<u64>, Tables<u64>) {
        let new = || Tables::new(SessionId::FIRST, Limits::default());
        let (mut exporter, mut importer) = (new(), new());
        for object in 0..LIVE {
            let written = exporter.write(&[Reference::Local(object)]);
            let message = exporter.sent(written.expect("within limits")).expect("just written");
            importer.read(&message).expect("a correct message");
        }
        (exporter, importer)
    }

    /// Export, import, clear, notify, and the GCExportOp read.
    fn life(exporter: &mut Tables<u64>, importer: &mut Tables<u64>, object: u64) -> Option<u64> {
        let written = exporter.write(&[Reference::Local(object)]).ok()?;
        let message = exporter.sent(written).ok()?;
        let Received::Proxy { proxy, .. } = importer.read(&message).ok()?[0] else { return None };
        let notification = importer.clear(proxy).ok()?;
        let op = importer.notify(notification)?;
        exporter.gc_export(op.index, op.delta.get()).ok()?
    }

    pub(super) fn run() {
        let mut criterion = Criterion::default().configure_from_args();
        let mut group = criterion.benchmark_group("pure tables, 1 k live");
        let counter = AtomicU64::new(0);
        group.bench_function("reference: one fetch_add", |b| {
            b.iter(|| counter.fetch_add(1, Ordering::Relaxed));
        });
        group
            .bench_function("reference: one allocation", |b| b.iter(|| Box::new(black_box(1_u64))));
        let (mut exporter, mut importer) = two_vats();
        group.bench_function("lookup", |b| b.iter(|| exporter.lookup(black_box(Index::new(7)))));
        group.bench_function("export again, and un-export", |b| {
            b.iter(|| {
                let written = exporter.write(&[Reference::Local(black_box(7))]);
                exporter.unwrite(written.expect("within limits"))
            });
        });
        group.bench_function("whole life cycle", |b| {
            b.iter(|| life(&mut exporter, &mut importer, black_box(LIVE)).expect("freed"));
        });
        group.bench_function("hostile mention refused", |b| {
            let hostile = [Descriptor::ImportDesc(Index::new(u32::MAX))];
            b.iter(|| importer.read(black_box(&hostile)).is_err());
        });
        group.finish();
        criterion.final_summary();
    }
}
