//! References as they are written and read, beyond what the tables of far objects know.

use super::body::{Described, EBody, Seat};
use super::handoff::Gift;
use super::promises::is_promise;
use super::questions::redirector;
use super::tables::{ETables, Exported};
use super::{ECapTp, key};
use crate::names::VatId;
use crate::protocol::EffectsOf;
use crate::world::{Arrival, Ghost, Given, Key, Position, Refused, Table, What};
use captp_gc::protocol::{Descriptor, Incarnation, Index, Received, Reference};
use smallvec::SmallVec;

/// References as they stand on the wire, and the redirector's export if there is one.
type Written = (SmallVec<[Described; 2]>, Option<Index>);

impl ECapTp {
    /// Describes the references of one message, and the redirector of a call.
    pub(super) fn describe_with(
        &self,
        own: &mut ETables,
        to: VatId,
        given: &[Given],
        answer: Option<Ghost>,
    ) -> Result<Written, Refused> {
        let mut references: SmallVec<[Reference<Exported>; 2]> = SmallVec::new();
        let mut seats: SmallVec<[Seat; 2]> = SmallVec::new();
        for Given { what, ghost } in given {
            let (seat, reference) = match *what {
                What::Proxy(key) if key.peer == to && key.at.table == Table::Answers => {
                    (Seat::Answer, None)
                }
                What::Proxy(key) if key.peer == to => {
                    (Seat::Far, Some(Reference::Proxy(key.at.index)))
                }
                What::Proxy(proxy) => {
                    let gift = own.gifts.give(own.id, to, proxy, *ghost);
                    let seat = Seat::Third { host: gift.host, number: gift.number };
                    (seat, Some(own.fresh(to, *what, &references)))
                }
                promise if is_promise(promise) => {
                    (Seat::Promise, Some(own.fresh(to, promise, &references)))
                }
                far => (Seat::Far, Some(Reference::Local(Exported { what: far, nth: 0 }))),
            };
            references.extend(reference);
            seats.push(seat);
        }
        references.extend(answer.map(redirector));
        let described = self.describe(own.link_mut(to), &references).map_err(|_misuse| Refused)?;
        let mut described = described.into_iter();
        let mut written: SmallVec<[Described; 2]> = SmallVec::new();
        for (given, seat) in given.iter().zip(seats) {
            let descriptor = match (seat, given.what) {
                (Seat::Answer, What::Proxy(key)) => Descriptor::ExportDesc(key.at.index),
                _ => described.next().ok_or(Refused)?,
            };
            written.push(Described { descriptor, seat, ghost: given.ghost });
        }
        Ok((written, described.next().map(|descriptor| descriptor.index())))
    }

    /// Reads the references of a message. Nothing is counted if one of them cannot be read.
    pub(super) fn read_references(
        &self,
        own: &mut ETables,
        from: VatId,
        body: &EBody,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        let link = own.link_mut(from);
        let described = body.described();
        for answer in described.iter().filter(|d| d.seat == Seat::Answer) {
            link.calls.answer(answer.descriptor.index()).ok_or(Refused)?;
        }
        if let EBody::Return { redirector, .. } = *body {
            link.tables.lookup(redirector).map_err(|_violation| Refused)?;
        }
        let far = described.iter().filter(|d| d.seat != Seat::Answer).map(|d| d.descriptor);
        let redirector = match *body {
            EBody::Ask { redirector, .. } => Some(Descriptor::NewFarDesc(redirector)),
            _ => None,
        };
        let descriptors: SmallVec<[Descriptor; 2]> = far.chain(redirector).collect();
        let received = self.receive(link, &descriptors).map_err(|_violation| Refused)?;
        let mut received = received.into_iter();
        effects.arrived.extend(self.settled(own, from, body));
        for Described { descriptor, seat, ghost } in described {
            if seat == Seat::Answer {
                let answer = own.link(from).calls.answer(descriptor.index()).ok_or(Refused)?;
                effects.arrived.push(Arrival::Home { object: answer, ghost });
                continue;
            }
            // A bent protocol may have read fewer than there are.
            let Some(received) = received.next() else { break };
            match (seat, received) {
                (Seat::Third { host, number }, Received::Proxy { proxy, .. }) => {
                    let vine = key(from, proxy);
                    effects.arrived.push(Arrival::Kept { key: vine, ghost });
                    let gift = Gift { donor: from, recipient: own.id, host, number };
                    self.introduced(own, (gift, vine), ghost, effects);
                }
                (_, received) => effects.arrived.push(arrival(from, received, ghost)),
            }
        }
        match (*body, received.next()) {
            (EBody::Ask { question, answer, .. }, Some(Received::Proxy { proxy, .. })) => {
                let redirector = key(from, proxy);
                Self::asked(own.link_mut(from), (question, answer), redirector, effects);
            }
            (EBody::Accepted(gift, _), _) => own.gifts.accepted(gift),
            _ => {}
        }
        Ok(())
    }

    /// What a message settles: a promise that is redirected, or a question that is answered. Nobody
    /// holds what comes for one that is gone.
    fn settled(&self, own: &mut ETables, from: VatId, body: &EBody) -> Option<Arrival> {
        let link = own.link(from);
        let session = link.tables.session();
        let nobody = Key {
            peer: from,
            at: Position::answer(Index::new(0)),
            session,
            incarnation: Incarnation::FIRST,
        };
        let settled = match *body {
            EBody::Return { .. } => self.returned(own, from, body),
            EBody::Redirect { promise, .. } => {
                let live = link.tables.imports().entry(promise).filter(|e| e.slot.is_live());
                live.map(|entry| {
                    let (at, incarnation) = (Position::export(promise), entry.incarnation);
                    Key { peer: from, at, session, incarnation }
                })
            }
            _ => return None,
        };
        Some(Arrival::Settled(settled.unwrap_or(nobody)))
    }
}

impl ETables {
    /// An entry of its own for a promise or a vine, beside those that this message has already.
    fn fresh(&self, to: VatId, what: What, taken: &[Reference<Exported>]) -> Reference<Exported> {
        let exports = self.link(to).tables.exports();
        let mut nth = 1;
        loop {
            let entry = Exported { what, nth };
            let reference = Reference::Local(entry);
            if exports.index_of(&entry).is_none() && !taken.contains(&reference) {
                return reference;
            }
            nth += 1;
        }
    }
}

fn arrival(from: VatId, received: Received<Exported>, ghost: Ghost) -> Arrival {
    match received {
        Received::Proxy { proxy, installed } => {
            Arrival::Proxy { key: key(from, proxy), installed, ghost }
        }
        Received::Home(Exported { what: What::Local(object), .. }) => {
            Arrival::Home { object, ghost }
        }
        // What a vat had handed on comes back to it: its own proxy.
        Received::Home(Exported { what: What::Proxy(key), .. }) => {
            Arrival::Proxy { key, installed: false, ghost }
        }
    }
}
