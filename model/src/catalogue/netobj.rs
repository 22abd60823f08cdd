//! Network Objects: their worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::netobj::NetObj;
use crate::protocol::{Bend, NetObjBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

pub(super) static SYSTEM: System = System {
    id: "netobj",
    title: "Network Objects",
    source: "DEC SRC Network Objects, Modula-3 source (NetObjRT.m3)",
    idea: "the owner lists its clients; dirty and clean are numbered by the client",
    distributed: Answer {
        by: "what is transmitted is pinned until it is acknowledged",
        without: Some("netobj-no-pin-of-objects"),
    },
    local: Answer {
        by: "the clean-up looks whether its own surrogate stands there",
        without: Some("netobj-no-identity-check"),
    },
    asynchronous: Some("netobj-early-ack"),
    features: FEATURES,
    exempt: EXEMPT,
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "two-vats",
            title: "VatB transmits, VatA calls, and a call of the collector is lost",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                losses: PerVat::both(1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "third-party",
            title: "VatA hands on to VatC what it has of VatB's",
            sizes: Sizes { vats: 3, sends: PerVat::three(2, 1, 0), ..Sizes::SMALLEST },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "death",
            title: "either space dies and starts again, or is taken for dead",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                losses: PerVat::each(1, 0),
                sessions: 2,
                crashes: PerVat::both(1),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::of::<NetObj>(),
};

pub(super) const FEATURES: &[Feature] =
    &[Feature::Failures, Feature::ThirdVat, Feature::Losses, Feature::Sessions, Feature::Crashes];

pub(super) const EXEMPT: &[Exempt] = &[
    Exempt::not_claimed(PropertyId::S2, "its calls keep no order"),
    Exempt::cannot_arise(PropertyId::S3, "no index is used twice"),
    Exempt::not_claimed(PropertyId::S5, "answers are left out"),
    Exempt::not_claimed(PropertyId::S7, "no rule says what is refused"),
    Exempt::not_claimed(PropertyId::C1, "it keeps a list, and no count"),
    Exempt::not_claimed(PropertyId::L3, "an entry may wait for nothing but an acknowledgement"),
];

const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
const LOSSY: Sizes = Sizes { losses: PerVat::each(1, 0), ..Sizes::SMALLEST };
pub(super) const CLIENT_DIES: Sizes = Sizes { crashes: PerVat::each(1, 0), ..Sizes::SMALLEST };
const PINNED: Rule = Rule::Own("what is in a transmission is pinned until it is acknowledged");
const NUMBERED: Rule = Rule::Own("the owner heeds only a client's latest event");

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "netobj-no-pin-of-surrogates",
        defect: Defect::documented("M51"),
        title: "who hands a reference on does not keep its own surrogate until it is acknowledged",
        rule: PINNED,
        kills: PropertyId::S1,
        stands_for: "Network Objects without the transient dirty of third-party passing",
        sizes: Sizes { vats: 3, sends: PerVat::three(1, 1, 0), ..Sizes::SMALLEST },
        bend: Bend::NetObj(NetObjBend::NoPinOfSurrogates),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-pin-of-objects",
        defect: None,
        title: "an owner does not pin what it transmits",
        rule: PINNED,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: ONE_WAY,
        bend: Bend::NetObj(NetObjBend::NoPinOfObjects),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-pin-of-targets",
        defect: None,
        title: "a surrogate may be cleaned while a call of it is on its way",
        rule: PINNED,
        kills: PropertyId::S1,
        stands_for: "a clean call that overtakes a method call",
        sizes: Sizes { calls: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::NetObj(NetObjBend::NoPinOfTargets),
        halves: &[],
    },
    Mutation {
        id: "netobj-early-ack",
        defect: None,
        title: "a transmission is acknowledged when it arrives, and not when dirty is answered",
        rule: Rule::Own("dirty is answered before the transmission is acknowledged"),
        kills: PropertyId::S1,
        stands_for: "an asynchronous dirty call",
        sizes: Sizes::SMALLEST,
        bend: Bend::NetObj(NetObjBend::EarlyAck),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-strong-clean",
        defect: Defect::documented("M52"),
        title: "after a dirty call that failed, the clean is a normal one",
        rule: Rule::Own("a clean after a failed dirty leaves a tombstone"),
        kills: PropertyId::L1,
        stands_for: "Network Objects and RMI without strong clean: a late dirty is accepted",
        sizes: LOSSY,
        bend: Bend::NetObj(NetObjBend::NoStrongClean),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-tombstone-of-unlisted",
        defect: None,
        title: "a strong clean of a client that is not listed leaves no tombstone",
        rule: Rule::Own("a clean after a failed dirty leaves a tombstone"),
        kills: PropertyId::L1,
        stands_for: "a strong clean that overtakes the client's first dirty call",
        sizes: LOSSY,
        bend: Bend::NetObj(NetObjBend::NoTombstoneOfUnlisted),
        halves: &[],
    },
    Mutation {
        id: "netobj-strong-once",
        defect: None,
        title: "only the first clean after a failed dirty is strong: a newer dirty overtakes it",
        rule: Rule::Own("every clean after a failed dirty leaves a tombstone"),
        kills: PropertyId::L1,
        stands_for: "a reading of the rule that this search refutes",
        sizes: Sizes { sends: PerVat::each(0, 2), ..LOSSY },
        bend: Bend::NetObj(NetObjBend::StrongOnce),
        halves: &[],
    },
    Mutation {
        id: "netobj-events-ignored",
        defect: None,
        title: "the owner heeds dirty and clean in the order in which they arrive",
        rule: NUMBERED,
        kills: PropertyId::S1,
        stands_for: "calls that overtake each other",
        sizes: ONE_WAY,
        bend: Bend::NetObj(NetObjBend::EventsIgnored),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-identity-check",
        defect: None,
        title: "the clean-up acts on whatever surrogate stands there",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::NetObj(NetObjBend::NoIdentityCheck),
        halves: &[],
    },
    Mutation {
        id: "netobj-no-retry",
        defect: None,
        title: "a clean call that was lost is not made again",
        rule: Rule::Own("a clean call is made until it arrives"),
        kills: PropertyId::L1,
        stands_for: "a client that gives up after its tries",
        sizes: LOSSY,
        bend: Bend::NetObj(NetObjBend::NoRetry),
        halves: &[],
    },
    Mutation {
        id: "netobj-dead-stay-listed",
        defect: None,
        title: "a client that died stays on the owner's lists, and keeps the objects for ever",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "an owner that does not ping its clients",
        sizes: CLIENT_DIES,
        bend: Bend::NetObj(NetObjBend::DeadStayListed),
        halves: &[],
    },
    Mutation {
        id: "netobj-pins-outlive-receiver",
        defect: None,
        title: "what is in a transmission stays pinned when its receiver dies",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "an unpin that a failed transmission skips",
        sizes: CLIENT_DIES,
        bend: Bend::NetObj(NetObjBend::PinsOutliveReceiver),
        halves: &[],
    },
    Mutation {
        id: "netobj-dead-are-heard",
        defect: None,
        title: "what a space had sent before it was taken for dead is heeded afterwards",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "an endpoint without the process number that is never used again",
        sizes: Sizes { sessions: 2, ..Sizes::SMALLEST },
        bend: Bend::NetObj(NetObjBend::DeadAreHeard),
        halves: &[],
    },
];
