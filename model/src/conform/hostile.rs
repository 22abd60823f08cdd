//! Messages of a peer that breaks the protocol, and what an implementation makes of them.

use super::adapter::Failure;
use super::drive::Driver;
use super::ending::Baseline;
use super::perform::Stage;
use super::run::{By, Entry, Run};
use crate::property::PropertyId;
use captp_wire::adapter::{Can, Hello, Named, Request};
use captp_wire::encode::{Hostile, IllTyped};
use captp_wire::line::{End, Line, Mention, Place, Ref};
use serde::Serialize;

/// An id that nobody has used.
const UNKNOWN: u32 = 977;
/// An export of VatA's that VatB has never heard of.
const FRESH: u32 = 50;

/// What became of the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// Nothing was said, and the session goes on.
    Ignored,
    /// It complained, and the session goes on.
    Complained,
    /// The session ended.
    Ended,
    /// The process is gone, or hangs.
    Lost,
}

impl Reaction {
    /// In a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Complained => "refused, session goes on",
            Self::Ended => "session ended",
            Self::Lost => "process lost",
        }
    }
}

/// One case, and what came of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What the peer did.
    pub case: &'static str,
    /// Whether the adapter made the victim read it.
    pub is_done: bool,
    /// What became of the session.
    pub reaction: Reaction,
    /// What the implementation said.
    pub said: String,
    /// All of it.
    pub run: Run,
}

/// What a hostile VatA does, when it has read a mention of Bob at a place.
struct Case {
    name: &'static str,
    /// Whether VatA has dropped Bob before, and VatB has read so.
    is_released: bool,
    messages: fn(&Place) -> Vec<Hostile>,
}

const CASES: &[Case] = &[
    Case {
        name: "a release of more than there are mentions",
        is_released: false,
        messages: |at| vec![Hostile::Release { at: at.clone(), count: 5 }],
    },
    Case {
        name: "a release of the largest number",
        is_released: false,
        messages: |at| vec![Hostile::Release { at: at.clone(), count: u32::MAX }],
    },
    Case {
        name: "a release of nothing",
        is_released: false,
        messages: |at| vec![Hostile::Release { at: at.clone(), count: 0 }],
    },
    Case {
        name: "a release of an export that there is not",
        is_released: false,
        messages: |at| vec![Hostile::Release { at: unknown(at), count: 1 }],
    },
    Case {
        name: "a release of what was released",
        is_released: true,
        messages: |at| vec![Hostile::Release { at: at.clone(), count: 1 }],
    },
    Case {
        name: "a call of what was released",
        is_released: true,
        messages: |at| vec![Hostile::Call { at: at.clone(), question: Some(UNKNOWN) }],
    },
    Case {
        name: "a call of an export that there is not",
        is_released: false,
        messages: |at| vec![Hostile::Call { at: unknown(at), question: Some(UNKNOWN) }],
    },
    Case {
        name: "a question whose id is in use",
        is_released: false,
        messages: |at| {
            let again = Hostile::Call { at: at.clone(), question: Some(UNKNOWN) };
            vec![again.clone(), again]
        },
    },
    Case {
        name: "an answer to no question",
        is_released: false,
        messages: |_| vec![Hostile::Return { question: UNKNOWN }],
    },
    Case {
        name: "the end of no question",
        is_released: false,
        messages: |_| vec![Hostile::Finish { question: UNKNOWN, release_results: true }],
    },
    Case {
        name: "the resolution of no promise",
        is_released: false,
        messages: |at| vec![Hostile::Resolve { promise: unknown(at), to: unknown(at) }],
    },
    Case {
        name: "a release by way of an unimplemented Resolve",
        is_released: false,
        messages: |at| {
            let more = || Hostile::UnimplementedResolve { promise: at.clone(), to: at.clone() };
            vec![more(), more()]
        },
    },
    Case {
        name: "the end of no embargo",
        is_released: false,
        messages: |at| vec![Hostile::Disembargo { at: at.clone(), embargo: UNKNOWN }],
    },
    Case {
        name: "a release of less than nothing",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::Negative)],
    },
    Case {
        name: "a release of half a mention",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::Fraction)],
    },
    Case {
        name: "a release of a text",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::Text)],
    },
    Case {
        name: "a release of null",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::Null)],
    },
    Case {
        name: "a release of a list",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::List)],
    },
    Case {
        name: "a release of an object",
        is_released: false,
        messages: |at| vec![ill(at, IllTyped::Object)],
    },
    Case {
        name: "a question for the first object whose id is in use",
        is_released: false,
        messages: |at| {
            let call = Hostile::Call { at: at.clone(), question: Some(UNKNOWN) };
            vec![call, Hostile::Bootstrap { question: UNKNOWN }]
        },
    },
    Case {
        name: "an argument that there is not, among good ones",
        is_released: false,
        messages: |at| vec![call_with(at, vec![good(false), bad(at), good(true)])],
    },
    Case {
        name: "an argument that there is not, before good ones",
        is_released: false,
        messages: |at| vec![call_with(at, vec![bad(at), good(false), good(true)])],
    },
    Case {
        name: "a mention again of what was never introduced",
        is_released: false,
        messages: |_| vec![Hostile::Describe { at: Place::new(FRESH), again: true }],
    },
    Case {
        name: "a first mention of what is held",
        is_released: false,
        messages: |_| vec![Hostile::Describe { at: Place::new(FRESH), again: false }; 2],
    },
];

fn unknown(at: &Place) -> Place {
    Place { index: at.index.saturating_add(UNKNOWN), space: at.space.clone() }
}

