//! What a relay sees, judged as it passes, with what is live at the moment.

use super::record::Record;
use super::trace::sender;
use super::{Judge, Live, Notice, Origins, Seen, Tally, Told, clean, standing, words};
use crate::behaviour::Verdict;
use captp_wire::line::{End, Kind, Line, Message};
use captp_wire::sums::Summary;
use captp_wire::tap::Event;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

/// How many findings of a rule, and how many messages of a session that could not be decoded, are
/// told one by one.
const TOLD_MAX: u64 = 100;
/// How much that is live for long is told one by one at a time.
const OLD_MAX: usize = 20;
/// How many of the last messages are kept.
const RECENT: usize = 8;
/// How many characters of a reason are shown.
const WHY_MAX: usize = 400;

/// What a relay sees.
#[derive(Debug)]
pub struct Watched {
    judge: Judge,
    record: Record,
    origins: Origins,
    tally: Tally,
    sessions: BTreeMap<u32, Open>,
    recent: VecDeque<Recent>,
    /// What was said to be live for long.
    old: BTreeSet<(u64, u32, End, String)>,
    age: Duration,
    totals: Totals,
}

/// What there was in all.
#[derive(Clone, Copy, Default, Debug)]
pub struct Totals {
    /// Clients.
    pub sessions: u64,
    /// Messages that were decoded.
    pub messages: u64,
    /// Messages that were not.
    pub undecodable: u64,
    /// Sessions with a message that no behaviour explains.
    pub unexplained: u64,
    /// Sessions that went beyond the model.
    pub beyond: u64,
}

/// A session that is open.
#[derive(Debug)]
pub struct Open {
    /// The client.
    pub client: String,
    /// Since when.
    pub since: Instant,
    /// How many messages each end has sent.
    pub messages: [u64; 2],
    /// The line of the first message that was not decoded.
    pub hole: Option<u64>,
    /// How many messages were not decoded.
    pub undecodable: u64,
    /// Whether nothing more of it is judged.
    pub blind: bool,
}

/// A message that has passed.
#[derive(Debug)]
pub struct Recent {
    /// Its line.
    pub line: u64,
    /// Its session.
    pub session: u32,
    /// Who sent it.
    pub from: End,
    /// What it says.
    pub said: String,
}

impl Open {
    const fn new(client: String, since: Instant) -> Self {
        Self { client, since, messages: [0; 2], hole: None, undecodable: 0, blind: false }
    }
}

impl Watched {
    /// Nothing has passed yet. What is live for longer than `age` is told of.
    pub fn new(judge: Judge, record: Record, age: Duration) -> Self {
        Self {
            judge,
            record,
            origins: Origins::default(),
            tally: Tally::new(0),
            sessions: BTreeMap::new(),
            recent: VecDeque::new(),
            old: BTreeSet::new(),
            age,
            totals: Totals::default(),
        }
    }

