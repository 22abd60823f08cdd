//! What the ends of a session have of each export, by what the wire says: an implementation does
//! not show its counts.
//!
//! An exporter's count is the mentions that it has written less what it has read of releases, an
//! importer's the mentions that it has read less what it has given back. What a message mentions
//! and gives back, the sums of captp-wire say; here is only what of that is still on its way.

use crate::property::Balance;
use captp_wire::line::{End, Kind, Line, Message, Place};
use captp_wire::sums::{Effect, GivenBack, Rules, Sums, Via};
use std::collections::BTreeMap;

/// A message that was written and is not read.
#[derive(Clone, Debug)]
struct Unread {
    from: End,
    /// Which it is of those that its sender has written, from 1.
    number: u64,
    /// The question that it answers.
    answers: Option<u32>,
    /// What is the reader's when it reads it.
    mentions: Vec<Place>,
    /// What it gives back of the reader's exports.
    deltas: Vec<(Place, u32)>,
}

/// What the ends of a session have of each export.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    sums: Sums,
    /// By exporter and place.
    balances: BTreeMap<(End, Place), Balance>,
    /// By the line that wrote it.
    unread: BTreeMap<u64, Unread>,
}

impl Accounts {
    /// Nothing was written yet.
    pub(super) fn new(rules: Rules) -> Self {
        Self { sums: Sums::new(rules), balances: BTreeMap::new(), unread: BTreeMap::new() }
    }

    /// Every export that was ever mentioned or given back, with its exporter.
    pub(super) fn balances(&self) -> impl Iterator<Item = (End, &Place, Balance)> {
        self.balances.iter().map(|((exporter, at), balance)| (*exporter, at, *balance))
    }

    /// What is known of one export.
    pub(super) fn balance(&self, exporter: End, at: &Place) -> Balance {
        self.balances.get(&(exporter, at.clone())).copied().unwrap_or_default()
    }

    /// A message is written. Returns what it has done to the sums: nothing, if the session is over.
    pub(super) fn write(&mut self, message: &Message) -> Effect {
        // What is wrong with it was said when it was judged.
        self.sums.feed(&Line::Message(message.clone()));
        let session = self.sums.sessions().find(|(id, _)| *id == message.session);
        let Some((_, session)) = session else { return Effect::default() };
        let (from, effect) = (message.from, session.effect().clone());
        let unread = Unread {
            from,
            number: session.sent(from),
            answers: message.question.filter(|_| message.kind == Kind::Return),
            mentions: effect.mentions.clone(),
            deltas: Vec::new(),
        };
        self.unread.insert(message.seq, unread);
        for at in &effect.mentions {
            let balance = self.of(from, at);
            balance.export_count = balance.export_count.saturating_add(1);
            balance.mentions = balance.mentions.saturating_add(1);
        }
        for back in &effect.given_back {
            self.give_back(back, message.question);
        }
        effect
    }

    fn of(&mut self, exporter: End, at: &Place) -> &mut Balance {
        self.balances.entry((exporter, at.clone())).or_default()
    }

    fn give_back(&mut self, back: &GivenBack, question: Option<u32>) {
        let GivenBack { exporter, ref at, count, via, by } = *back;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let importer = exporter.other();
        let is_on_its_way = via == Via::Results && self.cross_off(exporter, question, at);
        let balance = self.of(exporter, at);
        if is_on_its_way {
            balance.mentions = balance.mentions.saturating_sub(count);
        } else {
            balance.import_count = balance.import_count.saturating_sub(count);
        }
        // The last is most often the one.
        let mut unread = self.unread.values_mut().rev();
        let giver = unread.find(|unread| unread.from == importer && unread.number == by);
        if let Some(giver) = giver {
            giver.deltas.push((at.clone(), count));
            let balance = self.of(exporter, at);
            balance.deltas = balance.deltas.saturating_add(count);
        } else {
            // It was read before the answer was written: the exporter keeps nothing for it.
            let balance = self.of(exporter, at);
            balance.export_count = balance.export_count.saturating_sub(count);
        }
    }

    /// The mention in an answer that nobody has read is the reader's no more. Returns whether there
    /// is one.
    fn cross_off(&mut self, answerer: End, question: Option<u32>, at: &Place) -> bool {
        let mut unread = self.unread.values_mut().filter(|unread| unread.from == answerer);
        let answer = unread.find(|unread| unread.answers.is_some() && unread.answers == question);
        let Some(answer) = answer else { return false };
        let position = answer.mentions.iter().position(|mention| mention == at);
        position.map(|position| answer.mentions.remove(position)).is_some()
    }

    /// The message of this line is read.
    pub(super) fn read(&mut self, line: u64) {
        let Some(Unread { from, mentions, deltas, .. }) = self.unread.remove(&line) else { return };
        for at in mentions {
            let balance = self.of(from, &at);
            balance.mentions = balance.mentions.saturating_sub(1);
            balance.import_count = balance.import_count.saturating_add(1);
        }
        for (at, count) in deltas {
            let balance = self.of(from.other(), &at);
            balance.deltas = balance.deltas.saturating_sub(count);
            balance.export_count = balance.export_count.saturating_sub(count);
        }
    }
}
