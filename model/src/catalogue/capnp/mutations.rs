//! Cap'n Proto RPC, its rules bent one at a time.
//!
//! Where the catalogue of defects names a leak (L1), C1 is named here: the count is wrong as soon
//! as nobody can give it back any more, and L1 sees that only when everything is quiet.

use crate::mutation::{Defect, Mutation};
use crate::property::PropertyId;
use crate::protocol::{Bend, CapnpBend};
use crate::rule::Rule;
use crate::sizes::{PerVat, Sizes};

const RESULTS: Rule = Rule::Own("what a Return brings to a cancelled question is given back");
const RETIRED: Rule =
    Rule::Own("a question and its answer go when Return was sent and Finish was, and not before");
const LATE: Rule = Rule::Own(
    "a Resolve of an import that was released is legal, and what it brings is given back",
);

/// All mutations of Cap'n Proto RPC: the distributed race, then the most telling first.
pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        id: "capnp-release-without-count",
        defect: None,
        title: "the entry goes at the first Release, whatever its referenceCount",
        rule: Rule::R4,
        kills: PropertyId::S1,
        stands_for: "the distributed race",
        sizes: Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::UncountedRelease),
        halves: &[],
    },
    Mutation {
        id: "capnp-promise-settled-when-mentioned-again",
        defect: Defect::reproduced("M8"),
        title: "a promise that is exported again is described as senderHosted",
        rule: Rule::Own(
            "a promise is described by its state at that time, each time that it is mentioned",
        ),
        kills: PropertyId::S6,
        stands_for: "capnproto-rust 0.27.0: \"Resolve for a non-promise import\"; fixed in C++ \
                     by capnproto d58fae99",
        sizes: Sizes { sends: PerVat::each(0, 2), promises: 1, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::PromiseSettledWhenMentionedAgain),
        halves: &[],
    },
    Mutation {
        id: "capnp-failed-send-kept",
        defect: Defect::documented("M9"),
        title: "a send fails, and what was counted for it stays counted",
        rule: Rule::R7,
        kills: PropertyId::C1,
        stands_for: "capnproto cd25300c: entries leak when a send throws",
        sizes: Sizes { failures: PerVat::each(0, 1), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::FailedSendKept),
        halves: &[],
    },
    Mutation {
        id: "capnp-finish-without-release",
        defect: Defect::documented("M22"),
        title: "a cancelled question's results are neither read nor asked to be released",
        rule: RESULTS,
        kills: PropertyId::C1,
        stands_for: "capnproto 6915e4ff: what is returned leaks if the call was cancelled",
        sizes: Sizes { asks: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::FinishWithoutRelease),
        halves: &[],
    },
    Mutation {
        id: "capnp-param-release-ignored",
        defect: Defect::documented("M23"),
        title: "releaseParamCaps of a Return is ignored",
        rule: Rule::Own("a Return with releaseParamCaps gives back one mention of each parameter"),
        kills: PropertyId::C1,
        stands_for: "go-capnp #662 and #663; suspected in capnproto-rust",
        sizes: Sizes { asks: PerVat::each(1, 0), references: 2, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::ParamReleaseIgnored),
        halves: &[],
    },
    Mutation {
        id: "capnp-question-free-before-return",
        defect: Defect::documented("M27"),
        title: "a question's id is free for reuse as soon as Finish is sent",
        rule: RETIRED,
        kills: PropertyId::C1,
        stands_for: "capnproto fecb6ce2 and e9d64bd7, go-capnp 1a2064a: an id retired before \
                     both Return and Finish",
        sizes: Sizes { asks: PerVat::each(2, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::QuestionFreeBeforeReturn),
        halves: &[],
    },
    Mutation {
        id: "capnp-question-free-before-finish",
        defect: Defect::documented("M27"),
        title: "a question is forgotten when its Return is received, and never finished",
        rule: RETIRED,
        kills: PropertyId::L1,
        stands_for: "capnproto fecb6ce2 and e9d64bd7, go-capnp 1a2064a: an id retired before \
                     both Return and Finish",
        sizes: Sizes { asks: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::QuestionFreeBeforeFinish),
        halves: &[],
    },
    Mutation {
        id: "capnp-answer-gone-before-finish",
        defect: Defect::documented("M27"),
        title: "an answer's entry goes as soon as Return is sent",
        rule: RETIRED,
        kills: PropertyId::S5,
        stands_for: "capnproto fecb6ce2 and e9d64bd7, go-capnp 1a2064a: an id retired before \
                     both Return and Finish",
        sizes: Sizes { asks: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::AnswerGoneBeforeFinish),
        halves: &[],
    },
    Mutation {
        id: "capnp-result-not-released",
        defect: Defect::documented("M24"),
        title: "no Release is sent for what came in a result",
        rule: Rule::R3,
        kills: PropertyId::C1,
        stands_for: "capnp-rpc-rust #8: what is returned is never released",
        sizes: Sizes { asks: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::ResultNotReleased),
        halves: &[],
    },
    Mutation {
        id: "capnp-late-return-dropped",
        defect: Defect::documented("M25"),
        title: "the Return of a cancelled question is dropped, and what it brought is not released",
        rule: RESULTS,
        kills: PropertyId::C1,
        stands_for: "mirage 7f21a41d, #81 (found by AFL)",
        sizes: Sizes { asks: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::LateReturnDropped),
        halves: &[],
    },
    Mutation {
        id: "capnp-released-proxy-handed-out",
        defect: Defect::documented("M10"),
        title: "the weak reference to a proxy outlives its Release",
        rule: Rule::R3,
        kills: PropertyId::S4,
        stands_for: "mirage/capnp-rpc: a released proxy handed out again (344367aa)",
        sizes: Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::ReleasedProxyHandedOut),
        halves: &[],
    },
    Mutation {
        id: "capnp-second-wrapper",
        defect: Defect::documented("M12"),
        title: "an import that has a live wrapper is wrapped a second time",
        rule: Rule::R2,
        kills: PropertyId::S4,
        stands_for: "capnproto-rust PR #672 (1ed0d0e5): panic when an object imported twice is \
                     sent again",
        sizes: Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::SecondWrapper),
        halves: &[],
    },
    Mutation {
        id: "capnp-cancelled-params-kept",
        defect: Defect::documented("M35"),
        title: "what a cancelled call had brought is not given back",
        rule: Rule::Own("the parameters of a call are given back however the call ends"),
        kills: PropertyId::C1,
        stands_for: "go-capnp #649 and #218; capnweb #241, #243 and #210: arguments leaked \
                     where a call fails",
        sizes: Sizes { asks: PerVat::each(1, 0), references: 2, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::CancelledParamsKept),
        halves: &[],
    },
    Mutation {
        id: "capnp-late-resolve-ignored",
        defect: Defect::documented("M29"),
        title: "a Resolve that crosses the Release is ignored, and its replacement is not released",
        rule: LATE,
        kills: PropertyId::C1,
        stands_for: "go-capnp #645",
        sizes: Sizes { promises: 1, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::LateResolveIgnored),
        halves: &[],
    },
    Mutation {
        id: "capnp-late-resolve-refused",
        defect: None,
        title: "a Resolve that crosses the Release is taken for a violation",
        rule: LATE,
        kills: PropertyId::S6,
        stands_for: "go-capnp acba79d, for Finish: a legal crossing taken for an error",
        sizes: Sizes { promises: 1, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::LateResolveRefused),
        halves: &[],
    },
    Mutation {
        id: "capnp-cancelled-tail-call-kept",
        defect: Defect::documented("M32"),
        title: "a cancelled call turns out to be redirected, and what it was redirected to is \
                never returned",
        rule: Rule::Own("who cancels a call returns the call that it was redirected to"),
        kills: PropertyId::L1,
        stands_for: "capnproto f9c09d10: the entries of a tail call leak if the call was \
                     cancelled; capnproto-rust does not implement it",
        sizes: Sizes { sends: PerVat::each(1, 1), asks: PerVat::each(1, 1), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::CancelledTailKept),
        halves: &[],
    },
    Mutation {
        id: "capnp-refused-resolve-kept",
        defect: Defect::documented("M28"),
        title: "a Resolve comes back unimplemented, and what it carried stays counted",
        rule: Rule::Own("what a Resolve carried is released if it comes back unimplemented"),
        kills: PropertyId::C1,
        stands_for: "capnproto 108e3fc4, go-capnp bd478d6 and 0cc8df0: what was in a Resolve that \
                     was not delivered leaks",
        sizes: Sizes { promises: 1, refusals: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::RefusedResolveKept),
        halves: &[],
    },
    Mutation {
        id: "capnp-other-entry-forgotten",
        defect: Defect::documented("M4"),
        title: "the entry of a promise that was resolved goes, and the object's own entry is not \
                found any more",
        rule: Rule::Own("an entry that goes takes only the way to itself with it"),
        kills: PropertyId::S4,
        stands_for: "capnproto b8fd8b03: an object with several entries loses the way to the \
                     canonical one",
        sizes: Sizes { sends: PerVat::each(0, 2), promises: 1, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::OtherEntryForgotten),
        halves: &[],
    },
    // S1 follows when the Release is read; the importer has let go of what is waited for before.
    Mutation {
        id: "capnp-wait-is-no-reference",
        defect: Defect::documented("M39"),
        title: "a promise that only a callback waits for is taken for garbage, and released",
        rule: Rule::Own("who waits for a promise's resolution keeps the promise"),
        kills: PropertyId::S4,
        stands_for: "mirage/capnp-rpc 6870fc76, #210: an import freed while a callback waits on it",
        sizes: Sizes { promises: 1, waits: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::WaitIsNoReference),
        halves: &[],
    },
    Mutation {
        id: "capnp-unknown-id-panics",
        defect: Defect::documented("M43"),
        title: "a Release of an unknown id is a panic: every table of the vat is gone",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "capnproto-rust #443, dd936045: a panic on a bad id, or on a table in use",
        sizes: Sizes { faults: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::UnknownIdPanics),
        halves: &[],
    },
    Mutation {
        id: "capnp-over-release-accepted",
        defect: None,
        title: "a Release of more than there is takes what there is",
        rule: Rule::R5,
        kills: PropertyId::S7,
        stands_for: "E, @endo/ocapn and @endo/captp, which free silently",
        sizes: Sizes { faults: PerVat::each(1, 0), ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::OverReleaseAccepted),
        halves: &[],
    },
    Mutation {
        id: "capnp-exports-outlive-session",
        defect: None,
        title: "the export table is not emptied when the connection ends",
        rule: Rule::R8,
        kills: PropertyId::L2,
        stands_for: "the rule of the C++ implementation: all tables are dropped, exports \
                     implicitly released",
        sizes: Sizes { sessions: 2, ..Sizes::SMALLEST },
        bend: Bend::Capnp(CapnpBend::ExportsOutliveSession),
        halves: &[],
    },
];
