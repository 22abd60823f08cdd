//! What an implementation did, in the shape of a model's counterexample, so that every chart, page
//! and file that there is for those is there for this.
//!
//! The counts are those that the wire says there should be. What belongs to a system that counts no
//! mentions is drawn without.

use super::accounts::Accounts;
use super::run::{Entry, Run};
use super::said::TEXT_MAX;
use super::translate::vat;
use super::verdict::Found;
use crate::counterexample::{
    ChannelRecord, Counterexample, ExportRecord, ImportRecord, LedgerRecord, MadeBy, MessageRecord,
    ReferenceRecord, Role, SCHEMA, SessionRecord, Snapshot, StepRecord, SubjectRecord, VatRecord,
};
use crate::sizes::Sizes;
use crate::traffic::clean;
use crate::world::{StepKind, Table};
use captp_wire::adapter::{Hello, Named, Request};
use captp_wire::line::{End, Kind, Message, Place, Ref};
use captp_wire::sums::{Effect, Rules, Via};
use std::collections::BTreeMap;

/// The most steps that are drawn. Two correct vats need far fewer.
const STEPS_MAX: usize = 200;
/// The most messages in flight that are drawn from each vat, the most rows of each of its tables,
/// and of the ledger.
const DRAWN_MAX: usize = 100;
/// The most sentences beside a step.
const SAID_MAX: usize = 10;

struct Drawing {
    /// None if the system counts no mentions.
    accounts: Option<Accounts>,
    /// What is exported where, as far as a request has named it.
    names: BTreeMap<(End, Place), String>,
    /// The lines of the messages in flight, by their numbers.
    lines: BTreeMap<usize, u64>,
    /// The messages in flight that are drawn, by their numbers.
    in_flight: BTreeMap<End, BTreeMap<usize, MessageRecord>>,
    /// Messages of the set-up, whose numbers are not counted.
    before: usize,
    subject: Option<(End, Place)>,
}

/// A finding, as a counterexample.
pub fn picture(hello: &Hello, found: &Found) -> Counterexample {
    let run = &found.run;
    let set_up = run.entries.iter().take_while(|entry| is_set_up(&entry.request)).count();
    let (first, rest) = run.entries.split_at(set_up);
    let shown = rest.get(..found.violation.after.saturating_sub(set_up)).unwrap_or(rest);
    let accounts = Rules::of(&hello.system).ok().map(Accounts::new);
    let mut drawing = Drawing {
        names: BTreeMap::new(),
        lines: BTreeMap::new(),
        in_flight: BTreeMap::new(),
        before: first.iter().map(|entry| entry.sent.len()).sum(),
        subject: accounts.as_ref().and_then(|_| subject(run)),
        accounts,
    };
    for entry in first {
        drawing.follow(entry);
    }
    let initial = drawing.snapshot();
    let mut steps: Vec<StepRecord> = Vec::new();
    for entry in shown.iter().take(STEPS_MAX) {
        let earlier = steps.last().map_or(&initial, |step| &step.after);
        let step = drawing.step(entry, steps.len() + 1, earlier);
        steps.push(step);
    }
    if let Some(last) = steps.last_mut()
        && shown.len() > STEPS_MAX
    {
        let more = format!("; {} more steps are not drawn", shown.len() - STEPS_MAX);
        last.deed.push_str(&more);
        last.text.push_str(&more);
    }
    let subject = drawing.subject.as_ref().filter(|(_, at)| at.space.is_empty());
    Counterexample {
        schema: SCHEMA.to_owned(),
        made_by: MadeBy::this(),
        system: hello.system.clone(),
        peer: Some(format!("{} {}", hello.peer, hello.version)),
        mutation: None,
        property: found.property,
        claim: found.property.claim().to_owned(),
        finding: found.violation.finding.clone(),
        sizes: Sizes::SMALLEST,
        subject: subject.map(|(exporter, at)| SubjectRecord {
            exporter: vat(*exporter),
            importer: vat(exporter.other()),
            table: Table::Exports,
            index: at.index,
        }),
        initial,
        steps,
        explorer_path: String::new(),
    }
}

const fn is_set_up(request: &Request) -> bool {
    matches!(request, Request::Open | Request::Tables)
}

/// The export that is mentioned first in the schedule.
fn subject(run: &Run) -> Option<(End, Place)> {
    let entries = run.entries.iter().skip_while(|entry| is_set_up(&entry.request));
    entries.flat_map(|entry| &entry.sent).find_map(|(_, message)| {
        message.refs.iter().find_map(|reference| match reference {
            Ref::Mention(mention) => Some((message.from, mention.at.clone())),
            Ref::Home(_) | Ref::Answer(_) => None,
        })
    })
}

