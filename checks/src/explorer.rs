//! What a scenario needs of a checker besides the primitives: threads.

use captp_gc::sync::Primitives;

/// A checker that runs the tables' threads in one interleaving after another.
pub trait Explorer: Primitives {
    /// A running thread.
    type Thread<T: Send + 'static>;

    /// Starts a thread.
    fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Self::Thread<T>;

    /// A number below this one, which a replay of the same schedule picks again.
    fn pick(below: usize) -> usize;

    /// Waits for it.
    ///
    /// # Panics
    /// If it panicked.
    fn join<T: Send + 'static>(thread: Self::Thread<T>) -> T;
}

/// What a scenario found. An error says what went wrong; the scenario returns it when it holds
/// nothing any more, since a checker cannot report a panic from a `Drop`.
pub type Verdict = Result<(), String>;

/// Returns from the scenario unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err(format!($($said)+));
        }
    };
}
