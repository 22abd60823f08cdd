//! What a vat's application says to the peer.

use crate::calls::{Of, Returned, Waiting};
use crate::letter::{Says, place, shown, shown_promise};
use crate::object::{Object, Own, Thing, What};
use crate::vat::{Gone, Owed, Vat};
use captp_gc::protocol::Index;
use captp_gc::table::Outgoing;
use captp_wire::adapter::{Event, Named};
use captp_wire::line::{Kind, Message, Ref};
use std::sync::Arc;

/// Why something cannot be done.
type Deed = Result<(), String>;

impl Vat {
    /// A message to the peer's first object.
    pub(crate) fn send(&mut self, refs: &[Named]) -> Deed {
        let session = self.session.clone();
        let mut message = session.message();
        let refs = self.write(&mut message, refs)?;
        let text = format!("send {}", refs.names.join(", "));
        let line = Message { kind: Kind::Call, refs: refs.shown, text, ..Message::default() };
        self.say(line, Says { names: refs.names, ..Says::default() });
        message.sent();
        self.tell(&refs.promises);
        Ok(())
    }

    /// R7: a message whose references are counted before it turns out that it cannot be written.
    pub(crate) fn fail_send(&mut self, refs: &[Named]) -> Deed {
        let session = self.session.clone();
        let mut message = session.message();
        self.write(&mut message, refs)?;
        drop(message);
        Ok(())
    }

    /// A call without a result. One of the vat's own is called without a message.
    pub(crate) fn call(&mut self, name: &str) -> Deed {
        let thing = self.held(name)?;
        if let Some(target) = self.target(&thing)? {
            let text = format!("call {name}");
            let line =
                Message { kind: Kind::Call, target: Some(target), text, ..Message::default() };
            self.say(line, Says::default());
        }
        Ok(())
    }

    /// A call with a result.
    pub(crate) fn ask(&mut self, name: &str, refs: &[Named], question: &str) -> Deed {
        let thing = self.held(name)?;
        let Some(target) = self.target(&thing)? else {
            return Err(format!("{name} is {}'s own", self.end));
        };
        let says = Says { question: Some(question.to_owned()), ..Says::default() };
        let text = format!("ask {name}");
        let line = Message { target: Some(target), text, ..Message::default() };
        let ticket = self.ask_for(Of::Application(question.to_owned()), line, refs, says)?;
        self.hold_question(question, ticket);
        Ok(())
    }

    /// A call that asks what is called for its name.
    pub(crate) fn probe(&mut self, name: &str, probe: u64) -> Deed {
        let thing = self.settled(self.held(name)?);
        let Some(target) = self.target(&thing)? else {
            let Thing::Own(Own(object)) = thing else { return Ok(()) };
            let (says, error) = match object.name() {
                Ok(name) => (Some(name), None),
                Err(why) => (None, Some(why)),
            };
            self.events.push(Event::Answer { vat: self.end, probe, says, error });
            return Ok(());
        };
        let says = Says { probe: true, ..Says::default() };
        let text = format!("probe {name}");
        let line = Message { target: Some(target), text, ..Message::default() };
        self.ask_for(Of::Probe(probe), line, &[], says).map(|_ticket| ())
    }

    fn ask_for(
        &mut self,
        of: Of,
        line: Message,
        refs: &[Named],
        says: Says,
    ) -> Result<u64, String> {
        let session = self.session.clone();
        let mut message = session.message();
        let refs = self.write(&mut message, refs)?;
        self.tickets += 1;
        let ticket = self.tickets;
        let redirector = Object::new(What::Redirector(ticket));
        let redirector = message.export(&redirector).map_err(|misuse| misuse.to_string())?;
        let question = self.calls.ask(ticket, of);
        let mut all = refs.shown;
        all.push(shown(redirector));
        let line = Message { kind: Kind::Call, question: Some(question), refs: all, ..line };
        self.say(line, Says { names: refs.names, ..says });
        message.sent();
        self.tell(&refs.promises);
        Ok(ticket)
    }

    /// The answer to an open task.
    pub(crate) fn answer(&mut self, name: &str, refs: &[Named]) -> Deed {
        if refs.len() > 1 {
            return Err("a call has one result".to_owned());
        }
        let at = self.calls.tasks.iter().position(|task| task.name == name);
        let at = at.ok_or_else(|| format!("{} has no open task {name}", self.end))?;
        let redirector = self.calls.tasks[at].redirector.clone();
        let session = self.session.clone();
        let mut message = session.message();
        let home = message.send_home(&redirector).map_err(|misuse| misuse.to_string())?;
        let written = self.write(&mut message, refs)?;
        let task = self.calls.tasks.remove(at);
        let mut refs = written.shown;
        refs.push(shown(home));
        let text = format!("return {}", written.names.join(""));
        let question = Some(task.place);
        let line = Message { kind: Kind::Return, question, refs, text, ..Message::default() };
        self.say(line, Says { names: written.names, ..Says::default() });
        message.sent();

        let mut answers = self.calls.answers.iter_mut();
        if let Some(answer) = answers.find(|answer| answer.task == task.number) {
            answer.returned = Some(written.last.clone());
        }
        for probe in task.waiting {
            self.probe_returned(written.last.clone(), probe);
        }
        self.tell(&written.promises);
        let index = redirector.index();
        drop((redirector, task.redirector));
        let name = name.to_owned();
        self.owed.push_back(Owed { name, session, gone: Gone::Import(index) });
        Ok(())
    }

