//! Runs the schedule with the real tables, and writes down what it did as the test's lines.

use super::script::Script;
use super::vat::{Flying, Held, Owed, Said, Vat, channel, half, id, variable};
use crate::counterexample::{
    Counterexample, OwedRecord, ReferenceRecord, Role, Snapshot, StepRecord,
};
use crate::names::VatId;
use crate::world::{StepKind, Table};
use captp_gc::protocol::{Descriptor, Index, ProxyId, Reference, SessionId};
use std::collections::BTreeMap;

/// The export whose counts the test follows, and who may have a message half written.
pub(super) struct Followed {
    pub(super) exporter: VatId,
    pub(super) importer: VatId,
    pub(super) index: Index,
    /// Whether the exporter has one in the making at some time.
    pub(super) half: bool,
    pub(super) half_writers: Vec<&'static str>,
}

/// The two vats as they are after the steps that were run, and the lines that say so.
pub(super) struct Run {
    pub(super) vats: [Vat; 2],
    pub(super) script: Script,
    pub(super) exporter: usize,
    pub(super) index: Index,
    /// Which of our messages is which of the counterexample's.
    pub(super) ours: BTreeMap<usize, (usize, SessionId)>,
    /// How many messages were put on the wire.
    messages: usize,
    /// What the step has sent.
    pub(super) sent: Vec<Sent>,
    names: BTreeMap<String, u32>,
    is_half: [bool; 2],
}

/// A message that was put on the wire.
pub(super) struct Sent {
    pub(super) number: usize,
    pub(super) session: SessionId,
    pub(super) role: Role,
    pub(super) text: String,
}

impl Run {
    pub(super) fn new(counterexample: &Counterexample) -> Self {
        let subject = counterexample.subject.filter(|subject| subject.table == Table::Exports);
        let subject = subject.map(|s| (usize::from(s.exporter == VatId::B), Index::new(s.index)));
        let (exporter, index) =
            subject.or_else(|| Said::first_named(counterexample)).unwrap_or((1, Index::new(0)));
        let mut script = Script::default();
        script.index(index);
        let mut run = Self {
            vats: [Vat::new(), Vat::new()],
            script,
            exporter,
            index,
            ours: BTreeMap::new(),
            messages: 0,
            sent: Vec::new(),
            names: BTreeMap::new(),
            is_half: [VatId::A, VatId::B].map(|vat| {
                let mut of_vat = counterexample.steps.iter().filter(|step| step.actor == vat);
                of_vat.any(|step| step.kind == StepKind::BeginSend)
            }),
        };
        run.script.comment(&format!(
            "Of exports[{index}], after each step: {}'s count = in flight + imported + coming \
             back.",
            id(exporter)
        ));
        run.count(None);
        run
    }

    /// Whether the vat has a message in the making at some time.
    pub(super) fn writes_half(&self, vat: usize) -> bool {
        self.is_half[vat]
    }

    pub(super) fn script(&self) -> &Script {
        &self.script
    }

    pub(super) fn followed(&self) -> Followed {
        let writers = (0..2).filter(|vat| self.is_half[*vat]);
        Followed {
            exporter: id(self.exporter),
            importer: id(1 - self.exporter),
            index: self.index,
            half: self.is_half[self.exporter],
            half_writers: writers.map(half).collect(),
        }
    }

    /// One step of the schedule.
    pub(super) fn step(&mut self, before: &Snapshot, step: &StepRecord) -> Result<(), String> {
        let vat = usize::from(step.actor == VatId::B);
        self.script.paragraph(&format!("{}. {}.", step.number, step.text));
        let place = step.place.map(|place| Index::new(place.index));
        self.sent.clear();
        match step.kind {
            StepKind::Send | StepKind::Call | StepKind::BeginSend => {
                self.write(vat, step.kind, &step.references);
            }
            StepKind::SendFails => self.unwrite(vat)?,
            StepKind::Drop => self.script.comment("No table learns of that yet."),
            StepKind::Clear => match place.filter(|at| self.vats[vat].proxies.contains_key(at)) {
                Some(index) => self.clear(vat, index)?,
                None => self.script.comment("There is no such proxy here."),
            },
            StepKind::Notify => {
                match place.and_then(|index| self.owed_at(vat, index, before, step)) {
                    Some(position) => self.notify(vat, position),
                    None => self.script.comment("No such notification is owed here."),
                }
            }
            StepKind::Cut => self.end_session(vat, true)?,
            StepKind::Fail => self.break_protocol(vat, step)?,
            StepKind::Deliver => self.deliver(vat, step)?,
            other => return Err(format!("the tables of captp-gc have no step {other:?}")),
        }
        self.compare(step);
        self.count(
            step.after.balance.map(|b| [b.export_count, b.mentions, b.import_count, b.deltas]),
        );
        Ok(())
    }

