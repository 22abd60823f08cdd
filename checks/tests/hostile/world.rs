//! Two sessions of one vat with shared objects, an attacker in one of them, and the truth.
//!
//! The truth says what was accepted and what became of it, never what should be accepted: with one
//! exception, that what the peer may give back is taken, and nothing beyond.

use super::op::{At, Op};
use captp_gc::protocol::{Descriptor, GcExportOp, Index, Limits, Misuse, SessionId};
use captp_gc::sync::Primitives;
use captp_gc::table::{ExportCell, Exportable, Proxy, Received, Refused, Session, Stats};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

const OBJECTS: usize = 6;
/// Handles that the application keeps.
const PROXIES_MAX: usize = 24;

/// Every second object has a cell.
struct Object<P: Primitives>(Option<ExportCell<P>>);

impl<P: Primitives> Exportable<P> for Object<P> {
    fn export_cell(&self) -> Option<&ExportCell<P>> {
        self.0.as_ref()
    }
}

type Objects<P> = Vec<Arc<Object<P>>>;

struct End<P: Primitives> {
    session: Session<Object<P>, P>,
    /// Whom the peer holds, and how often it was told of each.
    exports: BTreeMap<Index, (Weak<Object<P>>, u32)>,
    /// Mentions that were accepted and not given back.
    imports: BTreeMap<Index, u32>,
    closed: bool,
}

struct Kept<P: Primitives> {
    proxy: Proxy<P>,
    at: At,
    session: SessionId,
}

struct World<P: Primitives> {
    ends: [End<P>; 2],
    objects: Objects<P>,
    proxies: Vec<Kept<P>>,
    /// Every object there ever was, as long as it lives.
    lives: Vec<Weak<Object<P>>>,
    violations: BTreeSet<String>,
}

/// What there is to see of a session.
type Look = (String, Stats);
type Judged<R = ()> = Result<R, String>;

/// Does all of it, and judges after each step. Returns the names of the violations that occurred.
///
/// # Errors
/// What was found wrong, and at which operation.
pub(crate) fn judge<P: Primitives>(ops: &[Op], limits: Limits) -> Judged<BTreeSet<String>> {
    let mut world = World::<P>::new(limits)?;
    for (number, op) in ops.iter().enumerate() {
        world.step(op).map_err(|wrong| format!("{wrong}, after {op:?}, operation {number}"))?;
    }
    world.end()
}

fn check(holds: bool, claim: &str) -> Judged {
    if holds { Ok(()) } else { Err(format!("not so: {claim}")) }
}

impl<P: Primitives> End<P> {
    fn new(id: SessionId, limits: Limits) -> Self {
        let session = Session::on(id, limits, None);
        Self { session, exports: BTreeMap::new(), imports: BTreeMap::new(), closed: false }
    }

    fn look(&self) -> Look {
        (format!("{:?}", self.session), self.session.stats())
    }

    fn index_of(&self, object: &Arc<Object<P>>) -> Option<Index> {
        let is = |weak: &Weak<_>| std::ptr::eq(weak.as_ptr(), Arc::as_ptr(object));
        self.exports.iter().find(|(_, (weak, _))| is(weak)).map(|(index, _)| *index)
    }

    /// So many mentions are outstanding no more. Checks that the object goes with the last of them.
    fn lower(&mut self, index: Index, by: u32, gone: Option<&Arc<Object<P>>>) -> Judged {
        let (object, count) = self.exports.remove(&index).ok_or("an unknown export was lowered")?;
        let left = count.checked_sub(by).ok_or("more was given back than was mentioned")?;
        check(gone.is_some() == (left == 0), "the entry goes with its last mention")?;
        let same = gone.is_none_or(|gone| std::ptr::eq(Arc::as_ptr(gone), object.as_ptr()));
        check(same, "the object that goes is the one that stood there")?;
        if left > 0 {
            self.exports.insert(index, (object, left));
        }
        Ok(())
    }
}

