//! The rules, bent one at a time: what must not be got wrong, and how we know that we would see it.
//!
//! Each mutation is data: which rule it bends, what it stands for, and which property is expected
//! to kill it. A mutation that survives, or that another property catches before the one it names,
//! fails the check.

use crate::property::PropertyId;
use crate::protocol::Bend;
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};
use serde::Serialize;

/// One way of getting the protocol wrong.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mutation {
    /// Its name on the command line.
    pub id: &'static str,
    /// What is done wrong.
    pub title: &'static str,
    /// The rule that it bends.
    pub rule: Rule,
    /// The property that must catch it first.
    pub kills: PropertyId,
    /// The race, or the real defect, that it stands for.
    pub stands_for: &'static str,
    /// The smallest world that shows it.
    pub sizes: Sizes,
    /// How the protocol under test is bent.
    #[serde(skip)]
    pub bend: Bend,
}

/// The seed's own world: VatB sends Bob twice, VatA holds him and drops him.
const ONE_WAY: Sizes = Sizes {
    objects: 1,
    sends: PerVat::each(0, 2),
    references: 1,
    calls: PerVat::both(0),
    failures: PerVat::both(0),
    faults: PerVat::both(0),
    sessions: 1,
};

/// The distributed race of the seed.
pub const DISTRIBUTED_RACE: &str = "uncounted-drop";
/// The local race of the seed.
pub const LOCAL_RACE: &str = "no-successor-check";

