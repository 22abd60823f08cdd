//! How the messages of the mention-counting family stand in a wire trace.

use super::{Desc, Op, Wired};
use crate::world::Table;
use captp_wire::line::{Kind, Mention, Message, Place, Ref, Release};

impl<W> Op<W> {
    /// The line, without number and sender. Nothing for calls that are answered by another.
    pub(super) fn in_a_trace(&self) -> Option<Message> {
        let mut line = Message { kind: Kind::Call, ..Message::default() };
        match self {
            Self::Deliver(wired) => line.refs = wired.iter().map(written).collect(),
            Self::Call(target) => line.target = Some(written(target)),
            Self::Ask { target, argument, question, .. } => {
                line.question = Some(question.get());
                line.target = target.as_ref().map(written);
                line.refs = argument.iter().map(written).collect();
            }
            Self::Return(returned) => {
                line.kind = Kind::Return;
                line.question = Some(returned.question.get());
                line.refs = returned.result.iter().map(written).collect();
                line.release_params = returned.release_params;
            }
            Self::Finish(finish) => {
                line.kind = Kind::Finish;
                line.question = Some(finish.answer.get());
                line.release_results = finish.release_results;
            }
            Self::Resolve { promise, to } => {
                line.kind = Kind::Resolve;
                line.promise = Some(place(promise.get()));
                line.refs = to.iter().map(written).collect();
            }
            Self::NotResolved { to, .. } => {
                line.kind = Kind::Unimplemented;
                line.refs = to.iter().map(written).collect();
            }
            Self::Release(given) => {
                line.kind = Kind::Release;
                let release =
                    |g: &super::Given| Release { at: place(g.index.get()), count: g.delta.into() };
                line.releases = given.iter().map(release).collect();
            }
            Self::AskForYou { .. } | Self::Redirect { .. } => return None,
            Self::Words(_, never) => match *never {},
        }
        Some(line)
    }
}

fn written(wired: &Wired) -> Ref {
    match wired.desc {
        Desc::Mention { index, promise, .. } => {
            Ref::Mention(Mention { at: place(index.get()), again: None, promise })
        }
        Desc::Home(at) if at.table == Table::Answers => Ref::Answer(at.index.get()),
        Desc::Home(at) => Ref::Home(place(at.index.get())),
    }
}

const fn place(index: u32) -> Place {
    Place { index, space: String::new() }
}
