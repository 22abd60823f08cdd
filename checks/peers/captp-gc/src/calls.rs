//! Questions and answers, which the crate leaves to its user.
//!
//! The caller chooses the place of an answer and gives it back alone, with `GCAnswerOp`; the place
//! that was given back last is used first.

use crate::object::Own;
use captp_gc::table::Proxy;

/// The questions and the answers of one vat in one session.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) questions: Vec<Question>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) tasks: Vec<Task>,
    freed: Vec<u32>,
    places: u32,
}

/// A call that was made, and with which its caller is not done.
#[derive(Debug)]
pub(crate) struct Question {
    /// What the redirector has of it. Never used again.
    pub(crate) ticket: u64,
    pub(crate) place: u32,
    pub(crate) of: Of,
    pub(crate) answered: bool,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Of {
    /// The application, by this name.
    Application(String),
    /// A probe of this number.
    Probe(u64),
}

/// A call that came, and with which its caller is not done.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) place: u32,
    /// The task that it is the answer of.
    pub(crate) task: u64,
    /// What was returned, if it was.
    pub(crate) returned: Option<Returned>,
}

/// A call that the application has to answer, whether its caller still wants that or not.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) place: u32,
    pub(crate) redirector: Proxy,
    /// The probes that are answered when it is.
    pub(crate) waiting: Vec<Waiting>,
}

/// A probe that waits for the answer that it called.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) place: u32,
    pub(crate) redirector: Proxy,
}

/// What was returned.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    Nothing,
    Own(Own),
    /// A promise of this name.
    Promise(String),
    /// One of the caller's own.
    Callers,
}

impl Calls {
    /// A new question, at the place that is used next.
    pub(crate) fn ask(&mut self, ticket: u64, of: Of) -> u32 {
        let place = self.freed.pop().unwrap_or_else(|| {
            self.places += 1;
            self.places
        });
        self.questions.push(Question { ticket, place, of, answered: false });
        place
    }

    pub(crate) fn question(&mut self, ticket: u64) -> Option<&mut Question> {
        self.questions.iter_mut().find(|question| question.ticket == ticket)
    }

    /// The caller is done with a question, and its place is free.
    pub(crate) fn done(&mut self, ticket: u64) -> Option<u32> {
        let at = self.questions.iter().position(|question| question.ticket == ticket)?;
        let place = self.questions.remove(at).place;
        self.freed.push(place);
        Some(place)
    }

    pub(crate) fn answer(&mut self, place: u32) -> Option<&mut Answer> {
        self.answers.iter_mut().find(|answer| answer.place == place)
    }
}
