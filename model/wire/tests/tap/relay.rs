//! Bytes come out as they went in, whatever happens.

use crate::{WITHIN, loopback, tapped, until_closed};
use captp_wire::decode::Wire;
use captp_wire::line::{End, Kind};
use captp_wire::tap::{Behind, Event, Tap};
use proptest::prelude::*;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

/// Sends back what it receives, for as many clients as come.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut back = client.try_clone().unwrap();
                let _ = std::io::copy(&mut client, &mut back);
                let _ = back.shutdown(Shutdown::Write);
            });
        }
    });
    address
}

fn connect(tap: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(tap).unwrap();
    socket.set_read_timeout(Some(WITHIN)).unwrap();
    socket.set_write_timeout(Some(WITHIN)).unwrap();
    socket
}

/// Writes in chunks, and returns everything that came back until the end.
fn through(tap: SocketAddr, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut socket = connect(tap);
    let mut reader = socket.try_clone().unwrap();
    let read = thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    });
    for chunk in chunks {
        socket.write_all(chunk).unwrap();
    }
    socket.shutdown(Shutdown::Write).unwrap();
    read.join().unwrap().unwrap()
}

fn drop_of(count: usize) -> Vec<u8> {
    format!("{{\"type\":\"CTP_DROP\",\"slotID\":\"o-1\",\"decRefs\":{count}}}\n").into_bytes()
}

/// The counts of the releases that one end sent, in order.
fn counts(events: &[Event], end: End) -> Vec<i64> {
    let count = |event: &Event| match event {
        Event::Line(message) if message.from == end => {
            assert_eq!(message.kind, Kind::Release);
            Some(message.releases[0].count)
        }
        _ => None,
    };
    events.iter().filter_map(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_are_preserved(
        wire in prop::sample::select(Wire::ALL.to_vec()),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40_000), 0..8),
    ) {
        let (tap, seen) = tapped(echo(), wire, |_| ());
        prop_assert_eq!(through(tap.local_addr(), &chunks), chunks.concat());
        until_closed(&seen);
        tap.stop();
    }
}

#[test]
fn messages_are_told_in_an_order_in_which_they_may_have_been_sent() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |_| ());
    let chunks: Vec<_> = (1..=500).map(drop_of).collect();
    assert_eq!(through(tap.local_addr(), &chunks), chunks.concat());
    let events = until_closed(&seen);
    let expected: Vec<i64> = (1..=500).collect();
    assert_eq!(counts(&events, End::A), expected);
    assert_eq!(counts(&events, End::B), expected);
    // What comes back was sent before.
    let mut sent = 0;
    for event in &events {
        match event {
            Event::Line(message) if message.from == End::A => sent += 1,
            Event::Line(message) => assert!(message.releases[0].count <= sent),
            _ => {}
        }
    }
    assert!(matches!(events[0], Event::Opened { session: 1, .. }));
}

#[test]
fn what_cannot_be_decoded_passes_unharmed_and_what_follows_is_decoded() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |_| ());
    let chunks = [b"no JSON at all\n".to_vec(), drop_of(7), b"cut o".to_vec()];
    assert_eq!(through(tap.local_addr(), &chunks), chunks.concat());
    let events = until_closed(&seen);
    for end in End::ALL {
        assert_eq!(counts(&events, end), [7]);
        let refused = |event: &Event| match event {
            Event::Undecodable { from, bytes, .. } if *from == end => Some(*bytes),
            _ => None,
        };
        assert_eq!(events.iter().filter_map(refused).collect::<Vec<_>>(), [14, 5]);
    }
}

