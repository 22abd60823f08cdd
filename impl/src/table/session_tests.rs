//! The tables on one thread: what a user sees.

use super::{ExportCell, Exportable, ImportRow, Received, Refused, Session};
use crate::protocol::Descriptor::{self, ExportDesc, ImportDesc, NewFarDesc};
use crate::protocol::{
    GcExportOp, Index, Limits, Misuse, SessionId, Violation, WireCount, WireDelta,
};
use alloc::sync::Arc;
use alloc::vec::Vec;
use alloc::{format, vec};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

const I0: Index = Index::new(0);
const I1: Index = Index::new(1);
const LIMITS: Limits = Limits {
    exports_max: 2,
    imports_max: 3,
    mentions_max: WireCount::new(3),
    references_per_message_max: 8,
};

#[derive(Debug, Default)]
struct Object(ExportCell);

impl Exportable for Object {
    fn export_cell(&self) -> Option<&ExportCell> {
        Some(&self.0)
    }
}

impl Exportable for &'static str {}

fn session() -> Session<Object> {
    Session::new(SessionId::FIRST, LIMITS)
}

fn objects<const N: usize>() -> [Arc<Object>; N] {
    core::array::from_fn(|_| Arc::default())
}

fn drain(session: &Session<Object>) -> Vec<(u32, u32)> {
    let mut ops = Vec::new();
    session.drain_gc(&mut ops);
    ops.into_iter().map(|GcExportOp { index, delta }| (index.get(), delta.get())).collect()
}

#[test]
fn the_same_object_keeps_its_index_while_it_is_exported_and_the_index_freed_last_is_reused() {
    let (session, [bob, ben, bea]) = (session(), objects());
    assert_eq!(session.export(&bob), Ok(NewFarDesc(I0)));
    assert_eq!(session.export(&ben), Ok(NewFarDesc(I1)));
    assert_eq!(session.export(&bob), Ok(ImportDesc(I0)));
    assert!(Arc::ptr_eq(&session.lookup(I0).unwrap(), &bob));
    assert_eq!(session.export(&bea), Err(Misuse::ExportsFull { limit: 2 }));
    assert_eq!(session.gc_export(I0, 1).unwrap().map(|_| ()), None);
    assert!(session.gc_export(I1, 1).unwrap().is_some_and(|o| Arc::ptr_eq(&o, &ben)));
    assert!(session.gc_export(I0, 1).unwrap().is_some_and(|o| Arc::ptr_eq(&o, &bob)));
    assert_eq!(session.export(&bea), Ok(NewFarDesc(I0)));
    assert_eq!(session.export(&bob), Ok(NewFarDesc(I1)));
    assert_eq!(session.exports().len(), 2);
}

#[test]
fn objects_without_a_cell_and_objects_of_two_sessions_are_exported_alike() {
    let plain = Session::new(SessionId::FIRST, LIMITS);
    let bob = Arc::new("Bob");
    assert_eq!(plain.export(&bob), Ok(NewFarDesc(I0)));
    assert_eq!(plain.export(&bob), Ok(ImportDesc(I0)));
    assert_eq!(plain.export(&Arc::new("Bob")), Ok(NewFarDesc(I1)));
    assert_eq!(plain.unexport(&bob), Ok(None));
    assert_eq!(plain.gc_export(I0, 1), Ok(Some(Arc::clone(&bob))));
    assert_eq!(plain.unexport(&bob), Err(Misuse::NothingToUnexport));

    let (first, second, [ben]) = (session(), session(), objects());
    for session in [&first, &second] {
        assert_eq!(session.export(&ben), Ok(NewFarDesc(I0)));
        assert_eq!(session.export(&ben), Ok(ImportDesc(I0)));
    }
    assert!(first.gc_export(I0, 2).unwrap().is_some());
    assert_eq!(second.export(&ben), Ok(ImportDesc(I0)));
    assert!(second.gc_export(I0, 3).unwrap().is_some());
}

#[test]
fn an_object_belongs_to_the_next_session_when_the_first_is_gone() {
    let (first, second, [bob]) = (session(), session(), objects());
    first.export(&bob).unwrap();
    drop(first);
    assert_eq!(format!("{:?}", bob.0), "not exported here");
    assert_eq!(second.export(&bob), Ok(NewFarDesc(I0)));
    assert_eq!(format!("{:?}", bob.0), "exports[0], 1 mentions");
}

