//! `@endo/captp`: its worlds, and its defects as mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::endo_captp::EndoCapTp;
use crate::protocol::{Bend, EndoBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

/// VatB sends Bob twice, VatA holds him and drops him.
const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
/// VatB sends Bob, and VatA asks him.
const ASKED: Sizes =
    Sizes { sends: PerVat::each(0, 1), asks: PerVat::each(1, 0), ..Sizes::SMALLEST };

/// The system.
pub(super) static SYSTEM: System = System {
    id: "endo-captp",
    title: "@endo/captp",
    source: "endojs/endo packages/captp (1fa6c227e58f), with its known defects mended",
    idea: "mentions are counted, a slot once a message",
    distributed: Answer {
        by: "the drop says how many mentions",
        without: Some("endo-uncounted-drop"),
    },
    local: Answer {
        by: "a successor takes over what was counted, and the old finaliser is unregistered",
        without: Some("endo-finaliser-not-unregistered"),
    },
    asynchronous: None,
    features: &[Feature::Sessions, Feature::Answers],
    exempt: &[
        Exempt::cannot_arise(PropertyId::S3, "a slot never denotes another object"),
        Exempt::cannot_arise(
            PropertyId::S4,
            "a dead proxy's finaliser is unregistered when its successor is installed",
        ),
        Exempt::cannot_arise(PropertyId::S5, "a question is held until it is answered"),
        Exempt::not_claimed(
            PropertyId::S7,
            "CTP_DROP accepts unknown slots and counts that are too large",
        ),
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "endo-one-way",
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
            id: "endo-answers",
            title: "both vats export under the same numbers, and VatA asks and calls its answer",
            sizes: Sizes {
                sends: PerVat::each(1, 2),
                calls: PerVat::each(1, 0),
                asks: PerVat::each(1, 0),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::traced::<EndoCapTp>(),
};

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "endo-uncounted-drop",
        defect: Defect::documented("M1"),
        title: "CTP_DROP has no count: the exporter forgets the slot at once",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "@endo/captp 3.0.0 (endo 901dd23b5; mended in 3.1.0, 366764ba6)",
        sizes: ONE_WAY,
        bend: Bend::EndoCapTp(EndoBend::UncountedDrop),
        halves: &[],
    },
    // S1 follows once a re-export crosses the drop; the wrong count is there before that.
    Mutation {
        id: "endo-target-counted",
        defect: Defect::reproduced("M2"),
        title: "a call's target o-N, an export, is counted as a mention of the import o-N",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "@endo/captp 4.5.1: five calls of o+1, and a drop of o-1 carries 6 for 1",
        sizes: Sizes { sends: PerVat::each(1, 0), calls: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::EndoCapTp(EndoBend::TargetCountedAsImport),
        halves: &[],
    },
    Mutation {
        id: "endo-value-keeps-slot",
        defect: Defect::reproduced("M3"),
        title: "the way from a value to its slot survives the slot, and no entry is made again",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "@endo/captp 4.5.1: a re-export under a dead slot, and calls of it hang",
        sizes: ONE_WAY,
        bend: Bend::EndoCapTp(EndoBend::ValueKeepsSlot),
        halves: &[],
    },
    Mutation {
        id: "endo-answer-misnamed",
        defect: Defect::reproduced("M26"),
        title: "answers are kept under q-N, and dropped under q+N",
        rule: Rule::Own("what drops an answer names it as it was asked for"),
        kills: PropertyId::L1,
        stands_for: "@endo/captp 4.5.1: 20 calls returned and dropped, 20 answers kept",
        sizes: ASKED,
        bend: Bend::EndoCapTp(EndoBend::AnswerDroppedUnderAnotherName),
        halves: &[],
    },
    Mutation {
        id: "endo-finaliser-never-runs",
        defect: Defect::documented("M13"),
        title: "a finaliser's closure holds its target, and so it never runs",
        rule: Rule::R3,
        kills: PropertyId::L1,
        stands_for: "unjs/capnp-es #60, in a system with finalisers",
        sizes: Sizes { sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::EndoCapTp(EndoBend::FinaliserNeverRuns),
        halves: &[],
    },
    Mutation {
        id: "endo-finaliser-not-unregistered",
        defect: None,
        title: "a dead proxy's finaliser stays registered, and acts on the successor's slot",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the doubt in the source's own comments: is unregister immediate?",
        sizes: ONE_WAY,
        bend: Bend::EndoCapTp(EndoBend::FinaliserNotUnregistered),
        halves: &[],
    },
    Mutation {
        id: "endo-counted-twice",
        defect: None,
        title: "the exporter counts every mention, the importer once per message",
        rule: Rule::Own("both ends count a slot once per message"),
        kills: PropertyId::C1,
        stands_for: "one end counts a set, the other a multiset: M5 with the ends exchanged",
        sizes: Sizes { sends: PerVat::each(0, 1), references: 2, ..ONE_WAY },
        bend: Bend::EndoCapTp(EndoBend::ExporterCountsEveryMention),
        halves: &[],
    },
    Mutation {
        id: "endo-answer-goes-when-returned",
        defect: None,
        title: "an answer goes when it is returned, not when its question is dropped",
        rule: Rule::Own("an answer stays until its question is dropped"),
        kills: PropertyId::S5,
        stands_for: "answers that are collected by the callee's decision alone",
        sizes: ASKED,
        bend: Bend::EndoCapTp(EndoBend::AnswerGoesWhenReturned),
        halves: &[],
    },
];
