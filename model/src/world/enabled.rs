//! What a vat may do next.

use super::position::Table;
use super::step::{Argument, Arguments, Reply, Step, Tail};
use super::vat::{Proxy, Vat, VatActor, Waited};
use crate::names::{Kind, Object, VatId};
use crate::protocol::{Collection, Protocol, View};
use smallvec::SmallVec;

impl<P: Protocol> VatActor<P> {
    /// Every step that the vat may take now, deliveries apart, in the order of [`Step`].
    pub fn enabled(&self, vat: &Vat<P::Tables>) -> SmallVec<[Step; 16]> {
        let mut steps = SmallVec::new();
        if vat.reading.is_some() {
            // In the middle of a message, only what needs no message of the application's.
            steps.extend(vat.owed.iter().map(|owed| Step::Notify(owed.key)));
            steps.push(Step::EndRead);
            return steps;
        }
        if vat.writing.is_none() {
            self.writes(vat, &mut steps);
        }
        steps.extend(held(vat).map(|p| Step::Drop(p.key, p.object)));
        if vat.left.waits > 0 {
            let promises = held(vat).filter(|proxy| proxy.object.kind() == Kind::Promise);
            steps.extend(promises.map(|p| Step::Wait(p.key, p.object)));
        }
        if self.collection == Collection::PostMortem {
            steps.extend(self.garbage(vat).map(|proxy| Step::Clear(proxy.key)));
        }
        steps.extend(vat.owed.iter().map(|owed| Step::Notify(owed.key)));
        if vat.writing.is_none() && vat.left.failures > 0 {
            let mut begin = |to, arguments| steps.push(Step::BeginSend(to, arguments));
            self.open_peers(vat).for_each(|peer| self.each_message(vat, peer, &mut begin));
        }
        if vat.writing.is_some() {
            steps.push(Step::SendFails);
        }
        let work = self.protocol.work(&vat.tables).into_iter();
        steps.extend(work.filter(|w| !w.trouble || vat.left.losses > 0).map(Step::Work));
        for peer in self.open_peers(vat) {
            if self.link(vat, peer).session.get() < u32::from(self.sizes.sessions) {
                steps.push(Step::Cut(peer));
            }
        }
        if vat.left.crashes > 0 && self.open_peers(vat).next().is_some() {
            steps.push(Step::Crash);
        }
        if vat.left.faults > 0 {
            for peer in self.open_peers(vat) {
                let proxies = vat.heap.iter().filter(|proxy| proxy.key.peer == peer);
                let proxies: SmallVec<[_; 4]> = proxies.map(|p| p.key.at.index).collect();
                let faults = self.protocol.faults(&vat.tables, &proxies);
                steps.extend(faults.into_iter().map(|fault| Step::Fail(peer, fault)));
            }
        }
        steps
    }

    /// What the application may say.
    fn writes(&self, vat: &Vat<P::Tables>, steps: &mut SmallVec<[Step; 16]>) {
        let may_say_to = |peer| self.link(vat, peer).open;
        if vat.left.sends > 0 {
            let mut send = |to, arguments| steps.push(Step::Send(to, arguments));
            self.open_peers(vat).for_each(|peer| self.each_message(vat, peer, &mut send));
        }
        let callable = || held(vat).filter(|proxy| may_say_to(proxy.key.peer));
        if vat.left.calls > 0 {
            steps.extend(callable().map(|p| Step::Call(p.key, p.object)));
        }
        if vat.left.asks > 0 {
            for target in callable().filter(|proxy| proxy.key.at.table == Table::Exports) {
                steps.push(Step::Ask(target.key, target.object, None));
                if self.sizes.references > 1 {
                    let with = |argument| Step::Ask(target.key, target.object, Some(argument));
                    steps.extend(self.arguments(vat).map(with));
                }
            }
        }
        for task in vat.tasks.iter().filter(|task| may_say_to(task.by)) {
            let with = |result| Step::Return(Reply { to: task.by, answer: task.answer, result });
            steps.push(with(None));
            steps.extend(self.arguments(vat).map(|argument| with(Some(argument))));
        }
        if vat.left.asks > 0 {
            for task in vat.tasks.iter().filter(|task| may_say_to(task.by)) {
                if self.protocol.may_redirect(&vat.tables, task.by, task.answer) {
                    let (to, answer) = (task.by, task.answer);
                    let back = callable().filter(|proxy| proxy.key.peer == to);
                    let back = back.filter(|proxy| proxy.key.at.table == Table::Exports);
                    let tail = |p: &Proxy| Tail { to, answer, target: p.key, object: p.object };
                    steps.extend(back.map(|proxy| Step::Redirect(tail(proxy))));
                }
            }
        }
        let promises = Object::promises_of(self.id, self.sizes.promises);
        for promise in promises.filter(|promise| !vat.resolved.contains(promise)) {
            let to = self.arguments(vat).filter(|argument| match argument {
                Argument::Local(object) => object.kind() == Kind::Far,
                Argument::Proxy { .. } => true,
            });
            steps.extend(to.map(|argument| Step::Resolve(promise, argument)));
        }
    }

    /// Every reference that the application could put into a message.
    fn arguments<'a>(
        &self,
        vat: &'a Vat<P::Tables>,
    ) -> impl Iterator<Item = Argument> + Clone + use<'a, P> {
        let locals = Object::of(self.id, self.sizes.objects);
        let locals = locals.chain(Object::promises_of(self.id, self.sizes.promises));
        let imports = held(vat).filter(|proxy| proxy.key.at.table == Table::Exports);
        locals.map(Argument::Local).chain(imports.map(Proxy::argument))
    }

    /// Every message that the application could send: one reference, one twice, or two. A message
    /// whose first reference is a proxy has no second.
    fn each_message(
        &self,
        vat: &Vat<P::Tables>,
        to: VatId,
        each: &mut impl FnMut(VatId, Arguments),
    ) {
        let locals = self.arguments(vat).filter(|a| matches!(a, Argument::Local(_))).count();
        for (number, first) in self.arguments(vat).enumerate() {
            each(to, Arguments(first, None));
            if self.sizes.references > 1 && number < locals {
                for second in self.arguments(vat).skip(number) {
                    each(to, Arguments(first, Some(second)));
                }
            }
        }
    }
}

impl<P: Protocol> VatActor<P> {
    /// The proxies that nobody holds or waits for.
    pub(super) fn garbage<'a>(
        &self,
        vat: &'a Vat<P::Tables>,
    ) -> impl Iterator<Item = &'a Proxy> + use<'a, P> {
        let roots = vat.tables.roots();
        let forgets = self.protocol.forgets_waits();
        let wanted = move |proxy: &Proxy| match proxy.waited {
            Waited::No => proxy.held,
            Waited::For => !forgets,
            Waited::Forgotten => true,
        };
        vat.heap.iter().filter(move |proxy| !wanted(proxy) && !roots.contains(&proxy.key))
    }
}

fn held<T: View>(vat: &Vat<T>) -> impl Iterator<Item = &Proxy> + Clone {
    vat.heap.iter().filter(|proxy| proxy.held)
}

impl Proxy {
    pub(super) const fn argument(&self) -> Argument {
        Argument::Proxy { key: self.key, object: self.object }
    }
}
