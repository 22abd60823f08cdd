//! What an implementation did, in the shape of a model's counterexample, so that every chart, page
//! and file that there is for those is there for this.
//!
//! The counts are those that the wire says there should be. What belongs to a system that counts no
//! mentions is drawn without.

use super::accounts::Accounts;
use super::run::{Entry, Run};
use super::translate::vat;
use super::verdict::Found;
use crate::counterexample::{
    ChannelRecord, Counterexample, ExportRecord, ImportRecord, LedgerRecord, MadeBy, MessageRecord,
    ReferenceRecord, Role, SCHEMA, SessionRecord, Snapshot, StepRecord, SubjectRecord, VatRecord,
};
use crate::sizes::Sizes;
use crate::world::{StepKind, Table};
use captp_wire::adapter::{Hello, Named, Request};
use captp_wire::line::{End, Kind, Message, Place, Ref};
use captp_wire::sums::{Effect, Rules, Via};
use std::collections::BTreeMap;

/// A message in flight.
struct Flying {
    number: usize,
    /// The line that wrote it.
    line: u64,
    record: MessageRecord,
}

struct Drawing {
    /// None if the system counts no mentions.
    accounts: Option<Accounts>,
    /// What is exported where, as far as a request has named it.
    names: BTreeMap<(End, Place), String>,
    in_flight: BTreeMap<End, Vec<Flying>>,
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
    for entry in shown {
        let earlier = steps.last().map_or(&initial, |step| &step.after).clone();
        steps.push(drawing.step(entry, steps.len() + 1, &earlier));
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
    for ((exporter, at), count) in counts {
        let export = format!("{}.exports[{at}]", vat(exporter).letter());
        let times = if count == 1 { String::new() } else { format!(" {count} times") };
        // Nobody gives exports of his own back.
        text.push_str(&if exporter == message.from {
            format!(", after {export} was given back{times}")
        } else {
            format!(", gives back {export}{times}")
        });
    }
    text
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
    /// What an entry has changed. Returns the messages that were sent.
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
            let record = self.record(*number, message, &effect);
            sent.push(record.clone());
            let flying = Flying { number: *number, line: message.seq, record };
            self.in_flight.entry(from).or_default().push(flying);
        }
        read.for_each(|(number, _)| self.read(number));
        sent
    }

    /// A message is read.
    fn read(&mut self, number: usize) {
        let taken = self.in_flight.values_mut().find_map(|flying| {
            let position = flying.iter().position(|known| known.number == number)?;
            Some(flying.remove(position))
        });
        if let (Some(message), Some(accounts)) = (taken, &mut self.accounts) {
            accounts.read(message.line);
        }
    }

    fn step(&mut self, entry: &Entry, number: usize, earlier: &Snapshot) -> StepRecord {
        let sent = self.follow(entry);
        let after = self.snapshot();
        let actor = vat(entry.request.actor());
        let mut deed = entry.request.deed();
        if let Some(why) = &entry.refused {
            deed = format!("{deed}: not done, {why}");
        }
        if !entry.said.is_empty() {
            deed = format!("{deed}; {}", entry.said.join("; "));
        }
        let text = match deed.strip_prefix('\'') {
            Some(rest) => format!("{actor}'{rest}"),
            None => format!("{actor} {deed}"),
        };
        let read = entry.read.first().and_then(|(number, _)| {
            let channel = earlier.channels.iter().find(|channel| channel.to == actor)?;
            let number = number.saturating_sub(self.before);
            channel.messages.iter().find(|message| message.number == number).cloned()
        });
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
            messages: self.in_flight.get(&from).map_or_else(Vec::new, |messages| {
                messages.iter().map(|message| message.record.clone()).collect()
            }),
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
            ledger: live.collect(),
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
            if exporter == end && balance.export_count > 0 {
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
            } else if exporter != end && balance.import_count > 0 {
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
    let refs = match request {
        Request::Send { refs, .. }
        | Request::FailSend { refs, .. }
        | Request::Ask { refs, .. }
        | Request::Return { refs, .. }
        | Request::Resolve { refs, .. } => refs.as_slice(),
        _ => &[],
    };
    let own = |named: &&Named| !matches!(named, Named::Held(_));
    refs.iter().filter(own).map(|named| named.name().to_owned()).collect()
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
