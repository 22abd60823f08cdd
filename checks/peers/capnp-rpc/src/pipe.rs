//! One direction of the wire, which holds every message back until it is let through.

use crate::event::{Done, End, Event, Sink};
use futures::io::{AsyncRead, AsyncWrite};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What is on its way to a reader.
struct Passing {
    bytes: Vec<u8>,
    read: usize,
    /// Whether the peer sent it, and somebody wants to know that it was read.
    told: bool,
}

struct State {
    from: End,
    sink: Sink,
    /// What was written of a message that is not whole yet.
    partial: Vec<u8>,
    held: VecDeque<Vec<u8>>,
    passing: VecDeque<Passing>,
    waiting: Option<Waker>,
    writer_gone: bool,
    reader_gone: bool,
}

impl State {
    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    fn let_through(&mut self, bytes: Vec<u8>, told: bool) {
        self.passing.push_back(Passing { bytes, read: 0, told });
        self.wake();
    }
}

/// One direction of the wire.
#[derive(Clone)]
pub(crate) struct Pipe(Rc<RefCell<State>>);

/// The sender's end: nothing follows once it is dropped.
pub(crate) struct Writer(Pipe);

/// The receiver's end.
pub(crate) struct Reader(Pipe);

impl Pipe {
    pub(crate) fn new(from: End, sink: Sink) -> (Self, Writer, Reader) {
        let pipe = Self(Rc::new(RefCell::new(State {
            from,
            sink,
            partial: Vec::new(),
            held: VecDeque::new(),
            passing: VecDeque::new(),
            waiting: None,
            writer_gone: false,
            reader_gone: false,
        })));
        (pipe.clone(), Writer(pipe.clone()), Reader(pipe))
    }

    pub(crate) fn holds_any(&self) -> bool {
        !self.0.borrow().held.is_empty()
    }

    /// Lets the oldest message through. It is read when the vats are run.
    pub(crate) fn deliver(&self) -> Done {
        let mut state = self.0.borrow_mut();
        if state.reader_gone {
            return Err(format!("{} reads no more", state.from.other()));
        }
        let oldest = state.held.pop_front();
        let bytes =
            oldest.ok_or_else(|| format!("nothing is held back for {}", state.from.other()))?;
        state.let_through(bytes, true);
        Ok(())
    }

    /// Puts these bytes before the reader, past everything that is held back.
    pub(crate) fn inject(&self, bytes: Vec<u8>) -> Done {
        let mut state = self.0.borrow_mut();
        if state.reader_gone {
            return Err(format!("{} reads no more", state.from.other()));
        }
        state.let_through(bytes, false);
        Ok(())
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.0.borrow_mut();
        state.partial.extend_from_slice(bytes);
        while let Some(length) = framed(&state.partial) {
            let rest = state.partial.split_off(length);
            let raw = std::mem::replace(&mut state.partial, rest);
            (state.sink)(&Event::Sent { from: state.from, raw: raw.clone() });
            state.held.push_back(raw);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.0.borrow_mut();
        state.writer_gone = true;
        state.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.writer_gone = true;
        state.wake();
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.0.borrow_mut();
        let Some(first) = state.passing.front_mut() else {
            // The end of the stream comes behind the last message, never before one held back.
            if state.writer_gone && state.held.is_empty() {
                return Poll::Ready(Ok(0));
            }
            state.waiting = Some(context.waker().clone());
            return Poll::Pending;
        };
        let left = &first.bytes[first.read..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        first.read += count;
        if first.read == first.bytes.len() {
            let told = first.told;
            state.passing.pop_front();
            if told {
                (state.sink)(&Event::Delivered { to: state.from.other() });
            }
        }
        Poll::Ready(Ok(count))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.0.borrow_mut().reader_gone = true;
    }
}

/// How long the message at the start of these bytes is, if all of it is there: a table of segment
/// sizes, in words of eight bytes and padded to a whole word, then the segments.
fn framed(bytes: &[u8]) -> Option<usize> {
    let word = |at: usize| -> Option<usize> {
        let four = bytes.get(4 * at..4 * at + 4)?;
        usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
    };
    let segments = word(0)?.checked_add(1)?;
    let table = (segments + 2) / 2 * 8;
    let words = (1..=segments).try_fold(0, |sum, at| Some(sum + word(at)?))?;
    let length = table + 8 * words;
    (bytes.len() >= length).then_some(length)
}
