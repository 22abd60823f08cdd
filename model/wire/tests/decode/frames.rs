//! Newlines and segment tables, however the stream is cut.

use crate::capnp::{caps, written};
use captp_wire::decode::Wire;
use captp_wire::frame::{Framer, Piece};
use captp_wire::line::End;
use proptest::prelude::*;

/// Feeds a stream in pieces of the given sizes, over and over; whole, if there are none.
pub(crate) fn fed(mut framer: Framer, mut stream: &[u8], cuts: &[usize]) -> (Vec<Piece>, u64) {
    let mut pieces = Vec::new();
    for cut in cuts.iter().copied().cycle() {
        let (part, rest) = stream.split_at(cut.min(stream.len()));
        pieces.extend(framer.feed(part));
        stream = rest;
        if stream.is_empty() {
            break;
        }
    }
    pieces.extend(framer.feed(stream));
    (pieces, framer.pending())
}

fn message(bytes: &[u8]) -> Piece {
    Piece::Message(bytes.to_vec())
}

fn skipped(pieces: &[Piece]) -> Vec<Option<u64>> {
    let size = |piece: &Piece| match piece {
        Piece::Skipped { bytes, .. } => Some(*bytes),
        _ => None,
    };
    pieces.iter().map(size).collect()
}

/// A message whose cap table has seven entries, and one that has none.
fn two_messages() -> [Vec<u8>; 2] {
    let call = |root: capnp_rpc::rpc_capnp::message::Builder<'_>| {
        let mut call = root.init_call();
        call.reborrow().init_target().set_imported_cap(1);
        caps(call.init_params());
    };
    [written(call), written(|root| root.init_release().set_id(3))]
}

/// A message with this many segments of one word each.
fn segments(count: u32) -> Vec<u8> {
    let mut bytes = (count - 1).to_le_bytes().to_vec();
    bytes.extend((0..count).flat_map(|_| 1_u32.to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.resize(bytes.len() + 8 * count as usize, 7);
    bytes
}

proptest! {
    #[test]
    fn lines_are_found_however_the_stream_is_cut(
        lines in prop::collection::vec("[a-z{}\" ]{0,30}", 0..20),
        cuts in prop::collection::vec(1_usize..9, 1..9),
    ) {
        let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let framer = Framer::new(Wire::CaptpJson, End::A);
        let (pieces, pending) = fed(framer, stream.as_bytes(), &cuts);
        let spoken = lines.iter().filter(|line| !line.trim().is_empty());
        let expected: Vec<_> = spoken.map(|line| message(line.as_bytes())).collect();
        prop_assert_eq!((pieces, pending), (expected, 0));
    }

    #[test]
    fn segments_are_found_however_the_stream_is_cut(
        which in prop::collection::vec(0_usize..3, 0..9),
        count in 1_u32..9,
        cuts in prop::collection::vec(1_usize..40, 1..9),
    ) {
        let [first, second] = two_messages();
        let kinds = [first, second, segments(count)];
        let stream = which.iter().flat_map(|kind| kinds[*kind].clone()).collect::<Vec<_>>();
        let (pieces, pending) = fed(Framer::new(Wire::Capnp, End::B), &stream, &cuts);
        let expected: Vec<_> = which.iter().map(|kind| message(&kinds[*kind])).collect();
        prop_assert_eq!((pieces, pending), (expected, 0));
    }

    #[test]
    fn a_message_above_the_limit_is_skipped_and_the_next_one_found(
        cuts in prop::collection::vec(1_usize..40, 1..9),
    ) {
        let [first, second] = two_messages();
        let stream = [second.as_slice(), &first, &second].concat();
        let framer = Framer::with_limit(Wire::Capnp, End::A, 64);
        let (pieces, _) = fed(framer, &stream, &cuts);
        let long = u64::try_from(first.len()).unwrap();
        prop_assert_eq!(skipped(&pieces), [None, Some(long), None]);

        let framer = Framer::with_limit(Wire::CaptpJson, End::A, 10);
        let (pieces, _) = fed(framer, b"{}\n{\"a\":12345}\n{\"a\":1234}\n", &cuts);
        prop_assert_eq!(skipped(&pieces), [None, Some(11), None]);
    }
}

#[test]
fn a_stream_that_is_not_capnp_is_lost_and_says_so_once() {
    let mut framer = Framer::new(Wire::Capnp, End::A);
    let pieces = framer.feed(b"GET / HTTP/1.1\r\n");
    assert!(matches!(pieces.as_slice(), [Piece::Lost(_)]), "{pieces:?}");
    assert_eq!(framer.feed(&[0; 64]), []);
    let pieces = Framer::new(Wire::Capnp, End::A).feed(&[0xff; 4]);
    assert!(matches!(pieces.as_slice(), [Piece::Lost(_)]), "{pieces:?}");
}

#[test]
fn an_announced_size_takes_no_memory() {
    // 512 segments of 32 GiB, less one word each.
    let mut stream = 510_u32.to_le_bytes().to_vec();
    stream.resize(4 + 4 * 511, 0xff);
    let mut framer = Framer::new(Wire::Capnp, End::A);
    assert_eq!(framer.feed(&stream), []);
    assert_eq!(framer.feed(&[0; 4096]), []);
    assert_eq!(framer.pending(), 4 + 4 * 511 + 4096);
}

#[test]
fn an_unfinished_message_is_pending() {
    let [first, _] = two_messages();
    let (pieces, pending) = fed(Framer::new(Wire::Capnp, End::A), &first[..20], &[3]);
    assert_eq!((pieces, pending), (vec![], 20));
    let (pieces, pending) = fed(Framer::new(Wire::Lines, End::A), b"{}\r\n \n{", &[2]);
    assert_eq!((pieces, pending), (vec![message(b"{}\r")], 1));
}
