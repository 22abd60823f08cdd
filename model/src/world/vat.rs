//! One vat: its runtime, its heap, its collector's debts, its application's business.

use super::effects::What;
use super::position::{Key, Position, Table};
use super::wire::{Body, Ghost, Message, Said};
use crate::names::{Object, VatId};
use crate::property::{PropertyId, PropertySet};
use crate::protocol::{Collection, ExportView, Protocol, View};
use crate::sizes::{PerVat, Sizes};
use captp_gc::protocol::{Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What a step puts on the wire, in order.
pub type Outbox<B> = SmallVec<[(VatId, Message<B>); 2]>;

/// A proxy on the vat's heap: it exists until the collector clears the weak reference to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Proxy {
    /// Which proxy it is, as the protocol names it.
    pub key: Key,
    /// Ghost: the how-manieth it is at this place in this session, from 1.
    pub number: u32,
    /// Ghost: the object that the mention meant which made it.
    pub object: Object,
    /// Whether the application holds it.
    pub held: bool,
    /// Whether the application only waits for what it is resolved to.
    pub waited: Waited,
}

/// Whether the application waits for what a promise is resolved to, without holding the promise.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Waited {
    /// It does not.
    #[default]
    No,
    /// It does, and the runtime keeps the promise for that.
    For,
    /// It does, and the runtime has forgotten: only a wrong one does.
    Forgotten,
}

/// A notification that the collector has scheduled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// The proxy that died.
    pub key: Key,
    /// Ghost: its number.
    pub number: u32,
    /// Ghost: the object that it denoted.
    pub object: Object,
}

/// Ghost: the proxy installed last at a place of the current session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Latest {
    /// Whose export it stands for.
    pub peer: VatId,
    /// The place.
    pub at: Position,
    /// Its number.
    pub number: u32,
    /// What it denoted.
    pub object: Object,
}

/// The vat's connection to one peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The current session.
    pub session: SessionId,
    /// Whether there is one: false after the last session has ended.
    pub open: bool,
}

/// A call that the application has to answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Who had asked.
    pub by: VatId,
    /// Where it is to be answered.
    pub answer: Index,
    /// Ghost: the answer that is meant.
    pub call: Ghost,
}

/// A message that is being written, or read.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Half<B> {
    /// To whom, or from whom.
    pub peer: VatId,
    /// What it says.
    pub body: B,
}

/// How many more steps of each bounded kind the application may take.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Messages with references.
    pub sends: u8,
    /// Calls through a proxy.
    pub calls: u8,
    /// Calls with a result.
    pub asks: u8,
    /// Sends that fail.
    pub failures: u8,
    /// Violations of the protocol.
    pub faults: u8,
    /// Messages lost.
    pub losses: u8,
    /// Messages read with something in the middle.
    pub interrupts: u8,
    /// Crashes.
    pub crashes: u8,
    /// Messages that are not implemented.
    pub refusals: u8,
    /// Promises waited for.
    pub waits: u8,
}

/// The state of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Serialize, T::Body: Serialize",
    deserialize = "T: Deserialize<'de>, T::Body: Deserialize<'de>"
))]
pub struct Vat<T: View> {
    /// The protocol's runtime.
    pub tables: T,
    /// The connections, in the order of the peers.
    pub links: SmallVec<[Link; 2]>,
    /// The proxies that exist, in order. The truth that the import tables must match.
    pub heap: SmallVec<[Proxy; 2]>,
    /// The notifications that were not served yet, in order.
    pub owed: SmallVec<[Owed; 2]>,
    /// Ghost: the proxy installed last at each place, in order.
    pub latest: SmallVec<[Latest; 2]>,
    /// The message in the making.
    pub writing: Option<Half<T::Body>>,
    /// The message that is half read.
    pub reading: Option<Half<T::Body>>,
    /// The calls that are to be answered, in the order in which they came.
    pub tasks: SmallVec<[Task; 1]>,
    /// The own promises that are resolved.
    pub resolved: SmallVec<[Object; 1]>,
    /// The application's remaining steps.
    pub left: Left,
    /// Ghost: properties that a step of this vat has violated.
    pub flaws: PropertySet,
}

/// The behaviour of one vat: its protocol and its bounds.
#[derive(Clone, Debug)]
pub struct VatActor<P> {
    /// Which vat it is.
    pub id: VatId,
    /// The protocol under test.
    pub protocol: P,
    /// When its proxies die.
    pub collection: Collection,
    /// The bounds of its application.
    pub sizes: Sizes,
}

