//! What the peers were led through when they were recorded.

use captp_wire::adapter::{Named, Request};
use captp_wire::line::End::{self, A, B};
use model::property::PropertyId;

/// A recorded session.
pub(crate) struct Recording {
    /// The name of its file, without the ending.
    pub(crate) name: &'static str,
    /// Who was recorded, as `model conform --peer` names it.
    pub(crate) peer: &'static str,
    /// What there is to see.
    pub(crate) shows: &'static str,
    /// What it was led through.
    pub(crate) schedule: fn() -> Vec<Request>,
    /// What `model conform` found, in order.
    pub(crate) violates: &'static [PropertyId],
}

const fn clean(
    name: &'static str,
    peer: &'static str,
    shows: &'static str,
    schedule: fn() -> Vec<Request>,
) -> Recording {
    Recording { name, peer, shows, schedule, violates: &[] }
}

const RACE: &str = "a release crosses the next mention";
const TWICE: &str = "one reference twice in one message";
const HOME: &str = "a reference goes home";
const ANSWERS: &str = "a call with an argument and a result";
const PROMISE: &str = "a promise is sent, and resolved";

/// Every recorded session.
pub(crate) const RECORDINGS: &[Recording] = &[
    clean("captp-race", "captp", RACE, race),
    clean("captp-twice", "captp", TWICE, twice),
    clean("captp-home", "captp", HOME, home),
    Recording {
        name: "captp-e1",
        peer: "captp",
        shows: "E1: what was released, and is sent again, is not there",
        schedule: again,
        violates: &[PropertyId::S1, PropertyId::S6],
    },
    Recording {
        name: "captp-e2",
        peer: "captp",
        shows: "E2: a call raises the count of the import of the same number",
        schedule: both_ways,
        violates: &[PropertyId::C1],
    },
    Recording {
        name: "captp-e3",
        peer: "captp",
        shows: "E3: a result is kept after its question was dropped",
        schedule: result,
        violates: &[PropertyId::L1],
    },
    clean("capnweb-race", "capnweb", RACE, race),
    clean("capnweb-twice", "capnweb", TWICE, twice),
    clean("capnweb-again", "capnweb", "what was released is sent again", again),
    clean("capnp-rpc-race", "capnp-rpc", RACE, race),
    clean("capnp-rpc-twice", "capnp-rpc", TWICE, twice),
    clean("capnp-rpc-home", "capnp-rpc", HOME, home),
    clean("capnp-rpc-answers", "capnp-rpc", ANSWERS, answers),
    clean("capnp-rpc-promise", "capnp-rpc", PROMISE, promise),
    Recording {
        name: "capnp-rpc-m8",
        peer: "capnp-rpc",
        shows: "M8: a promise that is mentioned again is described as settled",
        schedule: promise_again,
        violates: &[PropertyId::S1, PropertyId::S6],
    },
    clean("capnp-rpc-0.25-race", "capnp-rpc-0.25", RACE, race),
    clean("capnp-rpc-0.25-answers", "capnp-rpc-0.25", ANSWERS, answers),
    Recording {
        name: "capnp-rpc-0.25-c3",
        peer: "capnp-rpc-0.25",
        shows: "C3: a copy is dropped, the other is an argument, and the sender panics",
        schedule: copy,
        violates: &[PropertyId::S6],
    },
    clean("pycapnp-race", "pycapnp", RACE, race),
    clean("pycapnp-home", "pycapnp", HOME, home),
    clean("pycapnp-answers", "pycapnp", ANSWERS, answers),
    clean("pycapnp-promise", "pycapnp", PROMISE, promise),
    clean("pycapnp-promise-again", "pycapnp", "the schedule of M8", promise_again),
];

fn own(name: &str) -> Named {
    Named::Own(name.to_owned())
}

fn held(name: &str) -> Named {
    Named::Held(name.to_owned())
}

fn send(vat: End, refs: &[Named]) -> Request {
    Request::Send { vat, refs: refs.to_vec() }
}

fn reads(to: End) -> Request {
    Request::Deliver { to }
}

/// Where there is a collector, to drop is not all.
fn drops(vat: End, name: &str) -> [Request; 3] {
    let name = name.to_owned();
    [
        Request::Drop { vat, name: name.clone() },
        Request::Collect { vat, name: Some(name.clone()) },
        Request::Finalise { vat, name: Some(name) },
    ]
}

fn ask(vat: End, target: &str, refs: &[Named]) -> Request {
    let (target, question) = (target.to_owned(), format!("q{}1", vat.letter()));
    Request::Ask { vat, target, refs: refs.to_vec(), question }
}

fn returns(vat: End, question: &str, refs: &[Named]) -> Request {
    Request::Return { vat, question: question.to_owned(), refs: refs.to_vec() }
}

fn race() -> Vec<Request> {
    let mut steps = vec![send(B, &[own("Bob")]), reads(A)];
    steps.extend(drops(A, "Bob"));
    steps.extend([send(B, &[own("Bob")]), reads(B), reads(A)]);
    steps
}

fn again() -> Vec<Request> {
    let mut steps = vec![send(B, &[own("Bob")]), reads(A)];
    steps.extend(drops(A, "Bob"));
    steps.extend([reads(B), send(B, &[own("Bob")]), reads(A)]);
    steps
}

fn twice() -> Vec<Request> {
    let mut steps = vec![send(B, &[own("Bob"), own("Bob")]), reads(A)];
    steps.extend(drops(A, "Bob"));
    steps.push(reads(B));
    steps
}

fn home() -> Vec<Request> {
    vec![send(B, &[own("Bob")]), reads(A), send(A, &[held("Bob")]), reads(B)]
}

fn both_ways() -> Vec<Request> {
    vec![send(B, &[own("Bob")]), reads(A), send(A, &[own("Alice")]), reads(B)]
}

fn result() -> Vec<Request> {
    vec![
        send(B, &[own("Bob")]),
        reads(A),
        ask(A, "Bob", &[]),
        reads(B),
        returns(B, "qA1", &[own("Ben")]),
        reads(A),
    ]
}

fn answers() -> Vec<Request> {
    vec![
        send(B, &[own("Bob")]),
        reads(A),
        ask(A, "Bob", &[own("Alice")]),
        reads(B),
        returns(B, "qA1", &[own("Ben")]),
        reads(A),
    ]
}

fn promised() -> Named {
    Named::Promise("pB1".to_owned())
}

fn resolves() -> Request {
    Request::Resolve { vat: B, promise: "pB1".to_owned(), refs: vec![own("Bob")] }
}

fn promise() -> Vec<Request> {
    vec![send(B, &[promised()]), reads(A), resolves(), reads(A), reads(B)]
}

fn promise_again() -> Vec<Request> {
    vec![
        send(B, &[promised()]),
        reads(A),
        Request::Drop { vat: A, name: "pB1".to_owned() },
        send(B, &[promised()]),
        resolves(),
        reads(A),
        reads(B),
        reads(A),
    ]
}

fn copy() -> Vec<Request> {
    vec![
        send(B, &[own("Bob"), own("Bob")]),
        reads(A),
        Request::DropOne { vat: A, name: "Bob".to_owned() },
        ask(A, "Bob", &[held("Bob")]),
    ]
}
