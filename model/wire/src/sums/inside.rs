//! What is said from inside, and what must be so at the end.

use super::finding::{Observation, Table};
use super::rules::{Free, Rules};
use super::session::{Session, slot};
use crate::line::{End, Ending, Event, Local, Place, Tables};

/// How many entries a table may have.
struct Bounds {
    end: End,
    table: Table,
    entries: Option<u64>,
}

impl Bounds {
    fn least(&self, least: u64) -> Option<Observation> {
        let Self { end, table, entries } = *self;
        let entries = entries.filter(|entries| *entries < least)?;
        Some(Observation::TooFewEntries { end, table, entries, least })
    }

    fn most(&self, most: u64) -> Option<Observation> {
        let Self { end, table, entries } = *self;
        let entries = entries.filter(|entries| *entries > most)?;
        Some(Observation::TooManyEntries { end, table, entries, most })
    }
}

impl Session {
    pub(super) fn local(&mut self, local: &Local, found: &mut Vec<Observation>) {
        self.said = [None, None];
        if local.event != Event::Read {
            return;
        }
        let by = local.at;
        let sender = slot(by.other());
        if self.read_events[sender] >= self.sent[sender] {
            found.push(Observation::ReadOfNothing { at: by });
            return;
        }
        self.read_events[sender] += 1;
        self.read[sender] = self.read[sender].max(self.read_events[sender]);
    }

    /// What holds at any time. An exporter has what the wire has not given back, and an importer
    /// has nothing that it has given back; the other way round what is in flight counts.
    pub(super) fn tables(&mut self, tables: &Tables, rules: &Rules, found: &mut Vec<Observation>) {
        let end = tables.tables;
        let sender = slot(end.other());
        let (exports, imports) = self.bounds(tables);
        found.extend(exports.least(self.exports[slot(end)].entries()));
        if self.read[sender] == self.sent[sender] {
            found.extend(exports.most(self.exports_most(end, rules)));
        }
        found.extend(imports.most(self.imports_most(end, rules)));
        self.said[slot(end)] = Some(tables.clone());
    }

    /// What must be so at the end.
    pub(super) fn end(&self, ending: Ending, rules: &Rules, found: &mut Vec<Observation>) {
        if ending == Ending::Cut {
            return;
        }
        let dropped = ending == Ending::Dropped;
        for questions in &self.questions {
            found.extend(questions.left(dropped, rules));
        }
        for exporter in End::ALL.into_iter().filter(|_| dropped) {
            let live = self.exports(exporter);
            found.extend(live.filter(|(_, export)| export.left() > export.bootstrapped).map(
                |(at, export)| Observation::NotGivenBack {
                    at: at.clone(),
                    exporter,
                    introduced: export.introduced,
                    given_back: export.given_back,
                    since: export.since,
                },
            ));
        }
        for said in self.said.iter().flatten() {
            self.settled(said, rules, found);
        }
    }

    /// Everything that was sent was read.
    fn settled(&self, said: &Tables, rules: &Rules, found: &mut Vec<Observation>) {
        let end = said.tables;
        let (exports, imports) = self.bounds(said);
        let sender = slot(end.other());
        if self.read[sender] != self.sent[sender] {
            found.extend(exports.most(self.exports_most(end, rules)));
        }
        let others = self.exports(end.other());
        let held = others.filter(|(_, export)| export.left() > export.bootstrapped).count();
        found.extend(imports.least(number(held)));
        if rules.free != Free::ReturnedAndFinished {
            return;
        }
        let asked =
            [(Table::Questions, said.questions, end), (Table::Answers, said.answers, end.other())];
        for (table, entries, asker) in asked {
            let bounds = Bounds { end, table, entries };
            let open = self.questions(asker).filter(|(_, question)| !question.bootstrap).count();
            found.extend(bounds.least(number(open)));
            found.extend(bounds.most(self.questions[slot(asker)].entries()));
        }
    }

    fn bounds(&self, tables: &Tables) -> (Bounds, Bounds) {
        let end = tables.tables;
        (
            Bounds { end, table: Table::Exports, entries: tables.exports },
            Bounds { end, table: Table::Imports, entries: tables.imports },
        )
    }

    /// How many exports an end has at most that has read everything.
    fn exports_most(&self, end: End, rules: &Rules) -> u64 {
        let answers = self.questions[slot(end.other())].entries();
        self.exports[slot(end)].entries()
            + self.first_object(end, rules)
            + if rules.answers_among_exports { answers } else { 0 }
    }

    fn imports_most(&self, end: End, rules: &Rules) -> u64 {
        let exporter = end.other();
        let questions = self.questions[slot(end)].entries();
        self.exports[slot(exporter)].entries()
            + self.first_object(exporter, rules)
            + if rules.answers_among_exports { questions } else { 0 }
    }

    fn first_object(&self, exporter: End, rules: &Rules) -> u64 {
        u64::from(self.exports[slot(exporter)].stands_from_the_start(&Place::new(0), rules))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
