//! A pipe in memory: what is written at one end is read at the other.

use futures::io::{AsyncRead, AsyncWrite};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// One direction of a connection; a clone is the same one.
#[derive(Clone, Default)]
pub(crate) struct Pipe(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    bytes: VecDeque<u8>,
    closed: bool,
    reader: Option<Waker>,
}

impl Pipe {
    pub(crate) fn push(&self, bytes: &[u8]) {
        let mut inner = self.0.borrow_mut();
        inner.bytes.extend(bytes);
        inner.wake();
    }

    /// Everything that was written and not read.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().bytes.drain(..).collect()
    }

    pub(crate) fn close(&self) {
        let mut inner = self.0.borrow_mut();
        inner.closed = true;
        inner.wake();
    }
}

impl Inner {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.borrow_mut();
        if inner.bytes.is_empty() && !inner.closed {
            inner.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let length = buffer.len().min(inner.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(inner.bytes.drain(..length)) {
            *place = byte;
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}
