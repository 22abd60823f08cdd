//! Distinct states per second, one thread: our composition and search, beside our composition
//! under Stateright's search, and Stateright's composition under Stateright's search.

#[cfg(not(loom))]
fn main() {
    throughput::run();
}

#[cfg(loom)]
fn main() {}

#[cfg(not(loom))]
mod throughput {
    use criterion::{Criterion, Throughput};
    use model::engine::{self, Budget, Progress};
    use model::property::PropertySet;
    use model::protocol::e::ECapTp;
    use model::sizes::{PerVat, Sizes};
    use model::world::World;
    use stateright::{Checker, Expectation, HasDiscoveries, Model};

    const SIZES: Sizes =
        Sizes { objects: 2, sends: PerVat::each(0, 3), references: 2, ..Sizes::SMALLEST };

    fn world() -> World<ECapTp> {
        World::new(ECapTp::default(), SIZES)
    }

    /// Level by level, every property and witness judged.
    fn ours() -> u64 {
        let (budget, progress) = (Budget::default(), Progress::default());
        engine::search(&world(), World::judge, PropertySet::ALL, 1, &budget, &progress)
            .counts
            .distinct
    }

    /// Stateright stops at once if it waits for no property.
    fn wait_for_ever() -> HasDiscoveries {
        HasDiscoveries::AllOf(std::iter::once("no such property").collect())
    }

    fn stateright_search() -> usize {
        let checker = world().checker().finish_when(wait_for_ever()).spawn_bfs().join();
        checker.unique_state_count()
    }

    /// No property is judged at all.
    fn stateright_actors() -> usize {
        let model = world().actor_model().expect("channels are ordered");
        let model = model.property(Expectation::Always, "true", |_, _| true);
        model.checker().finish_when(wait_for_ever()).spawn_bfs().join().unique_state_count()
    }

    pub(super) fn run() {
        let mut criterion = Criterion::default().configure_from_args();
        let mut group = criterion.benchmark_group("distinct states");
        group.sample_size(10).throughput(Throughput::Elements(ours()));
        group.bench_function("ours", |b| b.iter(ours));
        group.bench_function("stateright's search of our world", |b| b.iter(stateright_search));
        group.bench_function("stateright's search of its actors", |b| b.iter(stateright_actors));
        group.finish();
        criterion.final_summary();
    }
}
