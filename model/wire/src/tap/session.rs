//! One session of a tap: two pumps, and the decoder of what passes through them.

use super::{Behind, Event, Open, Tap, close};
use crate::decode::{Decoder, Undecodable};
use crate::frame::{Framer, Piece};
use crate::line::{End, Message};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError, TrySendError};
use std::thread;
use std::time::Duration;

/// How much is read at once, in bytes.
const READ_MAX: usize = 16 << 10;

/// How long the upstream has to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What one end wrote.
struct Chunk {
    from: End,
    bytes: Vec<u8>,
}

/// Relays one client until either end has closed, and tells about it.
pub(super) fn run(
    tap: &Tap,
    session: u32,
    socket: &TcpStream,
    client: SocketAddr,
    open: &Open,
    events: &SyncSender<Event>,
) {
    // Whoever takes the events may be gone; the relay goes on.
    let tell = |event| drop(events.send(event));
    tell(Event::Opened { session, client });
    match upstream(tap, session, socket, open) {
        Ok(upstream) => {
            let (chunks, queue) = mpsc::sync_channel(tap.queue);
            let cut = AtomicBool::new(false);
            let hand = Hand { chunks, behind: tap.behind, cut: &cut };
            let gone = thread::scope(|scope| {
                let (forth, back) = (hand.clone(), hand);
                let up = &upstream;
                scope.spawn(move || pump(End::A, socket, up, &forth));
                let back = scope.spawn(move || pump(End::B, up, socket, &back));
                decode(tap, session, &queue, &cut, &tell);
                back.join().unwrap_or(Ok(())).err()
            });
            if let Some(error) = gone.filter(|_| !open.stopped()) {
                let why = format!("{} went away: {error}", tap.upstream);
                tell(Event::UpstreamGone { session, why });
            }
        }
        Err(error) => {
            close(socket);
            let why = format!("{} cannot be reached: {error}", tap.upstream);
            tell(Event::UpstreamGone { session, why });
        }
    }
    open.remove(session);
    tell(Event::Closed { session });
}

fn upstream(tap: &Tap, session: u32, client: &TcpStream, open: &Open) -> io::Result<TcpStream> {
    client.set_nonblocking(false)?;
    client.set_nodelay(true)?;
    open.add(session, client)?;
    let upstream = TcpStream::connect_timeout(&tap.upstream, CONNECT_WITHIN)?;
    upstream.set_nodelay(true)?;
    open.add(session, &upstream)?;
    Ok(upstream)
}

/// What a pump hands its bytes over to.
#[derive(Clone)]
struct Hand<'a> {
    chunks: SyncSender<Chunk>,
    behind: Behind,
    cut: &'a AtomicBool,
}

impl Hand<'_> {
    fn over(&self, from: End, bytes: &[u8]) {
        if self.cut.load(Ordering::SeqCst) {
            return;
        }
        let chunk = Chunk { from, bytes: bytes.to_vec() };
        match self.behind {
            // The decoder is gone only when both pumps are.
            Behind::Wait => drop(self.chunks.send(chunk)),
            Behind::Cut => {
                if let Err(TrySendError::Full(_)) = self.chunks.try_send(chunk) {
                    self.cut.store(true, Ordering::SeqCst);
                }
            }
        }
    }
}

/// Passes on what `reader` writes, until it has closed its half or one of the two is gone. The
/// error is the reader's.
fn pump(from: End, reader: &TcpStream, writer: &TcpStream, hand: &Hand<'_>) -> io::Result<()> {
    let (mut source, mut sink) = (reader, writer);
    let mut buffer = vec![0; READ_MAX];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => {
                // The other half may still have something to say. If the writer is gone, the
                // other pump will know.
                let _ = writer.shutdown(Shutdown::Write);
                return Ok(());
            }
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                close(writer);
                return Err(error);
            }
        };
        let bytes = &buffer[..read];
        hand.over(from, bytes);
        if sink.write_all(bytes).is_err() {
            close(reader);
            return Ok(());
        }
    }
}

/// Decodes what the pumps hand over, until both have ended.
fn decode(
    tap: &Tap,
    session: u32,
    queue: &Receiver<Chunk>,
    cut: &AtomicBool,
    tell: &impl Fn(Event),
) {
    let mut framers = End::ALL.map(|from| Framer::new(tap.wire, from));
    let mut decoder = Decoder::new(tap.wire);
    loop {
        let chunk = match queue.try_recv() {
            Ok(chunk) => chunk,
            // The queue was full when it was cut, so that nobody waits here when it is.
            Err(TryRecvError::Empty) if cut.load(Ordering::SeqCst) => break,
            Err(TryRecvError::Empty) => match queue.recv() {
                Ok(chunk) => chunk,
                Err(mpsc::RecvError) => break,
            },
            Err(TryRecvError::Disconnected) => break,
        };
        let Chunk { from, bytes } = chunk;
        for piece in framers[from as usize].feed(&bytes) {
            tell(event(session, from, piece, &mut decoder));
        }
    }
    if cut.load(Ordering::SeqCst) {
        tell(Event::FellBehind { session });
        return;
    }
    for (from, framer) in End::ALL.into_iter().zip(&framers) {
        let bytes = framer.pending();
        if bytes > 0 {
            let why = Undecodable::new("the session ended in the middle of it");
            tell(Event::Undecodable { session, from, bytes, why });
        }
    }
}

fn event(session: u32, from: End, piece: Piece, decoder: &mut Decoder) -> Event {
    match piece {
        Piece::Message(raw) => match decoder.decode(from, &raw) {
            Ok(message) => Event::Line(Message { session, ..message }),
            Err(why) => {
                let bytes = u64::try_from(raw.len()).unwrap_or(u64::MAX);
                Event::Undecodable { session, from, bytes, why }
            }
        },
        Piece::Skipped { bytes, why } => Event::Undecodable { session, from, bytes, why },
        Piece::Lost(why) => Event::Lost { session, from, why },
    }
}
