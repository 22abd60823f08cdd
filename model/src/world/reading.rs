//! How a vat reads a message, and how its sessions end.

use super::effects::{Arrival, Effects, What};
use super::position::{Key, Table};
use super::vat::{Half, Latest, Outbox, Owed, Proxy, Task, Vat, VatActor, Waited};
use super::wire::{Body, Ghost, Message, Said};
use crate::names::VatId;
use crate::property::PropertyId;
use crate::protocol::{BodyOf, Protocol, View};
use captp_gc::protocol::{Admission, SessionId};
use smallvec::SmallVec;

impl<P: Protocol> VatActor<P> {
    /// Reads a message.
    pub fn read(
        &self,
        vat: &mut Vat<P::Tables>,
        from: VatId,
        message: &Message<BodyOf<P>>,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        let ours = self.link(vat, from).session;
        match self.protocol.admit(ours, message.session) {
            Admission::Stale => return,
            Admission::Newer => self.end_session(vat, from, Some(message.session), None),
            Admission::Current => {}
        }
        if !self.link(vat, from).open {
            return;
        }
        let ours = self.link(vat, from).session;
        let stale = message.session != ours;
        let before = (message.fault || stale).then(|| vat.tables.clone());
        let Said::Body(body) = &message.said else {
            if stale {
                vat.flaws.insert(PropertyId::L2);
            }
            self.end_session(vat, from, ours.next(), None);
            return;
        };
        let refused = !self.read_body(vat, from, body, out, P::read);
        let changed = before.is_some_and(|before| before != vat.tables);
        if stale && (changed || refused) {
            vat.flaws.insert(PropertyId::L2);
        }
        if message.fault && (changed || !refused) {
            vat.flaws.insert(PropertyId::S7);
        }
        if refused {
            self.refuse(vat, from, message.fault, out);
        }
        self.sweep(vat, out);
    }

    /// Begins to read a message of the current session, and stops in the middle of it.
    pub fn begin_read(
        &self,
        vat: &mut Vat<P::Tables>,
        from: VatId,
        body: &BodyOf<P>,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        vat.left.interrupts -= 1;
        if self.read_body(vat, from, body, out, P::begin_read) {
            vat.reading = Some(Half { peer: from, body: body.clone() });
        } else {
            self.refuse(vat, from, false, out);
        }
    }

    /// Learns that something went wrong with a message that it had sent. With one of an old session
    /// everything has gone wrong already, and after a crash nobody remembers it.
    pub(super) fn lose(
        &self,
        vat: &mut Vat<P::Tables>,
        to: VatId,
        message: &Message<BodyOf<P>>,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        vat.left.losses -= 1;
        let current = message.session == self.link(vat, to).session;
        let Some(body) = message.body().filter(|_| current) else { return };
        let mut effects = Effects::default();
        self.protocol.lost(&mut vat.tables, to, body, &mut effects);
        self.apply(vat, effects, None, out);
    }

    /// Does not implement a message of the current session, and says so.
    pub(super) fn send_back(
        &self,
        vat: &mut Vat<P::Tables>,
        from: VatId,
        body: &BodyOf<P>,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        vat.left.refusals -= 1;
        let mut effects = Effects::default();
        self.protocol.refuse(&mut vat.tables, from, body, &mut effects);
        self.apply(vat, effects, None, out);
    }

    pub(super) fn end_read(&self, vat: &mut Vat<P::Tables>, out: &mut Outbox<BodyOf<P>>) {
        let Some(Half { peer, body }) = vat.reading.take() else { return };
        if !self.read_body(vat, peer, &body, out, P::end_read) {
            self.refuse(vat, peer, false, out);
        }
    }

    /// Whether the message was accepted.
    fn read_body(
        &self,
        vat: &mut Vat<P::Tables>,
        from: VatId,
        body: &BodyOf<P>,
        out: &mut Outbox<BodyOf<P>>,
        read: impl Fn(
            &P,
            &mut P::Tables,
            VatId,
            &BodyOf<P>,
            &mut Effects<BodyOf<P>>,
        ) -> Result<(), super::Refused>,
    ) -> bool {
        let another = vat.tables.will_answer(from, body).is_some_and(|(question, call)| {
            vat.proxies_at(from, question).any(|asked| asked.object != call.meant())
        });
        vat.flaws.insert_if(PropertyId::S5, another);
        let releases = !vat.tables.will_release(from, body).is_empty();
        let before = releases.then(|| self.all_exports(vat));
        let mut effects = Effects::default();
        if read(&self.protocol, &mut vat.tables, from, body, &mut effects).is_err() {
            return false;
        }
        if let Some((_, call)) = body.answered() {
            let settled = |arrival: &Arrival| match arrival {
                Arrival::Settled(key) => Some(*key),
                _ => None,
            };
            let settled = effects.arrived.iter().filter_map(settled);
            let another = settled.filter(|key| {
                vat.heap.iter().any(|proxy| proxy.key == *key && proxy.object != call.meant())
            });
            let another = another.count() > 0;
            vat.flaws.insert_if(PropertyId::S5, another);
        }
        self.apply(vat, effects, before.as_deref(), out);
        true
    }

    fn refuse(
        &self,
        vat: &mut Vat<P::Tables>,
        from: VatId,
        fault: bool,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        if !fault {
            vat.flaws.insert(PropertyId::S6);
        }
        self.end_session(vat, from, self.link(vat, from).session.next(), Some(out));
    }

