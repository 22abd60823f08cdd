//! Schedules in which a promise is broken where the model resolves it: a reference that is broken
//! is sent on, sent twice, dropped and called like any other.

use super::schedule::{Origin, Schedule};
use crate::property::{PropertyId, PropertySet};
use captp_wire::adapter::{Named, Request};
use captp_wire::line::End;

/// The schedules with every promise broken that they resolve, each once; those that resolve none
/// are left out.
pub(super) fn broken<'a>(
    schedules: impl IntoIterator<Item = &'a Schedule>,
    world: &str,
) -> Vec<Schedule> {
    let mut all: Vec<Schedule> = Vec::new();
    for schedule in schedules {
        let requests = broken_in(&schedule.requests);
        if requests == schedule.requests || all.iter().any(|known| known.requests == requests) {
            continue;
        }
        // The model has not said so: every reference answers or errors, and nothing is left.
        let tested = PropertySet::only(PropertyId::S1).union(PropertySet::only(PropertyId::L1));
        let origin = Origin::Broken { world: world.to_owned() };
        all.push(Schedule { origin, requests, tested, covers: 0 });
    }
    all
}

fn broken_in(requests: &[Request]) -> Vec<Request> {
    let mut instead: Vec<Instead> = Vec::new();
    let mut broken = Vec::new();
    for request in requests {
        let mut request = request.clone();
        if let Request::Resolve { vat, promise, refs } = &mut request {
            for to in std::mem::take(refs) {
                let name = to.name().to_owned();
                // Who was also given the object itself goes on holding that.
                if !broken.iter().any(|request| gives(request, &name)) {
                    instead.push(Instead { at: vat.other(), name, promise: promise.clone() });
                }
            }
        } else {
            instead.iter().for_each(|instead| instead.rename(&mut request));
            instead.retain(|instead| !gives(&request, &instead.name));
        }
        broken.push(request);
    }
    broken
}

/// Whether an object is put into a message by its own vat.
fn gives(request: &Request, name: &str) -> bool {
    let is_it = |named: &Named| matches!(named, Named::Own(own) if own == name);
    !matches!(request, Request::Resolve { .. }) && request.refs().iter().any(is_it)
}

/// What a vat does not get because the promise of it is broken: it still holds the promise.
struct Instead {
    at: End,
    name: String,
    promise: String,
}

impl Instead {
    fn rename(&self, request: &mut Request) {
        if request.actor() != self.at {
            return;
        }
        for named in request.refs_mut().into_iter().flatten() {
            if let Named::Held(name) = named {
                self.rename_one(name);
            }
        }
        match request {
            Request::Call { target: name, .. }
            | Request::Ask { target: name, .. }
            | Request::Drop { name, .. }
            | Request::DropOne { name, .. }
            | Request::Collect { name: Some(name), .. }
            | Request::Finalise { name: Some(name), .. } => self.rename_one(name),
            _ => {}
        }
    }

    fn rename_one(&self, name: &mut String) {
        if *name == self.name {
            name.clone_from(&self.promise);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(requests: Vec<Request>) -> Schedule {
        let origin = Origin::Model { world: "promises".to_owned() };
        Schedule { origin, requests, tested: PropertySet::EMPTY, covers: 3 }
    }

    fn send(vat: End, named: Named) -> Request {
        Request::Send { vat, refs: vec![named] }
    }

    fn resolve(to: &[&str]) -> Request {
        let refs = to.iter().map(|name| Named::Own((*name).to_owned())).collect();
        Request::Resolve { vat: End::B, promise: "pB1".to_owned(), refs }
    }

    fn drop(name: &str) -> Request {
        Request::Drop { vat: End::A, name: name.to_owned() }
    }

    #[test]
    fn what_was_got_by_a_resolution_is_the_broken_promise_now() {
        let before = send(End::B, Named::Promise("pB1".into()));
        let held = |name: &str| send(End::A, Named::Held(name.into()));
        let resolved = [before.clone(), resolve(&["Bob"]), held("Bob"), drop("Bob")];
        let all = broken([&schedule(resolved.to_vec())], "promises");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].requests, [before, resolve(&[]), held("pB1"), drop("pB1")]);
        assert_eq!(all[0].origin.to_string(), "world promises, with its promises broken");
    }

    #[test]
    fn what_was_also_given_by_itself_keeps_its_name() {
        let given = send(End::B, Named::Own("Bob".into()));
        let all = broken([&schedule(vec![given, resolve(&["Bob"]), drop("Bob")])], "promises");
        assert_eq!(all[0].requests[1..], [resolve(&[]), drop("Bob")]);
    }

    #[test]
    fn schedules_without_a_resolution_are_left_out_and_none_is_made_twice() {
        let none = schedule(vec![drop("Bob")]);
        let (one, other) = (schedule(vec![resolve(&["Bob"])]), schedule(vec![resolve(&["Ben"])]));
        assert_eq!(broken([&none, &one, &other], "promises").len(), 1);
    }
}