#[test]
fn an_entry_counted_in_the_table_stays_there_when_its_object_becomes_free() {
    let (first, second, [bob]) = (session(), session(), objects());
    first.export(&bob).unwrap();
    second.export(&bob).unwrap();
    drop(first);
    assert_eq!(second.export(&bob), Ok(ImportDesc(I0)));
    assert!(second.gc_export(I0, 2).unwrap().is_some());
    assert_eq!(second.export(&bob), Ok(NewFarDesc(I0)));
    assert_eq!(format!("{:?}", bob.0), "exports[0], 1 mentions");
}

#[test]
fn a_mention_that_was_not_sent_is_uncounted_and_the_only_one_frees_the_entry() {
    let (session, [bob]) = (session(), objects());
    session.export(&bob).unwrap();
    session.export(&bob).unwrap();
    assert_eq!(session.unexport(&bob).unwrap().map(|_| ()), None);
    assert!(session.unexport(&bob).unwrap().is_some());
    assert_eq!(session.unexport(&bob).unwrap_err(), Misuse::NothingToUnexport);
    assert_eq!(session.export(&bob), Ok(NewFarDesc(I0)));
}

#[test]
fn a_hostile_peer_is_refused_and_nothing_changes() {
    let (session, [bob]) = (session(), objects());
    session.export(&bob).unwrap();
    let proxy = session.import(NewFarDesc(I0)).unwrap();
    let before = format!("{session:?}");
    let far = Index::new(u32::MAX);
    let over = Violation::OverRelease {
        index: I0,
        delta: WireDelta::new(2).unwrap(),
        count: WireCount::new(1),
    };
    let releases = [
        (I0, 0, Violation::ZeroDelta { index: I0 }),
        (I0, 2, over),
        (I1, 1, Violation::UnknownExport { index: I1 }),
        (far, u32::MAX, Violation::UnknownExport { index: far }),
    ];
    for (index, delta, violation) in releases {
        assert_eq!(session.gc_export(index, delta).unwrap_err(), Refused::Violation(violation));
    }
    let held = Violation::StillImported { index: I0, count: WireCount::new(1) };
    let limit = 3;
    let mentions = [
        (NewFarDesc(I0), held),
        (ImportDesc(I1), Violation::NotIntroduced { index: I1 }),
        (NewFarDesc(Index::new(3)), Violation::IndexBeyondLimit { index: Index::new(3), limit }),
        (ImportDesc(far), Violation::IndexBeyondLimit { index: far, limit }),
        (ExportDesc(I1), Violation::UnknownExport { index: I1 }),
    ];
    for (descriptor, violation) in mentions {
        let refused = session.receive(descriptor).unwrap_err();
        assert_eq!(refused, Refused::Violation(violation), "{descriptor}");
    }
    assert_eq!(
        session.import(ExportDesc(I0)).unwrap_err(),
        Violation::NotIntroduced { index: I0 }.into()
    );
    let (_second, _third) = (session.import(ImportDesc(I0)), session.import(ImportDesc(I0)));
    assert_eq!(session.receive(ExportDesc(I0)), session.receive(ExportDesc(I0)));
    let full = session.import(ImportDesc(I0)).unwrap_err();
    assert_eq!(full, Violation::TooManyMentions { index: I0 }.into());
    drop((_second, _third, proxy));
    assert_eq!(drain(&session), [(0, 3)]);
    assert!(before.contains("0: 1 mentions, 1 handles"), "{before}");
}

#[test]
fn our_own_mentions_beyond_the_limit_are_refused_and_nothing_is_counted() {
    let (session, [bob]) = (session(), objects());
    for _ in 0..3 {
        session.export(&bob).unwrap();
    }
    assert_eq!(session.export(&bob), Err(Misuse::TooManyMentions { index: I0 }));
    assert!(session.gc_export(I0, 3).unwrap().is_some());
    let plain =
        Session::new(SessionId::FIRST, Limits { mentions_max: WireCount::new(1), ..LIMITS });
    let ben = Arc::new("Ben");
    plain.export(&ben).unwrap();
    assert_eq!(plain.export(&ben), Err(Misuse::TooManyMentions { index: I0 }));
}

