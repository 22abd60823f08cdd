//! The truth that the tables are judged by: which objects there are, who holds them, which died.
//!
//! No table reads it, and nothing in it depends on what a table says.

use captp_gc::protocol::SessionId;
use captp_gc::sync::Primitives;
use captp_gc::table::{ExportCell, Exportable, Proxy};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

/// Which object it is, in the whole run.
pub(crate) type Id = u32;

pub(crate) struct Ledger {
    truths: Box<[Truth]>,
    created: AtomicU32,
    /// The last session that each vat has begun to close.
    closed: [AtomicU32; 2],
    failed: AtomicBool,
    /// The first thing that was found wrong.
    fault: Mutex<Option<String>>,
    pub(crate) tally: Tally,
}

/// What a run has met with: a run that met with nothing shows nothing.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    pub(crate) calls: AtomicU64,
    pub(crate) mentions: AtomicU64,
    pub(crate) homes: AtomicU64,
    pub(crate) successors: AtomicU64,
    pub(crate) unsent: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) given_back: AtomicU64,
    pub(crate) stale: AtomicU64,
    pub(crate) broken: AtomicU64,
    pub(crate) sessions: AtomicU64,
}

#[derive(Default)]
struct Truth {
    destroyed: AtomicU32,
    /// The session in the upper half, and how many handles the other vat has in it.
    held: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

impl Ledger {
    pub(crate) fn new(objects_max: usize) -> Self {
        Self {
            truths: std::iter::repeat_with(Truth::default).take(objects_max).collect(),
            created: AtomicU32::new(0),
            closed: Default::default(),
            failed: AtomicBool::new(false),
            fault: Mutex::default(),
            tally: Tally::default(),
        }
    }

    /// Notes what is wrong. The run stops at the first.
    pub(crate) fn fail(&self, what: impl FnOnce() -> String) {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.get_or_insert_with(what);
        self.failed.store(true, SeqCst);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(SeqCst)
    }

    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// To be called before the vat closes its tables: from here on its objects may die.
    pub(crate) fn closing(&self, vat: usize, session: SessionId) {
        self.closed[vat].fetch_max(session.get(), SeqCst);
    }

    pub(crate) fn created(&self) -> u32 {
        self.created.load(SeqCst)
    }

    /// Every destructor has run, once.
    pub(crate) fn check_all_destroyed(&self) {
        let created = self.truths.iter().take(self.created() as usize).zip(0_u32..);
        for (truth, id) in created {
            let times = truth.destroyed.load(SeqCst);
            if times != 1 {
                self.fail(|| format!("in the end object {id} was destroyed {times} times"));
            }
        }
    }

    fn truth(&self, id: Id) -> &Truth {
        &self.truths[id as usize]
    }

    fn hold(&self, id: Id, session: SessionId) {
        let mine = u64::from(session.get());
        let held = &self.truth(id).held;
        let _ = held.fetch_update(SeqCst, SeqCst, |held| match (held >> 32).cmp(&mine) {
            std::cmp::Ordering::Less => Some(mine << 32 | 1),
            std::cmp::Ordering::Equal => Some(held + 1),
            std::cmp::Ordering::Greater => None,
        });
    }

    fn let_go(&self, id: Id, session: SessionId) {
        let mine = u64::from(session.get());
        let held = &self.truth(id).held;
        let _ = held.fetch_update(SeqCst, SeqCst, |held| {
            (held >> 32 == mine).then(|| held.wrapping_sub(1))
        });
    }

    fn destroy(&self, id: Id, owner: usize) {
        let truth = self.truth(id);
        let times = truth.destroyed.fetch_add(1, SeqCst) + 1;
        if times != 1 {
            self.fail(|| format!("object {id} was destroyed {times} times"));
        }
        let held = truth.held.load(SeqCst);
        let (session, handles) = (held >> 32, held & u64::from(u32::MAX));
        if handles > 0 && u64::from(self.closed[owner].load(SeqCst)) < session {
            self.fail(|| {
                format!("object {id} was destroyed with {handles} handles in session {session}")
            });
        }
    }
}

pub(crate) struct Object<P: Primitives> {
    pub(crate) id: Id,
    owner: usize,
    cell: Option<ExportCell<P>>,
    ledger: Arc<Ledger>,
}

impl<P: Primitives> Object<P> {
    /// A new object; every second one has a cell to be exported by.
    pub(crate) fn new(owner: usize, ledger: &Arc<Ledger>) -> Arc<Self> {
        let id = ledger.created.fetch_add(1, SeqCst);
        let cell = id.is_multiple_of(2).then(ExportCell::new);
        Arc::new(Self { id, owner, cell, ledger: Arc::clone(ledger) })
    }
}

impl<P: Primitives> Exportable<P> for Object<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        self.cell.as_ref()
    }
}

impl<P: Primitives> Drop for Object<P> {
    fn drop(&mut self) {
        self.ledger.destroy(self.id, self.owner);
    }
}

/// A handle of a proxy, and whom it means. Counted in the ledger for a little less long than in the
/// table, so that what the ledger says is held, is.
pub(crate) struct Held<P: Primitives> {
    pub(crate) proxy: Proxy<P>,
    pub(crate) id: Id,
    ledger: Arc<Ledger>,
}

impl<P: Primitives> Held<P> {
    pub(crate) fn new(proxy: Proxy<P>, id: Id, ledger: &Arc<Ledger>) -> Self {
        ledger.hold(id, proxy.session());
        Self { proxy, id, ledger: Arc::clone(ledger) }
    }
}

impl<P: Primitives> Clone for Held<P> {
    fn clone(&self) -> Self {
        Self::new(self.proxy.clone(), self.id, &self.ledger)
    }
}

impl<P: Primitives> Drop for Held<P> {
    fn drop(&mut self) {
        self.ledger.let_go(self.id, self.proxy.session());
    }
}
