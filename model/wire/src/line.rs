//! The lines of a wire trace.
//!
//! They are written as serde writes them, and read by hand, so that what is
//! wrong with a line is said in a sentence.

use serde::Serialize;

/// The name and version of the format, in the first line of every trace.
pub const FORMAT: &str = "captp-gc/wire/1";

/// One of the two ends of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub enum End {
    /// For a tap, the end that has connected.
    #[default]
    A,
    /// For a tap, the end that was connected to.
    B,
}

/// The first line: what the trace is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Header {
    /// [`FORMAT`].
    pub trace: String,
    /// The system whose rules the trace is to be held against, as `model list --systems` names it.
    pub system: String,
    /// What was spoken and by whom, in words: `@endo/captp 4.5.1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// Whether it says when each message was read. Without, a message may be read at any time
    /// after it was sent.
    pub reads: bool,
    /// Whether it says when proxies were dropped, cleared and notified.
    pub locals: bool,
}

/// Any later line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// A message was put on the wire.
    Message(Message),
    /// Something happened inside one end.
    Local(Local),
    /// What somebody inside says stands in the tables now.
    Tables(Tables),
    /// Nothing follows.
    End(Ended),
}

/// A message was put on the wire (or passed the tap).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Message {
    /// Numbers the lines of one trace after the header, from 1, without gaps.
    pub seq: u64,
    /// The connection; 1 if left out.
    #[serde(skip_serializing_if = "is_first")]
    pub session: u32,
    /// Who sent it.
    pub from: End,
    /// What kind of message it is.
    pub kind: Kind,
    /// `bootstrap` and `call`: the question that it asks, if a result is wanted. `return`: the
    /// receiver's question that it answers. `finish`: the sender's question that is done with.
    /// `other`: the sender's question whose result is wanted after all, where a call alone does not
    /// say so (capnweb's `pull`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<u32>,
    /// `call`: what is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Ref>,
    /// The references that it carries, in order; one that occurs twice is here twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Ref>,
    /// `release`: what is given back of the receiver's exports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
    /// `resolve`: the sender's export that is resolved, to the only one of `refs`, or broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Place>,
    /// `return`: the mentions among the parameters of the call are given back, one each.
    #[serde(skip_serializing_if = "is_false")]
    pub release_params: bool,
    /// `finish`: the mentions in the results are given back, one each, even if they are still on
    /// their way.
    #[serde(skip_serializing_if = "is_false")]
    pub release_results: bool,
    /// `return`: the question is done with, and no `finish` follows.
    #[serde(skip_serializing_if = "is_false")]
    pub no_finish: bool,
    /// What the system calls it, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What kind of message it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Asks for the peer's first object.
    Bootstrap,
    /// A call, with arguments; also a message to no object in particular.
    Call,
    /// The result of a call.
    Return,
    /// The caller is done with a question.
    Finish,
    /// Mentions are given back.
    Release,
    /// A promise that was exported is resolved.
    Resolve,
    /// A message comes back from a receiver that does not implement it; `refs` are what it carried,
    /// as it stood there: its mentions, of exports of the receiver of this one, thereby count as
    /// given back.
    Unimplemented,
    /// The sender ends the session.
    Over,
    /// Nothing that concerns references.
    #[default]
    Other,
}

/// A reference in a message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ref {
    /// One of the sender's exports: counted.
    Mention(Mention),
    /// One of the receiver's exports goes home, or is called: not counted.
    Home(Place),
    /// The answer to one of the sender's questions, which stands in the receiver's table.
    Answer(u32),
}

/// A mention of one of the sender's exports.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Mention {
    /// Where.
    #[serde(flatten)]
    pub at: Place,
    /// Where the wire says so: whether the entry was there before (`false`: first mention).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<bool>,
    /// Whether it is described as a promise.
    #[serde(skip_serializing_if = "is_false")]
    pub promise: bool,
}

/// A place in an export table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Place {
    /// The index, without sign.
    pub index: u32,
    /// Where a system numbers several kinds of exports apart, which kind: `p` for `@endo/captp`'s
    /// promises. Empty for the usual one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub space: String,
}

/// Mentions given back. The count is as the wire has it, however absurd.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Release {
    /// The receiver's export.
    #[serde(flatten)]
    pub at: Place,
    /// How many mentions.
    pub count: i64,
}

/// Something happened inside one end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Local {
    /// Numbers the lines of one trace.
    pub seq: u64,
    /// The connection; 1 if left out.
    #[serde(skip_serializing_if = "is_first")]
    pub session: u32,
    /// Where it happened.
    pub at: End,
    /// What.
    pub event: Event,
    /// `drop`, `clear`, `notify`: the import. Left out for `read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<Place>,
    /// `drop`, `clear`, `notify` of a question, in place of `import`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<u32>,
}

/// What happened inside one end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The next message from the other end was read.
    Read,
    /// The application let go of a proxy.
    Drop,
    /// The collector cleared the weak reference to it.
    Clear,
    /// Its notification was served.
    Notify,
}

/// What somebody inside says stands in the tables now. What is left out was not looked at. What is
/// said just before the last line holds at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tables {
    /// Numbers the lines of one trace.
    pub seq: u64,
    /// The connection; 1 if left out.
    #[serde(skip_serializing_if = "is_first")]
    pub session: u32,
    /// Whose tables.
    pub tables: End,
    /// How many entries the export table has, not counting answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exports: Option<u64>,
    /// How many entries the import table has, not counting questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imports: Option<u64>,
    /// How many questions are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<u64>,
    /// How many answers are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
}

/// The last line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ended {
    /// Numbers the lines of one trace.
    pub seq: u64,
    /// How it ends.
    pub end: Ending,
}

/// How a trace ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Somewhere: nothing is said about what is left.
    Cut,
    /// Everything sent was read, and every notification served.
    Quiescent,
    /// And the applications hold nothing any more but each other's first object.
    Dropped,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
const fn is_first(session: &u32) -> bool {
    *session == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
