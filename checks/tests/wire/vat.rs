//! A vat: what it has, its end of a connection, and the two threads that serve the connection.

use super::channel::{self, Body, Channel, Message, OPS_MAX};
use super::ledger::{Held, Id, Ledger, Object, count};
use captp_gc::protocol::{Admission, Descriptor, GcExportOp};
use captp_gc::sync::Primitives;
use captp_gc::table::{Received, Refused, Session};
use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handles that a vat keeps.
pub(crate) const HELD_MAX: usize = 48;

pub(crate) struct Vat<P: Primitives> {
    pub(crate) number: usize,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) channel: Channel,
    own: Mutex<Vec<Arc<Object<P>>>>,
    held: Mutex<Vec<Held<P>>>,
}

/// One vat's end of one connection.
pub(crate) struct Line<P: Primitives> {
    pub(crate) session: Session<Object<P>, P>,
    pub(crate) stream: TcpStream,
    /// Set by the tables when there is something to drain.
    pub(crate) owing: Arc<AtomicBool>,
}

/// What a thread has to stop for: the session is over, or something was found wrong.
#[derive(Debug)]
pub(crate) struct Over;

impl<P: Primitives> Vat<P> {
    pub(crate) fn new(number: usize, ledger: &Arc<Ledger>) -> Self {
        Self {
            number,
            ledger: Arc::clone(ledger),
            channel: Channel::default(),
            own: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub(crate) fn own(&self) -> MutexGuard<'_, Vec<Arc<Object<P>>>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Vec<Held<P>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fail<R>(&self, what: impl FnOnce() -> String) -> Result<R, Over> {
        self.ledger.fail(|| format!("vat {}: {}", self.number, what()));
        Err(Over)
    }

    /// The connection is gone: ends the session, and lets go whoever waits for it.
    pub(crate) fn cut(&self, line: &Line<P>) {
        self.ledger.closing(self.number, line.session.id());
        drop(line.session.close());
        let _ = line.stream.shutdown(Shutdown::Both); // it may be gone already
        self.channel.notify();
    }

    /// The writer: moves what is placed on the channel to the connection, in order.
    pub(crate) fn write(&self, line: &Line<P>) {
        let mut frames = Vec::new();
        while self.channel.take(&mut frames, || line.session.is_closed()) {
            if (&line.stream).write_all(&frames).is_err() {
                break;
            }
        }
        self.cut(line);
    }

    /// The reader: imports, looks up and releases. It never waits for its own channel, so that two
    /// vats with full channels do not wait for each other.
    pub(crate) fn read(&self, line: &Line<P>, peer: &Channel, said: &Sender<Body>) {
        let mut stream = BufReader::new(&line.stream);
        let mut landed = 0;
        loop {
            let served = match channel::read(&mut stream) {
                Ok(Some(message)) => self.serve(line, message, said),
                Ok(None) => break,
                Err(wrong) => self.fail(|| wrong),
            };
            match served {
                Ok(messages) => landed += messages,
                Err(Over) => break,
            }
            if stream.buffer().is_empty() {
                peer.landed(std::mem::take(&mut landed));
            }
        }
        self.cut(line);
    }

    /// Returns how many messages of this session it was: one, or none.
    fn serve(&self, line: &Line<P>, message: Message, said: &Sender<Body>) -> Result<usize, Over> {
        match line.session.id().admit(message.session) {
            Admission::Stale => {
                count(&self.ledger.tally.stale);
                return Ok(0);
            }
            Admission::Newer => return self.fail(|| format!("too early: {message:?}")),
            Admission::Current => match message.body {
                Body::Deliver { target, arguments, .. } => {
                    if let Some((index, meant)) = target {
                        count(&self.ledger.tally.calls);
                        let target = line.session.lookup(index);
                        let target = target.or_else(|refused| self.refuse(refused, "a call"))?;
                        self.check_meant(&target, meant)?;
                    }
                    for (descriptor, id) in arguments {
                        self.receive(line, descriptor, id)?;
                    }
                }
                Body::GcExports(ops) => {
                    for op in ops {
                        self.release(line, op)?;
                    }
                }
                last @ (Body::NothingMore | Body::AllGivenBack) => {
                    let _ = said.send(last); // who waits for it may have given up
                }
            },
        }
        Ok(1)
    }

    fn receive(&self, line: &Line<P>, descriptor: Descriptor, id: Id) -> Result<(), Over> {
        let received = line.session.receive(descriptor);
        match received.or_else(|refused| self.refuse(refused, "a reference"))? {
            Received::Home(object) => {
                count(&self.ledger.tally.homes);
                self.check_meant(&object, id)
            }
            Received::Proxy { proxy, installed } => {
                count(&self.ledger.tally.mentions);
                if installed && matches!(descriptor, Descriptor::ImportDesc(_)) {
                    count(&self.ledger.tally.successors);
                }
                self.keep(line, Held::new(proxy, id, &self.ledger), installed)
            }
        }
    }

    /// Handles of one object in one session are one proxy, and only the first to come is new.
    fn keep(&self, line: &Line<P>, new: Held<P>, installed: bool) -> Result<(), Over> {
        let mut held = self.held();
        for old in held.iter() {
            let same = old.id == new.id && old.proxy.session() == line.session.id();
            if (old.proxy == new.proxy) != same || (installed && same) {
                let (old, new, meant) = (&old.proxy, &new.proxy, (old.id, new.id));
                return self.fail(|| format!("{old:?}, {new:?} for {meant:?}, new: {installed}"));
            }
        }
        if held.len() < HELD_MAX {
            held.push(new);
            return Ok(());
        }
        drop(held); // and then the handle
        Ok(())
    }

    fn release(&self, line: &Line<P>, op: GcExportOp) -> Result<(), Over> {
        count(&self.ledger.tally.given_back);
        let released = line.session.gc_export(op.index, op.delta.get());
        released.map(drop).or_else(|refused| self.refuse(refused, "a GCExportOp"))
    }

    fn check_meant(&self, found: &Object<P>, meant: Id) -> Result<(), Over> {
        if found.id == meant {
            return Ok(());
        }
        self.fail(|| format!("object {meant} was meant, and object {} found", found.id))
    }

    /// Both peers are honest, so nothing may ever be refused, unless the session is over.
    fn refuse<R>(&self, refused: Refused, what: &str) -> Result<R, Over> {
        match refused {
            Refused::Closed => Err(Over),
            Refused::Violation(violation) => {
                self.fail(|| format!("{what} was refused: {violation}"))
            }
        }
    }

    /// R3: drains if the tables said that there is something to drain, under the channel's lock.
    pub(crate) fn collect(&self, line: &Line<P>) -> Result<(), Over> {
        if !line.owing.load(SeqCst) {
            return Ok(());
        }
        let Some(mut outgoing) = self.channel.lock(|| line.session.is_closed()) else {
            return self.fail(|| "no room on the channel".to_owned());
        };
        line.owing.store(false, SeqCst); // and only then drain: a later call is for what is missed
        let mut ops = Vec::new();
        line.session.drain_gc(&mut ops);
        for ops in ops.chunks(OPS_MAX) {
            let body = Body::GcExports(ops.to_vec());
            if outgoing.push(&Message { session: line.session.id(), body }).is_err() {
                return self.fail(|| format!("{} ops do not fit", ops.len()));
            }
        }
        drop(outgoing);
        self.channel.notify();
        Ok(())
    }

    /// Says something that mentions nobody.
    pub(crate) fn say(&self, line: &Line<P>, body: Body) -> Result<(), Over> {
        let outgoing = self.channel.lock(|| line.session.is_closed());
        let message = Message { session: line.session.id(), body };
        if outgoing.is_none_or(|mut outgoing| outgoing.push(&message).is_err()) {
            return self.fail(|| format!("not sent: {message:?}"));
        }
        self.channel.notify();
        Ok(())
    }
}
