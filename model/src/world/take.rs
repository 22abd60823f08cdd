//! How a vat takes a step that is no delivery.

use super::effects::{Content, Effects, Given, Redirected, What};
use super::position::Key;
use super::step::{Argument, Arguments, Reply, Step, Tail};
use super::vat::{Entry, Half, Outbox, Owed, Proxy, Vat, VatActor, Waited};
use super::wire::{Body, Ghost, Message, Said};
use crate::names::{Object, VatId};
use crate::property::PropertyId;
use crate::protocol::{BodyOf, Collection, EffectsOf, Protocol, View};
use smallvec::SmallVec;

impl<P: Protocol> VatActor<P> {
    /// Takes an enabled step.
    pub fn take(&self, vat: &mut Vat<P::Tables>, step: Step, out: &mut Outbox<BodyOf<P>>) {
        match step {
            Step::Send(to, arguments) => {
                vat.left.sends -= 1;
                let content = Content::Deliver(given_all(vat, arguments));
                self.say(vat, to, &content, out);
            }
            Step::Call(key, object) => {
                vat.left.calls -= 1;
                let target = given(vat, Argument::Proxy { key, object });
                self.say(vat, key.peer, &Content::Call(target), out);
            }
            Step::Ask(key, object, argument) => {
                let number = u16::from(self.sizes.asks.of(self.id) - vat.left.asks);
                vat.left.asks -= 1;
                let target = given(vat, Argument::Proxy { key, object });
                let argument = argument.map(|argument| given(vat, argument));
                let answer = Ghost::new(Object::answer_to(self.id, number), 0);
                self.say(
                    vat,
                    key.peer,
                    &Content::Ask { target: Some(target), argument, answer },
                    out,
                );
            }
            Step::Return(Reply { to, answer, result }) => {
                let result = result.map(|argument| given(vat, argument));
                let position = vat.tasks.iter().position(|t| t.by == to && t.answer == answer);
                let Some(position) = position else { return };
                let call = vat.tasks.remove(position).call;
                self.say(vat, to, &Content::Return { answer, call, result }, out);
            }
            Step::Redirect(tail) => self.redirect(vat, tail, out),
            Step::Resolve(promise, argument) => {
                vat.resolved.push(promise);
                vat.resolved.sort_unstable();
                let (before, mut effects) = (self.all_exports(vat), Effects::default());
                let to = given(vat, argument);
                if self.protocol.resolve(&mut vat.tables, promise, to, &mut effects).is_err() {
                    vat.flaws.insert(PropertyId::S6);
                }
                self.apply(vat, effects, Some(&before), out);
            }
            Step::BeginSend(to, arguments) => {
                vat.left.failures -= 1;
                let content = Content::Deliver(given_all(vat, arguments));
                vat.writing =
                    self.write(vat, to, &content, out).map(|body| Half { peer: to, body });
            }
            Step::SendFails => {
                let Some(Half { peer, body }) = vat.writing.take() else { return };
                let (before, mut effects) = (self.all_exports(vat), Effects::default());
                match self.protocol.unwrite(&mut vat.tables, peer, &body, &mut effects) {
                    Ok(()) => self.apply(vat, effects, Some(&before), out),
                    Err(_) => vat.flaws.insert(PropertyId::S6),
                }
            }
            Step::Drop(key, _) => {
                for proxy in vat.heap.iter_mut().filter(|proxy| proxy.key == key) {
                    proxy.held = false;
                }
            }
            Step::Wait(key, _) => {
                vat.left.waits -= 1;
                for proxy in vat.heap.iter_mut().filter(|proxy| proxy.key == key) {
                    (proxy.held, proxy.waited) = (false, Waited::For);
                }
            }
            Step::Clear(key) => self.clear(vat, key),
            Step::Notify(key) => self.notify(vat, key, out),
            Step::EndRead => self.end_read(vat, out),
            Step::Work(work) => {
                vat.left.losses -= u8::from(work.trouble);
                let (before, mut effects) = (self.all_exports(vat), Effects::default());
                self.protocol.do_work(&mut vat.tables, work, &mut effects);
                for (to, body) in &mut effects.sent {
                    body.stamp(&|at| {
                        let lives = vat.proxies_at(*to, at).next().is_some();
                        vat.latest_at(*to, at).saturating_sub(u32::from(lives))
                    });
                }
                self.apply(vat, effects, Some(&before), out);
            }
            Step::Cut(peer) => {
                self.end_session(vat, peer, self.link(vat, peer).session.next(), Some(out));
            }
            Step::Crash => self.crash(vat, out),
            Step::Fail(to, fault) => {
                vat.left.faults -= 1;
                let ghost = Ghost::new(Object::first_of(self.id), 0);
                let said = Said::Body(self.protocol.faulty(fault, ghost));
                out.push((to, Message { fault: true, ..self.message(vat, to, said) }));
            }
        }
        self.sweep(vat, out);
    }

