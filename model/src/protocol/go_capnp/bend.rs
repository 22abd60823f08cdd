//! The ways to bend go-capnp. What each stands for is in [`crate::catalogue`].

/// One way of getting the protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GoBend {
    /// The shutdown of a hook acts on the index: neither generation nor live hooks are looked at.
    ShutdownActsOnIndex,
    /// The shutdown of a hook looks at its generation, and not at how many hooks are live.
    GenerationOnly,
    /// A `Finish` is put ahead of the calls that wait to be sent to the answer it finishes.
    FinishOvertakesCalls,
    /// The shutdown of a hook sends its `Release` twice.
    ReleasedTwice,
    /// Handing out the live client again takes a reference that nobody gives back.
    PromotionLeaks,
    /// A new client begins with a reference too many.
    NewClientLeaks,
    /// What a promise is resolved to is dropped unreleased if the promise was released.
    LateResolveDropped,
    /// Every mention of a promise starts another wait for its resolution.
    ResolverPerMention,
}
