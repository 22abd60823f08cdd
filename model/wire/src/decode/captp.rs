//! The JSON objects of `@endo/captp`.
//!
//! A slot is a kind, a sign and a number: `o+1`. The sign is as the sender sees it, `+` mine and
//! `-` yours, with one exception: `promiseID` of `CTP_RESOLVE` is as the receiver sees it.

use super::{Undecodable, text};
use crate::line::{Kind, Mention, Message, Place, Ref, Release};
use serde_json::{Map, Value};
use std::fmt;

type Fields = Map<String, Value>;

/// A slot, parsed.
#[derive(Clone, Copy)]
struct Slot {
    kind: char,
    mine: bool,
    number: u32,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.kind, if self.mine { '+' } else { '-' }, self.number)
    }
}

impl Slot {
    fn parse(value: &Value) -> Result<Self, Undecodable> {
        let no = || Undecodable::new(format_args!("{} is no slot", shown(value)));
        let name = value.as_str().ok_or_else(no)?;
        let mut chars = name.chars();
        let kind = chars.next().filter(|kind| "opqt".contains(*kind)).ok_or_else(no)?;
        let mine = match chars.next() {
            Some('+') => true,
            Some('-') => false,
            _ => return Err(no()),
        };
        let digits = chars.as_str();
        // The peer compares slots as strings: `o+01` is not `o+1`.
        let canonical = digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let number = digits.parse().ok().filter(|_| canonical).ok_or_else(no)?;
        Ok(Self { kind, mine, number })
    }

    fn place(self) -> Place {
        let space = if self.kind == 'o' { String::new() } else { self.kind.to_string() };
        Place { index: self.number, space }
    }

    fn reference(self) -> Ref {
        match (self.mine, self.kind) {
            (true, kind) => {
                Ref::Mention(Mention { at: self.place(), again: None, promise: kind == 'p' })
            }
            (false, 'q') => Ref::Answer(self.number),
            (false, _) => Ref::Home(self.place()),
        }
    }

    /// A question, which both ends call `q-N`.
    fn question(self) -> Result<u32, Undecodable> {
        if self.kind == 'q' && !self.mine {
            return Ok(self.number);
        }
        Err(Undecodable::new(format_args!("{self} is no question")))
    }
}

pub(super) fn decode(value: &Value) -> Result<Message, Undecodable> {
    let fields =
        value.as_object().ok_or_else(|| Undecodable::new("a CapTP message is a JSON object"))?;
    let kind = match fields.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        _ => return Err(Undecodable::new("it has no type")),
    };
    match kind {
        "CTP_BOOTSTRAP" => {
            let question = slot(fields, "questionID")?;
            let text = text::call(kind, [question], NONE);
            let question = Some(question.question()?);
            Ok(Message { kind: Kind::Bootstrap, question, text, ..Message::default() })
        }
        "CTP_CALL" => call(kind, fields),
        "CTP_RETURN" => {
            let answer = slot(fields, "answerID")?;
            let slots = either(fields, "exception", "result")?;
            Ok(Message {
                kind: Kind::Return,
                question: Some(answer.question()?),
                text: text::call(kind, [answer], &slots),
                refs: references(&slots),
                ..Message::default()
            })
        }
        "CTP_RESOLVE" => {
            let promise = slot(fields, "promiseID")?;
            if promise.mine {
                let why = "of the receiver's own, which the sender cannot resolve";
                return Err(Undecodable::new(format_args!("{promise} is a promise {why}")));
            }
            let slots = either(fields, "rej", "res")?;
            Ok(Message {
                kind: Kind::Resolve,
                promise: Some(promise.place()),
                text: text::call(kind, [promise], &slots),
                refs: references(&slots),
                ..Message::default()
            })
        }
        "CTP_DROP" => drop_slot(kind, fields),
        "CTP_DISCONNECT" => {
            Ok(Message { kind: Kind::Over, text: kind.into(), ..Message::default() })
        }
        "CTP_TRAP_ITERATE" => {
            Ok(Message { kind: Kind::Other, text: kind.into(), ..Message::default() })
        }
        _ => Err(Undecodable::new(format_args!("{} is an unknown type", shown(&fields["type"])))),
    }
}

const NONE: [Slot; 0] = [];

fn call(kind: &str, fields: &Fields) -> Result<Message, Undecodable> {
    let target = slot(fields, "target")?;
    let question = match fields.get("questionID") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(value) => Some(Slot::parse(value)?),
    };
    let method = fields.get("method").ok_or_else(|| Undecodable::new("it has no method"))?;
    let slots = slots(method, "method")?;
    let names = question.into_iter().chain([target]);
    Ok(Message {
        kind: Kind::Call,
        text: text::call(kind, names, &slots),
        question: question.map(Slot::question).transpose()?,
        target: Some(target.reference()),
        refs: references(&slots),
        ..Message::default()
    })
}

/// `CTP_DROP`. A question is done with by any positive count: the peer keeps no count of mentions
/// for answers that an answer would outlive.
fn drop_slot(kind: &str, fields: &Fields) -> Result<Message, Undecodable> {
    let dropped = slot(fields, "slotID")?;
    if dropped.mine {
        let why = "is the sender's own: only the receiver's exports can be dropped";
        return Err(Undecodable::new(format_args!("{dropped} {why}")));
    }
    let count = match fields.get("decRefs") {
        None => 0,
        Some(value) => whole(value)?,
    };
    let text = text::call(kind, [dropped.to_string(), count.to_string()], NONE);
    let message = Message { text, ..Message::default() };
    Ok(if dropped.kind != 'q' {
        let releases = vec![Release { at: dropped.place(), count }];
        Message { kind: Kind::Release, releases, ..message }
    } else if count > 0 {
        Message { kind: Kind::Finish, question: Some(dropped.number), ..message }
    } else {
        Message { kind: Kind::Other, ..message }
    })
}

fn slot(fields: &Fields, name: &str) -> Result<Slot, Undecodable> {
    let value = fields.get(name);
    Slot::parse(value.ok_or_else(|| Undecodable::new(format_args!("it has no {name}")))?)
}

/// The slots of the first of two fields that is there.
fn either(fields: &Fields, first: &str, second: &str) -> Result<Vec<Slot>, Undecodable> {
    for name in [first, second] {
        if let Some(value) = fields.get(name) {
            return slots(value, name);
        }
    }
    Err(Undecodable::new(format_args!("it has neither {first} nor {second}")))
}

fn slots(data: &Value, name: &str) -> Result<Vec<Slot>, Undecodable> {
    let slots = data.get("slots").and_then(Value::as_array);
    let slots = slots.ok_or_else(|| Undecodable::new(format_args!("{name} has no slots")))?;
    slots.iter().take(super::REFS_MAX + 1).map(Slot::parse).collect()
}

fn references(slots: &[Slot]) -> Vec<Ref> {
    slots.iter().map(|slot| slot.reference()).collect()
}

/// A whole number, as JavaScript sees it: 3.0 is one.
pub(super) fn whole(value: &Value) -> Result<i64, Undecodable> {
    let number = value.as_i64().or_else(|| value.as_f64().and_then(exact));
    number.ok_or_else(|| Undecodable::new(format_args!("{} is no whole number", shown(value))))
}

fn exact(number: f64) -> Option<i64> {
    // Beyond this, neighbouring whole numbers are the same to a peer that counts in floats.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT_MAX {
        return None;
    }
    format!("{number:.0}").parse().ok()
}

/// The beginning of a value, for a sentence about it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        Value::String(string) => format!("{:?}", text::clipped(string, 24)),
        other => other.to_string(),
    }
}
