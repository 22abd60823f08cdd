//! Random runs of two vats over two ordered channels: the conservation law holds in every state,
//! and when everything is dropped and served, nothing is left.
#![cfg(not(loom))]

use captp_gc::protocol::{
    Descriptor, GcExportOp, Index, Limits, Notification, ProxyId, Received, Reference, SessionId,
    Tables, Violation,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug)]
enum Step {
    /// The vat sends a message with these of its objects (by number) and, if the flag is set, one
    /// of its proxies; the send fails if the last flag is set.
    Send(bool, Vec<u8>, bool, bool),
    Deliver(bool),
    Collect(bool, usize),
    Notify(bool, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let objects = prop::collection::vec(0_u8..3, 0..4);
    prop_oneof![
        3 => (any::<bool>(), objects, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(vat, objects, home, fails)| Step::Send(vat, objects, home, fails)),
        4 => any::<bool>().prop_map(Step::Deliver),
        2 => (any::<bool>(), any::<usize>()).prop_map(|(vat, pick)| Step::Collect(vat, pick)),
        2 => (any::<bool>(), any::<usize>()).prop_map(|(vat, pick)| Step::Notify(vat, pick)),
    ]
}

enum Message {
    Deliver(Vec<(Descriptor, u8)>),
    Gc(GcExportOp),
}

/// One vat, the messages on their way to it, and the truth about its proxies.
struct Vat {
    tables: Tables<u8>,
    inbox: VecDeque<Message>,
    owed: Vec<Notification>,
    proxies: BTreeMap<Index, (ProxyId, u8)>,
}

struct World([Vat; 2]);

impl World {
    fn new() -> Self {
        Self([0, 1].map(|_| Vat {
            tables: Tables::new(SessionId::FIRST, Limits::default()),
            inbox: VecDeque::new(),
            owed: Vec::new(),
            proxies: BTreeMap::new(),
        }))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(vat, objects, home, fails) => self.send(vat, &objects, home, fails),
            Step::Deliver(vat) => {
                if let Some(message) = self.0[usize::from(vat)].inbox.pop_front() {
                    self.0[usize::from(vat)].read(message);
                }
            }
            Step::Collect(vat, pick) => {
                let vat = &mut self.0[usize::from(vat)];
                if let Some(index) = nth(vat.proxies.keys().copied(), pick) {
                    let (proxy, _) = vat.proxies.remove(&index).unwrap();
                    vat.owed.push(vat.tables.clear(proxy).unwrap());
                }
            }
            Step::Notify(vat, pick) => self.notify(vat, pick),
        }
        self.check_conservation();
    }

    fn send(&mut self, vat: bool, objects: &[u8], home: bool, fails: bool) {
        let sender = &mut self.0[usize::from(vat)];
        let mut truth = objects.to_vec();
        let mut references: Vec<_> =
            objects.iter().map(|object| Reference::Local(*object)).collect();
        if home && let Some((index, (_, object))) = sender.proxies.first_key_value() {
            references.push(Reference::Proxy(*index));
            truth.push(*object);
        }
        let before = sender.tables.clone();
        let written = sender.tables.write(&references).unwrap();
        if fails {
            sender.tables.unwrite(written).unwrap();
            assert_eq!(sender.tables, before);
        } else {
            let descriptors = sender.tables.sent(written).unwrap();
            let message = Message::Deliver(descriptors.into_iter().zip(truth).collect());
            self.0[usize::from(!vat)].inbox.push_back(message);
        }
    }

    fn notify(&mut self, vat: bool, pick: usize) {
        let server = &mut self.0[usize::from(vat)];
        if server.owed.is_empty() {
            return;
        }
        let owed = server.owed.swap_remove(pick % server.owed.len());
        let live = server.proxies.contains_key(&owed.proxy.index);
        if let Some(op) = server.tables.notify(owed) {
            assert!(!live, "a live successor stood there");
            self.0[usize::from(!vat)].inbox.push_back(Message::Gc(op));
        }
    }

    /// For every index: export count = mentions in flight + import count + deltas in flight.
    fn check_conservation(&self) {
        for (exporter, importer) in [(&self.0[0], &self.0[1]), (&self.0[1], &self.0[0])] {
            for number in 0..4 {
                let index = Index::new(number);
                let imported =
                    importer.tables.imports().entry(index).map_or(0, |e| e.slot.count().get());
                let mentions: u32 = importer.inbox.iter().map(|m| m.mentions_of(index)).sum();
                let deltas: u32 = exporter.inbox.iter().map(|m| m.delta_of(index)).sum();
                let exported = exporter.tables.exports().count(index).get();
                assert_eq!(exported, mentions + imported + deltas, "index {number}");
            }
        }
    }

