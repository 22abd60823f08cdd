//! One vat: its tables, its heap, its collector's debts, and how it takes a step.
//!
//! The handlers know nothing of the other vat but its messages. [`super::actor`] hands them to
//! Stateright as an actor.

use super::step::{Argument, Arguments, Fault, Step};
use super::wire::{Body, Message, Ref};
use crate::names::{Object, VatId};
use crate::property::{PropertyId, PropertySet};
use crate::protocol::Protocol;
use crate::sizes::Sizes;
use captp_gc::protocol::{Descriptor, Index, Notification, Reference, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What a step puts on the wire, in order.
pub type Outbox = SmallVec<[Message; 2]>;

/// A proxy on the vat's heap: it exists until the collector clears the weak reference to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Proxy {
    /// Where it stands in the import table.
    pub index: Index,
    /// Which proxy it is.
    pub incarnation: u32,
    /// Ghost: the object that the mention meant which made it.
    pub object: Object,
    /// Whether the application holds it.
    pub held: bool,
}

/// A notification that the collector has scheduled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// What will be served.
    pub notification: Notification,
    /// Ghost: the object that the dead proxy denoted.
    pub object: Object,
}

/// How many more steps of each bounded kind the application may take.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Messages with references.
    pub sends: u8,
    /// Calls through a proxy.
    pub calls: u8,
    /// Sends that fail.
    pub failures: u8,
    /// Violations of the protocol.
    pub faults: u8,
}

/// The state of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Vat<T> {
    /// The tables of the current session.
    pub tables: T,
    /// The current session.
    pub session: SessionId,
    /// Whether there is one: false after the last session has ended.
    pub open: bool,
    /// The proxies that exist, in order. The truth that the import table must match.
    pub heap: SmallVec<[Proxy; 2]>,
    /// The notifications that were not served yet, in order.
    pub owed: SmallVec<[Owed; 2]>,
    /// Ghost: what the proxy installed last at each index of this session denoted.
    pub denoted: SmallVec<[Option<Object>; 4]>,
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
    /// The bounds of its application.
    pub sizes: Sizes,
}

/// An index that a correct vat of this size never allocates.
const NEVER_ALLOCATED: Index = Index::new(77);
/// An index that a correct vat never mentions, and never writes `NewFarDesc` for.
const NEVER_INTRODUCED: Index = Index::new(78);
/// A delta above every count of a world of this size.
const ABOVE_EVERY_COUNT: u32 = 1000;

impl<P: Protocol> VatActor<P> {
    /// The vat before its first step.
    pub fn initial(&self) -> Vat<P::Tables> {
        let of = |each: crate::sizes::PerVat| each.of(self.id);
        Vat {
            tables: self.protocol.open(SessionId::FIRST),
            session: SessionId::FIRST,
            open: true,
            heap: SmallVec::new(),
            owed: SmallVec::new(),
            denoted: SmallVec::new(),
            left: Left {
                sends: of(self.sizes.sends),
                calls: of(self.sizes.calls),
                failures: of(self.sizes.failures),
                faults: of(self.sizes.faults),
            },
            flaws: PropertySet::EMPTY,
        }
    }

    /// Every step that the vat may take now, deliveries apart, in the order of [`Step`].
    pub fn enabled(&self, vat: &Vat<P::Tables>) -> SmallVec<[Step; 16]> {
        let mut steps = SmallVec::new();
        let held = vat.heap.iter().filter(|proxy| proxy.held);
        if vat.open && vat.left.sends > 0 {
            self.each_message(vat, |arguments| steps.push(Step::Send(arguments)));
        }
        if vat.open && vat.left.calls > 0 {
            steps.extend(held.clone().map(|p| Step::Call { index: p.index, object: p.object }));
        }
        steps.extend(held.map(|p| Step::Drop { index: p.index, object: p.object }));
        steps.extend(vat.heap.iter().filter(|proxy| !proxy.held).map(|p| Step::Clear {
            index: p.index,
            object: p.object,
            incarnation: p.incarnation,
        }));
        steps.extend(vat.owed.iter().map(|owed| Step::Notify(owed.notification)));
        if vat.open && vat.left.failures > 0 {
            self.each_message(vat, |arguments| steps.push(Step::SendFails(arguments)));
        }
        if vat.open && vat.session.get() < u32::from(self.sizes.sessions) {
            steps.push(Step::Cut);
        }
        if vat.open && vat.left.faults > 0 {
            for proxy in &vat.heap {
                steps.push(Step::Fail(Fault::OverRelease(proxy.index)));
                steps.push(Step::Fail(Fault::ZeroDelta(proxy.index)));
            }
            steps.push(Step::Fail(Fault::UnknownExport));
            steps.push(Step::Fail(Fault::HalfReadable));
        }
        steps
    }

