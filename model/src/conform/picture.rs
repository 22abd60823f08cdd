//! What an implementation did, in the shape of a model's counterexample, so that every chart, page
//! and file that there is for those is there for this.
//!
//! An implementation does not show its counts. What stands in their place is what the wire says
//! they should be: an exporter's count is the mentions that it wrote less what it has read of
//! releases, an importer's the mentions that it has read less what it has given back.

use super::run::{Entry, Run};
use super::translate::vat;
use super::verdict::Found;
use crate::counterexample::{
    ChannelRecord, Counterexample, ExportRecord, ImportRecord, LedgerRecord, MadeBy, MessageRecord,
    ReferenceRecord, Role, SCHEMA, SessionRecord, Snapshot, StepRecord, SubjectRecord, VatRecord,
};
use crate::property::Balance;
use crate::sizes::Sizes;
use crate::world::{StepKind, Table};
use captp_wire::adapter::{Hello, Named, Request};
use captp_wire::line::{End, Kind, Message, Place, Ref};
use captp_wire::sums::{Rules, Unit};
use std::collections::BTreeMap;

/// What is known of one export.
#[derive(Clone, Debug, Default)]
struct Account {
    name: Option<String>,
    balance: Balance,
}

type Accounts = BTreeMap<(End, Place), Account>;

struct Drawing<'a> {
    accounts: Accounts,
    unit: Unit,
    in_flight: BTreeMap<End, Vec<(usize, &'a Message)>>,
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
    let mut drawing = Drawing {
        accounts: Accounts::new(),
        unit: Rules::of(&hello.system).map_or(Unit::Occurrence, |rules| rules.unit),
        in_flight: BTreeMap::new(),
        before: first.iter().map(|entry| entry.sent.len()).sum(),
        subject: subject(run),
    };
    first.iter().for_each(|entry| drawing.follow(entry));
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

/// The export that the first message of the schedule mentions.
fn subject(run: &Run) -> Option<(End, Place)> {
    let entries = run.entries.iter().skip_while(|entry| is_set_up(&entry.request));
    entries.flat_map(|entry| &entry.sent).find_map(|(_, message)| {
        let at = mentions(message, Unit::Message).into_iter().next()?;
        Some((message.from, at))
    })
}

/// The places that a message mentions, each as often as it counts.
fn mentions(message: &Message, unit: Unit) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for reference in &message.refs {
        if let Ref::Mention(mention) = reference
            && (unit == Unit::Occurrence || !places.contains(&mention.at))
        {
            places.push(mention.at.clone());
        }
    }
    places
}

fn released(message: &Message) -> impl Iterator<Item = (&Place, u32)> {
    let counted = message.releases.iter();
    counted.map(|release| (&release.at, u32::try_from(release.count).unwrap_or(0)))
}

impl<'a> Drawing<'a> {
    /// What an entry has changed.
    fn follow(&mut self, entry: &'a Entry) {
        let mut read = entry.read.iter().copied().peekable();
        for (number, message) in &entry.sent {
            // What is given back in answer to a message was read before.
            while let Some((earlier, _)) = read.next_if(|(_, at)| *at < message.seq) {
                self.read(earlier);
            }
            let from = message.from;
            let places = mentions(message, self.unit);
            let names = names(&entry.request);
            for (position, at) in places.iter().enumerate() {
                let account = self.accounts.entry((from, at.clone())).or_default();
                let balance = &mut account.balance;
                balance.export_count = balance.export_count.saturating_add(1);
                balance.mentions = balance.mentions.saturating_add(1);
                if names.len() == places.len() {
                    account.name.get_or_insert_with(|| names[position].clone());
                }
            }
            for (at, count) in released(message) {
                let account = self.accounts.entry((from.other(), at.clone())).or_default();
                let balance = &mut account.balance;
                balance.import_count = balance.import_count.saturating_sub(count);
                balance.deltas = balance.deltas.saturating_add(count);
            }
            self.in_flight.entry(from).or_default().push((*number, message));
        }
        read.for_each(|(number, _)| self.read(number));
    }

    /// A message is read.
    fn read(&mut self, number: usize) {
        let taken = self.in_flight.values_mut().find_map(|flying| {
            let position = flying.iter().position(|(known, _)| *known == number)?;
            Some(flying.remove(position).1)
        });
        let Some(message) = taken else { return };
        let (from, reader) = (message.from, message.from.other());
        for at in mentions(message, self.unit) {
            let balance = &mut self.accounts.entry((from, at)).or_default().balance;
            balance.mentions = balance.mentions.saturating_sub(1);
            balance.import_count = balance.import_count.saturating_add(1);
        }
        for (at, count) in released(message) {
            let account = self.accounts.entry((reader, at.clone())).or_default();
            let balance = &mut account.balance;
            balance.deltas = balance.deltas.saturating_sub(count);
            balance.export_count = balance.export_count.saturating_sub(count);
        }
    }

    fn step(&mut self, entry: &'a Entry, number: usize, earlier: &Snapshot) -> StepRecord {
        self.follow(entry);
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
        let sent: Vec<_> = entry.sent.iter().map(|(n, m)| self.record(*n, m)).collect();
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

    fn record(&self, number: usize, message: &Message) -> MessageRecord {
        let role = match message.kind {
            Kind::Release | Kind::Finish => Role::GivesBack,
            Kind::Over => Role::Ends,
            _ => Role::Carries,
        };
        let (from, to) = (vat(message.from), vat(message.from.other()));
        let number = number.saturating_sub(self.before);
        MessageRecord { number, from, to, text: message.text.clone(), role }
    }

    fn snapshot(&self) -> Snapshot {
        let channel = |from: End| ChannelRecord {
            from: vat(from),
            to: vat(from.other()),
            messages: self.in_flight.get(&from).map_or_else(Vec::new, |messages| {
                messages.iter().map(|(number, m)| self.record(*number, m)).collect()
            }),
        };
        let plain = || self.accounts.iter().filter(|((_, at), _)| at.space.is_empty());
        let ledger = plain().map(|((exporter, at), account)| LedgerRecord {
            exporter: vat(*exporter),
            importer: vat(exporter.other()),
            index: at.index,
            balance: account.balance,
        });
        let live =
            ledger.filter(|record| record.balance.export_count > 0 || record.balance.sum() > 0);
        let subject = self.subject.as_ref().and_then(|subject| self.accounts.get(subject));
        Snapshot {
            vats: End::ALL.map(|end| self.vat(end)).to_vec(),
            channels: End::ALL.map(channel).to_vec(),
            ledger: live.collect(),
            balance: subject.map(|account| account.balance),
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
        for ((exporter, at), Account { name, balance }) in &self.accounts {
            let (table, index) = (Table::Exports, at.index);
            if *exporter == end && balance.export_count > 0 {
                let (object, count) = (name.clone(), balance.export_count);
                let object = object.or_else(|| Some(self.first_object(end)));
                record.exports.push(ExportRecord {
                    peer,
                    table,
                    index,
                    object,
                    by_proxy: None,
                    count,
                });
            } else if *exporter != end && balance.import_count > 0 {
                let count = balance.import_count;
                record.imports.push(ImportRecord { peer, table, index, count, proxy: None });
            }
        }
        record
    }

    /// What has no name is what the set-up has exported.
    fn first_object(&self, end: End) -> String {
        format!("{}'s first object", vat(end))
    }
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
