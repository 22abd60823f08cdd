//! The messages of the mention-counting family. Systems differ in their words for them.

use crate::world::{Body, Ghost, Position, Ref, Release, Table};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;
use std::hash::Hash;

/// How a reference stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Desc {
    /// One of the sender's exports.
    Mention {
        /// Which.
        index: Index,
        /// Whether the entry was there before. Some systems do not say so on the wire.
        again: bool,
        /// Whether it is described as a promise.
        promise: bool,
    },
    /// One of the receiver's exports, or one of its answers, goes home.
    Home(Position),
}

/// A reference as it stands on the wire, and what was meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Wired {
    /// As it stands on the wire.
    pub desc: Desc,
    /// What was meant.
    pub ghost: Ghost,
}

/// Mentions given back: of one export, how many, and as a ghost up to which proxy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Given {
    /// The receiver's export.
    pub index: Index,
    /// How many mentions.
    pub delta: u32,
    /// Ghost: all proxies up to this number were given back.
    pub upto: u32,
}

/// The result of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Returned {
    /// The receiver's question.
    pub question: Index,
    /// The call that is meant.
    pub call: Ghost,
    /// The result, if there is one.
    pub result: Option<Wired>,
    /// Whether the mentions among the call's arguments are given back, one each.
    pub release_params: bool,
}

/// The caller is done with a question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Finish {
    /// The receiver's answer.
    pub answer: Index,
    /// Whether the mentions in the result are given back, one each.
    pub release_results: bool,
    /// Ghost: all questions up to this number at this place are done with.
    pub upto: u32,
}

/// What a system calls its messages. The functions say the message, without ghosts.
pub trait Words: Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// Whether several mentions of one export in one message count for one.
    const ONCE_PER_MESSAGE: bool = false;

    /// A reference.
    fn desc(desc: &Desc) -> String;
    /// Mentions given back.
    fn release(given: &[Given]) -> String;
    /// The result of a call; `result` is said already.
    fn returned(returned: &Returned, result: &str) -> String {
        let _params = returned.release_params;
        format!("return q{} {result}", returned.question)
    }
    /// A call has the result of another.
    fn redirect(question: Index, from: Index) -> String {
        format!("return q{question} the result of q{from}")
    }
    /// The caller is done with a question.
    fn finish(finish: &Finish) -> String {
        format!("finish q{}", finish.answer)
    }
    /// A promise is resolved.
    fn resolve(promise: Index, to: &str) -> String {
        format!("resolve {promise} {to}")
    }
    /// A promise's resolution is not implemented.
    fn not_resolved(resolve: &str) -> String {
        format!("not implemented: {resolve}")
    }
}

/// A message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op<W> {
    /// To the peer's first object, with arguments.
    Deliver(SmallVec<[Wired; 2]>),
    /// A call through a proxy, without a result.
    Call(Wired),
    /// A call with a result.
    Ask {
        /// Who is called; the peer's first object if nobody is named.
        target: Option<Wired>,
        /// An argument, if there is one.
        argument: Option<Wired>,
        /// The place that the caller has chosen for the answer.
        question: Index,
        /// The answer that is meant.
        answer: Ghost,
    },
    /// A call whose result the receiver keeps, for a call of its own that is redirected to it.
    AskForYou {
        /// Who is called.
        target: Wired,
        /// The place that the caller has chosen for the answer.
        question: Index,
        /// The answer that is meant.
        answer: Ghost,
    },
    /// The result of a call.
    Return(Returned),
    /// The result of a call is that of another, which the receiver was asked and keeps.
    Redirect {
        /// The receiver's question.
        question: Index,
        /// The call that is meant.
        call: Ghost,
        /// The receiver's answer that has the result.
        from: Index,
    },
    /// The caller is done with a question.
    Finish(Finish),
    /// A promise that was exported is resolved.
    Resolve {
        /// The sender's export.
        promise: Index,
        /// What it is now; nothing if it is broken.
        to: Option<Wired>,
    },
    /// A `Resolve` comes back from a receiver that does not implement it.
    NotResolved {
        /// The receiver's export.
        promise: Index,
        /// The mention that its `Resolve` carried; nothing if it carried none.
        to: Option<Wired>,
    },
    /// Mentions are given back.
    Release(SmallVec<[Given; 1]>),
    /// Never made: it only ties the words to the type.
    #[serde(skip)]
    Words(std::marker::PhantomData<W>, std::convert::Infallible),
}

impl<W> Op<W> {
    /// Mentions of one export are given back.
    pub fn release(index: Index, delta: u32) -> Self {
        Self::Release(smallvec![Given { index, delta, upto: 0 }])
    }

