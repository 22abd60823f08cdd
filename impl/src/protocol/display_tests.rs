//! What people read: every value and every error names the numbers that it is about.

use super::{
    Descriptor, GcExportOp, Incarnation, Index, Misuse, SessionId, Violation, WireCount, WireDelta,
};
use alloc::format;
use alloc::string::ToString;

const I7: Index = Index::new(7);

fn delta(mentions: u32) -> WireDelta {
    WireDelta::new(mentions).unwrap()
}

#[test]
fn values_are_shown_as_the_field_writes_them() {
    assert_eq!(Descriptor::NewFarDesc(I7).to_string(), "NewFarDesc(7)");
    assert_eq!(Descriptor::ImportDesc(I7).to_string(), "ImportDesc(7)");
    assert_eq!(format!("{:?}", Descriptor::ExportDesc(I7)), "ExportDesc(7)");
    let op = GcExportOp { index: I7, delta: delta(3) };
    assert_eq!(format!("{op} {op:?}"), "GCExportOp(7, 3) GCExportOp(7, 3)");
    assert_eq!(format!("{I7} {I7:?}"), "7 7");
    let (session, incarnation) = (SessionId::new(2), Incarnation::new(4));
    assert_eq!(format!("{session} {session:?} {incarnation} {incarnation:?}"), "2 2 4 4");
    let (count, delta) = (WireCount::new(5), delta(6));
    assert_eq!(format!("{count} {count:?} {delta} {delta:?}"), "5 5 6 6");
}

#[test]
fn a_violation_says_what_the_peer_did() {
    let count = WireCount::new(2);
    let table = [
        (Violation::ZeroDelta { index: I7 }, "GCExportOp(7, 0) gives nothing back"),
        (Violation::UnknownExport { index: I7 }, "exports[7] is not allocated"),
        (
            Violation::OverRelease { index: I7, delta: delta(3), count },
            "GCExportOp(7, 3) gives back more than the 2 outstanding mentions",
        ),
        (Violation::NotIntroduced { index: I7 }, "ImportDesc(7), but no NewFarDesc introduced it"),
        (
            Violation::StillImported { index: I7, count },
            "NewFarDesc(7), but 2 mentions of it are still held",
        ),
        (
            Violation::IndexBeyondLimit { index: I7, limit: 4 },
            "index 7 is not below the limit of 4 imports",
        ),
        (
            Violation::TooManyMentions { index: I7 },
            "one mention of imports[7] more than may be outstanding",
        ),
        (
            Violation::MessageTooLong { references: 9, limit: 8 },
            "9 references in one message, the limit is 8",
        ),
    ];
    for (violation, sentence) in table {
        assert_eq!(violation.to_string(), sentence);
    }
}

#[test]
fn a_misuse_says_what_the_caller_did() {
    let (first, second) = (SessionId::FIRST, SessionId::new(2));
    let table = [
        (Misuse::ExportsFull { limit: 4 }, "all 4 export entries are in use"),
        (
            Misuse::TooManyMentions { index: I7 },
            "one mention of exports[7] more than may be outstanding",
        ),
        (
            Misuse::MessageTooLong { references: 9, limit: 8 },
            "9 references in one message, the limit is 8",
        ),
        (Misuse::Unsettled, "the message before is neither sent nor taken back"),
        (Misuse::NotInTheMaking, "no such message is in the making"),
        (Misuse::NotLater { next: first, current: second }, "session 1 cannot follow session 2"),
        (Misuse::NotExported { index: I7 }, "exports[7] has no outstanding mention to take back"),
        (Misuse::NoLiveProxy { index: I7 }, "there is no live proxy at imports[7]"),
    ];
    for (misuse, sentence) in table {
        assert_eq!(misuse.to_string(), sentence);
    }
}
