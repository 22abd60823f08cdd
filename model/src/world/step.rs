//! What can happen: the application's moves, the collector's, the runtime's own, a delivery.

use super::kind::StepKind;
use super::position::Key;
use super::wire::Message;
use crate::names::{Object, VatId};
use captp_gc::protocol::Index;
use std::fmt;

/// A reference that the application puts into a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Argument {
    /// One of the vat's own objects or promises.
    Local(Object),
    /// A proxy.
    Proxy {
        /// Which one.
        key: Key,
        /// What it denotes.
        object: Object,
    },
}

/// The arguments of one message: one or two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Arguments(pub Argument, pub Option<Argument>);

impl Arguments {
    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Argument> {
        [Some(self.0), self.1].into_iter().flatten()
    }
}

/// How a faulty vat violates the protocol (R5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fault {
    /// Tells it from the other faults of the protocol.
    pub code: u8,
    /// What it sends, in words.
    pub what: &'static str,
    /// The import that it is about, if it is about one.
    pub at: Option<Index>,
}

/// Something that the runtime of a vat does by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Work {
    /// Tells it from the other work of the protocol.
    pub code: u8,
    /// What it does, in words.
    pub what: &'static str,
    /// The peer that it concerns.
    pub peer: VatId,
    /// The place that it concerns.
    pub index: Index,
    /// Whether it happens only if something went wrong: it counts as a loss.
    pub trouble: bool,
}

/// A call that the application has to answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reply {
    /// Who had asked.
    pub to: VatId,
    /// Where the answer stands.
    pub answer: Index,
    /// What is returned, if anything.
    pub result: Option<Argument>,
}

/// A call that is answered by another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tail {
    /// Who had asked, and is asked now.
    pub to: VatId,
    /// Where the answer stands.
    pub answer: Index,
    /// Who is called.
    pub target: Key,
    /// What it denotes.
    pub object: Object,
}

/// A step of one vat that is no delivery. The order of the variants is the order of the search:
/// earlier ones make the shorter stories.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// The application sends a message with references.
    Send(VatId, Arguments),
    /// The application calls the object behind a proxy.
    Call(Key, Object),
    /// The application calls the object behind a proxy, and wants a result.
    Ask(Key, Object, Option<Argument>),
    /// The application answers a call.
    Return(Reply),
    /// The application answers a call by another, made back to the caller.
    Redirect(Tail),
    /// The application resolves one of its promises.
    Resolve(Object, Argument),
    /// The application drops its last reference to a proxy.
    Drop(Key, Object),
    /// The application keeps nothing of a promise but that it waits for its resolution.
    Wait(Key, Object),
    /// The collector clears the weak reference to a dropped proxy.
    Clear(Key),
    /// A notification is served.
    Notify(Key),
    /// A message is described and counted, and is not on the wire yet.
    BeginSend(VatId, Arguments),
    /// It cannot be sent.
    SendFails,
    /// A message that is half read is read to its end.
    EndRead,
    /// The runtime does something by itself.
    Work(Work),
    /// The vat finds its session with this peer cut, and begins the next.
    Cut(VatId),
    /// The vat crashes, and starts again with nothing.
    Crash,
    /// The vat breaks the protocol, to this peer.
    Fail(VatId, Fault),
}

/// What happens to a message in flight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fate {
    /// The receiver reads it.
    Read,
    /// The receiver begins to read it, and something comes in the middle.
    HalfRead,
    /// It is lost, and its sender learns that something went wrong.
    Lost,
    /// The receiver does not implement it, and says so.
    Refused,
}

/// One step of the world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action<B> {
    /// Something happens to a message in flight.
    Deliver {
        /// The sender.
        from: VatId,
        /// The receiver.
        to: VatId,
        /// Which of the messages in flight between them, in the order they were put on the wire.
        position: usize,
        /// The message.
        message: Message<B>,
        /// What happens.
        fate: Fate,
    },
    /// A vat does something.
    Vat(VatId, Step),
}

