//! The same thing over and over: what was given back must not cost memory.

use super::adapter::Failure;
use super::campaign::Effort;
use super::drive::Driver;
use super::perform::{Manner, Stage};
use super::run::{By, Run};
use super::schedule::Origin;
use super::seen::Seen;
use crate::property::PropertyId;
use captp_wire::adapter::{Can, Hello, Named, Request};
use captp_wire::line::End;
use serde::Serialize;

/// How often memory is looked at, after a warm-up.
const BLOCKS: usize = 4;
/// Growth that is not worth a word, in bytes a cycle: allocators round, and measurements too.
const NOISE: u64 = 64;

/// Growth in all that is not worth a word, in bytes: some implementations can only count pages.
const PAGES: u64 = 16 << 10;

/// What is done over and over.
struct Cycle {
    what: &'static str,
    needs: Option<Can>,
    steps: fn() -> Vec<Request>,
}

const CYCLES: &[Cycle] = &[
    Cycle {
        what: "a reference is sent, dropped and released",
        needs: None,
        steps: || {
            let mut steps = vec![
                Request::Send { vat: End::B, refs: vec![Named::Own("Bob".to_owned())] },
                Request::Deliver { to: End::A },
            ];
            steps.extend(dropped("Bob"));
            steps
        },
    },
    Cycle {
        what: "a call is made and returned",
        needs: Some(Can::Ask),
        steps: || {
            let (target, question) = ("Bob".to_owned(), "qA1".to_owned());
            let ask = Request::Ask { vat: End::A, target, refs: Vec::new(), question };
            let question = "qA1".to_owned();
            let mut steps = vec![
                Request::Send { vat: End::B, refs: vec![Named::Own("Bob".to_owned())] },
                Request::Deliver { to: End::A },
                ask,
                Request::Deliver { to: End::B },
                Request::Return { vat: End::B, question, refs: Vec::new() },
                Request::Deliver { to: End::A },
            ];
            steps.extend(dropped("Bob"));
            steps.extend(dropped("qA1"));
            steps
        },
    },
];

fn dropped(name: &str) -> Vec<Request> {
    let (vat, name) = (End::A, name.to_owned());
    vec![
        Request::Drop { vat, name: name.clone() },
        Request::Collect { vat, name: Some(name.clone()) },
        Request::Finalise { vat, name: Some(name) },
    ]
}

/// How much more often something is done before it is said that memory grows.
const MORE: u32 = 5;

/// What a cycle has cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cycled {
    /// What was done.
    pub what: &'static str,
    /// How often, between the first look and the last.
    pub times: u64,
    /// The bytes in use, each time that somebody looked.
    pub memory: Vec<u64>,
    /// How many bytes more were in use after each, on average.
    pub growth: u64,
    /// Whether it grew from each look to the next, by more than noise.
    pub grows: bool,
}

/// Does each over and over, and looks at the memory.
pub(super) fn cycles(
    stage: &mut Stage,
    effort: &Effort,
    seen: &mut Seen,
    say: &mut dyn FnMut(&str),
) -> Vec<Cycled> {
    let hello = stage.hello().clone();
    if !hello.can(Can::Memory) || effort.cycles == 0 {
        return Vec::new();
    }
    let wanted = CYCLES.iter().filter(|cycle| cycle.needs.is_none_or(|can| hello.can(can)));
    let mut all = Vec::new();
    for cycle in wanted {
        say(&format!("over and over: {}", cycle.what));
        let mut look = |times| {
            let run = stage.perform(false, |driver, hello| around(driver, hello, cycle, times));
            (cycled(cycle, times, &run), run)
        };
        let (mut cycled, mut run) = look(effort.cycles);
        if cycled.grows {
            // A heap may take its time to settle: what is kept shows all the more.
            (cycled, run) = look(effort.cycles.saturating_mul(MORE));
        }
        // The trace of it says the same thing over and over, too.
        run.trace.clear();
        run.entries.truncate(2 * (cycle.steps)().len());
        if cycled.grows {
            let bytes = cycled.growth;
            let finding = format!("{bytes} bytes are kept each time that {}", cycle.what);
            run.violate(PropertyId::L3, finding);
        }
        if cycled.memory.len() == BLOCKS {
            let count = seen.counts.entry(PropertyId::L3).or_default();
            (count.tested, count.judged) = (count.tested + 1, count.judged + 1);
        }
        let origin = Origin::Cycle { what: cycle.what.to_owned() };
        seen.note(&origin, Manner::default(), &run, false);
        all.push(cycled);
    }
    all
}

fn around(
    driver: &mut Driver<'_>,
    hello: &Hello,
    cycle: &Cycle,
    times: u32,
) -> Result<(), Failure> {
    let mut steps = (cycle.steps)();
    steps.retain(|request| hello.can_do(request));
    for _ in 0..BLOCKS {
        for _ in 0..times {
            for request in &steps {
                match request {
                    Request::Deliver { to } => {
                        driver.deliver(*to, By::Schedule)?;
                    }
                    other => {
                        driver.ask(other, By::Schedule)?;
                    }
                }
            }
            driver.drain()?;
            driver.forget_journal();
        }
        driver.collect_all(hello)?;
        driver.ask(&Request::Memory, By::Suite)?;
    }
    Ok(())
}

fn cycled(cycle: &Cycle, times: u32, run: &Run) -> Cycled {
    let memory = run.memory.clone();
    let times = u64::from(times) * (memory.len().saturating_sub(1) as u64);
    let (first, last) = (memory.first().copied(), memory.last().copied());
    let more = last.unwrap_or(0).saturating_sub(first.unwrap_or(0));
    let growth = more.checked_div(times).unwrap_or(0);
    let always = memory.windows(2).all(|pair| pair[0] < pair[1]);
    let grows = memory.len() == BLOCKS && always && growth > NOISE && more > PAGES;
    Cycled { what: cycle.what, times, memory, growth, grows }
}

impl Driver<'_> {
    /// Of what is done over and over, the beginning is enough; and each time is a schedule.
    fn forget_journal(&mut self) {
        const KEPT: usize = 64;
        self.run.trace.clear();
        self.run.entries.truncate(KEPT);
        self.begin_anew();
    }
}
