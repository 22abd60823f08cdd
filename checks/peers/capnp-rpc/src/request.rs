//! Requests, read from lines of JSON.

use crate::event::{End, Ref};
use data_encoding::BASE64;
use serde_json::Value;

/// What is to be done; see docs/adapter.md.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    Open,
    Send { vat: End, refs: Vec<Ref> },
    FailSend { vat: End, refs: Vec<Ref> },
    Call { vat: End, target: String },
    Ask { vat: End, target: String, refs: Vec<Ref>, question: String },
    Return { vat: End, question: String, refs: Vec<Ref> },
    Resolve { vat: End, promise: String, refs: Vec<Ref> },
    Drop { vat: End, name: String },
    DropOne { vat: End, name: String },
    Deliver { to: End },
    Probe { vat: End, name: String, probe: u64 },
    Hostile { to: End, raw: Vec<u8> },
    Cut { vat: End },
    Forget,
    Witness,
    Memory,
}

impl Request {
    /// # Errors
    ///
    /// Says what is wrong with a line that is no request, or one that this adapter cannot do.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let fields: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let vat = || end(&fields, "vat");
        let to = || end(&fields, "to");
        let text = |field| text(&fields, field).map(str::to_owned);
        let refs = || refs(&fields);
        Ok(match self::text(&fields, "do")? {
            "open" => Self::Open,
            "send" => Self::Send { vat: vat()?, refs: refs()? },
            "fail-send" => Self::FailSend { vat: vat()?, refs: refs()? },
            "call" => Self::Call { vat: vat()?, target: text("target")? },
            "ask" => Self::Ask {
                vat: vat()?,
                target: text("target")?,
                refs: refs()?,
                question: text("question")?,
            },
            "return" => Self::Return { vat: vat()?, question: text("question")?, refs: refs()? },
            "resolve" => Self::Resolve { vat: vat()?, promise: text("promise")?, refs: refs()? },
            "drop" => Self::Drop { vat: vat()?, name: text("name")? },
            "drop-one" => Self::DropOne { vat: vat()?, name: text("name")? },
            "deliver" => Self::Deliver { to: to()? },
            "probe" => {
                let probe = fields["probe"].as_u64().ok_or("`probe` is no number")?;
                Self::Probe { vat: vat()?, name: text("name")?, probe }
            }
            "hostile" => {
                let raw = BASE64.decode(text("raw")?.as_bytes());
                Self::Hostile { to: to()?, raw: raw.map_err(|error| error.to_string())? }
            }
            "cut" => Self::Cut { vat: vat()? },
            "forget" => Self::Forget,
            "witness" => Self::Witness,
            "memory" => Self::Memory,
            other => return Err(format!("this adapter cannot {other}")),
        })
    }
}

fn text<'a>(fields: &'a Value, field: &str) -> Result<&'a str, String> {
    fields[field].as_str().ok_or_else(|| format!("`{field}` is no text"))
}

fn end(fields: &Value, field: &str) -> Result<End, String> {
    match text(fields, field)? {
        "A" => Ok(End::A),
        "B" => Ok(End::B),
        other => Err(format!("there is no vat {other}")),
    }
}

fn refs(fields: &Value) -> Result<Vec<Ref>, String> {
    let list = fields["refs"].as_array().ok_or("`refs` is no list")?;
    list.iter()
        .map(|item| {
            let name = |field: &str| item[field].as_str().map(str::to_owned);
            name("own")
                .map(Ref::Own)
                .or_else(|| name("promise").map(Ref::Promise))
                .or_else(|| name("held").map(Ref::Held))
                .ok_or_else(|| format!("{item} is no reference"))
        })
        .collect()
}
