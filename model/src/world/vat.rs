//! One vat: its tables, its heap, its collector's debts, and how it takes a step.
//!
//! The handlers know nothing of the other vat but its messages. [`super::actor`] hands them to
//! Stateright as an actor.

use super::step::{Argument, Arguments, Fault, Step, Unreadable};
use super::wire::{Body, Message, ONE_ABOVE_THE_COUNT, Ref};
use crate::names::{Object, VatId};
use crate::property::{PropertyId, PropertySet};
use crate::protocol::{ExportView, Protocol, View};
use crate::sizes::Sizes;
use captp_gc::protocol::{Descriptor, Index, Notification, ProxyId, Reference, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What a step puts on the wire, in order.
pub type Outbox = SmallVec<[Message; 2]>;

/// A proxy on the vat's heap: it exists until the collector clears the weak reference to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Proxy {
    /// Which proxy it is, as the protocol names it.
    pub id: ProxyId,
    /// Ghost: the how-manieth it is at this index in this session, from 1.
    pub number: u32,
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
    /// Ghost: the number of the dead proxy.
    pub number: u32,
    /// Ghost: the object that it denoted.
    pub object: Object,
}

/// Ghost: the proxy installed last at an index of the current session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Latest {
    /// The index.
    pub index: Index,
    /// Its number.
    pub number: u32,
    /// What it denoted.
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
    /// Ghost: the proxy installed last at each index, in order.
    pub latest: SmallVec<[Latest; 2]>,
    /// The references of a message in the making.
    pub pending: SmallVec<[Ref; 2]>,
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

