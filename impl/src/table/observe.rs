//! Who does what to the tables: a hook for finding leaks, `tracing` events, and a trace in a file.
//!
//! All of it is behind features, and costs nothing when they are off. With `observe`, a session can
//! be given an [`Observer`]; two are here: [`Holders`], which knows who exported and imported what
//! is still held, and with `trace` [`JsonLines`](super::JsonLines), which writes every step down.
//! With
//! `tracing`, every step is an event of that crate as well.
//!
//! An observer is called on the thread that made the step, after it, with nothing held. So two
//! threads' steps may be observed in another order than they were made in.

use super::Step;
use crate::protocol::{Index, SessionId};
use alloc::collections::BTreeMap;
use core::fmt;
use core::panic::Location;
use std::sync::{Mutex, PoisonError};

/// Sees every step of a session.
pub trait Observer: Send + Sync {
    /// `session` has made `step`, called from `caller`: for a proxy's drop, a place in this crate.
    /// It must not panic: a step may be made in a `Drop`.
    fn observe(&self, session: SessionId, step: &Step, caller: &'static Location<'static>);
}

/// Who exported and who imported what is still held. For finding leaks.
///
/// ```
/// use captp_gc::protocol::{Descriptor, Index, Limits, SessionId};
/// use captp_gc::table::{Exportable, Holders, Session};
/// use std::sync::Arc;
///
/// # struct Mint;
/// # impl Exportable for Mint {}
/// let holders = Arc::new(Holders::default());
/// let session: Session<Mint> =
///     Session::observed(SessionId::FIRST, Limits::default(), holders.clone());
/// let proxy = session.import(Descriptor::NewFarDesc(Index::new(0))).unwrap();
/// assert!(holders.to_string().starts_with("imports[0]: 1 mentions, first at "));
/// drop(proxy);
/// session.drain_gc(&mut Vec::new());
/// assert_eq!(holders.to_string(), "");
/// ```
#[derive(Debug, Default)]
pub struct Holders {
    held: Mutex<BTreeMap<(SessionId, Side, Index), Holder>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Side {
    Exports,
    Imports,
}

/// What is held at one index. The balance is below zero while one thread's giving back is observed
/// before another thread's mention.
#[derive(Debug)]
struct Holder {
    balance: i64,
    first: &'static Location<'static>,
}

impl Observer for Holders {
    fn observe(&self, session: SessionId, step: &Step, caller: &'static Location<'static>) {
        let (side, index, mentions) = match *step {
            Step::Exported { descriptor } => (Side::Exports, descriptor.index(), 1),
            Step::Imported { descriptor, .. } => (Side::Imports, descriptor.index(), 1),
            Step::Unexported { index, .. } => (Side::Exports, index, -1),
            Step::GcExported { index, delta, .. } => (Side::Exports, index, -i64::from(delta)),
            Step::Notified { index, delta } => (Side::Imports, index, -i64::from(delta.get())),
            Step::Closed { .. } => return self.forget(session),
            Step::Dropped { .. } | Step::Refused { .. } => return,
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (session, side, index);
        let holder = held.entry(key).or_insert(Holder { balance: 0, first: caller });
        holder.balance += mentions;
        if holder.balance == 0 {
            held.remove(&key);
        }
    }
}

impl Holders {
    fn forget(&self, session: SessionId) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(of, _, _), _| *of != session);
    }
}

impl fmt::Display for Holders {
    /// A line for each index of which something is held.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((_, side, index), holder) in &*self.held.lock().unwrap_or_else(PoisonError::into_inner)
        {
            let side = match side {
                Side::Exports => "exports",
                Side::Imports => "imports",
            };
            let Holder { balance, first } = holder;
            writeln!(f, "{side}[{index}]: {balance} mentions, first at {first}")?;
        }
        Ok(())
    }
}
