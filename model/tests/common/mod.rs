//! What the tests of the models share.
#![allow(dead_code, reason = "each test binary uses its share")]

pub(crate) mod server;
pub(crate) mod walk;

use model::catalogue::{self, Task};
use model::check::{Control, Finding};
use model::engine::{self, Budget, Outcome, Progress};
use model::mutation::Mutation;
use model::property::PropertySet;
use model::protocol::e::ECapTp;
use model::protocol::{Bend, Protocol};
use model::sizes::Sizes;
use model::world::World;

/// The smallest world: one object, one reference a message, one session, and no more.
pub(crate) fn sizes() -> Sizes {
    Sizes::SMALLEST
}

pub(crate) fn world(bend: Option<Bend>, sizes: Sizes) -> World<ECapTp> {
    World::new(ECapTp::bent(bend), sizes)
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

/// The mutations of E's CapTP.
pub(crate) fn e_mutations() -> &'static [Mutation] {
    catalogue::system("e-captp").unwrap().mutations
}

/// What a search of any system's world finds.
pub(crate) fn find_in(task: &Task) -> Finding {
    let progress = Progress::default();
    let (properties, budget) = (PropertySet::ALL, Budget::default());
    let control = Control { properties, threads: 1, budget, progress: &progress };
    (task.system.runs.search)(task, &control)
}

/// What `model check --mutation ID` finds.
pub(crate) fn find(id: &str) -> Finding {
    let (system, mutation) = catalogue::mutation(id).unwrap();
    let task = Task::mutated(system, mutation, mutation.sizes);
    find_in(&task)
}
