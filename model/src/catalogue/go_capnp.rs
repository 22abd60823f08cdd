//! go-capnp: its worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::go_capnp::GoCapnp;
use crate::protocol::{Bend, GoBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

const ONCE: Sizes = Sizes::SMALLEST;
const TWICE: Sizes = Sizes { sends: PerVat::each(0, 2), ..ONCE };

/// The system.
pub(super) static SYSTEM: System = System {
    id: "go-capnp",
    title: "Cap'n Proto RPC with threads (go-capnp)",
    source: "go-capnp rpc/{export,import,question,answer}.go; rpc.capnp",
    idea: "mentions are counted at both ends",
    distributed: Answer { by: "Release says how many mentions", without: None },
    local: Answer {
        by: "each hook knows its generation, and live hooks are counted",
        without: Some("go-shutdown-acts-on-index"),
    },
    asynchronous: None,
    features: &[Feature::Sessions, Feature::Promises, Feature::Answers],
    exempt: &[Exempt::not_claimed(PropertyId::S7, "faulty peers are not modelled here")],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "go-imports",
            title: "VatB exports two objects, VatA imports and calls",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                calls: PerVat::each(1, 0),
                ..ONCE
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "go-answers",
            title: "VatA asks, calls the answer and gives it up",
            sizes: Sizes { asks: PerVat::each(1, 0), calls: PerVat::each(1, 0), ..ONCE },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "go-promises",
            title: "VatB exports a promise and resolves it, and the session may be cut",
            sizes: Sizes { promises: 1, sends: PerVat::each(0, 2), sessions: 2, ..ONCE },
        },
    ],
    mutations: &[
        Mutation {
            id: "go-shutdown-acts-on-index",
            defect: None,
            title: "a hook's shutdown deletes the entry, whichever hook lives there now",
            rule: Rule::R3,
            kills: PropertyId::S4,
            stands_for: "the local race; go-capnp's impent without generation and live hooks",
            sizes: TWICE,
            bend: Bend::Go(GoBend::ShutdownActsOnIndex),
            halves: &[],
        },
        Mutation {
            id: "go-generation-only",
            defect: None,
            title: "a hook's shutdown looks at its generation, which starts over with the entry",
            rule: Rule::Own("only the shutdown of the last live hook deletes the import entry"),
            kills: PropertyId::S4,
            stands_for: "the local race; go-capnp's impent without the number of live hooks",
            sizes: Sizes { sends: PerVat::each(0, 3), ..ONCE },
            bend: Bend::Go(GoBend::GenerationOnly),
            halves: &[],
        },
        Mutation {
            id: "go-finish-overtakes-calls",
            defect: Defect::documented("M15"),
            title: "a Finish is sent ahead of calls to its answer that are queued",
            rule: Rule::R6,
            kills: PropertyId::S5,
            stands_for: "go-capnp f73c8d8: Finish overtakes a queued pipelined call",
            sizes: Sizes { asks: PerVat::each(1, 0), calls: PerVat::each(1, 0), ..ONCE },
            bend: Bend::Go(GoBend::FinishOvertakesCalls),
            halves: &[],
        },
        Mutation {
            id: "go-released-twice",
            defect: Defect::documented("M36"),
            title: "a hook with two owners is shut down by each: two Releases (C1 before S1)",
            rule: Rule::R3,
            kills: PropertyId::C1,
            stands_for: "go-capnp #306 (1b3a8e4), #583: one reference taken over by two owners",
            sizes: ONCE,
            bend: Bend::Go(GoBend::ReleasedTwice),
            halves: &[],
        },
        Mutation {
            id: "go-promotion-leaks",
            defect: Defect::documented("M37"),
            title: "promoting the weak client adds two references, one of which nobody gives back",
            rule: Rule::Own("a client that is handed out again gains one local reference"),
            kills: PropertyId::L1,
            stands_for: "go-capnp 888eece: promoting a weak reference adds two",
            sizes: TWICE,
            bend: Bend::Go(GoBend::PromotionLeaks),
            halves: &[],
        },
        Mutation {
            id: "go-new-client-leaks",
            defect: Defect::documented("M38"),
            title: "a new client begins with a reference too many",
            rule: Rule::Own("a new client has one local reference"),
            kills: PropertyId::L1,
            stands_for: "pycapnp PR #164: one increment too many",
            sizes: ONCE,
            bend: Bend::Go(GoBend::NewClientLeaks),
            halves: &[],
        },
        Mutation {
            id: "go-late-resolve-dropped",
            defect: Defect::documented("M29"),
            title: "the replacement in a Resolve for a released promise is dropped (C1 before L1)",
            rule: Rule::Own("what a late Resolve mentions is released"),
            kills: PropertyId::C1,
            stands_for: "go-capnp #645: replacement of a released promise is not released",
            sizes: Sizes { promises: 1, ..ONCE },
            bend: Bend::Go(GoBend::LateResolveDropped),
            halves: &[],
        },
        Mutation {
            id: "go-resolver-per-mention",
            defect: Defect::suspected("M34"),
            title: "each mention of a promise starts another resolver: several Resolves for it",
            rule: Rule::Own("a promise is resolved once"),
            kills: PropertyId::S6,
            stands_for: "go-capnp sendCap, by reading only: several Resolves for one promise",
            sizes: Sizes { promises: 1, ..TWICE },
            bend: Bend::Go(GoBend::ResolverPerMention),
            halves: &[],
        },
    ],
    runs: Runs::traced::<GoCapnp>(),
};