/// All mutations of E's CapTP: the canary, the two races of the seed, then in the order of the
/// rules.
pub const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "canary",
        title: "nothing is counted: an entry is gone as soon as it is written",
        rule: Rule::Canary,
        kills: PropertyId::S1,
        stands_for: "a checker that can still fail",
        sizes: Sizes { sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::Canary,
    },
    Mutation {
        id: "uncounted-drop",
        title: "no counts: the exporter frees at the first GCExportOp",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race; @endo/captp 3.0.0 (endo 901dd23b5)",
        sizes: ONE_WAY,
        bend: Bend::UncountedDrop,
    },
    Mutation {
        id: "no-successor-check",
        title: "a notification acts although a live successor stands there",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "the local race; TC39 weakrefs.md, RemoteConnection example",
        sizes: ONE_WAY,
        bend: Bend::NoSuccessorCheck,
    },
    Mutation {
        id: "export-not-counted",
        title: "an ImportDesc is written without raising the export count",
        rule: Rule::R1,
        kills: PropertyId::C1,
        stands_for: "the seed: with every ImportDesc(i) sent, VatB increments exportCount[i]",
        sizes: ONE_WAY,
        bend: Bend::ExportNotCounted,
    },
    Mutation {
        id: "import-counted-once-per-message",
        title: "two mentions of one index in one message are counted once by the reader",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "@endo/ocapn: a set where a multiset is needed (endo 13917ffc0)",
        sizes: Sizes { references: 2, sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::ImportCountedOncePerMessage,
    },
    Mutation {
        id: "home-counted-as-import",
        title: "directions mixed up: a reference that comes home is counted as an import",
        rule: Rule::R2,
        kills: PropertyId::C1,
        stands_for: "@endo/captp 4.5.1 with gcImports: one counter map for both directions",
        sizes: Sizes { sends: PerVat::both(1), calls: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::HomeCountedAsImport,
    },
    Mutation {
        id: "dead-proxy-handed-out",
        title: "the weak reference is not cleared until the notification is served",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "mirage/capnp-rpc: a released proxy handed out again (344367aa)",
        sizes: ONE_WAY,
        bend: Bend::DeadProxyHandedOut,
    },
    Mutation {
        id: "count-kept-after-release",
        title: "the import count is given back, and not zeroed",
        rule: Rule::R3,
        kills: PropertyId::C1,
        stands_for: "go-capnp: one reference taken over by two owners, released twice (1b3a8e4)",
        sizes: Sizes { sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::CountKeptAfterRelease,
    },
    Mutation {
        id: "empty-release-sent",
        title: "a notification with nothing to give back sends a GCExportOp all the same",
        rule: Rule::R3,
        kills: PropertyId::L3,
        stands_for: "agoric-sdk: two finalisers served in one scan, both act (#4978)",
        sizes: ONE_WAY,
        bend: Bend::EmptyReleaseSent,
    },
    Mutation {
        id: "notification-lost",
        title: "a cleared weak reference never schedules its notification",
        rule: Rule::R3,
        kills: PropertyId::L1,
        stands_for: "unjs/capnp-es: the finaliser keeps its target alive (#60)",
        sizes: Sizes { sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::NotificationLost,
    },
    Mutation {
        id: "reused-before-zero",
        title: "an index is reused at the first GCExportOp, zero or not",
        rule: Rule::R4,
        kills: PropertyId::S3,
        stands_for: "Cap'n Proto: an id retired before both ends are done with it (fecb6ce2)",
        sizes: Sizes { objects: 2, sends: PerVat::each(0, 3), ..ONE_WAY },
        bend: Bend::ReusedBeforeZero,
    },
    Mutation {
        id: "reverse-map-kept",
        title: "the map from object to index survives the entry",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "@endo/captp 4.5.1 with gcImports: re-export under a dead id",
        sizes: ONE_WAY,
        bend: Bend::ReverseMapKept,
    },
    Mutation {
        id: "gc-applied-to-imports",
        title: "directions mixed up: GCExportOp(i) is applied to imports[i], if there is one",
        rule: Rule::R4,
        kills: PropertyId::C1,
        stands_for: "the polarity of a name inverted for all but GC messages",
        sizes: Sizes { sends: PerVat::both(1), ..ONE_WAY },
        bend: Bend::GcAppliedToImports,
    },
    Mutation {
        id: "evicted-object-lost",
        title: "an entry goes, and its object is not handed back",
        rule: Rule::R4,
        kills: PropertyId::L1,
        stands_for: "destructors that never run: nobody learns that the last reference went",
        sizes: Sizes { sends: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::EvictedObjectLost,
    },
    Mutation {
        id: "saturating-subtraction",
        title: "a delta above the count is taken for the count",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "tables in which an over-release frees silently",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::SaturatingSubtraction,
    },
    Mutation {
        id: "zero-delta-ignored",
        title: "a GCExportOp that gives nothing back is ignored",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "tables to which a delta of zero is a no-op",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::ZeroDeltaIgnored,
    },
    Mutation {
        id: "unknown-export-ignored",
        title: "a GCExportOp for an index that is not allocated is ignored",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "a message loop that catches the error of one message, and goes on",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::UnknownExportIgnored,
    },
    Mutation {
        id: "unknown-home-ignored",
        title: "a reference home to an index that is not allocated is left out",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "a target that is not there treated as none",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::UnknownHomeIgnored,
    },
    Mutation {
        id: "not-introduced-accepted",
        title: "an ImportDesc introduces an index that no NewFarDesc did",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "an importer that creates whatever it is told of",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::NotIntroducedAccepted,
    },
    Mutation {
        id: "held-index-overwritten",
        title: "a NewFarDesc overwrites an index that is still held",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "an importer that does not assert that the old entry is disposable",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::HeldIndexOverwritten,
    },
    Mutation {
        id: "limit-ignored",
        title: "an index beyond the limit is accepted",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "memory in proportion to a number that the peer chose",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::LimitIgnored,
    },
    Mutation {
        id: "late-mention-refused",
        title: "a mention that crossed the release is taken for a violation",
        rule: Rule::R5,
        kills: PropertyId::S6,
        stands_for: "go-capnp: the connection dies on a legal crossing (acba79d)",
        sizes: ONE_WAY,
        bend: Bend::LateMentionRefused,
    },
    Mutation {
        id: "unordered-channels",
        title: "messages of one direction arrive in any order",
        rule: Rule::R6,
        kills: PropertyId::S6,
        stands_for: "calls and GC messages on a transport that does not keep their order",
        sizes: ONE_WAY,
        bend: Bend::UnorderedChannels,
    },
    Mutation {
        id: "gc-overtakes-calls",
        title: "a GCExportOp is sent ahead of the calls that were queued before it",
        rule: Rule::R6,
        kills: PropertyId::S2,
        stands_for: "zenhack/haskell-capnp: Release overtakes a queued call (#74)",
        sizes: Sizes { sends: PerVat::each(0, 1), calls: PerVat::each(1, 0), ..ONE_WAY },
        bend: Bend::GcOvertakesCalls,
    },
    Mutation {
        id: "failed-send-kept",
        title: "the counts of a message that could not be sent stay",
        rule: Rule::R7,
        kills: PropertyId::C1,
        stands_for: "Cap'n Proto: exports leak when a send throws (cd25300c)",
        sizes: Sizes { sends: PerVat::each(0, 1), failures: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::FailedSendKept,
    },
    Mutation {
        id: "partial-read-kept",
        title: "the counts of a message that could not be read whole stay",
        rule: Rule::R7,
        kills: PropertyId::S7,
        stands_for: "the reading half of the same: counts committed before the message is whole",
        sizes: Sizes { sends: PerVat::each(0, 1), faults: PerVat::each(0, 1), ..ONE_WAY },
        bend: Bend::PartialReadKept,
    },
    Mutation {
        id: "old-notification-acts",
        title: "a notification of an old session sends its GCExportOp in the new one",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "finalisers that outlive their connection",
        sizes: Sizes { sends: PerVat::each(0, 1), sessions: 2, ..ONE_WAY },
        bend: Bend::OldNotificationActs,
    },
    Mutation {
        id: "old-message-read",
        title: "a message of an old session is applied to the new tables",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "mirage/capnp-rpc: reconnecting picks the dying connection (37bb1014)",
        sizes: Sizes { sends: PerVat::each(0, 1), sessions: 2, ..ONE_WAY },
        bend: Bend::OldMessageRead,
    },
    Mutation {
        id: "exports-outlive-session",
        title: "the export table is not emptied when the session ends",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "Java RMI: entries kept in one of two tables (JDK-7191877)",
        sizes: Sizes { sends: PerVat::each(0, 1), sessions: 2, ..ONE_WAY },
        bend: Bend::ExportsOutliveSession,
    },
    Mutation {
        id: "released-twice",
        title: "an export is released twice when the session ends",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "a double release, introduced while a leak was mended (RUSTSEC-2025-0024)",
        sizes: Sizes { sends: PerVat::each(0, 1), sessions: 2, ..ONE_WAY },
        bend: Bend::ReleasedTwice,
    },
];

/// The mutation with this name.
pub fn find(id: &str) -> Option<&'static Mutation> {
    MUTATIONS.iter().find(|mutation| mutation.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_is_bent_and_every_property_but_none_is_named_by_a_mutation() {
        let rules: BTreeSet<_> = MUTATIONS.iter().map(|m| m.rule.name()).collect();
        assert_eq!(rules.len(), 9, "R1 to R8, and the canary");
        let named: BTreeSet<_> = MUTATIONS.iter().map(|m| m.kills).collect();
        assert_eq!(named, PropertyId::ALL.into_iter().collect());
    }

    #[test]
    fn names_are_unique_and_the_two_races_are_among_them() {
        let ids: BTreeSet<_> = MUTATIONS.iter().map(|m| m.id).collect();
        assert_eq!(ids.len(), MUTATIONS.len());
        assert!(find(DISTRIBUTED_RACE).is_some() && find(LOCAL_RACE).is_some());
    }
}
