//! The trace that a tap writes down.

use captp_wire::line::{Ended, Ending, Header, Line};
use captp_wire::write::Writer;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// Writes lines to a file, and numbers them as they stand in it; without a file, it only numbers
/// them.
#[derive(Debug)]
pub struct Record {
    to: Option<Writer<BufWriter<File>>>,
    /// The number of the last line; the header is the first.
    line: u64,
}

impl Record {
    /// Nothing is written.
    pub const fn nowhere() -> Self {
        Self { to: None, line: 1 }
    }

    /// Writes to this file, in place of what stands in it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn to(path: &Path, header: &Header) -> io::Result<Self> {
        let mut writer = Writer::new(BufWriter::new(File::create(path)?), header)?;
        writer.flush()?;
        Ok(Self { to: Some(writer), line: 1 })
    }

    /// Writes a line, and returns its number. After an error nothing is written any more.
    pub(super) fn write(&mut self, line: &Line) -> (u64, io::Result<()>) {
        self.line += 1;
        let written = self.to.as_mut().map_or(Ok(0), |writer| writer.write(line.clone()));
        if written.is_err() {
            self.to = None;
        }
        (self.line, written.map(drop))
    }

    /// Hands over what is kept in memory.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let flushed = self.to.as_mut().map_or(Ok(()), Writer::flush);
        if flushed.is_err() {
            self.to = None;
        }
        flushed
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.write(&Line::End(Ended { seq: 0, end: Ending::Cut })).1?;
        self.flush()
    }
}
