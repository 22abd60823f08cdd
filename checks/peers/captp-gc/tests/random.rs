//! Random requests: whatever was done, when all is dropped, collected, finalised and delivered,
//! nothing is left, and what is probed is what it is called.
#![cfg(not(loom))]

use captp_gc_peer::Pair;
use captp_wire::adapter::{Event, Named, Request, TableSizes};
use captp_wire::line::End;
use std::collections::BTreeMap;

const RUNS: u64 = 1000;
const STEPS: u32 = 120;

/// A small generator of numbers, the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap();
        of[at]
    }
}

fn own_names(vat: End) -> [&'static str; 2] {
    match vat {
        End::A => ["Alice", "Ada"],
        End::B => ["Bob", "Ben"],
    }
}

fn promise(vat: End) -> String {
    format!("p{vat:?}1")
}

fn reference(numbers: &mut Numbers, vat: End) -> Named {
    match numbers.below(5) {
        0 => Named::Promise(promise(vat)),
        1 | 2 => Named::Held(numbers.of(&own_names(vat.other())).to_owned()),
        _ => Named::Own(numbers.of(&own_names(vat)).to_owned()),
    }
}

/// A name that the vat may hold something under.
fn name(numbers: &mut Numbers, vat: End) -> String {
    match numbers.below(8) {
        0 => promise(vat.other()),
        1 => numbers.of(&own_names(vat)).to_owned(),
        2 => format!("q{vat:?}{}", numbers.below(3)),
        3 => format!("q{}{}", if vat == End::A { "B" } else { "A" }, numbers.below(3)),
        _ => numbers.of(&own_names(vat.other())).to_owned(),
    }
}

fn request(numbers: &mut Numbers, step: u32) -> Request {
    let vat = numbers.of(&End::ALL);
    match numbers.below(20) {
        0..=2 => {
            let refs = (0..=numbers.below(2)).map(|_| reference(numbers, vat)).collect();
            Request::Send { vat, refs }
        }
        3 => Request::FailSend { vat, refs: vec![reference(numbers, vat)] },
        4 => Request::Call { vat, target: name(numbers, vat) },
        5 => {
            let refs = (0..numbers.below(2)).map(|_| reference(numbers, vat)).collect();
            let question = format!("q{vat:?}{}", numbers.below(3));
            Request::Ask { vat, target: name(numbers, vat), refs, question }
        }
        6 => {
            let refs = (0..numbers.below(2)).map(|_| reference(numbers, vat)).collect();
            let asked = if vat == End::A { "B" } else { "A" };
            Request::Return { vat, question: format!("q{asked}{}", numbers.below(3)), refs }
        }
        7 if numbers.below(8) == 0 => Request::Cut { vat },
        7 if numbers.below(4) == 0 => {
            Request::Resolve { vat, promise: promise(vat), refs: vec![reference(numbers, vat)] }
        }
        8 => Request::Probe { vat, name: name(numbers, vat), probe: u64::from(step) },
        9 | 10 => Request::Drop { vat, name: name(numbers, vat) },
        11 | 12 => Request::Collect { vat, name: Some(name(numbers, vat)) },
        13 => Request::Finalise { vat, name: Some(name(numbers, vat)) },
        14 => Request::Finalise { vat, name: None },
        _ => Request::Deliver { to: vat },
    }
}

/// Does what is asked; two correct vats never refuse anything.
fn obey(pair: &mut Pair, request: &Request, run: u64) -> (Vec<Event>, bool) {
    let (events, done) = pair.obey(request);
    for event in &events {
        assert!(!matches!(event, Event::Error { .. }), "run {run}: {request:?}: {event:?}");
    }
    (events, done.done)
}

#[test]
fn whatever_two_vats_did_nothing_is_left_when_they_have_let_go() {
    let mut seen = BTreeMap::<&str, u32>::new();
    for run in 0..RUNS {
        let (mut pair, mut numbers) = (Pair::new(), Numbers(run));
        let mut probed = BTreeMap::new();
        for step in 0..STEPS {
            let request = request(&mut numbers, step);
            if let Request::Probe { name, probe, .. } = &request {
                probed.insert(*probe, name.clone());
            }
            for event in obey(&mut pair, &request, run).0 {
                *seen.entry(kind(&event)).or_default() += 1;
                if let Event::Answer { probe, says: Some(says), .. } = event {
                    let name = &probed[&probe];
                    let object = name.starts_with(['A', 'B']);
                    assert!(!object || says == *name, "run {run}: {name} says {says}");
                }
            }
        }
        finish(&mut pair, run);
    }
    for kind in ["sent", "holds", "asked", "answered", "says", "broken", "ended"] {
        assert!(seen.get(kind).is_some_and(|times| *times > 100), "{kind}: {seen:?}");
    }
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Sent { .. } => "sent",
        Event::Holds { .. } => "holds",
        Event::Asked { .. } => "asked",
        Event::Answered { error: None, .. } => "answered",
        Event::Answer { says: Some(_), .. } => "says",
        Event::Broken { .. } => "broken",
        Event::Ended { .. } => "ended",
        _ => "another",
    }
}

/// Lets go of everything, tasks and promises included, and sees that nothing is left.
fn finish(pair: &mut Pair, run: u64) {
    let settle = |pair: &mut Pair, tidy: &dyn Fn(End) -> Vec<Request>| loop {
        let mut moved = false;
        for vat in End::ALL {
            for request in tidy(vat) {
                while obey(pair, &request, run).1 {
                    moved = true;
                }
            }
        }
        if !moved {
            return;
        }
    };
    settle(pair, &|vat| vec![Request::Deliver { to: vat }]);
    for vat in End::ALL {
        let refs = vec![Named::Own(own_names(vat)[0].to_owned())];
        obey(pair, &Request::Resolve { vat, promise: promise(vat), refs }, run);
    }
    let asked = |vat: End| if vat == End::A { "B" } else { "A" };
    settle(pair, &|vat| {
        let task = |number| Request::Return {
            vat,
            question: format!("q{}{number}", asked(vat)),
            refs: Vec::new(),
        };
        vec![task(0), task(1), task(2), Request::Deliver { to: vat }]
    });
    obey(pair, &Request::Forget, run);
    settle(pair, &|vat| {
        vec![
            Request::Collect { vat, name: None },
            Request::Finalise { vat, name: None },
            Request::Deliver { to: vat },
        ]
    });
    for event in pair.obey(&Request::Tables).0 {
        let Event::Tables { sizes, .. } = event else { continue };
        assert_eq!(sizes, TableSizes::EMPTY, "run {run}: {event:?}");
    }
    for event in pair.obey(&Request::Witness).0 {
        let Event::Witness { alive, .. } = &event else { continue };
        assert!(alive.is_empty(), "run {run}: {event:?}");
    }
}
