//! Java RMI: its worlds and mutations.

use super::{Answer, Exempt, Runs, Scenario, System, netobj};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::netobj::Rmi;
use crate::protocol::{Bend, NetObjBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

pub(super) static SYSTEM: System = System {
    id: "rmi",
    title: "Java RMI",
    source: "openjdk/jdk: DGCClient, DGCImpl, Target",
    idea: "the owner lists its clients, which renew their leases",
    distributed: Answer {
        by: "a result is held until it is acknowledged",
        without: Some("rmi-no-transient-pin"),
    },
    local: Answer {
        by: "phantom references are counted by the reference that died",
        without: Some("rmi-no-identity-check"),
    },
    asynchronous: Some("rmi-early-ack"),
    features: netobj::FEATURES,
    exempt: netobj::EXEMPT,
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "two-vats",
            title: "VatB transmits, VatA calls, renews, and a call of the collector is lost",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                losses: PerVat::each(2, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "death",
            title: "either vat dies, or a lease runs out, and a call of the collector is lost",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                losses: PerVat::each(1, 0),
                sessions: 2,
                crashes: PerVat::both(1),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: true,
            silent: &[Exempt::cannot_arise(PropertyId::S6, "one reference is sent once to each")],
            id: "third-party",
            title: "VatA hands on to VatC what it has of VatB's, and renews",
            sizes: Sizes {
                vats: 3,
                sends: PerVat::three(1, 1, 0),
                losses: PerVat::three(1, 0, 1),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::of::<Rmi>(),
};

const ONE_WAY: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };

const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "rmi-no-transient-pin",
        defect: Defect::documented("M54"),
        title: "the server holds an exported object weakly until the first dirty",
        rule: Rule::Own("what is exported is pinned until the client has called dirty"),
        kills: PropertyId::S1,
        stands_for: "Java RMI: NoSuchObjectException (JDK-8301737, openjdk/jdk#12399)",
        sizes: ONE_WAY,
        bend: Bend::Rmi(NetObjBend::NoPinOfObjects),
        halves: &[],
    },
    Mutation {
        id: "rmi-lease-kept",
        defect: Defect::documented("M53"),
        title: "a client's lease stays in its table when its last reference was cleaned",
        rule: Rule::Own("a lease goes with the client's last reference"),
        kills: PropertyId::L1,
        stands_for: "Java RMI: lease table leak (JDK-7191877, JDK-8365398 CheckLeaseLeak)",
        sizes: Sizes::SMALLEST,
        bend: Bend::Rmi(NetObjBend::LeaseKept),
        halves: &[],
    },
    Mutation {
        id: "rmi-lease-too-short",
        defect: None,
        title: "a lease runs out although its client lives",
        rule: Rule::Own("a lease is renewed before it runs out"),
        kills: PropertyId::S1,
        stands_for: "what every lease takes for granted: that renewals come in time",
        sizes: Sizes { losses: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::Rmi(NetObjBend::LeaseTooShort),
        halves: &[],
    },
    Mutation {
        id: "rmi-early-ack",
        defect: None,
        title: "a result is acknowledged when it arrives, and not when dirty is answered",
        rule: Rule::Own("dirty is answered before the result is acknowledged"),
        kills: PropertyId::S1,
        stands_for: "an asynchronous dirty call",
        sizes: Sizes::SMALLEST,
        bend: Bend::Rmi(NetObjBend::EarlyAck),
        halves: &[],
    },
    Mutation {
        id: "rmi-no-strong-clean",
        defect: Defect::documented("M52"),
        title: "after a renewal whose outcome is unknown, the clean is a normal one",
        rule: Rule::Own("a clean after a failed dirty leaves a tombstone"),
        kills: PropertyId::L1,
        stands_for: "Network Objects and RMI without strong clean: a late dirty is accepted",
        sizes: Sizes { losses: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Rmi(NetObjBend::NoStrongClean),
        halves: &[],
    },
    Mutation {
        id: "rmi-no-identity-check",
        defect: None,
        title: "the clean-up acts on whatever reference stands there",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race",
        sizes: ONE_WAY,
        bend: Bend::Rmi(NetObjBend::NoIdentityCheck),
        halves: &[],
    },
    Mutation {
        id: "rmi-lease-alone-expires",
        defect: None,
        title: "the lease of a client that died runs out, and the objects' lists keep the client",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "what leases are for: an object whose client died is kept for ever",
        sizes: netobj::CLIENT_DIES,
        bend: Bend::Rmi(NetObjBend::DeadStayListed),
        halves: &[],
    },
    Mutation {
        id: "rmi-result-held",
        defect: None,
        title: "a result is held for a client that died: its acknowledgement never times out",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "DGCAckHandler without its timeout",
        sizes: netobj::CLIENT_DIES,
        bend: Bend::Rmi(NetObjBend::PinsOutliveReceiver),
        halves: &[],
    },
];
