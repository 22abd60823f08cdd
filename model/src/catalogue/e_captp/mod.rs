//! E's CapTP: its worlds.

mod mutations;

use super::{Answer, Feature, Runs, Scenario, System};
use crate::protocol::e::ECapTp;
use crate::sizes::{PerVat, Sizes};
use mutations::MUTATIONS;

/// The distributed race of the seed.
pub const DISTRIBUTED_RACE: &str = "uncounted-drop";
/// The local race of the seed.
pub const LOCAL_RACE: &str = "no-successor-check";

/// The system.
pub(super) static SYSTEM: System = System {
    id: "e-captp",
    title: "E's CapTP",
    source: "E's net.captp; M. S. Miller on es-discuss, 2013-11-09",
    idea: "mentions are counted at both ends",
    distributed: Answer {
        by: "the release says how many mentions",
        without: Some(DISTRIBUTED_RACE),
    },
    local: Answer { by: "the notification looks for a successor", without: Some(LOCAL_RACE) },
    asynchronous: None,
    features: &[
        Feature::Failures,
        Feature::Faults,
        Feature::Sessions,
        Feature::ThirdVat,
        Feature::Promises,
        Feature::Answers,
    ],
    exempt: &[],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "one-way",
            title: "VatB exports, VatA imports and calls, and the session may be cut",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                references: 2,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "both-ways",
            title: "both vats export and import",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(2, 3),
                references: 1,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "failing",
            title: "a send of VatB fails, at any time after it was counted",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(1, 3),
                references: 2,
                calls: PerVat::both(0),
                failures: PerVat::each(0, 1),
                faults: PerVat::both(0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "hostile",
            title: "either vat breaks the protocol once",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(0, 3),
                references: 1,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(1),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "third-vat",
            title: "VatA introduces VatC to what it has of VatB's, and drops it early",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(2, 1, 0),
                calls: PerVat::three(0, 0, 1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "promises",
            title: "VatB sends a promise twice and resolves it; VatA calls it and drops it",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                promises: 1,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "answers",
            title: "VatA asks, calls the answer before it is there, and asks again",
            sizes: Sizes {
                sends: PerVat::each(0, 1),
                calls: PerVat::each(1, 0),
                asks: PerVat::each(2, 0),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::traced::<ECapTp>(),
};