impl<B> Action<B> {
    /// The vat that acts.
    pub const fn actor(&self) -> VatId {
        match self {
            Self::Deliver { from, fate: Fate::Lost, .. } => *from,
            Self::Deliver { to, .. } => *to,
            Self::Vat(vat, _) => *vat,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> StepKind {
        match self {
            Self::Deliver { fate, .. } => match fate {
                Fate::Read => StepKind::Deliver,
                Fate::HalfRead => StepKind::BeginRead,
                Fate::Lost => StepKind::Lose,
                Fate::Refused => StepKind::Refuse,
            },
            Self::Vat(_, step) => match step {
                Step::Send(..) => StepKind::Send,
                Step::Call(..) => StepKind::Call,
                Step::Ask(..) => StepKind::Ask,
                Step::Return(_) => StepKind::Return,
                Step::Redirect(_) => StepKind::Redirect,
                Step::Resolve(..) => StepKind::Resolve,
                Step::Drop(..) => StepKind::Drop,
                Step::Wait(..) => StepKind::Wait,
                Step::Clear(_) => StepKind::Clear,
                Step::Notify(_) => StepKind::Notify,
                Step::BeginSend(..) => StepKind::BeginSend,
                Step::SendFails => StepKind::SendFails,
                Step::EndRead => StepKind::EndRead,
                Step::Work(_) => StepKind::Work,
                Step::Cut(_) => StepKind::Cut,
                Step::Crash => StepKind::Crash,
                Step::Fail(..) => StepKind::Fail,
            },
        }
    }
}

impl<B> Action<B> {
    /// The references that the application uses, a call's target first.
    pub fn references(&self) -> Vec<Argument> {
        let proxy = |key, object| Argument::Proxy { key, object };
        let Self::Vat(_, step) = *self else { return Vec::new() };
        match step {
            Step::Send(_, arguments) | Step::BeginSend(_, arguments) => arguments.iter().collect(),
            Step::Call(key, object) => vec![proxy(key, object)],
            Step::Ask(key, object, argument) => {
                std::iter::once(proxy(key, object)).chain(argument).collect()
            }
            Step::Return(reply) => reply.result.into_iter().collect(),
            Step::Redirect(tail) => vec![proxy(tail.target, tail.object)],
            Step::Resolve(promise, to) => vec![Argument::Local(promise), to],
            _ => Vec::new(),
        }
    }

    /// The proxy that the step is about.
    pub const fn place(&self) -> Option<Key> {
        let Self::Vat(_, step) = self else { return None };
        match step {
            Step::Call(key, _)
            | Step::Ask(key, ..)
            | Step::Drop(key, _)
            | Step::Wait(key, _)
            | Step::Clear(key)
            | Step::Notify(key) => Some(*key),
            _ => None,
        }
    }

    /// To whom the application speaks, or whom the step concerns.
    pub const fn addressee(&self) -> Option<VatId> {
        let Self::Vat(_, step) = self else { return None };
        match step {
            Step::Send(to, _)
            | Step::BeginSend(to, _)
            | Step::Fail(to, _)
            | Step::Return(Reply { to, .. })
            | Step::Redirect(Tail { to, .. })
            | Step::Cut(to) => Some(*to),
            Step::Call(key, _) | Step::Ask(key, ..) => Some(key.peer),
            _ => None,
        }
    }
}

impl<B: fmt::Display> Action<B> {
    /// What happens, without saying where.
    pub fn deed(&self) -> String {
        match self {
            Self::Deliver { message, fate, .. } => match fate {
                Fate::Read => format!("reads {message}"),
                Fate::HalfRead => format!("begins to read {message}"),
                Fate::Lost => format!("learns that {message} may be lost"),
                Fate::Refused => format!("does not implement {message}"),
            },
            Self::Vat(vat, step) => step.deed(*vat),
        }
    }
}

impl Step {
    /// What `vat` does.
    pub fn deed(&self, vat: VatId) -> String {
        let to = |peer: &VatId| {
            let plain = vat != VatId::C && *peer != VatId::C;
            if plain { String::new() } else { format!(" to {peer}") }
        };
        match self {
            Self::Send(peer, arguments) => format!("sends {arguments}{}", to(peer)),
            Self::Call(_, object) => format!("calls {object}'s proxy"),
            Self::Ask(_, object, None) => format!("asks {object}'s proxy"),
            Self::Ask(_, object, Some(argument)) => {
                format!("asks {object}'s proxy with {argument}")
            }
            Self::Return(Reply { to: peer, result: None, .. }) => {
                format!("returns nothing{}", to(peer))
            }
            Self::Return(Reply { to: peer, result: Some(result), .. }) => {
                format!("returns {result}{}", to(peer))
            }
            Self::Redirect(Tail { to: peer, object, .. }) => {
                format!("answers by asking {object}'s proxy{}", to(peer))
            }
            Self::Resolve(promise, argument) => format!("resolves {promise} to {argument}"),
            Self::Drop(_, object) => format!("drops {object}'s proxy"),
            Self::Wait(_, object) => format!("only waits for {object}"),
            Self::Clear(key) => format!("'s collector clears {}", key.place(vat)),
            Self::Notify(key) => format!("serves the notification of {}", key.place(vat)),
            Self::BeginSend(peer, arguments) => format!("begins to send {arguments}{}", to(peer)),
            Self::SendFails => "fails to send it".to_owned(),
            Self::EndRead => "reads it to its end".to_owned(),
            Self::Work(work) => work.what.to_owned(),
            Self::Cut(peer) => match to(peer).as_str() {
                "" => "finds the session cut".to_owned(),
                to => format!("finds the session{to} cut"),
            },
            Self::Crash => "crashes and starts again".to_owned(),
            Self::Fail(_, fault) => format!("breaks the protocol: sends {fault}"),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(object) => write!(f, "{object}"),
            Self::Proxy { object, .. } => write!(f, "{object}'s proxy"),
        }
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            None => write!(f, "{}", self.0),
            Some(second) if second == self.0 => write!(f, "{} twice", self.0),
            Some(second) => write!(f, "{} and {second}", self.0),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            None => f.write_str(self.what),
            Some(index) => write!(f, "{} imports[{index}]", self.what),
        }
    }
}

impl<B: fmt::Display> fmt::Display for Action<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deed = self.deed();
        let space = if deed.starts_with('\'') { "" } else { " " };
        write!(f, "{}{space}{deed}", self.actor())
    }
}

impl<B: fmt::Display> fmt::Debug for Action<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
