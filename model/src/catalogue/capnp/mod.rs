//! Cap'n Proto RPC: its worlds.

mod mutations;

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::property::PropertyId;
use crate::protocol::capnp::Capnp;
use crate::sizes::{PerVat, Sizes};
use mutations::MUTATIONS;

/// The system.
pub(super) static SYSTEM: System = System {
    id: "capnp",
    title: "Cap'n Proto RPC",
    source: "rpc.capnp, and capnproto's rpc.c++",
    idea: "mentions are counted at both ends",
    distributed: Answer {
        by: "Release says how many mentions",
        without: Some("capnp-release-without-count"),
    },
    local: Answer { by: "a destructor runs at the last drop, on one thread", without: None },
    asynchronous: None,
    features: &[
        Feature::Failures,
        Feature::Faults,
        Feature::Sessions,
        Feature::ThirdVat,
        Feature::Promises,
        Feature::Answers,
        Feature::Refusals,
        Feature::Waits,
    ],
    exempt: &[
        Exempt::cannot_arise(
            PropertyId::S4,
            "a destructor runs at the last drop: no notification is ever due",
        ),
        Exempt::cannot_arise(
            PropertyId::L2,
            "a destructor runs at the last drop: no notification of an old session is ever due",
        ),
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "references",
            title: "VatB exports two objects, VatA calls and drops",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                calls: PerVat::each(1, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "failing",
            title: "a send fails, VatA breaks the protocol, the connection ends",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                failures: PerVat::each(0, 1),
                faults: PerVat::each(1, 0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "promises",
            title: "VatB exports a promise and resolves it, and a Resolve crosses a Release",
            sizes: Sizes { sends: PerVat::each(1, 2), promises: 1, ..Sizes::SMALLEST },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "waits",
            title: "VatA keeps nothing of a promise but that it waits for its resolution",
            sizes: Sizes {
                sends: PerVat::each(1, 2),
                calls: PerVat::each(1, 0),
                promises: 1,
                waits: PerVat::each(1, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "refused",
            title: "VatB resolves a promise, and VatA may not implement Resolve",
            sizes: Sizes {
                sends: PerVat::each(1, 2),
                promises: 1,
                refusals: PerVat::each(2, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "answers",
            title: "VatA asks, with a parameter, and cancels; VatB answers with a reference",
            sizes: Sizes {
                sends: PerVat::each(0, 1),
                references: 2,
                asks: PerVat::each(2, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "tail-calls",
            title: "VatA asks, and VatB answers by asking VatA; VatA cancels",
            sizes: Sizes { sends: PerVat::each(1, 1), asks: PerVat::each(1, 1), ..Sizes::SMALLEST },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "third-vat",
            title: "what is handed on to VatC is a proxy of one's own, and may come home",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(1, 2, 1),
                calls: PerVat::three(0, 0, 1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[],
            id: "more-failing",
            title: "the same with two objects and three sends",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                calls: PerVat::each(1, 0),
                failures: PerVat::each(0, 1),
                faults: PerVat::each(1, 0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[],
            id: "more-promises",
            title: "a promise among more references, and a call",
            sizes: Sizes {
                sends: PerVat::each(1, 3),
                calls: PerVat::each(1, 0),
                promises: 1,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[],
            id: "more-answers",
            title: "calls to an answer and to what was returned",
            sizes: Sizes {
                sends: PerVat::each(0, 1),
                references: 2,
                calls: PerVat::each(1, 0),
                asks: PerVat::each(2, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[],
            id: "more-tail-calls",
            title: "an id of a question is used again after a tail call",
            sizes: Sizes { sends: PerVat::each(1, 1), asks: PerVat::each(2, 1), ..Sizes::SMALLEST },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::traced::<Capnp>(),
};
