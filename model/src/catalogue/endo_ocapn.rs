//! OCapN as `@endo/ocapn` has it: its worlds and mutations.

use super::goblins::{LEFT_OUT_ANSWERS, NO_REUSE, SILENT_DRAFT};
use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::ocapn::EndoOcapn;
use crate::protocol::{Bend, OcapnBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

/// VatB sends Bob twice, VatA holds him and drops him.
const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };

/// The system.
pub(super) static SYSTEM: System = System {
    id: "endo-ocapn",
    title: "OCapN (@endo/ocapn)",
    source: "the OCapN draft, and endojs/endo packages/ocapn",
    idea: "mentions are counted when their message is whole",
    distributed: Answer {
        by: "the wire delta says how many mentions",
        without: Some("ocapn-no-wire-deltas"),
    },
    local: Answer {
        by: "a successor takes over what was counted, and the old finaliser is unregistered",
        without: Some("ocapn-finaliser-not-unregistered"),
    },
    asynchronous: None,
    features: &[Feature::Sessions, Feature::ThirdVat, Feature::Interrupts],
    exempt: &[
        NO_REUSE,
        Exempt::cannot_arise(
            PropertyId::S4,
            "a dead proxy's finaliser is unregistered when its successor is installed",
        ),
        LEFT_OUT_ANSWERS,
        SILENT_DRAFT,
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "ocapn-one-way",
            title: "VatA imports and calls, and a finaliser may run in the middle of a message",
            sizes: Sizes {
                sends: PerVat::each(0, 3),
                references: 2,
                calls: PerVat::each(1, 0),
                interrupts: PerVat::each(1, 0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "ocapn-gift",
            title: "VatA hands on to VatC what it has of VatB's, and drops it early",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(2, 1, 0),
                calls: PerVat::three(0, 0, 1),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::of::<EndoOcapn>(),
};

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "ocapn-no-wire-deltas",
        defect: None,
        title: "op:gc-exports has no wire deltas: the exporter forgets the position at once",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: ONE_WAY,
        bend: Bend::EndoOcapn(OcapnBend::NoWireDeltas),
        halves: &[],
    },
    Mutation {
        id: "ocapn-finaliser-not-unregistered",
        defect: None,
        title: "a dead proxy's finaliser stays registered, and acts on the successor's position",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race; the doubt in the source's own comments",
        sizes: ONE_WAY,
        bend: Bend::EndoOcapn(OcapnBend::FinaliserNotUnregistered),
        halves: &[],
    },
    Mutation {
        id: "ocapn-counted-once",
        defect: Defect::documented("M5"),
        title: "the importer notes a set of positions, and the exporter counts each mention",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "@endo/ocapn: a set where a multiset is needed (endo 13917ffc0)",
        sizes: Sizes { references: 2, sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::EndoOcapn(OcapnBend::CountedOncePerMessage),
        halves: &[],
    },
    Mutation {
        id: "ocapn-noted-counts-forgotten",
        defect: Defect::reproduced("M6"),
        title: "a finaliser that runs while a message is read forgets what that one mentions",
        rule: Rule::R7,
        kills: PropertyId::C1,
        stands_for: "an implementation of OCapN, which need not be this one: counts lost for ever",
        sizes: Sizes { interrupts: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::EndoOcapn(OcapnBend::NotedCountsForgotten),
        halves: &[],
    },
    Mutation {
        id: "ocapn-gift-kept",
        defect: Defect::suspected("M49"),
        title: "a gift that somebody waits for is handed out, and kept all the same",
        rule: Rule::Own("a gift goes when it is withdrawn, whichever of the two comes first"),
        kills: PropertyId::L1,
        stands_for: "@endo/ocapn's gift table: the deposit comes after the withdrawal",
        sizes: Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST },
        bend: Bend::EndoOcapn(OcapnBend::GiftKeptWhenHandedOut),
        halves: &[],
    },
];
