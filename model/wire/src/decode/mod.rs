//! From what a system writes on the wire to the messages of a wire trace.
//!
//! A [`Decoder`] follows one session in both directions. Whatever it is fed it neither panics nor
//! takes more memory than a fixed multiple of the message: what it cannot make sense of is
//! [`Undecodable`], with a sentence that says why. Numbers that no honest peer would send are
//! kept as they are where the trace has room for them.

mod capnp;
mod capnweb;
mod captp;
mod lines;
mod text;

use crate::line::{End, Message, Ref};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// How many references one message may carry. More is [`Undecodable`].
pub const REFS_MAX: usize = 1 << 16;

/// How the messages of a session are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wire {
    /// JSON objects as `@endo/captp` has them. In a stream, one a line.
    CaptpJson,
    /// JSON arrays as `capnweb` has them. In a stream, text frames of a WebSocket.
    Capnweb,
    /// Framed messages of Cap'n Proto's `rpc.capnp`. In JSON, base64.
    Capnp,
    /// The messages of a wire trace themselves, without number. In a stream, one a line.
    Lines,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::CaptpJson, Self::Capnweb, Self::Capnp, Self::Lines];

    /// Its name on a command line, and in an adapter's first line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CaptpJson => "captp-json",
            Self::Capnweb => "capnweb",
            Self::Capnp => "capnp",
            Self::Lines => "lines",
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Wire {
    type Err = UnknownWire;

    fn from_str(name: &str) -> Result<Self, UnknownWire> {
        Self::ALL.into_iter().find(|wire| wire.name() == name).ok_or(UnknownWire)
    }
}

/// No [`Wire`] has this name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownWire;

impl fmt::Display for UnknownWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wire is one of captp-json, capnweb, capnp and lines")
    }
}

impl std::error::Error for UnknownWire {}

/// A message that says nothing which a trace could hold, and why, in one sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undecodable(String);

impl Undecodable {
    /// `why` is shortened, and stripped of control characters.
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self(text::clipped(&why.to_string(), text::WHY_MAX))
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Undecodable {}

/// Decodes the messages of one session, in the order in which they were sent.
#[derive(Clone, Debug)]
pub struct Decoder {
    wire: Wire,
    capnweb: capnweb::Pushes,
}

impl Decoder {
    /// At the start of a session.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        Self { wire, capnweb: capnweb::Pushes::default() }
    }

    /// The message that `from` wrote as these bytes: JSON text, or Cap'n Proto with its segment
    /// table. `seq` is left 0, for the caller to number.
    ///
    /// # Errors
    /// The bytes are no message of this wire, or one that a trace has no room for.
    pub fn decode(&mut self, from: End, raw: &[u8]) -> Result<Message, Undecodable> {
        if self.wire == Wire::Capnp {
            return checked(capnp::decode(raw)?, from);
        }
        let value = serde_json::from_slice(raw)
            .map_err(|error| Undecodable::new(format_args!("this is no JSON: {error}")))?;
        self.json(from, &value)
    }

    /// The same for `raw` as an adapter reports it: for Cap'n Proto base64, otherwise the JSON
    /// value or its text.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_value(&mut self, from: End, raw: &Value) -> Result<Message, Undecodable> {
        match (self.wire, raw) {
            (Wire::Capnp, Value::String(text)) => {
                let bytes = crate::encode::base64_bytes(text)
                    .ok_or_else(|| Undecodable::new("this is no base64"))?;
                self.decode(from, &bytes)
            }
            (Wire::Capnp, _) => Err(Undecodable::new("a Cap'n Proto message is a base64 string")),
            (_, Value::String(text)) => self.decode(from, text.as_bytes()),
            (_, value) => self.json(from, value),
        }
    }

    fn json(&mut self, from: End, value: &Value) -> Result<Message, Undecodable> {
        let message = match self.wire {
            Wire::CaptpJson => captp::decode(value)?,
            Wire::Capnweb => self.capnweb.decode(from, value)?,
            Wire::Lines => lines::decode(from, value.clone())?,
            Wire::Capnp => return Err(Undecodable::new("Cap'n Proto is not written in JSON")),
        };
        checked(message, from)
    }
}

fn checked(message: Message, from: End) -> Result<Message, Undecodable> {
    room(&message.refs)?;
    let text = text::clipped(&message.text, text::TEXT_MAX);
    Ok(Message { seq: 0, session: 1, from, text, ..message })
}

/// Refuses more than [`REFS_MAX`] references.
fn room(refs: &[Ref]) -> Result<(), Undecodable> {
    if refs.len() > REFS_MAX {
        return Err(Undecodable::new(format_args!("it carries more than {REFS_MAX} references")));
    }
    Ok(())
}
