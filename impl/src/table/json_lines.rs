//! A trace in a file: one JSON object a line, one line a step.

use super::{Observer, Step};
use crate::protocol::{Descriptor, SessionId};
use core::fmt;
use core::panic::Location;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Writes every step of a session as a line of JSON, in the order in which they are observed.
///
/// ```text
/// {"session":1,"vat":"A","rule":"R1","step":"exported","descriptor":"NewFarDesc","index":0}
/// {"session":1,"vat":"A","rule":"R3","step":"notified","index":4,"delta":1}
/// ```
///
/// The first three fields and `step` are in every line; the others are those of [`Step`]. A line is
/// written whole or, after the first error of the writer, not at all: see [`finish`](Self::finish).
pub struct JsonLines<W> {
    vat: &'static str,
    out: Mutex<(W, io::Result<()>)>,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes the steps of `vat`, which is a name for the lines to carry, to `out`.
    pub const fn new(vat: &'static str, out: W) -> Self {
        Self { vat, out: Mutex::new((out, Ok(()))) }
    }

    /// Flushes, and gives the writer back.
    ///
    /// # Errors
    /// The first error of the writer.
    pub fn finish(self) -> io::Result<W> {
        let (mut out, outcome) = self.out.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome?;
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write + Send> Observer for JsonLines<W> {
    fn observe(&self, session: SessionId, step: &Step, _: &'static Location<'static>) {
        let line = Line { session, vat: self.vat, step };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let (out, outcome) = &mut *out;
        if outcome.is_ok() {
            *outcome = out.write_all(std::format!("{line}\n").as_bytes());
        }
    }
}

struct Line<'a> {
    session: SessionId,
    vat: &'a str,
    step: &'a Step,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, vat, step } = self;
        write!(f, r#"{{"session":{session},"vat":{},"rule":"R{}","#, Quoted(vat), step.rule())?;
        match step {
            Step::Exported { descriptor } => {
                write!(f, r#""step":"exported",{}"#, Described(*descriptor))?;
            }
            Step::Unexported { index, freed } => {
                write!(f, r#""step":"unexported","index":{index},"freed":{freed}"#)?;
            }
            Step::Imported { descriptor, installed } => {
                let descriptor = Described(*descriptor);
                write!(f, r#""step":"imported",{descriptor},"installed":{installed}"#)?;
            }
            Step::Dropped { index } => write!(f, r#""step":"dropped","index":{index}"#)?,
            Step::Notified { index, delta } => {
                write!(f, r#""step":"notified","index":{index},"delta":{delta}"#)?;
            }
            Step::GcExported { index, delta, freed } => {
                write!(
                    f,
                    r#""step":"gc_exported","index":{index},"delta":{delta},"freed":{freed}"#
                )?;
            }
            Step::Refused { violation } => {
                let sentence = std::format!("{violation}");
                write!(f, r#""step":"refused","violation":{}"#, Quoted(&sentence))?;
            }
            Step::Closed { exports } => write!(f, r#""step":"closed","exports":{exports}"#)?,
        }
        f.write_str("}")
    }
}

struct Described(Descriptor);

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Descriptor::NewFarDesc(_) => "NewFarDesc",
            Descriptor::ImportDesc(_) => "ImportDesc",
            Descriptor::ExportDesc(_) => "ExportDesc",
        };
        write!(f, r#""descriptor":"{kind}","index":{}"#, self.0.index())
    }
}

/// A JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
                plain => write!(f, "{plain}")?,
            }
        }
        f.write_str("\"")
    }
}
