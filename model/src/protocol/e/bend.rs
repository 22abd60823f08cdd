//! The ways to bend E's CapTP. What each does is in [`super`]; what each stands for is in
//! [`crate::mutation`].

/// One way of getting the protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EBend {
    /// Nothing is counted at all: the entry is gone as soon as it was written.
    Canary,
    /// An `ImportDesc` is written without raising the export count.
    ExportNotCounted,
    /// Several mentions of one index in one message are counted once by the reader.
    ImportCountedOncePerMessage,
    /// A reference that comes home is counted as a mention of the import of the same index.
    HomeCountedAsImport,
    /// A `GCExportOp` is applied to the import of that index, if there is one.
    GcAppliedToImports,
    /// A notification acts whether or not a live successor stands there.
    NoSuccessorCheck,
    /// The weak reference stays until the notification is served.
    DeadProxyHandedOut,
    /// The import count stays when it was given back.
    CountKeptAfterRelease,
    /// A notification with nothing to give back sends a `GCExportOp` all the same.
    EmptyReleaseSent,
    /// A cleared weak reference schedules no notification.
    NotificationLost,
    /// The exporter frees at the first `GCExportOp`.
    UncountedDrop,
    /// Object → index survives the entry.
    ReverseMapKept,
    /// The index is free for reuse at the first `GCExportOp`, even if the count is not zero.
    ReusedBeforeZero,
    /// The entry goes, and nobody is told.
    EvictedObjectLost,
    /// A delta above the count is taken for the count.
    SaturatingSubtraction,
    /// A delta of zero is ignored.
    ZeroDeltaIgnored,
    /// A `GCExportOp` for an index that is not allocated is ignored.
    UnknownExportIgnored,
    /// A reference home to an index that is not allocated is left out of the message.
    UnknownHomeIgnored,
    /// An `ImportDesc` of an index that was never introduced introduces it.
    NotIntroducedAccepted,
    /// A `NewFarDesc` of an index that is held overwrites it.
    HeldIndexOverwritten,
    /// The limit of indices is not enforced.
    LimitIgnored,
    /// A mention that revives a released import is taken for a violation.
    LateMentionRefused,
    /// Messages in flight arrive in any order.
    UnorderedChannels,
    /// GC messages are sent ahead of what is queued.
    GcOvertakesCalls,
    /// The counts of a message that could not be sent stay.
    FailedSendKept,
    /// The counts of a message that could not be read whole stay.
    PartialReadKept,
    /// A notification of an old session gives back, in the new one, what it remembers.
    OldNotificationActs,
    /// A message of an old session is read in the new one.
    OldMessageRead,
    /// The export table is not emptied when the session ends.
    ExportsOutliveSession,
    /// An export is released twice when the session ends.
    ReleasedTwice,
    /// A delta does not fit into its field, and the message is not sent.
    WideDeltaRefused,
    /// The death of a question is reacted to twice.
    QuestionFreedTwice,
    /// A result is sent to the place of a question, not to a redirector.
    AnswerByIndex,
    /// The recipient of an introduction drops its vine before it has accepted.
    VineNotHeld,
}
