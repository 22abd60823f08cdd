//! What must hold, and what must have happened for it to mean something.
//!
//! Every property is judged on the **ledger**: the proxies that really exist, the messages that
//! are really in flight, and what their writers really meant. What the protocol under test answers
//! for is which entries it has, and what they denote. Only C1 and L1 look at its counters: C1 is
//! the claim that they agree with the ledger, L1 that none is left.
//!
//! S7, that a faulty peer harms only its own session, is stronger and narrower here: with two vats
//! there is no other session to harm, so every kind of violating message must be refused outright.
//!
//! Every safety property has a **witness**: the situation in which it is put to the test. A
//! property whose witness never occurs holds vacuously, and that fails the check.

mod explain;
mod judge;
mod ledger;

pub use explain::explain;
pub use judge::{Subject, judge, positions, subject};
pub use ledger::{Balance, balance};

use crate::names::VatId;
use crate::sizes::Sizes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The properties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each has its own `claim`")]
pub enum PropertyId {
    S1,
    S2,
    S3,
    S4,
    S5,
    S6,
    S7,
    C1,
    L1,
    L2,
    L3,
}

impl PropertyId {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::S1,
        Self::S2,
        Self::S3,
        Self::S4,
        Self::S5,
        Self::S6,
        Self::S7,
        Self::C1,
        Self::L1,
        Self::L2,
        Self::L3,
    ];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::S4 => "S4",
            Self::S5 => "S5",
            Self::S6 => "S6",
            Self::S7 => "S7",
            Self::C1 => "C1",
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }

    /// A few words for tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::S1 => "no premature free",
            Self::S2 => "no use after release",
            Self::S3 => "no ABA",
            Self::S4 => "local coherence",
            Self::S5 => "answers",
            Self::S6 => "no self-inflicted error",
            Self::S7 => "a violation is refused",
            Self::C1 => "conservation",
            Self::L1 => "no leak",
            Self::L2 => "sessions end clean",
            Self::L3 => "bounded",
        }
    }

    /// What is claimed.
    pub const fn claim(self) -> &'static str {
        match self {
            Self::S1 => {
                "an export stays allocated while a proxy for it exists, or a mention or use of it \
                 is in flight"
            }
            Self::S2 => "no message names an import that its sender had released before",
            Self::S3 => "what an index denotes when it is read is what it denoted when written",
            Self::S4 => {
                "at most one proxy lives at an index, and of an object where the system says so; \
                 a notification touches nothing of a live successor; no dead proxy is handed out"
            }
            Self::S5 => {
                "an answer stays while its question exists or a use of it is in flight; what is \
                 returned answers the question that was asked"
            }
            Self::S6 => "two correct vats never refuse each other's messages",
            Self::S7 => "a message that violates the protocol is refused, and changes no table",
            Self::C1 => {
                "export count = mentions in flight + import count + deltas in flight, for every \
                 index, always"
            }
            Self::L1 => {
                "when everything is dropped and served and nothing is in flight, no entry is left; \
                 an entry that goes hands its object back"
            }
            Self::L2 => {
                "when a session ends each export is released once, and nothing of the old session \
                 touches the new"
            }
            Self::L3 => {
                "every entry is accounted for by a proxy, a mention, a notification or a GC \
                 message; every GC message gives something back"
            }
        }
    }

    /// The situation that puts it to the test.
    pub const fn witness(self) -> &'static str {
        match self {
            Self::S1 => "a release and a later mention of one index are in flight at once",
            Self::S2 => "a use of an import is in flight ahead of what releases it",
            Self::S3 => {
                "a first mention of an index that denoted another object before is in flight"
            }
            Self::S4 => "a notification is due while a live successor stands there",
            Self::S5 => "an answer is in flight, and what drops its question crosses it",
            Self::S6 => "a later mention is in flight to a vat that has released that import",
            Self::S7 => "a message that violates the protocol is in flight",
            Self::C1 => "mentions in flight, an import count and a delta in flight, all at once",
            Self::L1 => "everything was sent that may be sent, and all is dropped and served",
            Self::L2 => {
                "an old session's message is in flight to, and an old notification is due at, a \
                 vat in a new session"
            }
            Self::L3 => "an entry is accounted for by nothing but a release in flight",
        }
    }

    /// What would make the witness possible, if these sizes exclude it: then the property is
    /// judged all the same, but these sizes do not put it to the test.
    pub fn lacks(self, sizes: &Sizes) -> Option<&'static str> {
        let uses = VatId::pairs(sizes.vats).any(|(exporter, importer)| {
            let used = [sizes.sends, sizes.calls, sizes.asks].map(|each| each.of(importer));
            sizes.sends.of(exporter) > 0 && used.into_iter().any(|steps| steps > 0)
        });
        let (possible, would) = match self {
            Self::S1 | Self::S4 | Self::S6 => (sizes.sends.max() >= 2, "--sends 2"),
            Self::S2 => (uses, "--calls 1"),
            // What a third vat hands on may come to an index, too.
            Self::S3 if sizes.objects < 2 && sizes.vats < 3 => (false, "--objects 2"),
            Self::S3 => (sizes.sends.max() >= 2, "--sends 2"),
            Self::S5 => (sizes.asks.max() >= 1, "--asks 1"),
            Self::S7 => (sizes.faults.max() >= 1, "--faults 1"),
            Self::C1 => (sizes.sends.max() >= 3, "--sends 3"),
            Self::L2 if sizes.sessions < 2 => (false, "--sessions 2"),
            Self::L2 => (sizes.sends.max() >= 2 || uses, "--sends 2"),
            Self::L1 | Self::L3 => (true, ""),
        };
        (!possible).then_some(would)
    }
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PropertyId {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|id| id.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| format!("no property is called '{name}'"))
    }
}

/// A set of properties.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct PropertySet(u16);

impl PropertySet {
    /// None of them.
    pub const EMPTY: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << PropertyId::ALL.len()) - 1);

    /// Only this one.
    pub const fn only(id: PropertyId) -> Self {
        Self(1 << id as u16)
    }

    /// Adds one.
    pub const fn insert(&mut self, id: PropertyId) {
        self.0 |= 1 << id as u16;
    }

    /// Adds one if `condition` holds.
    pub const fn insert_if(&mut self, id: PropertyId, condition: bool) {
        self.0 |= (condition as u16) << id as u16;
    }

    /// Whether it is one of them.
    pub const fn contains(self, id: PropertyId) -> bool {
        self.0 & (1 << id as u16) != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of this one alone.
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// One by one, in order.
    pub fn iter(self) -> impl Iterator<Item = PropertyId> {
        PropertyId::ALL.into_iter().filter(move |id| self.contains(*id))
    }
}

impl FromIterator<PropertyId> for PropertySet {
    fn from_iter<I: IntoIterator<Item = PropertyId>>(ids: I) -> Self {
        let mut set = Self::EMPTY;
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

impl fmt::Display for PropertySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(PropertyId::name).collect();
        f.pad(&names.join(" "))
    }
}

impl fmt::Debug for PropertySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What one state shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Judgement {
    /// The properties that it violates.
    pub violated: PropertySet,
    /// The properties whose witness it is.
    pub witnessed: PropertySet,
}
