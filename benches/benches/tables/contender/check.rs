//! That every contender does the work. One that skipped some would look fast.

use super::capnp::CapnpRpc;
use super::captp::{CaptpGc, CaptpReader};
use super::dash::Dash;
use super::locked::{FastLock, Locked, StdLock};
use super::sharded::Sharded;
use super::{Mention, Object, Refused, Release, Tables};
use captp_gc::sync::{Leaking, Std};
use std::collections::BTreeMap;

/// Runs the same scripts against every contender, and panics if one differs.
pub(crate) fn all() {
    one::<CaptpGc<Std>>();
    one::<CaptpGc<Leaking>>();
    one::<CaptpReader>();
    one::<CapnpRpc>();
    one::<Locked<StdLock>>();
    one::<Locked<FastLock>>();
    one::<Dash>();
    one::<Sharded>();
}

fn one<T: Tables>() {
    an_object_is_counted_found_and_evicted_at_zero_in_both_directions::<T>();
    a_proxy_gives_back_all_its_mentions_once::<T>();
    mentions_of_a_proxy_that_was_replaced_are_not_lost::<T>();
    a_random_walk_conserves_every_mention::<T>();
}

fn an_object_is_counted_found_and_evicted_at_zero_in_both_directions<T: Tables>() {
    let tables = T::new();
    let [bob, carol] = [1, 2].map(T::Object::new);
    let [first, other, again] = [&bob, &carol, &bob].map(|o| tables.export(o).number());
    assert_eq!(first, again, "{}: one object has one index", T::NAME);
    assert_ne!(first, other, "{}: two objects have two", T::NAME);
    assert_eq!(tables.call(first), Some(1), "{}: found", T::NAME);
    assert_eq!(tables.lookup(first).map(|o| o.owners() > 2), Some(true), "{}: held", T::NAME);
    let gc = |index, delta| tables.gc_export(index, delta).map(|o| o.map(|o| o.number()));
    assert_eq!(gc(first, 1), Ok(None), "{}: one mention is left", T::NAME);
    assert_eq!(gc(first, 2), Err(Refused), "{}: more than there are", T::NAME);
    assert_eq!(gc(first, 1), Ok(Some(1)), "{}: evicted", T::NAME);
    assert_eq!(bob.owners(), 1, "{}: an evicted object is given up", T::NAME);
    assert!(tables.lookup(first).is_none() && gc(first, 1).is_err(), "{}", T::NAME);
    let anew = tables.export(&bob).number();
    assert_eq!(gc(anew, 1), Ok(Some(1)), "{}: forgotten at its address, too", T::NAME);
    assert_eq!(gc(other, 1), Ok(Some(2)), "{}", T::NAME);
}

/// What is owed by now, as a sum for each index.
fn owed<T: Tables>(tables: &T) -> BTreeMap<u32, u32> {
    let (mut releases, mut sums) = (Vec::new(), BTreeMap::new());
    tables.drain(&mut releases);
    for (index, delta) in releases.into_iter().map(Release::parts) {
        *sums.entry(index).or_default() += delta;
    }
    sums
}

fn a_proxy_gives_back_all_its_mentions_once<T: Tables>() {
    let tables = T::new();
    let proxies = [T::Mention::first(5), T::Mention::again(5)].map(|m| tables.import(m));
    let clone = proxies[0].clone();
    drop(proxies);
    assert_eq!(owed(&tables), BTreeMap::new(), "{}: a handle is left", T::NAME);
    drop(clone);
    assert_eq!(owed(&tables), BTreeMap::from([(5, 2)]), "{}", T::NAME);
    assert_eq!(owed(&tables), BTreeMap::new(), "{}: reported once", T::NAME);
}

fn mentions_of_a_proxy_that_was_replaced_are_not_lost<T: Tables>() {
    let tables = T::new();
    drop(tables.import(T::Mention::first(5)));
    let successor = tables.import(T::Mention::again(5));
    // The first one's mention may be reported by itself, or inherited.
    let early = owed(&tables).remove(&5).unwrap_or(0);
    assert!(early <= 1, "{}: the successor's mention is not owed", T::NAME);
    drop(successor);
    let late = owed(&tables).remove(&5).unwrap_or(0);
    assert_eq!(early + late, 2, "{}", T::NAME);
}

/// Exports, imports, clones, drops and drains at random, and lets everything go at the end.
fn a_random_walk_conserves_every_mention<T: Tables>() {
    const OBJECTS: usize = 40;
    let tables = T::new();
    let objects: Vec<_> = (0..OBJECTS).map(T::Object::new).collect();
    let mut handles = Vec::new();
    let mut mentions: BTreeMap<u32, (u32, usize)> = BTreeMap::new();
    let release = |mentions: &mut BTreeMap<u32, (u32, usize)>| {
        for (index, delta) in owed(&tables) {
            let (left, number) = mentions.get_mut(&index).expect("what was mentioned");
            *left = left.checked_sub(delta).expect("no more than was mentioned");
            let evicted = tables.gc_export(index, delta).expect("conserved");
            assert_eq!(evicted.map(|o| o.number()), (*left == 0).then_some(*number), "{}", T::NAME);
            if *left == 0 {
                mentions.remove(&index);
            }
        }
    };
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        match random.below(8) {
            0..3 => {
                let object = &objects[random.below(OBJECTS)];
                let mention = tables.export(object);
                let entry = mentions.entry(mention.number()).or_insert((0, object.number()));
                assert_eq!(entry.1, object.number(), "{}: an index in use", T::NAME);
                entry.0 += 1;
                handles.push(tables.import(mention));
            }
            3 if !handles.is_empty() => {
                let clone: &T::Handle = &handles[random.below(handles.len())];
                handles.push(clone.clone());
            }
            4 => release(&mut mentions),
            _ if !handles.is_empty() => drop(handles.swap_remove(random.below(handles.len()))),
            _ => {}
        }
    }
    handles.clear();
    release(&mut mentions);
    assert!(mentions.is_empty(), "{}: {mentions:?} is left", T::NAME);
    assert!(objects.iter().all(|object| object.owners() == 1), "{}", T::NAME);
}

/// Numbers that need only look random, the same in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits") % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