impl<P: Protocol> VatActor<P> {
    /// The vat before its first step.
    pub fn initial(&self) -> Vat<P::Tables> {
        let of = |each: PerVat| each.of(self.id);
        let link = Link { session: SessionId::FIRST, open: true };
        Vat {
            tables: self.protocol.open(self.id, self.sizes.vats),
            links: self.id.others(self.sizes.vats).map(|_| link).collect(),
            heap: SmallVec::new(),
            owed: SmallVec::new(),
            latest: SmallVec::new(),
            writing: None,
            reading: None,
            tasks: SmallVec::new(),
            resolved: SmallVec::new(),
            left: Left {
                sends: of(self.sizes.sends),
                calls: of(self.sizes.calls),
                asks: of(self.sizes.asks),
                failures: of(self.sizes.failures),
                faults: of(self.sizes.faults),
                losses: of(self.sizes.losses),
                interrupts: of(self.sizes.interrupts),
                crashes: of(self.sizes.crashes),
                refusals: of(self.sizes.refusals),
                waits: of(self.sizes.waits),
            },
            flaws: PropertySet::EMPTY,
        }
    }

    /// The vat's connection to `peer`.
    pub fn link<'a>(&self, vat: &'a Vat<P::Tables>, peer: VatId) -> &'a Link {
        &vat.links[peer.among_peers_of(self.id)]
    }

    /// The peers that the vat has a session with.
    pub(super) fn open_peers<'a>(
        &self,
        vat: &'a Vat<P::Tables>,
    ) -> impl Iterator<Item = VatId> + Clone + use<'a, P> {
        let peers = self.id.others(self.sizes.vats);
        peers.zip(&vat.links).filter(|(_, link)| link.open).map(|(peer, _)| peer)
    }

    /// A message of the current session.
    pub(super) fn message(
        &self,
        vat: &Vat<P::Tables>,
        to: VatId,
        said: Said<<P::Tables as View>::Body>,
    ) -> Message<<P::Tables as View>::Body> {
        Message { session: self.link(vat, to).session, fault: false, said }
    }

    /// Every entry that the vat keeps for anybody.
    pub(super) fn all_exports(&self, vat: &Vat<P::Tables>) -> SmallVec<[Entry; 4]> {
        let peers = self.id.others(self.sizes.vats);
        let of = |peer| vat.tables.exports(peer).map(move |(at, view)| (peer, at, view));
        peers.flat_map(of).collect()
    }
}

/// An entry that a vat keeps for a peer.
pub(super) type Entry = (VatId, Position, ExportView);

impl<T: View> Vat<T> {
    /// An entry that goes hands its object back, once, and nothing else is handed back.
    pub(super) fn check_evicted(&mut self, before: &[Entry], evicted: &[What]) {
        let exports = before.iter().filter(|(_, at, _)| at.table == Table::Exports);
        let gone = exports.filter(|(peer, at, _)| self.tables.export_at(*peer, *at).is_none());
        let mut gone: SmallVec<[What; 4]> = gone.map(|(_, _, export)| export.what).collect();
        let mut evicted: SmallVec<[What; 4]> = evicted.into();
        gone.sort_unstable();
        evicted.sort_unstable();
        if gone != evicted {
            self.flaws.insert(PropertyId::L1);
        }
    }

    /// The number of the proxy installed last at a place in this session; 0 if none was.
    pub(super) fn latest_at(&self, peer: VatId, at: Position) -> u32 {
        let mut latest = self.latest.iter();
        let found = latest.find(|latest| latest.peer == peer && latest.at == at);
        found.map_or(0, |latest| latest.number)
    }

    pub(super) fn owe(&mut self, owed: Owed) {
        self.owed.push(owed);
        self.owed.sort_unstable();
    }

    /// What an entry of the vat's really denotes; nothing, if it leads to a proxy that is gone.
    pub fn denoted(&self, what: What) -> Option<Object> {
        match what {
            What::Local(object) => Some(object),
            What::Proxy(key) => {
                self.heap.iter().find(|proxy| proxy.key == key).map(|proxy| proxy.object)
            }
        }
    }

    /// The proxies at a place.
    pub fn proxies_at(&self, peer: VatId, at: Position) -> impl Iterator<Item = &Proxy> {
        self.heap.iter().filter(move |proxy| proxy.key.peer == peer && proxy.key.at == at)
    }
}

impl<B: Body> Half<B> {
    /// The message in the making or half read, of this peer.
    pub(crate) fn with(half: Option<&Self>, peer: VatId) -> Option<&B> {
        half.filter(|half| half.peer == peer).map(|half| &half.body)
    }
}
