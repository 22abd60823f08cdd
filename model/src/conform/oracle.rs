//! Which property a finding of the sums is about.

use crate::property::PropertyId;
use captp_wire::sums::{Finding, Observation, Severity};

/// The property that a finding violates; none if it only is worth knowing, or is about the end of a
/// trace, which is judged against what there was at the beginning.
pub(super) fn property(finding: &Finding) -> Option<PropertyId> {
    use Observation as O;
    if finding.severity != Severity::Violation {
        return None;
    }
    Some(match finding.what {
        O::OverRelease { .. } | O::ReleaseOfZero { .. } | O::ReleaseOfNegative { .. } => {
            PropertyId::C1
        }
        O::ReleaseAfterRelease { .. }
        | O::ReleaseOfUnknown { .. }
        | O::UseAfterRelease { .. }
        | O::UseOfUnknown { .. }
        | O::AgainThoughGone { .. } => PropertyId::S2,
        O::FirstThoughKnown { .. } | O::PlaceUsedAgain { .. } => PropertyId::S3,
        O::AskedThoughOpen { .. }
        | O::IdUsedAgain { .. }
        | O::AnsweredTwice { .. }
        | O::AnswerToNothing { .. }
        | O::FinishedTwice { .. }
        | O::FinishOfNothing { .. }
        | O::AnswerNotOpen { .. } => PropertyId::S5,
        O::OwnTarget { .. } | O::ResolveOfUnknown { .. } | O::AfterOver { .. } => PropertyId::S6,
        O::Unanswered { .. }
        | O::Unfinished { .. }
        | O::NotGivenBack { .. }
        | O::TooFewEntries { .. }
        | O::TooManyEntries { .. }
        | O::ReadOfNothing { .. } => return None,
    })
}