impl<P: Primitives> World<P> {
    fn new(limits: Limits) -> Judged<Self> {
        let ends = [At::Attacked, At::Other].map(|_| End::new(SessionId::FIRST, limits));
        let (objects, proxies) = (Vec::new(), Vec::new());
        let (lives, violations) = (Vec::new(), BTreeSet::new());
        let mut world = Self { ends, objects, proxies, lives, violations };
        for number in 0..OBJECTS {
            let object = world.object(number);
            world.objects.push(object);
        }
        for index in [0, 7].map(Index::new) {
            let proxy = world.ends[1].session.import(Descriptor::NewFarDesc(index));
            world.keep(At::Other, index, proxy.map_err(|refused| refused.to_string())?)?;
        }
        Ok(world)
    }

    fn object(&mut self, number: usize) -> Arc<Object<P>> {
        let object = Arc::new(Object(number.is_multiple_of(2).then(ExportCell::new)));
        self.lives.push(Arc::downgrade(&object));
        object
    }

    fn step(&mut self, op: &Op) -> Judged {
        let before = [self.ends[0].look(), self.ends[1].look()];
        let touched = self.apply(op)?;
        for (at, (end, before)) in self.ends.iter().zip(before).enumerate() {
            if touched.is_none_or(|touched| touched as usize != at) && end.look() != before {
                let after = end.look();
                return Err(format!("session {at} should not have changed: {before:?}, {after:?}"));
            }
        }
        self.check_truth()
    }

    /// Does it, and says in which session something may have changed by it.
    fn apply(&mut self, op: &Op) -> Judged<Option<At>> {
        let attacked = &mut self.ends[0];
        Ok(match *op {
            Op::Send(descriptor) => match attacked.session.receive(descriptor) {
                Err(refused) => self.refuse(refused),
                Ok(Received::Home(object)) => {
                    let index = attacked.index_of(&object);
                    check(index == Some(descriptor.index()), "the right one came home")?;
                    None
                }
                Ok(Received::Proxy { proxy, .. }) => {
                    self.keep(At::Attacked, descriptor.index(), proxy)?
                }
            },
            Op::SendMention(descriptor) => match attacked.session.import(descriptor) {
                Err(refused) => self.refuse(refused),
                Ok(proxy) => {
                    check(descriptor.is_mention(), "only a mention is imported")?;
                    self.keep(At::Attacked, descriptor.index(), proxy)?
                }
            },
            Op::Call(index) => match attacked.session.lookup(index) {
                Err(refused) => self.refuse(refused),
                Ok(object) => {
                    check(attacked.index_of(&object) == Some(index), "the right one is called")?;
                    None
                }
            },
            Op::Release(index, delta) => self.release(index, delta)?,
            Op::Export(at, object) => self.export(at, object)?,
            Op::Unexport(at, object) => self.unexport(at, object)?,
            Op::Replace(number) => {
                let number = usize::from(number) % OBJECTS;
                self.objects[number] = self.object(number);
                None
            }
            Op::DropProxy(proxy) => {
                let position = self.position(proxy);
                position.map(|position| self.proxies.remove(position).at)
            }
            Op::CloneProxy(proxy) => match self.position(proxy) {
                Some(position) if self.proxies.len() < PROXIES_MAX => {
                    let Kept { proxy, at, session } = &self.proxies[position];
                    let clone = Kept { proxy: proxy.clone(), at: *at, session: *session };
                    check(clone.proxy == *proxy, "a clone is the same proxy")?;
                    self.proxies.push(clone);
                    self.proxies.last().map(|kept| kept.at)
                }
                _ => None,
            },
            Op::SendHome(at, proxy) => self.send_home(at, proxy)?,
            Op::Drain(at) => self.drain(at)?,
            Op::Close(at) => {
                let end = &mut self.ends[at as usize];
                let returned = end.session.close();
                let expected = std::mem::take(&mut end.exports);
                let same =
                    returned.iter().map(Arc::as_ptr).eq(expected.values().map(|e| e.0.as_ptr()));
                check(same, "closing gives back every export, once, in order")?;
                end.imports.clear();
                end.closed = true;
                Some(at)
            }
            Op::Renew(at) => {
                let end = &mut self.ends[at as usize];
                let next = end.session.id().next().ok_or("no more sessions")?;
                *end = End::new(next, *end.session.limits());
                Some(at)
            }
        })
    }

