//! What a trace says happened inside an end, taken at its word; and how it may end.

use super::end::place;
use super::miss::Miss;
use super::session::{Rules, Session, number};
use crate::protocol::{BodyOf, Collection, Protocol};
use crate::world::{Body, Position};
use captp_gc::protocol::Index;
use captp_wire::line::{End as At, Ending, Event, Kind, Local};

impl<P: Protocol> Session<P> {
    /// Takes what happened inside an end.
    pub(super) fn local(&mut self, rules: &Rules<P>, local: &Local) -> Result<(), Miss> {
        let end = number(local.at);
        if local.event == Event::Read {
            return self.read_is_said(rules, end);
        }
        if self.over[end] {
            return Ok(());
        }
        while self.due[end] > 0 {
            self.read_due(rules, end)?;
        }
        let Some(at) = self.place(local)? else { return Ok(()) };
        let side = &mut self.ends[end];
        let proxy = side.proxy_at(at).map(|proxy| proxy.key);
        match local.event {
            Event::Clear => {
                let key = proxy.ok_or_else(|| Miss::NoProxy(place(at)))?;
                if side.clear(&rules.protocol, key) {
                    side.owed.push(key);
                }
            }
            Event::Notify => return self.notified(rules, end, at),
            Event::Drop => {
                // The runtime may still hold it, for a promise of which the wire has shown nothing.
                if let Some(key) = proxy {
                    side.drop(key);
                }
            }
            Event::Read => {}
        }
        Ok(())
    }

    /// A message was read. It is read here when it must be: if the trace does not say when proxies
    /// die, or it may be answered in more than one way, the next line of the end tells how.
    fn read_is_said(&mut self, rules: &Rules<P>, end: usize) -> Result<(), Miss> {
        if self.early[end] > 0 {
            self.early[end] -= 1;
            return Ok(());
        }
        if self.unread[end].len() <= self.due[end] {
            return Err(Miss::NothingToRead);
        }
        self.due[end] += 1;
        let next = self.unread[end].front();
        let answered = next.is_some_and(|passed| {
            let cancels = |body: &BodyOf<P>| {
                let kind = body.line().map(|line| line.kind);
                kind == Some(Kind::Finish) && rules.protocol.returns_parameters()
            };
            passed.bodies.iter().any(|body| cancels(body) || rules.protocol.may_refuse(body))
        });
        while rules.locals && !answered && self.due[end] > 0 {
            self.read_due(rules, end)?;
        }
        Ok(())
    }

    /// A notification was served.
    fn notified(&mut self, rules: &Rules<P>, end: usize, at: Position) -> Result<(), Miss> {
        if let Some(early) = self.served[end].iter().position(|key| key.at == at) {
            self.served[end].remove(early);
            return Ok(());
        }
        let side = &mut self.ends[end];
        match side.owed.iter().find(|key| key.at == at).copied() {
            Some(key) => {
                let sent = side.notify(&rules.protocol, key);
                side.pending.extend(sent);
                Ok(())
            }
            None if rules.protocol.collection() == Collection::Immediate => Ok(()),
            None => Err(Miss::NothingOwed(place(at))),
        }
    }

    /// Which place is meant. Nothing if it is a question that nobody knows any more.
    fn place(&self, local: &Local) -> Result<Option<Position>, Miss> {
        if let Some(asked) = local.question {
            let bound = self.questions[number(local.at)].get(asked);
            return Ok(bound.and_then(|bound| bound.keys.first()).map(|key| key.at));
        }
        match &local.import {
            Some(at) if at.space.is_empty() => Ok(Some(Position::export(Index::new(at.index)))),
            Some(_) => Err(Miss::Beyond("a kind of export that the model does not have")),
            None => Ok(None),
        }
    }

    /// The trace is at its end: what must have happened by then.
    pub(super) fn finish(&mut self, rules: &Rules<P>, how: Ending) -> Result<(), (At, Miss)> {
        if how == Ending::Cut {
            return Ok(());
        }
        for at in At::ALL {
            let end = number(at);
            while !self.unread[end].is_empty() {
                self.read_one(rules, end).map_err(|miss| (at, miss))?;
            }
        }
        for at in At::ALL.into_iter().filter(|at| !self.over[number(*at)]) {
            let side = &self.ends[number(at)];
            if let Some(line) = side.pending.front().and_then(Body::line) {
                return Err((at, Miss::First(Box::new(line))));
            }
            if how == Ending::Quiescent {
                continue;
            }
            // Each application has the other's first object, whichever of them that is.
            let kept = side.imports().filter_map(|key| {
                let sent = side.clone().give_back(&rules.protocol, key).ok()?;
                sent.first().and_then(Body::line)
            });
            if let Some(line) = kept.skip(1).last() {
                return Err((at, Miss::First(Box::new(line))));
            }
        }
        Ok(())
    }
}
