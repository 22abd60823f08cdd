//! Histories: what was called and what came back, in the order in which it did, and whether there
//! is an order of the operations in which the pure tables answer the same.
//!
//! Two operations touch several words one after the other, and do not happen at one point in time:
//!
//! * A **drain** serves one slot after the other, and **closing** breaks one slot after the other,
//!   and then closes the export table. Each of these parts happens at a point of its own between
//!   the call and the return. So a call is recorded as several operations at the same time, each
//!   in a thread of its own as far as the tester is concerned.
//!   A proxy that is revived and dropped while it runs may be served twice: two parts.
//! * A drain need not find what is being reported or served while it runs. A dropped proxy is gone
//!   before its page is on the queue; while the thread that has to put it there is on its way, and
//!   while another drain has taken the page from there, its slots are not found, not even those
//!   whose own drop has returned. That is not an operation that was forgotten, only one that is not
//!   done yet. So a drain that returns nothing of an index says something only if no other thread
//!   dropped or drained meanwhile. What it does return must be right in any case; and when the
//!   threads are done, a last drain is alone, so nothing is ever lost.

use crate::spec::{Name, Op, Ret, Spec};
use captp_gc::protocol::{GcExportOp, Index, Limits};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use std::sync::Mutex;

/// What is asked of a drain while other threads drop and drain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drains {
    /// What is true: see above.
    MayMiss,
    /// Too much.
    FindEverything,
}

/// What a thread calls.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// One that happens at one point in time.
    Once(Op),
    Drain,
    Close,
}

/// What it gets.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Once(Ret),
    Drained(Vec<GcExportOp>),
    Closed(Vec<Name>),
}

#[derive(Debug)]
enum Event {
    Called(Call),
    Answered(Answer),
}

/// The events of one execution, each with its thread. The lock is no lock of the checker's, which
/// runs one thread at a time and must not see another place to switch.
#[derive(Default)]
pub(crate) struct History(Mutex<Vec<(usize, Event)>>);

impl History {
    /// Records a call and what it returns.
    pub(crate) fn record(&self, thread: usize, call: Call, run: impl FnOnce() -> Answer) -> Answer {
        self.push(thread, Event::Called(call));
        let answer = run();
        self.push(thread, Event::Answered(answer.clone()));
        answer
    }

    fn push(&self, thread: usize, event: Event) {
        self.0.lock().expect("nothing panics under it").push((thread, event));
    }

    /// Whether the pure tables could have answered so.
    ///
    /// # Errors
    /// The history, if not.
    pub(crate) fn check(
        &self,
        limits: Limits,
        indices: &[Index],
        drains: Drains,
    ) -> Result<(), String> {
        let events = self.0.lock().expect("nothing panics under it");
        let mut tester = LinearizabilityTester::new(Spec::new(limits));
        for (at, (thread, event)) in events.iter().enumerate() {
            // An operation is told with its return at hand, since that may say nothing.
            let (is_call, from) = match event {
                Event::Called(_) => (true, at),
                Event::Answered(_) => (false, called(&events, at)),
            };
            for (part, (op, ret)) in parts(&events, from, indices, drains).into_iter().enumerate() {
                let told = match is_call {
                    true => tester.on_invoke((*thread, part), op),
                    false => tester.on_return((*thread, part), ret),
                };
                told.map(|_| ()).expect("every call is answered before the thread's next");
            }
        }
        if tester.is_consistent() { Ok(()) } else { Err(listed(&events)) }
    }
}

/// Where the answer at `at` was called for.
fn called(events: &[(usize, Event)], at: usize) -> usize {
    let thread = events[at].0;
    events[..at].iter().rposition(|(other, _)| *other == thread).expect("it was called for")
}

/// Where the call at `from` is answered.
fn answered(events: &[(usize, Event)], from: usize) -> usize {
    let thread = events[from].0;
    let after = events[from + 1..].iter().position(|(other, _)| *other == thread);
    from + 1 + after.expect("it is answered")
}

/// The operations that the call at `from` stands for, with what they returned.
fn parts(
    events: &[(usize, Event)],
    from: usize,
    indices: &[Index],
    drains: Drains,
) -> Vec<(Op, Ret)> {
    let to = answered(events, from);
    match (&events[from].1, &events[to].1) {
        (Event::Called(Call::Once(op)), Event::Answered(Answer::Once(ret))) => {
            vec![(op.clone(), ret.clone())]
        }
        (Event::Called(Call::Drain), Event::Answered(Answer::Drained(ops))) => {
            let tells = drains == Drains::FindEverything || is_alone(events, from, to);
            let at = |index: &Index| {
                let given = ops.iter().filter(|op| op.index == *index).map(|op| Some(op.delta));
                let nothing = tells && !ops.iter().any(|op| op.index == *index);
                let drained = given.chain(nothing.then_some(None));
                let op = Op::DrainAt(*index);
                drained.map(|given| (op.clone(), Ret::Drained(given))).collect::<Vec<_>>()
            };
            indices.iter().flat_map(at).collect()
        }
        (Event::Called(Call::Close), Event::Answered(Answer::Closed(objects))) => {
            let slots = indices.iter().map(|index| (Op::CloseImport(*index), Ret::Done));
            slots.chain([(Op::CloseExports, Ret::Closed(objects.clone()))]).collect()
        }
        (call, answer) => unreachable!("{call:?} is answered by {answer:?}"),
    }
}

/// Whether no other thread drops or drains between the call at `from` and its answer at `to`.
fn is_alone(events: &[(usize, Event)], from: usize, to: usize) -> bool {
    events[..to].iter().enumerate().all(|(at, (thread, event))| {
        let reports = matches!(event, Event::Called(Call::Drain | Call::Once(Op::Drop(_))));
        *thread == events[from].0 || !reports || answered(events, at) < from
    })
}

fn listed(events: &[(usize, Event)]) -> String {
    let line = |(thread, event): &(usize, Event)| match event {
        Event::Called(call) => format!("  thread {thread} calls {call:?}\n"),
        Event::Answered(answer) => format!("  thread {thread} gets  {answer:?}\n"),
    };
    events.iter().map(line).collect()
}
