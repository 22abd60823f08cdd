//! The application: random steps, on several threads of each vat.

use super::channel::{Body, FRAME_MAX, Message, Outgoing};
use super::ledger::{Held, Object, count};
use super::vat::{HELD_MAX, Line, Over, Vat};
use captp_gc::protocol::Misuse;
use captp_gc::sync::Primitives;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Objects that a vat keeps. More than may be exported, so that the table is full now and then.
const OWN_MAX: usize = 100;

/// SplitMix64: the choices of one thread in one session.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64, session: u32, thread: u64) -> Self {
        Self(seed ^ (session as u64) << 32 ^ thread << 16)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.next().is_multiple_of(chances)
    }

    /// A position in something of this length.
    fn position(&mut self, length: usize) -> Option<usize> {
        let length = u64::try_from(length).ok().filter(|length| *length > 0)?;
        usize::try_from(self.next() % length).ok()
    }
}

/// What the application means by an argument.
enum Argument<P: Primitives> {
    Own(Arc<Object<P>>),
    Home(Held<P>),
}

/// One application thread in one session: steps until none are left, or the session is over.
pub(crate) fn run<P: Primitives>(
    vat: &Vat<P>,
    line: &Line<P>,
    mut random: Random,
    steps: &AtomicU64,
    cut_one_in: u64,
) {
    while !line.session.is_closed() && !vat.ledger.has_failed() && take(steps) {
        if random.one_in(cut_one_in) {
            let _ = line.stream.shutdown(Shutdown::Both); // both readers find out
        }
        if step(vat, line, &mut random).is_err() {
            return;
        }
    }
}