    /// Takes what the relay has seen, and says what is to be said of it.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        match event {
            Event::Opened { session, client } => {
                let client = client.to_string();
                self.totals.sessions += 1;
                let open = Open::new(client.clone(), now);
                self.sessions.insert(session, open);
                notices.push(Notice::Opened { session, client });
            }
            Event::Line(message) => {
                self.totals.messages += 1;
                if let Some(open) = self.sessions.get_mut(&message.session) {
                    open.messages[message.from as usize] += 1;
                }
                self.line(message, now, &mut notices);
            }
            Event::Undecodable { session, from, bytes, why } => {
                self.totals.undecodable += 1;
                let why = clean(&why.to_string(), WHY_MAX);
                self.undecodable(session, from, bytes, why, now, &mut notices);
            }
            Event::Lost { session, from, why } => {
                let why = format!("where {from}'s messages begin is lost: {why}");
                self.blind(session, from, &why, now, &mut notices);
            }
            Event::FellBehind { session } => {
                let why = "the decoder fell behind; --stall lets the ends wait for it";
                self.blind(session, End::A, why, now, &mut notices);
            }
            Event::UpstreamGone { session, why } => {
                notices.push(Notice::UpstreamGone { session, why: clean(&why, WHY_MAX) });
            }
            Event::Closed { session } => self.closed(session, now, &mut notices),
            Event::Refused { why } => {
                notices.push(Notice::Refused { why: clean(&why, WHY_MAX) });
            }
        }
        notices
    }

    /// A message of a session that is judged still. Returns its line.
    fn line(&mut self, message: Message, now: Instant, notices: &mut Vec<Notice>) -> Option<u64> {
        let session = message.session;
        let hole = self.sessions.get(&session).and_then(|open| open.hole);
        if self.sessions.get(&session).is_some_and(|open| open.blind) {
            return None;
        }
        let mut line = Line::Message(message);
        let (number, written) = self.record.write(&line);
        notices.extend(written.err().map(unrecorded));
        let seen = self.judge.feed(number, &mut line);
        let said = words(&line);
        self.origins.passed(&line, &said, now, || self.judge.origins());
        for one in seen {
            notices.extend(self.seen(one, &said, sender(&line), hole));
        }
        let from = sender(&line).unwrap_or_default();
        self.recent.push_back(Recent { line: number, session, from, said });
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        Some(number)
    }

    /// Something stands in for what could not be decoded, so that the trace says so.
    fn undecodable(
        &mut self,
        session: u32,
        from: End,
        bytes: u64,
        why: String,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) {
        self.judge.no_further(session);
        let text = format!("{bytes} bytes that could not be decoded: {why}");
        let hole = Message { session, from, text, ..Message::default() };
        let line = self.line(hole, now, notices);
        let Some(open) = self.sessions.get_mut(&session) else { return };
        open.hole = open.hole.or(line);
        open.undecodable += 1;
        if open.undecodable <= TOLD_MAX {
            let (line, last) = (line.unwrap_or_default(), open.undecodable == TOLD_MAX);
            notices.push(Notice::Undecodable { line, session, from, bytes, why, last });
        }
    }

    fn seen(
        &mut self,
        seen: Seen,
        said: &str,
        from: Option<End>,
        hole: Option<u64>,
    ) -> Option<Notice> {
        match seen {
            Seen::Finding(finding) => {
                let told = Told::new(&finding, said, from);
                let count = self.tally.add(&told);
                let last = count == TOLD_MAX;
                (count <= TOLD_MAX).then_some(Notice::Finding { told, doubtful_since: hole, last })
            }
            Seen::Settled { session, verdict } => match verdict {
                Verdict::Explained => None,
                Verdict::Beyond { line, why } => {
                    self.totals.beyond += 1;
                    let (why, said) = (clean(&why, WHY_MAX), said.to_owned());
                    Some(Notice::Beyond { line, session, why, said })
                }
                Verdict::Unexplained { line, said: what, expected } => {
                    self.totals.unexplained += 1;
                    let what = clean(&what, WHY_MAX);
                    let expected = expected.iter().map(|one| clean(one, WHY_MAX)).collect();
                    let said = said.to_owned();
                    Some(Notice::Unexplained { line, session, what, said, expected })
                }
            },
        }
    }

    /// A session whose trace would have a hole from here on: it ends here.
    fn blind(
        &mut self,
        session: u32,
        from: End,
        why: &str,
        now: Instant,
        notices: &mut Vec<Notice>,
    ) {
        let why = clean(why, WHY_MAX);
        if self.sessions.get(&session).is_some_and(|open| !open.blind) {
            self.judge.no_further(session);
            let kind = Kind::Over;
            let text = format!("not judged any further: {why}");
            self.line(Message { session, from, kind, text, ..Message::default() }, now, notices);
        }
        if let Some(open) = self.sessions.get_mut(&session) {
            open.blind = true;
        }
        notices.push(Notice::Blind { session, why });
    }

    fn closed(&mut self, session: u32, now: Instant, notices: &mut Vec<Notice>) {
        let left = self.live().filter(|one| one.session == session).count();
        let sums = self.judge.sums();
        let is_open = sums.is_none_or(|sums| sums.sessions().any(|(open, _)| open == session));
        let open = self.sessions.get(&session);
        let messages = open.map(|open| open.messages).unwrap_or_default();
        if is_open && open.is_some_and(|open| !open.blind) && messages != [0, 0] {
            let (kind, text) = (Kind::Over, "the connection was closed".to_owned());
            let over = Message { session, kind, text, ..Message::default() };
            self.line(over, now, notices);
        }
        self.judge.no_further(session);
        self.sessions.remove(&session);
        notices.push(Notice::Closed { session, messages, left });
    }

    /// What has become older than it may be since this was last asked. The first objects may be as
    /// old as they like.
    pub fn grown_old(&mut self, now: Instant) -> Vec<Notice> {
        let old: BTreeMap<_, Live> = self
            .live()
            .filter(|one| !one.is_first() && self.is_old(one, now))
            .map(|one| (one.name(), one))
            .collect();
        let mut new: Vec<_> = old.iter().filter(|(name, _)| !self.old.contains(*name)).collect();
        let more = new.len().saturating_sub(OLD_MAX);
        new.truncate(OLD_MAX);
        let told = new.into_iter().map(|(_, live)| Notice::Old {
            live: live.clone(),
            seconds: self.age_of(live, now).as_secs(),
            said: self.origins.said(live.since).to_owned(),
        });
        let mut told: Vec<_> = told.collect();
        told.extend((more > 0).then_some(Notice::OldToo { more }));
        self.old = old.into_keys().collect();
        told
    }

    /// Whether it is live for longer than it may be.
    pub fn is_old(&self, live: &Live, now: Instant) -> bool {
        !live.is_first() && self.age_of(live, now) >= self.age
    }

    /// For how long it has been live.
    pub fn age_of(&self, live: &Live, now: Instant) -> Duration {
        let since = self.origins.when(live.since);
        since.map(|since| now.saturating_duration_since(since)).unwrap_or_default()
    }

    /// What the message says that it came with.
    pub fn said(&self, live: &Live) -> &str {
        self.origins.said(live.since)
    }

    /// All that is live.
    pub fn live(&self) -> impl Iterator<Item = Live> {
        self.judge.sums().into_iter().flat_map(standing)
    }

    /// The sessions that are open.
    pub const fn sessions(&self) -> &BTreeMap<u32, Open> {
        &self.sessions
    }

    /// The last messages.
    pub const fn recent(&self) -> &VecDeque<Recent> {
        &self.recent
    }

    /// What there was in all.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// How often each rule was broken, or noted.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the sums come to, unless the system counts no mentions.
    pub fn summary(&self) -> Option<Summary> {
        self.judge.sums().map(captp_wire::sums::Sums::summary)
    }

    /// Why there are no sums.
    pub fn uncounted(&self) -> Option<&str> {
        self.judge.uncounted()
    }

    /// How many rules were broken, and sessions not explained.
    pub fn found(&self) -> u64 {
        self.tally.count(captp_wire::sums::Severity::Violation) + self.totals.unexplained
    }

    /// Writes down what is kept in memory.
    pub fn flush(&mut self) -> Option<Notice> {
        self.record.flush().err().map(unrecorded)
    }

    /// Nothing follows.
    pub fn end(&mut self) -> Option<Notice> {
        self.record.end().err().map(unrecorded)
    }
}

fn unrecorded(error: io::Error) -> Notice {
    Notice::Unrecorded { why: error.to_string() }
}
