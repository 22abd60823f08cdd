//! The inputs that stand in the corpus from the start: one for each violation, and the crossings.

use super::op::At::{Attacked, Other};
use super::op::Op::{self, *};
use captp_gc::protocol::Descriptor::{ExportDesc, ImportDesc, NewFarDesc};
use captp_gc::protocol::Index;

const I0: Index = Index::new(0);
const I1: Index = Index::new(1);
const LAST: Index = Index::new(u32::MAX);

/// A name, the operations, and the violations that they must meet with.
pub(crate) type Case = (&'static str, Vec<Op>, &'static [&'static str]);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = violations();
    cases.extend(crossings());
    cases
}

fn violations() -> Vec<Case> {
    vec![
        ("zero_delta", vec![Export(Attacked, 0), Release(I0, 0), Release(LAST, 0)], &["ZeroDelta"]),
        (
            "unknown_export",
            vec![Release(I0, 1), Call(I0), Send(ExportDesc(LAST)), Export(Attacked, 1), Call(I1)],
            &["UnknownExport"],
        ),
        (
            "over_release",
            vec![Export(Attacked, 0), Release(I0, 2), Release(I0, u32::MAX), Call(I0)],
            &["OverRelease"],
        ),
        (
            "over_release_of_an_object_without_a_cell",
            vec![Export(Attacked, 1), Export(Attacked, 1), Release(I0, 3), Release(I0, 2)],
            &["OverRelease"],
        ),
        (
            "not_introduced",
            vec![Send(ImportDesc(I0)), SendMention(ExportDesc(I0)), SendMention(ImportDesc(I1))],
            &["NotIntroduced"],
        ),
        (
            "still_imported",
            vec![Send(NewFarDesc(I0)), Send(NewFarDesc(I0)), DropProxy(2), Send(NewFarDesc(I0))],
            &["StillImported"],
        ),
        (
            "index_beyond_limit",
            vec![Send(NewFarDesc(LAST)), Send(ImportDesc(LAST)), SendMention(NewFarDesc(LAST))],
            &["IndexBeyondLimit"],
        ),
        (
            "too_many_mentions",
            [vec![Send(NewFarDesc(I0))], vec![Send(ImportDesc(I0)); 3], vec![DropProxy(2)]]
                .concat(),
            &["TooManyMentions"],
        ),
    ]
}

fn crossings() -> Vec<Case> {
    vec![
        (
            "the_distributed_race_a_release_crosses_a_mention",
            vec![
                Export(Attacked, 0),
                Export(Attacked, 0),
                Release(I0, 1),
                Call(I0),
                Release(I0, 1),
            ],
            &[],
        ),
        (
            "the_local_race_a_successor_before_the_drain",
            vec![
                Send(NewFarDesc(I0)),
                DropProxy(2),
                Send(ImportDesc(I0)),
                Drain(Attacked),
                SendHome(Attacked, 2),
                DropProxy(2),
                Drain(Attacked),
            ],
            &[],
        ),
        (
            "revived_after_it_was_given_back",
            vec![
                Send(NewFarDesc(I1)),
                DropProxy(2),
                Drain(Attacked),
                Send(ImportDesc(I1)),
                DropProxy(2),
                Drain(Attacked),
                Send(NewFarDesc(I1)),
            ],
            &[],
        ),
        (
            "one_object_in_two_sessions_released_in_one",
            vec![
                Export(Other, 0),
                Export(Attacked, 0),
                Export(Other, 0),
                Export(Attacked, 0),
                Release(I0, 2),
                Release(I0, 1),
                Replace(0),
                Unexport(Other, 0),
            ],
            &["UnknownExport"],
        ),
        (
            "a_failed_send_crosses_a_release",
            vec![
                Export(Attacked, 0),
                Export(Attacked, 0),
                Release(I0, 1),
                Unexport(Attacked, 0),
                Release(I0, 1),
                Export(Attacked, 2),
            ],
            &["UnknownExport"],
        ),
        (
            "an_index_is_reused_and_the_old_release_comes_again",
            vec![
                Export(Attacked, 0),
                Release(I0, 1),
                Replace(0),
                Export(Attacked, 1),
                Release(I0, 1),
                Release(I0, 1),
            ],
            &["UnknownExport"],
        ),
        (
            "everything_after_the_end_of_the_session",
            vec![
                Export(Attacked, 0),
                Send(NewFarDesc(I0)),
                Close(Attacked),
                Send(ImportDesc(I0)),
                Release(I0, 1),
                Call(I0),
                Export(Attacked, 0),
                Unexport(Attacked, 0),
                SendHome(Attacked, 2),
                Close(Attacked),
                Drain(Attacked),
            ],
            &[],
        ),
        (
            "an_old_proxy_in_the_next_session",
            vec![
                Send(NewFarDesc(I0)),
                Renew(Attacked),
                SendHome(Attacked, 2),
                CloneProxy(2),
                Send(NewFarDesc(I0)),
                DropProxy(2),
                DropProxy(2),
                Drain(Attacked),
            ],
            &[],
        ),
        (
            "the_end_of_a_session_whose_objects_live_on_in_another",
            vec![
                Export(Attacked, 0),
                Export(Other, 0),
                Renew(Attacked),
                Export(Attacked, 0),
                Release(I0, 1),
                Close(Other),
            ],
            &[],
        ),
        (
            "pages_and_their_edges",
            [63, 64, 69, 70, 8191, 8192, (1 << 20) - 1, 1 << 20]
                .map(|number| Send(NewFarDesc(Index::new(number))))
                .into_iter()
                .chain([DropProxy(2), DropProxy(2), Drain(Attacked)])
                .collect(),
            &["IndexBeyondLimit"],
        ),
    ]
}
