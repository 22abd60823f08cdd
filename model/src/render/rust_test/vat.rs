//! What the test has at each step: two vats with the real tables, and what is on its way to each.

use crate::counterexample::{Counterexample, Role};
use crate::names::VatId;
use captp_gc::protocol::{
    Descriptor, GcExportOp, Index, Limits, Notification, ProxyId, SessionId, Tables, Written,
};
use std::collections::BTreeMap;
use std::fmt;

/// A vat, and the messages on their way to it.
pub(super) struct Vat {
    pub(super) tables: Tables<String>,
    /// In the order in which they were sent.
    pub(super) inbox: Vec<Flying>,
    /// A message that is counted and not sent yet.
    pub(super) half: Option<Written>,
    pub(super) proxies: BTreeMap<Index, Held>,
    pub(super) owed: Vec<Owed>,
}

/// A live proxy.
pub(super) struct Held {
    pub(super) id: ProxyId,
    pub(super) variable: String,
    pub(super) object: String,
}

/// A notification that is to be served.
pub(super) struct Owed {
    pub(super) notification: Notification,
    pub(super) variable: String,
}

/// A message in flight.
pub(super) struct Flying {
    pub(super) number: usize,
    pub(super) session: SessionId,
    pub(super) said: Said,
}

/// What a message says.
pub(super) enum Said {
    Carries { call: bool, described: Vec<(Descriptor, String)> },
    GivesBack(GcExportOp),
    Over(SessionId),
    Faulty(Vec<Descriptor>),
    FaultyGc(Index, u32),
}

impl Vat {
    pub(super) fn new() -> Self {
        Self {
            tables: Tables::new(SessionId::FIRST, Limits::default()),
            inbox: Vec::new(),
            half: None,
            proxies: BTreeMap::new(),
            owed: Vec::new(),
        }
    }
}

/// What the counterexample calls a vat.
pub(super) const fn id(vat: usize) -> VatId {
    if vat == 0 { VatId::A } else { VatId::B }
}

/// What the test calls a vat.
pub(super) const fn variable(vat: usize) -> &'static str {
    if vat == 0 { "vat_a" } else { "vat_b" }
}

/// What the test calls the messages on their way to a vat.
pub(super) const fn channel(vat: usize) -> &'static str {
    if vat == 0 { "to_a" } else { "to_b" }
}

/// What the test calls a vat's message that is counted and not sent yet.
pub(super) const fn half(vat: usize) -> &'static str {
    if vat == 0 { "a_half" } else { "b_half" }
}

impl Said {
    /// What it is for.
    pub(super) const fn role(&self) -> Role {
        match self {
            Self::Carries { .. } => Role::Carries,
            Self::GivesBack(_) => Role::GivesBack,
            Self::Over(_) => Role::Ends,
            Self::Faulty(_) | Self::FaultyGc(..) => Role::Breaks,
        }
    }

    /// The exporter and the index that the first message of the counterexample names, which is a
    /// faulty one if no export is followed.
    pub(super) fn first_named(counterexample: &Counterexample) -> Option<(usize, Index)> {
        let message = counterexample.steps.iter().find_map(|step| step.sent.first())?;
        let from = usize::from(message.from == VatId::B);
        match Self::faulty(&message.text)? {
            Self::Faulty(descriptors) => Some((from, descriptors.first()?.index())),
            Self::FaultyGc(index, _) => Some((1 - from, index)),
            _ => None,
        }
    }

    /// The mentions of `index` in it.
    pub(super) fn mentions_of(&self, index: Index) -> u32 {
        match self {
            Self::Carries { described, .. } => mentions_of(index, described.iter().map(|(d, _)| d)),
            _ => 0,
        }
    }

    /// How many mentions of `index` it gives back.
    pub(super) fn delta_of(&self, index: Index) -> u32 {
        match self {
            Self::GivesBack(op) if op.index == index => op.delta.get(),
            _ => 0,
        }
    }

    /// What a faulty vat sent, from its text; the names of objects in it mean nothing.
    pub(super) fn faulty(text: &str) -> Option<Self> {
        let text = text.strip_prefix("faulty ")?;
        let inside = |text: &str, before: &str| {
            let (inside, _) = text.strip_prefix(before)?.split_once(')')?;
            Some(inside.to_owned())
        };
        if let Some(op) = inside(text, "GCExportOp(") {
            let (index, delta) = op.split_once(", ")?;
            // One more than the reader's count, whatever that is: as wrong as can be.
            let delta = if delta == "n+1" { u32::MAX } else { delta.parse().ok()? };
            return Some(Self::FaultyGc(Index::new(index.parse().ok()?), delta));
        }
        let descriptor = |part: &str| {
            let at = |before| Some(Index::new(inside(part, before)?.parse().ok()?));
            let new = || at("NewFarDesc(").map(Descriptor::NewFarDesc);
            let import = || at("ImportDesc(").map(Descriptor::ImportDesc);
            let export = || at("ExportDesc(").map(Descriptor::ExportDesc);
            new().or_else(import).or_else(export)
        };
        text.split(", ").map(descriptor).collect::<Option<_>>().map(Self::Faulty)
    }
}

pub(super) fn mentions_of<'d>(
    index: Index,
    descriptors: impl IntoIterator<Item = &'d Descriptor>,
) -> u32 {
    let mention = |d: &&Descriptor| d.is_mention() && d.index() == index;
    let count = descriptors.into_iter().filter(mention).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// As the model writes it, but for what breaks the protocol.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Carries { call, described } => {
                let named: Vec<_> = described.iter().map(|(d, o)| format!("{d} {o}")).collect();
                write!(f, "{}{}", if *call { "call " } else { "" }, named.join(", "))
            }
            Self::GivesBack(op) => write!(f, "{op}"),
            Self::Over(session) => write!(f, "session {session} is over"),
            Self::Faulty(_) | Self::FaultyGc(..) => f.write_str("what breaks the protocol"),
        }
    }
}
