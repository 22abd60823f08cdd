//! The system under test: the concurrent tables, on one thread.

use crate::reference::{Pure, Side, State};
use crate::step::{Action, Got, Id, LIMITS, Named, POOL, Seen, Step};
use captp_gc::protocol::{Descriptor, Index, Misuse, SessionId, Violation};
use captp_gc::sync::Primitives;
use captp_gc::table::{
    ExportCell, Exportable, ImportRow, Proxy, Received, Refused, Session, Stats,
};
use proptest_state_machine::StateMachineTest;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// An object that knows who it is. Some have no cell, and are counted in the table.
struct Thing<P: Primitives> {
    id: Id,
    cell: Option<ExportCell<P>>,
}

impl<P: Primitives> Exportable<P> for Thing<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        self.cell.as_ref()
    }
}

/// Two sessions, and the application's objects, which may be exported in both.
pub(crate) struct Vat<P: Primitives> {
    sides: [Concurrent<P>; 2],
    pool: Vec<Arc<Thing<P>>>,
    /// Every object that there ever was.
    born: BTreeMap<Id, Weak<Thing<P>>>,
}

struct Concurrent<P: Primitives> {
    session: Session<Thing<P>, P>,
    woken: Arc<AtomicUsize>,
    making: Vec<Arc<Thing<P>>>,
    held: BTreeMap<Index, Vec<Proxy<P>>>,
    broken: Vec<Proxy<P>>,
}

/// The concurrent tables on `P`, step by step with the pure tables.
pub(crate) struct Lockstep<P>(PhantomData<P>);

impl<P: Primitives> StateMachineTest for Lockstep<P> {
    type SystemUnderTest = Vat<P>;
    type Reference = Pure;

    fn init_test(state: &State) -> Vat<P> {
        let sides = [0, 1].map(|at: usize| Concurrent::new(state.sides[at].session));
        let mut vat = Vat { sides, pool: Vec::new(), born: BTreeMap::new() };
        vat.pool = state.pool.iter().enumerate().map(|(slot, id)| vat.bear(slot, *id)).collect();
        vat
    }

    fn apply(mut vat: Vat<P>, state: &State, step: Step) -> Vat<P> {
        let seen = vat.take(&step, state);
        assert_eq!(seen, state.seen, "{step:?}: the concurrent tables, and the pure ones");
        vat
    }

    fn check_invariants(vat: &Vat<P>, state: &State) {
        for (concurrent, pure) in vat.sides.iter().zip(&state.sides) {
            concurrent.check(pure);
        }
        for (id, thing) in &vat.born {
            assert_eq!(thing.strong_count(), state.references(*id), "references to object {id}");
            if let Some(thing) = thing.upgrade() {
                check_cell(&thing, state);
            }
        }
    }
}

/// A cell never tells what none of the sessions says.
fn check_cell<P: Primitives>(thing: &Thing<P>, state: &State) {
    let Some(cell) = &thing.cell else { return };
    let shown = format!("{cell:?}");
    let exported = state.sides.iter().any(|side| {
        let exports = side.tables.exports();
        exports.index_of(&thing.id).is_some_and(|index| {
            shown == format!("exports[{index}], {} mentions", exports.count(index))
        })
    });
    assert!(exported || shown == "not exported here", "object {}: {shown}", thing.id);
}

impl<P: Primitives> Vat<P> {
    fn bear(&mut self, slot: usize, id: Id) -> Arc<Thing<P>> {
        let cell = (slot != POOL - 1).then(ExportCell::new);
        let thing = Arc::new(Thing { id, cell });
        self.born.insert(id, Arc::downgrade(&thing));
        thing
    }

