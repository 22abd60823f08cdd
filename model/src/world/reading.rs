//! How a vat reads a message, and how its session ends.

use super::vat::{Latest, Outbox, Owed, Proxy, Vat, VatActor};
use super::wire::{Body, Message, ONE_ABOVE_THE_COUNT, Ref};
use crate::names::Object;
use crate::property::PropertyId;
use crate::protocol::{Protocol, View};
use captp_gc::protocol::{Admission, Descriptor, Index, ProxyId, Received, SessionId};
use smallvec::SmallVec;

impl<P: Protocol> VatActor<P> {
    /// Reads a message.
    pub fn read(&self, vat: &mut Vat<P::Tables>, message: Message, out: &mut Outbox) {
        match self.protocol.admit(vat.session, message.session) {
            Admission::Stale => return,
            Admission::Newer => self.end_session(vat, Some(message.session), None),
            Admission::Current => {}
        }
        if !vat.open {
            return;
        }
        let stale = message.session != vat.session;
        let before = (message.fault || stale).then(|| vat.tables.clone());
        let refused = match message.body {
            Body::Over => {
                if stale {
                    vat.flaws.insert(PropertyId::L2);
                }
                self.end_session(vat, vat.session.next(), None);
                return;
            }
            Body::GcExport { index, delta, .. } => {
                let count = || vat.tables.export_at(index).map_or(0, |export| export.count);
                let delta = match delta {
                    ONE_ABOVE_THE_COUNT if message.fault => count() + 1,
                    delta => delta,
                };
                self.read_gc_export(vat, index, delta)
            }
            Body::Deliver1(_) | Body::Deliver2(..) | Body::Call(_) => {
                let refs: SmallVec<[Ref; 2]> = message.refs().collect();
                self.read_refs(vat, &refs)
            }
        };
        let changed = before.is_some_and(|before| before != vat.tables);
        if stale && (changed || refused) {
            vat.flaws.insert(PropertyId::L2);
        }
        if message.fault && (changed || !refused) {
            vat.flaws.insert(PropertyId::S7);
        }
        if refused {
            if !message.fault {
                vat.flaws.insert(PropertyId::S6);
            }
            self.end_session(vat, vat.session.next(), Some(out));
        }
    }

    /// Whether the message is refused.
    fn read_gc_export(&self, vat: &mut Vat<P::Tables>, index: Index, delta: u32) -> bool {
        let before: SmallVec<[_; 4]> = vat.tables.exports().collect();
        let Ok(evicted) = self.protocol.gc_export(&mut vat.tables, index, delta) else {
            return true;
        };
        vat.check_evicted(&before, evicted.as_slice());
        false
    }

    /// Whether the message is refused.
    fn read_refs(&self, vat: &mut Vat<P::Tables>, refs: &[Ref]) -> bool {
        let descriptors: SmallVec<[Descriptor; 2]> = refs.iter().map(|r| r.descriptor).collect();
        let Ok(received) = self.protocol.read(&mut vat.tables, &descriptors) else {
            return true;
        };
        for (received, meant) in received.into_iter().zip(refs) {
            match received {
                Received::Home(object) if object == meant.object => {}
                Received::Home(_) => vat.flaws.insert(PropertyId::S3),
                Received::Proxy { proxy, installed } => {
                    vat.receive(proxy, installed, meant.object);
                }
            }
        }
        false
    }

    /// R8. `next` is the session that begins; the vat closes if it is beyond the last. Without an
    /// `out`, the peer is not told: it has ended the session itself.
    pub(super) fn end_session(
        &self,
        vat: &mut Vat<P::Tables>,
        next: Option<SessionId>,
        out: Option<&mut Outbox>,
    ) {
        let next = next.unwrap_or(vat.session);
        if let Some(out) = out {
            out.push(vat.message(Body::Over));
        }
        let mut exported: SmallVec<[Object; 4]> =
            vat.tables.exports().map(|(_, export)| export.object).collect();
        let released = self.protocol.close(&mut vat.tables, next).unwrap_or_default();
        let mut released: SmallVec<[Object; 4]> = released.into();
        exported.sort_unstable();
        released.sort_unstable();
        let kept = vat.tables.exports().next().is_some() || vat.tables.imports().next().is_some();
        if kept || released != exported {
            vat.flaws.insert(PropertyId::L2);
        }
        // Every proxy breaks. That the application drops it and the collector clears it later
        // changes no table, so its notification, one of the old session, is owed from now on.
        for Proxy { id, number, object, .. } in std::mem::take(&mut vat.heap) {
            if let Some(notification) = self.protocol.clear(&mut vat.tables, id) {
                vat.owe(Owed { notification, number, object });
            }
        }
        vat.pending.clear();
        vat.latest.clear();
        vat.session = next;
        vat.open = next.get() <= u32::from(self.sizes.sessions);
    }
}

impl<T> Vat<T> {
    /// Notes which proxy a mention of `object` was read as.
    fn receive(&mut self, id: ProxyId, installed: bool, object: Object) {
        let known = self.heap.iter_mut().find(|proxy| proxy.id.index == id.index);
        match known {
            Some(proxy) if !installed && proxy.id == id => {
                proxy.held = true;
                if proxy.object != object {
                    self.flaws.insert(PropertyId::S3);
                }
            }
            None if installed => {
                let number = self.latest_at(id.index) + 1;
                self.latest.retain(|latest| latest.index != id.index);
                self.latest.push(Latest { index: id.index, number, object });
                self.latest.sort_unstable();
                self.heap.push(Proxy { id, number, object, held: true });
                self.heap.sort_unstable();
            }
            // A dead proxy was handed out, or a second one installed beside a live one.
            _ => self.flaws.insert(PropertyId::S4),
        }
    }
}