/// What a message says, with what it does beside that: a release says itself what it gives back.
fn text(message: &Message, effect: &Effect) -> String {
    let mut counts: BTreeMap<(End, &Place), u64> = BTreeMap::new();
    for back in effect.given_back.iter().filter(|back| back.via != Via::Release) {
        let count = counts.entry((back.exporter, &back.at)).or_default();
        *count = count.saturating_add(back.count);
    }
    let mut text = if message.text.is_empty() { label(message) } else { message.text.clone() };
    // One message may give back a great many.
    for ((exporter, at), count) in counts.into_iter().take(SAID_MAX) {
        let export = format!("{}.exports[{at}]", vat(exporter).letter());
        let times = if count == 1 { String::new() } else { format!(" {count} times") };
        // Nobody gives exports of his own back.
        text.push_str(&if exporter == message.from {
            format!(", after {export} was given back{times}")
        } else {
            format!(", gives back {export}{times}")
        });
    }
    clean(&text, TEXT_MAX)
}

/// A message that has no text of its own.
fn label(message: &Message) -> String {
    let reference = |reference: &Ref| match reference {
        Ref::Mention(mention) => format!("export {}", mention.at),
        Ref::Home(at) => format!("home {at}"),
        Ref::Answer(question) => format!("answer {question}"),
    };
    let released =
        message.releases.iter().map(|release| format!("{}, {}", release.at, release.count));
    let said: Vec<_> = message.refs.iter().map(reference).chain(released).collect();
    format!("{:?}({})", message.kind, said.join(", ")).to_lowercase()
}

impl Drawing {
    /// What an entry has changed. Returns the messages that were sent, as far as they are drawn.
    fn follow(&mut self, entry: &Entry) -> Vec<MessageRecord> {
        let mut read = entry.read.iter().copied().peekable();
        let mut sent = Vec::new();
        for (number, message) in &entry.sent {
            // What is given back in answer to a message was read before.
            while let Some((earlier, _)) = read.next_if(|(_, at)| *at < message.seq) {
                self.read(earlier);
            }
            let from = message.from;
            let effect = self.accounts.as_mut().map(|accounts| accounts.write(message));
            let effect = effect.unwrap_or_default();
            let names = names(&entry.request);
            if names.len() == effect.mentions.len() {
                for (at, name) in effect.mentions.iter().zip(names) {
                    self.names.entry((from, at.clone())).or_insert(name);
                }
            }
            self.lines.insert(*number, message.seq);
            let record = self.record(*number, message, &effect);
            let in_flight = self.in_flight.entry(from).or_default();
            // What is not drawn when it is sent is not drawn when it is read.
            if in_flight.len() < DRAWN_MAX {
                in_flight.insert(*number, record.clone());
                sent.push(record);
            }
        }
        read.for_each(|(number, _)| self.read(number));
        sent
    }

    /// A message is read.
    fn read(&mut self, number: usize) {
        for drawn in self.in_flight.values_mut() {
            drawn.remove(&number);
        }
        if let (Some(line), Some(accounts)) = (self.lines.remove(&number), &mut self.accounts) {
            accounts.read(line);
        }
    }

    fn step(&mut self, entry: &Entry, number: usize, earlier: &Snapshot) -> StepRecord {
        let actor = vat(entry.request.actor());
        let read = entry.read.first().and_then(|(number, _)| {
            let record = self.in_flight.values().find_map(|drawn| drawn.get(number))?;
            Some(record.clone()).filter(|record| record.to == actor)
        });
        let sent = self.follow(entry);
        let after = self.snapshot();
        let mut deed = entry.request.deed();
        if let Some(why) = &entry.refused {
            deed = format!("{deed}: not done, {why}");
        }
        for said in entry.said.iter().take(SAID_MAX) {
            deed = format!("{deed}; {said}");
        }
        if let Some(more) = entry.said.len().checked_sub(SAID_MAX).filter(|more| *more > 0) {
            deed = format!("{deed}; and so on, {more} times");
        }
        if sent.len() < entry.sent.len() {
            let more = entry.sent.len() - sent.len();
            deed = format!("{deed}; {more} of the messages are not drawn");
        }
        let text = match deed.strip_prefix('\'') {
            Some(rest) => format!("{actor}'{rest}"),
            None => format!("{actor} {deed}"),
        };
        StepRecord {
            number,
            actor,
            kind: kind(&entry.request),
            text,
            deed,
            to: None,
            references: names(&entry.request)
                .into_iter()
                .map(|object| ReferenceRecord { object, proxy: None })
                .collect(),
            place: None,
            read,
            lost: None,
            sent,
            changed: after.changes_since(earlier),
            after,
        }
    }

