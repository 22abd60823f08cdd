//! Cap'n Proto's segment table: how many segments, less one; how many words each has; padding.

use super::{Piece, split, too_long, wide};
use crate::decode::Undecodable;
use capnp::serialize::SEGMENTS_COUNT_LIMIT;

#[derive(Debug)]
pub(super) struct Segments {
    limit: usize,
    message: Vec<u8>,
    skipping: Option<Skipping>,
}

#[derive(Debug)]
struct Skipping {
    bytes: u64,
    left: u64,
}

impl Segments {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, message: Vec::new(), skipping: None }
    }

    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        pieces: &mut Vec<Piece>,
    ) -> Result<(), Undecodable> {
        while !bytes.is_empty() {
            if let Some(skipping) = &mut self.skipping {
                let (skipped, rest) = split(bytes, skipping.left);
                bytes = rest;
                skipping.left -= wide(skipped.len());
                if skipping.left == 0 {
                    pieces
                        .push(Piece::Skipped { bytes: skipping.bytes, why: too_long(self.limit) });
                    self.skipping = None;
                }
                continue;
            }
            let (more, rest) = split(bytes, self.needs()? - wide(self.message.len()));
            self.message.extend_from_slice(more);
            bytes = rest;
            let have = wide(self.message.len());
            let needs = self.needs()?;
            if have == needs {
                pieces.push(Piece::Message(std::mem::take(&mut self.message)));
            } else if needs > wide(self.limit) {
                self.message = Vec::new();
                self.skipping = Some(Skipping { bytes: needs, left: needs - have });
            }
        }
        Ok(())
    }

    /// How many bytes the message has, as far as can be told from what there is of it: more than
    /// there are, unless it is whole.
    fn needs(&self) -> Result<u64, Undecodable> {
        let Some((count, sizes)) = self.message.split_first_chunk() else {
            return Ok(4);
        };
        let count = u64::from(u32::from_le_bytes(*count)) + 1;
        if count >= wide(SEGMENTS_COUNT_LIMIT) {
            let why =
                format_args!("a message with {count} segments: this is no Cap'n Proto stream");
            return Err(Undecodable::new(why));
        }
        let table = (4 + 4 * count).next_multiple_of(8);
        if wide(self.message.len()) < table {
            return Ok(table);
        }
        let (sizes, _) = sizes.as_chunks();
        let sizes = sizes.iter().zip(0..count).map(|(words, _)| *words);
        let words: u64 = sizes.map(|words| u64::from(u32::from_le_bytes(words))).sum();
        Ok(table + 8 * words)
    }

    pub(super) fn pending(&self) -> u64 {
        match &self.skipping {
            Some(skipping) => skipping.bytes - skipping.left,
            None => wide(self.message.len()),
        }
    }
}