    /// Everything after the schedule: what is in flight is readable, what is held resolves, and
    /// when it is dropped, nothing is left.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        let is_left =
            |vat: &Vat| vat.half.is_some() || !vat.inbox.is_empty() || !vat.owed.is_empty();
        if self.vats.iter().any(is_left) {
            self.script.paragraph("The schedule ends here. What it has left is done.");
            for vat in 0..2 {
                if self.vats[vat].half.is_some() {
                    self.script.comment(&format!("{} fails to send it.", id(vat)));
                    self.unwrite(vat)?;
                }
            }
            self.drain()?;
            self.count(None);
        }
        let mut held = Vec::new();
        for (vat, record) in self.vats.iter().enumerate() {
            held.extend(record.proxies.iter().map(|(index, proxy)| {
                let peer = variable(1 - vat);
                let (proxy, object) = (&proxy.variable, &proxy.object);
                (vat, *index, format!("assert_eq!({peer}.lookup({proxy}.index), Ok(&{object:?}));"))
            }));
        }
        if !held.is_empty() {
            self.script.paragraph("What is held resolves.");
        }
        for (.., resolves) in &held {
            self.script.code(resolves);
        }
        self.script.paragraph("And when nothing is held, nothing is left.");
        for (vat, index, _) in held {
            self.clear(vat, index)?;
        }
        self.drain()?;
        for vat in (0..2).map(variable) {
            self.script.code(format!("assert!({vat}.exports().is_empty());"));
            self.script.code(format!("assert!({vat}.imports().is_released());"));
        }
        Ok(())
    }

    /// Reads everything in flight, serves everything owed.
    fn drain(&mut self) -> Result<(), String> {
        loop {
            if let Some(vat) = (0..2).find(|vat| !self.vats[*vat].inbox.is_empty()) {
                let said = &self.vats[vat].inbox[0].said;
                self.script.comment(&format!("{} reads {said}.", id(vat)));
                self.read(vat, 0)?;
            } else if let Some(vat) = (0..2).find(|vat| !self.vats[*vat].owed.is_empty()) {
                let proxy = &self.vats[vat].owed[0].notification.proxy;
                let place = format!("imports[{}]", proxy.index);
                self.script.comment(&format!("{} serves the notification of {place}.", id(vat)));
                self.notify(vat, 0);
            } else {
                return Ok(());
            }
        }
    }

    /// Puts a message on the wire; `code` is how the test says what it says.
    pub(super) fn put(&mut self, vat: usize, said: Said, code: &str) {
        let peer = 1 - vat;
        self.messages += 1;
        let number = self.messages;
        let session = self.vats[vat].tables.session();
        let (role, text) = (said.role(), said.to_string());
        self.sent.push(Sent { number, session, role, text });
        self.vats[peer].inbox.push(Flying { number, session, said });
        let (channel, vat) = (channel(peer), variable(vat));
        self.script.code(format!("{channel}.push_back(({vat}.session(), {code}));"));
    }

    fn write(&mut self, vat: usize, kind: StepKind, references: &[ReferenceRecord]) {
        let name = variable(vat);
        let mut code = Vec::new();
        let mut meant = Vec::new();
        for reference in references {
            meant.push(match reference.proxy {
                None => {
                    code.push(format!("Local({:?})", reference.object));
                    Reference::Local(reference.object.clone())
                }
                Some(place) => {
                    let index = Index::new(place.index);
                    code.push(format!("Proxy({})", self.script.index(index)));
                    Reference::Proxy(index)
                }
            });
        }
        let write = format!("{name}.write(&[{}])", code.join(", "));
        let Ok(written) = self.vats[vat].tables.write(&meant) else {
            self.script.comment("The tables are asked for what they do not have here, and say so.");
            self.script.code(format!("assert!({write}.is_err());"));
            return;
        };
        if kind == StepKind::BeginSend {
            self.vats[vat].half = Some(written);
            self.script.code(format!("assert!({}.is_none());", half(vat)));
            self.script.code(format!("{} = Some({write}.unwrap());", half(vat)));
            return;
        }
        self.script.code(format!("let written = {write}.unwrap();"));
        self.script.code(format!("let descriptors = {name}.sent(written).unwrap();"));
        // It is the message that was written just now.
        let Ok(descriptors) = self.vats[vat].tables.sent(written) else { return };
        let list = self.list(&descriptors);
        self.script.code(format!("assert_eq!(descriptors, {list});"));
        let objects = references.iter().map(|reference| reference.object.clone());
        let described = descriptors.into_iter().zip(objects).collect();
        let call = kind == StepKind::Call;
        self.put(vat, Said::Carries { call, described }, "Carries(descriptors)");
    }

    fn unwrite(&mut self, vat: usize) -> Result<(), String> {
        let Some(written) = self.vats[vat].half.take() else {
            self.script.comment("Nothing is in the making here.");
            return Ok(());
        };
        let name = variable(vat);
        let gone = self.vats[vat].tables.unwrite(written).map_err(|misuse| misuse.to_string())?;
        self.script.code(format!("let written = {}.take().unwrap();", half(vat)));
        self.script.code(format!("assert_eq!({name}.unwrite(written), Ok(vec!{gone:?}));"));
        Ok(())
    }

    pub(super) fn clear(&mut self, vat: usize, index: Index) -> Result<(), String> {
        let Some(Held { id, variable: proxy, .. }) = self.vats[vat].proxies.remove(&index) else {
            return Ok(());
        };
        let notification = self.vats[vat].tables.clear(id).map_err(|misuse| misuse.to_string())?;
        let gone = format!("{proxy}_gone");
        let name = variable(vat);
        self.script.code(format!("let {gone} = {name}.clear({proxy}).unwrap();"));
        self.vats[vat].owed.push(Owed { notification, variable: gone });
        Ok(())
    }

    /// Which of the notifications owed for `index` the step serves: that which is owed before, and
    /// not after it.
    fn owed_at(
        &self,
        vat: usize,
        index: Index,
        before: &Snapshot,
        step: &StepRecord,
    ) -> Option<usize> {
        let owed = |snapshot: &Snapshot| {
            let mut of_vat = snapshot.vats.iter().filter(|record| record.vat == step.actor);
            of_vat.next().map_or_else(Vec::new, |record| record.owed.clone())
        };
        let after = owed(&step.after);
        let at_index = |owed: &OwedRecord| owed.index == index.get();
        let is_old = owed(before).iter().find(|o| at_index(o) && !after.contains(o)).map(|o| o.old);
        let session = self.vats[vat].tables.session();
        let proxies: Vec<_> = self.vats[vat].owed.iter().map(|o| o.notification.proxy).collect();
        let same = |proxy: &ProxyId| is_old.is_none_or(|old| old == (proxy.session != session));
        let same = proxies.iter().position(|proxy| proxy.index == index && same(proxy));
        same.or_else(|| proxies.iter().position(|proxy| proxy.index == index))
    }

    fn notify(&mut self, vat: usize, position: usize) {
        let Owed { notification, variable: gone } = self.vats[vat].owed.remove(position);
        let notify = format!("{}.notify({gone})", variable(vat));
        match self.vats[vat].tables.notify(notification) {
            None => self.script.code(format!("assert_eq!({notify}, None);")),
            Some(op) => {
                self.script.code(format!("let op = {notify}.unwrap();"));
                self.script.code(format!("assert_eq!(op.delta.get(), {});", op.delta.get()));
                self.put(vat, Said::GivesBack(op), "GivesBack(op)");
            }
        }
    }

    fn break_protocol(&mut self, vat: usize, step: &StepRecord) -> Result<(), String> {
        let said = step.sent.first().and_then(|message| Said::faulty(&message.text));
        let said = said.ok_or_else(|| format!("step {} sends nothing known", step.number))?;
        let code = match &said {
            Said::Faulty(descriptors) => {
                let list = self.list(descriptors);
                self.script.code(format!("let wrong = vec!{list};"));
                "Faulty(wrong)".to_owned()
            }
            Said::FaultyGc(index, delta) => {
                let index = self.script.index(*index);
                let delta = if *delta == u32::MAX { "u32::MAX" } else { &delta.to_string() };
                format!("FaultyGc({index}, {delta})")
            }
            _ => return Err(format!("step {} is no fault", step.number)),
        };
        self.put(vat, said, &code);
        Ok(())
    }

    /// Descriptors as the test writes them.
    fn list(&mut self, descriptors: &[Descriptor]) -> String {
        let mut list = Vec::new();
        for descriptor in descriptors {
            let index = self.script.index(descriptor.index());
            list.push(match descriptor {
                Descriptor::NewFarDesc(_) => format!("NewFarDesc({index})"),
                Descriptor::ImportDesc(_) => format!("ImportDesc({index})"),
                Descriptor::ExportDesc(_) => format!("ExportDesc({index})"),
            });
        }
        format!("[{}]", list.join(", "))
    }

    /// The next variable for a proxy of `object`.
    pub(super) fn proxy_name(&mut self, object: &str) -> String {
        let letters = object.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let starts = letters.starts_with(|c: char| c.is_ascii_alphabetic());
        let base = if starts { letters } else { format!("object{letters}") };
        let number = self.names.entry(base.clone()).or_default();
        *number += 1;
        format!("{base}_{number}")
    }
}
