//! How much one schedule may take: an adapter that answers every request may still bring it about
//! that there is always one more to make.

use super::adapter::Failure;
use std::time::{Duration, Instant};

/// How much one schedule may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    /// The most requests: two correct vats need far fewer.
    pub requests: usize,
    /// How long it may last. A request that is under way then may still take its time.
    pub time: Duration,
}

impl Bound {
    /// The most requests, and so many times as long as one of them may take.
    pub const fn of(timeout: Duration) -> Self {
        Self { requests: 20_000, time: timeout.saturating_mul(60) }
    }
}

/// What a schedule has taken so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    bound: Bound,
    requests: usize,
    since: Instant,
}

impl Spent {
    /// Nothing yet.
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, requests: 0, since: Instant::now() }
    }

    /// From here it is another schedule.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::new(self.bound);
    }

    /// There is to be one more request.
    pub(super) fn spend(&mut self) -> Result<(), Failure> {
        let Bound { requests, time } = self.bound;
        if self.requests >= requests {
            return Err(Failure::Endless(format!("{requests} requests")));
        }
        if self.since.elapsed() >= time {
            return Err(Failure::Endless(format!("{} s", time.as_secs_f32())));
        }
        self.requests += 1;
        Ok(())
    }
}
