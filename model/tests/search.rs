//! The search itself: whole levels, shortest paths, and never a truncated search that holds.
#![cfg(not(loom))]

mod common;

use common::{e_mutations, search, search_with, search_within, sizes, world};
use model::catalogue::{self, DISTRIBUTED_RACE};
use model::engine::{self, Budget, Cut, Progress, replay};
use model::property::{Judgement, PropertyId, PropertySet};
use model::protocol::e::ETables;
use model::sizes::{PerVat, Sizes};
use model::world::{State, World};
use std::time::{Duration, Instant};

fn larger() -> Sizes {
    Sizes { objects: 2, sends: PerVat::each(1, 2), references: 2, sessions: 2, ..sizes() }
}

#[test]
fn a_budget_that_runs_out_is_reported_with_one_thread_and_with_two() {
    for threads in [1, 2] {
        let cut = |budget: Budget| search_within(None, larger(), threads, &budget).cut;
        let states = Budget { states_max: Some(1000), ..Budget::default() };
        assert_eq!(cut(states), Some(Cut::States));
        let depth = Budget { depth_max: Some(5), ..Budget::default() };
        assert_eq!(cut(depth), Some(Cut::Depth));
        let now = Budget { deadline: Some(Instant::now()), ..Budget::default() };
        assert_eq!(cut(now), Some(Cut::Timeout));
    }
}

#[test]
fn a_timeout_stops_a_search_with_one_thread_soon() {
    let budget = Budget {
        deadline: Instant::now().checked_add(Duration::from_millis(50)),
        ..Budget::default()
    };
    let huge = Sizes { objects: 3, sends: PerVat::both(4), ..larger() };
    assert_eq!(search_within(None, huge, 1, &budget).cut, Some(Cut::Timeout));
}

#[test]
fn an_interrupted_search_is_reported() {
    let (world, progress) = (world(None, larger()), Progress::default());
    progress.interrupt();
    let budget = Budget::default();
    let judge = World::judge;
    let outcome = engine::search(&world, judge, PropertySet::ALL, 1, &budget, &progress);
    assert_eq!(outcome.cut, Some(Cut::Interrupted));
}

#[test]
fn the_number_of_states_may_exceed_its_limit_by_one_chunk_of_work_at_most() {
    let budget = Budget { states_max: Some(1000), ..Budget::default() };
    let found = search_within(None, larger(), 1, &budget).counts.distinct;
    assert!((1000..6000).contains(&found), "{found}");
}

#[test]
fn a_budget_that_is_just_enough_leaves_the_search_complete() {
    let all = search(None, larger());
    let budget = Budget { depth_max: Some(all.counts.depth + 1), ..Budget::default() };
    let again = search_within(None, larger(), 1, &budget);
    assert_eq!((again.cut, again.counts), (None, all.counts));
}

#[test]
fn no_counterexample_is_shorter_than_the_one_found() {
    for mutation in e_mutations() {
        let found = search(Some(mutation.bend), mutation.sizes);
        let steps = u32::try_from(found.violations[0].1.len() - 1).unwrap();
        let shorter = Budget { depth_max: Some(steps - 1), ..Budget::default() };
        let none = search_within(Some(mutation.bend), mutation.sizes, 1, &shorter);
        assert_eq!(none.cut, Some(Cut::Depth), "{}", mutation.id);
        assert!(none.violations.is_empty(), "{}", mutation.id);
    }
}

#[test]
fn counterexamples_are_as_short_with_several_threads() {
    for mutation in e_mutations() {
        let lengths = |threads| {
            let outcome = search_with(Some(mutation.bend), mutation.sizes, threads);
            let length = |(id, trail): &(PropertyId, engine::Trail)| (*id, trail.len());
            outcome.violations.iter().map(length).collect::<Vec<_>>()
        };
        assert_eq!(lengths(1), lengths(3), "{}", mutation.id);
    }
}

#[test]
fn a_trail_of_another_model_is_not_walked() {
    let race = catalogue::mutation(DISTRIBUTED_RACE).unwrap().1;
    let outcome = search(Some(race.bend), race.sizes);
    let trail = &outcome.violations[0].1;
    assert!(replay(&world(Some(race.bend), race.sizes), trail).is_some());
    assert!(replay(&world(None, race.sizes), trail).is_none());
    assert!(replay(&world(None, race.sizes), &Vec::new()).is_none());
}

/// A search may be saved, or spread over machines.
#[test]
fn a_state_that_is_written_down_and_read_again_is_the_same_state() {
    let outcome = search(None, larger());
    let world = world(None, larger());
    for (property, trail) in &outcome.witnesses {
        for (_, state) in replay(&world, trail).unwrap().steps {
            let text = serde_json::to_string(&state).unwrap();
            let again: State<ETables> = serde_json::from_str(&text).unwrap();
            assert!(again == state, "{property}: {text}");
            assert_eq!(engine::fingerprint(&again), engine::fingerprint(&state));
        }
    }
}

/// If this ever passes as "holds", the search does not look at what it is told.
#[test]
fn a_judge_that_condemns_everything_is_heard() {
    let condemn = |_: &World<_>, _: &_| Judgement {
        violated: PropertySet::only(PropertyId::S1),
        witnessed: PropertySet::EMPTY,
    };
    let (world, progress) = (world(None, sizes()), Progress::default());
    let outcome =
        engine::search(&world, condemn, PropertySet::ALL, 1, &Budget::default(), &progress);
    assert_eq!(outcome.cut, Some(Cut::Violated));
    assert_eq!(outcome.counts.distinct, 1);
}
