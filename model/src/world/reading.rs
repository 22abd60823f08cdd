//! How a vat reads a message, and how its session ends.

use super::vat::{Outbox, Owed, Proxy, Vat, VatActor};
use super::wire::{Body, Message, Ref};
use crate::names::{OBJECTS_MAX, Object};
use crate::property::PropertyId;
use crate::protocol::{Admission, Protocol, View};
use captp_gc::protocol::{Descriptor, Incarnation, Index, Notification, Received, SessionId};
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
                self.protocol.gc_export(&mut vat.tables, index, delta).is_err()
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

    fn read_refs(&self, vat: &mut Vat<P::Tables>, refs: &[Ref]) -> bool {
        let descriptors: SmallVec<[Descriptor; 2]> = refs.iter().map(|r| r.descriptor).collect();
        let Ok(received) = self.protocol.read(&mut vat.tables, &descriptors) else {
            return true;
        };
        for (received, meant) in received.into_iter().zip(refs) {
            match received {
                Received::Home(object) if object == meant.object => {}
                Received::Home(_) => vat.flaws.insert(PropertyId::S3),
                Received::Proxy { index, incarnation, installed } => {
                    let incarnation = u32::try_from(incarnation.get()).unwrap_or(u32::MAX);
                    vat.receive(index, incarnation, installed, meant.object);
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
            self.indices().filter_map(|i| vat.tables.export_at(i)).map(|e| e.object).collect();
        let mut released = self.protocol.close(&mut vat.tables, next);
        exported.sort_unstable();
        released.sort_unstable();
        let kept = self.indices().any(|index| {
            vat.tables.export_at(index).is_some() || vat.tables.import_at(index).is_some()
        });
        if kept || released[..] != exported[..] {
            vat.flaws.insert(PropertyId::L2);
        }
        // Every proxy breaks. Whenever it is collected, its notification is one of the old session.
        for proxy in std::mem::take(&mut vat.heap) {
            let notification = Notification {
                session: vat.session,
                index: proxy.index,
                incarnation: Incarnation::new(proxy.incarnation.into()),
            };
            vat.owe(Owed { notification, object: proxy.object });
        }
        vat.denoted.clear();
        vat.session = next;
        vat.open = next.get() <= u32::from(self.sizes.sessions);
    }
}

impl<T> Vat<T> {
    fn receive(&mut self, index: Index, incarnation: u32, installed: bool, object: Object) {
        let known = self.heap.iter_mut().find(|p| p.index == index);
        match known {
            Some(proxy) if !installed && proxy.incarnation == incarnation => {
                proxy.held = true;
                if proxy.object != object {
                    self.flaws.insert(PropertyId::S3);
                }
            }
            None if installed => {
                self.heap.push(Proxy { index, incarnation, object, held: true });
                self.heap.sort_unstable();
                let position = usize::try_from(index.get()).unwrap_or(usize::MAX);
                if position < usize::from(OBJECTS_MAX) {
                    if self.denoted.len() <= position {
                        self.denoted.resize(position + 1, None);
                    }
                    self.denoted[position] = Some(object);
                }
            }
            // A dead proxy was handed out, or a second one installed beside a live one.
            _ => self.flaws.insert(PropertyId::S4),
        }
    }
}
