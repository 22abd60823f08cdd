//! The JSON arrays of `capnweb`.
//!
//! An id belongs to the table of whoever chose it: negative ids are chosen by the exporter, for
//! what it mentions, positive ones by the importer, for its questions, and 0 is the peer's first
//! object on either side. A question's id is not on the wire: each end counts its own pushes.

use super::captp::{shown, whole};
use super::{REFS_MAX, Undecodable, text};
use crate::line::{End, Kind, Mention, Message, Place, Ref, Release};
use serde_json::Value;
use std::collections::BTreeSet;

/// How deep an expression may be nested. JSON text is refused sooner.
const DEPTH_MAX: u32 = 256;

/// How many streamed calls of one end may wait for their result.
const STREAMS_MAX: usize = 1 << 16;

/// The space of what an end exports under a positive id: the answers to its peer's questions.
/// No honest peer mentions or counts these.
const ANSWERS: &str = "q";

/// What the ids of both ends' questions depend on.
#[derive(Clone, Default, Debug)]
pub(super) struct Pushes {
    sent: [u32; 2],
    /// Streamed calls whose result is awaited: it ends the question.
    streams: [BTreeSet<u32>; 2],
}

impl Pushes {
    pub(super) fn decode(&mut self, from: End, value: &Value) -> Result<Message, Undecodable> {
        let parts =
            value.as_array().ok_or_else(|| Undecodable::new("a capnweb message is an array"))?;
        let tag = parts.first().and_then(Value::as_str);
        let tag = tag.ok_or_else(|| Undecodable::new("it does not begin with its type"))?;
        match (tag, parts.as_slice()) {
            ("push" | "stream", [_, expression, ..]) => self.push(from, tag, expression),
            ("pipe", _) => {
                let question = self.next(from)?;
                let text = text::call(tag, [question], NONE);
                Ok(message(Kind::Call, text, Some(question)))
            }
            ("pull", [_, id, ..]) => {
                let id = small(id)?;
                let (index, positive) = magnitude(id)?;
                let wanted = positive.then_some(index);
                Ok(message(Kind::Other, text::call(tag, [id], NONE), wanted))
            }
            ("resolve" | "reject", [_, id, expression, ..]) => {
                self.settle(from, tag, small(id)?, expression)
            }
            ("release", [_, id, count, ..]) => release(tag, small(id)?, whole(count)?),
            ("abort", _) => Ok(message(Kind::Over, tag.into(), None)),
            ("push" | "stream" | "pull" | "resolve" | "reject" | "release", _) => {
                Err(Undecodable::new(format_args!("{tag} lacks something")))
            }
            _ => Err(Undecodable::new(format_args!("{} is an unknown type", shown(&parts[0])))),
        }
    }

    fn next(&mut self, from: End) -> Result<u32, Undecodable> {
        let sent = &mut self.sent[from as usize];
        *sent = sent.checked_add(1).ok_or_else(|| Undecodable::new("too many pushes"))?;
        Ok(*sent)
    }

    fn push(&mut self, from: End, tag: &str, expression: &Value) -> Result<Message, Undecodable> {
        // Counted first: what cannot be decoded is a push all the same.
        let question = self.next(from)?;
        if tag == "stream" {
            let streams = &mut self.streams[from as usize];
            if streams.len() >= STREAMS_MAX {
                return Err(Undecodable::new("too many streamed calls wait for their results"));
            }
            streams.insert(question);
        }
        let mut walk = Walk::default();
        let target = walk.push(expression)?;
        let mut shown = vec![question.to_string()];
        shown.extend(target.as_ref().map(|target| match target {
            Ref::Home(place) => format!("{}", -i64::from(place.index)),
            Ref::Answer(question) => question.to_string(),
            Ref::Mention(_) => String::new(),
        }));
        let text = text::call(tag, shown, walk.shown());
        Ok(Message { target, refs: walk.refs, ..message(Kind::Call, text, Some(question)) })
    }

    fn settle(
        &mut self,
        from: End,
        tag: &str,
        id: i64,
        expression: &Value,
    ) -> Result<Message, Undecodable> {
        let mut walk = Walk::default();
        walk.value(expression, 0)?;
        let text = text::call(tag, [id], walk.shown());
        let refs = walk.refs;
        let (index, positive) = magnitude(id)?;
        Ok(if positive {
            let no_finish = self.streams[from.other() as usize].remove(&index);
            Message { refs, no_finish, ..message(Kind::Return, text, Some(index)) }
        } else {
            let promise = Some(Place { index, space: String::new() });
            Message { refs, promise, ..message(Kind::Resolve, text, None) }
        })
    }
}

/// The receiver's table is meant. The one mention of a question is its push: whoever gives it back
/// is done with the question. Any other count is kept, for the sums to refuse.
fn release(tag: &str, id: i64, count: i64) -> Result<Message, Undecodable> {
    let text = text::call(tag, [id, count], NONE);
    let (index, positive) = magnitude(id)?;
    Ok(match (positive, count) {
        (true, 0) => message(Kind::Other, text, None),
        (true, 1) => message(Kind::Finish, text, Some(index)),
        _ => {
            let space = if positive { ANSWERS.into() } else { String::new() };
            let releases = vec![Release { at: Place { index, space }, count }];
            Message { releases, ..message(Kind::Release, text, None) }
        }
    })
}

const NONE: [&str; 0] = [];

fn message(kind: Kind, text: String, question: Option<u32>) -> Message {
    Message { kind, text, question, ..Message::default() }
}

