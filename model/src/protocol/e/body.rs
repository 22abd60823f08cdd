//! What E's messages say.

use super::handoff::Gift;
use crate::names::VatId;
use crate::world::{Body, Ghost, Position, Ref, Release};
use captp_gc::protocol::{Descriptor, Index};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// What a descriptor stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Seat {
    /// A far object, by its position in the tables of exports and imports.
    Far,
    /// A promise: its `NewFarDesc` is E's `NewRemotePromiseDesc`.
    Promise,
    /// The receiver's answer, by its position in the tables of questions and answers.
    Answer,
    /// A third vat's: E's `Promise3Desc`. The descriptor is that of the vine.
    Third {
        /// Whose it is.
        host: VatId,
        /// The how-manieth of the sender's gifts it is, from 0.
        number: u16,
    },
}

/// A reference as it stands on the wire, and what was meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Described {
    /// As it stands on the wire.
    pub descriptor: Descriptor,
    /// What it stands for.
    pub seat: Seat,
    /// What was meant.
    pub ghost: Ghost,
}

/// What a message of E's says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EBody {
    /// `DeliverOnlyOp` to the peer's first object, with one argument.
    Deliver1(Described),
    /// `DeliverOnlyOp` to the peer's first object, with two arguments.
    Deliver2(Described, Described),
    /// `DeliverOnlyOp` to one of the peer's exports or answers: a call through a proxy.
    Call(Described),
    /// `DeliverOp`: a call with a result.
    Ask {
        /// Who is called; the peer's first object if nobody is named.
        target: Option<Described>,
        /// An argument, if there is one.
        argument: Option<Described>,
        /// The place that the caller has chosen for the answer.
        question: Index,
        /// The caller's export to which the result is to be sent.
        redirector: Index,
        /// The answer that is meant.
        answer: Ghost,
    },
    /// `DeliverOnlyOp` to a redirector: the result of a call.
    Return {
        /// The receiver's redirector.
        redirector: Index,
        /// Where the call had asked for its answer. Only a wrong protocol looks at it.
        question: Index,
        /// The call that is meant.
        call: Ghost,
        /// The result, if there is one.
        result: Option<Described>,
    },
    /// `DeliverOnlyOp` to the redirector of a promise: what it is resolved to.
    Redirect {
        /// The sender's export.
        promise: Index,
        /// What it is now; nothing if it is broken.
        to: Option<Described>,
    },
    /// The donor tells the host what it gives to whom.
    Provide(Gift, Described),
    /// The recipient asks the host for what it was given.
    Accept(Gift, Ghost),
    /// The host hands it out.
    Accepted(Gift, Described),
    /// `GCExportOp`. The delta is what stands on the wire, checked by nobody yet.
    GcExport {
        /// The receiver's export.
        index: Index,
        /// How many mentions are given back.
        delta: u32,
        /// Ghost: all proxies up to this number were given back.
        upto: u32,
    },
    /// `GCAnswerOp`.
    GcAnswer {
        /// The receiver's answer.
        answer: Index,
        /// Ghost: all questions up to this number at this place are done with.
        upto: u32,
    },
}

/// The delta of a faulty `GCExportOp` that its sender guesses as badly as can be: it is read as
/// one more than the reader's count.
pub(super) const ONE_ABOVE_THE_COUNT: u32 = u32::MAX;

impl EBody {
    /// The references that it carries, a redirector apart.
    pub(super) fn described(&self) -> SmallVec<[Described; 2]> {
        match self {
            Self::Deliver1(one)
            | Self::Call(one)
            | Self::Provide(_, one)
            | Self::Accepted(_, one) => smallvec![*one],
            Self::Deliver2(first, second) => smallvec![*first, *second],
            Self::Ask { target, argument, .. } => target.iter().chain(argument).copied().collect(),
            Self::Return { result: to, .. } | Self::Redirect { to, .. } => {
                to.iter().copied().collect()
            }
            Self::Accept(..) | Self::GcExport { .. } | Self::GcAnswer { .. } => SmallVec::new(),
        }
    }
}

