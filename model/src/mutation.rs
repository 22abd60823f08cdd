//! The rules, bent one at a time: what must not be got wrong, and how we know that we would see it.
//!
//! Each mutation is data: which rule it bends, what it stands for, and which property is expected
//! to kill it. A mutation that survives, or that another property catches before the one it names,
//! fails the check.

use crate::property::PropertyId;
use crate::protocol::Bend;
use crate::rule::Rule;
use crate::sizes::Sizes;
use serde::Serialize;

/// How sure it is that a real system has, or had, a defect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Somebody ran it and saw it.
    Reproduced,
    /// A commit, an issue, a changelog or the source itself says so.
    Documented,
    /// A reading of the source that nobody has reproduced.
    Suspicion,
}

impl Mark {
    /// The word for lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Documented => "documented",
            Self::Suspicion => "suspicion",
        }
    }
}

/// A real defect in the catalogue of defects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Defect {
    /// `M1` and so on.
    pub id: &'static str,
    /// How sure it is.
    pub mark: Mark,
}

impl Defect {
    /// One that was reproduced.
    pub const fn reproduced(id: &'static str) -> Option<Self> {
        Some(Self { id, mark: Mark::Reproduced })
    }

    /// One that is documented.
    pub const fn documented(id: &'static str) -> Option<Self> {
        Some(Self { id, mark: Mark::Documented })
    }

    /// One that is suspected.
    pub const fn suspected(id: &'static str) -> Option<Self> {
        Some(Self { id, mark: Mark::Suspicion })
    }

    /// Its number, for sorting.
    pub fn number(&self) -> u32 {
        self.id.trim_start_matches('M').parse().unwrap_or(u32::MAX)
    }
}

/// One way of getting a protocol wrong.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mutation {
    /// Its name on the command line.
    pub id: &'static str,
    /// The real defect that it is, if it is one of the catalogue's.
    pub defect: Option<Defect>,
    /// What is done wrong.
    pub title: &'static str,
    /// The rule that it bends.
    pub rule: Rule,
    /// The property that must catch it first.
    pub kills: PropertyId,
    /// The race, or the real defect, that it stands for, with its citation.
    pub stands_for: &'static str,
    /// The smallest world that shows it.
    pub sizes: Sizes,
    /// How the protocol under test is bent.
    #[serde(skip)]
    pub bend: Bend,
    /// What it is made of, where neither half alone shows anything: each must hold by itself.
    #[serde(skip)]
    pub halves: &'static [Bend],
}