/// An id: a whole number whose magnitude a trace has room for.
fn small(id: &Value) -> Result<i64, Undecodable> {
    let number = whole(id)?;
    magnitude(number)?;
    Ok(number)
}

/// Without sign; and whether it is positive.
fn magnitude(id: i64) -> Result<(u32, bool), Undecodable> {
    let index = u32::try_from(id.unsigned_abs());
    let index = index.map_err(|_| Undecodable::new(format_args!("the id {id} is too large")))?;
    Ok((index, id > 0))
}

/// The references of one expression, in order. Members of an object come in the order in which
/// the JSON library has them.
#[derive(Default)]
struct Walk {
    refs: Vec<Ref>,
    ids: Vec<String>,
}

impl Walk {
    /// What a pushed expression calls, if it is a call; the rest is walked.
    fn push(&mut self, expression: &Value) -> Result<Option<Ref>, Undecodable> {
        let called = match expression.as_array().map(Vec::as_slice) {
            Some([Value::String(tag), id, rest @ ..])
                if ["import", "pipeline", "remap"].contains(&tag.as_str()) =>
            {
                (tag, id, rest)
            }
            _ => {
                self.value(expression, 0)?;
                return Ok(None);
            }
        };
        let (tag, id, rest) = called;
        let target = imported(small(id)?)?;
        self.arguments(tag, rest, 0)?;
        Ok(Some(target))
    }

    fn value(&mut self, expression: &Value, depth: u32) -> Result<(), Undecodable> {
        if depth > DEPTH_MAX {
            return Err(Undecodable::new("it is nested too deep"));
        }
        match expression {
            Value::Object(members) => {
                members.values().try_for_each(|member| self.value(member, depth + 1))
            }
            Value::Array(items) => match items.as_slice() {
                [Value::Array(items)] => self.values(items, depth),
                [Value::String(tag), rest @ ..] => self.special(tag, rest, depth),
                _ => Err(Undecodable::new("an array that is neither escaped nor has a type")),
            },
            _ => Ok(()),
        }
    }

    fn values(&mut self, items: &[Value], depth: u32) -> Result<(), Undecodable> {
        items.iter().try_for_each(|item| self.value(item, depth + 1))
    }

    fn special(&mut self, tag: &str, rest: &[Value], depth: u32) -> Result<(), Undecodable> {
        match (tag, rest) {
            ("export" | "promise" | "writable", [id, ..]) => {
                let reference = exported(small(id)?, tag == "promise")?;
                self.add(id, reference)
            }
            ("readable", [id, ..]) => self.add(id, imported(small(id)?)?),
            ("import" | "pipeline" | "remap", [id, rest @ ..]) => {
                self.add(id, imported(small(id)?)?)?;
                self.arguments(tag, rest, depth)
            }
            ("error", [_, _, _, Value::Object(members), ..]) => {
                members.values().try_for_each(|member| self.value(member, depth + 1))
            }
            ("request", [_, init]) => ["body", "signal"]
                .into_iter()
                .filter_map(|name| init.get(name))
                .try_for_each(|member| self.value(member, depth + 1)),
            ("response", [body, ..]) | ("blob", [_, body, ..]) => self.value(body, depth + 1),
            (
                "error" | "bigint" | "date" | "bytes" | "undefined" | "inf" | "-inf" | "nan"
                | "url" | "headers",
                _,
            ) => Ok(()),
            _ => Err(Undecodable::new(format_args!(
                "{} is an unknown kind of value, or lacks something",
                shown(&Value::from(tag))
            ))),
        }
    }

    /// What follows the id of a call or of a map: a path and arguments; a path and captures, and
    /// instructions, whose ids are the mapper's own and name no table.
    fn arguments(&mut self, tag: &str, rest: &[Value], depth: u32) -> Result<(), Undecodable> {
        match (tag, rest) {
            ("remap", [_, Value::Array(captures), ..]) => captures.iter().try_for_each(|capture| {
                match capture.as_array().map(Vec::as_slice) {
                    Some([Value::String(kind), id]) if kind == "export" => {
                        self.add(id, exported(small(id)?, false)?)
                    }
                    Some([Value::String(kind), id]) if kind == "import" => {
                        self.add(id, imported(small(id)?)?)
                    }
                    _ => Err(Undecodable::new("a map captures imports and exports only")),
                }
            }),
            ("remap", _) => Err(Undecodable::new("a map without captures")),
            (_, [] | [_]) => Ok(()),
            (_, [_, Value::Array(arguments), ..]) => self.values(arguments, depth),
            _ => Err(Undecodable::new("the arguments of a call are an array")),
        }
    }

    fn add(&mut self, id: &Value, reference: Ref) -> Result<(), Undecodable> {
        if self.refs.len() >= REFS_MAX {
            return Err(Undecodable::new(format_args!("it has over {REFS_MAX} references")));
        }
        if self.ids.len() < text::TEXT_MAX {
            self.ids.push(id.to_string());
        }
        self.refs.push(reference);
        Ok(())
    }

    fn shown(&self) -> &[String] {
        &self.ids
    }
}

/// Something in the sender's import table.
fn imported(id: i64) -> Result<Ref, Undecodable> {
    let (index, positive) = magnitude(id)?;
    Ok(if positive { Ref::Answer(index) } else { Ref::Home(Place { index, space: String::new() }) })
}

/// Something in the sender's export table.
fn exported(id: i64, promise: bool) -> Result<Ref, Undecodable> {
    let (index, positive) = magnitude(id)?;
    let space = if positive { ANSWERS.into() } else { String::new() };
    Ok(Ref::Mention(Mention { at: Place { index, space }, again: None, promise }))
}
