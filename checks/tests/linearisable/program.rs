//! Programs for a few threads, chosen at random, and run on shuttle.

use crate::history::{Answer, Call, Drains, History};
use crate::spec::{Name, Op, Ret};
use captp_gc::protocol::{Descriptor, Index, Limits, SessionId, WireCount};
use captp_gc::table::{Proxy, Reader, Received, Session};
use checks::ledger::{Object, drain};
use checks::under_shuttle::Shuttle;
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, Runner};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const NAMES: [Name; 2] = ["Bob", "Ben"];

/// The thread that reads the session's messages. Others may call what it calls; it has a reader.
const READING: usize = 1;

/// What a thread may choose to do next. More often if it stands there more often.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Export,
    Unexport,
    GcExport,
    Lookup,
    Introduce,
    Mention,
    Clone,
    Drop,
    SendHome,
    Drain,
    Close,
}

/// Everything that the exporter's side has.
pub(crate) const EXPORTS: &[Kind] = {
    use Kind::{Export, GcExport, Lookup, Unexport};
    &[Export, Export, Export, Unexport, GcExport, GcExport, Lookup, Lookup]
};

/// The importer's side without clones: with a defect, tables may have lost count of the handles,
/// and refuse to clone by a panic.
pub(crate) const IMPORTS: &[Kind] = {
    use Kind::{Drain, Drop, Introduce, Mention, SendHome};
    &[Introduce, Mention, Mention, Mention, Drop, Drop, Drop, Drop, SendHome, Drain, Drain]
};

/// Everything that the importer's side has.
pub(crate) const HANDLES: &[Kind] = {
    use Kind::{Clone, Drain, Drop, Introduce, Mention};
    &[Introduce, Mention, Mention, Clone, Drop, Drop, Drop, Drop, Drain, Drain]
};

/// Several threads end the session, and try to go on.
pub(crate) const ENDS: &[Kind] = {
    use Kind::{Close, Drain, Drop, Export, Lookup, Mention};
    &[Export, Lookup, Mention, Mention, Drop, Drain, Close, Close]
};

/// Both sides, and the end of the session.
pub(crate) const EVERYTHING: &[Kind] = {
    use Kind::{Clone, Close, Drain, Drop, Export, GcExport, Introduce, Lookup, Mention};
    use Kind::{SendHome, Unexport};
    &[
        Export, Export, Unexport, GcExport, Lookup, Introduce, Mention, Mention, Clone, Drop, Drop,
        Drop, SendHome, Drain, Drain, Close,
    ]
};

/// A scheduler that stops when something is found.
struct Until<S> {
    schedules: S,
    found: Arc<Mutex<Option<String>>>,
}

impl<S: Scheduler> Scheduler for Until<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if found { None } else { self.schedules.new_execution() }
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.schedules.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.schedules.next_u64()
    }
}

/// Runs programs until a history does not linearise. Returns how many ran, and that history.
pub(crate) fn explore<const DEFECT: usize>(
    schedules: impl Scheduler + 'static,
    menu: &'static [Kind],
    drains: Drains,
) -> (usize, Option<String>) {
    let mut config = Config::new();
    config.silence_warnings = true; // orders weaker than shuttle's are the business of loom
    let found = Arc::new(Mutex::new(None));
    let until = Until { schedules, found: Arc::clone(&found) };
    let into = Arc::clone(&found);
    let ran = Runner::new(until, config).run(move || {
        if let Err(history) = run::<DEFECT>(menu, drains) {
            *into.lock().unwrap_or_else(PoisonError::into_inner) = Some(history);
        }
    });
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    (ran, found)
}