impl Body for EBody {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        let mut refs = SmallVec::new();
        match self {
            Self::Ask { redirector, answer, .. } => {
                refs.push(Ref::mention(Position::export(*redirector), false, *answer));
            }
            Self::Return { redirector, call, .. } => {
                refs.push(Ref::home(Position::export(*redirector), *call));
            }
            Self::Accept(of, ghost) => refs.push(Ref::gift(of.host, *ghost)),
            _ => {}
        }
        for described in self.described() {
            refs.push(described.seen());
            if let Seat::Third { host, .. } = described.seat {
                refs.push(Ref::gift(host, described.ghost));
            }
        }
        refs
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        match *self {
            Self::GcExport { index, delta, upto } => {
                smallvec![Release { at: Position::export(index), delta, upto }]
            }
            Self::GcAnswer { answer, upto } => {
                smallvec![Release { at: Position::answer(answer), delta: 1, upto }]
            }
            _ => SmallVec::new(),
        }
    }

    fn asks(&self) -> Option<(Position, Ghost)> {
        match self {
            Self::Ask { question, answer, .. } => Some((Position::answer(*question), *answer)),
            _ => None,
        }
    }

    fn answered(&self) -> Option<(Position, Ghost)> {
        match self {
            Self::Return { question, call, .. } => Some((Position::answer(*question), *call)),
            _ => None,
        }
    }

    fn line(&self) -> Option<captp_wire::line::Message> {
        self.in_a_trace()
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        match self {
            Self::GcExport { index, upto, .. } => *upto = latest(Position::export(*index)),
            Self::GcAnswer { answer, upto } => *upto = latest(Position::answer(*answer)),
            _ => {}
        }
    }
}

impl Described {
    /// Where it stands.
    pub(super) const fn at(self) -> Position {
        match self.seat {
            Seat::Answer => Position::answer(self.descriptor.index()),
            _ => Position::export(self.descriptor.index()),
        }
    }

    fn seen(self) -> Ref {
        let at = self.at();
        match self.descriptor {
            Descriptor::NewFarDesc(_) => Ref::mention(at, false, self.ghost),
            Descriptor::ImportDesc(_) => Ref::mention(at, true, self.ghost),
            Descriptor::ExportDesc(_) => Ref::home(at, self.ghost),
        }
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, ghost) = (self.descriptor.index(), self.ghost);
        match (self.seat, self.descriptor) {
            (Seat::Promise, Descriptor::NewFarDesc(_)) => {
                write!(f, "NewRemotePromiseDesc({index}) {ghost}")
            }
            (Seat::Answer, _) => write!(f, "ExportDesc(answer {index}) {ghost}"),
            (Seat::Third { host, .. }, _) => {
                write!(f, "Promise3Desc({host}, vine {index}) {ghost}")
            }
            (_, descriptor) => write!(f, "{descriptor} {ghost}"),
        }
    }
}

impl fmt::Display for EBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |described: &Option<Described>, none: &str| {
            described.as_ref().map_or_else(|| none.to_owned(), ToString::to_string)
        };
        match self {
            Self::Deliver1(only) => write!(f, "{only}"),
            Self::Deliver2(first, second) => write!(f, "{first}, {second}"),
            Self::Call(target) => write!(f, "call {target}"),
            Self::Ask { target, argument, question, redirector, .. } => {
                write!(f, "ask q{question} ")?;
                for described in target.iter().chain(argument) {
                    write!(f, "{described}, ")?;
                }
                write!(f, "redirector {redirector}")
            }
            Self::Return { redirector, result, .. } => {
                write!(f, "return to redirector {redirector}: {}", or(result, "nothing"))
            }
            Self::Redirect { promise, to } => {
                write!(f, "redirect {promise} to {}", or(to, "nothing"))
            }
            Self::Provide(gift, target) => write!(f, "provide {gift} {target}"),
            Self::Accept(gift, ghost) => write!(f, "accept {gift} {ghost}"),
            Self::Accepted(gift, result) => write!(f, "{gift} is {result}"),
            Self::GcExport { index, delta: ONE_ABOVE_THE_COUNT, .. } => {
                write!(f, "GCExportOp({index}, n+1)")
            }
            Self::GcExport { index, delta, .. } => write!(f, "GCExportOp({index}, {delta})"),
            Self::GcAnswer { answer, .. } => write!(f, "GCAnswerOp({answer})"),
        }
    }
}

impl fmt::Debug for EBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
