//! Cap'n Proto RPC: the trace of the defect that was reproduced, and its control.
#![cfg(not(loom))]

mod common;

use common::walk::walk;
use model::catalogue;
use model::property::{PropertyId, PropertySet};
use model::protocol::capnp::Capnp;
use model::protocol::{Bend, CapnpBend, Protocol};
use model::sizes::{PerVat, Sizes};
use model::world::World;

const MENTIONED_AGAIN: &str = "capnp-promise-settled-when-mentioned-again";

fn world(bend: Option<CapnpBend>) -> World<Capnp> {
    let (_, mutation) = catalogue::mutation(MENTIONED_AGAIN).unwrap();
    World::new(Capnp::bent(bend.map(Bend::Capnp)), mutation.sizes)
}

fn violated(bend: Option<CapnpBend>, steps: &[&str]) -> PropertySet {
    let world = world(bend);
    world.judge(&walk(&world, steps)).violated
}

const SETTLED: Option<CapnpBend> = Some(CapnpBend::PromiseSettledWhenMentionedAgain);

#[test]
fn a_release_that_crosses_the_second_mention_of_a_promise_makes_its_resolve_an_error() {
    let crossing = |second: &str| {
        let steps = [
            "VatB sends pB1",
            "VatA reads senderPromise 0 pB1",
            "VatA drops pB1's proxy",
            "VatB sends pB1",
            &format!("VatA reads {second} 0 pB1"),
            "VatB reads Release(0, 1)",
            "VatB resolves pB1 to Bob",
            "VatA reads Resolve 0 to senderHosted 1 Bob",
        ];
        let bend = SETTLED.filter(|_| second == "senderHosted");
        violated(bend, &steps)
    };
    assert!(crossing("senderHosted").contains(PropertyId::S6));
    assert_eq!(crossing("senderPromise"), PropertySet::EMPTY);
}

#[test]
fn a_release_that_is_read_before_the_second_mention_hides_the_defect() {
    let steps = [
        "VatB sends pB1",
        "VatA reads senderPromise 0 pB1",
        "VatA drops pB1's proxy",
        "VatB reads Release(0, 1)",
        "VatB sends pB1",
        "VatA reads senderPromise 0 pB1",
        "VatB resolves pB1 to Bob",
        "VatA reads Resolve 0 to senderHosted 1 Bob",
    ];
    assert_eq!(violated(SETTLED, &steps), PropertySet::EMPTY);
}

#[test]
fn a_parameter_that_was_dropped_goes_back_when_its_call_is_redirected() {
    let sizes = Sizes {
        objects: 2,
        references: 2,
        sends: PerVat::both(1),
        asks: PerVat::both(1),
        ..Sizes::SMALLEST
    };
    let world = World::new(Capnp::bent(None), sizes);
    let steps = [
        "VatA sends Alice",
        "VatB reads senderHosted 0 Alice",
        "VatB sends Bob",
        "VatA reads senderHosted 0 Bob",
        "VatA asks Bob's proxy with Ada",
        "VatB reads ask q0 receiverHosted 0 Bob, senderHosted 1 Ada",
        "VatB drops Ada's proxy",
        "VatB answers by asking Alice's proxy",
        "VatA reads ask q0 receiverHosted 0 Alice, and keep the result",
        "VatA reads Return q0 takeFromOtherQuestion q0",
        "VatA reads Release(1, 1)",
    ];
    for read in 1..=steps.len() {
        let state = walk(&world, &steps[..read]);
        assert_eq!(world.judge(&state).violated, PropertySet::EMPTY, "{}", steps[read - 1]);
    }
}