    /// The peer may give back what it was told of and has not given back: that, and no more.
    fn release(&mut self, index: Index, delta: u32) -> Judged<Option<At>> {
        let end = &mut self.ends[0];
        let held = end.exports.get(&index).map_or(0, |(_, count)| *count);
        match end.session.gc_export(index, delta) {
            Ok(gone) => {
                check((1..=held).contains(&delta), "no more is taken than was held")?;
                end.lower(index, delta, gone.as_ref())?;
                Ok(Some(At::Attacked))
            }
            Err(refused) => {
                check(!(1..=held).contains(&delta), "what was held is taken")?;
                Ok(self.refuse(refused))
            }
        }
    }

    fn export(&mut self, at: At, object: u8) -> Judged<Option<At>> {
        let (end, object) =
            (&mut self.ends[at as usize], &self.objects[usize::from(object) % OBJECTS]);
        let limits = *end.session.limits();
        let known = end.index_of(object);
        let full = end.exports.len() >= limits.exports_max as usize;
        match end.session.export(object) {
            Ok(Descriptor::NewFarDesc(index)) => {
                check(known.is_none() && !full, "a new export is new, and has room")?;
                let old = end.exports.insert(index, (Arc::downgrade(object), 1));
                check(old.is_none() && index.get() < limits.exports_max, "its index was free")?;
            }
            Ok(Descriptor::ImportDesc(index)) => {
                check(known == Some(index), "the same object keeps its index")?;
                end.exports.entry(index).and_modify(|(_, count)| *count += 1);
            }
            Err(Misuse::Closed) => {
                check(end.closed, "only a closed session exports nothing")?;
                return Ok(None);
            }
            Err(Misuse::ExportsFull { .. }) => {
                check(known.is_none() && full, "the table is full")?;
                return Ok(None);
            }
            Err(Misuse::TooManyMentions { index }) => {
                let count = end.exports.get(&index).map(|(_, count)| *count);
                check(count == Some(limits.mentions_max.get()), "as many as may be")?;
                return Ok(None);
            }
            unexpected => return Err(format!("an export was answered by {unexpected:?}")),
        }
        Ok(Some(at))
    }

    fn unexport(&mut self, at: At, object: u8) -> Judged<Option<At>> {
        let (end, object) =
            (&mut self.ends[at as usize], &self.objects[usize::from(object) % OBJECTS]);
        match (end.session.unexport(object), end.index_of(object)) {
            (Ok(gone), Some(index)) => {
                end.lower(index, 1, gone.as_ref())?;
                return Ok(Some(at));
            }
            (Err(Misuse::Closed), _) => check(end.closed, "it is closed")?,
            (Err(Misuse::NothingToUnexport), None) => {}
            (_, index) => return Err(format!("the export {index:?} was not taken back properly")),
        }
        Ok(None)
    }

    fn send_home(&mut self, at: At, proxy: u8) -> Judged<Option<At>> {
        if let Some(kept) = self.position(proxy).map(|position| &self.proxies[position]) {
            let end = &self.ends[at as usize];
            let mine = kept.at == at && kept.session == end.session.id();
            match end.session.send_home(&kept.proxy) {
                Ok(Descriptor::ExportDesc(index)) if index == kept.proxy.index() => {
                    check(mine && !end.closed, "only proxies of the session go home in it")?;
                }
                Err(Misuse::Closed) => check(mine && end.closed, "it is closed")?,
                Err(Misuse::ForeignProxy { .. }) => check(!mine, "it is another session's")?,
                unexpected => return Err(format!("a proxy was sent home as {unexpected:?}")),
            }
        }
        Ok(None)
    }

