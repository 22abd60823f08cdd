//! What a finding says, as a sentence. `#13` is the line whose `seq` is 13.

use super::finding::{Finding, Observation, Severity, Table, Use, Via};
use std::fmt;

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.seq)?;
        if self.session != 1 {
            write!(f, " (session {})", self.session)?;
        }
        let note = if self.severity == Severity::Note { " note:" } else { "" };
        write!(f, ":{note} {}", self.what)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "a release",
            Self::Params => "a return that gives its parameters back",
            Self::Results => "a finish that gives its results back",
            Self::Unimplemented => "a message that comes back unimplemented",
        })
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "calls",
            Self::Argument => "passes",
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exports => "exports",
            Self::Imports => "imports",
            Self::Questions => "questions",
            Self::Answers => "answers",
        })
    }
}

/// A number of mentions.
struct Mentions(u64);

impl fmt::Display for Mentions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mention{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverRelease { at, exporter, count, left, via } => write!(
                f,
                "{via} gives {} of {exporter}'s export {at} back, and only {left} {} left",
                Mentions(*count),
                if *left == 1 { "is" } else { "are" },
            ),
            Self::ReleaseAfterRelease { at, exporter, count, via } => write!(
                f,
                "{via} gives {} of {exporter}'s export {at} back, which has none left",
                Mentions(*count)
            ),
            Self::ReleaseOfUnknown { at, exporter, count } => write!(
                f,
                "{} given back of {exporter}'s export {at}, which was never mentioned",
                Mentions(*count)
            ),
            Self::ReleaseOfZero { at, exporter } => {
                write!(f, "a release gives 0 mentions of {exporter}'s export {at} back")
            }
            Self::ReleaseOfNegative { at, exporter, count } => {
                write!(f, "a release gives {count} mentions of {exporter}'s export {at} back")
            }
            Self::UseAfterRelease { at, exporter, by } => {
                let by_whom = exporter.other();
                write!(f, "{by_whom} {by} {exporter}'s export {at} after giving all of it back")
            }
            Self::UseOfUnknown { at, exporter, by } => {
                let by_whom = exporter.other();
                write!(f, "{by_whom} {by} {exporter}'s export {at}, which was never mentioned")
            }
            Self::OwnTarget { at, exporter } => {
                write!(f, "{exporter} calls its own export {at} across the wire")
            }
            Self::FirstThoughKnown { at, exporter, left } => write!(
                f,
                "{exporter}'s export {at} is mentioned as new, and has {} left",
                Mentions(*left)
            ),
            Self::AgainThoughGone { at, exporter } => {
                write!(f, "{exporter}'s export {at} is mentioned as known, and has no mention left")
            }
            Self::PlaceUsedAgain { at, exporter } => write!(
                f,
                "{exporter}'s export {at} is mentioned after it was given back, and this system \
                 never uses a place again"
            ),
            Self::ResolveOfUnknown { at, exporter } => {
                write!(f, "{exporter} resolves its promise {at}, which was never mentioned")
            }
            Self::AskedThoughOpen { question, asker, since } => {
                write!(f, "{asker} asks question {question}, which is open since #{since}")
            }
            Self::IdUsedAgain { question, asker } => write!(
                f,
                "{asker} asks question {question} again, and this system never uses an id again"
            ),
            Self::AnsweredTwice { question, asker, since } => {
                write!(f, "{asker}'s question {question} (#{since}) is answered a second time")
            }
            Self::AnswerToNothing { question, asker } => {
                write!(f, "{asker}'s question {question} is answered, and is not open")
            }
            Self::FinishedTwice { question, asker, since } => {
                write!(f, "{asker}'s question {question} (#{since}) is finished a second time")
            }
            Self::FinishOfNothing { question, asker } => {
                write!(f, "{asker} finishes question {question}, which is not open")
            }
            Self::AnswerNotOpen { question, asker, by } => {
                write!(f, "{asker} {by} the answer to its question {question}, which is not open")
            }
            Self::ReadOfNothing { at } => {
                write!(f, "{at} reads a message, and {} has sent no more", at.other())
            }
            Self::Unanswered { question, asker, since } => {
                write!(f, "{asker}'s question {question} (#{since}) was never answered")
            }
            Self::Unfinished { question, asker, since } => {
                write!(f, "{asker} never finished its question {question} (#{since})")
            }
            Self::NotGivenBack { at, exporter, introduced, given_back, since } => write!(
                f,
                "{exporter}'s export {at} was mentioned {introduced} times since #{since}, \
                 and given back {given_back} times"
            ),
            Self::TooFewEntries { end, table, entries, least } => write!(
                f,
                "{end} has {entries} {table}, and the wire says that there are at least {least}"
            ),
            Self::TooManyEntries { end, table, entries, most } => write!(
                f,
                "{end} has {entries} {table}, and the wire says that there are at most {most}"
            ),
            Self::AfterOver { from } => {
                write!(f, "{from} sends in a session that is over")
            }
        }
    }
}