    fn take(&mut self, Step { at, action }: &Step, after: &State) -> Seen {
        let (pool, side) = (&self.pool, &mut self.sides[*at]);
        match action {
            Action::Write(references) => Seen::Written(side.write(references, pool)),
            Action::Sent => {
                side.making.clear();
                Seen::Nothing
            }
            Action::Unwrite => side.unwrite(),
            Action::UnexportStranger(slot) => {
                let refused = side.session.unexport(&pool[*slot]).map(|_| ());
                Seen::Described(Err(refused.expect_err("it is not exported")))
            }
            Action::Read(descriptors) => side.read(descriptors),
            Action::Import(descriptor) => {
                let imported = side.peer(side.session.import(*descriptor));
                Seen::Imported(imported.map(|proxy| side.hold(proxy)))
            }
            Action::GcExport { index, delta, by_reader } => {
                let evicted = side.gc_export(*index, *delta, *by_reader);
                Seen::Evicted(evicted.map(|gone| gone.map(|thing| thing.id)))
            }
            Action::Lookup(index) => side.lookup(*index),
            Action::Clone(index) => {
                let clone = side.held[index][0].clone();
                side.hold(clone);
                Seen::Nothing
            }
            Action::Drop(index) => {
                let handles = side.held.get_mut(index).expect("it is held");
                drop(handles.pop());
                if handles.is_empty() {
                    side.held.remove(index);
                }
                Seen::Nothing
            }
            Action::SendHome { index, through_other } => {
                let through = if *through_other { 1 - *at } else { *at };
                let proxy = &self.sides[*at].held[index][0];
                Seen::Described(self.sides[through].session.send_home(proxy))
            }
            Action::DropBroken => {
                let proxy = side.broken.pop().expect("there is one");
                assert!(proxy.is_broken() && proxy.clone() == proxy);
                Seen::Described(side.session.send_home(&proxy))
            }
            Action::Drain => side.drain(),
            Action::Close => Seen::Closed(side.close()),
            Action::Reopen => {
                side.break_proxies();
                let broken = std::mem::take(&mut side.broken);
                *side = Concurrent { broken, ..Concurrent::new(after.sides[*at].session) };
                Seen::Nothing
            }
            Action::Renew(slot) => {
                self.pool[*slot] = self.bear(*slot, after.pool[*slot]);
                Seen::Nothing
            }
        }
    }
}

impl<P: Primitives> Concurrent<P> {
    fn new(session: SessionId) -> Self {
        let woken = Arc::new(AtomicUsize::new(0));
        let bell = Arc::clone(&woken);
        let wake = Box::new(move || {
            bell.fetch_add(1, Ordering::Relaxed);
        });
        Self {
            session: Session::on(session, LIMITS, Some(wake)),
            woken,
            making: Vec::new(),
            held: BTreeMap::new(),
            broken: Vec::new(),
        }
    }

    /// What is wrong in itself is refused as such also after the end: there is nothing to end.
    fn peer<R>(&self, read: Result<R, Refused>) -> Result<R, Refused> {
        match read {
            Err(Refused::Violation(
                Violation::ZeroDelta { .. } | Violation::IndexBeyondLimit { .. },
            )) if self.session.is_closed() => Err(Refused::Closed),
            read => read,
        }
    }

    fn hold(&mut self, proxy: Proxy<P>) {
        self.held.entry(proxy.index()).or_default().push(proxy);
    }

    fn gc_export(
        &self,
        index: Index,
        delta: u32,
        by_reader: bool,
    ) -> Result<Option<Arc<Thing<P>>>, Refused> {
        if !by_reader {
            return self.peer(self.session.gc_export(index, delta));
        }
        let mut reader = self.session.reader();
        let looked_up = reader.lookup(index).map(|thing| thing.id);
        let evicted = reader.gc_export(index, delta);
        if let (Ok(id), Ok(Some(thing))) = (looked_up, &evicted) {
            assert_eq!(thing.id, id);
        }
        self.peer(evicted)
    }

    /// By the session, and by a reader that looks it up for the first and for the second time.
    fn lookup(&self, index: Index) -> Seen {
        let found = self.peer(self.session.lookup(index)).map(|thing| thing.id);
        let mut reader = self.session.reader();
        for _ in 0..2 {
            let read = reader.lookup(index).map(|thing| thing.id);
            assert_eq!(self.peer(read), found, "a reader, and the session");
        }
        Seen::Found(found)
    }

    /// Unless all is well, the message takes its mentions back.
    fn write(
        &mut self,
        references: &[Named],
        pool: &[Arc<Thing<P>>],
    ) -> Result<Vec<Descriptor>, Misuse> {
        let (mut message, mut counted) = (self.session.message(), Vec::new());
        let mut descriptors = Vec::new();
        for reference in references {
            descriptors.push(match *reference {
                Named::Object(slot) => {
                    counted.push(Arc::clone(&pool[slot]));
                    message.export(&pool[slot])?
                }
                Named::Proxy(index) => message.send_home(&self.held[&index][0])?,
            });
        }
        message.sent(); // for all that the tables know
        self.making = counted;
        Ok(descriptors)
    }

