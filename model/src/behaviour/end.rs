//! One end of a session: the runtime of the model, and what its application and its collector
//! have.

use super::miss::Miss;
use super::pool::Names;
use crate::names::{Kind, Object, VatId};
use crate::protocol::{BodyOf, EffectsOf, Protocol, View};
use crate::world::{Arrival, Content, Effects, Ghost, Key, Position, Refused, What};
use captp_gc::protocol::Index;
use captp_wire::line::Place;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// What a runtime puts on the wire.
pub(super) type Sent<P> = SmallVec<[BodyOf<P>; 2]>;

/// A proxy that exists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proxy {
    pub(super) key: Key,
    /// Whether the application holds it, for all that is known.
    pub(super) held: bool,
}

/// One end of a session.
#[derive(Clone)]
pub(super) struct End<P: Protocol> {
    peer: VatId,
    pub(super) tables: P::Tables,
    /// In order of the places: one at each.
    proxies: Vec<Proxy>,
    /// The notifications that are owed.
    pub(super) owed: Vec<Key>,
    /// The calls that are to be answered.
    pub(super) tasks: Vec<(Index, Ghost)>,
    pub(super) names: Names,
    /// The promises that are resolved and exported.
    pub(super) resolved: Vec<Object>,
    /// What the runtime has sent by itself, and the wire has not shown yet.
    pub(super) pending: VecDeque<BodyOf<P>>,
}

impl<P: Protocol> End<P> {
    /// The end of `id`, before anything was said.
    pub(super) fn open(protocol: &P, id: VatId, peer: VatId) -> Self {
        Self {
            peer,
            tables: protocol.open(id, 2),
            proxies: Vec::new(),
            owed: Vec::new(),
            tasks: Vec::new(),
            names: Names::of(id),
            resolved: Vec::new(),
            pending: VecDeque::new(),
        }
    }

    /// Who is at the other end.
    pub(super) const fn peer(&self) -> VatId {
        self.peer
    }

    /// The proxy at a place.
    pub(super) fn proxy_at(&self, at: Position) -> Option<Proxy> {
        let place = self.proxies.binary_search_by_key(&at, |proxy| proxy.key.at).ok()?;
        Some(self.proxies[place])
    }

    /// The proxies of the peer's exports.
    pub(super) fn imports(&self) -> impl Iterator<Item = Key> {
        let exports = self.proxies.iter().filter(|p| p.key.at == Position::export(p.key.at.index));
        exports.map(|proxy| proxy.key)
    }

    /// The application lets go of it.
    pub(super) fn drop(&mut self, key: Key) {
        for proxy in self.proxies.iter_mut().filter(|proxy| proxy.key == key) {
            proxy.held = false;
        }
    }

    /// Writes and sends a message.
    pub(super) fn say(&mut self, protocol: &P, content: &Content) -> Result<BodyOf<P>, Miss> {
        let mut effects = Effects::default();
        let body = protocol.write(&mut self.tables, self.peer, content, &mut effects);
        let body = body.map_err(|_refused| Miss::Unwritable)?;
        let before = self.absorb(effects);
        self.pending.extend(before);
        protocol.sent(&mut self.tables, self.peer, &body).map_err(|_refused| Miss::Unwritable)?;
        Ok(body)
    }

    /// Reads a message. What the runtime sends by itself is pending.
    pub(super) fn read(&mut self, protocol: &P, body: &BodyOf<P>) -> Result<(), Refused> {
        let mut effects = Effects::default();
        protocol.read(&mut self.tables, self.peer, body, &mut effects)?;
        let sent = self.absorb(effects);
        self.pending.extend(sent);
        Ok(())
    }

    /// The weak reference to a proxy is cleared. Returns whether a notification is owed.
    pub(super) fn clear(&mut self, protocol: &P, key: Key) -> bool {
        self.proxies.retain(|proxy| proxy.key != key);
        protocol.clear(&mut self.tables, key)
    }

    /// A notification is served. Returns what is sent.
    pub(super) fn notify(&mut self, protocol: &P, key: Key) -> Sent<P> {
        self.owed.retain(|owed| *owed != key);
        let mut effects = Effects::default();
        protocol.notify(&mut self.tables, key, &mut effects);
        let sent = self.absorb(effects);
        let is_export = key.at == Position::export(key.at.index);
        if is_export && self.owed.iter().all(|owed| owed.at != key.at) {
            protocol.forget(&mut self.tables, self.peer, key.at.index);
        }
        sent
    }

    /// A proxy is dropped, cleared and notified. Returns what is sent.
    pub(super) fn give_back(&mut self, protocol: &P, key: Key) -> Result<Sent<P>, Miss> {
        if self.tables.roots().contains(&key) {
            return Err(Miss::Held(place(key.at)));
        }
        Ok(if self.clear(protocol, key) { self.notify(protocol, key) } else { Sent::<P>::new() })
    }

    /// Takes what came of a transition. Returns what is sent.
    pub(super) fn absorb(&mut self, effects: EffectsOf<P>) -> Sent<P> {
        self.owed.retain(|owed| !effects.withdrawn.contains(owed));
        for gone in effects.evicted {
            if let What::Local(object) = gone {
                let is_resolved = object.kind() == Kind::Promise && self.resolved.contains(&object);
                self.names.free(object, is_resolved);
            }
        }
        let mut settled = None;
        for arrival in effects.arrived {
            let holds = settled.take().unwrap_or(true);
            match arrival {
                Arrival::Proxy { key, .. } => self.receive(key, holds),
                Arrival::Kept { key, .. } => self.receive(key, false),
                Arrival::Asked { answer, call, .. } => self.tasks.push((answer, call)),
                Arrival::Cancelled { answer, .. } => self.tasks.retain(|(at, _)| *at != answer),
                Arrival::Settled(key) => {
                    let held = self.proxy_at(key.at).is_some_and(|p| p.key == key && p.held);
                    self.drop(key);
                    settled = Some(held);
                }
                Arrival::Home { .. } => {}
            }
        }
        let to_peer = effects.sent.into_iter().filter(|(to, _)| *to == self.peer);
        to_peer.map(|(_, body)| body).collect()
    }

    fn receive(&mut self, key: Key, held: bool) {
        match self.proxies.binary_search_by_key(&key.at, |proxy| proxy.key.at) {
            Ok(place) if self.proxies[place].key == key => self.proxies[place].held |= held,
            Ok(place) => self.proxies[place] = Proxy { key, held },
            Err(place) => self.proxies.insert(place, Proxy { key, held }),
        }
    }
}

/// A place as a trace writes it.
pub(super) const fn place(at: Position) -> Place {
    Place { index: at.index.get(), space: String::new() }
}
