//! From a schedule that shows something to a shortest part of it that still does.

use captp_wire::adapter::Request;
use std::time::{Duration, Instant};

/// How often a schedule is tried again at most.
const TRIES_MAX: usize = 120;
/// How long it is tried at most: where an adapter hangs, each time takes all the patience there is.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Leaves out as much of `requests` as `shows` allows: halves, quarters, and so on to single steps,
/// until no single step can go (after Zeller and Hildebrandt, "Simplifying and isolating
/// failure-inducing input", 2002).
pub(super) fn shrink(
    requests: Vec<Request>,
    mut shows: impl FnMut(&[Request]) -> bool,
) -> Vec<Request> {
    let mut kept = requests;
    let mut size = kept.len().div_ceil(2);
    let mut tries = 0;
    let started = Instant::now();
    let is_enough = |tries| tries >= TRIES_MAX || started.elapsed() >= TIME_MAX;
    while size > 0 && !kept.is_empty() {
        let mut is_smaller = false;
        let mut from = 0;
        while from < kept.len() && !is_enough(tries) {
            let to = (from + size).min(kept.len());
            let less: Vec<Request> = kept[..from].iter().chain(&kept[to..]).cloned().collect();
            tries += 1;
            if shows(&less) {
                (kept, is_smaller) = (less, true);
            } else {
                from = to;
            }
        }
        if is_enough(tries) {
            break;
        }
        size = if size == 1 && is_smaller { 1 } else { size / 2 };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use captp_wire::line::End;

    fn named(number: usize) -> Request {
        Request::Drop { vat: End::A, name: number.to_string() }
    }

    #[test]
    fn what_is_needed_stays_in_order_and_nothing_else_does() {
        let all: Vec<Request> = (0..40).map(named).collect();
        let needed = [named(3), named(17), named(38)];
        let shows = |some: &[Request]| {
            let found: Vec<_> = some.iter().filter(|r| needed.contains(r)).collect();
            found == needed.iter().collect::<Vec<_>>()
        };
        assert_eq!(shrink(all, shows), needed);
    }

    #[test]
    fn what_shows_with_nothing_shrinks_to_nothing_and_what_never_shows_again_stays() {
        let all: Vec<Request> = (0..7).map(named).collect();
        assert!(shrink(all.clone(), |_| true).is_empty());
        assert_eq!(shrink(all.clone(), |_| false), all);
    }
}