    fn drain(&mut self, at: At) -> Judged<Option<At>> {
        let end = &mut self.ends[at as usize];
        let mut ops = Vec::new();
        end.session.drain_gc(&mut ops);
        for GcExportOp { index, delta } in ops {
            let live = |kept: &Kept<P>| {
                kept.at == at && kept.session == end.session.id() && kept.proxy.index() == index
            };
            check(!self.proxies.iter().any(live), "nothing is given back of a live proxy")?;
            let held = end.imports.remove(&index);
            check(held == Some(delta.get()), "all mentions are given back, once")?;
        }
        Ok(Some(at))
    }

    fn position(&self, proxy: u8) -> Option<usize> {
        usize::from(proxy).checked_rem(self.proxies.len())
    }

    /// A mention was accepted.
    fn keep(&mut self, at: At, index: Index, proxy: Proxy<P>) -> Judged<Option<At>> {
        let end = &mut self.ends[at as usize];
        check(!end.closed, "a closed session takes no mention")?;
        check(proxy.index() == index && !proxy.is_broken(), "the proxy is the one mentioned")?;
        *end.imports.entry(index).or_default() += 1;
        self.proxies.push(Kept { proxy, at, session: end.session.id() });
        if self.proxies.len() <= PROXIES_MAX {
            return Ok(Some(at));
        }
        // Make room, preferably by one of the same session: no other may change now.
        let same = self.proxies.iter().position(|kept| kept.at == at);
        drop(same.map(|position| self.proxies.remove(position)));
        Ok(Some(at))
    }

    /// What the peer sent is refused; whatever it was, nothing may have changed.
    fn refuse(&mut self, refused: Refused) -> Option<At> {
        if let Refused::Violation(violation) = refused {
            let name = format!("{violation:?}");
            self.violations.extend(name.split(' ').next().map(str::to_owned));
        }
        None
    }

    fn check_truth(&mut self) -> Judged {
        for (at, end) in [At::Attacked, At::Other].into_iter().zip(&self.ends) {
            let shown = end.session.exports();
            let shown =
                shown.iter().map(|(index, object, n)| (*index, Arc::as_ptr(object), n.get()));
            let truth = end.exports.iter().map(|(index, (weak, n))| (*index, weak.as_ptr(), *n));
            check(shown.eq(truth), "the exports are what was mentioned and not given back")?;

            let is_here = |kept: &&Kept<P>| kept.at == at && kept.session == end.session.id();
            let mut handles = BTreeMap::<Index, u64>::new();
            for kept in self.proxies.iter().filter(is_here).filter(|_| !end.closed) {
                *handles.entry(kept.proxy.index()).or_default() += 1;
            }
            let shown = end.session.imports().into_iter();
            let shown = shown.map(|row| (row.index, row.mentions.get(), row.handles));
            let truth = end.imports.iter().map(|(index, mentions)| {
                (*index, *mentions, handles.get(index).copied().unwrap_or_default())
            });
            check(shown.eq(truth), "the imports are what was accepted and not given back")?;
        }
        for kept in &self.proxies {
            let end = &self.ends[kept.at as usize];
            let over = end.closed || kept.session != end.session.id();
            check(kept.proxy.is_broken() == over, "a proxy breaks with its session, not before")?;
        }
        let ends = &self.ends;
        let is_had = |object: &Arc<_>| {
            self.objects.iter().any(|own| Arc::ptr_eq(own, object))
                || ends.iter().any(|end| end.index_of(object).is_some())
        };
        self.lives.retain(|life| life.strong_count() > 0);
        let had = self.lives.iter().filter_map(Weak::upgrade).all(|object| is_had(&object));
        check(had, "an object that nobody has is destroyed")
    }

    /// Everything is dropped: nothing may be left.
    fn end(mut self) -> Judged<BTreeSet<String>> {
        self.proxies.clear();
        for at in [At::Attacked, At::Other] {
            self.drain(at)?;
            check(
                self.ends[at as usize].imports.is_empty(),
                "everything is given back in the end",
            )?;
            self.apply(&Op::Close(at))?;
            self.check_truth()?;
        }
        self.objects.clear();
        check(self.lives.iter().all(|life| life.strong_count() == 0), "nothing outlives the end")?;
        Ok(self.violations)
    }
}
