//! The text messages of a WebSocket, however the stream is cut.

use crate::frames::fed;
use captp_wire::decode::Wire::Capnweb;
use captp_wire::frame::{Framer, Piece};
use captp_wire::line::End;
use proptest::prelude::*;

const ASKS: &[u8] =
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";
const ANSWERS: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const COMPRESSED: u8 = 0x40;

/// A frame; masked, as clients must, if there is a mask.
fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(masked | u8::try_from(length).unwrap()),
        Ok(length) => {
            bytes.push(masked | 126);
            bytes.extend(length.to_be_bytes());
        }
        Err(_) => {
            bytes.push(masked | 127);
            bytes.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(mask.into_iter().flatten());
    let mask = mask.unwrap_or_default();
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn texts(pieces: &[Piece]) -> Vec<Result<String, String>> {
    let text = |piece: &Piece| match piece {
        Piece::Message(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        Piece::Skipped { why, .. } | Piece::Lost(why) => Err(why.to_string()),
    };
    pieces.iter().map(text).collect()
}

/// What comes of a server's frames.
fn served(frames: &[Vec<u8>]) -> Vec<Result<String, String>> {
    let stream = [ANSWERS, &frames.concat()].concat();
    let (pieces, pending) = fed(Framer::with_limit(Capnweb, End::B, 100_000), &stream, &[7]);
    assert_eq!(pending, 0);
    texts(&pieces)
}

proptest! {
    #[test]
    fn messages_are_put_together_however_they_and_the_stream_are_cut(
        messages in prop::collection::vec(prop::collection::vec("[a-zé]{0,200}", 1..4), 0..5),
        mask in prop::option::of(any::<[u8; 4]>()),
        cuts in prop::collection::vec(1_usize..50, 1..9),
    ) {
        let mut stream = ASKS.to_vec();
        for parts in &messages {
            for (position, part) in parts.iter().enumerate() {
                let opcode = if position == 0 { TEXT } else { 0 };
                let fin = if position + 1 == parts.len() { FIN } else { 0 };
                stream.extend(frame(FIN | PING, b"are you there", mask));
                stream.extend(frame(fin | opcode, part.as_bytes(), mask));
            }
        }
        stream.extend(frame(FIN | CLOSE, &[3, 232], mask));
        let (pieces, pending) = fed(Framer::new(Capnweb, End::A), &stream, &cuts);
        let expected: Vec<_> = messages.iter().map(|parts| Ok(parts.concat())).collect();
        prop_assert_eq!((texts(&pieces), pending), (expected, 0));
    }
}

#[test]
fn lengths_of_all_three_kinds() {
    for length in [0, 125, 126, 65_535, 65_536, 100_000] {
        let text = "x".repeat(length);
        assert_eq!(served(&[frame(FIN | TEXT, text.as_bytes(), None)]), [Ok(text)]);
    }
}

#[test]
fn what_is_no_text_is_skipped_and_the_next_one_found() {
    let next = frame(FIN | TEXT, b"next", None);
    let long = "x".repeat(100_001);
    for (frames, why) in [
        (vec![frame(FIN | BINARY, b"\0", None)], "it is binary"),
        (vec![frame(FIN | TEXT | COMPRESSED, b"?", None)], "it needs an extension"),
        (vec![frame(FIN | 3, b"?", None)], "its opcode is reserved"),
        (vec![frame(FIN, b"?", None)], "it continues a message that never began"),
        (vec![frame(TEXT, b"?", None)], "another message began before it was whole"),
        (vec![frame(FIN | TEXT, long.as_bytes(), None)], "it is longer than 100000 bytes"),
        (vec![frame(BINARY, b"a", None), frame(FIN, b"b", None)], "it is binary"),
    ] {
        let said = served(&[frames.concat(), next.clone()]);
        let [Err(said), Ok(_)] = said.as_slice() else { panic!("{why}: {said:?}") };
        assert!(said.starts_with(why), "{said}");
    }
}

#[test]
fn what_is_no_websocket_is_lost() {
    let lost = |from, stream: &[u8]| {
        let (pieces, _) = fed(Framer::new(Capnweb, from), stream, &[5]);
        let [Piece::Lost(why)] = pieces.as_slice() else { panic!("{pieces:?}") };
        why.to_string()
    };
    let batch = b"POST /api HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]";
    assert!(lost(End::A, batch).contains("HTTP batch mode"));
    assert!(lost(End::B, b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n").contains("batch"));
    assert!(lost(End::A, &b"x".repeat(70_000)).contains("does not end"));
    let huge = [ANSWERS, &[FIN | TEXT, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert!(lost(End::B, &huge).contains("a frame of"));
}