    /// Answers a probe, and lets go of where the answer was to be sent.
    pub(crate) fn answer_probe(&mut self, probe: Waiting, answer: Result<String, String>) {
        let Waiting { place: question, redirector } = probe;
        let index = redirector.index();
        let text = match &answer {
            Ok(name) => format!("it is {name}"),
            Err(why) => why.clone(),
        };
        let (question, refs) = (Some(question), vec![Ref::Home(place(index.get()))]);
        let line = Message { kind: Kind::Return, question, refs, text, ..Message::default() };
        self.say(line, Says { answer: Some(answer), ..Says::default() });
        drop(redirector);
        let session = self.session.clone();
        self.serve(&session, index);
    }

    fn hold_question(&mut self, name: &str, ticket: u64) {
        let (name, thing) = (name.to_owned(), Thing::Question(ticket));
        self.held.push(crate::vat::Hold { name, thing });
    }

    /// How to call something. `None` if it is the vat's own.
    fn target(&mut self, thing: &Thing) -> Result<Option<Ref>, String> {
        match thing {
            Thing::Own(_) => Ok(None),
            Thing::Proxy(proxy) => {
                let index = self.session.target(proxy).map_err(|misuse| misuse.to_string())?;
                Ok(Some(Ref::Home(place(index.get()))))
            }
            Thing::Question(ticket) => {
                let question = self.calls.question(*ticket).ok_or("the question is done with")?;
                Ok(Some(Ref::Answer(question.place)))
            }
        }
    }

    /// R1: writes references into a message in the making.
    fn write(
        &mut self,
        message: &mut Outgoing<'_, Object>,
        refs: &[Named],
    ) -> Result<Written, String> {
        let mut written = Written {
            shown: Vec::new(),
            names: Vec::new(),
            last: Returned::Nothing,
            promises: Vec::new(),
        };
        for named in refs {
            let (name, thing) = match named {
                Named::Own(name) => (name, Thing::Own(Own(self.own(name)))),
                Named::Promise(name) => (name, promised(name)),
                Named::Held(name) => match self.held(name)? {
                    Thing::Own(Own(object)) => (
                        name,
                        object
                            .promise()
                            .map_or_else(|| Thing::Own(Own(Arc::clone(&object))), promised),
                    ),
                    thing => (name, thing),
                },
            };
            let descriptor = match &thing {
                Thing::Own(Own(object)) => message.export(object),
                Thing::Proxy(proxy) => message.send_home(proxy),
                Thing::Question(_) => return Err(format!("{name}: an answer as an argument")),
            };
            let descriptor = descriptor.map_err(|misuse| misuse.to_string())?;
            written.names.push(name.clone());
            let promise = match &thing {
                Thing::Own(Own(object)) => object.promise().map(str::to_owned),
                _ => None,
            };
            let index = descriptor.index();
            let is_promise = promise.is_some();
            written.shown.push(if is_promise { shown_promise(index) } else { shown(descriptor) });
            written.promises.extend(promise.clone().map(|promise| (index, promise)));
            written.last = match (promise, thing) {
                (Some(promise), _) => Returned::Promise(promise),
                (None, Thing::Own(object)) => Returned::Own(object),
                _ => Returned::Callers,
            };
        }
        Ok(written)
    }
}

/// One more mention of a promise: an object of its own.
fn promised(name: &str) -> Thing {
    Thing::Own(Own(Object::new(What::Promise(name.to_owned()))))
}

/// References that are written.
struct Written {
    shown: Vec<Ref>,
    names: Vec<String>,
    last: Returned,
    /// The promises among them, and where each mention stands.
    promises: Vec<(Index, String)>,
}

impl Returned {
    /// What a call through the answer finds.
    ///
    /// # Errors
    /// It finds none of this vat's objects.
    pub(crate) fn name(&self) -> Result<String, String> {
        match self {
            Self::Nothing => Err("nothing was returned".to_owned()),
            Self::Own(Own(object)) => object.name(),
            Self::Promise(name) => Err(format!("{name} is a promise")),
            Self::Callers => Err("what was returned is the caller's own".to_owned()),
        }
    }
}

impl Object {
    /// The promise that it is a mention of.
    pub(crate) fn promise(&self) -> Option<&str> {
        match &self.what {
            What::Promise(name) => Some(name),
            _ => None,
        }
    }

    /// What it calls itself.
    ///
    /// # Errors
    /// It has no name.
    pub(crate) fn name(&self) -> Result<String, String> {
        match &self.what {
            What::Own(name) => Ok(name.clone()),
            What::Promise(name) => Err(format!("{name} is a promise")),
            What::Redirector(_) => Err("a redirector has no name".to_owned()),
        }
    }
}
