//! A vat: its tables, and what its application has.

use crate::calls::{Calls, Of};
use crate::letter::{Letter, Says};
use crate::object::{Object, Own, Thing, What};
use crate::promises::Pledge;
use captp_gc::protocol::{GcExportOp, Index, Limits, SessionId};
use captp_gc::table::Session;
use captp_wire::adapter::{Event, TableSizes};
use captp_wire::line::{End, Kind, Message};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

/// One of the two.
pub(crate) struct Vat {
    pub(crate) end: End,
    pub(crate) session: Session<Object>,
    pub(crate) calls: Calls,
    /// The application's own objects.
    own: BTreeMap<String, Arc<Object>>,
    /// Its promises, as far as they were named.
    pub(crate) promises: BTreeMap<String, Pledge>,
    /// All that it ever made, without keeping them.
    made: Vec<(String, Weak<Object>)>,
    pub(crate) held: Vec<Hold>,
    /// What was dropped and not collected.
    pub(crate) garbage: Vec<Hold>,
    pub(crate) owed: VecDeque<Owed>,
    /// What a drain has yielded whose own finaliser did not run yet.
    pub(crate) drained: Vec<GcExportOp>,
    pub(crate) tickets: u64,
    pub(crate) events: Vec<Event>,
    /// What was put on the wire.
    pub(crate) sent: Vec<Letter>,
}

/// Something under a name.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) name: String,
    pub(crate) thing: Thing,
}

/// A notification that is owed.
pub(crate) struct Owed {
    pub(crate) name: String,
    /// The session of what is gone.
    pub(crate) session: Session<Object>,
    pub(crate) gone: Gone,
}

/// What is gone.
pub(crate) enum Gone {
    /// A proxy.
    Import(Index),
    /// The promise of a question, by its ticket.
    Question(u64),
    /// A proxy whose session was over before it was collected.
    Broken,
}

impl Vat {
    pub(crate) fn new(end: End) -> Self {
        Self {
            end,
            session: Session::new(SessionId::FIRST, Limits::default()),
            calls: Calls::default(),
            own: BTreeMap::new(),
            promises: BTreeMap::new(),
            made: Vec::new(),
            held: Vec::new(),
            garbage: Vec::new(),
            owed: VecDeque::new(),
            drained: Vec::new(),
            tickets: 0,
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// The vat's own object of this name, made if it does not exist.
    pub(crate) fn own(&mut self, name: &str) -> Arc<Object> {
        if let Some(object) = self.own.get(name) {
            return Arc::clone(object);
        }
        let object = Object::new(What::Own(name.to_owned()));
        self.made.retain(|(_, object)| object.strong_count() > 0);
        self.made.push((name.to_owned(), Arc::downgrade(&object)));
        self.own.insert(name.to_owned(), Arc::clone(&object));
        object
    }

    /// What the application holds under a name; of several things, the latest.
    ///
    /// # Errors
    /// It holds nothing under it.
    pub(crate) fn held(&self, name: &str) -> Result<Thing, String> {
        let found = self.held.iter().rev().find(|hold| hold.name == name);
        let nothing = || format!("{} holds no {name}", self.end);
        found.map(|hold| hold.thing.clone()).ok_or_else(nothing)
    }

    /// The application gets a reference.
    pub(crate) fn hold(&mut self, name: &str, thing: Thing) {
        self.garbage.retain(|dropped| dropped.thing != thing);
        self.events.push(Event::Holds { vat: self.end, name: name.to_owned() });
        self.held.push(Hold { name: name.to_owned(), thing });
    }

    /// Puts a message of the current session on the wire.
    pub(crate) fn say(&mut self, line: Message, says: Says) {
        let session = self.session.id();
        self.say_in(session, line, says);
    }

    pub(crate) fn say_in(&mut self, session: SessionId, line: Message, says: Says) {
        let line = Message { session: session.get(), from: self.end, ..line };
        let letter = Letter { line, says };
        self.events.push(Event::Sent { from: self.end, raw: letter.raw() });
        self.sent.push(letter);
    }

    /// R8: ends the session because of its own doing, and tells the peer.
    pub(crate) fn cut(&mut self, why: &str) {
        self.say(Message { kind: Kind::Over, ..Message::default() }, Says::default());
        let ours = self.session.id();
        self.end_session(ours.next().unwrap_or(ours), why);
    }

    /// R8: the session is over, and the next one begins. The application keeps what is broken until
    /// it drops it.
    pub(crate) fn end_session(&mut self, next: SessionId, why: &str) {
        drop(self.session.close());
        self.drained.clear();
        let calls = std::mem::take(&mut self.calls);
        for question in calls.questions.into_iter().filter(|question| !question.answered) {
            let (vat, error) = (self.end, Some("the session is over".to_owned()));
            self.events.push(match question.of {
                Of::Application(question) => Event::Answered { vat, question, error },
                Of::Probe(probe) => Event::Answer { vat, probe, says: None, error },
            });
        }
        self.held.retain(|hold| !matches!(hold.thing, Thing::Question(_)));
        self.garbage.retain(|hold| !matches!(hold.thing, Thing::Question(_)));
        let ours = self.session.id();
        let breaks = |hold: &&Hold| match &hold.thing {
            Thing::Proxy(proxy) => proxy.session() == ours,
            _ => false,
        };
        let broken = self.held.iter().filter(breaks);
        let broken = broken.map(|hold| Event::Broken { vat: self.end, name: hold.name.clone() });
        self.events.extend(broken);
        self.events.push(Event::Ended { vat: self.end, text: why.to_owned() });
        self.session = Session::new(next, Limits::default());
        self.prune_promises();
    }

    /// The application lets go of everything, open tasks and open promises apart.
    pub(crate) fn forget(&mut self) {
        self.own.clear();
        self.drop_promises();
        let held = std::mem::take(&mut self.held);
        self.garbage.extend(held.into_iter().filter(|hold| !matches!(hold.thing, Thing::Own(_))));
    }

    pub(crate) fn tables(&self) -> Event {
        let stats = self.session.stats();
        let imports = stats.imports + stats.owed + self.drained.len();
        let figure = |count: usize| u64::try_from(count).ok();
        let sizes = TableSizes {
            exports: figure(stats.exports),
            imports: figure(imports),
            questions: figure(self.calls.questions.len()),
            answers: figure(self.calls.answers.len()),
        };
        Event::Tables { vat: self.end, sizes }
    }

    /// Objects that are there although the application does not hold them.
    pub(crate) fn witness(&mut self) -> Event {
        self.made.retain(|(_, object)| object.strong_count() > 0);
        let is_held = |object: &Arc<Object>| {
            let came_home = Thing::Own(Own(Arc::clone(object)));
            self.own.values().any(|own| Arc::ptr_eq(own, object))
                || self.held.iter().any(|hold| hold.thing == came_home)
        };
        let alive = self.made.iter().filter_map(|(name, object)| {
            let object = object.upgrade()?;
            (!is_held(&object)).then(|| name.clone())
        });
        Event::Witness { vat: self.end, alive: alive.collect() }
    }
}
