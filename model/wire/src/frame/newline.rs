//! One message a line.

use super::{Piece, too_long, wide};

#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    line: Vec<u8>,
    /// How many bytes of a line that is too long were passed over.
    skipped: Option<u64>,
}

impl Lines {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), skipped: None }
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], pieces: &mut Vec<Piece>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.add(&bytes[..end]);
            bytes = &bytes[end + 1..];
            if let Some(skipped) = self.skipped.take() {
                pieces.push(Piece::Skipped { bytes: skipped, why: too_long(self.limit) });
            } else if self.line.iter().all(u8::is_ascii_whitespace) {
                self.line.clear();
            } else {
                pieces.push(Piece::Message(std::mem::take(&mut self.line)));
            }
        }
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        if let Some(skipped) = &mut self.skipped {
            *skipped = skipped.saturating_add(wide(bytes.len()));
        } else if bytes.len() > self.limit - self.line.len() {
            self.skipped = Some(wide(self.line.len()).saturating_add(wide(bytes.len())));
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    pub(super) fn pending(&self) -> u64 {
        self.skipped.unwrap_or_else(|| wide(self.line.len()))
    }
}
