//! The reference: the protocol's pure tables, and the few things that they leave to their user.

use crate::step::{self, Action, Got, Id, LIMITS, Named, POOL, Seen, Step};
use captp_gc::protocol::{
    Descriptor, Index, Misuse, Notification, ProxyId, Received, Reference, SessionId, Tables,
    Written,
};
use captp_gc::table::Refused;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use std::collections::BTreeMap;

/// Two vats' worth of pure tables, and the objects that the application has.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) sides: [Side; 2],
    /// Who stands in each of the application's places.
    pub(crate) pool: Vec<Id>,
    pub(crate) seen: Seen,
    born: Id,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    /// After the end of a session, these are the next one's already.
    pub(crate) tables: Tables<Id>,
    pub(crate) session: SessionId,
    pub(crate) is_over: bool,
    /// A message that is not settled, and its objects.
    pub(crate) making: Option<(Written, Vec<Id>)>,
    /// The live proxies, and how many handles each has.
    pub(crate) held: BTreeMap<Index, (ProxyId, u64)>,
    /// A handle each of proxies whose session is over.
    pub(crate) broken: Vec<ProxyId>,
    pub(crate) owed: Vec<Notification>,
    /// How often something came to be owed when nothing was.
    pub(crate) wakes: usize,
    pub(crate) introduced: u64,
}

/// The machine of the pure tables.
pub(crate) struct Pure;

impl ReferenceStateMachine for Pure {
    type State = State;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<State> {
        Just(State::new()).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Step> {
        step::next(state)
    }

    fn apply(mut state: State, step: &Step) -> State {
        state.seen = state.take(step);
        state
    }

    fn preconditions(state: &State, step: &Step) -> bool {
        step::is_possible(state, step)
    }
}

impl State {
    fn new() -> Self {
        let side = Side::new(SessionId::FIRST);
        let pool: Vec<Id> = (0..).take(POOL).collect();
        let born = Id::try_from(POOL).expect("a handful");
        Self { sides: [side.clone(), side], pool, seen: Seen::Nothing, born }
    }

    /// Whether the application's object in this place is not exported in this session.
    pub(crate) fn is_stranger(&self, side: &Side, slot: usize) -> bool {
        side.tables.exports().index_of(&self.pool[slot]).is_none()
    }

    /// How many references there must be to an object: the application's, one of each table that
    /// it is exported in, and those of messages in the making.
    pub(crate) fn references(&self, id: Id) -> usize {
        let exported = |side: &Side| usize::from(side.tables.exports().index_of(&id).is_some());
        let making = |side: &Side| {
            side.making.iter().flat_map(|(_, objects)| objects).filter(|o| **o == id).count()
        };
        let held: usize = self.sides.iter().map(|side| exported(side) + making(side)).sum();
        usize::from(self.pool.contains(&id)) + held
    }

    fn take(&mut self, Step { at, action }: &Step) -> Seen {
        let (pool, side) = (&self.pool, &mut self.sides[*at]);
        match action {
            Action::Write(references) => Seen::Written(side.write(references, pool)),
            Action::Sent => side.send(),
            Action::Unwrite => side.unwrite(),
            Action::UnexportStranger(_) => {
                let misuse = if side.is_over { Misuse::Closed } else { Misuse::NothingToUnexport };
                Seen::Described(Err(misuse))
            }
            Action::Read(descriptors) => side.read(descriptors),
            Action::Import(descriptor) => Seen::Imported(side.import(*descriptor)),
            Action::GcExport { index, delta, .. } => {
                Seen::Evicted(side.peer(|tables| tables.gc_export(*index, *delta)))
            }
            Action::Lookup(index) => {
                Seen::Found(side.peer(|tables| tables.lookup(*index).copied()))
            }
            Action::Clone(index) => {
                side.held.entry(*index).and_modify(|(_, handles)| *handles += 1);
                Seen::Nothing
            }
            Action::Drop(index) => {
                side.drop_handle(*index);
                Seen::Nothing
            }
            Action::SendHome { index, through_other: false } => {
                Seen::Described(side.send_home(*index))
            }
            Action::SendHome { through_other: true, .. } => {
                Seen::Described(Err(Misuse::ForeignProxy { session: side.session }))
            }
            Action::DropBroken => side.drop_broken(),
            Action::Drain => side.drain(),
            Action::Close => Seen::Closed(side.close()),
            Action::Reopen => {
                side.close();
                let broken = std::mem::take(&mut side.broken);
                *side = Side { broken, ..Side::new(side.tables.session()) };
                Seen::Nothing
            }
            Action::Renew(slot) => {
                self.pool[*slot] = self.born;
                self.born += 1;
                Seen::Nothing
            }
        }
    }
}

impl Side {
    fn new(session: SessionId) -> Self {
        Self {
            tables: Tables::new(session, LIMITS),
            session,
            is_over: false,
            making: None,
            held: BTreeMap::new(),
            broken: Vec::new(),
            owed: Vec::new(),
            wakes: 0,
            introduced: 0,
        }
    }

    /// The mention that a correct peer would write. One of a released index is `NewFarDesc`.
    pub(crate) fn mention(&self, index: Index) -> Descriptor {
        match self.tables.imports().entry(index) {
            Some(entry) if !entry.slot.count().is_zero() => Descriptor::ImportDesc(index),
            _ => Descriptor::NewFarDesc(index),
        }
    }

    fn peer<R>(
        &mut self,
        read: impl FnOnce(&mut Tables<Id>) -> Result<R, captp_gc::protocol::Violation>,
    ) -> Result<R, Refused> {
        if self.is_over { Err(Refused::Closed) } else { Ok(read(&mut self.tables)?) }
    }

