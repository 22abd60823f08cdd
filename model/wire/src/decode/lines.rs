//! The messages of a wire trace themselves.

use super::Undecodable;
use crate::line::{End, Message};
use serde_json::Value;

/// A message without number, and with or without `from`.
pub(super) fn decode(from: End, mut value: Value) -> Result<Message, Undecodable> {
    let Value::Object(fields) = &mut value else {
        return Err(Undecodable::new("a message of a wire trace is a JSON object"));
    };
    fields.insert("seq".into(), 0.into());
    if !fields.contains_key("from") {
        fields.insert("from".into(), if from == End::A { "A" } else { "B" }.into());
    }
    let message: Message = serde_json::from_value(value).map_err(|error| {
        Undecodable::new(format_args!("this is no message of a wire trace: {error}"))
    })?;
    if message.from != from {
        return Err(Undecodable::new("it says that the other end has sent it"));
    }
    Ok(message)
}
