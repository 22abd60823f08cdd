//! What the tests of the models share.
#![allow(dead_code, reason = "each test binary uses its share")]

use model::catalogue::{self, Task};
use model::check::{Control, Finding};
use model::engine::{self, Budget, Outcome, Progress};
use model::property::PropertySet;
use model::protocol::Bend;
use model::protocol::e::ECapTp;
use model::sizes::{PerVat, Sizes};
use model::world::World;

/// The smallest world: one object, one reference a message, one session, and no more.
pub(crate) fn sizes() -> Sizes {
    Sizes {
        objects: 1,
        sends: PerVat::each(0, 1),
        references: 1,
        calls: PerVat::both(0),
        failures: PerVat::both(0),
        faults: PerVat::both(0),
        sessions: 1,
    }
}

pub(crate) fn world(bend: Option<Bend>, sizes: Sizes) -> World<ECapTp> {
    World::new(ECapTp { bend }, sizes)
}

pub(crate) fn search(bend: Option<Bend>, sizes: Sizes) -> Outcome {
    search_with(bend, sizes, 1)
}

pub(crate) fn search_with(bend: Option<Bend>, sizes: Sizes, threads: usize) -> Outcome {
    search_within(bend, sizes, threads, &Budget::default())
}

pub(crate) fn search_within(
    bend: Option<Bend>,
    sizes: Sizes,
    threads: usize,
    budget: &Budget,
) -> Outcome {
    let (world, progress) = (world(bend, sizes), Progress::default());
    engine::search(&world, World::judge, PropertySet::ALL, threads, budget, &progress)
}

/// What `model check --mutation ID` finds.
pub(crate) fn find(id: &str) -> Finding {
    let (system, mutation) = catalogue::mutation(id).unwrap();
    let task = Task { system, mutation: Some(mutation), sizes: mutation.sizes };
    let progress = Progress::default();
    let (properties, budget) = (PropertySet::ALL, Budget::default());
    let control = Control { properties, threads: 1, budget, progress: &progress };
    (system.search)(&task, &control)
}
