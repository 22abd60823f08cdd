//! Two vats, and the messages that are held back between them.

use crate::letter::{Letter, Says};
use crate::vat::Vat;
use captp_wire::adapter::{Done, Event, Request};
use captp_wire::line::{End, Message};
use serde_json::Value;
use std::collections::VecDeque;

/// Two vats, joined by two channels that keep their order and deliver when they are told to.
pub struct Pair {
    vats: [Vat; 2],
    /// What each has still to read.
    waiting: [VecDeque<Letter>; 2],
}

impl Default for Pair {
    fn default() -> Self {
        Self { vats: End::ALL.map(Vat::new), waiting: Default::default() }
    }
}

impl Pair {
    /// Two fresh vats.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does what is asked, and says what has happened, in order. [`Request::Memory`] is for whoever
    /// knows the allocator, and is not done here.
    pub fn obey(&mut self, request: &Request) -> (Vec<Event>, Done) {
        let mut events = Vec::new();
        let done = self.act(request, &mut events);
        for (number, vat) in self.vats.iter_mut().enumerate() {
            events.append(&mut vat.events);
            self.waiting[1 - number].extend(vat.sent.drain(..));
        }
        let done = match done {
            Ok(()) => Done::YES,
            Err(why) => Done::not(why),
        };
        (events, done)
    }

    fn act(&mut self, request: &Request, events: &mut Vec<Event>) -> Result<(), String> {
        match request {
            Request::Open => {
                *self = Self::new();
                Ok(())
            }
            Request::Send { vat, refs } => self.vat(*vat).send(refs),
            Request::Call { vat, target } => self.vat(*vat).call(target),
            Request::Ask { vat, target, refs, question } => {
                self.vat(*vat).ask(target, refs, question)
            }
            Request::Return { vat, question, refs } => self.vat(*vat).answer(question, refs),
            Request::Resolve { vat, promise, refs } => self.vat(*vat).resolve(promise, refs),
            Request::FailSend { vat, refs } => self.vat(*vat).fail_send(refs),
            Request::Drop { vat, name } => self.vat(*vat).drop_name(name),
            Request::Collect { vat, name } => self.vat(*vat).collect(name.as_deref()),
            Request::Finalise { vat, name } => self.vat(*vat).finalise(name.as_deref()),
            Request::Deliver { to } => {
                let letter = self.waiting[*to as usize].pop_front();
                let letter = letter.ok_or_else(|| format!("nothing is held back for {to}"))?;
                events.push(Event::Delivered { to: *to });
                self.vat(*to).read(letter);
                Ok(())
            }
            Request::Probe { vat, name, probe } => self.vat(*vat).probe(name, *probe),
            Request::Hostile { to, raw } => {
                match self.hostile(*to, raw.clone()) {
                    Ok(line) => self.vat(*to).read(Letter { line, says: Says::default() }),
                    Err(why) => self.vat(*to).refuse(&why),
                }
                Ok(())
            }
            Request::Cut { vat } => {
                self.vat(*vat).cut("the application has ended it");
                Ok(())
            }
            Request::Forget => {
                self.vats.iter_mut().for_each(Vat::forget);
                Ok(())
            }
            Request::Tables => {
                events.extend(self.vats.iter().map(Vat::tables));
                Ok(())
            }
            Request::Witness => {
                events.extend(self.vats.iter_mut().map(Vat::witness));
                Ok(())
            }
            Request::DropOne { .. } => Err("there is one proxy for all copies".to_owned()),
            Request::Memory => Err("nobody counts the memory".to_owned()),
        }
    }

    fn vat(&mut self, end: End) -> &mut Vat {
        &mut self.vats[end as usize]
    }

    /// A message that is no line of a trace is refused like any other that cannot be read.
    fn hostile(&self, to: End, mut raw: Value) -> Result<Message, String> {
        let fields = raw.as_object_mut().ok_or("no object")?;
        let session = self.vats[to as usize].session.id().get();
        fields.entry("session").or_insert_with(|| session.into());
        fields.entry("from").or_insert_with(|| format!("{:?}", to.other()).into());
        fields.insert("seq".to_owned(), 0.into());
        let line: Message = serde_json::from_value(raw).map_err(|error| error.to_string())?;
        if line.from == to { Err(format!("a message of {to}'s own")) } else { Ok(line) }
    }
}
