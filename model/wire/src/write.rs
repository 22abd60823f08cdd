//! Writing a wire trace.

use crate::line::{Header, Line};
use std::io::{self, Write};

/// Writes a wire trace, and numbers its lines.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    seq: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(mut to: W, header: &Header) -> io::Result<Self> {
        serde_json::to_writer(&mut to, header)?;
        to.write_all(b"\n")?;
        Ok(Self { to, seq: 0 })
    }

    /// Writes a line with the next number, whatever number it has, and returns that.
    ///
    /// # Errors
    /// It cannot be written; or, of kind [`io::ErrorKind::InvalidData`], its parts do not fit
    /// together, and nothing was written.
    pub fn write(&mut self, mut line: Line) -> io::Result<u64> {
        let checked = match &line {
            Line::Message(message) => message.check(),
            Line::Local(local) => local.check(),
            Line::Tables(_) | Line::End(_) => Ok(()),
        };
        checked.map_err(|wrong| io::Error::new(io::ErrorKind::InvalidData, wrong))?;
        let seq = self.seq + 1;
        line.set_seq(seq);
        serde_json::to_writer(&mut self.to, &line)?;
        self.to.write_all(b"\n")?;
        self.seq = seq;
        Ok(seq)
    }

    /// Hands over what is kept in memory.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// What it writes to.
    pub fn into_inner(self) -> W {
        self.to
    }
}
