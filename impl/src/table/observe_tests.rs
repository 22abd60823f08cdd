//! What an observer sees, and what a trace looks like.

use super::{Exportable, Holders, JsonLines, Session, Step};
use crate::protocol::Descriptor::{ImportDesc, NewFarDesc};
use crate::protocol::{Index, Limits, SessionId};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::io;

#[derive(Debug)]
struct Mint;

impl Exportable for Mint {}

const I0: Index = Index::new(0);

/// Every kind of step.
fn live(session: &Session<Mint>) {
    let mint = Arc::new(Mint);
    session.export(&mint).unwrap();
    session.export(&mint).unwrap();
    session.unexport(&mint).unwrap();
    let proxy = session.import(NewFarDesc(I0)).unwrap();
    drop((session.import(ImportDesc(I0)).unwrap(), proxy));
    session.drain_gc(&mut Vec::new());
    session.gc_export(I0, 2).unwrap_err();
    session.lookup(Index::new(1)).unwrap_err();
    session.gc_export(I0, 1).unwrap();
    session.close();
}

#[test]
fn a_trace_has_a_line_for_every_step_with_its_rule() {
    let lines = Arc::new(JsonLines::new("A", Vec::new()));
    let session = Session::observed(SessionId::FIRST, Limits::default(), lines.clone());
    live(&session);
    drop(session);
    let written = Arc::into_inner(lines).unwrap().finish().unwrap();
    let expected = include_str!("observe_tests.jsonl");
    assert_eq!(String::from_utf8(written).unwrap(), expected);
}

#[test]
fn a_name_with_quotes_is_escaped() {
    let lines = Arc::new(JsonLines::new("a\"\\\n", Vec::new()));
    let session = Session::<Mint>::observed(SessionId::FIRST, Limits::default(), lines.clone());
    session.close();
    drop(session);
    let written = Arc::into_inner(lines).unwrap().finish().unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(written.starts_with(r#"{"session":1,"vat":"a\"\\\u000a","rule""#), "{written}");
}

#[test]
fn the_first_error_of_the_writer_is_kept_and_nothing_is_written_after_it() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.checked_sub(1) {
                Some(left) => {
                    self.0 = left;
                    Ok(bytes.len())
                }
                None => Err(io::ErrorKind::StorageFull.into()),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::new(JsonLines::new("A", Full(2)));
    let session = Session::observed(SessionId::FIRST, Limits::default(), lines.clone());
    live(&session);
    drop(session);
    let finished = Arc::into_inner(lines).unwrap().finish();
    assert_eq!(finished.err().unwrap().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn holders_name_the_place_that_holds_and_forget_what_is_given_back() {
    let holders = Arc::new(Holders::default());
    let session = Session::observed(SessionId::FIRST, Limits::default(), holders.clone());
    let mint = Arc::new(Mint);
    session.export(&mint).unwrap();
    session.export(&mint).unwrap();
    let _kept = session.import(NewFarDesc(Index::new(3))).unwrap();
    let held = holders.to_string();
    let lines: Vec<_> = held.lines().collect();
    assert_eq!(lines.len(), 2, "{held}");
    assert!(lines[0].starts_with("exports[0]: 2 mentions, first at "), "{held}");
    assert!(lines[1].starts_with("imports[3]: 1 mentions, first at "), "{held}");
    assert!(held.contains(file!()), "{held}");
    session.unexport(&mint).unwrap();
    session.gc_export(I0, 1).unwrap();
    assert_eq!(holders.to_string().lines().count(), 1);
    session.close();
    assert_eq!(holders.to_string(), "");
    live(&Session::observed(SessionId::new(2), Limits::default(), holders.clone()));
    assert_eq!(holders.to_string(), "");
}

#[test]
fn a_step_says_what_happened() {
    let step = Step::Imported { descriptor: NewFarDesc(I0), installed: true };
    assert_eq!(step.to_string(), "reads NewFarDesc(0), and installs a proxy");
    let step = Step::GcExported { index: I0, delta: 1, freed: true };
    assert_eq!(step.to_string(), "reads GCExportOp(0, 1), and the entry goes");
}
