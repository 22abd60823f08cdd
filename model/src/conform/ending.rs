//! What is done when a schedule is at its end: everything is read, everything that is held is asked
//! for its name, everything is dropped and collected; and what is left then is judged.

use super::adapter::Failure;
use super::drive::Driver;
use super::run::By;
use super::watch::{Answer, Meant};
use crate::property::PropertyId;
use captp_wire::adapter::{Can, Hello, Request, TableSizes, is_promise};
use captp_wire::line::{End, Place};
use std::collections::BTreeMap;

/// The most messages that are read until nothing is in flight: two correct vats say less.
const READS_MAX: usize = 2_000;
/// How often everything is dropped, collected and read until nothing more comes of it.
const ROUNDS_MAX: usize = 8;
/// The most proxies that are collected, or finalised, in one round.
const TIMES_MAX: usize = 100;

/// What stood in the tables when nothing had happened yet.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    tables: BTreeMap<End, TableSizes>,
    /// The mentions of the first objects that are outstanding.
    outstanding: Vec<(End, Place, u64)>,
}

impl Driver<'_> {
    /// Looks at the tables before anything happens.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn baseline(&mut self, hello: &Hello) -> Result<Baseline, Failure> {
        self.drain()?;
        if hello.can(Can::Tables) {
            self.ask(&Request::Tables, By::Suite)?;
        }
        let tables = self.tables.clone();
        Ok(Baseline { tables, outstanding: self.outstanding() })
    }

    /// Everything in flight is read, and what comes of it, and so on.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn drain(&mut self) -> Result<(), Failure> {
        let mut reads_no_more = [false; 2];
        for _ in 0..READS_MAX {
            let reads = |to: &End| self.waiting(*to) > 0 && !reads_no_more[*to as usize];
            let next = End::ALL.into_iter().filter(reads).max_by_key(|to| self.waiting(*to));
            let Some(to) = next else { return Ok(()) };
            // If it does not, its session is over.
            reads_no_more[to as usize] = !self.reads(to, By::Suite)?;
        }
        self.run.violate(
            PropertyId::L3,
            format!("{READS_MAX} messages were read, and there are still more in flight"),
        );
        Ok(())
    }

    /// Every promise that is still open is broken, and whoever has it learns so.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn settle_all(&mut self) -> Result<(), Failure> {
        for (vat, promise) in self.watch.open_promises() {
            self.ask(&Request::Resolve { vat, promise, refs: Vec::new() }, By::Suite)?;
        }
        self.drain()
    }

    /// Asks everything that is held for its name: it must answer, or say that it cannot, when all
    /// is read.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn probe_all(&mut self) -> Result<(), Failure> {
        let held: Vec<_> = self.watch.held.keys().cloned().collect();
        for (number, (vat, name)) in held.into_iter().enumerate() {
            let meant = match self.watch.meant(&name) {
                Meant::Object(object) => Some(object.to_owned()),
                Meant::Nothing => None,
                Meant::Open => continue,
            };
            let probe = number as u64 + 1;
            let request = Request::Probe { vat, name: name.clone(), probe };
            let is_called = self.ask(&request, By::Suite)?;
            // What a promise was resolved to may be held in its place, under its own name.
            if !is_called && (self.is_over() || self.watch.is_resolved(&name)) {
                continue;
            }
            self.drain()?;
            let property = if self.is_forgiven { PropertyId::L2 } else { PropertyId::S1 };
            self.run.judged.insert(property);
            self.run.judged.insert(PropertyId::S3);
            let broken = self.watch.broken.contains(&(vat, name.clone()));
            if !is_called {
                let finding = format!("{vat} was given {name}, and has nothing to call");
                self.run.violate(property, finding);
                continue;
            }
            match self.watch.answers.get(&probe).cloned() {
                _ if broken && !self.is_forgiven && !is_promise(&name) => {
                    let finding = format!("{vat} was given {name}, and it is broken");
                    self.run.violate(property, finding);
                }
                // That it is broken is no excuse for silence.
                None => {
                    self.say("there is no answer".to_owned());
                    let all = "though everything was read";
                    let finding = format!(
                        "{vat} holds {name} and calls it; neither an answer nor an error comes, \
                         {all}"
                    );
                    self.run.violate(property, finding);
                }
                Some(Answer::Failed(_)) if meant.is_none() || self.is_forgiven => {}
                Some(Answer::Failed(_)) if self.watch.may_break(&name) => {}
                Some(Answer::Failed(why)) => {
                    let finding = format!("{vat} holds {name}, and a call of it fails: {why}");
                    self.run.violate(property, finding);
                }
                Some(Answer::Says(says)) if meant.as_ref() == Some(&says) => {}
                Some(Answer::Says(says)) => {
                    let meant = meant.as_deref().unwrap_or("broken");
                    let finding = format!("what {vat} holds as {name} is {says}, not {meant}");
                    self.run.violate(PropertyId::S3, finding);
                }
            }
        }
        Ok(())
    }

    /// Every call is answered, and whoever waits for it learns so.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn answer_all(&mut self) -> Result<(), Failure> {
        for (vat, question) in self.watch.tasks.clone() {
            self.ask(&Request::Return { vat, question, refs: Vec::new() }, By::Suite)?;
        }
        self.drain()?;
        self.run.judged.insert_if(PropertyId::S5, !self.watch.returned.is_empty());
        let mut open = self.watch.open.iter().filter(|_| !self.is_forgiven);
        let lost = open.find(|(_, question)| self.watch.returned.contains_key(question));
        if let Some((vat, question)) = lost {
            let finding = format!("{question} was answered, and {vat} never learns of it");
            self.run.violate(PropertyId::S5, finding);
        }
        if let (Some((question, why)), false) = (self.watch.wrongly_failed(), self.is_over()) {
            let finding =
                format!("{question} was answered, and the answer came back broken: {why}");
            self.run.violate(PropertyId::S5, finding);
        }
        Ok(())
    }

    /// What was sent and read is held, or was.
    pub fn judge_received(&mut self) {
        if self.is_over() {
            return;
        }
        self.run.judged.insert_if(PropertyId::S1, self.watch.is_given());
        if let Some((vat, name)) = self.watch.never_got() {
            let finding =
                format!("{name} was sent to {vat}, and everything was read; it never got it");
            self.run.violate(PropertyId::S1, finding);
        }
    }

    /// Whether a session was ended, or somebody broke the protocol.
    fn is_over(&self) -> bool {
        self.is_forgiven || !self.run.ended.is_empty()
    }

    /// Everything is dropped, collected and read.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn forget(&mut self, hello: &Hello) -> Result<(), Failure> {
        self.ask(&Request::Forget, By::Suite)?;
        self.collect_all(hello)
    }

    /// Whatever nobody holds is collected, and what comes of it is read.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn collect_all(&mut self, hello: &Hello) -> Result<(), Failure> {
        for _ in 0..ROUNDS_MAX {
            let mut is_news = false;
            for vat in End::ALL.into_iter().filter(|_| hello.can(Can::Collect)) {
                is_news |= self.until_refused(&Request::Collect { vat, name: None })?;
                is_news |= self.until_refused(&Request::Finalise { vat, name: None })?;
            }
            is_news |= self.is_anything_waiting();
            self.drain()?;
            if !is_news {
                break;
            }
        }
        Ok(())
    }

    fn is_anything_waiting(&self) -> bool {
        End::ALL.into_iter().any(|to| self.waiting(to) > 0)
    }

    /// Asks for the same until it is not done. Returns whether it ever was.
    fn until_refused(&mut self, request: &Request) -> Result<bool, Failure> {
        for times in 0..TIMES_MAX {
            if !self.quietly(request)? {
                return Ok(times > 0);
            }
        }
        Ok(true)
    }

    /// Asks for something, and forgets it if it was not done.
    fn quietly(&mut self, request: &Request) -> Result<bool, Failure> {
        let is_done = self.ask(request, By::Suite)?;
        if !is_done {
            self.run.entries.pop();
        }
        Ok(is_done)
    }

    /// What is left when everything was dropped.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn judge_rest(&mut self, hello: &Hello, before: &Baseline) -> Result<(), Failure> {
        if self.watch.has_circle() {
            return Ok(());
        }
        let property = if self.is_forgiven { PropertyId::L2 } else { PropertyId::L1 };
        self.run.judged.insert(property);
        if hello.can(Can::Witness) {
            self.ask(&Request::Witness, By::Suite)?;
            if self.is_anything_waiting() {
                // It was collected only now, and what that has to say is to be read.
                self.drain()?;
                self.ask(&Request::Witness, By::Suite)?;
            }
            for (vat, names) in self.alive.clone() {
                if !names.is_empty() {
                    let names = names.join(", ");
                    let finding = format!("{vat} keeps {names}, which nobody holds any more");
                    self.run.violate(property, finding);
                }
            }
        }
        self.judge_tables(hello, before, &End::ALL, property)?;
        if self.is_forgiven {
            return Ok(());
        }
        for (exporter, place, left) in self.outstanding() {
            let kept = before.outstanding.iter().find(|(e, p, _)| (*e, p) == (exporter, &place));
            let kept = kept.map_or(0, |(_, _, kept)| *kept);
            if left > kept {
                let finding = never_came_back(exporter, &place, left - kept);
                self.run.violate(PropertyId::L1, finding);
            }
        }
        Ok(())
    }

    /// The tables of these vats have no more entries than before. When the session is over, entries
    /// of what was exported do not matter if it can be seen whether they keep anything.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn judge_tables(
        &mut self,
        hello: &Hello,
        before: &Baseline,
        vats: &[End],
        property: PropertyId,
    ) -> Result<(), Failure> {
        // When a session is over, there may be no tables to be shown.
        if !hello.can(Can::Tables) || !self.ask(&Request::Tables, By::Suite)? {
            return Ok(());
        }
        for vat in vats {
            let mut after = self.tables.get(vat).copied().unwrap_or_default();
            if self.is_over() && hello.can(Can::Witness) {
                after.exports = None;
            }
            let before = before.tables.get(vat).copied().unwrap_or_default();
            for (table, was, is) in differences(before, after) {
                let finding = format!(
                    "everything is dropped and read, and {vat} has {is} {table}, not {was}"
                );
                self.run.violate(property, finding);
            }
        }
        Ok(())
    }

    /// The mentions that were not given back, by exporter and place.
    fn outstanding(&self) -> Vec<(End, Place, u64)> {
        let Some(sums) = &self.sums else { return Vec::new() };
        let ends = |session| End::ALL.map(|exporter| (session, exporter));
        let ends = sums.sessions().flat_map(|(_, session)| ends(session));
        let left = ends.flat_map(|(session, exporter)| {
            session.exports(exporter).map(move |(at, export)| (exporter, at.clone(), export.left()))
        });
        left.filter(|(_, _, left)| *left > 0).collect()
    }
}

/// The finding that so many mentions were not given back.
pub(super) fn never_came_back(exporter: End, at: &Place, count: u64) -> String {
    let mentions = if count == 1 { "one mention".to_owned() } else { format!("{count} mentions") };
    format!(
        "everything is dropped and read, and {mentions} of {exporter}'s exports[{at}] never \
        came back"
    )
}

/// The tables that have more entries than before.
fn differences(before: TableSizes, after: TableSizes) -> Vec<(&'static str, u64, u64)> {
    let pairs = [
        ("exports", before.exports, after.exports),
        ("imports", before.imports, after.imports),
        ("questions", before.questions, after.questions),
        ("answers", before.answers, after.answers),
    ];
    let both = pairs.into_iter().filter_map(|(table, was, is)| Some((table, was?, is?)));
    both.filter(|(_, was, is)| is > was).collect()
}
