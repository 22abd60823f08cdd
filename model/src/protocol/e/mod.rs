//! E's CapTP, as rules R1 to R8 of [`captp_gc::protocol`] state it, and the ways to bend it.
//!
//! **Modelled:** export and import counts, `NewFarDesc`, `ImportDesc`, `ExportDesc` (E's
//! `IncomingDesc`), `GCExportOp`, the successor test, LIFO reuse of indices, failed sends,
//! sessions; promises, which get a fresh index for every mention (`NewRemotePromiseDesc`) and are
//! redirected while they are still imported; questions and answers, whose places the caller gives
//! back alone (`GCAnswerOp`) and uses again, the one freed last first, while the result goes to a
//! redirector that the caller exports with the call; introductions to a third vat (`Promise3Desc`)
//! with a vine. **Left out:** the redirector of a promise, which here is its index; swiss numbers;
//! answers as arguments.
//! **Source:** E's `net.captp` (`jcomm`, `tables`), and the es-discuss mail of 2013-11-09.

mod bend;
mod body;
mod describe;
mod fault;
mod handoff;
mod line;
mod promises;
mod questions;
mod rules;
mod tables;

pub use bend::EBend;
pub use body::{Described, EBody, Seat};
pub use handoff::Gift;
pub use tables::{ETables, Exported};

use super::{Bend, EffectsOf, Protocol};
use crate::names::{Object, VatId};
use crate::world::{Content, Fault, Ghost, Given, Key, Position, Refused, Table, WireOrder, Work};
use captp_gc::protocol::{Admission, Index, Limits, Notification, ProxyId, SessionId, Tables};
use fault::faults;
use handoff::Gifts;
use questions::Calls;
use smallvec::SmallVec;
use tables::Link;

const TELL: u8 = 0;
const PROVIDE: u8 = 1;
const HAND_OUT: u8 = 2;
const AGAIN: u8 = 3;

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
            calls: Calls::default(),
            told: SmallVec::new(),
        };
        let links = id.others(vats).map(link).collect();
        ETables { id, links, resolved: SmallVec::new(), gifts: Gifts::default() }
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
        effects: &mut EffectsOf<Self>,
    ) -> Result<EBody, Refused> {
        let (given, is_call) = match content {
            Content::Deliver(given) => (&given[..], false),
            Content::Call(target) => (std::slice::from_ref(target), true),
            Content::Ask { .. } => return self.ask(own, to, content, effects),
            Content::Return { .. } => return self.answer(own, to, content),
        };
        let (described, _) = self.describe_with(own, to, given, None)?;
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
        body: &EBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let evicted = self.take_back(own.link_mut(to)).map_err(|_misuse| Refused)?;
        effects.evicted.extend(evicted.iter().map(|exported| exported.what));
        for described in body.described() {
            if let Seat::Third { host, number } = described.seat {
                own.gifts.take_back(host, number);
            }
        }
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
        match *body {
            EBody::GcExport { index, delta, .. } => {
                if let Some(gone) = self.lower(link, index, delta).map_err(|_violation| Refused)? {
                    link.told.retain(|told| *told != index);
                    effects.evicted.push(gone.what);
                }
                Ok(())
            }
            EBody::GcAnswer { answer, .. } => {
                link.calls.answer(answer).ok_or(Refused)?;
                link.calls.answers.retain(|known| known.index != answer);
                Ok(())
            }
            EBody::Provide(gift, target) => {
                let index = target.descriptor.index();
                link.tables.lookup(index).map_err(|_violation| Refused)?;
                own.gifts.provide(gift, index);
                Ok(())
            }
            EBody::Accept(gift, ghost) => {
                own.gifts.accept(gift, ghost);
                Ok(())
            }
            _ => self.read_references(own, from, body, effects),
        }
    }

    fn resolve(
        &self,
        own: &mut ETables,
        promise: Object,
        to: Given,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        own.settle(promise, to);
        Ok(())
    }

    fn clear(&self, own: &mut ETables, proxy: Key) -> bool {
        let link = own.link_mut(proxy.peer);
        if proxy.at.table == Table::Answers {
            return proxy.session != link.tables.session() || link.calls.clear(proxy);
        }
        self.kill(link, proxy_id(proxy)).is_some()
    }

    fn notify(&self, own: &mut ETables, proxy: Key, effects: &mut EffectsOf<Self>) {
        let link = own.link_mut(proxy.peer);
        let (peer, index) = (proxy.peer, proxy.at.index);
        if proxy.at.table == Table::Answers {
            if proxy.session == link.tables.session() && link.calls.notify(proxy) {
                effects.sent.push((peer, EBody::GcAnswer { answer: index, upto: 0 }));
                if self.is_bent(EBend::QuestionFreedTwice) {
                    link.calls.again.push(index);
                }
            }
            return;
        }
        let notification = Notification { proxy: proxy_id(proxy) };
        if let Some((index, delta)) = self.serve(link, notification) {
            effects.sent.push((peer, EBody::GcExport { index, delta, upto: 0 }));
        }
    }

    /// A promise is told of, and a gift provided or handed out, in a turn of its own: when no
    /// message to that peer is in the making.
    fn work(&self, own: &ETables) -> SmallVec<[Work; 2]> {
        let of = |code, what, peer, index| Work { code, what, peer, index, trouble: false };
        let number = |gift: Gift| Index::new(u32::from(gift.number));
        let tell = own.untold().map(|(peer, index, _)| of(TELL, "redirects", peer, index));
        let what = "tells the host of a gift";
        let offers = own.gifts.offers();
        let provide = offers.map(|gift| (of(PROVIDE, what, gift.host, number(gift)), gift));
        let provide = provide.filter(|(_, gift)| own.link(gift.recipient).writing.is_none());
        let what = "hands a gift out";
        let due = own.gifts.due();
        let hand_out = due.map(|gift| of(HAND_OUT, what, gift.recipient, number(gift)));
        let again = own.each_link().flat_map(|(peer, link)| {
            let what = "reacts to the death of a question again";
            link.calls.again.iter().map(move |index| of(AGAIN, what, peer, *index))
        });
        let work = tell.chain(provide.map(|(work, _)| work)).chain(hand_out);
        let work = work.filter(|work| own.link(work.peer).writing.is_none());
        work.chain(again).collect()
    }

    fn do_work(&self, own: &mut ETables, work: Work, effects: &mut EffectsOf<Self>) {
        let Work { peer, index, .. } = work;
        match work.code {
            TELL => self.tell(own, peer, index, effects),
            PROVIDE => effects.sent.extend(own.gifts.offer(index.get())),
            HAND_OUT => {
                let meant = |g: &Gift| g.recipient == peer && u32::from(g.number) == index.get();
                let gift = own.gifts.due().find(meant);
                if let Some(gift) = gift {
                    self.hand_out(own, gift, effects);
                }
            }
            _ => {
                own.link_mut(peer).calls.free_again(index);
                effects.sent.push((peer, EBody::GcAnswer { answer: index, upto: 0 }));
            }
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
        effects.evicted.extend(released.iter().map(|exported| exported.what));
        own.gifts.forget(peer);
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
