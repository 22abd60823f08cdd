//! Running a scenario again and again, until a checker has enough or an execution fails.

use crate::explorer::Verdict;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many executions there were; or which one failed, and what went wrong.
pub type Outcome = Result<usize, (usize, String)>;

/// One execution, as a checker wants it: it panics if the scenario fails.
pub type Execution = Box<dyn Fn() + Send + Sync>;

/// Hands the scenario to a checker, which runs it as often as it likes.
///
/// # Errors
/// The number of the execution that failed, and why.
pub fn attempt(run: fn() -> Verdict, check: impl FnOnce(Execution)) -> Outcome {
    let executions = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&executions);
    let execution = move || {
        count.fetch_add(1, Ordering::Relaxed);
        if let Err(wrong) = run() {
            panic!("{wrong}");
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| check(Box::new(execution))));
    let executions = executions.load(Ordering::Relaxed);
    outcome.map(|()| executions).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        (executions, said.unwrap_or_else(|| "the checker ended the execution".into()))
    })
}
