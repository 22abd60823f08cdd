//! How the test reads messages, ends sessions, and compares itself with the counterexample.

use super::run::Run;
use super::vat::{Flying, Held, Said, Vat, channel, half, id, mentions_of, variable};
use crate::counterexample::{ChannelRecord, Role, StepRecord};
use captp_gc::protocol::{Admission, Descriptor, Index, Received, SessionId, Violation};

impl Run {
    /// A step in which a message is read: the one that the tables wrote here.
    pub(super) fn deliver(&mut self, vat: usize, step: &StepRecord) -> Result<(), String> {
        let wanted = step.read.as_ref().and_then(|message| self.ours.get(&message.number));
        let Some((number, session)) = wanted.copied() else {
            self.script.comment("The tables did not send that.");
            return Ok(());
        };
        let first = self.vats[vat].inbox.iter().position(|flying| flying.session == session);
        let Some(position) = first else {
            self.script.comment("All that was sent to it was read before.");
            return Ok(());
        };
        let next = &self.vats[vat].inbox[position];
        if next.number != number {
            let text = format!("The channel keeps the order (R6): `{}` is next.", next.said);
            self.script.comment(&text);
        }
        self.read(vat, position)
    }

    /// Reads the message at `position`.
    pub(super) fn read(&mut self, vat: usize, position: usize) -> Result<(), String> {
        let Flying { session, said, .. } = self.vats[vat].inbox.remove(position);
        let (name, inbox) = (variable(vat), channel(vat));
        let next = match position {
            0 => format!("{inbox}.pop_front()"),
            _ => format!("{inbox}.remove({position})"),
        };
        match self.vats[vat].tables.session().admit(session) {
            Admission::Current => {}
            Admission::Stale => {
                self.script.comment("Its session is over: it is discarded unread (R8).");
                self.script.code(format!("let (session, _unread) = {next}.unwrap();"));
                let admitted = format!("{name}.session().admit(session)");
                self.script.code(format!("assert_eq!({admitted}, Admission::Stale);"));
                return Ok(());
            }
            Admission::Newer => {
                let whose = format!("Its session is newer: {}'s is over (R8).", id(vat));
                self.script.comment(&whose);
                self.script.code(format!("let newer = {inbox}[{position}].0;"));
                let admitted = format!("{name}.session().admit(newer)");
                self.script.code(format!("assert_eq!({admitted}, Admission::Newer);"));
                self.close(vat, session, "newer")?;
            }
        }
        match said {
            Said::Carries { described, .. } => self.read_references(vat, &described, &next),
            Said::GivesBack(op) => {
                let gone = self.vats[vat].tables.gc_export(op.index, op.delta.get());
                let gone = gone.map_err(|violation| unexpected(&violation))?;
                self.script.code(format!("let op = given_back({next});"));
                let call = format!("{name}.gc_export(op.index, op.delta.get())");
                self.script.code(format!("let gone = {call};"));
                self.script.code(format!("assert_eq!(gone, Ok({gone:?}));"));
                Ok(())
            }
            Said::Over(_) => {
                self.script.code(format!("assert!(matches!({next}, Some((_, Over))));"));
                self.end_session(vat, false)
            }
            Said::Faulty(descriptors) => {
                let refused = self.vats[vat].tables.read(&descriptors).err();
                self.script.code(format!("let before = {name}.clone();"));
                self.script.code(format!("let refused = {name}.read(&faulty({next}));"));
                self.refuse(vat, refused)
            }
            Said::FaultyGc(index, delta) => {
                let refused = self.vats[vat].tables.gc_export(index, delta).err();
                self.script.code(format!("let before = {name}.clone();"));
                self.script.code(format!("let (index, delta) = faulty_gc({next});"));
                self.script.code(format!("let refused = {name}.gc_export(index, delta);"));
                self.refuse(vat, refused)
            }
        }
    }

    fn read_references(
        &mut self,
        vat: usize,
        described: &[(Descriptor, String)],
        next: &str,
    ) -> Result<(), String> {
        let name = variable(vat);
        let descriptors: Vec<_> = described.iter().map(|(descriptor, _)| *descriptor).collect();
        let received = self.vats[vat].tables.read(&descriptors);
        let received = received.map_err(|violation| unexpected(&violation))?;
        self.script.code(format!("let descriptors = references({next});"));
        self.script.code(format!("let received = {name}.read(&descriptors).unwrap();"));
        for (position, (received, (_, object))) in received.into_iter().zip(described).enumerate() {
            match received {
                Received::Home(_) => self
                    .script
                    .code(format!("assert_eq!(received[{position}], Received::Home({object:?}));")),
                Received::Proxy { proxy, installed: true } => {
                    let variable = self.proxy_name(object);
                    let number = proxy.incarnation;
                    self.script.code(format!("let {variable} = installed(received[{position}]);"));
                    self.script
                        .code(format!("assert_eq!({variable}.incarnation.get(), {number});"));
                    let held = Held { id: proxy, variable, object: object.clone() };
                    self.vats[vat].proxies.insert(proxy.index, held);
                }
                Received::Proxy { proxy, installed: false } => {
                    if let Some(held) = self.vats[vat].proxies.get(&proxy.index) {
                        let line =
                            format!("assert_eq!(received[{position}], live({}));", held.variable);
                        self.script.code(line);
                    }
                }
            }
        }
        Ok(())
    }

