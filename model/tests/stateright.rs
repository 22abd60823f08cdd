//! Our composition of the vats and our search, held against Stateright's own.
#![cfg(not(loom))]

mod common;

use common::{e_mutations, search, sizes, world};
use model::property::PropertyId;
use model::protocol::e::ECapTp;
use model::protocol::{Bend, EBend};
use model::sizes::{PerVat, Sizes};
use model::world::World;
use stateright::{Checker, Expectation, HasDiscoveries, Model};
use std::collections::HashSet;

/// Worlds in which every kind of step happens.
fn worlds() -> Vec<Sizes> {
    vec![
        Sizes { objects: 2, sends: PerVat::each(0, 2), references: 2, ..sizes() },
        Sizes { sends: PerVat::both(1), calls: PerVat::both(1), ..sizes() },
        Sizes { failures: PerVat::each(0, 1), faults: PerVat::both(1), ..sizes() },
        Sizes { sends: PerVat::both(1), crashes: PerVat::both(1), ..sizes() },
    ]
}

fn with_a_cut() -> Sizes {
    Sizes { sends: PerVat::both(1), sessions: 2, ..sizes() }
}

fn with_a_crash() -> Sizes {
    Sizes { crashes: PerVat::both(1), ..with_a_cut() }
}

/// In worlds of one session: Stateright's ordered network has one channel between two actors, and
/// ours has one for each session.
#[test]
fn stateright_s_own_composition_of_the_same_actors_reaches_as_many_states() {
    for bend in
        [None, Some(Bend::E(EBend::UnorderedChannels)), Some(Bend::E(EBend::CountKeptAfterRelease))]
    {
        for sizes in worlds() {
            // Every state, violations or not.
            let ours = world(bend, sizes).checker().finish_when(never()).spawn_bfs().join();
            let model = world(bend, sizes).actor_model().expect("Stateright has such a network");
            // Without a property to wait for, Stateright stops at the first state.
            let model = model.property(Expectation::Always, "true", |_, _| true);
            let theirs = model.checker().finish_when(never()).spawn_bfs().join();
            let (ours, theirs) = (ours.unique_state_count(), theirs.unique_state_count());
            // Its unordered network forgets the order in which messages were sent.
            if bend == Some(Bend::E(EBend::UnorderedChannels)) {
                assert!(theirs <= ours, "{theirs} > {ours}, {sizes}");
            } else {
                assert_eq!(ours, theirs, "{bend:?} {sizes}");
            }
        }
    }
}

#[test]
fn stateright_s_own_search_finds_the_same_states_and_witnesses() {
    for sizes in worlds().into_iter().chain([with_a_cut(), with_a_crash()]) {
        let ours = search(None, sizes);
        let theirs = world(None, sizes).checker().finish_when(never()).spawn_bfs().join();
        assert_eq!(
            ours.counts.distinct,
            u64::try_from(theirs.unique_state_count()).unwrap(),
            "{sizes}"
        );
        let found: HashSet<_> = theirs.discoveries().into_keys().collect();
        for property in PropertyId::ALL {
            let [claim, witness] = names(property);
            assert!(!found.contains(claim), "{claim} at {sizes}");
            assert_eq!(found.contains(witness), ours.witnessed().contains(property), "{witness}");
        }
    }
}

#[test]
fn stateright_s_own_search_catches_the_same_mutations_by_no_shorter_path() {
    for mutation in e_mutations() {
        let ours = search(Some(mutation.bend), mutation.sizes);
        let steps = ours.violations[0].1.len() - 1;
        let model = world(Some(mutation.bend), mutation.sizes);
        let theirs = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let shortest = theirs
            .discoveries()
            .into_iter()
            .filter(|(name, _)| PropertyId::ALL.iter().any(|id| names(*id)[0] == *name))
            .map(|(_, path)| path.into_actions().len())
            .min();
        let shortest = shortest.unwrap_or_else(|| panic!("{} was not caught", mutation.id));
        assert!(steps <= shortest, "{}: {steps} > {shortest}", mutation.id);
    }
}

/// The names that Stateright knows a property and its witness by.
fn names(id: PropertyId) -> [&'static str; 2] {
    let properties = world(None, sizes()).properties();
    let position = PropertyId::ALL.iter().position(|known| *known == id).unwrap();
    let [claim, witness] = [properties[2 * position].name, properties[2 * position + 1].name];
    assert!(claim.starts_with(id.name()) && witness.starts_with(id.name()));
    [claim, witness]
}

fn never() -> HasDiscoveries {
    HasDiscoveries::AllOf(std::iter::once("no such property").collect())
}

/// The Explorer and Stateright's checkers want this.
#[test]
fn the_world_is_a_model_that_threads_may_share() {
    fn wanted<M: Model<State: Send + Sync + Clone + std::fmt::Debug> + Send + Sync + 'static>() {}
    wanted::<World<ECapTp>>();
}
