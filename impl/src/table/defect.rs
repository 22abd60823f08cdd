//! Defects that a check can plant in the concurrent tables, to see that it finds them.

use crate::sync::Primitives;

/// One way of getting the concurrent tables wrong.
///
/// Planted through [`Primitives::DEFECT`], a constant: no code of a defect is compiled into tables
/// on primitives that plant none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Defect {
    /// A served notification does not look whether a live successor stands there: the local race.
    SuccessorNotChecked,
    /// A served notification reads the count, and zeroes it in a second step.
    CountTakenInTwoSteps,
    /// A dropped proxy is reported as gone before it is gone.
    ReportedBeforeGone,
    /// The mark that a slot has to be looked at is wiped after it was looked at, not before.
    MarkWipedLate,
    /// The drop of a proxy is not ordered after what its thread did before.
    DropNotOrdered,
    /// An index becomes free before the object's count says that it is not exported.
    IndexFreedEarly,
    /// Whoever exports an object for the first time does not look again under the lock.
    NotLookedAgain,
    /// An object's count is taken for this session's, whichever session it belongs to.
    OwnerIgnored,
    /// Closing sets a flag that is read before a slot is moved, instead of the slots' own.
    ClosedBesideTheWord,
    /// A mention is counted by reading and writing, in two steps.
    MentionInTwoSteps,
    /// A `GCExportOp` is subtracted by reading and writing, each under the lock.
    GivenBackInTwoSteps,
    /// An object whose entry went is dropped under the lock.
    DroppedUnderTheLock,
    /// A clone of a proxy is not counted as a handle.
    CloneNotCounted,
    /// Closing lists the exports, and forgets them in a second step.
    ReturnedInTwoSteps,
    /// A page is linked to what was on the queue once, however often it is tried to put it there.
    LinkedOnce,
    /// Whether to wake the session's loop is decided before the page is on the queue.
    WakeDecidedEarly,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::SuccessorNotChecked,
        Self::CountTakenInTwoSteps,
        Self::ReportedBeforeGone,
        Self::MarkWipedLate,
        Self::DropNotOrdered,
        Self::IndexFreedEarly,
        Self::NotLookedAgain,
        Self::OwnerIgnored,
        Self::ClosedBesideTheWord,
        Self::MentionInTwoSteps,
        Self::GivenBackInTwoSteps,
        Self::DroppedUnderTheLock,
        Self::CloneNotCounted,
        Self::ReturnedInTwoSteps,
        Self::LinkedOnce,
        Self::WakeDecidedEarly,
    ];

    /// Whether it is planted in tables on these primitives.
    #[inline]
    pub(crate) fn is_planted<P: Primitives>(self) -> bool {
        P::DEFECT.is_some_and(|planted| planted == self)
    }
}
