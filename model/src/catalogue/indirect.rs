//! Indirect reference counting: its worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::indirect::Indirect;
use crate::protocol::{Bend, IndirectBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

pub(super) static SYSTEM: System = System {
    id: "indirect",
    title: "Indirect reference counting",
    source: "Piquer, PARLE 1991 (secondary accounts); Ray's owners and borrowers",
    idea: "a copy is counted by whoever made it",
    distributed: Answer {
        by: "every copy in flight is counted by its sender",
        without: Some("indirect-freed-at-first-drop"),
    },
    local: Answer {
        by: "the notification looks for a successor",
        without: Some("indirect-no-successor-check"),
    },
    asynchronous: None,
    features: &[Feature::Failures, Feature::ThirdVat],
    exempt: &[
        Exempt::not_claimed(PropertyId::S5, "answers are left out"),
        Exempt::not_claimed(PropertyId::S7, "no rule says what is refused"),
        Exempt::not_claimed(PropertyId::C1, "counts are kept between who copies and who gets it"),
        Exempt::cannot_arise(PropertyId::S2, "a call has arrived before its target is given back"),
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
            title: "VatA and VatC hand on to each other what they have of VatB's",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(1, 2, 0),
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
    runs: Runs::of::<Indirect>(),
};

const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
const HANDED_ON: Sizes = Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST };

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "indirect-children-forgotten",
        defect: Defect::documented("M55"),
        title: "a borrower that drops a reference reports it, and not to whom it had lent it",
        rule: Rule::Own("a vat keeps its place in the tree while what it has handed on lives"),
        kills: PropertyId::S1,
        stands_for: "Ray: a borrower's own borrower is lost (ray#9049, #19910, #19734)",
        sizes: HANDED_ON,
        bend: Bend::Indirect(IndirectBend::ChildrenForgotten),
        halves: &[],
    },
    Mutation {
        id: "indirect-dropped-twice",
        defect: Defect::documented("M55"),
        title: "two triggers clean up, so that one drop is told twice",
        rule: Rule::Own("a vat leaves the tree once"),
        kills: PropertyId::S6,
        stands_for: "Ray: clean-up on the removal of a reference and on failure (ray#60495)",
        sizes: Sizes::SMALLEST,
        bend: Bend::Indirect(IndirectBend::DroppedTwice),
        halves: &[],
    },
    Mutation {
        id: "indirect-call-not-held",
        defect: None,
        title: "a vat leaves the tree while its call is on the way to the owner",
        rule: Rule::Own("a vat keeps its place until its calls have arrived"),
        kills: PropertyId::S1,
        stands_for: "calls and drops on different channels; found by this search",
        sizes: Sizes { calls: PerVat::three(0, 0, 1), ..HANDED_ON },
        bend: Bend::Indirect(IndirectBend::CallNotHeld),
        halves: &[],
    },
    Mutation {
        id: "indirect-freed-at-first-drop",
        defect: None,
        title: "the owner frees at the first drop, whatever it has copied",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: ONE_WAY,
        bend: Bend::Indirect(IndirectBend::FreedAtFirstDrop),
        halves: &[],
    },
    Mutation {
        id: "indirect-no-successor-check",
        defect: None,
        title: "a notification acts although a live successor stands there",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::Indirect(IndirectBend::NoSuccessorCheck),
        halves: &[],
    },
    Mutation {
        id: "indirect-second-copy-kept",
        defect: None,
        title: "a second copy that reaches a vat is not given back to its maker",
        rule: Rule::Own("a vat has one parent: any other copy goes back at once"),
        kills: PropertyId::L3,
        stands_for: "a leak wherever a vat gets a reference twice",
        sizes: ONE_WAY,
        bend: Bend::Indirect(IndirectBend::SecondCopyKept),
        halves: &[],
    },
    Mutation {
        id: "indirect-failed-send-kept",
        defect: None,
        title: "what was counted for a message that could not be sent stays",
        rule: Rule::R7,
        kills: PropertyId::L1,
        stands_for: "the same as for mentions: copies leak when a send fails",
        sizes: Sizes { failures: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::Indirect(IndirectBend::FailedSendKept),
        halves: &[],
    },
];