    /// R8. `next` is the session that begins; the vat closes if it is beyond the last. Without an
    /// `out`, the peer is not told: it has ended the session itself.
    pub(super) fn end_session(
        &self,
        vat: &mut Vat<P::Tables>,
        peer: VatId,
        next: Option<SessionId>,
        out: Option<&mut Outbox<BodyOf<P>>>,
    ) {
        let next = next.unwrap_or(self.link(vat, peer).session);
        if let Some(out) = out {
            out.push((peer, self.message(vat, peer, Said::Over)));
        }
        let exported = vat.tables.exports(peer).filter(|(at, _)| at.table == Table::Exports);
        let mut exported: SmallVec<[What; 4]> = exported.map(|(_, export)| export.what).collect();
        let mut effects = Effects::default();
        let closed = self.protocol.close(&mut vat.tables, peer, next, &mut effects);
        let mut released = effects.evicted;
        exported.sort_unstable();
        released.sort_unstable();
        let kept =
            vat.tables.exports(peer).next().is_some() || vat.tables.imports(peer).next().is_some();
        if closed.is_err() || kept || released[..] != exported[..] {
            vat.flaws.insert(PropertyId::L2);
        }
        // Every proxy breaks. That the application drops it and the collector clears it later
        // changes no table, so its notification, one of the old session, is owed from now on.
        let broken: SmallVec<[Proxy; 2]> =
            vat.heap.iter().filter(|proxy| proxy.key.peer == peer).copied().collect();
        vat.heap.retain(|proxy| proxy.key.peer != peer);
        for Proxy { key, number, object, .. } in broken {
            if self.protocol.clear(&mut vat.tables, key) {
                vat.owe(Owed { key, number, object });
            }
        }
        let of_peer = |half: &mut Half<_>| half.peer == peer;
        let _unsent = vat.writing.take_if(of_peer);
        let _unread = vat.reading.take_if(of_peer);
        vat.tasks.retain(|task| task.by != peer);
        vat.latest.retain(|latest| latest.peer != peer);
        let link = &mut vat.links[peer.among_peers_of(self.id)];
        link.session = next;
        link.open = next.get() <= u32::from(self.sizes.sessions);
    }

    /// Everything that the vat knew is gone. Its connections break, which each peer finds behind
    /// all that was sent, unless a message of the next session is read before.
    pub(super) fn crash(&self, vat: &mut Vat<P::Tables>, out: &mut Outbox<BodyOf<P>>) {
        vat.left.crashes -= 1;
        for peer in self.open_peers(vat) {
            out.push((peer, self.message(vat, peer, Said::Over)));
        }
        let fresh = self.initial();
        let (left, flaws) = (vat.left, vat.flaws);
        let mut links = std::mem::take(&mut vat.links);
        *vat = Vat { left, flaws, ..fresh };
        let peers = self.id.others(self.sizes.vats).zip(&mut links);
        for (peer, link) in peers.filter(|(_, link)| link.open) {
            link.session = link.session.next().unwrap_or(link.session);
            link.open = link.session.get() <= u32::from(self.sizes.sessions);
            let mut effects = Effects::default();
            if self.protocol.close(&mut vat.tables, peer, link.session, &mut effects).is_err() {
                vat.flaws.insert(PropertyId::L2);
            }
        }
        vat.links = links;
    }

    /// Hands what arrived to the application.
    pub(super) fn receive_all(&self, vat: &mut Vat<P::Tables>, arrived: &[Arrival]) {
        let mut settled = None;
        for arrival in arrived {
            match *arrival {
                Arrival::Settled(key) => {
                    settled = Some(vat.settle(key));
                    continue;
                }
                Arrival::Kept { key, ghost } => vat.receive(key, true, ghost, false),
                Arrival::Home { object, ghost } if object == ghost.meant() => {}
                Arrival::Home { .. } => vat.flaws.insert(PropertyId::S3),
                Arrival::Proxy { key, installed, ghost } => {
                    vat.receive(key, installed, ghost, settled.unwrap_or(true));
                }
                Arrival::Asked { by, answer, call } => vat.tasks.push(Task { by, answer, call }),
                Arrival::Cancelled { by, answer } => {
                    vat.tasks.retain(|task| task.by != by || task.answer != answer);
                }
            }
            settled = None;
        }
    }
}

impl<T: View> Vat<T> {
    /// The application does not hold the promise any more. Returns whether it did.
    fn settle(&mut self, key: Key) -> bool {
        let mut held = false;
        for proxy in self.heap.iter_mut().filter(|proxy| proxy.key == key) {
            held |= proxy.held || proxy.waited != Waited::No;
            (proxy.held, proxy.waited) = (false, Waited::No);
        }
        held
    }

    /// Notes which proxy a mention was read as, and that the application holds it, if it does.
    fn receive(&mut self, key: Key, installed: bool, ghost: Ghost, held: bool) {
        let object = ghost.meant();
        let mut there = self.heap.iter_mut();
        let known = there.find(|proxy| proxy.key.peer == key.peer && proxy.key.at == key.at);
        match known {
            Some(proxy) if !installed && proxy.key == key => {
                proxy.held |= held;
                if proxy.object != object {
                    self.flaws.insert(PropertyId::S3);
                }
            }
            None if installed => {
                let number = self.latest_at(key.peer, key.at) + 1;
                self.latest.retain(|latest| latest.peer != key.peer || latest.at != key.at);
                self.latest.push(Latest { peer: key.peer, at: key.at, number, object });
                self.latest.sort_unstable();
                self.heap.push(Proxy { key, number, object, held, waited: Waited::No });
                self.heap.sort_unstable();
            }
            // A dead proxy was handed out, or a second one installed beside a live one.
            _ => self.flaws.insert(PropertyId::S4),
        }
    }
}