    /// A message that breaks the protocol must be refused, and the session ends.
    fn refuse(&mut self, vat: usize, refused: Option<Violation>) -> Result<(), String> {
        let Some(violation) = refused else {
            return Err("the tables of captp-gc have nothing against this fault".to_owned());
        };
        let debug = format!("{violation:?}");
        let kind = debug.split(' ').next().unwrap_or(&debug);
        self.script.code(format!("assert!(matches!(refused, Err(Violation::{kind} {{ .. }})));"));
        self.script.code(format!("assert_eq!({}, before);", variable(vat)));
        self.script.comment("It is refused, and nothing has changed: the session ends (R5).");
        self.end_session(vat, true)
    }

    /// R8. The peer is told, unless it has ended the session itself.
    pub(super) fn end_session(&mut self, vat: usize, tell: bool) -> Result<(), String> {
        let session = self.vats[vat].tables.session();
        if tell {
            self.put(vat, Said::Over(session), "Over");
        }
        let next = session.next().ok_or("the numbers of the sessions are used up")?;
        self.close(vat, next, &format!("SessionId::new({next})"))
    }

    fn close(&mut self, vat: usize, next: SessionId, code: &str) -> Result<(), String> {
        let name = variable(vat);
        let released = self.vats[vat].tables.close(next).map_err(|misuse| misuse.to_string())?;
        self.script.code(format!("assert_eq!({name}.close({code}), Ok(vec!{released:?}));"));
        if self.vats[vat].half.take().is_some() {
            self.script.code(format!("{} = None;", half(vat)));
        }
        let broken: Vec<Index> = self.vats[vat].proxies.keys().copied().collect();
        if !broken.is_empty() {
            self.script.comment("Its proxies are broken, and the collector clears them:");
        }
        broken.into_iter().try_for_each(|index| self.clear(vat, index))
    }

    /// Notes which of the counterexample's messages is which of ours, and where they differ.
    pub(super) fn compare(&mut self, step: &StepRecord) {
        let mut ours = std::mem::take(&mut self.sent);
        for theirs in &step.sent {
            let was_sent = format!("In the counterexample, `{}` was sent here", theirs.text);
            let Some(position) = ours.iter().position(|sent| sent.role == theirs.role) else {
                self.script.comment(&format!("{was_sent}; the tables do not send that."));
                continue;
            };
            let sent = ours.remove(position);
            self.ours.insert(theirs.number, (sent.number, sent.session));
            if sent.role != Role::Breaks && sent.text != theirs.text {
                self.script.comment(&format!("{was_sent}."));
            }
            let same_way = |c: &&ChannelRecord| (c.from, c.to) == (theirs.from, theirs.to);
            let channel = step.after.channels.iter().find(same_way);
            let order = channel.into_iter().flat_map(|channel| &channel.messages);
            if order.skip_while(|m| m.number != theirs.number).any(|m| m.number < theirs.number) {
                self.script.comment(
                    "In the counterexample, it was put ahead of what was sent before; this channel \
                     keeps the order (R6).",
                );
            }
        }
        for sent in ours {
            let text = format!("In the counterexample, `{}` was not sent here.", sent.text);
            self.script.comment(&text);
        }
    }

    /// Both sides of the conservation law, which the test computes from its own tables and
    /// channels. `theirs` is what the counterexample has.
    pub(super) fn count(&mut self, theirs: Option<[u32; 4]>) {
        let (exporter, importer) = (self.exporter, 1 - self.exporter);
        let session = self.vats[exporter].tables.session();
        if session != self.vats[importer].tables.session() {
            self.script.comment("The vats are not in one session: there is no law to keep.");
            return;
        }
        let counts = self.counts(session);
        if let Some(other @ [count, in_flight, imported, coming_back]) = theirs
            && other != counts
        {
            let sum: u64 = [in_flight, imported, coming_back].map(u64::from).iter().sum();
            let equals = if u64::from(count) == sum { '=' } else { '≠' };
            self.script.comment(&format!(
                "The counterexample has {count} {equals} {in_flight} + {imported} + {coming_back} \
                 here."
            ));
        }
        let (from, to) = (variable(exporter), variable(importer));
        let (out, back) = (channel(importer), channel(exporter));
        let mut arguments = format!("&{from}, &{to}, &{out}, &{back}");
        if self.writes_half(exporter) {
            arguments = format!("{arguments}, &{}", half(exporter));
        }
        self.script.code(format!("assert_eq!(counts({arguments}), {counts:?});"));
    }

    /// The exporter's count, and what accounts for it in this session.
    fn counts(&self, session: SessionId) -> [u32; 4] {
        let (index, exporter, importer) =
            (self.index, &self.vats[self.exporter], &self.vats[1 - self.exporter]);
        let current = |vat: &Vat, counted: fn(&Said, Index) -> u32| -> u32 {
            let inbox = vat.inbox.iter().filter(|flying| flying.session == session);
            inbox.map(|flying| counted(&flying.said, index)).sum()
        };
        let making = exporter.half.as_ref();
        let making = making.map_or(0, |written| mentions_of(index, written.descriptors()));
        let imported = importer.tables.imports().entry(index);
        [
            exporter.tables.exports().count(index).get(),
            making + current(importer, Said::mentions_of),
            imported.map_or(0, |entry| entry.slot.count().get()),
            current(exporter, Said::delta_of),
        ]
    }
}

fn unexpected(violation: &Violation) -> String {
    format!("the tables of captp-gc refuse a correct message of this schedule: {violation}")
}
