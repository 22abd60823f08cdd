//! A line of a trace as what its sender's application must have said: the model's own transitions
//! write it, and what they write is held against the line.

use super::compare::{agree, combined};
use super::end::{End, Sent, place};
use super::miss::Miss;
use super::questions::{Bound, Questions};
use crate::names::Object;
use crate::protocol::{BodyOf, Collection, Protocol, View};
use crate::world::{Body, Content, Effects, Ghost, Given, Key, Position, What};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use captp_wire::line::{self, Kind, Message, Place, Ref};
use smallvec::{SmallVec, smallvec};

/// As many references as every model has room for in a message.
const MANY: usize = 2;

/// What becomes of the mentions among the parameters of calls to one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// They are released like any others: the call is a message with references, and a question.
    Apart,
    /// They may be given back with the return: each is the parameter of a question of its own.
    WithReturn,
}

/// What was said, as the model's messages, which travel together.
pub(super) struct Said<P: Protocol> {
    pub(super) bodies: Vec<BodyOf<P>>,
    /// The question that it asks.
    pub(super) asks: Option<Bound>,
    /// The notifications that it has served before the trace says so.
    pub(super) served: SmallVec<[Key; 1]>,
}

/// One attempt to say a line.
pub(super) struct Speaker<'a, P: Protocol> {
    pub(super) protocol: &'a P,
    pub(super) end: &'a mut End<P>,
    /// What this end has asked.
    pub(super) mine: &'a Questions,
    /// What it was asked.
    pub(super) theirs: &'a Questions,
    pub(super) style: Style,
    /// How many references the protocol adds to a call with a result, and to the result.
    pub(super) added: usize,
    /// Whether the trace says when proxies are dropped, cleared and notified.
    pub(super) locals: bool,
    /// What is exported by this message.
    pub(super) fresh: SmallVec<[(u32, What); 2]>,
    pub(super) served: SmallVec<[Key; 1]>,
}

