//! What a tap costs: the same messages to an echoing server, with and without it, in turns.
//!
//! `cargo run -p captp-wire --example overhead` prints, for each wire, the best of many short
//! rounds for a round trip of one message, and for many messages in flight, and their ratios: what
//! else the machine does makes rounds longer, never shorter.

use captp_wire::decode::Wire;
use captp_wire::encode::Hostile;
use captp_wire::line::Place;
use captp_wire::tap::{Behind, Event, Tap};
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
const ROUND_TRIPS: u32 = 200;
const IN_FLIGHT: u32 = 10_000;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Fallible<()> {
    let upstream = echo()?;
    for wire in [Wire::Capnp, Wire::CaptpJson] {
        for behind in [Behind::Cut, Behind::Wait] {
            compare(wire, behind, upstream)?;
        }
    }
    Ok(())
}

fn compare(wire: Wire, behind: Behind, upstream: SocketAddr) -> Fallible<()> {
    let message = message(wire)?;
    let tap = Tap { behind, ..Tap::new(([127, 0, 0, 1], 0).into(), upstream, wire) };
    let (events, seen) = sync_channel(4096);
    let tap = tap.start(events)?;
    let told = thread::spawn(move || {
        let (mut lines, mut cut) = (0_u64, 0_u64);
        for event in seen {
            match event {
                Event::Line(_) => lines += 1,
                Event::FellBehind { .. } => cut += 1,
                _ => {}
            }
        }
        (lines, cut)
    });
    let (mut direct, mut tapped) = (Best::NONE, Best::NONE);
    for _ in 0..ROUNDS {
        direct.add(upstream, &message)?;
        tapped.add(tap.local_addr(), &message)?;
    }
    tap.stop();
    let (lines, cut) = told.join().map_err(|_| "the thread that counts the events panicked")?;
    println!("{wire}, {} bytes a message, {behind:?}", message.len());
    let row = |name, direct: Duration, tapped: Duration, count: u32| {
        let (direct, tapped) = (direct.as_secs_f64(), tapped.as_secs_f64());
        let micros = |seconds: f64| 1e6 * seconds / f64::from(count);
        let (without, with) = (micros(direct), micros(tapped));
        println!("  {name}: {without:.2} us, tapped {with:.2} us, x {:.2}", tapped / direct);
    };
    row("a round trip", direct.round_trips, tapped.round_trips, ROUND_TRIPS);
    row("a message there and back, many in flight", direct.in_flight, tapped.in_flight, IN_FLIGHT);
    println!("  {lines} messages told, {cut} of {} sessions cut", 2 * ROUNDS);
    Ok(())
}

/// How long the shortest round took.
struct Best {
    round_trips: Duration,
    in_flight: Duration,
}

impl Best {
    const NONE: Self = Self { round_trips: Duration::MAX, in_flight: Duration::MAX };

    fn add(&mut self, to: SocketAddr, message: &[u8]) -> Fallible<()> {
        self.round_trips = self.round_trips.min(round_trips(to, message)?);
        self.in_flight = self.in_flight.min(in_flight(to, message)?);
        Ok(())
    }
}

/// A call in the wire's framing.
fn message(wire: Wire) -> Fallible<Vec<u8>> {
    let call = Hostile::Call { at: Place { index: 1, space: String::new() }, question: Some(1) };
    let raw = call.encode(wire).ok_or("this wire has no calls")?;
    if let Some(text) = raw.as_str() {
        use base64::Engine as _;
        return Ok(base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|error| error.to_string())?);
    }
    Ok(format!("{raw}\n").into_bytes())
}

/// Sends back what it receives.
fn echo() -> Fallible<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || -> std::io::Result<u64> {
                client.set_nodelay(true)?;
                std::io::copy(&mut &client, &mut &client)
            });
        }
    });
    Ok(address)
}

fn connect(to: SocketAddr) -> Fallible<TcpStream> {
    let socket = TcpStream::connect(to)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn round_trips(to: SocketAddr, message: &[u8]) -> Fallible<Duration> {
    let mut socket = connect(to)?;
    let mut back = vec![0; message.len()];
    let start = Instant::now();
    for _ in 0..ROUND_TRIPS {
        socket.write_all(message)?;
        socket.read_exact(&mut back)?;
    }
    Ok(start.elapsed())
}

/// Each message is a write of its own, as of a peer that does not wait.
fn in_flight(to: SocketAddr, message: &[u8]) -> Fallible<Duration> {
    let mut socket = connect(to)?;
    let mut reader = socket.try_clone()?;
    let bytes = message.len() * usize::try_from(IN_FLIGHT)?;
    let start = Instant::now();
    let read = thread::spawn(move || -> Fallible<()> {
        let mut buffer = vec![0; 64 << 10];
        let mut left = bytes;
        while left > 0 {
            let read = reader.read(&mut buffer)?;
            if read == 0 {
                return Err("the connection was closed".into());
            }
            left -= read;
        }
        Ok(())
    });
    for _ in 0..IN_FLIGHT {
        socket.write_all(message)?;
    }
    read.join().map_err(|_| "the reading thread panicked")??;
    Ok(start.elapsed())
}
