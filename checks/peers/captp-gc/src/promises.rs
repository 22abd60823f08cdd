//! Promises of one's own: a fresh entry for every mention, and word to each when it is resolved.

use crate::calls::{Returned, Waiting};
use crate::letter::{Says, place, shown};
use crate::object::{Own, Thing, What};
use crate::vat::{Hold, Vat};
use captp_gc::protocol::{Index, SessionId};
use captp_wire::adapter::{Event, Named};
use captp_wire::line::{Kind, Message};

/// A promise that was named.
#[derive(Debug, Default)]
pub(crate) struct Pledge {
    /// What it is resolved to, and how the application calls that.
    to: Option<(String, To)>,
    /// The probes that are answered when it is.
    waiting: Vec<Waiting>,
    /// Whether the application has let go of it.
    dropped: bool,
}

/// What a promise is resolved to. It does not keep a proxy.
#[derive(Clone, Debug)]
enum To {
    Own(Own),
    Proxy(SessionId, Index),
    /// It is broken.
    Nothing,
}

impl Vat {
    /// The application lets go of its promises. The open ones are left open.
    pub(crate) fn drop_promises(&mut self) {
        self.promises.values_mut().for_each(|pledge| pledge.dropped = true);
        self.prune_promises();
    }

    /// A promise that is resolved, and that nobody has, keeps nothing any more.
    pub(crate) fn prune_promises(&mut self) {
        let exports = self.session.exports();
        let exported =
            |name: &str| exports.iter().any(|(_, object, _)| object.promise() == Some(name));
        self.promises
            .retain(|name, pledge| pledge.to.is_none() || !pledge.dropped || exported(name));
    }

    /// The application resolves one of its promises; to nothing, if it breaks it.
    ///
    /// # Errors
    /// It is resolved already, or it cannot be resolved to that.
    pub(crate) fn resolve(&mut self, promise: &str, refs: &[Named]) -> Result<(), String> {
        let (name, to) = match refs {
            [] => ("nothing".to_owned(), To::Nothing),
            [named] => self.resolution(named)?,
            _ => return Err("a promise is resolved to one reference".to_owned()),
        };
        let pledge = self.promises.entry(promise.to_owned()).or_default();
        if pledge.to.is_some() {
            return Err(format!("{promise} is resolved already"));
        }
        pledge.to = Some((name, to));
        let waiting = std::mem::take(&mut pledge.waiting);
        let exports = self.session.exports().into_iter();
        let entries = exports.filter(|(_, object, _)| object.promise() == Some(promise));
        let entries: Vec<_> = entries.map(|(index, ..)| (index, promise.to_owned())).collect();
        self.tell(&entries);
        for probe in waiting.into_iter().filter(|probe| !probe.redirector.is_broken()) {
            self.probe_returned(Returned::Promise(promise.to_owned()), probe);
        }
        Ok(())
    }

    fn resolution(&mut self, to: &Named) -> Result<(String, To), String> {
        let name = to.name().to_owned();
        let thing = match to {
            Named::Own(name) => Thing::Own(Own(self.own(name))),
            Named::Held(name) => self.held(name)?,
            Named::Promise(_) => return Err(format!("{name} is a promise itself")),
        };
        match thing {
            Thing::Own(own) if matches!(own.0.what, What::Own(_)) => Ok((name, To::Own(own))),
            Thing::Proxy(proxy) => Ok((name, To::Proxy(proxy.session(), proxy.index()))),
            _ => Err(format!("{name} is a promise itself")),
        }
    }

    /// Says of each entry what its promise is resolved to, if it is; that it is broken, if that is
    /// gone meanwhile.
    pub(crate) fn tell(&mut self, entries: &[(Index, String)]) {
        for (index, promise) in entries {
            let Some(Pledge { to: Some((name, to)), .. }) = self.promises.get(promise) else {
                continue;
            };
            let (name, thing) = (name.clone(), self.still(to));
            let session = self.session.clone();
            let mut message = session.message();
            let described = match &thing {
                Some(Thing::Own(Own(object))) => message.export(object).ok(),
                Some(Thing::Proxy(proxy)) => message.send_home(proxy).ok(),
                _ => None,
            };
            let refs: Vec<_> = described.map(shown).into_iter().collect();
            let (kind, promise) = (Kind::Resolve, Some(place(index.get())));
            let text = format!("resolve to {name}");
            let line = Message { kind, promise, refs, text, ..Message::default() };
            self.say(line, Says { names: vec![name], ..Says::default() });
            message.sent();
        }
    }

    /// One of the vat's own promises that came home is what it was resolved to, if it was.
    pub(crate) fn settled(&self, thing: Thing) -> Thing {
        let promise = match &thing {
            Thing::Own(Own(object)) => object.promise(),
            _ => None,
        };
        let pledge = promise.and_then(|promise| self.promises.get(promise));
        let to = pledge.and_then(|pledge| pledge.to.as_ref());
        to.and_then(|(_, to)| self.still(to)).unwrap_or(thing)
    }

    /// What a promise is resolved to, if it is still there.
    fn still(&self, to: &To) -> Option<Thing> {
        let (session, index) = match to {
            To::Own(own) => return Some(Thing::Own(own.clone())),
            To::Proxy(session, index) => (*session, *index),
            To::Nothing => return None,
        };
        let here = |thing: &Thing| match thing {
            Thing::Proxy(proxy) => {
                (proxy.session(), proxy.index()) == (session, index) && !proxy.is_broken()
            }
            _ => false,
        };
        let mut there = self.held.iter().chain(&self.garbage);
        there.find(|hold| here(&hold.thing)).map(|hold| hold.thing.clone())
    }

    /// Answers a probe that has come to something that was returned, or to a promise.
    pub(crate) fn probe_returned(&mut self, returned: Returned, probe: Waiting) {
        let says = match returned {
            Returned::Promise(promise) => {
                let pledge = self.promises.entry(promise.clone()).or_default();
                match &pledge.to {
                    None => {
                        pledge.waiting.push(probe);
                        return;
                    }
                    Some((_, To::Own(Own(object)))) => object.name(),
                    Some((_, To::Proxy(..))) => Returned::Callers.name(),
                    Some((_, To::Nothing)) => Err(format!("{promise} is broken")),
                }
            }
            returned => returned.name(),
        };
        self.answer_probe(probe, says);
    }

    /// A promise that the peer has exported is resolved. If the application holds it, it holds what
    /// came instead; if nothing came, it goes on holding what is broken.
    pub(crate) fn read_resolve(&mut self, line: &Message, says: &Says) -> Result<(), String> {
        let promise = line.promise.as_ref().ok_or("a resolve of no promise")?;
        if line.refs.len() > 1 {
            return Err("a promise is resolved to one reference".to_owned());
        }
        let received = self.receive(&line.refs)?;
        let ours = self.session.id();
        let is_it = |hold: &Hold| match &hold.thing {
            Thing::Proxy(proxy) => proxy.session() == ours && proxy.index().get() == promise.index,
            _ => false,
        };
        if received.is_empty() {
            let broken = self.held.iter().find(|hold| is_it(hold)).map(|hold| hold.name.clone());
            self.events.extend(broken.map(|name| Event::Broken { vat: self.end, name }));
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let (settled, held): (Vec<_>, Vec<_>) = held.into_iter().partition(is_it);
        self.held = held;
        if settled.is_empty() {
            self.discard(received, &says.names);
        } else {
            self.garbage.extend(settled);
            self.hold_all(received, &says.names);
        }
        Ok(())
    }
}