    fn write(&mut self, references: &[Named], pool: &[Id]) -> Result<Vec<Descriptor>, Misuse> {
        if self.is_over {
            return Err(Misuse::Closed);
        }
        let references = references.iter().map(|reference| match *reference {
            Named::Object(slot) => Reference::Local(pool[slot]),
            Named::Proxy(index) => Reference::Proxy(index),
        });
        let references: Vec<_> = references.collect();
        let mut trial = self.tables.exports().clone();
        let mut objects = Vec::new();
        for reference in &references {
            if let Reference::Local(id) = reference {
                match trial.export(*id, &LIMITS) {
                    Ok(descriptor) => {
                        self.introduced +=
                            u64::from(matches!(descriptor, Descriptor::NewFarDesc(_)));
                        objects.push(*id);
                    }
                    Err(_) => break, // what was introduced before was so, if only for a moment
                }
            }
        }
        let written = self.tables.write(&references)?;
        let descriptors = written.descriptors().to_vec();
        self.making = Some((written, objects));
        Ok(descriptors)
    }

    fn send(&mut self) -> Seen {
        if let Some((written, _)) = self.making.take() {
            assert_eq!(self.tables.sent(written).is_ok(), !self.is_over);
        }
        Seen::Nothing
    }

    /// A message of its own, and not counted: it comes and goes beside a message in the making.
    fn send_home(&self, index: Index) -> Result<Descriptor, Misuse> {
        let mut beside = self.clone();
        beside.send();
        let written = beside.tables.write(&[Reference::Proxy(index)])?;
        Ok(written.descriptors()[0])
    }

    fn unwrite(&mut self) -> Seen {
        let Some((written, _)) = self.making.take() else { return Seen::Nothing };
        match self.tables.unwrite(written) {
            Ok(evicted) => Seen::TakenBack(evicted),
            Err(Misuse::NotInTheMaking) => Seen::Described(Err(Misuse::Closed)),
            Err(_) => {
                self.close();
                Seen::GivenBackBefore
            }
        }
    }

    /// The concurrent tables read a message one reference at a time. If one is refused, those
    /// before it are dropped; the pure tables, which read messages whole, must refuse it alike.
    fn read(&mut self, descriptors: &[Descriptor]) -> Seen {
        let whole = self.tables.clone().read(descriptors);
        let mut got = Vec::new();
        for descriptor in descriptors {
            match self.peer(|tables| tables.read(&[*descriptor])) {
                Ok(received) => got.extend(received.into_iter().map(|one| self.receive(one))),
                Err(refused) => {
                    assert!(self.is_over || whole.map_err(Refused::Violation) == Err(refused));
                    for one in &got {
                        if let Got::Proxy { index, .. } = one {
                            self.drop_handle(*index);
                        }
                    }
                    return Seen::Read(got, Some(refused));
                }
            }
        }
        assert!(whole.is_ok_and(|received| received.len() == got.len()));
        Seen::Read(got, None)
    }

    fn receive(&mut self, received: Received<Id>) -> Got {
        match received {
            Received::Home(object) => Got::Home(object),
            Received::Proxy { proxy, installed } => {
                let index = proxy.index;
                let (live, handles) = self.held.entry(index).or_insert((proxy, 0));
                assert_eq!((*live, *handles == 0), (proxy, installed));
                *handles += 1;
                Got::Proxy { index, installed }
            }
        }
    }

    fn import(&mut self, descriptor: Descriptor) -> Result<(), Refused> {
        if let Descriptor::ExportDesc(_) = descriptor {
            let mut imports = self.tables.imports().clone();
            return self.peer(|_| imports.import(descriptor, &LIMITS).map(|_| ()));
        }
        for received in self.peer(|tables| tables.read(&[descriptor]))? {
            self.receive(received);
        }
        Ok(())
    }

    /// The pure tables know no handles: the collector clears the proxy when the last one goes.
    fn drop_handle(&mut self, index: Index) {
        let Some((proxy, handles)) = self.held.get_mut(&index) else { return };
        *handles -= 1;
        if *handles == 0 {
            let notification = self.tables.clear(*proxy).expect("it is live");
            self.held.remove(&index);
            self.wakes += usize::from(self.owed.is_empty());
            self.owed.push(notification);
        }
    }

    /// R8: nothing comes of what a proxy of an old session does.
    fn drop_broken(&mut self) -> Seen {
        let Some(proxy) = self.broken.pop() else { return Seen::Nothing };
        let notification = self.tables.clear(proxy).expect("it is of an old session");
        assert_eq!(self.tables.notify(notification), None);
        Seen::Described(Err(if proxy.session == self.session {
            Misuse::Closed
        } else {
            Misuse::ForeignProxy { session: proxy.session }
        }))
    }

    fn drain(&mut self) -> Seen {
        let owed = std::mem::take(&mut self.owed);
        let mut ops: Vec<_> = owed.into_iter().filter_map(|n| self.tables.notify(n)).collect();
        ops.sort_unstable();
        Seen::Drained(ops)
    }

    fn close(&mut self) -> Vec<Id> {
        if self.is_over {
            return Vec::new();
        }
        self.is_over = true;
        let held = std::mem::take(&mut self.held).into_values();
        self.broken.extend(held.flat_map(|(proxy, n)| (0..n).map(move |_| proxy)));
        let next = self.session.next().expect("few sessions");
        self.tables.close(next).expect("it is later")
    }
}