    /// The references that it carries, a call's target first.
    pub fn wired(&self) -> SmallVec<[Wired; 2]> {
        match self {
            Self::Deliver(wired) => wired.clone(),
            Self::Call(target) | Self::AskForYou { target, .. } => smallvec![*target],
            Self::Ask { target, argument, .. } => target.iter().chain(argument).copied().collect(),
            Self::Return(Returned { result, .. }) => result.iter().copied().collect(),
            Self::Resolve { to, .. } => to.iter().copied().collect(),
            Self::Redirect { .. }
            | Self::NotResolved { .. }
            | Self::Finish(_)
            | Self::Release(_) => SmallVec::new(),
            Self::Words(_, never) => match *never {},
        }
    }
}

impl Wired {
    /// As the ledger sees it.
    pub const fn seen(self) -> Ref {
        match self.desc {
            Desc::Mention { index, again, .. } => {
                Ref::mention(Position::export(index), again, self.ghost)
            }
            Desc::Home(at) => Ref::home(at, self.ghost),
        }
    }
}

impl<W: Words> Body for Op<W> {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        let mut refs: SmallVec<[Ref; 2]> = self.wired().into_iter().map(Wired::seen).collect();
        if W::ONCE_PER_MESSAGE
            && let [first, second] = &mut refs[..]
            && (first.whose, first.at) == (second.whose, second.at)
        {
            second.weight = 0;
        }
        refs
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        match self {
            Self::Release(given) => given
                .iter()
                .map(|g| Release { at: Position::export(g.index), delta: g.delta, upto: g.upto })
                .collect(),
            Self::Finish(finish) => {
                let at = Position::answer(finish.answer);
                smallvec![Release { at, delta: 1, upto: finish.upto }]
            }
            Self::NotResolved { to, .. } => match to.map(|wired| wired.desc) {
                Some(Desc::Mention { index, .. }) => {
                    smallvec![Release { at: Position::export(index), delta: 1, upto: 0 }]
                }
                Some(Desc::Home(_)) | None => SmallVec::new(),
            },
            _ => SmallVec::new(),
        }
    }

    fn asks(&self) -> Option<(Position, Ghost)> {
        match self {
            Self::Ask { question, answer, .. } | Self::AskForYou { question, answer, .. } => {
                Some((Position::answer(*question), *answer))
            }
            _ => None,
        }
    }

    fn answered(&self) -> Option<(Position, Ghost)> {
        match self {
            Self::Return(Returned { question, call, .. })
            | Self::Redirect { question, call, .. } => Some((Position::answer(*question), *call)),
            _ => None,
        }
    }

    fn line(&self) -> Option<captp_wire::line::Message> {
        self.in_a_trace()
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        match self {
            Self::Release(given) => {
                for g in given {
                    g.upto = latest(Position::export(g.index));
                }
            }
            Self::Finish(finish) => finish.upto = latest(Position::answer(finish.answer)),
            _ => {}
        }
    }
}

impl<W: Words> fmt::Display for Op<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |wired: &Wired| format!("{} {}", W::desc(&wired.desc), wired.ghost);
        match self {
            Self::Deliver(wired) => {
                let all: Vec<_> = wired.iter().map(said).collect();
                f.write_str(&all.join(", "))
            }
            Self::Call(target) => write!(f, "call {}", said(target)),
            Self::Ask { target, argument, question, .. } => {
                write!(f, "ask q{question}")?;
                let wired = target.iter().chain(argument).map(said).collect::<Vec<_>>().join(", ");
                if wired.is_empty() { Ok(()) } else { write!(f, " {wired}") }
            }
            Self::AskForYou { target, question, .. } => {
                write!(f, "ask q{question} {}, and keep the result", said(target))
            }
            Self::Redirect { question, from, .. } => f.write_str(&W::redirect(*question, *from)),
            Self::Return(returned) => {
                let result = returned.result.as_ref().map_or_else(|| "nothing".to_owned(), said);
                f.write_str(&W::returned(returned, &result))
            }
            Self::Finish(finish) => f.write_str(&W::finish(finish)),
            Self::Resolve { promise, to } => {
                let to = to.as_ref().map_or_else(|| "broken".to_owned(), said);
                f.write_str(&W::resolve(*promise, &to))
            }
            Self::NotResolved { promise, to } => {
                let to = to.as_ref().map_or_else(|| "broken".to_owned(), said);
                f.write_str(&W::not_resolved(&W::resolve(*promise, &to)))
            }
            Self::Release(given) => f.write_str(&W::release(given)),
            Self::Words(_, never) => match *never {},
        }
    }
}

impl<W: Words> fmt::Debug for Op<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The table in which a place of this message's is looked up, for charts.
impl Desc {
    /// Where it stands.
    pub const fn at(&self) -> Position {
        match self {
            Self::Mention { index, .. } => Position { table: Table::Exports, index: *index },
            Self::Home(at) => *at,
        }
    }
}