    fn drop_everything_and_drain(&mut self) {
        for vat in [false, true] {
            while !self.0[usize::from(vat)].inbox.is_empty() {
                self.step(Step::Deliver(vat));
            }
        }
        for vat in [false, true] {
            while !self.0[usize::from(vat)].proxies.is_empty() {
                self.step(Step::Collect(vat, 0));
            }
            while !self.0[usize::from(vat)].owed.is_empty() {
                self.step(Step::Notify(vat, 0));
            }
        }
        for vat in [false, true] {
            while !self.0[usize::from(vat)].inbox.is_empty() {
                self.step(Step::Deliver(vat));
            }
        }
    }
}

impl Vat {
    fn read(&mut self, message: Message) {
        match message {
            Message::Gc(op) => {
                self.tables.gc_export(op.index, op.delta.get()).unwrap();
            }
            Message::Deliver(arguments) => {
                let descriptors: Vec<_> = arguments.iter().map(|(d, _)| *d).collect();
                let received = self.tables.read(&descriptors).unwrap();
                for (received, (_, truth)) in received.into_iter().zip(arguments) {
                    match received {
                        Received::Home(object) => assert_eq!(object, truth),
                        Received::Proxy { proxy, installed } => {
                            let before = self.proxies.insert(proxy.index, (proxy, truth));
                            assert_eq!(before, (!installed).then_some((proxy, truth)));
                        }
                    }
                }
            }
        }
    }
}

impl Message {
    fn mentions_of(&self, index: Index) -> u32 {
        match self {
            Self::Gc(_) => 0,
            Self::Deliver(arguments) => {
                let mentions =
                    arguments.iter().filter(|(d, _)| d.is_mention() && d.index() == index);
                u32::try_from(mentions.count()).unwrap()
            }
        }
    }

    fn delta_of(&self, index: Index) -> u32 {
        match self {
            Self::Gc(op) if op.index == index => op.delta.get(),
            _ => 0,
        }
    }
}

fn nth<T>(mut items: impl ExactSizeIterator<Item = T>, pick: usize) -> Option<T> {
    if items.len() == 0 { None } else { items.nth(pick % items.len()) }
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let index = prop_oneof![0_u32..4, any::<u32>()].prop_map(Index::new);
    (0..3, index).prop_map(|(kind, index)| match kind {
        0 => Descriptor::NewFarDesc(index),
        1 => Descriptor::ImportDesc(index),
        _ => Descriptor::ExportDesc(index),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_correct_vats_conserve_every_mention_and_leak_nothing(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.drop_everything_and_drain();
        for vat in &world.0 {
            prop_assert!(vat.tables.exports().is_empty());
            prop_assert!(vat.tables.imports().is_released());
        }
    }

    #[test]
    fn whatever_a_hostile_peer_sends_is_accepted_whole_or_changes_nothing(
        messages in prop::collection::vec(prop::collection::vec(descriptor(), 0..5), 0..20),
        deltas in prop::collection::vec((0_u32..5, any::<u32>()), 0..20),
    ) {
        let mut tables = Tables::new(SessionId::FIRST, Limits::default());
        let ours = [Reference::Local(0_u8), Reference::Local(1), Reference::Local(0)];
        let written = tables.write(&ours).unwrap();
        tables.sent(written).unwrap();
        for message in messages {
            let before = tables.clone();
            if tables.read(&message).is_err() {
                prop_assert_eq!(&tables, &before);
            }
        }
        for (index, delta) in deltas {
            let index = Index::new(index);
            let before = tables.clone();
            let refused = tables.gc_export(index, delta);
            let legal = delta > 0 && delta <= before.exports().count(index).get();
            prop_assert_eq!(refused.is_ok(), legal);
            if let Err(violation) = refused {
                let matched = matches!(
                    violation,
                    Violation::ZeroDelta { .. }
                        | Violation::UnknownExport { .. }
                        | Violation::OverRelease { .. }
                );
                prop_assert!(matched);
                prop_assert_eq!(&tables, &before);
            }
        }
    }
}