/// An index that no vat of these worlds allocates.
const NEVER_ALLOCATED: Index = Index::new(77);
/// An index that no vat of these worlds introduces.
const NEVER_INTRODUCED: Index = Index::new(78);
/// An index beyond every limit.
const BEYOND_LIMITS: Index = Index::new(u32::MAX - 1);

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
            latest: SmallVec::new(),
            pending: SmallVec::new(),
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
        let held = || vat.heap.iter().filter(|proxy| proxy.held);
        let may_write = vat.open && vat.pending.is_empty();
        if may_write && vat.left.sends > 0 {
            self.each_message(vat, |arguments| steps.push(Step::Send(arguments)));
        }
        if may_write && vat.left.calls > 0 {
            steps.extend(held().map(|p| Step::Call { index: p.id.index, object: p.object }));
        }
        steps.extend(held().map(|p| Step::Drop { index: p.id.index, object: p.object }));
        let dropped = vat.heap.iter().filter(|proxy| !proxy.held);
        steps.extend(dropped.map(|proxy| Step::Clear(proxy.id)));
        steps.extend(vat.owed.iter().map(|owed| Step::Notify(owed.notification)));
        if may_write && vat.left.failures > 0 {
            self.each_message(vat, |arguments| steps.push(Step::BeginSend(arguments)));
        }
        if !vat.pending.is_empty() {
            steps.push(Step::SendFails);
        }
        if vat.open && vat.session.get() < u32::from(self.sizes.sessions) {
            steps.push(Step::Cut);
        }
        if vat.open && vat.left.faults > 0 {
            for index in vat.heap.iter().map(|proxy| proxy.id.index) {
                steps.push(Step::Fail(Fault::OverRelease(index)));
                steps.push(Step::Fail(Fault::ZeroDelta(index)));
            }
            steps.push(Step::Fail(Fault::UnknownExport));
            let unreadable = Unreadable::ALL.map(Fault::HalfReadable);
            steps.extend(unreadable.map(Step::Fail));
        }
        steps
    }

    /// Takes an enabled step.
    pub fn take(&self, vat: &mut Vat<P::Tables>, step: Step, out: &mut Outbox) {
        match step {
            Step::Send(arguments) => {
                vat.left.sends -= 1;
                let refs = self.write(vat, arguments);
                let body = match refs[..] {
                    [only] => Body::Deliver1(only),
                    [first, second, ..] => Body::Deliver2(first, second),
                    [] => return,
                };
                self.send(vat, body, out);
            }
            Step::Call { index, object } => {
                vat.left.calls -= 1;
                let target = Arguments(Argument::Proxy { index, object }, None);
                if let [target] = self.write(vat, target)[..] {
                    self.send(vat, Body::Call(target), out);
                }
            }
            Step::BeginSend(arguments) => {
                vat.left.failures -= 1;
                vat.pending = self.write(vat, arguments);
            }
            Step::SendFails => {
                vat.pending.clear();
                let before: SmallVec<[_; 4]> = vat.tables.exports().collect();
                match self.protocol.unwrite(&mut vat.tables) {
                    Ok(evicted) => vat.check_evicted(&before, &evicted),
                    Err(_) => vat.flaws.insert(PropertyId::S6),
                }
            }
            Step::Drop { index, .. } => {
                for proxy in vat.heap.iter_mut().filter(|proxy| proxy.id.index == index) {
                    proxy.held = false;
                }
            }
            Step::Clear(proxy) => self.clear(vat, proxy),
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

    /// Describes a message; nothing comes of one that is refused.
    fn write(&self, vat: &mut Vat<P::Tables>, arguments: Arguments) -> SmallVec<[Ref; 2]> {
        let references: SmallVec<[Reference<Object>; 2]> =
            arguments.iter().map(Argument::reference).collect();
        let Ok(written) = self.protocol.write(&mut vat.tables, &references) else {
            vat.flaws.insert(PropertyId::S6);
            return SmallVec::new();
        };
        let refs = arguments.iter().zip(written).map(|(argument, descriptor)| match argument {
            Argument::Local(object) => Ref { descriptor, object, number: 0 },
            Argument::Proxy { index, object } => {
                Ref { descriptor, object, number: vat.latest_at(index) }
            }
        });
        refs.collect()
    }

    fn send(&self, vat: &mut Vat<P::Tables>, body: Body, out: &mut Outbox) {
        if self.protocol.sent(&mut vat.tables).is_err() {
            vat.flaws.insert(PropertyId::S6);
        }
        out.push(vat.message(body));
    }

    fn clear(&self, vat: &mut Vat<P::Tables>, id: ProxyId) {
        let Some(position) = vat.heap.iter().position(|proxy| proxy.id == id) else { return };
        let Proxy { number, object, .. } = vat.heap.remove(position);
        if let Some(notification) = self.protocol.clear(&mut vat.tables, id) {
            vat.owe(Owed { notification, number, object });
        }
    }

    fn notify(&self, vat: &mut Vat<P::Tables>, notification: Notification, out: &mut Outbox) {
        let index = notification.proxy.index;
        let upto = vat.latest_at(index);
        vat.owed.retain(|owed| owed.notification != notification);
        let before = vat.tables.clone();
        let op = self.protocol.notify(&mut vat.tables, notification);
        let acted = op.is_some() || vat.tables != before;
        if acted && notification.proxy.session != vat.session {
            vat.flaws.insert(PropertyId::L2);
        } else if acted && vat.heap.iter().any(|proxy| proxy.id.index == index) {
            vat.flaws.insert(PropertyId::S4);
        }
        if let Some((index, delta)) = op {
            out.push(vat.message(Body::GcExport { index, delta, upto }));
        }
    }
}

impl<T: View> Vat<T> {
    /// An entry that goes hands its object back, once, and nothing else is handed back.
    pub(super) fn check_evicted(&mut self, before: &[(Index, ExportView)], evicted: &[Object]) {
        let gone = before.iter().filter(|(index, _)| self.tables.export_at(*index).is_none());
        let mut gone: SmallVec<[Object; 4]> = gone.map(|(_, export)| export.object).collect();
        let mut evicted: SmallVec<[Object; 4]> = evicted.into();
        gone.sort_unstable();
        evicted.sort_unstable();
        if gone != evicted {
            self.flaws.insert(PropertyId::L1);
        }
    }
}

impl<T> Vat<T> {
    pub(super) fn message(&self, body: Body) -> Message {
        Message { session: self.session, fault: false, body }
    }

    /// The number of the proxy installed last at `index` in this session; 0 if none was.
    pub(super) fn latest_at(&self, index: Index) -> u32 {
        self.latest.iter().find(|latest| latest.index == index).map_or(0, |latest| latest.number)
    }

    pub(super) fn owe(&mut self, owed: Owed) {
        self.owed.push(owed);
        self.owed.sort_unstable();
    }
}

impl Proxy {
    fn argument(&self) -> Argument {
        Argument::Proxy { index: self.id.index, object: self.object }
    }
}

impl Fault {
    /// What is sent; the ghosts of what means nothing are `ghost`.
    fn body(self, ghost: Object) -> Body {
        match self {
            Self::OverRelease(index) => {
                Body::GcExport { index, delta: ONE_ABOVE_THE_COUNT, upto: 0 }
            }
            Self::ZeroDelta(index) => Body::GcExport { index, delta: 0, upto: 0 },
            Self::UnknownExport => Body::GcExport { index: NEVER_ALLOCATED, delta: 1, upto: 0 },
            Self::HalfReadable(why) => {
                let of = |descriptor| Ref { descriptor, object: ghost, number: 0 };
                let second = match why {
                    Unreadable::NotIntroduced => Descriptor::ImportDesc(NEVER_INTRODUCED),
                    Unreadable::StillImported => Descriptor::NewFarDesc(NEVER_ALLOCATED),
                    Unreadable::BeyondLimit => Descriptor::NewFarDesc(BEYOND_LIMITS),
                    Unreadable::UnknownExport => Descriptor::ExportDesc(NEVER_ALLOCATED),
                };
                Body::Deliver2(of(Descriptor::NewFarDesc(NEVER_ALLOCATED)), of(second))
            }
        }
    }
}
