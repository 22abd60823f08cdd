//! Why a line could not be explained one way, and what would have been explicable instead.

use super::compare::fits;
use captp_wire::line::{End, Kind, Mention, Message, Place, Ref, Release};

/// Why a line is not explained by what an end has read up to some message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Miss {
    /// The model has no words for it: nothing can be said.
    Beyond(&'static str),
    /// The runtime would have written this instead. `fresh` are the mentions of what was not
    /// exported before.
    Wrote { message: Box<Message>, fresh: Vec<u32> },
    /// The runtime has sent something by itself, which is to come first.
    First(Box<Message>),
    /// There is no proxy at this place.
    NoProxy(Place),
    /// Nothing is to be given back at this place.
    NothingOwed(Place),
    /// What stands at this place is held.
    Held(Place),
    /// There is no such question of the sender's, or it is done with.
    NoQuestion(u32),
    /// The receiver has no such question that is not answered.
    NotAsked(u32),
    /// The question is still in use.
    InUse(u32),
    /// There is nothing at this place to resolve.
    NoPromise(Place),
    /// It would have refused the message in this line.
    Refuses(u64),
    /// It has ended the session.
    Over,
    /// There is no message that it could have read, or refused to.
    NothingToRead,
    /// The runtime refuses to write it.
    Unwritable,
}

impl Miss {
    /// What was to be expected of `from` instead of `said`.
    pub(super) fn expected(&self, from: End, said: &Message) -> String {
        let other = from.other();
        match self {
            Self::Beyond(why) => (*why).to_owned(),
            Self::Wrote { message, fresh } => difference(from, message, fresh, said),
            Self::First(message) => {
                format!("first {}, which follows from what {from} has read", say(from, message))
            }
            Self::NoProxy(at) => {
                format!("no use of {} by {from}, which has no proxy of it", place(at))
            }
            Self::NothingOwed(at) => {
                format!("no release of {} by {from}, which has nothing to give back", place(at))
            }
            Self::Held(at) => format!("no release of {} by {from} yet: it is held", place(at)),
            Self::NoQuestion(number) => {
                format!("no word of question {number}, which {from} does not have open")
            }
            Self::NotAsked(number) => {
                format!("no return of question {number}, which {other} does not wait for")
            }
            Self::InUse(number) => {
                format!("another number than {number}, which is that of an open question")
            }
            Self::NoPromise(at) => format!("no resolution of {}, which is no promise", place(at)),
            Self::Refuses(line) => {
                format!(
                    "the end of the session by {from}, which refuses the message of line {line}"
                )
            }
            Self::Over => format!("nothing more in this session, which {from} has ended"),
            Self::NothingToRead => format!("nothing: {from} has no such message to read"),
            Self::Unwritable => "nothing like it: the runtime refuses to write it".to_owned(),
        }
    }
}

fn place(at: &Place) -> String {
    if at.space.is_empty() {
        format!("index {}", at.index)
    } else {
        format!("index {} of '{}'", at.index, at.space)
    }
}

fn release(release: &Release) -> String {
    format!("a release of {} of {}", place(&release.at), release.count)
}

fn reference(reference: &Ref) -> String {
    match reference {
        Ref::Mention(Mention { at, again, promise }) => {
            let what = if *promise { "promise " } else { "" };
            let which = match again {
                Some(false) => " for the first time",
                Some(true) => " again",
                None => "",
            };
            format!("{what}{}{which}", place(at))
        }
        Ref::Home(at) => format!("the receiver's {}", place(at)),
        Ref::Answer(number) => format!("the answer to {number}"),
    }
}

/// A message in words.
pub(super) fn say(from: End, message: &Message) -> String {
    let number = message.question.map(|number| format!(" {number}")).unwrap_or_default();
    let refs: Vec<_> = message.refs.iter().map(reference).collect();
    let with = if refs.is_empty() { String::new() } else { format!(" with {}", refs.join(", ")) };
    let mut said = match message.kind {
        Kind::Bootstrap => format!("a bootstrap{number} by {from}"),
        Kind::Call => {
            let target = message.target.as_ref().map(|t| format!(" of {}", reference(t)));
            format!("a call{number}{} by {from}{with}", target.unwrap_or_default())
        }
        Kind::Return => format!("a return of question{number} by {from}{with}"),
        Kind::Finish => format!("a finish of question{number} by {from}"),
        Kind::Release => {
            let each: Vec<_> = message.releases.iter().map(release).collect();
            format!("{} by {from}", each.join(", "))
        }
        Kind::Resolve => {
            let at = message.promise.as_ref().map(place).unwrap_or_default();
            format!("a resolution of {at} by {from}{with}")
        }
        Kind::Unimplemented => format!("a message that {from} does not implement{with}"),
        Kind::Over => format!("the end of the session by {from}"),
        Kind::Other => format!("a message of no concern by {from}"),
    };
    for (flag, name) in [
        (message.release_params, "release_params"),
        (message.release_results, "release_results"),
        (message.no_finish, "no_finish"),
    ] {
        if flag {
            said = format!("{said}, {name}");
        }
    }
    said
}

/// Where two messages differ, in words.
fn difference(from: End, model: &Message, fresh: &[u32], said: &Message) -> String {
    if model.releases != said.releases {
        let [m, s] = [model, said].map(|message| message.releases.first());
        return match (m, s) {
            (Some(m), Some(s)) if m.at == s.at => {
                format!("a release of {} by {from} of {}, not {}", place(&m.at), m.count, s.count)
            }
            _ => say(from, model),
        };
    }
    let mut pairs = model.refs.iter().zip(&said.refs);
    match pairs.find(|(model, said)| !fits(said, model)) {
        Some((Ref::Mention(m), Ref::Mention(s))) if m.at != s.at => {
            let export = if fresh.contains(&s.at.index) { "a new export" } else { "this export" };
            format!("{} for {export}, not {}", place(&m.at), s.at.index)
        }
        Some((m, s)) => format!("{}, not {}", reference(m), reference(s)),
        None if model.release_params != said.release_params => {
            flag("release_params", model.release_params)
        }
        None if model.release_results != said.release_results => {
            flag("release_results", model.release_results)
        }
        None => say(from, model),
    }
}

fn flag(name: &str, is_set: bool) -> String {
    format!("{name} {}", if is_set { "set" } else { "not set" })
}