fn take(steps: &AtomicU64) -> bool {
    steps.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn step<P: Primitives>(vat: &Vat<P>, line: &Line<P>, random: &mut Random) -> Result<(), Over> {
    match random.next() % 100 {
        0..10 => {
            let new = Object::new(vat.number, &vat.ledger);
            let mut own = vat.own();
            if own.len() < OWN_MAX {
                own.push(new);
            } else if let Some(at) = random.position(own.len()) {
                let old = std::mem::replace(&mut own[at], new);
                drop(own);
                drop(old);
            }
        }
        10..15 => {
            let mut own = vat.own();
            let dropped = random.position(own.len()).map(|at| own.swap_remove(at));
            drop(own);
            drop(dropped);
        }
        15..24 => {
            let mut held = vat.held();
            if held.len() < HELD_MAX
                && let Some(at) = random.position(held.len())
            {
                let clone = held[at].clone();
                held.push(clone);
            }
        }
        24..44 => drop(pick(vat, random, true)),
        44..88 => send(vat, line, random)?,
        _ => vat.collect(line)?,
    }
    Ok(())
}

/// A handle: a clone of one that is kept, or one that is kept no more.
fn pick<P: Primitives>(vat: &Vat<P>, random: &mut Random, remove: bool) -> Option<Held<P>> {
    let mut held = vat.held();
    let at = random.position(held.len())?;
    if remove { Some(held.swap_remove(at)) } else { held.get(at).cloned() }
}

fn argument<P: Primitives>(vat: &Vat<P>, random: &mut Random) -> Option<Argument<P>> {
    if random.one_in(4) {
        let remove = random.one_in(4);
        return pick(vat, random, remove).map(Argument::Home);
    }
    let own = vat.own();
    random.position(own.len()).map(|at| Argument::Own(Arc::clone(&own[at])))
}

fn send<P: Primitives>(vat: &Vat<P>, line: &Line<P>, random: &mut Random) -> Result<(), Over> {
    let target = if random.one_in(2) {
        let remove = random.one_in(4); // perhaps the last handle, which goes once this is queued
        pick(vat, random, remove)
    } else {
        None
    };
    let mut arguments: Vec<_> =
        (0..random.next() % 4).filter_map(|_| argument(vat, random)).collect();
    if random.one_in(4)
        && let Some(Argument::Own(twice)) = arguments.first()
    {
        arguments.push(Argument::Own(Arc::clone(twice)));
    }
    let padding = if random.one_in(12) { vec![0; FRAME_MAX] } else { Vec::new() };

    let Some(mut outgoing) = vat.channel.lock(|| line.session.is_closed()) else {
        return vat.fail(|| "no room on the channel".to_owned());
    };
    let mut counted = Vec::new();
    let placed = place(vat, line, &mut outgoing, (&target, &arguments, padding), &mut counted);
    let evicted = match &placed {
        Err(Unplaced::Unsent) => take_back(vat, line, &counted)?,
        _ => Vec::new(),
    };
    drop(outgoing);
    vat.channel.notify();
    drop(evicted);
    match placed {
        Ok(()) | Err(Unplaced::Unsent) => Ok(()),
        Err(Unplaced::Over) => Err(Over),
    }
}

enum Unplaced {
    /// R7: whatever was counted has to be taken back.
    Unsent,
    Over,
}

type Parts<'a, P> = (&'a Option<Held<P>>, &'a [Argument<P>], Vec<u8>);

/// Counts the mentions of a message and places it, in one step under the channel's lock.
fn place<'a, P: Primitives>(
    vat: &Vat<P>,
    line: &Line<P>,
    outgoing: &mut Outgoing,
    (target, arguments, padding): Parts<'a, P>,
    counted: &mut Vec<&'a Arc<Object<P>>>,
) -> Result<(), Unplaced> {
    let target = match target {
        None => None,
        Some(held) => Some((home(vat, line, held)?.index(), held.id)),
    };
    let mut described = Vec::with_capacity(arguments.len());
    for argument in arguments {
        described.push(match argument {
            Argument::Home(held) => (home(vat, line, held)?, held.id),
            Argument::Own(object) => {
                let descriptor = line.session.export(object).map_err(|misuse| match misuse {
                    Misuse::Closed => Unplaced::Over,
                    Misuse::ExportsFull { .. } | Misuse::TooManyMentions { .. } => {
                        count(&vat.ledger.tally.refused);
                        Unplaced::Unsent
                    }
                    _ => unexpected(vat, misuse),
                })?;
                counted.push(object);
                (descriptor, object.id)
            }
        });
    }
    let body = Body::Deliver { target, arguments: described, padding };
    outgoing.push(&Message { session: line.session.id(), body }).map_err(|_| Unplaced::Unsent)
}

fn home<P: Primitives>(
    vat: &Vat<P>,
    line: &Line<P>,
    held: &Held<P>,
) -> Result<captp_gc::protocol::Descriptor, Unplaced> {
    line.session.send_home(&held.proxy).map_err(|misuse| match misuse {
        Misuse::Closed => Unplaced::Over,
        Misuse::ForeignProxy { session }
            if session < line.session.id() && held.proxy.is_broken() =>
        {
            count(&vat.ledger.tally.broken);
            Unplaced::Unsent
        }
        _ => unexpected(vat, misuse),
    })
}

fn unexpected<P: Primitives>(vat: &Vat<P>, misuse: Misuse) -> Unplaced {
    vat.ledger.fail(|| format!("vat {}: a send was refused: {misuse}", vat.number));
    Unplaced::Over
}

/// R7: un-counts the mentions of a message that was not sent.
fn take_back<P: Primitives>(
    vat: &Vat<P>,
    line: &Line<P>,
    counted: &[&Arc<Object<P>>],
) -> Result<Vec<Arc<Object<P>>>, Over> {
    let mut evicted = Vec::new();
    for object in counted {
        count(&vat.ledger.tally.unsent);
        match line.session.unexport(object) {
            Ok(gone) => evicted.extend(gone),
            Err(Misuse::Closed) => return Err(Over),
            Err(misuse) => return vat.fail(|| format!("object {}: {misuse}", object.id)),
        }
    }
    Ok(evicted)
}
