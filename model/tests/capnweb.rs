//! capnweb: two departures from its protocol text, each harmless, that leak together; and an id
//! that is named after its release.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::catalogue::{self, Task};
use model::check::{Control, Verdict};
use model::engine::{Budget, Progress};
use model::property::{PropertyId, PropertySet};
use model::protocol::capnweb::Capnweb;
use model::protocol::{Bend, Protocol, WebBend};
use model::sizes::{PerVat, Sizes};
use model::world::World;

/// What a search for leaks alone finds in the world of M7.
fn leaks(bend: Bend) -> Verdict {
    let (system, mutation) = catalogue::mutation("capnweb-boolean-count-and-dedupe").unwrap();
    let task = Task { bend: Some(bend), ..Task::full(system, mutation.sizes) };
    let (properties, progress) = (PropertySet::only(PropertyId::L1), Progress::default());
    let control =
        Control { properties, threads: 1, budget: Budget::default(), progress: &progress };
    (system.runs.search)(&task, &control).verdict
}

#[test]
fn m7_only_the_pair_leaks() {
    let (_, mutation) = catalogue::mutation("capnweb-boolean-count-and-dedupe").unwrap();
    assert_eq!(leaks(mutation.bend), Verdict::Violated);
    for half in mutation.halves {
        assert_eq!(leaks(*half), Verdict::Holds, "{half:?}");
    }
}

#[test]
fn m30_a_call_that_names_a_released_id_ends_the_session() {
    let (asks, calls) = (PerVat::each(1, 0), PerVat::each(1, 0));
    let sizes = Sizes { asks, calls, ..Sizes::SMALLEST };
    let settled = [
        "VatB sends Bob",
        "VatA reads export -1 Bob",
        "VatA asks Bob's proxy",
        "VatB reads ask q1 import -1 Bob",
        "VatB returns nothing",
        "VatA reads resolve 1 nothing",
    ];
    let cited =
        ["VatA calls qA1's proxy", "VatB reads release 1, 1", "VatB reads call pipeline 1 qA1"];
    let bend = Some(Bend::Capnweb(WebBend::SettledStillNamed));
    let world = World::new(Capnweb::bent(bend), sizes);
    let state = walk(&world, &[&settled[..], &cited].concat());
    assert!(world.judge(&state).violated.contains(PropertyId::S6), "{state:?}");

    let world = World::new(Capnweb::bent(None), sizes);
    let state = walk(&world, &[&settled[..], &["VatB reads release 1, 1"]].concat());
    assert!(world.judge(&state).violated.is_empty(), "{state:?}");
}