impl<P: Protocol> Speaker<'_, P> {
    /// Says a line.
    pub(super) fn say(mut self, line: &Message) -> Result<Said<P>, Miss> {
        let mut asks = None;
        let bodies = match line.kind {
            Kind::Bootstrap | Kind::Call => {
                let (bodies, bound) = self.call(line)?;
                asks = bound;
                bodies
            }
            Kind::Return => self.give_result(line)?,
            Kind::Finish => self.finish(line)?,
            Kind::Release => self.release(line)?,
            Kind::Resolve => self.resolve(line)?,
            Kind::Unimplemented | Kind::Over | Kind::Other => Vec::new(),
        };
        let fresh: Vec<u32> = self.fresh.iter().map(|(index, _)| *index).collect();
        self.compare(line, &bodies, fresh)?;
        Ok(Said { bodies, asks, served: self.served })
    }

    fn call(&mut self, line: &Message) -> Result<(Vec<BodyOf<P>>, Option<Bound>), Miss> {
        let target = self.target(line.target.as_ref())?;
        let Some(number) = line.question else {
            let given = self.all(&line.refs)?;
            let mut bodies = self.deliver(&given)?;
            if let Some(target) = target {
                bodies.push(self.end.say(self.protocol, &Content::Call(target))?);
            }
            return Ok((bodies, None));
        };
        let known = |key: &Key| self.end.tables.import_at(self.end.peer(), key.at).is_some();
        if self.mine.current(number).is_some_and(|bound| bound.keys.iter().any(known)) {
            return Err(Miss::InUse(number));
        }
        let given = line.refs.len().saturating_sub(self.added);
        let given = self.all(&line.refs[..given])?;
        let params = mentions(&line.refs).collect();
        let mut bodies = Vec::new();
        let mut arguments: SmallVec<[Option<Given>; 2]> = smallvec![None];
        match self.style {
            Style::WithReturn if !given.is_empty() => {
                arguments = given.into_iter().map(Some).collect();
            }
            Style::WithReturn | Style::Apart => bodies = self.deliver(&given)?,
        }
        let mut keys = SmallVec::new();
        for argument in arguments {
            let answer = Ghost::new(self.end.names.answer(), 0);
            let body = self.end.say(self.protocol, &Content::Ask { target, argument, answer })?;
            let asked = body.asks().and_then(|(at, _)| self.end.proxy_at(at));
            keys.push(asked.ok_or(Miss::Unwritable)?.key);
            bodies.push(body);
        }
        let (asked, results, results_released) = (0, None, false);
        Ok((bodies, Some(Bound { number, keys, asked, params, results, results_released })))
    }

    fn give_result(&mut self, line: &Message) -> Result<Vec<BodyOf<P>>, Miss> {
        let number = line.question.ok_or(Miss::Beyond("a return without a question"))?;
        let bound = self.theirs.current(number).ok_or(Miss::NotAsked(number))?;
        if line.refs.len() > 1 && bound.results_released && self.protocol.returns_parameters() {
            return Err(Miss::Beyond("several results that were given back before they came"));
        }
        if line.release_params {
            for param in &bound.params {
                self.let_go(Position::export(Index::new(*param)))?;
            }
        }
        let given = line.refs.len().saturating_sub(self.added);
        let given = self.all(&line.refs[..given])?;
        // A slot that is counted once in a message is in one message; what may be given back with
        // the question is a result.
        let (mut results, apart) = match given.len() {
            0 | 1 => (given, SmallVec::new()),
            _ if self.protocol.returns_parameters() => {
                let apart = given.iter().skip(bound.keys.len()).copied().collect();
                (given.into_iter().take(bound.keys.len()).collect(), apart)
            }
            _ => (SmallVec::new(), given),
        };
        results.reverse();
        let mut bodies = Vec::new();
        for key in &bound.keys {
            let answer = key.at.index;
            if self.is_of_a_later_call(answer, line) {
                return Err(Miss::Beyond("a later call that is returned before an earlier one"));
            }
            let task = self.end.tasks.iter().position(|(at, _)| *at == answer);
            let (_, call) = self.end.tasks.remove(task.ok_or(Miss::NotAsked(number))?);
            let result = results.pop();
            let content = Content::Return { answer, call, result };
            bodies.push(self.end.say(self.protocol, &content)?);
        }
        bodies.extend(self.deliver(&apart)?);
        Ok(bodies)
    }

    /// Whether a result is that of another call than the model's next one at this place: who is
    /// done with a question may ask the next by its number while the first call is still worked at.
    /// Which of them is returned shows in what the protocol adds to the result.
    fn is_of_a_later_call(&self, answer: Index, line: &Message) -> bool {
        let calls = self.end.tasks.iter().filter(|(at, _)| *at == answer).map(|(_, call)| *call);
        if self.added == 0 || calls.clone().count() < 2 {
            return false;
        }
        let mut end = self.end.clone();
        let mut to = calls.map(|call| {
            let body = end.say(self.protocol, &Content::Return { answer, call, result: None });
            body.ok().and_then(|body| body.line()?.refs.last().cloned())
        });
        to.position(|to| to.as_ref() == line.refs.last()).is_some_and(|position| position > 0)
    }

    /// What is among the parameters of a call is dropped before the call is returned, and nothing
    /// is sent for it.
    fn let_go(&mut self, at: Position) -> Result<(), Miss> {
        let Some(proxy) = self.end.proxy_at(at) else { return Ok(()) };
        let sent = self.give_up(proxy.key)?;
        match sent.first().and_then(Body::line) {
            Some(line) => Err(Miss::First(Box::new(line))),
            None => Ok(()),
        }
    }

    fn finish(&mut self, line: &Message) -> Result<Vec<BodyOf<P>>, Miss> {
        let number = line.question.ok_or(Miss::Beyond("a finish without a question"))?;
        let bound = self.mine.current(number).ok_or(Miss::NoQuestion(number))?;
        let several = bound.results.is_some_and(|results| results > bound.keys.len());
        if line.release_results && several {
            return Err(Miss::Beyond("several results that are given back with their question"));
        }
        let mut bodies = Vec::new();
        for key in &bound.keys {
            if !self.is_open(*key) {
                return Err(Miss::NoQuestion(number));
            }
            bodies.extend(self.give_up(*key).map_err(|miss| match miss {
                Miss::Held(_) => Miss::NoQuestion(number),
                miss => miss,
            })?);
        }
        Ok(bodies)
    }

    fn release(&mut self, line: &Message) -> Result<Vec<BodyOf<P>>, Miss> {
        let mut bodies = Vec::new();
        for release in &line.releases {
            let at = position(&release.at)?;
            let owed = self.end.owed.iter().find(|key| key.at == at).copied();
            let key = self.end.proxy_at(at).map(|proxy| proxy.key).or(owed);
            let sent = self.give_up(key.ok_or_else(|| Miss::NothingOwed(place(at)))?)?;
            if sent.is_empty() {
                return Err(Miss::NothingOwed(place(at)));
            }
            bodies.extend(sent);
        }
        Ok(bodies)
    }

    fn resolve(&mut self, line: &Message) -> Result<Vec<BodyOf<P>>, Miss> {
        let promise = line.promise.as_ref().ok_or(Miss::Beyond("a resolution of nothing"))?;
        let at = position(promise)?;
        let entry = self.end.tables.export_at(self.end.peer(), at);
        let Some(What::Local(object)) = entry.map(|entry| entry.what) else {
            return Err(Miss::NoPromise(promise.clone()));
        };
        let to = match &line.refs[..] {
            [] => self.home(self.nobody()),
            [to] => self.given(to)?,
            _ => return Err(Miss::Beyond("a promise that is resolved to several things")),
        };
        let (mut effects, protocol) = (Effects::default(), self.protocol);
        protocol
            .resolve(&mut self.end.tables, object, to, &mut effects)
            .map_err(|_refused| Miss::NoPromise(promise.clone()))?;
        self.end.resolved.push(object);
        let mut bodies: Vec<_> = self.end.absorb(effects).into_vec();
        if bodies.is_empty() {
            for work in protocol.work(&self.end.tables) {
                let mut effects = Effects::default();
                protocol.do_work(&mut self.end.tables, work, &mut effects);
                bodies.extend(self.end.absorb(effects));
            }
        }
        let names = |body: &BodyOf<P>| body.line().is_some_and(|line| !line.refs.is_empty());
        if line.refs.is_empty() && bodies.iter().any(names) {
            return Err(Miss::Beyond("a promise that is broken"));
        }
        Ok(bodies)
    }

    /// A proxy that is gone: what is resolved to it is broken, to a runtime that looks.
    const fn nobody(&self) -> Key {
        let (peer, at) = (self.end.peer(), Position::export(Index::new(u32::MAX)));
        let (session, incarnation) = (SessionId::FIRST, Incarnation::FIRST);
        Key { peer, at, session, incarnation }
    }

    /// A proxy is dropped, cleared and notified, as far as the trace does not say so itself.
    fn give_up(&mut self, key: Key) -> Result<Sent<P>, Miss> {
        if self.end.owed.contains(&key) {
            self.served.push(key);
            return Ok(self.end.notify(self.protocol, key));
        }
        let held = self.end.proxy_at(key.at).is_none_or(|proxy| proxy.held);
        let told = self.protocol.collection() == Collection::PostMortem || held;
        if self.locals && told {
            return Err(Miss::NothingOwed(place(key.at)));
        }
        self.end.give_back(self.protocol, key)
    }

    fn is_open(&self, key: Key) -> bool {
        let lives = self.end.proxy_at(key.at).is_some_and(|proxy| proxy.key == key);
        lives || self.end.owed.contains(&key)
    }

    /// Whoever is called; nobody if it is the peer's first object.
    fn target(&mut self, target: Option<&Ref>) -> Result<Option<Given>, Miss> {
        let first = self.protocol.first_object().map(Index::get);
        match target {
            None => Ok(None),
            Some(Ref::Home(at)) if Some(at.index) == first => Ok(None),
            Some(Ref::Answer(number)) if Some(*number) == first => Ok(None),
            Some(Ref::Mention(_)) => Err(Miss::Beyond("a call of one of the caller's exports")),
            Some(target) => self.given(target).map(Some),
        }
    }

    fn all(&mut self, refs: &[Ref]) -> Result<SmallVec<[Given; 2]>, Miss> {
        refs.iter().map(|reference| self.given(reference)).collect()
    }

    /// A reference as the application has it.
    fn given(&mut self, reference: &Ref) -> Result<Given, Miss> {
        match reference {
            Ref::Mention(mention) => self.mentioned(mention),
            Ref::Home(at) => {
                let proxy = self.end.proxy_at(position(at)?);
                Ok(self.home(proxy.ok_or_else(|| Miss::NoProxy(at.clone()))?.key))
            }
            Ref::Answer(number) => {
                let bound = self.mine.current(*number).ok_or(Miss::NoQuestion(*number))?;
                let key = *bound.keys.first().ok_or(Miss::NoQuestion(*number))?;
                let lives = self.end.proxy_at(key.at).is_some_and(|proxy| proxy.key == key);
                if lives { Ok(self.home(key)) } else { Err(Miss::NoQuestion(*number)) }
            }
        }
    }

    const fn home(&self, key: Key) -> Given {
        Given { what: What::Proxy(key), ghost: Ghost::new(Object::first_of(self.end.peer()), 0) }
    }

    /// What stands at the index that is mentioned; a new object if nothing does.
    fn mentioned(&mut self, mention: &line::Mention) -> Result<Given, Miss> {
        let at = position(&mention.at)?;
        let index = mention.at.index;
        let named = self.fresh.iter().find(|(known, _)| *known == index).map(|(_, what)| *what);
        let exported = self.end.tables.export_at(self.end.peer(), at).map(|entry| entry.what);
        let what = match exported.or(named) {
            Some(what) => what,
            None => {
                let names = &mut self.end.names;
                let object = if mention.promise { names.promise() } else { names.far() };
                let object = object.ok_or(Miss::Beyond("more live objects than have names"))?;
                let what = What::Local(object);
                self.fresh.push((index, what));
                what
            }
        };
        let object = match what {
            What::Local(object) => object,
            What::Proxy(_) => Object::first_of(self.end.peer()),
        };
        Ok(Given { what, ghost: Ghost::new(object, 0) })
    }

    /// A message with references; several if the model's messages have not room for all.
    fn deliver(&mut self, given: &[Given]) -> Result<Vec<BodyOf<P>>, Miss> {
        if given.is_empty() {
            return Ok(Vec::new());
        }
        let whole = Content::Deliver(given.iter().copied().collect());
        if given.len() <= MANY {
            return Ok(vec![self.end.say(self.protocol, &whole)?]);
        }
        let mut attempt = self.end.clone();
        if let Ok(body) = attempt.say(self.protocol, &whole) {
            *self.end = attempt;
            return Ok(vec![body]);
        }
        let each = given.iter().map(|given| Content::Deliver(smallvec![*given]));
        each.map(|content| self.end.say(self.protocol, &content)).collect()
    }

    /// Holds what the runtime has written against the line.
    fn compare(&self, line: &Message, bodies: &[BodyOf<P>], fresh: Vec<u32>) -> Result<(), Miss> {
        let mut message = Box::new(combined(line, bodies)?);
        // Whether nothing is given back with something needs no agreement.
        let number = line.question.unwrap_or_default();
        let asked = self.theirs.get(number).filter(|_| line.kind == Kind::Return);
        if asked.is_some_and(|bound| bound.params.is_empty()) {
            message.release_params = line.release_params;
        }
        let done = self.mine.get(number).filter(|_| line.kind == Kind::Finish);
        if done.is_some_and(|bound| bound.results == Some(0)) {
            message.release_results = line.release_results;
        }
        if agree(line, &message) { Ok(()) } else { Err(Miss::Wrote { message, fresh }) }
    }
}

/// The exports that are mentioned.
fn mentions(refs: &[Ref]) -> impl Iterator<Item = u32> {
    refs.iter().filter_map(|reference| match reference {
        Ref::Mention(mention) => Some(mention.at.index),
        Ref::Home(_) | Ref::Answer(_) => None,
    })
}

/// The model's name of a place.
fn position(at: &Place) -> Result<Position, Miss> {
    if at.space.is_empty() {
        Ok(Position::export(Index::new(at.index)))
    } else {
        Err(Miss::Beyond("a kind of export that the model does not have"))
    }
}
