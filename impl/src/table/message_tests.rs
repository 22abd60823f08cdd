//! Whole messages, on one thread.

use super::{Exportable, Received, Refused, Session};
use crate::protocol::Descriptor::{ExportDesc, ImportDesc, NewFarDesc};
use crate::protocol::{Index, Limits, Misuse, SessionId, Violation};
use alloc::sync::Arc;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug, PartialEq)]
struct Mint(u32);

impl Exportable for Mint {}

const I0: Index = Index::new(0);
const I1: Index = Index::new(1);

fn session() -> Session<Mint> {
    Session::new(SessionId::FIRST, Limits { references_per_message_max: 3, ..Limits::default() })
}

#[test]
fn a_message_that_is_not_sent_leaves_no_counts_and_no_indices_behind() {
    let (session, [bob, ben]) = (session(), [1, 2].map(|number| Arc::new(Mint(number))));
    session.export(&bob).unwrap();
    let mut message = session.message();
    assert_eq!(message.export(&bob), Ok(ImportDesc(I0)));
    assert_eq!(message.export(&ben), Ok(NewFarDesc(I1)));
    drop(message);
    assert_eq!((session.stats().exports, session.exports()[0].2.get()), (1, 1));
    let mut message = session.message();
    assert_eq!(message.export(&ben), Ok(NewFarDesc(I1)));
    message.sent();
    assert_eq!(session.stats().exports, 2);
}

#[test]
fn a_panic_in_the_making_of_a_message_takes_its_mentions_back() {
    let (session, bob) = (session(), Arc::new(Mint(1)));
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut message = session.message();
        message.export(&bob).unwrap();
        panic!("an argument cannot be written");
    }));
    assert!(made.is_err());
    assert_eq!((session.stats().exports, Arc::strong_count(&bob)), (0, 1));
}

#[test]
fn a_message_carries_no_more_references_than_its_limit() {
    let (session, bob) = (session(), Arc::new(Mint(1)));
    let proxy = session.import(NewFarDesc(I0)).unwrap();
    let mut message = session.message();
    message.export(&bob).unwrap();
    message.send_home(&proxy).unwrap();
    message.export(&bob).unwrap();
    let too_long = Misuse::MessageTooLong { references: 4, limit: 3 };
    assert_eq!(message.export(&bob), Err(too_long));
    assert_eq!(message.send_home(&proxy), Err(too_long));
    message.sent();
    let too_long = Violation::MessageTooLong { references: 4, limit: 3 };
    assert_eq!(session.receive_all(&[ImportDesc(I0); 4]).unwrap_err(), too_long.into());
    assert_eq!(session.stats().mentions, 1);
}

#[test]
fn a_message_that_cannot_be_read_whole_gives_its_mentions_back() {
    let (session, bob) = (session(), Arc::new(Mint(1)));
    session.export(&bob).unwrap();
    let received = session.receive_all(&[NewFarDesc(I0), ExportDesc(I0)]).unwrap();
    assert!(matches!(&received[1], Received::Home(home) if Arc::ptr_eq(home, &bob)));
    drop(received);
    let unread = session.receive_all(&[ImportDesc(I0), NewFarDesc(I1), NewFarDesc(I1)]);
    assert!(matches!(unread, Err(Refused::Violation(Violation::StillImported { .. }))));
    let mut ops = alloc::vec::Vec::new();
    session.drain_gc(&mut ops);
    let given_back: alloc::vec::Vec<_> =
        ops.iter().map(|op| (op.index.get(), op.delta.get())).collect();
    assert_eq!(given_back, [(0, 2), (1, 1)]);
    assert_eq!(session.stats().mentions, 0);
}

#[test]
fn a_message_in_the_making_when_the_session_ends_does_nothing() {
    let (session, bob) = (session(), Arc::new(Mint(1)));
    let mut message = session.message();
    message.export(&bob).unwrap();
    assert_eq!(session.close(), [Arc::clone(&bob)]);
    assert_eq!(message.export(&bob), Err(Misuse::Closed));
    drop(message);
    assert_eq!(Arc::strong_count(&bob), 1);
}
