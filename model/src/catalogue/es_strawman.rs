//! The ES strawman and TC39's example: their worlds and mutations.

use super::{Answer, Exempt, Feature, Runs, Scenario, System};
use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::es::Strawman;
use crate::protocol::{Bend, EsBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

/// VatB sends Bob twice, VatA holds him and drops him.
const TWICE: Sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
const EXAMPLE: &str = "TC39 history/weakrefs.md, the RemoteConnection example as published";

/// The system.
pub(super) static SYSTEM: System = System {
    id: "es-strawman",
    title: "ES strawman and TC39",
    source: "M. S. Miller on es-discuss, 2013-11-09; TC39 history/weakrefs.md",
    idea: "Import(i) counts each mention",
    distributed: Answer { by: "the drop says how many", without: Some("es-uncounted-drop") },
    local: Answer {
        by: "the executor looks for a successor",
        without: Some("es-no-successor-test"),
    },
    asynchronous: None,
    features: &[Feature::Sessions],
    exempt: &[
        Exempt::not_claimed(PropertyId::S5, "the strawman has no answers"),
        Exempt::not_claimed(PropertyId::S7, "faulty peers are not modelled here"),
    ],
    scenarios: &[
        Scenario {
            deep: false,
            silent: &[],
            id: "es-imports",
            title: "VatB exports two objects, VatA imports and calls",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                calls: PerVat::each(1, 0),
                ..Sizes::SMALLEST
            },
        },
        Scenario {
            deep: false,
            silent: &[],
            id: "es-sessions",
            title: "VatB exports Bob, and the session may be cut",
            sizes: Sizes { sends: PerVat::each(0, 3), sessions: 2, ..Sizes::SMALLEST },
        },
    ],
    mutations: &[
        Mutation {
            id: "es-tc39-example-s4",
            defect: Defect::documented("M11"),
            title: "the published example: its executor deletes the entry of a live successor",
            rule: Rule::R3,
            kills: PropertyId::S4,
            stands_for: EXAMPLE,
            sizes: TWICE,
            bend: Bend::Es(EsBend::Published),
            halves: &[],
        },
        Mutation {
            id: "es-tc39-example-s1",
            defect: Defect::documented("M11"),
            title: "the published example: its drop frees what a mention in flight needs",
            rule: Rule::R4,
            kills: PropertyId::S1,
            stands_for: EXAMPLE,
            sizes: TWICE,
            bend: Bend::Es(EsBend::Published),
            halves: &[],
        },
        Mutation {
            id: "es-no-successor-test",
            defect: Defect::documented("M11"),
            title: "the published example's local race alone: drops are counted",
            rule: Rule::R3,
            kills: PropertyId::S4,
            stands_for: EXAMPLE,
            sizes: TWICE,
            bend: Bend::Es(EsBend::NoSuccessorTest),
            halves: &[],
        },
        Mutation {
            id: "es-uncounted-drop",
            defect: Defect::documented("M11"),
            title: "the published example's distributed race alone: executors look for a successor",
            rule: Rule::R4,
            kills: PropertyId::S1,
            stands_for: EXAMPLE,
            sizes: TWICE,
            bend: Bend::Es(EsBend::UncountedDrop),
            halves: &[],
        },
        Mutation {
            id: "es-import-not-counted",
            defect: None,
            title: "Import(i) returns the live proxy without raising importCounts[i]",
            rule: Rule::R2,
            kills: PropertyId::C1,
            stands_for: "the seed: Import(i) increments importCount[i] and returns a valid proxy",
            sizes: TWICE,
            bend: Bend::Es(EsBend::ImportNotCounted),
            halves: &[],
        },
        Mutation {
            id: "es-resurrection",
            defect: None,
            title: "a weak reference leads to the dead proxy until its executor has run",
            rule: Rule::Own("executors are post-mortem: no weak reference leads to what is dead"),
            kills: PropertyId::S4,
            stands_for: "TC39: finalisers are post-mortem, and nothing is resurrected",
            sizes: TWICE,
            bend: Bend::Es(EsBend::Resurrection),
            halves: &[],
        },
        Mutation {
            id: "es-executor-never-runs",
            defect: None,
            title: "no executor ever runs: safe, and nothing is given back",
            rule: Rule::Own("the executor of every dead proxy runs in the end"),
            kills: PropertyId::L1,
            stands_for: "TC39: a finaliser may come late, batched, or never",
            sizes: Sizes::SMALLEST,
            bend: Bend::Es(EsBend::ExecutorNeverRuns),
            halves: &[],
        },
    ],
    runs: Runs::of::<Strawman>(),
};