/// One random program on one schedule.
fn run<const DEFECT: usize>(menu: &[Kind], drains: Drains) -> Result<(), String> {
    let mut random = thread_rng();
    let limits = Limits {
        exports_max: random.gen_range(1..=2),
        imports_max: 8,
        mentions_max: WireCount::new(random.gen_range(2..=4)),
        ..Limits::default()
    };
    let indices = match random.gen_range(0..4) {
        0 | 1 => vec![Index::new(0)],
        2 => vec![Index::new(0), Index::new(1)],
        _ => vec![Index::new(0), Index::new(4)], // on another page
    };
    let objects = Arc::new(NAMES.map(Object::new));
    // An object that belongs to another session is counted in the table.
    let elsewhere = Session::on(SessionId::FIRST, limits, None);
    if random.gen_bool(0.25) {
        elsewhere.export(&objects[0]).expect("there is room for one");
    }
    let session = Session::on(SessionId::FIRST, limits, None);
    let history = Arc::new(History::default());
    let vat = |thread| Vat::<DEFECT> {
        thread,
        session: session.clone(),
        objects: Arc::clone(&objects),
        indices: indices.clone(),
        history: Arc::clone(&history),
        proxies: BTreeMap::new(),
        reader: (thread == READING).then(|| session.reader()),
    };
    let mut main = vat(0);
    let mut vats: Vec<_> = (1..=random.gen_range(2..=3)).map(vat).collect();
    let first = indices[0];
    main.call(Op::Export(NAMES[0]));
    if random.gen_bool(0.75) {
        main.call(Op::Receive(Descriptor::NewFarDesc(first)));
        for vat in &mut vats {
            if random.gen_bool(0.5) {
                main.call(Op::Receive(Descriptor::ImportDesc(first)));
                vat.proxies(first).extend(main.proxies(first).pop());
            }
        }
        main.drop_all(first); // perhaps the last handle, whose notification is owed
    }
    let mut closings = 2; // each is several operations at a time, and the tester tries all orders
    let threads = vats.into_iter().map(|mut vat| {
        let mut steps: Vec<_> =
            (0..random.gen_range(3..=5)).map(|_| menu[random.gen_range(0..menu.len())]).collect();
        steps.retain(|kind| {
            let is_close = matches!(kind, Kind::Close);
            closings -= i32::from(is_close);
            !is_close || closings >= 0
        });
        shuttle::thread::spawn(move || {
            for kind in steps {
                vat.choose(kind);
            }
            vat.proxies
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        for (index, proxies) in thread.join().expect("no thread panics") {
            main.proxies.entry(index).or_default().extend(proxies);
        }
    }
    main.finish();
    drop(main);
    history.check(limits, &indices, drains)
}

/// A thread's hold on the vat.
struct Vat<const DEFECT: usize> {
    thread: usize,
    session: Session<Object<Shuttle<DEFECT>>, Shuttle<DEFECT>>,
    objects: Arc<[Arc<Object<Shuttle<DEFECT>>>; NAMES.len()]>,
    indices: Vec<Index>,
    history: Arc<History>,
    proxies: BTreeMap<Index, Vec<Proxy<Shuttle<DEFECT>>>>,
    /// Who has one reads calls and `GCExportOp`s by it.
    reader: Option<Reader<Object<Shuttle<DEFECT>>, Shuttle<DEFECT>>>,
}

impl<const DEFECT: usize> Vat<DEFECT> {
    fn choose(&mut self, kind: Kind) {
        let mut random = thread_rng();
        let index = self.indices[random.gen_range(0..self.indices.len())];
        let name = NAMES[usize::from(random.gen_bool(0.25))];
        let export = Index::new(u32::from(random.gen_bool(0.25)));
        let is_held = !self.proxies(index).is_empty();
        match kind {
            Kind::Export => self.call(Op::Export(name)),
            Kind::Unexport => self.call(Op::Unexport(name)),
            Kind::GcExport => self.call(Op::GcExport(export, random.gen_range(1..=2))),
            Kind::Lookup => self.call(Op::Lookup(export)),
            Kind::Introduce => self.call(Op::Receive(Descriptor::NewFarDesc(index))),
            Kind::Mention => self.call(Op::Receive(Descriptor::ImportDesc(index))),
            Kind::Clone if is_held => self.call(Op::Clone(index)),
            Kind::Drop if is_held => self.call(Op::Drop(index)),
            Kind::SendHome if is_held => self.call(Op::SendHome(index)),
            Kind::Clone | Kind::Drop | Kind::SendHome => {}
            Kind::Drain => self.drain(),
            Kind::Close => self.close(),
        }
    }

    /// Everything is dropped and drained, and every count asked for: by a release of too much.
    fn finish(&mut self) {
        for index in self.indices.clone() {
            self.drop_all(index);
        }
        self.drain();
        for index in self.indices.clone() {
            self.call(Op::Receive(Descriptor::NewFarDesc(index)));
        }
        for index in [0, 1].map(Index::new) {
            self.call(Op::GcExport(index, u32::MAX));
        }
    }

    fn drop_all(&mut self, index: Index) {
        while !self.proxies(index).is_empty() {
            self.call(Op::Drop(index));
        }
    }

    fn drain(&self) {
        let run = || Answer::Drained(drain(&self.session));
        self.history.record(self.thread, Call::Drain, run);
    }

    fn close(&self) {
        let run = || Answer::Closed(self.session.close().iter().map(|o| o.name).collect());
        self.history.record(self.thread, Call::Close, run);
    }

    fn call(&mut self, op: Op) {
        let history = Arc::clone(&self.history);
        let call = Call::Once(op.clone());
        history.record(self.thread, call, || Answer::Once(self.invoke(&op)));
    }

    fn object(&self, name: Name) -> &Arc<Object<Shuttle<DEFECT>>> {
        self.objects.iter().find(|object| object.name == name).expect("it is one of ours")
    }

    fn proxies(&mut self, index: Index) -> &mut Vec<Proxy<Shuttle<DEFECT>>> {
        self.proxies.entry(index).or_default()
    }

    fn invoke(&mut self, op: &Op) -> Ret {
        let session = &self.session;
        match *op {
            Op::Export(name) => Ret::Described(session.export(self.object(name))),
            Op::Unexport(name) => {
                let gone = session.unexport(self.object(name));
                Ret::TakenBack(gone.map(|gone| gone.map(|object| object.name)))
            }
            Op::GcExport(index, delta) => {
                let gone = match &mut self.reader {
                    Some(reader) => reader.gc_export(index, delta),
                    None => session.gc_export(index, delta),
                };
                Ret::Evicted(gone.map(|gone| gone.map(|object| object.name)))
            }
            Op::Lookup(index) => Ret::Found(match &mut self.reader {
                Some(reader) => reader.lookup(index).map(|object| object.name),
                None => session.lookup(index).map(|object| object.name),
            }),
            Op::Receive(mention) => Ret::Received(session.receive(mention).map(|received| {
                let Received::Proxy { proxy, installed } = received else { return false };
                self.proxies(mention.index()).push(proxy);
                installed
            })),
            Op::Clone(index) => {
                let proxies = self.proxies(index);
                proxies.extend_from_within(..1);
                Ret::Done
            }
            Op::Drop(index) => {
                drop(self.proxies(index).pop());
                Ret::Done
            }
            Op::SendHome(index) => Ret::Described(session.send_home(&self.proxies[&index][0])),
            Op::DrainAt(_) | Op::CloseImport(_) | Op::CloseExports => Ret::Impossible,
        }
    }
}