#[test]
fn a_reader_finds_what_the_session_finds_whatever_became_of_what_it_remembers() {
    let (session, [bob, ben]) = (session(), objects());
    let mut reader = session.reader();
    let unknown = |index| Refused::Violation(Violation::UnknownExport { index });
    assert_eq!(reader.lookup(I0).unwrap_err(), unknown(I0));
    for object in [&bob, &bob, &ben] {
        session.export(object).unwrap();
    }
    for _ in 0..2 {
        assert!(Arc::ptr_eq(reader.lookup(I0).unwrap(), &bob));
        assert!(Arc::ptr_eq(reader.lookup(I1).unwrap(), &ben));
    }
    assert!(reader.gc_export(I0, 1).unwrap().is_none());
    assert!(reader.gc_export(I0, 0).is_err() && reader.gc_export(I0, 2).is_err());
    assert!(Arc::ptr_eq(&reader.gc_export(I0, 1).unwrap().unwrap(), &bob));
    assert_eq!((reader.lookup(I0).unwrap_err(), Arc::strong_count(&bob)), (unknown(I0), 1));
    session.gc_export(I1, 1).unwrap(); // behind the reader's back
    session.export(&bob).unwrap();
    session.export(&ben).unwrap();
    assert!(Arc::ptr_eq(reader.lookup(I1).unwrap(), &bob));
    assert!(Arc::ptr_eq(reader.lookup(I0).unwrap(), &ben));
    session.close();
    assert_eq!(reader.lookup(I0).unwrap_err(), Refused::Closed);
    assert_eq!(reader.gc_export(I0, 1).unwrap_err(), Refused::Closed);
    drop(reader);
    assert_eq!(Arc::strong_count(&bob), 1);
}

#[test]
fn a_reader_never_touches_the_count_of_another_session() {
    let (first, second, [bob]) = (session(), session(), objects());
    for session in [&first, &second] {
        session.export(&bob).unwrap();
        session.export(&bob).unwrap();
    }
    let mut reader = second.reader();
    assert!(Arc::ptr_eq(reader.lookup(I0).unwrap(), &bob));
    assert!(reader.gc_export(I0, 1).unwrap().is_none());
    assert!(reader.gc_export(I0, 1).unwrap().is_some());
    assert_eq!((first.exports()[0].2, second.stats().exports), (WireCount::new(2), 0));
}

#[test]
fn the_last_handle_owes_one_notification_for_all_mentions() {
    let session = session();
    let first = session.import(NewFarDesc(I1)).unwrap();
    let second = session.import(ImportDesc(I1)).unwrap();
    assert_eq!(first, second);
    let clone = first.clone();
    drop((first, second));
    assert_eq!((drain(&session), session.is_owing()), (vec![], false));
    drop(clone);
    assert!(session.is_owing());
    assert_eq!((drain(&session), drain(&session)), (vec![(1, 2)], vec![]));
}

#[test]
fn a_successor_inherits_what_its_predecessor_owed_and_one_message_gives_back_both() {
    let session = session();
    drop(session.import(NewFarDesc(I0)).unwrap());
    let successor = session.receive(ImportDesc(I0)).unwrap();
    assert!(matches!(successor, Received::Proxy { installed: true, .. }));
    assert_eq!(drain(&session), []);
    drop(successor);
    assert_eq!(drain(&session), [(0, 2)]);
    let revived = session.receive(ImportDesc(I0)).unwrap(); // the distributed race
    drop(revived);
    assert_eq!(drain(&session), [(0, 1)]);
    assert!(session.import(NewFarDesc(I0)).is_ok());
}

#[test]
fn a_proxy_goes_home_through_its_own_session_only() {
    let (first, second) = (session(), session());
    let proxy = first.import(NewFarDesc(I1)).unwrap();
    assert_eq!(first.send_home(&proxy), Ok(ExportDesc(I1)));
    assert_eq!((first.target(&proxy), second.target(&proxy).is_err()), (Ok(I1), true));
    let foreign = Misuse::ForeignProxy { session: SessionId::FIRST };
    assert_eq!(second.send_home(&proxy), Err(foreign));
    first.close();
    assert_eq!(first.send_home(&proxy), Err(Misuse::Closed));
    assert_eq!(first.target(&proxy), Err(Misuse::Closed));
}

#[test]
fn a_closed_session_gives_everything_back_once_and_does_nothing_any_more() {
    let (session, [bob, ben]) = (session(), objects());
    session.export(&bob).unwrap();
    session.export(&ben).unwrap();
    let proxy = session.import(NewFarDesc(I0)).unwrap();
    drop(session.import(NewFarDesc(I1)).unwrap());
    let returned = session.close();
    assert!(Arc::ptr_eq(&returned[0], &bob) && Arc::ptr_eq(&returned[1], &ben));
    assert!(session.close().is_empty() && session.is_closed() && proxy.is_broken());
    drop(proxy.clone());
    drop(proxy);
    assert_eq!(drain(&session), []);
    assert_eq!(session.export(&bob), Err(Misuse::Closed));
    assert_eq!(session.unexport(&bob).unwrap_err(), Misuse::Closed);
    assert_eq!(session.gc_export(I0, 1).unwrap_err(), Refused::Closed);
    assert_eq!(session.lookup(I0).unwrap_err(), Refused::Closed);
    for descriptor in [NewFarDesc(I0), ImportDesc(I1), ExportDesc(I0)] {
        assert_eq!(session.receive(descriptor).unwrap_err(), Refused::Closed);
    }
    assert_eq!(session.stats(), super::Stats { introduced: 2, ..super::Stats::default() });
}

