//! A message on its way: what the wire shows, and the plain data beside it.

use captp_gc::protocol::{Descriptor, Index};
use captp_wire::line::{Mention, Message, Place, Ref};
use serde_json::Value;

/// A message that is held back.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) line: Message,
    pub(crate) says: Says,
}

/// The plain data in a message. A hostile one has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Says {
    /// What the sender calls the references, a redirector apart.
    pub(crate) names: Vec<String>,
    /// What the caller calls its question.
    pub(crate) question: Option<String>,
    /// The call is a probe.
    pub(crate) probe: bool,
    /// The answer to a probe.
    pub(crate) answer: Option<Result<String, String>>,
}

impl Letter {
    /// As `raw` has it: without the number of a line, which is for a trace to give.
    pub(crate) fn raw(&self) -> Value {
        let mut raw = serde_json::to_value(&self.line).unwrap_or_default();
        if let Value::Object(fields) = &mut raw {
            fields.remove("seq");
        }
        raw
    }
}

pub(crate) fn place(index: u32) -> Place {
    Place { index, space: String::new() }
}

/// As the wire shows it.
pub(crate) fn shown(descriptor: Descriptor) -> Ref {
    let at = place(descriptor.index().get());
    let mention = |at, again| Ref::Mention(Mention { at, again: Some(again), promise: false });
    match descriptor {
        Descriptor::NewFarDesc(_) => mention(at, false),
        Descriptor::ImportDesc(_) => mention(at, true),
        Descriptor::ExportDesc(_) => Ref::Home(at),
    }
}

/// As the wire shows a promise, which never comes again.
pub(crate) fn shown_promise(index: Index) -> Ref {
    Ref::Mention(Mention { at: place(index.get()), again: Some(false), promise: true })
}

/// What the wire shows, as the tables read it.
///
/// # Errors
/// What no peer of this kind writes.
pub(crate) fn read(shown: &Ref) -> Result<Descriptor, String> {
    let index = |at: &Place| match &*at.space {
        "" => Ok(Index::new(at.index)),
        space => Err(format!("there are no exports of the kind '{space}'")),
    };
    match shown {
        Ref::Mention(Mention { at, again: Some(true), promise: true }) => {
            Err(format!("a promise at {}, and it comes again", at.index))
        }
        Ref::Mention(Mention { at, again: Some(false), .. }) => {
            index(at).map(Descriptor::NewFarDesc)
        }
        Ref::Mention(Mention { at, again: Some(true), .. }) => {
            index(at).map(Descriptor::ImportDesc)
        }
        Ref::Mention(Mention { at, again: None, .. }) => {
            Err(format!("a mention of {} that does not say whether it comes again", at.index))
        }
        Ref::Home(at) => index(at).map(Descriptor::ExportDesc),
        Ref::Answer(place) => Err(format!("answer {place} as an argument")),
    }
}
