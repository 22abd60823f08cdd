//! From the bytes of a stream to whole messages.

mod capnp;
mod newline;
mod websocket;

use crate::decode::{Undecodable, Wire};
use crate::line::End;

/// What a stretch of a stream turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A whole message, without its framing; for Cap'n Proto with its segment table.
    Message(Vec<u8>),
    /// A message that was passed over; the next one is found again.
    Skipped {
        /// How many bytes of it there were.
        bytes: u64,
        /// Why.
        why: Undecodable,
    },
    /// Where the next message begins can no longer be told; nothing follows. Said once.
    Lost(Undecodable),
}

/// Cuts one direction of a stream into messages.
///
/// | wire | framing | limit |
/// |---|---|---|
/// | `captp-json`, `lines` | one JSON text a line | 16 MiB |
/// | `capnweb` | text messages of a WebSocket, with its handshake | 16 MiB |
/// | `capnp` | the segment table | 64 MiB |
///
/// It holds at most one message, never more than the limit, and never more than was fed: what a
/// message announces about its size is not believed. The HTTP batch mode of `capnweb` has no
/// sessions to speak of, and is not followed; nor are compressed WebSocket messages.
#[derive(Debug)]
pub struct Framer(Inner);

#[derive(Debug)]
enum Inner {
    Newline(newline::Lines),
    Capnp(capnp::Segments),
    WebSocket(Box<websocket::Frames>),
    Lost,
}

impl Framer {
    /// At the start of a stream that `from` writes.
    #[must_use]
    pub fn new(wire: Wire, from: End) -> Self {
        let limit = match wire {
            Wire::Capnp => 64 << 20,
            Wire::CaptpJson | Wire::Capnweb | Wire::Lines => 16 << 20,
        };
        Self::with_limit(wire, from, limit)
    }

    /// With a limit in bytes of one's own.
    #[must_use]
    pub fn with_limit(wire: Wire, from: End, limit: usize) -> Self {
        Self(match wire {
            Wire::CaptpJson | Wire::Lines => Inner::Newline(newline::Lines::new(limit)),
            Wire::Capnp => Inner::Capnp(capnp::Segments::new(limit)),
            Wire::Capnweb => Inner::WebSocket(Box::new(websocket::Frames::new(from, limit))),
        })
    }

    /// The next bytes of the stream, however they are cut, and what they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let fed = match &mut self.0 {
            Inner::Newline(lines) => {
                lines.feed(bytes, &mut pieces);
                Ok(())
            }
            Inner::Capnp(segments) => segments.feed(bytes, &mut pieces),
            Inner::WebSocket(frames) => frames.feed(bytes, &mut pieces),
            Inner::Lost => Ok(()),
        };
        if let Err(why) = fed {
            self.0 = Inner::Lost;
            pieces.push(Piece::Lost(why));
        }
        pieces
    }

    /// How many bytes of an unfinished message there are: 0 where the stream may end.
    #[must_use]
    pub fn pending(&self) -> u64 {
        match &self.0 {
            Inner::Newline(lines) => lines.pending(),
            Inner::Capnp(segments) => segments.pending(),
            Inner::WebSocket(frames) => frames.pending(),
            Inner::Lost => 0,
        }
    }
}

fn too_long(limit: usize) -> Undecodable {
    Undecodable::new(format_args!("it is longer than {limit} bytes"))
}

/// `usize` to `u64`: never more than `u64::MAX` on any machine there is.
fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The first `left` of `bytes`, or all, and the rest.
fn split(bytes: &[u8], left: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len())))
}