#[test]
fn a_proxy_outlives_its_session_broken() {
    let session = session();
    let proxy = session.import(NewFarDesc(I0)).unwrap();
    drop(session);
    assert!(proxy.clone().is_broken());
    assert_eq!(format!("{proxy:?}"), "proxy of imports[0] in session 1, broken");
}

#[test]
fn the_session_is_woken_once_for_many_drops() {
    static WOKEN: AtomicUsize = AtomicUsize::new(0);
    let session = Session::<Object>::with_wake(SessionId::FIRST, Limits::default(), || {
        WOKEN.fetch_add(1, Ordering::Relaxed);
    });
    let import = |number| session.import(NewFarDesc(Index::new(number))).unwrap();
    drop([import(0), import(1), import(64), import(65), import(100_000)]);
    assert_eq!(WOKEN.load(Ordering::Relaxed), 1);
    assert_eq!(drain(&session), [(100_000, 1), (64, 1), (65, 1), (1, 1), (0, 1)]);
    drop(import(0));
    assert_eq!(WOKEN.load(Ordering::Relaxed), 2);
}

#[test]
fn an_object_may_use_the_session_when_it_is_dropped() {
    struct Reentrant {
        session: OnceLock<Session<Self>>,
        other: Mutex<Option<Arc<Self>>>,
    }
    impl Exportable for Reentrant {}
    impl Drop for Reentrant {
        fn drop(&mut self) {
            let Some(session) = self.session.get() else { return };
            let other = self.other.lock().unwrap().take().unwrap();
            assert_eq!(session.export(&other), Ok(NewFarDesc(I0)));
            drop(session.import(NewFarDesc(I0)).unwrap());
            assert_eq!(session.stats().owed, 1);
        }
    }
    let session = Session::new(SessionId::FIRST, LIMITS);
    let new = || Arc::new(Reentrant { session: OnceLock::new(), other: Mutex::default() });
    let object = new();
    *object.other.lock().unwrap() = Some(new());
    object.session.set(session.clone()).ok().unwrap();
    session.export(&object).unwrap();
    drop(object);
    let evicted = session.gc_export(I0, 1).unwrap();
    drop(evicted);
    assert_eq!(session.close().len(), 1);
}

#[test]
fn a_panic_in_an_objects_drop_leaves_the_tables_as_they_should_be() {
    struct Panics;
    impl Exportable for Panics {}
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let session = Session::new(SessionId::FIRST, LIMITS);
    session.export(&Arc::new(Panics)).unwrap();
    let evicted = session.gc_export(I0, 1).unwrap();
    let dropped = std::panic::catch_unwind(AssertUnwindSafe(|| drop(evicted)));
    assert!(dropped.is_err());
    let kept = Arc::new(Panics);
    assert_eq!(session.export(&kept), Ok(NewFarDesc(I0)));
    assert_eq!(session.close().into_iter().map(core::mem::forget).count(), 1);
    core::mem::forget(kept);
}

#[test]
fn a_dump_shows_both_tables_and_the_figures_add_up() {
    let (session, [bob]) = (session(), objects());
    session.export(&bob).unwrap();
    session.export(&bob).unwrap();
    let _kept = session.import(NewFarDesc(I0)).unwrap();
    drop(session.import(NewFarDesc(I1)).unwrap());
    assert_eq!(
        format!("{session:?}"),
        "Session { id: 1, closed: false, exports: {0: 2}, \
         imports: [0: 1 mentions, 1 handles, 1: 1 mentions, 0 handles] }"
    );
    assert_eq!(
        format!("{}", session.stats()),
        "exports 1 of 1 so far; imports 1, 1 owed, 2 mentions held"
    );
    let row = ImportRow { index: I1, mentions: WireCount::new(1), handles: 0 };
    assert_eq!(session.imports()[1], row);
    assert_eq!(session.exports()[0].2, WireCount::new(2));
}

#[test]
fn what_crosses_threads_may_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Session<Object>>();
    crosses::<super::Proxy>();
    crosses::<ExportCell>();
    crosses::<Descriptor>();
}
