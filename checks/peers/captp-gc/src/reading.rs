//! How a vat reads what comes off the wire.

use crate::calls::{Answer, Of, Returned, Task, Waiting};
use crate::letter::{Letter, Says, read};
use crate::object::{Object, Own, Thing, What};
use crate::vat::{Hold, Vat};
use captp_gc::protocol::{Admission, Index, SessionId};
use captp_gc::table::Received;
use captp_wire::adapter::Event;
use captp_wire::line::{Kind, Message, Ref};
use std::sync::Arc;

/// Where a call goes.
enum Target {
    Object(Arc<Object>),
    /// The place of an answer.
    Answer(u32),
}

impl Vat {
    /// Reads a message. One that is refused ends the session (R5).
    pub(crate) fn read(&mut self, letter: Letter) {
        let theirs = SessionId::new(letter.line.session);
        match self.session.id().admit(theirs) {
            Admission::Stale => return,
            Admission::Newer => self.end_session(theirs, "the peer has begun a later one"),
            Admission::Current => {}
        }
        if letter.line.kind == Kind::Over {
            self.end_session(theirs.next().unwrap_or(theirs), "the peer has ended it");
        } else if let Err(why) = self.take(letter) {
            self.refuse(&why);
        }
    }

    /// R5: the peer broke the protocol.
    pub(crate) fn refuse(&mut self, why: &str) {
        self.events.push(Event::Error { vat: self.end, text: why.to_owned() });
        self.cut(why);
    }

    fn take(&mut self, letter: Letter) -> Result<(), String> {
        let Letter { line, says } = letter;
        match line.kind {
            Kind::Call if line.question.is_some() => self.read_ask(line, says),
            Kind::Call => {
                if let Some(target) = &line.target {
                    self.read_target(target)?;
                }
                let received = self.receive(&line.refs)?;
                self.hold_all(received, &says.names);
                Ok(())
            }
            Kind::Return => self.read_return(line, says),
            Kind::Finish => {
                let done = line.question.ok_or("a finish of no question")?;
                let at = self.calls.answers.iter().position(|answer| answer.place == done);
                let at = at.ok_or_else(|| format!("answers[{done}] is not allocated"))?;
                self.calls.answers.remove(at);
                Ok(())
            }
            Kind::Release => self.read_release(&line),
            Kind::Other => Ok(()),
            Kind::Resolve => self.read_resolve(&line, &says),
            Kind::Bootstrap | Kind::Unimplemented | Kind::Over => {
                Err(format!("{:?} is no message of this protocol", line.kind))
            }
        }
    }

    /// R4, R5.
    fn read_release(&mut self, line: &Message) -> Result<(), String> {
        for release in &line.releases {
            if !release.at.space.is_empty() {
                return Err(format!("there are no exports of the kind '{}'", release.at.space));
            }
            let count = release.count;
            let delta = u32::try_from(count).map_err(|_| format!("a delta of {count}"))?;
            let gone = self.session.gc_export(Index::new(release.at.index), delta);
            if gone.map_err(|refused| refused.to_string())?.is_some() {
                self.prune_promises();
            }
        }
        Ok(())
    }

    fn read_target(&mut self, target: &Ref) -> Result<Target, String> {
        match target {
            Ref::Home(at) if at.space.is_empty() => {
                let found = self.session.lookup(Index::new(at.index));
                found.map(Target::Object).map_err(|refused| refused.to_string())
            }
            Ref::Answer(place) if self.calls.answer(*place).is_some() => Ok(Target::Answer(*place)),
            Ref::Answer(place) => Err(format!("answers[{place}] is not allocated")),
            _ => Err("a call of what is not the receiver's".to_owned()),
        }
    }

    /// R2: reads the references of a message, all of them or none.
    pub(crate) fn receive(&mut self, refs: &[Ref]) -> Result<Vec<Received<Object>>, String> {
        let descriptors = refs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let received = self.session.receive_all(&descriptors);
        let received = received.map_err(|refused| refused.to_string())?;
        for mention in descriptors.into_iter().filter(|descriptor| descriptor.is_mention()) {
            self.give_back(mention.index());
        }
        Ok(received)
    }

