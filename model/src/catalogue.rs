//! Everything that can be checked: the systems, the worlds they are checked in, their mutations.
//!
//! Adding a system is an implementation of [`Protocol`](crate::protocol::Protocol) and one entry
//! here.

use crate::check::{self, Control, Finding};
use crate::explore::{self, Explorer};
use crate::mutation::{MUTATIONS, Mutation};
use crate::protocol::e::ECapTp;
use crate::sizes::{PerVat, Sizes};
use serde::Serialize;
use std::io;

/// A system that is modelled.
#[derive(Debug)]
pub struct System {
    /// Its name on the command line.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where its rules are taken from.
    pub source: &'static str,
    /// The worlds in which all its rules are checked, the smallest telling one first.
    pub scenarios: &'static [Scenario],
    /// Its mutations.
    pub mutations: &'static [Mutation],
    /// Searches one world of it.
    pub search: fn(&Task, &Control<'_>) -> Finding,
    /// Serves one world of it to a browser.
    pub serve: fn(&Task, Explorer) -> io::Result<()>,
}

/// A world in which all rules are checked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scenario {
    /// Its name on the command line.
    pub id: &'static str,
    /// What it is for.
    pub title: &'static str,
    /// Its sizes.
    pub sizes: Sizes,
}

/// One world to search: a system, perhaps with a rule bent, at some sizes.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The system.
    pub system: &'static System,
    /// The rule that is bent, if any.
    pub mutation: Option<&'static Mutation>,
    /// How large.
    pub sizes: Sizes,
}

/// Every system.
pub static SYSTEMS: &[System] = &[System {
    id: "e-captp",
    title: "E's CapTP",
    source: "E's net.captp; M. S. Miller on es-discuss, 2013-11-09",
    scenarios: &[
        Scenario {
            id: "one-way",
            title: "VatB exports, VatA imports and calls, and the session may be cut",
            sizes: Sizes {
                objects: 2,
                sends: PerVat::each(0, 3),
                references: 2,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(0),
                sessions: 2,
            },
        },
        Scenario {
            id: "both-ways",
            title: "both vats export and import",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(2, 3),
                references: 1,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(0),
                sessions: 2,
            },
        },
        Scenario {
            id: "failing",
            title: "a send of VatB fails, at any time after it was counted",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(1, 3),
                references: 2,
                calls: PerVat::both(0),
                failures: PerVat::each(0, 1),
                faults: PerVat::both(0),
                sessions: 2,
            },
        },
        Scenario {
            id: "hostile",
            title: "either vat breaks the protocol once",
            sizes: Sizes {
                objects: 1,
                sends: PerVat::each(0, 3),
                references: 1,
                calls: PerVat::each(1, 0),
                failures: PerVat::both(0),
                faults: PerVat::both(1),
                sessions: 2,
            },
        },
    ],
    mutations: MUTATIONS,
    search: check::search_world::<ECapTp>,
    serve: explore::serve::<ECapTp>,
}];

/// The system with this name.
pub fn system(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.id == id)
}

/// The mutation with this name, and its system.
pub fn mutation(id: &str) -> Option<(&'static System, &'static Mutation)> {
    SYSTEMS.iter().find_map(|system| {
        let mutation = system.mutations.iter().find(|mutation| mutation.id == id)?;
        Some((system, mutation))
    })
}