    fn redirect(&self, vat: &mut Vat<P::Tables>, tail: Tail, out: &mut Outbox<BodyOf<P>>) {
        let Tail { to, answer, target, object } = tail;
        let number = u16::from(self.sizes.asks.of(self.id) - vat.left.asks);
        vat.left.asks -= 1;
        let position = vat.tasks.iter().position(|t| t.by == to && t.answer == answer);
        let Some(position) = position else { return };
        let call = vat.tasks.remove(position).call;
        let target = given(vat, Argument::Proxy { key: target, object });
        let asked = Ghost::new(Object::answer_to(self.id, number), 0);
        let redirected = Redirected { answer, call, target, asked };
        let mut effects = Effects::default();
        if self.protocol.redirect(&mut vat.tables, to, redirected, &mut effects).is_err() {
            vat.flaws.insert(PropertyId::S6);
        }
        self.apply(vat, effects, None, out);
    }

    /// Writes a message and puts it on the wire; nothing comes of one that is refused.
    fn say(
        &self,
        vat: &mut Vat<P::Tables>,
        to: VatId,
        content: &Content,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        let Some(body) = self.write(vat, to, content, out) else { return };
        if self.protocol.sent(&mut vat.tables, to, &body).is_err() {
            vat.flaws.insert(PropertyId::S6);
        }
        out.push((to, self.message(vat, to, Said::Body(body))));
    }

    fn write(
        &self,
        vat: &mut Vat<P::Tables>,
        to: VatId,
        content: &Content,
        out: &mut Outbox<BodyOf<P>>,
    ) -> Option<BodyOf<P>> {
        let mut effects = Effects::default();
        let Ok(body) = self.protocol.write(&mut vat.tables, to, content, &mut effects) else {
            vat.flaws.insert(PropertyId::S6);
            return None;
        };
        self.apply(vat, effects, None, out);
        Some(body)
    }

    fn clear(&self, vat: &mut Vat<P::Tables>, key: Key) {
        let Some(position) = vat.heap.iter().position(|proxy| proxy.key == key) else { return };
        let Proxy { number, object, waited, .. } = vat.heap[position];
        if waited == Waited::For {
            // It is there, for who waits has it: the runtime only thinks that it is gone.
            vat.heap[position].waited = Waited::Forgotten;
        } else {
            vat.heap.remove(position);
        }
        if self.protocol.clear(&mut vat.tables, key) {
            vat.owe(Owed { key, number, object });
        }
    }

    fn notify(&self, vat: &mut Vat<P::Tables>, key: Key, out: &mut Outbox<BodyOf<P>>) {
        let position = vat.owed.iter().position(|owed| owed.key == key);
        let number = position.map_or(0, |position| vat.owed.remove(position).number);
        let (before, mut effects) = (vat.tables.clone(), Effects::default());
        self.protocol.notify(&mut vat.tables, key, &mut effects);
        let acted = !effects.sent.is_empty() || vat.tables != before;
        if acted && key.session != self.link(vat, key.peer).session {
            vat.flaws.insert(PropertyId::L2);
        } else if acted && is_harmed(vat, key) {
            vat.flaws.insert(PropertyId::S4);
        }
        // With a live successor, only what the dead proxy stood for can be meant.
        let succeeded = vat.proxies_at(key.peer, key.at).next().is_some();
        for (to, body) in &mut effects.sent {
            body.stamp(&|at| if succeeded { number } else { vat.latest_at(*to, at) });
        }
        self.apply(vat, effects, None, out);
    }

    /// Where there is no collector, what nobody holds is gone at once.
    pub(super) fn sweep(&self, vat: &mut Vat<P::Tables>, out: &mut Outbox<BodyOf<P>>) {
        if self.collection == Collection::PostMortem {
            return;
        }
        loop {
            let first = self.garbage(vat).map(|proxy| proxy.key).next();
            let Some(key) = first else { return };
            self.clear(vat, key);
            if self.collection == Collection::Immediate {
                self.notify(vat, key, out);
            }
        }
    }

    /// Hands what came of a transition to the wire and to the application. `before` is what was
    /// exported, if entries may have gone.
    pub(super) fn apply(
        &self,
        vat: &mut Vat<P::Tables>,
        effects: EffectsOf<P>,
        before: Option<&[Entry]>,
        out: &mut Outbox<BodyOf<P>>,
    ) {
        if let Some(before) = before {
            vat.check_evicted(before, &effects.evicted);
        }
        vat.owed.retain(|owed| !effects.withdrawn.contains(&owed.key));
        for (to, body) in effects.sent {
            if self.link(vat, to).open {
                out.push((to, self.message(vat, to, Said::Body(body))));
            }
        }
        self.receive_all(vat, &effects.arrived);
    }
}

/// Whether a proxy lives where a notification was served, and the table has forgotten that it does,
/// or what it owes for it.
fn is_harmed<T: View>(vat: &Vat<T>, key: Key) -> bool {
    let lives = vat.proxies_at(key.peer, key.at).next().is_some();
    let known = || vat.tables.import_at(key.peer, key.at);
    lives && known().is_none_or(|import| !import.live || import.count == 0)
}

fn given_all<T: View>(vat: &Vat<T>, arguments: Arguments) -> SmallVec<[Given; 2]> {
    arguments.iter().map(|argument| given(vat, argument)).collect()
}

/// The argument as the protocol is given it.
fn given<T: View>(vat: &Vat<T>, argument: Argument) -> Given {
    match argument {
        Argument::Local(object) => {
            Given { what: What::Local(object), ghost: Ghost::new(object, 0) }
        }
        Argument::Proxy { key, object } => {
            let number = vat.latest_at(key.peer, key.at);
            Given { what: What::Proxy(key), ghost: Ghost::new(object, number) }
        }
    }
}