    fn read_ask(&mut self, line: Message, says: Says) -> Result<(), String> {
        let place = line.question.ok_or("no question")?;
        if self.calls.answer(place).is_some() {
            return Err(format!("answers[{place}] is in use"));
        }
        let target = line.target.as_ref().ok_or("a question to nobody")?;
        let target = self.read_target(target)?;
        let mut received = self.receive(&line.refs)?;
        let Some(Received::Proxy { proxy: redirector, .. }) = received.pop() else {
            return Err("a question without a redirector".to_owned());
        };
        self.hold_all(received, &says.names);
        self.tickets += 1;
        let task = self.tickets;
        self.calls.answers.push(Answer { place, task, returned: None });
        if says.probe {
            self.read_probe(target, Waiting { place, redirector });
            return Ok(());
        }
        let name = says.question.unwrap_or_else(|| format!("answer {place}"));
        self.events.push(Event::Asked { vat: self.end, question: name.clone() });
        let waiting = Vec::new();
        self.calls.tasks.push(Task { number: task, name, place, redirector, waiting });
        Ok(())
    }

    /// Answers a probe, at once or when the answer that it called is there.
    fn read_probe(&mut self, target: Target, probe: Waiting) {
        let returned = match target {
            Target::Object(object) => match &object.what {
                What::Promise(name) => Returned::Promise(name.clone()),
                _ => Returned::Own(Own(object)),
            },
            Target::Answer(place) => {
                let Some(answer) = self.calls.answer(place) else { return };
                let number = answer.task;
                match answer.returned.clone() {
                    Some(returned) => returned,
                    None => {
                        let mut tasks = self.calls.tasks.iter_mut();
                        match tasks.find(|task| task.number == number) {
                            Some(task) => task.waiting.push(probe),
                            None => self.answer_probe(probe, Err("a probe is called".to_owned())),
                        }
                        return;
                    }
                }
            }
        };
        self.probe_returned(returned, probe);
    }

    fn read_return(&mut self, line: Message, says: Says) -> Result<(), String> {
        let (redirector, refs) = line.refs.split_last().ok_or("a result for nobody")?;
        let Target::Object(redirector) = self.read_target(redirector)? else {
            return Err("a result for an answer".to_owned());
        };
        let received = self.receive(refs)?;
        let question = match redirector.what {
            What::Redirector(ticket) => self.calls.question(ticket),
            _ => return Err("a result for what is no redirector".to_owned()),
        };
        let Some(question) = question.filter(|question| !question.answered) else {
            self.discard(received, &says.names);
            return Ok(());
        };
        question.answered = true;
        let (of, ticket, vat) = (question.of.clone(), question.ticket, self.end);
        match of {
            Of::Probe(probe) => {
                let (says, error) = match says.answer {
                    Some(Ok(name)) => (Some(name), None),
                    Some(Err(why)) => (None, Some(why)),
                    None => (None, Some("no name came".to_owned())),
                };
                self.events.push(Event::Answer { vat, probe, says, error });
                self.finish(ticket);
            }
            Of::Application(question) => {
                let promise = Thing::Question(ticket);
                let wanted = self.held.iter().any(|hold| hold.thing == promise);
                self.events.push(Event::Answered { vat, question: question.clone(), error: None });
                self.held.retain(|hold| hold.thing != promise);
                if wanted {
                    self.garbage.push(Hold { name: question, thing: promise });
                    self.hold_all(received, &says.names);
                } else {
                    self.discard(received, &says.names);
                }
            }
        }
        Ok(())
    }

    /// The application gets what came.
    pub(crate) fn hold_all(&mut self, received: Vec<Received<Object>>, names: &[String]) {
        for (thing, name) in named(received, names) {
            self.hold(name, thing);
        }
    }

    /// What came is garbage at once.
    pub(crate) fn discard(&mut self, received: Vec<Received<Object>>, names: &[String]) {
        for (thing, name) in named(received, names) {
            if !matches!(thing, Thing::Own(_)) {
                self.garbage.push(Hold { name: name.to_owned(), thing });
            }
        }
    }
}

/// What came, and what the sender calls it; a hostile one calls it nothing.
fn named(received: Vec<Received<Object>>, names: &[String]) -> impl Iterator<Item = (Thing, &str)> {
    let names = names.iter().map(String::as_str).chain(std::iter::repeat("?"));
    let things = received.into_iter().map(|received| match received {
        Received::Proxy { proxy, .. } => Thing::Proxy(proxy),
        Received::Home(object) => Thing::Own(Own(object)),
    });
    things.zip(names)
}
