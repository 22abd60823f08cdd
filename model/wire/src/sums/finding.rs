//! What a trace shows against the rules: each rule that can be broken is a variant.

use crate::line::{End, Place};
use serde::Serialize;

/// Something that a line shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The number of the line (`seq`; in the file it is one line further down).
    pub seq: u64,
    /// The connection.
    pub session: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    #[serde(flatten)]
    pub what: Observation,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing, and allowed.
    Note,
    /// A rule of the system is broken.
    Violation,
}

/// What gives mentions back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A release.
    Release,
    /// A return that gives the parameters back.
    Params,
    /// A finish that gives the results back.
    Results,
    /// A message that comes back unimplemented.
    Unimplemented,
}

/// How a reference is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// It is called.
    Target,
    /// It is passed.
    Argument,
}

/// One of the tables of an end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// What it has exported.
    Exports,
    /// What it has imported.
    Imports,
    /// What it has asked.
    Questions,
    /// What it was asked.
    Answers,
}

/// What a line shows. `exporter` is the end whose export a place is, `asker` the end that asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Observation {
    /// More mentions are given back than there are left.
    OverRelease {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How many are given back.
        count: u64,
        /// How many there are left.
        left: u64,
        /// By what.
        via: Via,
    },
    /// Mentions are given back of a place that has none left.
    ReleaseAfterRelease {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How many.
        count: u64,
        /// By what.
        via: Via,
    },
    /// Mentions are given back of a place that was never mentioned.
    ReleaseOfUnknown {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How many.
        count: u64,
    },
    /// No mention is given back.
    ReleaseOfZero {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
    },
    /// Less than no mention is given back.
    ReleaseOfNegative {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How many.
        count: i64,
    },
    /// A place is used by the end that has given all its mentions back.
    UseAfterRelease {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How.
        by: Use,
    },
    /// A place is used that was never mentioned.
    UseOfUnknown {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How.
        by: Use,
    },
    /// A call's target is an export of the caller.
    OwnTarget {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
    },
    /// A place is mentioned as new that has mentions left.
    FirstThoughKnown {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How many are left.
        left: u64,
    },
    /// A place is mentioned as known that has no mention left.
    AgainThoughGone {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
    },
    /// A place is mentioned again that was given back, and the system never uses one again.
    PlaceUsedAgain {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
    },
    /// A promise is resolved that was never mentioned.
    ResolveOfUnknown {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
    },
    /// A question is asked with an id that is not free yet.
    AskedThoughOpen {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// The line that asked it.
        since: u64,
    },
    /// A question is asked with an id that was used before, and the system never uses one again.
    IdUsedAgain {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
    },
    /// A question is answered that was answered.
    AnsweredTwice {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// The line that asked it.
        since: u64,
    },
    /// A question is answered that is not open.
    AnswerToNothing {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
    },
    /// A question is finished that was finished.
    FinishedTwice {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// The line that asked it.
        since: u64,
    },
    /// A question is finished that is not open.
    FinishOfNothing {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
    },
    /// An answer is used whose question is not open.
    AnswerNotOpen {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// How.
        by: Use,
    },
    /// More messages were read than sent.
    ReadOfNothing {
        /// Who read.
        at: End,
    },
    /// At the end, a question was not answered.
    Unanswered {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// The line that asked it.
        since: u64,
    },
    /// At the end, the asker has not said that it is done with a question.
    Unfinished {
        /// Which.
        question: u32,
        /// Whose.
        asker: End,
        /// The line that asked it.
        since: u64,
    },
    /// At the end, mentions were not given back.
    NotGivenBack {
        /// Where.
        at: Place,
        /// Whose.
        exporter: End,
        /// How often it was mentioned.
        introduced: u64,
        /// How many of these were given back.
        given_back: u64,
        /// The line that mentioned it first.
        since: u64,
    },
    /// A table has fewer entries than the wire says.
    TooFewEntries {
        /// Whose.
        end: End,
        /// Which.
        table: Table,
        /// How many it has.
        entries: u64,
        /// How many it must have.
        least: u64,
    },
    /// A table has more entries than the wire says.
    TooManyEntries {
        /// Whose.
        end: End,
        /// Which.
        table: Table,
        /// How many it has.
        entries: u64,
        /// How many it may have.
        most: u64,
    },
    /// Something is sent in a session that is over.
    AfterOver {
        /// Who sent it.
        from: End,
    },
}