    fn unwrite(&mut self) -> Seen {
        if self.making.is_empty() && self.session.is_closed() {
            return Seen::Described(Err(Misuse::Closed));
        }
        let mut evicted = Vec::new();
        for thing in std::mem::take(&mut self.making).iter().rev() {
            match self.session.unexport(thing) {
                Ok(gone) => evicted.extend(gone.map(|thing| thing.id)),
                Err(Misuse::NothingToUnexport) => {
                    self.close();
                    return Seen::GivenBackBefore;
                }
                Err(misuse) => return Seen::Described(Err(misuse)),
            }
        }
        Seen::TakenBack(evicted)
    }

    fn read(&mut self, descriptors: &[Descriptor]) -> Seen {
        let (mut got, mut proxies) = (Vec::new(), Vec::new());
        for descriptor in descriptors {
            match self.peer(self.session.receive(*descriptor)) {
                Ok(Received::Home(thing)) => got.push(Got::Home(thing.id)),
                Ok(Received::Proxy { proxy, installed }) => {
                    got.push(Got::Proxy { index: proxy.index(), installed });
                    proxies.push(proxy);
                }
                Err(refused) => return Seen::Read(got, Some(refused)),
            }
        }
        for proxy in proxies {
            self.hold(proxy);
        }
        Seen::Read(got, None)
    }

    /// The order within a drain is the tables' own affair.
    fn drain(&self) -> Seen {
        let mut ops = Vec::new();
        self.session.drain_gc(&mut ops);
        ops.sort_unstable();
        Seen::Drained(ops)
    }

    fn close(&mut self) -> Vec<Id> {
        self.break_proxies();
        self.session.close().into_iter().map(|thing| thing.id).collect()
    }

    fn break_proxies(&mut self) {
        self.broken.extend(std::mem::take(&mut self.held).into_values().flatten());
    }

    /// Everything that can be seen without doing anything.
    fn check(&self, pure: &Side) {
        let session = &self.session;
        assert_eq!((session.id(), session.limits()), (pure.session, &LIMITS));
        assert_eq!(session.is_closed(), pure.is_over);
        assert_eq!(session.is_owing(), !pure.owed.is_empty(), "whether something is owed");
        assert_eq!(self.woken.load(Ordering::Relaxed), pure.wakes, "times woken");

        let exports = session.exports();
        let shown: Vec<_> = exports.iter().map(|(i, thing, n)| (*i, thing.id, *n)).collect();
        let expected: Vec<_> = pure.tables.exports().iter().map(|(i, id, n)| (i, *id, n)).collect();
        assert_eq!(shown, expected, "the export table");

        let rows: Vec<ImportRow> = expected_imports(pure).collect();
        assert_eq!(session.imports(), rows, "the import table");

        let owed = rows.iter().filter(|row| row.handles == 0).count();
        let stats = Stats {
            exports: expected.len(),
            imports: rows.len() - owed,
            owed,
            introduced: pure.introduced,
            mentions: rows.iter().map(|row| u64::from(row.mentions.get())).sum(),
        };
        assert_eq!(session.stats(), stats);

        let counts: BTreeMap<_, _> = expected.iter().map(|(i, _, n)| (i, n)).collect();
        let (id, over) = (pure.session, pure.is_over);
        let dump = format!(
            "Session {{ id: {id:?}, closed: {over:?}, exports: {counts:?}, imports: {rows:?} }}"
        );
        assert_eq!(format!("{session:?}"), dump);

        for (index, proxies) in &self.held {
            for proxy in proxies {
                assert!(!proxy.is_broken() && *proxy == proxies[0], "handles of one live proxy");
                assert_eq!((proxy.index(), proxy.session()), (*index, pure.session));
            }
        }
        assert!(self.broken.iter().all(Proxy::is_broken), "proxies of sessions that are over");
        let broken = self.broken.iter().map(|proxy| (proxy.index(), proxy.session()));
        assert!(broken.eq(pure.broken.iter().map(|proxy| (proxy.index, proxy.session))));
    }
}

/// The pure table keeps slots of which nothing is held; a dump does not show them.
fn expected_imports(pure: &Side) -> impl Iterator<Item = ImportRow> {
    pure.tables.imports().iter().filter_map(|(index, entry)| {
        let handles = pure.held.get(&index).map_or(0, |(_, handles)| *handles);
        assert_eq!(entry.slot.is_live(), handles > 0);
        let mentions = entry.slot.count();
        (!mentions.is_zero()).then_some(ImportRow { index, mentions, handles })
    })
}
