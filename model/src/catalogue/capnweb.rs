//! capnweb: its worlds, and its defects as mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::capnweb::Capnweb;
use crate::protocol::{Bend, WebBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

/// VatB sends Bob, and VatA asks him.
const ASKED: Sizes =
    Sizes { sends: PerVat::each(0, 1), asks: PerVat::each(1, 0), ..Sizes::SMALLEST };

const FRESH: &str = "every mention has an id of its own";

/// The system.
pub(super) static SYSTEM: System = System {
    id: "capnweb",
    title: "capnweb",
    source: "cloudflare/capnweb 32e381cd5a1c, protocol reference",
    idea: "every mention has an id of its own",
    distributed: Answer { by: "no id is mentioned twice", without: None },
    local: Answer { by: "dispose is explicit", without: None },
    asynchronous: None,
    features: &[Feature::Faults, Feature::Sessions, Feature::Answers],
    exempt: &[
        Exempt::cannot_arise(PropertyId::S1, FRESH),
        Exempt::cannot_arise(PropertyId::S3, FRESH),
        Exempt::cannot_arise(PropertyId::S4, "dispose is explicit, and acts at once"),
        Exempt::cannot_arise(PropertyId::S6, FRESH),
        Exempt::cannot_arise(PropertyId::C1, FRESH),
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "capnweb-one-way",
            title: "VatB exports, VatA imports, calls and breaks the protocol; sessions are cut",
            sizes: Sizes {
                sends: PerVat::each(0, 2),
                calls: PerVat::each(1, 0),
                faults: PerVat::each(1, 0),
                sessions: 2,
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "capnweb-answers",
            title: "both vats export, and VatA asks, calls its answer, or disposes of it early",
            sizes: Sizes {
                sends: PerVat::each(1, 2),
                calls: PerVat::each(1, 0),
                asks: PerVat::each(1, 0),
                ..Sizes::SMALLEST
            },
        },
    ],
    mutations: MUTATIONS,
    runs: Runs::traced::<Capnweb>(),
};

const MUTATIONS: &[Mutation] = &[
    // The leak (L1) follows when the stub is disposed of; the counts differ before that.
    Mutation {
        id: "capnweb-boolean-count-and-dedupe",
        defect: Defect::documented("M7"),
        title: "the importer's count stays at 1, and the exporter uses an id again",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "cloudflare/capnweb #140 and #141: either alone is harmless",
        sizes: Sizes { references: 2, ..Sizes::SMALLEST },
        bend: Bend::Capnweb(WebBend::BooleanCountAndDedupe),
        halves: &[Bend::Capnweb(WebBend::BooleanCount), Bend::Capnweb(WebBend::Dedupe)],
    },
    // That the peer ends the session (S6) follows when it reads the call; that the promise lives
    // and its answer does not (S5) is there before that.
    Mutation {
        id: "capnweb-settled-still-named",
        defect: Defect::documented("M30"),
        title: "a settled promise still names the id that its settling released",
        rule: Rule::Own("once its release is sent, an id is not named any more"),
        kills: PropertyId::S5,
        stands_for: "cloudflare/capnweb #265, #267: the whole session aborts",
        sizes: ASKED,
        bend: Bend::Capnweb(WebBend::SettledStillNamed),
        halves: &[],
    },
    Mutation {
        id: "capnweb-late-resolution-kept",
        defect: None,
        title: "what a late resolution carries is not disposed of",
        rule: Rule::Own("what comes for a released promise is released"),
        kills: PropertyId::L3,
        stands_for: "a resolve for an import that was released, which the protocol allows",
        sizes: ASKED,
        bend: Bend::Capnweb(WebBend::LateResolutionKept),
        halves: &[],
    },
    Mutation {
        id: "capnweb-over-release-accepted",
        defect: None,
        title: "a release of more than the count is taken for the count",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "tables in which an over-release frees silently",
        sizes: Sizes { faults: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnweb(WebBend::OverReleaseAccepted),
        halves: &[],
    },
];
