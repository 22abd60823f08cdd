//! One schedule, from two fresh vats to the judgement of what is left.

use super::adapter::{Adapter, Failure, Start};
use super::drive::Driver;
use super::run::{By, Entry, Run};
use crate::property::PropertyId;
use captp_wire::adapter::{Hello, Request};
use captp_wire::decode::Wire;
use captp_wire::sums::Rules;

/// An adapter that hangs, or cannot be started, so often, one schedule after the other, is given
/// up.
const HOPELESS: u32 = 12;

/// How a schedule is performed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Manner {
    /// Whether one of several copies of a reference is dropped as soon as there are several.
    pub drops_copies: bool,
    /// Whether a peer breaks the protocol, so that errors are right.
    pub is_hostile: bool,
    /// Whether promises that are open at the end are broken before all is dropped. A system may
    /// keep what is open; whether this one does is not known where its model has no promises.
    pub settles: bool,
}

/// An adapter that is started anew whenever it is lost.
#[derive(Debug)]
pub struct Stage {
    start: Start,
    adapter: Option<Adapter>,
    hello: Hello,
    wire: Wire,
    rules: Option<Rules>,
    lost_in_a_row: u32,
    /// How often the adapter was lost.
    pub lost: u64,
}

impl Stage {
    /// Starts the adapter.
    ///
    /// # Errors
    /// It cannot be started, or speaks what nobody here understands.
    pub fn new(start: Start) -> Result<Self, Failure> {
        let adapter = Adapter::start(&start)?;
        let hello = adapter.hello().clone();
        let wire = hello.wire.parse().map_err(|unknown| Failure::Nonsense {
            line: format!("wire {}", hello.wire),
            why: format!("no wire: {unknown}"),
        })?;
        let rules = Rules::of(&hello.system).ok();
        Ok(Self { start, adapter: Some(adapter), hello, wire, rules, lost_in_a_row: 0, lost: 0 })
    }

    /// What the adapter has said of itself.
    pub const fn hello(&self) -> &Hello {
        &self.hello
    }

    /// How its messages are written.
    pub const fn wire(&self) -> Wire {
        self.wire
    }

    /// Whether counts are compared: some systems have none.
    pub const fn has_sums(&self) -> bool {
        self.rules.is_some()
    }

    /// Opens two vats, and leads them with `lead`. What is lost on the way is in the run.
    pub fn perform(
        &mut self,
        is_hostile: bool,
        lead: impl FnOnce(&mut Driver<'_>, &Hello) -> Result<(), Failure>,
    ) -> Run {
        let (run, takes_long) = match self.opened() {
            // What does not start has done nothing, neither right nor wrong.
            Err(failure) => (Run { failure: Some(failure), ..Run::default() }, true),
            Ok(adapter) => {
                let run = self.led(adapter, is_hostile, lead);
                let lost = run.failure.as_ref();
                let takes_long = lost.is_some_and(|lost| lost.takes_long());
                (run, takes_long)
            }
        };
        self.lost_in_a_row = if takes_long { self.lost_in_a_row + 1 } else { 0 };
        self.lost += u64::from(run.failure.is_some());
        run
    }

    fn led(
        &mut self,
        mut adapter: Adapter,
        is_hostile: bool,
        lead: impl FnOnce(&mut Driver<'_>, &Hello) -> Result<(), Failure>,
    ) -> Run {
        let mut driver = Driver::new(&mut adapter, self.wire, self.rules, self.start.bound);
        driver.is_forgiven = is_hostile;
        let opened = driver.ask(&Request::Open, By::Suite).and_then(must_open);
        let led = opened.and_then(|()| lead(&mut driver, &self.hello));
        let mut run = driver.run;
        // What was told nonsense, or complains, may be dead by now, or hang. The next schedule has
        // nothing to do with that.
        let is_suspect = is_hostile || !run.complaints.is_empty();
        let led =
            led.and_then(|()| if is_suspect { opens(&mut adapter, &mut run) } else { Ok(()) });
        match led {
            Ok(()) => self.adapter = Some(adapter),
            Err(failure) => {
                let property = if is_hostile { PropertyId::S7 } else { PropertyId::S6 };
                run.violate(property, failure.to_string());
                run.failure = Some(failure);
            }
        }
        run
    }

    /// Whether the adapter hangs, or does not start, again and again, so that nothing is to be
    /// learned from it.
    pub const fn is_hopeless(&self) -> bool {
        self.lost_in_a_row >= HOPELESS
    }

    /// A running adapter. One that has ended when nothing was asked of it is replaced.
    fn opened(&mut self) -> Result<Adapter, Failure> {
        if let Some(mut adapter) = self.adapter.take() {
            if adapter.is_running() {
                return Ok(adapter);
            }
            self.lost += 1;
        }
        Adapter::start(&self.start)
    }

    /// Performs a schedule, then reads, asks, drops and collects everything.
    pub fn schedule(&mut self, requests: &[Request], manner: Manner) -> Run {
        self.perform(manner.is_hostile, |driver, hello| {
            let baseline = driver.baseline(hello)?;
            for request in requests {
                driver.step(request)?;
                if manner.drops_copies {
                    driver.drop_copies()?;
                }
            }
            driver.drain()?;
            driver.judge_received();
            if manner.settles {
                driver.settle_all()?;
            }
            driver.probe_all()?;
            if driver.watch.waits_for_a_promise() {
                driver.settle_all()?;
            }
            driver.answer_all()?;
            driver.forget(hello)?;
            driver.judge_rest(hello, &baseline)
        })
    }
}

/// Two vats are always opened.
fn must_open(is_done: bool) -> Result<(), Failure> {
    let why = "a refusal to open two vats".to_owned();
    let refused = Failure::Nonsense { line: "done: false".to_owned(), why };
    if is_done { Ok(()) } else { Err(refused) }
}

/// Whether an adapter still opens two vats, after a run. What comes of it is no part of the run,
/// unless it is lost.
fn opens(adapter: &mut Adapter, run: &mut Run) -> Result<(), Failure> {
    let opened = adapter.ask(&Request::Open).and_then(|reply| must_open(reply.is_done()));
    if opened.is_err() {
        run.entries.push(Entry {
            request: Request::Open,
            by: By::Suite,
            step: run.entries.last().map_or(0, |entry| entry.step),
            refused: None,
            sent: Vec::new(),
            read: Vec::new(),
            said: vec!["the adapter is lost".to_owned()],
        });
    }
    opened
}

impl Driver<'_> {
    /// Drops one of several copies of whatever is held several times.
    fn drop_copies(&mut self) -> Result<(), Failure> {
        let several = self.watch.held.iter().filter(|(_, copies)| **copies > 1);
        let several: Vec<_> = several.map(|(at, _)| at.clone()).collect();
        for (vat, name) in several {
            self.ask(&Request::DropOne { vat, name }, By::Schedule)?;
        }
        Ok(())
    }
}

impl Run {
    /// What the schedule came to: the steps that were done. A delivery is one step, however many
    /// messages were read in it.
    pub fn requests(&self) -> Vec<Request> {
        let of_schedule = self.entries.iter().filter(|entry| entry.by == By::Schedule);
        let done: Vec<_> = of_schedule.filter(|entry| entry.refused.is_none()).collect();
        let same = |one: &Entry, other: &Entry| {
            let reads = |entry: &Entry| matches!(entry.request, Request::Deliver { .. });
            one.step == other.step && reads(one) && reads(other)
        };
        let steps = done.chunk_by(|one, other| same(one, other));
        steps.filter_map(|step| step.first()).map(|entry| entry.request.clone()).collect()
    }
}