    fn record(&self, number: usize, message: &Message, effect: &Effect) -> MessageRecord {
        let role = match message.kind {
            Kind::Release | Kind::Finish => Role::GivesBack,
            Kind::Over => Role::Ends,
            _ => Role::Carries,
        };
        let (from, to) = (vat(message.from), vat(message.from.other()));
        let number = number.saturating_sub(self.before);
        MessageRecord { number, from, to, text: text(message, effect), role }
    }

    fn snapshot(&self) -> Snapshot {
        let channel = |from: End| ChannelRecord {
            from: vat(from),
            to: vat(from.other()),
            messages: self
                .in_flight
                .get(&from)
                .map_or_else(Vec::new, |messages| messages.values().cloned().collect()),
        };
        let accounts = self.accounts.as_ref();
        let balances = accounts.into_iter().flat_map(Accounts::balances);
        let plain = balances.filter(|(_, at, _)| at.space.is_empty());
        let ledger = plain.map(|(exporter, at, balance)| LedgerRecord {
            exporter: vat(exporter),
            importer: vat(exporter.other()),
            index: at.index,
            balance,
        });
        let live =
            ledger.filter(|record| record.balance.export_count > 0 || record.balance.sum() > 0);
        let subject = accounts.zip(self.subject.as_ref());
        Snapshot {
            vats: End::ALL.map(|end| self.vat(end)).to_vec(),
            channels: End::ALL.map(channel).to_vec(),
            ledger: live.take(DRAWN_MAX).collect(),
            balance: subject.map(|(accounts, (exporter, at))| accounts.balance(*exporter, at)),
        }
    }

    fn vat(&self, end: End) -> VatRecord {
        let peer = vat(end.other());
        let mut record = VatRecord {
            vat: vat(end),
            sessions: vec![SessionRecord { peer, number: 1, open: true }],
            exports: Vec::new(),
            imports: Vec::new(),
            owed: Vec::new(),
            business: Vec::new(),
        };
        for (exporter, at, balance) in self.accounts.iter().flat_map(Accounts::balances) {
            let (table, index) = (Table::Exports, at.index);
            if exporter == end && balance.export_count > 0 && record.exports.len() < DRAWN_MAX {
                let count = balance.export_count;
                let name = self.names.get(&(exporter, at.clone())).cloned();
                let object = Some(name.unwrap_or_else(|| first_object(end)));
                record.exports.push(ExportRecord {
                    peer,
                    table,
                    index,
                    object,
                    by_proxy: None,
                    count,
                });
            } else if exporter != end
                && balance.import_count > 0
                && record.imports.len() < DRAWN_MAX
            {
                let count = balance.import_count;
                record.imports.push(ImportRecord { peer, table, index, count, proxy: None });
            }
        }
        record
    }
}

/// What has no name is what the set-up has exported.
fn first_object(end: End) -> String {
    format!("{}'s first object", vat(end))
}

/// The names of the references that a request has put into a message.
fn names(request: &Request) -> Vec<String> {
    let own = |named: &&Named| !matches!(named, Named::Held(_));
    request.refs().iter().filter(own).map(|named| named.name().to_owned()).collect()
}

const fn kind(request: &Request) -> StepKind {
    match request {
        Request::Send { .. } => StepKind::Send,
        Request::FailSend { .. } => StepKind::SendFails,
        Request::Call { .. } => StepKind::Call,
        Request::Ask { .. } | Request::Probe { .. } => StepKind::Ask,
        Request::Return { .. } => StepKind::Return,
        Request::Resolve { .. } => StepKind::Resolve,
        Request::Drop { .. } | Request::DropOne { .. } | Request::Forget => StepKind::Drop,
        Request::Collect { .. } => StepKind::Clear,
        Request::Finalise { .. } => StepKind::Notify,
        Request::Deliver { .. } => StepKind::Deliver,
        Request::Hostile { .. } => StepKind::Fail,
        Request::Cut { .. } => StepKind::Cut,
        Request::Open | Request::Tables | Request::Witness | Request::Memory => StepKind::Work,
    }
}
