//! How a vat gets rid of what its application has dropped: three steps, with anything in between.

use crate::letter::{Says, place};
use crate::object::{Object, Thing};
use crate::vat::{Gone, Hold, Owed, Vat};
use captp_gc::protocol::{GcExportOp, Index, SessionId};
use captp_gc::table::Session;
use captp_wire::line::{Kind, Message, Release};

impl Vat {
    /// The application lets go of a name.
    ///
    /// # Errors
    /// It holds nothing under it.
    pub(crate) fn drop_name(&mut self, name: &str) -> Result<(), String> {
        self.held(name)?;
        let held = std::mem::take(&mut self.held);
        let (dropped, held) = held.into_iter().partition(|hold| hold.name == name);
        self.held = held;
        let dropped: Vec<Hold> = dropped;
        self.garbage.extend(dropped.into_iter().filter(|d| !matches!(d.thing, Thing::Own(_))));
        Ok(())
    }

    /// The collector clears the weak reference to something that was dropped: all its handles go.
    ///
    /// # Errors
    /// There is no such garbage.
    pub(crate) fn collect(&mut self, name: Option<&str>) -> Result<(), String> {
        let is_held = |thing: &Thing| self.held.iter().any(|hold| hold.thing == *thing);
        let mut garbage = self.garbage.iter();
        let found = garbage.find(|d| name.is_none_or(|n| d.name == n) && !is_held(&d.thing));
        let none = || format!("{} has dropped no {}", self.end, name.unwrap_or("proxy"));
        let Hold { name, thing } = found.cloned().ok_or_else(none)?;
        self.garbage.retain(|dropped| dropped.thing != thing);
        let gone = match thing {
            Thing::Proxy(proxy) if proxy.is_broken() => Gone::Broken,
            Thing::Proxy(proxy) => Gone::Import(proxy.index()),
            Thing::Question(ticket) => Gone::Question(ticket),
            Thing::Own(_) => return Ok(()),
        };
        self.owed.push_back(Owed { name, session: self.session.clone(), gone });
        Ok(())
    }

    /// R3: a finaliser runs.
    ///
    /// # Errors
    /// None is owed.
    pub(crate) fn finalise(&mut self, name: Option<&str>) -> Result<(), String> {
        let at = self.owed.iter().position(|owed| name.is_none_or(|name| owed.name == name));
        let owed = at.and_then(|at| self.owed.remove(at));
        let none = || format!("{} owes no notification for {}", self.end, name.unwrap_or("any"));
        let Owed { session, gone, .. } = owed.ok_or_else(none)?;
        match gone {
            Gone::Import(index) => self.serve(&session, index),
            Gone::Question(ticket) if session.id() == self.session.id() => self.finish(ticket),
            Gone::Question(_) | Gone::Broken => {}
        }
        Ok(())
    }

    /// R3: drains the tables, and sends what they yield for this index.
    pub(crate) fn serve(&mut self, session: &Session<Object>, index: Index) {
        let mut ops = Vec::new();
        session.drain_gc(&mut ops);
        if session.id() == self.session.id() {
            self.drained.append(&mut ops);
            self.give_back(index);
        }
        // R8: of an old session nothing comes. If something did, it would be for all to see.
        for op in ops {
            self.release(session.id(), op);
        }
    }

    /// Sends what was drained for this index.
    pub(crate) fn give_back(&mut self, index: Index) {
        if let Some(at) = self.drained.iter().position(|op| op.index == index) {
            let op = self.drained.remove(at);
            let session = self.session.id();
            self.release(session, op);
        }
    }

    fn release(&mut self, session: SessionId, op: GcExportOp) {
        let release = Release { at: place(op.index.get()), count: i64::from(op.delta.get()) };
        let text = op.to_string();
        let line =
            Message { kind: Kind::Release, releases: vec![release], text, ..Message::default() };
        self.say_in(session, line, Says::default());
    }

    /// The caller is done with a question.
    pub(crate) fn finish(&mut self, ticket: u64) {
        if let Some(place) = self.calls.done(ticket) {
            let text = format!("GCAnswerOp({place})");
            let line =
                Message { kind: Kind::Finish, question: Some(place), text, ..Message::default() };
            self.say(line, Says::default());
        }
    }
}
