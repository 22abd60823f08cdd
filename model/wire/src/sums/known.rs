//! What is remembered of places and questions that are gone, in bounded memory.

use crate::line::Place;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Which numbers were ever used, as intervals: one, where numbers are given in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ever {
    /// First and last number of each interval.
    intervals: BTreeMap<u32, u32>,
    /// Nothing is known of the numbers below.
    unknown_below: u32,
}

impl Ever {
    const INTERVALS_MAX: usize = 4096;

    pub(super) fn insert(&mut self, number: u32) {
        if number < self.unknown_below || self.contains(number) == Some(true) {
            return;
        }
        let mut last = number;
        let next = number.checked_add(1);
        if let Some(end) = next.and_then(|next| self.intervals.remove(&next)) {
            last = end;
        }
        let before = self.intervals.range_mut(..number).next_back();
        match before {
            Some((_, end)) if number.checked_sub(1) == Some(*end) => *end = last,
            _ => {
                self.intervals.insert(number, last);
            }
        }
        if self.intervals.len() > Self::INTERVALS_MAX {
            self.intervals.pop_first();
            let lowest = self.intervals.first_key_value();
            self.unknown_below = lowest.map_or(self.unknown_below, |(first, _)| *first);
        }
    }

    /// Whether it was ever used, if that is still known.
    pub(super) fn contains(&self, number: u32) -> Option<bool> {
        if number < self.unknown_below {
            return None;
        }
        let before = self.intervals.range(..=number).next_back();
        Some(before.is_some_and(|(_, last)| number <= *last))
    }
}

/// Ids of questions for which something may still come. If there are too many, it forgets them,
/// and says from then on that any may be one.
#[derive(Clone, Debug, Default)]
pub(super) struct Spared {
    ids: BTreeSet<u32>,
    forgot: bool,
}

impl Spared {
    const MAX: usize = 1 << 16;

    pub(super) fn insert(&mut self, id: u32) {
        if self.ids.len() >= Self::MAX {
            self.ids.clear();
            self.forgot = true;
        }
        self.ids.insert(id);
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.forgot || self.ids.contains(&id)
    }

    /// Whether it was, or may have been, one.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        self.ids.remove(&id) || self.forgot
    }
}

/// Places whose last mention was given back by a message that their exporter may not have read yet:
/// it may still mention them as something that it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Crossing {
    /// By which message of the other end each was given back.
    by: HashMap<Place, u64>,
    order: VecDeque<(u64, Place)>,
    /// The latest message of which something was forgotten.
    forgotten: u64,
}

impl Crossing {
    const MAX: usize = 1 << 14;

    /// `by` is the number of the message among those of its sender; the exporter has surely read
    /// the first `read` of them.
    ///
    /// A finish gives results back before they come: then an earlier message is the last to give
    /// something back, and the later one still counts.
    pub(super) fn insert(&mut self, place: Place, by: u64, read: u64) {
        let by = self.by.get(&place).map_or(by, |before| by.max(*before));
        while self.order.front().is_some_and(|(by, _)| *by <= read) {
            self.forget_first();
        }
        if by <= read {
            return;
        }
        if self.order.len() >= Self::MAX {
            let forgotten = self.forget_first();
            self.forget(forgotten.unwrap_or_default());
        }
        self.order.push_back((by, place.clone()));
        self.by.insert(place, by);
    }

    /// The same, where nobody has asked yet whether it may be so.
    pub(super) fn forget(&mut self, by: u64) {
        self.forgotten = self.forgotten.max(by);
    }

    pub(super) fn may_be(&self, place: &Place, read: u64) -> bool {
        self.forgotten > read || self.by.get(place).is_some_and(|by| *by > read)
    }

    fn forget_first(&mut self) -> Option<u64> {
        let (by, place) = self.order.pop_front()?;
        if self.by.get(&place) == Some(&by) {
            self.by.remove(&place);
        }
        Some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_order_are_one_interval_and_gaps_are_remembered() {
        let mut ever = Ever::default();
        for number in (0..1000).filter(|number| *number != 500) {
            ever.insert(number);
        }
        assert_eq!(ever.intervals.len(), 2);
        assert_eq!(ever.contains(500), Some(false));
        ever.insert(500);
        assert_eq!((ever.intervals.len(), ever.contains(500)), (1, Some(true)));
        ever.insert(u32::MAX);
        assert_eq!(ever.contains(u32::MAX), Some(true));
        assert_eq!(ever.contains(u32::MAX - 1), Some(false));
    }

    #[test]
    fn too_many_gaps_are_forgotten_and_not_taken_for_knowledge() {
        let mut ever = Ever::default();
        (0..100_000).map(|number| number * 2).for_each(|number| ever.insert(number));
        assert_eq!(ever.intervals.len(), Ever::INTERVALS_MAX);
        assert_eq!(ever.contains(1), None);
        assert_eq!(ever.contains(199_997), Some(false));
        assert_eq!(ever.contains(199_998), Some(true));
    }

    #[test]
    fn what_was_given_back_crosses_until_it_was_read_or_is_forgotten() {
        let mut crossing = Crossing::default();
        for by in 1..=u32::try_from(Crossing::MAX).unwrap() + 1 {
            crossing.insert(Place::new(by), u64::from(by), 0);
        }
        assert!(crossing.may_be(&Place::new(1), 0), "it was forgotten, and nothing was read");
        assert!(!crossing.may_be(&Place::new(1), 1));
        assert!(crossing.may_be(&Place::new(2), 1));
        assert!(!crossing.may_be(&Place::new(2), 2));
        assert!(crossing.order.len() <= Crossing::MAX);
    }
}
