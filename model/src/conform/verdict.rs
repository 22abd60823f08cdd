//! What a conformance run says about each property.

use super::run::{Run, Violation};
use super::schedule::Origin;
use crate::property::PropertyId;
use captp_wire::adapter::{Can, Hello, Request};
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that was found, with a shortest schedule that shows it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The property that is violated.
    pub property: PropertyId,
    /// How.
    pub violation: Violation,
    /// Where the schedule came from, before it was made shorter.
    pub origin: Origin,
    /// The schedule.
    pub requests: Vec<Request>,
    /// What happened.
    pub run: Run,
    /// In how many schedules it was seen.
    pub times: u64,
}

/// What is said about a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// No schedule violates it.
    Holds,
    /// Some schedule violates it.
    Violated,
    /// Nothing that an adapter shows could violate it.
    NotObservable {
        /// Why.
        why: &'static str,
    },
    /// It was never put to the test.
    NotTried,
}

/// In how many schedules something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counted {
    /// The model says that the property was put to the test.
    pub tested: u64,
    /// Something was judged by it.
    pub judged: u64,
    /// It was violated.
    pub violated: u64,
}

/// A property, and what is said about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cell {
    /// The property.
    pub property: PropertyId,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// In how many schedules.
    #[serde(flatten)]
    pub counted: Counted,
    /// The steps of the shortest schedule that violates it.
    pub shortest: Option<usize>,
}

/// A verdict for every property.
pub(super) fn verdicts(
    hello: &Hello,
    has_sums: bool,
    counts: &BTreeMap<PropertyId, Counted>,
    found: &[Found],
) -> Vec<Cell> {
    let cell = |property| {
        let counted = counts.get(&property).copied().unwrap_or_default();
        let of_property = found.iter().filter(|found| found.property == property);
        let shortest = of_property.map(|found| found.requests.len()).min();
        let verdict = match hidden(property, hello, has_sums) {
            _ if shortest.is_some() => Verdict::Violated,
            Some(why) => Verdict::NotObservable { why },
            None if counted.judged == 0 => Verdict::NotTried,
            None => Verdict::Holds,
        };
        Cell { property, verdict, counted, shortest }
    };
    PropertyId::ALL.into_iter().map(cell).collect()
}

/// Why a property does not show, if it does not.
fn hidden(property: PropertyId, hello: &Hello, has_sums: bool) -> Option<&'static str> {
    let unless = |can, why| if hello.can(can) { None } else { Some(why) };
    match property {
        PropertyId::S1 | PropertyId::S3 | PropertyId::S6 => None,
        PropertyId::S2 | PropertyId::C1 if has_sums => None,
        PropertyId::S2 | PropertyId::C1 => Some("the system counts no mentions"),
        PropertyId::S4 => {
            Some("which proxy it is does not show; what a wrong notification does shows as S1, S2")
        }
        PropertyId::S5 => unless(Can::Ask, "the adapter makes no calls with results"),
        PropertyId::S7 => unless(Can::Hostile, "the adapter lets nobody break the protocol"),
        PropertyId::L1 if has_sums => None,
        PropertyId::L1 => unless(Can::Witness, "the adapter does not show what is kept"),
        PropertyId::L2 => unless(Can::Cut, "the adapter ends no session"),
        PropertyId::L3 => unless(Can::Memory, "the adapter does not say how much memory is used"),
    }
}
