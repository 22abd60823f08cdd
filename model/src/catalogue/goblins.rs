//! OCapN as Goblins has it: its worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::ocapn::Goblins;
use crate::protocol::{Bend, OcapnBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

/// VatB sends Bob twice, VatA holds him and drops him.
const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
/// VatB sends Bob, and VatA hands him on to VatC.
const HANDED_ON: Sizes = Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST };

/// The system.
pub(super) static SYSTEM: System = System {
    id: "goblins",
    title: "OCapN (Goblins)",
    source: "the OCapN draft, and Goblins' captp.scm",
    idea: "mentions are counted, and each proxy gives back its own share",
    distributed: Answer {
        by: "the wire delta says how many mentions",
        without: Some("goblins-no-wire-deltas"),
    },
    local: Answer {
        by: "a dead incarnation gives back its own share",
        without: Some("goblins-gives-all-back"),
    },
    asynchronous: None,
    features: &[Feature::Sessions, Feature::ThirdVat],
    exempt: &[NO_REUSE, LEFT_OUT_ANSWERS, SILENT_DRAFT],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "goblins-one-way",
            title: "VatB exports, VatA imports and calls, and the session may be cut",
            sizes: Sizes {
                sends: PerVat::each(0, 3),
                references: 2,
                calls: PerVat::each(1, 0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "goblins-gift",
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
    runs: Runs::of::<Goblins>(),
};

pub(super) const NO_REUSE: Exempt =
    Exempt::cannot_arise(PropertyId::S3, "a position never denotes another object");
pub(super) const LEFT_OUT_ANSWERS: Exempt =
    Exempt::not_claimed(PropertyId::S5, "answers are left out");
pub(super) const SILENT_DRAFT: Exempt = Exempt::not_claimed(
    PropertyId::S7,
    "the draft does not say what becomes of an unknown position or of too large a delta",
);

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "goblins-no-wire-deltas",
        defect: None,
        title: "op:gc-exports has no wire deltas: the exporter forgets the position at once",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: ONE_WAY,
        bend: Bend::Goblins(OcapnBend::NoWireDeltas),
        halves: &[],
    },
    Mutation {
        id: "goblins-gives-all-back",
        defect: None,
        title: "a dead incarnation gives back the whole count of its position",
        rule: Rule::Own("each incarnation of a proxy has its own share of the count"),
        kills: PropertyId::S4,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::Goblins(OcapnBend::GivesAllBack),
        halves: &[],
    },
    Mutation {
        id: "goblins-credited-later",
        defect: Defect::suspected("M21"),
        title: "a repeated mention is credited by another fibre, after its position was collected",
        rule: Rule::Own("a mention is credited in the turn in which it is read"),
        kills: PropertyId::L1,
        stands_for: "Goblins: the increment travels through a channel, and is credited to nobody",
        sizes: ONE_WAY,
        bend: Bend::Goblins(OcapnBend::CreditedLater),
        halves: &[],
    },
    Mutation {
        id: "goblins-gift-kept",
        defect: Defect::suspected("M49"),
        title: "a gift that somebody waits for is handed out, and kept all the same",
        rule: Rule::Own("a gift goes when it is withdrawn, whichever of the two comes first"),
        kills: PropertyId::L1,
        stands_for: "Goblins' gift table: the deposit comes after the withdrawal",
        sizes: HANDED_ON,
        bend: Bend::Goblins(OcapnBend::GiftKeptWhenHandedOut),
        halves: &[],
    },
    Mutation {
        id: "goblins-gift-not-held",
        defect: None,
        title: "a gift goes when its donor drops what it gave",
        rule: Rule::Own("a gift is held until it is withdrawn"),
        kills: PropertyId::S1,
        stands_for: "a gift table of positions: the donor drops early",
        sizes: HANDED_ON,
        bend: Bend::Goblins(OcapnBend::GiftNotHeld),
        halves: &[],
    },
];
