//! SwingSet: its worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::swingset::SwingSet;
use crate::protocol::{Bend, SwingSetBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

pub(super) static SYSTEM: System = System {
    id: "swingset",
    title: "SwingSet comms and liveslots",
    source: "agoric-sdk 98e20a0ea189: comms vat (remote, gc-comms), swingset-liveslots; \
             incarnations: ocap-kernel 05b273d984d3",
    idea: "frames are numbered; a drop must acknowledge the last mention",
    distributed: Answer {
        by: "an uninformed drop is ignored",
        without: Some("swingset-no-informed-test"),
    },
    local: Answer {
        by: "what is possibly dead is looked at again",
        without: Some("swingset-no-second-look"),
    },
    asynchronous: None,
    features: &[Feature::ThirdVat, Feature::Sessions, Feature::Crashes],
    exempt: &[
        Exempt::cannot_arise(PropertyId::S3, "no index is used twice in a session"),
        Exempt::not_claimed(PropertyId::S5, "answers are left out"),
        Exempt::not_claimed(PropertyId::S7, "no rule says what is refused"),
        Exempt::not_claimed(PropertyId::C1, "it keeps no counts"),
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
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "hub",
            title: "VatB exports to both others, and they to each other",
            sizes: Sizes { vats: 3, sends: PerVat::three(1, 2, 0), ..Sizes::SMALLEST },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "restart",
            title: "either vat crashes and starts again, or finds the session cut",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                sessions: 2,
                crashes: PerVat::both(1),
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
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::of::<SwingSet>(),
};

const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "swingset-no-informed-test",
        defect: Defect::suspected("M20"),
        title: "a drop is believed although a mention is on its way",
        rule: Rule::Own("a drop counts only if it acknowledges the last mention"),
        kills: PropertyId::S1,
        stands_for: "a persistent kernel: no informed test on drop; the distributed race",
        sizes: ONE_WAY,
        bend: Bend::SwingSet(SwingSetBend::NoInformedTest),
        halves: &[],
    },
    Mutation {
        id: "swingset-no-second-look",
        defect: None,
        title: "what was possibly dead is dropped although a successor lives",
        rule: Rule::R3,
        kills: PropertyId::S1,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::SwingSet(SwingSetBend::NoSecondLook),
        halves: &[],
    },
    Mutation {
        id: "swingset-mention-does-not-restore",
        defect: Defect::reproduced("M19"),
        title: "a mention of what was dropped and not retired leaves it unreachable",
        rule: Rule::Own("a mention makes an entry reachable again"),
        kills: PropertyId::S1,
        stands_for: "a persistent kernel: a re-introduced reference is treated as dropped",
        sizes: ONE_WAY,
        bend: Bend::SwingSet(SwingSetBend::MentionDoesNotRestore),
        halves: &[],
    },
    Mutation {
        id: "swingset-polarity-of-drops",
        defect: Defect::reproduced("M17"),
        title: "the direction of a name is inverted for everything but collection messages",
        rule: Rule::Own("what the importer drops is looked up among the receiver's exports"),
        kills: PropertyId::L1,
        stands_for: "a persistent kernel: nothing is freed, or an unrelated entry is",
        sizes: Sizes::SMALLEST,
        bend: Bend::SwingSet(SwingSetBend::PolarityOfDrops),
        halves: &[],
    },
    Mutation {
        id: "swingset-shared-baseline",
        defect: Defect::reproduced("M18"),
        title: "one baseline count for all importers, in place of one for each",
        rule: Rule::Own("each importer's reachability is kept by itself"),
        kills: PropertyId::S1,
        stands_for: "a persistent kernel: freed while a second importer holds it",
        sizes: Sizes { vats: 3, ..ONE_WAY },
        bend: Bend::SwingSet(SwingSetBend::SharedBaseline),
        halves: &[],
    },
    Mutation {
        id: "swingset-dead-twice",
        defect: Defect::documented("M40"),
        title: "two finalisers of one reference make it dropped twice",
        rule: Rule::Own("what is dead is dropped once"),
        kills: PropertyId::S6,
        stands_for: "agoric-sdk: two finalisers served in one scan both act (#4978, #4979)",
        sizes: ONE_WAY,
        bend: Bend::SwingSet(SwingSetBend::DeadTwice),
        halves: &[],
    },
    Mutation {
        id: "swingset-retire-first",
        defect: Defect::documented("M41"),
        title: "a reference is retired that was not dropped",
        rule: Rule::Own("what is retired was dropped before"),
        kills: PropertyId::S6,
        stands_for: "agoric-sdk: retire without drop (#9939, #9942)",
        sizes: Sizes::SMALLEST,
        bend: Bend::SwingSet(SwingSetBend::RetireFirst),
        halves: &[],
    },
    Mutation {
        id: "swingset-queue-keeps",
        defect: Defect::documented("M45"),
        title: "an item of the run queue keeps its references when it was delivered",
        rule: Rule::Own("a queued item holds its references until it is delivered"),
        kills: PropertyId::L1,
        stands_for: "ocap-kernel 690dec010 (#492): refcounts linger",
        sizes: Sizes::SMALLEST,
        bend: Bend::SwingSet(SwingSetBend::QueueKeeps),
        halves: &[],
    },
    Mutation {
        id: "swingset-orphans-stay",
        defect: Defect::documented("M42"),
        title: "what is only recognisable is not retired when its owner dies",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "agoric-sdk: orphans that nobody can reach are never retired (#7212, #9604)",
        sizes: Sizes { crashes: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::SwingSet(SwingSetBend::OrphansStay),
        halves: &[],
    },
    // The eaten mention is read as nothing, so no index is mistaken (S3), and no message or
    // notification of the old session is acted on (L2): an entry is left that nobody knows of.
    Mutation {
        id: "swingset-numbers-outlive-peer",
        defect: Defect::documented("M48"),
        title: "a restart resets the numbers of one side only: the new peer's frames are eaten",
        rule: Rule::R8,
        kills: PropertyId::L3,
        stands_for: "ocap-kernel: a peer's restart is not noticed (#944, #948, #950, #807, #822)",
        sizes: Sizes { sessions: 2, crashes: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::SwingSet(SwingSetBend::NumbersOutlivePeer),
        halves: &[],
    },
];
