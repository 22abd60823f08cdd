//! E's CapTP, as rules R1 to R8 of [`captp_gc::protocol`] state it, and the ways to bend it.
//!
//! **Modelled:** export and import counts, `NewFarDesc`, `ImportDesc`, `ExportDesc` (E's
//! `IncomingDesc`), `GCExportOp`, the successor test, LIFO reuse of indices, failed sends,
//! sessions. **Left out:** promises, questions and answers, third-party introductions.
//! **Source:** E's `net.captp` (`jcomm`, `tables`), and the es-discuss mail of 2013-11-09.
//!
//! A reference that is handed on to a third vat is exported by the vat that hands it on, which
//! holds its own proxy meanwhile.

mod bend;
mod body;
mod fault;
mod rules;
mod tables;

pub use bend::EBend;
pub use body::{Described, EBody};
pub use tables::ETables;

use super::{Bend, EffectsOf, Protocol};
use crate::names::VatId;
use crate::world::{
    Arrival, Content, Fault, Ghost, Given, Key, Position, Refused, What, WireOrder,
};
use captp_gc::protocol::{
    Admission, Descriptor, Index, Limits, Notification, ProxyId, Received, Reference, SessionId,
    Tables,
};
use fault::faults;
use smallvec::SmallVec;
use tables::Link;

/// E's CapTP, with at most one rule bent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ECapTp {
    /// The rule that is bent, if any.
    pub bend: Option<EBend>,
}

impl Protocol for ECapTp {
    type Tables = ETables;

    fn bent(bend: Option<Bend>) -> Self {
        match bend {
            Some(Bend::E(bend)) => Self { bend: Some(bend) },
            _ => Self { bend: None },
        }
    }

    fn open(&self, id: VatId, vats: u8) -> ETables {
        let mut limits = Limits::default();
        if self.is_bent(EBend::LimitIgnored) {
            limits.imports_max = u32::MAX;
        }
        let link = |_| Link {
            tables: Tables::new(SessionId::FIRST, limits),
            writing: None,
            remembered: SmallVec::new(),
        };
        ETables { id, links: id.others(vats).map(link).collect() }
    }

    fn wire_order(&self) -> WireOrder {
        match self.bend {
            Some(EBend::UnorderedChannels) => WireOrder::Unordered,
            Some(EBend::GcOvertakesCalls) => WireOrder::GcFirst,
            _ => WireOrder::Fifo,
        }
    }

    fn write(
        &self,
        own: &mut ETables,
        to: VatId,
        content: &Content,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<EBody, Refused> {
        let (given, is_call) = match content {
            Content::Deliver(given) => (&given[..], false),
            Content::Call(target) => (std::slice::from_ref(target), true),
            Content::Ask { .. } | Content::Return { .. } => return Err(Refused),
        };
        let reference = |given: &Given| match given.what {
            What::Proxy(key) if key.peer == to => Reference::Proxy(key.at.index),
            what => Reference::Local(what),
        };
        let references: SmallVec<[Reference<What>; 2]> = given.iter().map(reference).collect();
        let described = self.describe(own.link_mut(to), &references).map_err(|_misuse| Refused)?;
        let described = given.iter().zip(described);
        let described: SmallVec<[Described; 2]> = described
            .map(|(given, descriptor)| Described { descriptor, ghost: given.ghost })
            .collect();
        match described[..] {
            [target] if is_call => Ok(EBody::Call(target)),
            [only] => Ok(EBody::Deliver1(only)),
            [first, second] => Ok(EBody::Deliver2(first, second)),
            _ => Err(Refused),
        }
    }

    fn sent(&self, own: &mut ETables, to: VatId, _body: &EBody) -> Result<(), Refused> {
        self.commit(own.link_mut(to)).map_err(|_misuse| Refused)
    }

    fn unwrite(
        &self,
        own: &mut ETables,
        to: VatId,
        _body: &EBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let evicted = self.take_back(own.link_mut(to)).map_err(|_misuse| Refused)?;
        effects.evicted.extend(evicted);
        Ok(())
    }

    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission {
        match ours.admit(theirs) {
            Admission::Stale if self.is_bent(EBend::OldMessageRead) => Admission::Current,
            admission => admission,
        }
    }

    fn read(
        &self,
        own: &mut ETables,
        from: VatId,
        body: &EBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(from);
        if let EBody::GcExport { index, delta, .. } = *body {
            let evicted = self.lower(link, index, delta).map_err(|_violation| Refused)?;
            effects.evicted.extend(evicted);
            return Ok(());
        }
        let described = body.described();
        let descriptors: SmallVec<[Descriptor; 2]> =
            described.iter().map(|d| d.descriptor).collect();
        let received = self.receive(link, &descriptors).map_err(|_violation| Refused)?;
        let arrived = received.into_iter().zip(described).map(|(received, d)| {
            let ghost = d.ghost;
            match received {
                Received::Proxy { proxy, installed } => {
                    Arrival::Proxy { key: key(from, proxy), installed, ghost }
                }
                Received::Home(What::Local(object)) => Arrival::Home { object, ghost },
                // What a vat had handed on comes back to it: its own proxy.
                Received::Home(What::Proxy(key)) => Arrival::Proxy { key, installed: false, ghost },
            }
        });
        effects.arrived.extend(arrived);
        Ok(())
    }

    fn clear(&self, own: &mut ETables, proxy: Key) -> bool {
        self.kill(own.link_mut(proxy.peer), proxy_id(proxy)).is_some()
    }

    fn notify(&self, own: &mut ETables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let notification = Notification { proxy: proxy_id(proxy) };
        if let Some((index, delta)) = self.serve(own.link_mut(proxy.peer), notification) {
            effects.sent.push((proxy.peer, EBody::GcExport { index, delta, upto: 0 }));
        }
    }

    fn faults(&self, _own: &ETables, proxies: &[Index]) -> SmallVec<[Fault; 8]> {
        faults(proxies)
    }

    fn faulty(&self, fault: Fault, ghost: Ghost) -> EBody {
        fault::body(fault, ghost)
    }

    fn close(
        &self,
        own: &mut ETables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let released = self.end(own.link_mut(peer), next).map_err(|_misuse| Refused)?;
        effects.evicted.extend(released);
        Ok(())
    }
}

fn key(peer: VatId, proxy: ProxyId) -> Key {
    let ProxyId { session, index, incarnation } = proxy;
    Key { peer, at: Position::export(index), session, incarnation }
}

fn proxy_id(key: Key) -> ProxyId {
    ProxyId { session: key.session, index: key.at.index, incarnation: key.incarnation }
}