    /// Takes an enabled step.
    pub fn take(&self, vat: &mut Vat<P::Tables>, step: Step, out: &mut Outbox) {
        match step {
            Step::Send(arguments) => {
                vat.left.sends -= 1;
                if let Some(refs) = self.write(vat, arguments) {
                    let body = match refs[..] {
                        [only] => Body::Deliver1(only),
                        [first, second, ..] => Body::Deliver2(first, second),
                        [] => return,
                    };
                    out.push(vat.message(body));
                }
            }
            Step::Call { index, object } => {
                vat.left.calls -= 1;
                let target = Arguments(Argument::Proxy { index, object }, None);
                if let Some(refs) = self.write(vat, target) {
                    out.push(vat.message(Body::Call(refs[0])));
                }
            }
            Step::SendFails(arguments) => {
                vat.left.failures -= 1;
                if let Some(refs) = self.write(vat, arguments) {
                    let written: SmallVec<[_; 2]> = refs.iter().map(|r| r.descriptor).collect();
                    self.protocol.unwrite(&mut vat.tables, &written);
                }
            }
            Step::Drop { index, .. } => {
                for proxy in vat.heap.iter_mut().filter(|proxy| proxy.index == index) {
                    proxy.held = false;
                }
            }
            Step::Clear { index, incarnation, .. } => self.clear(vat, index, incarnation),
            Step::Notify(notification) => self.notify(vat, notification, out),
            Step::Cut => self.end_session(vat, vat.session.next(), Some(out)),
            Step::Fail(fault) => {
                vat.left.faults -= 1;
                let body = fault.body(Object::first_of(self.id));
                out.push(Message { fault: true, ..vat.message(body) });
            }
        }
    }

    /// Every message that the application could send: one reference, one twice, or two.
    fn each_message(&self, vat: &Vat<P::Tables>, mut each: impl FnMut(Arguments)) {
        let locals = Object::of(self.id, self.sizes.objects).map(Argument::Local);
        let proxies = vat.heap.iter().filter(|proxy| proxy.held).map(Proxy::argument);
        for (number, first) in locals.clone().enumerate() {
            each(Arguments(first, None));
            if self.sizes.references > 1 {
                for second in locals.clone().skip(number).chain(proxies.clone()) {
                    each(Arguments(first, Some(second)));
                }
            }
        }
        proxies.for_each(|proxy| each(Arguments(proxy, None)));
    }

    fn write(&self, vat: &mut Vat<P::Tables>, arguments: Arguments) -> Option<SmallVec<[Ref; 2]>> {
        let references: SmallVec<[Reference<Object>; 2]> =
            arguments.iter().map(Argument::reference).collect();
        let Ok(written) = self.protocol.write(&mut vat.tables, &references) else {
            vat.flaws.insert(PropertyId::S6);
            return None;
        };
        let refs = arguments.iter().zip(written).map(|(argument, descriptor)| match argument {
            Argument::Local(object) => Ref { descriptor, object, incarnation: 0 },
            Argument::Proxy { index, object } => {
                Ref { descriptor, object, incarnation: vat.newest_at(index) }
            }
        });
        Some(refs.collect())
    }

    fn clear(&self, vat: &mut Vat<P::Tables>, index: Index, incarnation: u32) {
        let Some(position) =
            vat.heap.iter().position(|p| p.index == index && p.incarnation == incarnation)
        else {
            return;
        };
        let object = vat.heap.remove(position).object;
        let owed = self.protocol.clear(&mut vat.tables, index, incarnation.into());
        if let Some(notification) = owed {
            vat.owe(Owed { notification, object });
        }
    }

    fn notify(&self, vat: &mut Vat<P::Tables>, notification: Notification, out: &mut Outbox) {
        let index = notification.index;
        let upto = vat.newest_at(index);
        vat.owed.retain(|owed| owed.notification != notification);
        let before = vat.tables.clone();
        let op = self.protocol.notify(&mut vat.tables, notification);
        let acted = op.is_some() || vat.tables != before;
        if acted && notification.session != vat.session {
            vat.flaws.insert(PropertyId::L2);
        } else if acted && vat.heap.iter().any(|proxy| proxy.index == index) {
            vat.flaws.insert(PropertyId::S4);
        }
        if let Some((index, delta)) = op {
            out.push(vat.message(Body::GcExport { index, delta, upto }));
        }
    }

    /// The indices that a vat of this size can allocate, and one more.
    pub fn indices(&self) -> impl Iterator<Item = Index> + use<P> {
        (0..=u32::from(self.sizes.objects)).map(Index::new)
    }
}

impl<T> Vat<T> {
    pub(super) fn message(&self, body: Body) -> Message {
        Message { session: self.session, fault: false, body }
    }

    /// The newest proxy at `index` that the ledger knows of in this session; 0 if none.
    fn newest_at(&self, index: Index) -> u32 {
        let alive = self.heap.iter().filter(|p| p.index == index).map(|p| p.incarnation);
        let dead = self.owed.iter().map(|owed| owed.notification);
        let dead = dead.filter(|n| n.index == index && n.session == self.session);
        let dead = dead.map(|n| u32::try_from(n.incarnation.get()).unwrap_or(u32::MAX));
        alive.chain(dead).max().unwrap_or(0)
    }

    pub(super) fn owe(&mut self, owed: Owed) {
        self.owed.push(owed);
        self.owed.sort_unstable();
    }
}

impl Proxy {
    fn argument(&self) -> Argument {
        Argument::Proxy { index: self.index, object: self.object }
    }
}

impl Fault {
    /// What is sent; the ghosts of what means nothing are `ghost`.
    fn body(self, ghost: Object) -> Body {
        match self {
            Self::OverRelease(index) => Body::GcExport { index, delta: ABOVE_EVERY_COUNT, upto: 0 },
            Self::ZeroDelta(index) => Body::GcExport { index, delta: 0, upto: 0 },
            Self::UnknownExport => Body::GcExport { index: NEVER_ALLOCATED, delta: 1, upto: 0 },
            Self::HalfReadable => {
                let of = |descriptor| Ref { descriptor, object: ghost, incarnation: 0 };
                Body::Deliver2(
                    of(Descriptor::NewFarDesc(NEVER_ALLOCATED)),
                    of(Descriptor::ImportDesc(NEVER_INTRODUCED)),
                )
            }
        }
    }
}
