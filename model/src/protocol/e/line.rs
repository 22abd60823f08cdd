//! How E's messages stand in a wire trace. The redirector of a call is the last of its references,
//! and comes home as the last of the result's; a result names the call's question beside it.

use super::body::{Described, EBody, Seat};
use captp_gc::protocol::{Descriptor, Index};
use captp_wire::line::{Kind, Mention, Message, Place, Ref, Release};

impl EBody {
    /// The line, without number and sender. Nothing for what concerns a third vat.
    pub(super) fn in_a_trace(&self) -> Option<Message> {
        let mut line = Message { kind: Kind::Call, ..Message::default() };
        match self {
            Self::Deliver1(only) => line.refs.push(written(only)?),
            Self::Deliver2(first, second) => line.refs = vec![written(first)?, written(second)?],
            Self::Call(target) => line.target = Some(written(target)?),
            Self::Ask { target, argument, question, redirector, .. } => {
                line.question = Some(question.get());
                if let Some(target) = target {
                    line.target = Some(written(target)?);
                }
                if let Some(argument) = argument {
                    line.refs.push(written(argument)?);
                }
                let at = place(*redirector);
                line.refs.push(Ref::Mention(Mention { at, again: Some(false), promise: false }));
            }
            Self::Return { question, result, redirector, .. } => {
                line.kind = Kind::Return;
                line.question = Some(question.get());
                if let Some(result) = result {
                    line.refs.push(written(result)?);
                }
                line.refs.push(Ref::Home(place(*redirector)));
            }
            Self::Redirect { promise, to } => {
                line.kind = Kind::Resolve;
                line.promise = Some(place(*promise));
                if let Some(to) = to {
                    line.refs.push(written(to)?);
                }
            }
            Self::GcExport { index, delta, .. } => {
                line.kind = Kind::Release;
                line.releases.push(Release { at: place(*index), count: (*delta).into() });
            }
            Self::GcAnswer { answer, .. } => {
                line.kind = Kind::Finish;
                line.question = Some(answer.get());
            }
            Self::Provide(..) | Self::Accept(..) | Self::Accepted(..) => return None,
        }
        Some(line)
    }
}

fn written(described: &Described) -> Option<Ref> {
    let at = place(described.descriptor.index());
    let promise = described.seat == Seat::Promise;
    Some(match (described.seat, described.descriptor) {
        (Seat::Third { .. }, _) => return None,
        (Seat::Answer, _) => Ref::Answer(at.index),
        (_, Descriptor::NewFarDesc(_)) => Ref::Mention(Mention { at, again: Some(false), promise }),
        (_, Descriptor::ImportDesc(_)) => Ref::Mention(Mention { at, again: Some(true), promise }),
        (_, Descriptor::ExportDesc(_)) => Ref::Home(at),
    })
}

const fn place(index: Index) -> Place {
    Place { index: index.get(), space: String::new() }
}
