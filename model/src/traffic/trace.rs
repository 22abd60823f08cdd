//! A whole trace, read and judged in bounded memory.

use super::{Judge, Live, Origins, Seen, Tally, Told, clean, live, words};
use crate::behaviour::{Hidden, Verdict};
use captp_wire::line::{End, Header, Line};
use captp_wire::read::Reader;
use captp_wire::sums::{NoRules, Severity, Summary};
use std::io::BufRead;
use std::time::{Duration, Instant};

/// How many characters of a sentence are shown.
const SENTENCE_MAX: usize = 400;
/// How often it is said how far it is, in lines.
const SAY_EVERY: u64 = 4096;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Whether it is asked if the model explains the trace.
    pub refine: bool,
    /// How many violations, and how many notes, are kept in full.
    pub findings_max: usize,
    /// How much of what is live is listed.
    pub live_max: usize,
}

/// What a trace came to.
#[derive(Debug)]
pub struct Judged {
    /// Its first line.
    pub header: Header,
    /// How many lines were read, the header being one of them.
    pub lines: u64,
    /// What the sums found.
    pub tally: Tally,
    /// What the sums come to, unless the system counts no mentions.
    pub summary: Option<Summary>,
    /// Why there are no sums.
    pub uncounted: Option<String>,
    /// Whether the model explains it, if that was asked.
    pub explained: Option<Explained>,
    /// What has been live longest when it ended, each with the message that it came with.
    pub live: Vec<(Live, String)>,
    /// Where it cannot be read any further, and why.
    pub problem: Option<String>,
    /// Whether somebody stopped us.
    pub interrupted: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Whether the model explains a trace.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    /// The first line that no behaviour explains, and its words.
    pub unexplained: Option<(Unexplained, String)>,
    /// How many further sessions have such a line.
    pub further: u64,
    /// From where on, and why, it is beyond the model.
    pub beyond: Option<(u64, u32, String)>,
    /// What was assumed.
    pub hidden: Hidden,
}

/// A line that no behaviour explains.
#[derive(Clone, Debug)]
pub struct Unexplained {
    /// The line.
    pub line: u64,
    /// The session.
    pub session: u32,
    /// What it says, in the words of the model.
    pub said: String,
    /// What would have been explicable instead.
    pub expected: Vec<String>,
}

impl Judged {
    /// Whether anything was judged at all.
    pub fn is_judged(&self) -> bool {
        let explained = self.explained.as_ref().is_some_and(|one| one.beyond.is_none());
        self.summary.is_some() || explained
    }

    /// How many rules were broken, and sessions not explained.
    pub fn found(&self) -> u64 {
        let unexplained =
            self.explained.as_ref().map_or(0, |e| u64::from(e.unexplained.is_some()) + e.further);
        self.tally.count(Severity::Violation) + unexplained
    }

    /// Whether all was judged that was asked for.
    pub fn is_whole(&self) -> bool {
        let beyond = self.explained.as_ref().is_some_and(|one| one.beyond.is_some());
        self.problem.is_none() && !self.interrupted && !beyond && self.summary.is_some()
    }
}

impl Explained {
    fn settle(&mut self, session: u32, verdict: Verdict, words: &str) {
        match verdict {
            Verdict::Explained => {}
            Verdict::Beyond { line, why } => {
                let why = clean(&why, SENTENCE_MAX);
                self.beyond.get_or_insert((line, session, why));
            }
            Verdict::Unexplained { .. } if self.unexplained.is_some() => self.further += 1,
            Verdict::Unexplained { line, said, expected } => {
                let said = clean(&said, SENTENCE_MAX);
                let expected =
                    expected.iter().map(|one| clean(one, SENTENCE_MAX)).collect::<Vec<_>>();
                let line = Unexplained { line, session, said, expected };
                self.unexplained = Some((line, words.to_owned()));
            }
        }
    }
}

/// Reads a trace to its end, or until `stopped`. `say` is told now and then how many lines were
/// read.
///
/// # Errors
/// There is no such system.
pub fn judge<R: BufRead>(
    mut reader: Reader<R>,
    wanted: Wanted,
    stopped: &dyn Fn() -> bool,
    say: &mut dyn FnMut(u64),
) -> Result<Judged, NoRules> {
    let started = Instant::now();
    let header = reader.header().clone();
    let mut judge = Judge::new(&header, wanted.refine)?;
    let (mut tally, mut origins) = (Tally::new(wanted.findings_max), Origins::default());
    let mut explained = wanted.refine.then(Explained::default);
    let (mut lines, mut problem, mut interrupted) = (1, None, false);
    for read in reader.by_ref() {
        let (number, mut line) = match read {
            Ok(read) => read,
            Err(error) => {
                problem = Some(clean(&error.to_string(), SENTENCE_MAX));
                break;
            }
        };
        lines = number;
        if lines % SAY_EVERY == 0 {
            say(lines);
        }
        if stopped() {
            interrupted = true;
            break;
        }
        let seen = judge.feed(number, &mut line);
        let said = words(&line);
        origins.passed(&line, &said, started, || judge.origins());
        for one in seen {
            match one {
                Seen::Finding(finding) => {
                    tally.add(&Told::new(&finding, &said, sender(&line)));
                }
                Seen::Settled { session, verdict } => {
                    if let Some(explained) = &mut explained {
                        explained.settle(session, verdict, &said);
                    }
                }
            }
        }
    }
    if let (Some(explained), Some(hidden)) = (&mut explained, judge.hidden()) {
        explained.hidden = hidden;
    }
    let live = judge.sums().map(|sums| live(sums, wanted.live_max)).unwrap_or_default();
    let live = live.into_iter().map(|one| {
        let said = origins.said(one.since).to_owned();
        (one, said)
    });
    Ok(Judged {
        header,
        lines,
        tally,
        summary: judge.sums().map(captp_wire::sums::Sums::summary),
        uncounted: judge.uncounted().map(ToOwned::to_owned),
        explained,
        live: live.collect(),
        problem,
        interrupted,
        elapsed: started.elapsed(),
    })
}

/// Who sent it, if it is a message.
pub(super) const fn sender(line: &Line) -> Option<End> {
    match line {
        Line::Message(message) => Some(message.from),
        _ => None,
    }
}
