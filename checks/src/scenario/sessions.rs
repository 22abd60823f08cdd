//! Whole sessions: their end, both races at once, and objects that use the tables when they go.

use super::{Scenario, session};
use crate::ensure;
use crate::explorer::{Explorer, Verdict};
use crate::ledger::{Mentions, Object, again, drain, first, import, said};
use captp_gc::protocol::Descriptor::NewFarDesc;
use captp_gc::protocol::{Index, Limits, Misuse, SessionId};
use captp_gc::table::{ExportCell, Exportable, Refused, Session};
use std::sync::{Arc, Mutex, PoisonError};

const I0: Index = Index::new(0);

/// The scenarios of this module.
pub fn all<P: Explorer>() -> [Scenario; 7] {
    [
        Scenario {
            name: "both_races_at_once",
            proves: "whatever crosses on the wire and at home, a live proxy's export is held",
            threads: 3,
            run: both_races_at_once::<P>,
        },
        Scenario {
            name: "close_and_drop_and_drain",
            proves: "no drain that begins after the end of the session finds anything",
            threads: 3,
            run: close_and_drop_and_drain::<P>,
        },
        Scenario {
            name: "close_and_import",
            proves: "a mention is read before the session's end, or refused; nothing comes of it",
            threads: 2,
            run: close_and_import::<P>,
        },
        Scenario {
            name: "close_and_export_and_gc_export",
            proves: "each export is given back once: to the peer's message, or at the end",
            threads: 3,
            run: close_and_export_and_gc_export::<P>,
        },
        Scenario {
            name: "close_and_everything",
            proves: "whatever else goes on, each object is given back once, each proxy breaks",
            threads: 3,
            run: close_and_everything::<P>,
        },
        Scenario {
            name: "close_and_close",
            proves: "one of two that end the session gets the exports",
            threads: 2,
            run: close_and_close::<P>,
        },
        Scenario {
            name: "a_dropped_object_uses_the_session",
            proves: "an object may use the tables when it goes: no deadlock, no lost count",
            threads: 2,
            run: a_dropped_object_uses_the_session::<P>,
        },
    ]
}

/// VatB has sent two mentions of Bob, and a third is written while VatA drops his proxy, drains,
/// and reads the second. VatA's messages are read by VatB at once.
pub fn both_races_at_once<P: Explorer>() -> Verdict {
    let (a, b, bob) = (session::<P>(), session::<P>(), Object::new("Bob"));
    let exported = |_| b.export(&bob).map_err(|misuse| misuse.to_string());
    let [introduced, second] = [0, 1].map(exported);
    let proxy = import(&a, introduced?)?;
    let dropper = {
        let (a, b) = (a.clone(), b.clone());
        P::spawn(move || {
            drop(proxy);
            let given_back = drain(&a);
            given_back
                .iter()
                .try_for_each(|op| b.gc_export(op.index, op.delta.get()).map(drop).map_err(said))
        })
    };
    let writer = {
        let (b, bob) = (b.clone(), Arc::clone(&bob));
        P::spawn(move || b.export(&bob).map_err(|misuse| misuse.to_string()))
    };
    let revived = second.and_then(|second| import(&a, second));
    P::join(dropper)?;
    let (third, revived) = (P::join(writer)?, revived?);
    ensure!(third == again(0), "an export that is held is introduced again");
    let target = b.lookup(revived.index());
    ensure!(target.is_ok_and(|target| target.name == "Bob"), "a live proxy's export is gone");
    let kept = import(&a, third)?;
    drop((revived, kept));
    for op in drain(&a) {
        b.gc_export(op.index, op.delta.get()).map_err(said)?;
    }
    let left = b.stats().exports;
    ensure!(left == 0, "{left} exports left when everything is dropped");
    Ok(())
}

/// The session ends while a proxy goes on one thread, and another drains.
pub fn close_and_drop_and_drain<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let dropper = P::spawn(move || drop(bob));
    let drainer = {
        let a = a.clone();
        P::spawn(move || {
            let over = a.is_closed();
            (over, drain(&a))
        })
    };
    a.close();
    let after = drain(&a);
    let (over, during) = P::join(drainer);
    P::join(dropper);
    let late = drain(&a);
    ensure!(after.is_empty() && late.is_empty(), "drained after the end: {after:?} {late:?}");
    ensure!(!over || during.is_empty(), "drained when the session was seen to be over");
    Ok(())
}

/// The session ends while a mention is read.
pub fn close_and_import<P: Explorer>() -> Verdict {
    let a = session::<P>();
    drop(import(&a, first(0))?);
    let reader = {
        let a = a.clone();
        P::spawn(move || a.import(again(0)))
    };
    a.close();
    let after = drain(&a);
    let read = P::join(reader);
    if let Ok(proxy) = &read {
        ensure!(proxy.is_broken(), "a proxy outlives its session unbroken");
    }
    let read = read.map(drop);
    let late = drain(&a);
    ensure!(matches!(read, Ok(()) | Err(Refused::Closed)), "{read:?}");
    ensure!(after.is_empty() && late.is_empty(), "drained after the end: {after:?} {late:?}");
    Ok(())
}

