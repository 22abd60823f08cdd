//! The text messages of a WebSocket, followed from outside.
//!
//! The handshake passes. Text messages are put together from their frames, unmasked. Control
//! frames pass, also between the frames of a message. Binary messages and those that need an
//! extension (compression) are skipped.

use super::{Piece, split, too_long, wide};
use crate::decode::Undecodable;
use crate::line::End;

/// How long the handshake's head may be.
const HEAD_MAX: usize = 64 << 10;

/// The longest header of a frame.
const HEADER_MAX: usize = 14;

#[derive(Debug)]
pub(super) struct Frames {
    from: End,
    limit: usize,
    stage: Stage,
    /// The handshake's head, or the header of a frame, as far as it has come.
    head: Vec<u8>,
    message: Message,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Handshake,
    Header,
    Payload(Frame),
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    data: bool,
    last: bool,
    mask: [u8; 4],
    read: u64,
    left: u64,
}

/// The message that the frames so far are part of.
#[derive(Debug)]
enum Message {
    None,
    Text(Vec<u8>),
    Skipped { bytes: u64, why: Undecodable },
}

impl Frames {
    pub(super) const fn new(from: End, limit: usize) -> Self {
        let stage = Stage::Handshake;
        Self { from, limit, stage, head: Vec::new(), message: Message::None }
    }

    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        pieces: &mut Vec<Piece>,
    ) -> Result<(), Undecodable> {
        while !bytes.is_empty() {
            match self.stage {
                Stage::Handshake => bytes = self.handshake(bytes)?,
                Stage::Header => {
                    self.head.push(bytes[0]);
                    bytes = &bytes[1..];
                    if let Some((first, frame)) = self.header()? {
                        self.head.clear();
                        self.begin(first, frame, pieces);
                    }
                }
                Stage::Payload(frame) => bytes = self.payload(frame, bytes, pieces),
            }
        }
        Ok(())
    }

    fn handshake<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Undecodable> {
        let before = self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD_MAX + 1 - before)]);
        let from = before.saturating_sub(3);
        let end = self.head[from..].windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end.map(|end| from + end + 4) else {
            if self.head.len() > HEAD_MAX {
                return Err(Undecodable::new("this is no WebSocket: its handshake does not end"));
            }
            return Ok(&[]);
        };
        self.head.truncate(end);
        let head = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
        let status = head.lines().next().and_then(|line| line.split(' ').nth(1));
        let upgraded = match self.from {
            End::A => head.lines().any(|line| {
                line.split_once(':')
                    .is_some_and(|(name, value)| name == "upgrade" && value.contains("websocket"))
            }),
            End::B => status == Some("101"),
        };
        if !upgraded {
            return Err(Undecodable::new(
                "this is no WebSocket; the HTTP batch mode of capnweb is not followed",
            ));
        }
        self.head.clear();
        self.stage = Stage::Header;
        Ok(&bytes[end - before..])
    }

    /// The first byte of the header and the frame, if the header is whole.
    fn header(&self) -> Result<Option<(u8, Frame)>, Undecodable> {
        let Some((&[first, second], rest)) = self.head.split_first_chunk() else {
            return Ok(None);
        };
        let (length, rest) = match second & 0x7f {
            126 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            short => (u64::from(short), rest),
        };
        if length >> 63 == 1 {
            return Err(Undecodable::new(format_args!("a frame of {length} bytes")));
        }
        let masked = second & 0x80 != 0;
        let mask = match rest.split_first_chunk() {
            _ if !masked => [0; 4],
            Some((mask, _)) => *mask,
            None => return Ok(None),
        };
        debug_assert!(self.head.len() <= HEADER_MAX, "a header that does not end");
        let data = first & 0x08 == 0;
        let frame = Frame { data, last: first & 0x80 != 0, mask, read: 0, left: length };
        Ok(Some((first, frame)))
    }

    fn begin(&mut self, first: u8, frame: Frame, pieces: &mut Vec<Piece>) {
        let (extension, opcode) = (first & 0x70 != 0, first & 0x0f);
        if frame.data {
            let skip = |why| Message::Skipped { bytes: 0, why: Undecodable::new(why) };
            if opcode != 0 && !matches!(self.message, Message::None) {
                let bytes = self.message.bytes();
                let why = Undecodable::new("another message began before it was whole");
                pieces.push(Piece::Skipped { bytes, why });
                self.message = Message::None;
            }
            match (opcode, &self.message) {
                (0, Message::None) => {
                    self.message = skip("it continues a message that never began")
                }
                (0, _) => {}
                (1, _) if !extension => self.message = Message::Text(Vec::new()),
                (1, _) => self.message = skip("it needs an extension, such as compression"),
                (2, _) => self.message = skip("it is binary"),
                _ => self.message = skip("its opcode is reserved"),
            }
        }
        self.stage = Stage::Payload(frame);
        if frame.left == 0 {
            self.end(frame, pieces);
        }
    }

    fn payload<'a>(
        &mut self,
        mut frame: Frame,
        bytes: &'a [u8],
        pieces: &mut Vec<Piece>,
    ) -> &'a [u8] {
        let (part, rest) = split(bytes, frame.left);
        if frame.data {
            self.message.add(part, frame, self.limit);
        }
        frame.read += wide(part.len());
        frame.left -= wide(part.len());
        self.stage = Stage::Payload(frame);
        if frame.left == 0 {
            self.end(frame, pieces);
        }
        rest
    }

    fn end(&mut self, frame: Frame, pieces: &mut Vec<Piece>) {
        self.stage = Stage::Header;
        if frame.data && frame.last {
            match std::mem::replace(&mut self.message, Message::None) {
                Message::None => {}
                Message::Text(text) => pieces.push(Piece::Message(text)),
                Message::Skipped { bytes, why } => pieces.push(Piece::Skipped { bytes, why }),
            }
        }
    }

    pub(super) fn pending(&self) -> u64 {
        wide(self.head.len()).saturating_add(self.message.bytes())
    }
}

impl Message {
    fn add(&mut self, part: &[u8], frame: Frame, limit: usize) {
        match self {
            Self::None => {}
            Self::Text(text) if part.len() > limit - text.len() => {
                let bytes = wide(text.len()).saturating_add(wide(part.len()));
                *self = Self::Skipped { bytes, why: too_long(limit) };
            }
            Self::Text(text) => {
                let turn = usize::try_from(frame.read % 4).unwrap_or_default();
                let mask = frame.mask.iter().cycle().skip(turn);
                text.extend(part.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
            }
            Self::Skipped { bytes, .. } => *bytes = bytes.saturating_add(wide(part.len())),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Text(text) => wide(text.len()),
            Self::Skipped { bytes, .. } => *bytes,
        }
    }
}
