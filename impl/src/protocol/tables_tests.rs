//! Whole messages, sent, failed, hostile; and the distributed race.

use super::tables::{Notification, Tables};
use super::{
    Descriptor, GcExportOp, Incarnation, Index, Limits, Misuse, ProxyId, Received, Reference,
    SessionId, WireCount, WireDelta,
};
use Descriptor::{ExportDesc, ImportDesc, NewFarDesc};
use alloc::vec;
use alloc::vec::Vec;

const I0: Index = Index::new(0);
const I1: Index = Index::new(1);
const SECOND: SessionId = SessionId::new(2);

type Vat = Tables<&'static str>;

fn new_tables() -> Vat {
    let limits = Limits { exports_max: 2, references_per_message_max: 3, ..Limits::default() };
    Tables::new(SessionId::FIRST, limits)
}

fn local(object: &'static str) -> Reference<&'static str> {
    Reference::Local(object)
}

fn first_proxy(session: SessionId) -> ProxyId {
    ProxyId { session, index: I0, incarnation: Incarnation::FIRST }
}

fn send(tables: &mut Vat, references: &[Reference<&'static str>]) -> Vec<Descriptor> {
    let written = tables.write(references).unwrap();
    tables.sent(written).unwrap()
}

fn collect(tables: &mut Vat) -> Notification {
    tables.clear(first_proxy(tables.session())).unwrap()
}

#[test]
fn one_message_may_mention_one_object_twice_and_both_ends_count_two() {
    let (mut a, mut b) = (new_tables(), new_tables());
    let message = send(&mut b, &[local("Bob"), local("Bob")]);
    assert_eq!(message, [NewFarDesc(I0), ImportDesc(I0)]);
    a.read(&message).unwrap();
    assert_eq!(b.exports().count(I0), WireCount::new(2));
    assert_eq!(a.imports().entry(I0).unwrap().slot.count(), WireCount::new(2));
}

#[test]
fn a_reference_that_goes_home_is_not_counted() {
    let (mut a, mut b) = (new_tables(), new_tables());
    a.read(&send(&mut b, &[local("Bob")])).unwrap();
    let before = (a.clone(), b.clone());
    let home = send(&mut a, &[Reference::Proxy(I0)]);
    assert_eq!(home, [ExportDesc(I0)]);
    assert_eq!(b.read(&home).unwrap(), [Received::Home("Bob")]);
    assert_eq!((a, b), before);
}

#[test]
fn a_message_that_cannot_be_written_whole_counts_nothing() {
    let mut b = new_tables();
    send(&mut b, &[local("Bob")]);
    let before = b.clone();
    let full = b.write(&[local("Ben"), local("Bob"), local("Bea")]);
    assert_eq!(full, Err(Misuse::ExportsFull { limit: 2 }));
    assert_eq!(b, before);
    let dead = b.write(&[local("Bob"), Reference::Proxy(I0)]);
    assert_eq!(dead, Err(Misuse::NoLiveProxy { index: I0 }));
    assert_eq!(b, before);
    let long = b.write(&[local("Bob"); 4]);
    assert_eq!(long, Err(Misuse::MessageTooLong { references: 4, limit: 3 }));
    assert_eq!(b, before);
}

#[test]
fn a_proxy_whose_weak_reference_is_cleared_cannot_be_sent_home() {
    let mut a = new_tables();
    a.read(&[NewFarDesc(I0)]).unwrap();
    let _owed = collect(&mut a);
    assert_eq!(a.write(&[Reference::Proxy(I0)]), Err(Misuse::NoLiveProxy { index: I0 }));
}

#[test]
fn a_message_that_cannot_be_sent_is_uncounted() {
    let mut b = new_tables();
    send(&mut b, &[local("Bob")]);
    let before = b.clone();
    let written = b.write(&[local("Ben"), local("Bob"), local("Ben")]).unwrap();
    assert_eq!(written.descriptors(), [NewFarDesc(I1), ImportDesc(I0), ImportDesc(I1)]);
    assert_eq!(b.unwrite(written), Ok(vec!["Ben"]));
    assert_eq!(b, before);
}

#[test]
fn an_unsent_mention_that_was_the_last_one_evicts_the_object() {
    let (mut a, mut b) = (new_tables(), new_tables());
    a.read(&send(&mut b, &[local("Bob")])).unwrap();
    let written = b.write(&[local("Bob")]).unwrap();
    let owed = collect(&mut a);
    let op = a.notify(owed).unwrap();
    assert_eq!(b.gc_export(op.index, op.delta.get()), Ok(None), "one is in the making");
    assert_eq!(b.unwrite(written), Ok(vec!["Bob"]));
    assert!(b.exports().is_empty());
}

#[test]
fn a_message_is_settled_once_and_before_the_next_is_written() {
    let mut b = new_tables();
    let written = b.write(&[local("Bob")]).unwrap();
    let again = written.clone();
    assert_eq!(b.write(&[local("Bob")]), Err(Misuse::Unsettled), "it would be an ImportDesc");
    assert_eq!(b.unwrite(written), Ok(vec!["Bob"]));
    assert_eq!(b.unwrite(again.clone()), Err(Misuse::NotInTheMaking));
    assert_eq!(b.sent(again), Err(Misuse::NotInTheMaking));
}

#[test]
fn a_message_of_an_old_session_takes_nothing_back_from_the_new() {
    let mut b = new_tables();
    let old = b.write(&[local("Bob")]).unwrap();
    assert_eq!(b.close(SECOND), Ok(vec!["Bob"]));
    let _new = b.write(&[local("Ben")]).unwrap();
    let before = b.clone();
    assert_eq!(b.unwrite(old), Err(Misuse::NotInTheMaking));
    assert_eq!(b, before);
}

#[test]
fn what_the_peer_gave_back_before_it_was_sent_is_an_error_that_changes_nothing() {
    let mut b = new_tables();
    let written = b.write(&[local("Ben"), local("Bob")]).unwrap();
    assert_eq!(b.gc_export(I1, 1), Ok(Some("Bob")), "nothing tells it from a correct one yet");
    let before = b.clone();
    assert_eq!(b.unwrite(written), Err(Misuse::NotExported { index: I1 }));
    assert_eq!(b, before);
}

#[test]
fn a_message_that_cannot_be_read_whole_counts_nothing() {
    let mut a = new_tables();
    a.read(&[NewFarDesc(I0)]).unwrap();
    let _owed = collect(&mut a);
    let before = a.clone();
    let bad = [
        vec![ImportDesc(I0), NewFarDesc(I1), ImportDesc(Index::new(2))],
        vec![NewFarDesc(I1), ImportDesc(I1), NewFarDesc(I1)],
        vec![ImportDesc(I0), ExportDesc(I0)],
        vec![ImportDesc(I0); 4],
    ];
    for message in bad {
        assert!(a.read(&message).is_err(), "{message:?}");
        assert_eq!(a, before, "{message:?}");
    }
}

#[test]
fn a_notification_of_an_old_session_sends_nothing() {
    let mut a = new_tables();
    a.read(&[NewFarDesc(I0)]).unwrap();
    let owed = collect(&mut a);
    a.close(SECOND).unwrap();
    a.read(&[NewFarDesc(I0)]).unwrap();
    let owed_now = collect(&mut a);
    let before = a.clone();
    assert_eq!(a.notify(owed), None);
    assert_eq!(a, before);
    let op = GcExportOp { index: I0, delta: WireDelta::ONE };
    assert_eq!(a.notify(owed_now), Some(op));
}

#[test]
fn a_broken_proxy_is_collected_without_effect_on_the_new_session() {
    let mut a = new_tables();
    a.read(&[NewFarDesc(I0)]).unwrap();
    a.close(SECOND).unwrap();
    a.read(&[NewFarDesc(I0)]).unwrap();
    let before = a.clone();
    let owed = a.clear(first_proxy(SessionId::FIRST)).unwrap();
    assert_eq!(a.notify(owed), None);
    assert_eq!(a, before);
}

#[test]
fn only_a_later_session_can_follow() {
    let mut a = new_tables();
    let not_later = Misuse::NotLater { next: SessionId::FIRST, current: SessionId::FIRST };
    assert_eq!(a.close(SessionId::FIRST), Err(not_later));
    assert_eq!(a.close(SECOND), Ok(vec![]));
}

#[test]
fn the_distributed_race_of_the_seed_keeps_the_entry() {
    let (mut a, mut b) = (new_tables(), new_tables());
    a.read(&send(&mut b, &[local("Bob")])).unwrap();
    let owed = collect(&mut a);
    let op = a.notify(owed).unwrap(); // leaves VatA …
    let crossing = send(&mut b, &[local("Bob")]); // … while this leaves VatB
    assert_eq!(crossing, [ImportDesc(I0)]);
    assert_eq!(b.gc_export(op.index, op.delta.get()), Ok(None), "one mention is in flight");
    a.read(&crossing).unwrap();
    let home = send(&mut a, &[Reference::Proxy(I0)]);
    assert_eq!(b.read(&home).unwrap(), [Received::Home("Bob")]);
}