#[test]
fn sessions_are_numbered() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |_| ());
    for session in 1..=3 {
        through(tap.local_addr(), &[drop_of(1)]);
        for event in until_closed(&seen) {
            match event {
                Event::Opened { session: number, .. } | Event::Closed { session: number } => {
                    assert_eq!(number, session);
                }
                Event::Line(message) => assert_eq!(message.session, session),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn an_upstream_that_is_not_there_closes_the_client() {
    let nobody = TcpListener::bind(loopback()).unwrap().local_addr().unwrap();
    let (tap, seen) = tapped(nobody, Wire::Capnp, |_| ());
    for session in 1..=2 {
        let mut socket = connect(tap.local_addr());
        assert_ended(socket.read(&mut [0]));
        let events = until_closed(&seen);
        let [Event::Opened { .. }, Event::UpstreamGone { why, .. }, Event::Closed { session: it }] =
            events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert!(why.contains("cannot be reached"), "{why}");
        assert_eq!(*it, session);
    }
}

#[track_caller]
fn assert_ended(read: std::io::Result<usize>) {
    match read {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("the socket was not closed: {other:?}"),
    }
}

#[test]
fn an_upstream_that_goes_away_in_the_middle_closes_the_client() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let (tap, seen) = tapped(listener.local_addr().unwrap(), Wire::CaptpJson, |_| ());
    let mut socket = connect(tap.local_addr());
    let (mut upstream, _) = listener.accept().unwrap();
    socket.write_all(&drop_of(1)).unwrap();
    upstream.read_exact(&mut [0]).unwrap();
    // Unread bytes make this a reset.
    drop((upstream, listener));
    assert_ended(socket.read(&mut [0]));
    drop(socket);
    let events = until_closed(&seen);
    assert_eq!(counts(&events, End::A), [1]);
}

#[test]
fn a_client_that_goes_away_in_the_middle_closes_the_upstream() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let (tap, seen) = tapped(listener.local_addr().unwrap(), Wire::CaptpJson, |_| ());
    let mut socket = connect(tap.local_addr());
    let (mut upstream, _) = listener.accept().unwrap();
    socket.write_all(&drop_of(1)[..9]).unwrap();
    upstream.read_exact(&mut [0; 9]).unwrap();
    drop(socket);
    assert_ended(upstream.read(&mut [0]));
    drop(upstream);
    let events = until_closed(&seen);
    assert!(matches!(events[1], Event::Undecodable { bytes: 9, .. }), "{events:?}");
}

#[test]
fn a_tap_that_is_stopped_closes_its_sessions_and_its_events() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |_| ());
    let mut socket = connect(tap.local_addr());
    socket.write_all(b"x").unwrap();
    socket.read_exact(&mut [0]).unwrap();
    tap.stop();
    assert_ended(socket.read(&mut [0]));
    let events = until_closed(&seen);
    assert!(!events.iter().any(|event| matches!(event, Event::UpstreamGone { .. })), "{events:?}");
    assert_eq!(seen.recv_timeout(WITHIN), Err(RecvTimeoutError::Disconnected));
    assert!(TcpStream::connect(tap.local_addr()).is_err(), "nobody listens any more");
}

#[test]
fn clients_above_the_limit_are_turned_away() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |tap| tap.sessions_max = 1);
    let mut first = connect(tap.local_addr());
    first.write_all(b"x").unwrap();
    first.read_exact(&mut [0]).unwrap();
    let mut second = connect(tap.local_addr());
    assert_ended(second.read(&mut [0]));
    assert!(matches!(seen.recv_timeout(WITHIN), Ok(Event::Opened { .. })));
    assert!(matches!(seen.recv_timeout(WITHIN), Ok(Event::Refused { .. })));
}

#[test]
fn other_addresses_than_loopback_must_be_allowed() {
    let (events, _seen) = sync_channel(1);
    let everywhere = ([0, 0, 0, 0], 0).into();
    let tap = Tap::new(everywhere, loopback(), Wire::Capnp);
    let error = tap.start(events).expect_err("it was not allowed");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// Lets nobody take the events until everything has passed.
fn with_slow_reader(behind: Behind) -> (bool, Vec<Event>) {
    let mut tap = Tap::new(loopback(), echo(), Wire::CaptpJson);
    (tap.behind, tap.queue) = (behind, 2);
    let (events, seen) = sync_channel(1);
    let tap = tap.start(events).unwrap();
    let address = tap.local_addr();
    let chunks: Vec<_> = (1..=2000).map(drop_of).collect();
    let passing = thread::spawn(move || through(address, &chunks) == chunks.concat());
    while behind == Behind::Cut && !passing.is_finished() {
        thread::yield_now();
    }
    let events = until_closed(&seen);
    (passing.join().unwrap(), events)
}

#[test]
fn a_relay_that_may_not_wait_cuts_its_trace_and_passes_everything() {
    let (preserved, events) = with_slow_reader(Behind::Cut);
    assert!(preserved);
    let told = counts(&events, End::A);
    let expected: Vec<i64> = (1..).take(told.len()).collect();
    assert_eq!(told, expected, "what was told has no hole in it");
    assert!(told.len() < 2000);
    let [.., Event::FellBehind { .. }, Event::Closed { .. }] = events.as_slice() else {
        panic!("{:?}", events.last())
    };
}

#[test]
fn a_relay_that_may_wait_tells_everything() {
    let (preserved, events) = with_slow_reader(Behind::Wait);
    assert!(preserved);
    assert_eq!(counts(&events, End::A).len(), 2000);
    assert_eq!(counts(&events, End::B).len(), 2000);
}

#[test]
fn a_relay_whose_events_nobody_takes_goes_on() {
    let (tap, seen) = tapped(echo(), Wire::CaptpJson, |tap| tap.behind = Behind::Wait);
    drop(seen);
    let chunks: Vec<_> = (1..=100).map(drop_of).collect();
    assert_eq!(through(tap.local_addr(), &chunks), chunks.concat());
}
