//! From a step of the model to what an adapter is asked to do.

use crate::names::{Kind, Object, VatId};
use crate::protocol::Protocol;
use crate::world::{Action, Argument, Arguments, Fate, Key, Reply, State, Step, World};
use captp_wire::adapter::{Named, Request};
use captp_wire::line::End;

/// What a step of the model is for an adapter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Translated {
    /// This is to be done.
    Do(Request),
    /// Nothing: what it comes to is done by another step.
    Nothing,
    /// It cannot be asked of an adapter, and why.
    Impossible(&'static str),
}

/// What the step `action`, taken in the state `before`, is for an adapter.
pub(super) fn translate<P: Protocol>(
    world: &World<P>,
    before: &State<P::Tables>,
    action: &Action<crate::protocol::BodyOf<P>>,
) -> Translated {
    let (id, step) = match action {
        Action::Deliver { to, position: 0, fate: Fate::Read, .. } => {
            return within(*to, |to| Request::Deliver { to });
        }
        Action::Deliver { .. } => {
            return Translated::Impossible("a message that is lost, late, or read in parts");
        }
        Action::Vat(id, step) => (*id, *step),
    };
    let vat = before.vat(id);
    match step {
        Step::Send(_, arguments) => within(id, |vat| Request::Send { vat, refs: all(arguments) }),
        Step::BeginSend(_, arguments) => {
            within(id, |vat| Request::FailSend { vat, refs: all(arguments) })
        }
        // It was asked for with its beginning; a runtime does its own work without being asked.
        Step::SendFails | Step::Work(_) => Translated::Nothing,
        Step::Call(_, object) => {
            within(id, |vat| Request::Call { vat, target: object.to_string() })
        }
        Step::Ask(_, object, argument) => {
            let number = world.sizes().asks.of(id) - vat.left.asks;
            within(id, |vat| Request::Ask {
                vat,
                target: object.to_string(),
                refs: argument.into_iter().map(named).collect(),
                question: Object::answer_to(id, u16::from(number)).to_string(),
            })
        }
        Step::Return(Reply { to, answer, result }) => {
            let mut tasks = vat.tasks.iter();
            let Some(task) = tasks.find(|task| task.by == to && task.answer == answer) else {
                return Translated::Impossible("an answer to a call that there is not");
            };
            let question = task.call.meant().to_string();
            let refs = result.into_iter().map(named).collect();
            within(id, |vat| Request::Return { vat, question, refs })
        }
        Step::Resolve(promise, to) => within(id, |vat| Request::Resolve {
            vat,
            promise: promise.to_string(),
            refs: vec![named(to)],
        }),
        Step::Drop(_, object) => within(id, |vat| Request::Drop { vat, name: object.to_string() }),
        Step::Clear(key) => {
            let object = vat.heap.iter().find(|proxy| proxy.key == key).map(|p| p.object);
            about(id, object, |vat, name| Request::Collect { vat, name: Some(name) })
        }
        Step::Notify(key) => {
            let object = owed(vat.owed.iter().map(|owed| (owed.key, owed.object)), key);
            about(id, object, |vat, name| Request::Finalise { vat, name: Some(name) })
        }
        Step::Cut(_) => within(id, |vat| Request::Cut { vat }),
        Step::Redirect(_) => Translated::Impossible("a call that is answered by another"),
        Step::Wait(..) => Translated::Impossible("a promise that is only waited for"),
        Step::EndRead => Translated::Impossible("a message that is read in parts"),
        Step::Crash => Translated::Impossible("a crash"),
        Step::Fail(..) => Translated::Impossible("a violation of the protocol"),
    }
}

/// The end that a vat is; there are only two.
pub(super) fn end(id: VatId) -> Option<End> {
    match id {
        VatId::A => Some(End::A),
        VatId::B => Some(End::B),
        VatId::C => None,
    }
}

/// The vat that an end is.
pub(super) const fn vat(end: End) -> VatId {
    match end {
        End::A => VatId::A,
        End::B => VatId::B,
    }
}

fn within(id: VatId, request: impl FnOnce(End) -> Request) -> Translated {
    end(id).map_or(Translated::Impossible("a third vat"), |end| Translated::Do(request(end)))
}

fn about(
    id: VatId,
    object: Option<Object>,
    request: impl FnOnce(End, String) -> Request,
) -> Translated {
    match object {
        Some(object) => within(id, |end| request(end, object.to_string())),
        None => Translated::Impossible("a proxy that there is not"),
    }
}

fn owed(mut owed: impl Iterator<Item = (Key, Object)>, key: Key) -> Option<Object> {
    owed.find(|(of, _)| *of == key).map(|(_, object)| object)
}

fn all(arguments: Arguments) -> Vec<Named> {
    arguments.iter().map(named).collect()
}

fn named(argument: Argument) -> Named {
    match argument {
        Argument::Local(object) if object.kind() == Kind::Promise => {
            Named::Promise(object.to_string())
        }
        Argument::Local(object) => Named::Own(object.to_string()),
        Argument::Proxy { object, .. } => Named::Held(object.to_string()),
    }
}
