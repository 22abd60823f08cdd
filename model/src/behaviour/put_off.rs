//! Messages that an end is said to have read, where its next line tells what it had dropped by
//! then; and lines that cannot be explained before more is read.

use super::compare::agree;
use super::end::End;
use super::miss::Miss;
use super::questions::Questions;
use super::session::{Rules, Session, number};
use crate::protocol::Protocol;
use crate::world::{Body, Effects, Key, Position};
use captp_gc::protocol::Index;
use captp_wire::line::{Kind, Message, Place, Ref};

impl<P: Protocol> Session<P> {
    /// Whether the line is what the next message that is said to be read sends by finding a dead
    /// proxy. The proxy may as well have been notified before, which sends the same.
    pub(super) fn revives(&self, rules: &Rules<P>, line: &Message) -> bool {
        let from = number(line.from);
        let ([release], false) = (&line.releases[..], rules.locals) else { return false };
        let Some(passed) = self.unread[from].front() else { return false };
        let dead = self.ends[from].imports().find(|key| key.at.index.get() == release.at.index);
        let Some(dead) = dead else { return false };
        let mut end = self.ends[from].clone();
        end.clear(&rules.protocol, dead);
        for body in &passed.bodies {
            if end.read(&rules.protocol, body).is_err() {
                return false;
            }
        }
        let sent = end.pending.front().and_then(Body::line);
        sent.is_some_and(|sent| agree(line, &sent))
    }

    /// Whether the line returns a question that the next message cancels, which is said to be read.
    /// It may as well have been returned before, which leaves open what was dropped by then.
    pub(super) fn cancels(&self, line: &Message) -> bool {
        let from = number(line.from);
        let ended = self.unread[from].front().and_then(|passed| passed.bodies.first()?.line());
        let ended = ended.filter(|ended| ended.kind == Kind::Finish && line.kind == Kind::Return);
        let ended = ended.and_then(|ended| self.questions[1 - from].number_of(ended.question?));
        ended.is_some() && ended == line.question
    }

    /// The next message is not implemented, and comes back.
    pub(super) fn send_back(
        &mut self,
        rules: &Rules<P>,
        line: &Message,
        at: u64,
    ) -> Result<(), Miss> {
        let from = number(line.from);
        let Some(passed) = self.unread[from].front() else { return Err(Miss::NothingToRead) };
        let [body] = &passed.bodies[..] else { return Err(Miss::NothingToRead) };
        if !rules.protocol.may_refuse(body) {
            return Err(Miss::NothingToRead);
        }
        let (mut end, mut effects) = (self.ends[from].clone(), Effects::default());
        let peer = end.peer();
        rules.protocol.refuse(&mut end.tables, peer, body, &mut effects);
        let bodies = end.absorb(effects).into_vec();
        let model = bodies.first().and_then(Body::line).ok_or(Miss::NothingToRead)?;
        if !agree(line, &model) {
            return Err(Miss::Wrote { message: Box::new(model), fresh: Vec::new() });
        }
        self.ends[from] = end;
        let _sent_back = self.unread[from].pop_front();
        self.read[from] += 1;
        self.put(rules, line, at, bodies);
        Ok(())
    }
}

/// Why a line cannot be explained yet, if that shows at once.
pub(super) fn hopeless<P: Protocol>(
    end: &End<P>,
    theirs: &Questions,
    line: &Message,
) -> Option<Miss> {
    let no_proxy = |at: &Place| {
        let position = Position::export(Index::new(at.index));
        at.space.is_empty() && end.proxy_at(position).is_none()
    };
    match line.kind {
        Kind::Return => {
            let number = line.question?;
            let bound = theirs.current(number);
            let asked = |key: &Key| end.tasks.iter().any(|(index, _)| *index == key.at.index);
            let waits = bound.is_some_and(|bound| bound.keys.iter().all(asked));
            (!waits).then_some(Miss::NotAsked(number))
        }
        Kind::Release if end.owed.is_empty() => {
            let at = line.releases.iter().map(|release| &release.at).find(|at| no_proxy(at))?;
            Some(Miss::NothingOwed(at.clone()))
        }
        _ => {
            let homes = line.refs.iter().filter_map(|reference| match reference {
                Ref::Home(at) => Some(at),
                Ref::Mention(_) | Ref::Answer(_) => None,
            });
            homes.into_iter().find(|at| no_proxy(at)).map(|at| Miss::NoProxy(at.clone()))
        }
    }
}
