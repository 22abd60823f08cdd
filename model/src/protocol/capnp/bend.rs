//! The ways to bend Cap'n Proto RPC. What each stands for is in the catalogue.

/// One way of getting the protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CapnpBend {
    /// The entry goes at the first `Release`, whatever its `referenceCount`.
    UncountedRelease,
    /// Second and later mentions of a promise are described as `senderHosted`.
    PromiseSettledWhenMentionedAgain,
    /// A `Resolve` for an import that was released is ignored, its replacement is not released.
    LateResolveIgnored,
    /// A `Resolve` for an import that is not known is refused.
    LateResolveRefused,
    /// A cancelled call that turns out to be redirected: the call that is kept is not returned.
    CancelledTailKept,
    /// What a `Resolve` carried that came back `unimplemented` is not released.
    RefusedResolveKept,
    /// A cancelled question's `Finish` does not ask for the release of the results.
    FinishWithoutRelease,
    /// A cancelled question's results are to be released by hand, and its late `Return` is dropped.
    LateReturnDropped,
    /// `Return.releaseParamCaps` is ignored.
    ParamReleaseIgnored,
    /// No `Release` is sent for what came in a result.
    ResultNotReleased,
    /// The id of a question is free for reuse when `Finish` is sent.
    QuestionFreeBeforeReturn,
    /// The id of a question is free for reuse when `Return` is received.
    QuestionFreeBeforeFinish,
    /// The entry of an answer goes when `Return` is sent.
    AnswerGoneBeforeFinish,
    /// The parameters of a call that was cancelled are neither released nor given back.
    CancelledParamsKept,
    /// The counts of a message that could not be sent stay.
    FailedSendKept,
    /// The weak reference to a proxy outlives its `Release`.
    ReleasedProxyHandedOut,
    /// A second wrapper is made for an import that has a live one.
    SecondWrapper,
    /// A `Release` of more than there is takes what there is.
    OverReleaseAccepted,
    /// A promise's entry that goes takes the way to what the promise was resolved to with it.
    OtherEntryForgotten,
    /// The export table is not emptied when the session ends.
    ExportsOutliveSession,
    /// A promise that somebody only waits for is nobody's, and is released.
    WaitIsNoReference,
    /// A `Release` of an unknown id ends the whole vat, not the connection.
    UnknownIdPanics,
}