/// The session ends while Bob is mentioned again on one thread and given back on another.
pub fn close_and_export_and_gc_export<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    b.export(&bob).map_err(|misuse| misuse.to_string())?;
    let exporter = {
        let (b, bob) = (b.clone(), Arc::clone(&bob));
        P::spawn(move || b.export(&bob))
    };
    let collector = {
        let b = b.clone();
        P::spawn(move || b.gc_export(I0, 1))
    };
    let returned = b.close().len();
    let exported = P::join(exporter);
    let evicted = P::join(collector);
    ensure!(matches!(exported, Ok(_) | Err(Misuse::Closed)), "{exported:?}");
    let evicted = match evicted {
        Ok(evicted) => usize::from(evicted.is_some()),
        Err(Refused::Closed) => 0,
        Err(refused) => return Err(said(refused)),
    };
    let introduced = 1 + usize::from(matches!(exported, Ok(NewFarDesc(_))));
    ensure!(evicted + returned == introduced, "{evicted} + {returned} of {introduced} given back");
    ensure!(b.export(&bob) == Err(Misuse::Closed), "exported after the end");
    ensure!(Arc::strong_count(&bob) == 1, "something still holds Bob");
    Ok(())
}

/// The session ends while one thread imports, clones, drops and drains, and another exports Bob,
/// takes a mention back and reads a call and a `GCExportOp` for him.
pub fn close_and_everything<P: Explorer>() -> Verdict {
    let (a, bob) = (session::<P>(), Object::new("Bob"));
    let kept = import(&a, first(0))?;
    let importer = {
        let a = a.clone();
        P::spawn(move || {
            let cloned = a.import(again(0)).map(|proxy| drop(vec![proxy.clone(), proxy]));
            (cloned, drain(&a))
        })
    };
    let exporter = {
        let (a, bob) = (a.clone(), Arc::clone(&bob));
        P::spawn(move || {
            let exported = a.export(&bob).is_ok();
            let found = a.lookup(I0).map(|found| found.name);
            let evicted = a.gc_export(I0, 1).map(|evicted| evicted.is_some());
            (exported, found, evicted)
        })
    };
    let returned = a.close().len();
    let late = drain(&a);
    let (imported, during) = P::join(importer);
    let (exported, found, evicted) = P::join(exporter);
    let broken = kept.is_broken();
    drop(kept);
    ensure!(broken && late.is_empty() && during.is_empty(), "{late:?} {during:?} at a live proxy");
    ensure!(matches!(imported, Ok(()) | Err(Refused::Closed)), "{imported:?}");
    ensure!(matches!(found, Ok("Bob") | Err(Refused::Closed)), "{found:?}");
    let evicted = match evicted {
        Ok(evicted) => usize::from(evicted),
        Err(Refused::Closed) => 0,
        Err(refused) => return Err(said(refused)),
    };
    ensure!(evicted + returned == usize::from(exported), "{evicted} + {returned} given back");
    ensure!(drain(&a).is_empty() && Arc::strong_count(&bob) == 1, "something is left");
    Ok(())
}

/// Two threads end the session.
pub fn close_and_close<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    b.export(&bob).map_err(|misuse| misuse.to_string())?;
    let other = {
        let b = b.clone();
        P::spawn(move || b.close().len())
    };
    let ours = b.close().len();
    let theirs = P::join(other);
    ensure!(ours + theirs == 1, "given back {ours} + {theirs} times");
    Ok(())
}

/// An object that exports another, and imports and drops something, when it goes.
struct Reentrant<P: Explorer> {
    cell: ExportCell<P>,
    at_the_end: Mutex<Option<AtTheEnd<P>>>,
}

struct AtTheEnd<P: Explorer> {
    session: Session<Reentrant<P>, P>,
    other: Arc<Reentrant<P>>,
    outcome: Arc<Mutex<Option<Verdict>>>,
}

impl<P: Explorer> Exportable<P> for Reentrant<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        Some(&self.cell)
    }
}

impl<P: Explorer> Drop for Reentrant<P> {
    fn drop(&mut self) {
        let at_the_end = self.at_the_end.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(AtTheEnd { session, other, outcome }) = at_the_end.take() else { return };
        let exported = session.export(&other).map(drop).map_err(|misuse| misuse.to_string());
        let used = exported.and_then(|()| import(&session, again(0)).map(drop));
        *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(used);
    }
}

/// An object goes on the reader's thread and uses the session, while another thread exports and
/// drops.
pub fn a_dropped_object_uses_the_session<P: Explorer>() -> Verdict {
    let b: Session<Reentrant<P>, P> = Session::on(SessionId::FIRST, Limits::default(), None);
    let new = || Arc::new(Reentrant { cell: ExportCell::new(), at_the_end: Mutex::new(None) });
    let (dying, other, outcome) = (new(), new(), Arc::new(Mutex::new(None)));
    let proxy = import(&b, first(0))?;
    let at_the_end =
        AtTheEnd { session: b.clone(), other: Arc::clone(&other), outcome: Arc::clone(&outcome) };
    *dying.at_the_end.lock().unwrap_or_else(PoisonError::into_inner) = Some(at_the_end);
    b.export(&dying).map_err(|misuse| misuse.to_string())?;
    drop(dying);
    let thread = {
        let (b, other) = (b.clone(), Arc::clone(&other));
        P::spawn(move || {
            drop(proxy);
            b.export(&other).map(drop).map_err(|misuse| misuse.to_string())
        })
    };
    let evicted = b.gc_export(I0, 1).map_err(said).map(drop);
    P::join(thread)?;
    evicted?;
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    outcome.unwrap_or_else(|| Err("the object never went".into()))?;
    let mut mentions = Mentions::received(2);
    mentions.give_back(I0, &drain(&b));
    let held: u32 = b.exports().iter().map(|row| row.2.get()).sum();
    b.close();
    ensure!(held == 2, "{held} of 2 mentions counted");
    mentions.check_released()
}
