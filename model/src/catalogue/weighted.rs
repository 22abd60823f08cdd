//! Weighted reference counting: its worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::Mutation;
use crate::property::PropertyId;
use crate::protocol::weighted::Weighted;
use crate::protocol::{Bend, WeightedBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

pub(super) static SYSTEM: System = System {
    id: "weighted",
    title: "Weighted reference counting",
    source: "Bevan; Watson and Watson, PARLE 1987 (secondary accounts)",
    idea: "a weight travels with each copy",
    distributed: Answer {
        by: "the owner's total has the weight of every mention",
        without: Some("weighted-freed-at-first-drop"),
    },
    local: Answer {
        by: "the notification looks for a successor",
        without: Some("weighted-no-successor-check"),
    },
    asynchronous: None,
    features: &[Feature::Failures, Feature::ThirdVat],
    exempt: &[
        Exempt::not_claimed(PropertyId::S5, "answers are left out"),
        Exempt::not_claimed(PropertyId::S7, "no rule says what is refused"),
        Exempt::not_claimed(PropertyId::L2, "it knows no sessions"),
        Exempt::cannot_arise(PropertyId::S3, "no index is used twice"),
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "two-vats",
            title: "VatB exports, VatA calls",
            sizes: Sizes {
                sends: PerVat::each(0, 3),
                calls: PerVat::each(1, 0),
                failures: PerVat::each(0, 1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "hand-on",
            title: "VatA hands on to VatC what it has of VatB's, until its weight is 1",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(2, 2, 0),
                calls: PerVat::three(0, 0, 1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[],
            id: "two-objects",
            title: "two objects, two references in a message",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                references: 2,
                calls: PerVat::each(1, 0),
                failures: PerVat::each(0, 1),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::of::<Weighted>(),
};

const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
const HANDED_ON: Sizes = Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST };

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "weighted-freed-at-first-drop",
        defect: None,
        title: "the owner frees at the first drop, whatever weight is left",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: ONE_WAY,
        bend: Bend::Weighted(WeightedBend::FreedAtFirstDrop),
        halves: &[],
    },
    Mutation {
        id: "weighted-no-successor-check",
        defect: None,
        title: "a notification acts although a live successor stands there",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::Weighted(WeightedBend::NoSuccessorCheck),
        halves: &[],
    },
    Mutation {
        id: "weighted-weight-copied",
        defect: None,
        title: "a copy has the whole weight, and so has what stays",
        rule: Rule::Own("a copy and what stays share the weight that there was"),
        kills: PropertyId::C1,
        stands_for: "a copy that is not paid for",
        sizes: HANDED_ON,
        bend: Bend::Weighted(WeightedBend::WeightCopied),
        halves: &[],
    },
    Mutation {
        id: "weighted-split-to-nothing",
        defect: None,
        title: "a weight of 1 is split into 1 and nothing",
        rule: Rule::Own("what weighs 1 is not split: an indirection stands for it"),
        kills: PropertyId::S1,
        stands_for: "the known weakness of weights: they run out",
        sizes: Sizes { sends: PerVat::three(2, 1, 0), ..HANDED_ON },
        bend: Bend::Weighted(WeightedBend::SplitToNothing),
        halves: &[],
    },
    Mutation {
        id: "weighted-weight-not-added",
        defect: None,
        title: "the weight of a further mention is not added to what is held",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "an importer that takes a second mention for the first",
        sizes: ONE_WAY,
        bend: Bend::Weighted(WeightedBend::WeightNotAdded),
        halves: &[],
    },
    Mutation {
        id: "weighted-drops-one",
        defect: None,
        title: "a drop gives back 1, whatever the weight was",
        rule: Rule::R3,
        kills: PropertyId::C1,
        stands_for: "a weight that is lost, so that nothing is ever freed",
        sizes: Sizes::SMALLEST,
        bend: Bend::Weighted(WeightedBend::DropsOne),
        halves: &[],
    },
    Mutation {
        id: "weighted-failed-send-kept",
        defect: None,
        title: "the weight of a message that could not be sent is not taken back",
        rule: Rule::R7,
        kills: PropertyId::C1,
        stands_for: "the same as for counts: weights leak when a send fails",
        sizes: Sizes { failures: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::Weighted(WeightedBend::FailedSendKept),
        halves: &[],
    },
];