/// A call of Bob. Its method does not matter: arguments are read before anything is called.
fn call_with(at: &Place, refs: Vec<Ref>) -> Hostile {
    Hostile::CallWith { at: at.clone(), refs, question: UNKNOWN }
}

/// An argument that can be read.
fn good(again: bool) -> Ref {
    Ref::Mention(Mention { at: Place::new(FRESH), again: Some(again), promise: false })
}

/// An argument that VatB is said to have exported.
fn bad(at: &Place) -> Ref {
    Ref::Home(unknown(at))
}

fn ill(at: &Place, count: IllTyped) -> Hostile {
    Hostile::IllRelease { at: at.clone(), count }
}

/// Tries every case that this wire can say.
pub fn hostile(stage: &mut Stage, mut each: impl FnMut(&'static str)) -> Vec<Tried> {
    if !stage.hello().can(Can::Hostile) {
        return Vec::new();
    }
    let mut tried = Vec::new();
    for case in CASES {
        each(case.name);
        tried.extend(attempt(stage, case));
    }
    tried
}

/// Tries one case; none if the wire cannot say it.
fn attempt(stage: &mut Stage, case: &Case) -> Option<Tried> {
    let wire = stage.wire();
    let mut is_said = true;
    let mut run = stage.perform(true, |driver, hello| {
        let before = driver.baseline(hello)?;
        let send = Request::Send { vat: End::B, refs: vec![Named::Own("Bob".to_owned())] };
        driver.ask(&send, By::Schedule)?;
        let place = mentioned(driver);
        driver.drain()?;
        if case.is_released {
            let (vat, name) = (End::A, "Bob".to_owned());
            driver.ask(&Request::Drop { vat, name: name.clone() }, By::Schedule)?;
            if hello.can(Can::Collect) {
                driver.ask(&Request::Collect { vat, name: Some(name.clone()) }, By::Schedule)?;
                driver.ask(&Request::Finalise { vat, name: Some(name) }, By::Schedule)?;
            }
            driver.drain()?;
        }
        let messages = place.map_or_else(Vec::new, |at| (case.messages)(&at));
        let raws: Option<Vec<_>> = messages.iter().map(|message| message.encode(wire)).collect();
        let Some(raws) = raws.filter(|raws| !raws.is_empty()) else {
            is_said = false;
            return Ok(());
        };
        let part = match (messages.as_slice(), raws.as_slice()) {
            ([Hostile::CallWith { .. }], [raw]) => driver.begin_part(hello, raw)?,
            _ => None,
        };
        let mut is_read = false;
        for raw in raws {
            is_read |= driver.ask(&Request::Hostile { to: End::B, raw }, By::Schedule)?;
        }
        driver.drain()?;
        let mut is_over = driver.run.ended.contains_key(&End::B);
        if let Some(part) = part {
            if is_read && !is_over {
                driver.judge_part(hello, &part)?;
                is_over = driver.run.ended.contains_key(&End::B);
            }
            // VatA may say what it likes to answers of what it has not asked.
            driver.is_case_over = true;
        }
        if !is_over && hello.can(Can::Cut) {
            // What comes after this has nothing to do with the case.
            driver.is_case_over = true;
            is_over = driver.ask(&Request::Cut { vat: End::B }, By::Suite)?;
        }
        driver.deaf = None;
        driver.forget(hello)?;
        if is_over { driver.kept_by_victim(hello, &before) } else { Ok(()) }
    });
    if !is_said {
        return None;
    }
    let panic = run.complaints.iter().find(|text| text.contains("panic")).cloned();
    if let Some(panic) = panic {
        run.violate(PropertyId::S7, panic);
    }
    let reaction = match &run {
        Run { failure: Some(_), .. } => Reaction::Lost,
        Run { ended, .. } if !ended.is_empty() => Reaction::Ended,
        Run { complaints, .. } if !complaints.is_empty() => Reaction::Complained,
        _ => Reaction::Ignored,
    };
    let said = run.ended.values().chain(&run.complaints).next().cloned().unwrap_or_default();
    let hostile = |entry: &Entry| matches!(entry.request, Request::Hostile { .. });
    let mut hostile = run.entries.iter().filter(|entry| hostile(entry));
    let is_done = hostile.any(|entry| entry.refused.is_none());
    Some(Tried { case: case.name, is_done, reaction, said, run })
}

/// Where Bob was mentioned.
fn mentioned(driver: &Driver<'_>) -> Option<Place> {
    let last = driver.run.trace.iter().rev();
    let mut refs = last.filter_map(|line| match line {
        Line::Message(message) if message.from == End::B => Some(message.refs.iter()),
        _ => None,
    });
    refs.find_map(|mut refs| {
        refs.find_map(|reference| match reference {
            Ref::Mention(mention) => Some(mention.at.clone()),
            _ => None,
        })
    })
}

impl Driver<'_> {
    /// When the session is over, the victim keeps nothing for the peer that broke the protocol.
    fn kept_by_victim(&mut self, hello: &Hello, before: &Baseline) -> Result<(), Failure> {
        self.judge_tables(hello, before, &[End::B], PropertyId::S7)?;
        if !hello.can(Can::Witness) {
            return Ok(());
        }
        self.ask(&Request::Witness, By::Suite)?;
        let alive = self.alive.get(&End::B).cloned().unwrap_or_default();
        if !alive.is_empty() {
            let finding = format!("the session is over, and VatB still keeps {}", alive.join(", "));
            self.run.violate(PropertyId::S7, finding);
        }
        Ok(())
    }
}
