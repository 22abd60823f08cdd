//! The states that were found: fingerprint → fingerprint of the state it was found from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Enough that two threads seldom meet.
const SHARDS: usize = 64;

/// A fingerprint is a hash already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only fingerprints are hashed");
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

type Shard = HashMap<u64, u64, BuildHasherDefault<Identity>>;

pub(super) struct Seen(Vec<Mutex<Shard>>);

impl Seen {
    pub(super) fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    /// Whether `fingerprint` is new.
    pub(super) fn insert(&self, fingerprint: u64, from: u64) -> bool {
        match self.shard(fingerprint).entry(fingerprint) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(from);
                true
            }
        }
    }

    /// The fingerprints from the initial state, which was found from itself, to this one.
    pub(super) fn trail(&self, to: u64) -> super::Trail {
        let mut trail = vec![to];
        let mut at = to;
        while let Some(from) = self.shard(at).get(&at).copied()
            && from != at
        {
            trail.push(from);
            at = from;
        }
        trail.reverse();
        trail
    }

    fn shard(&self, fingerprint: u64) -> MutexGuard<'_, Shard> {
        // The map itself uses the lowest and the highest bits.
        let bits = usize::try_from((fingerprint >> 40) & 0xFFFF).unwrap_or(0);
        self.0[bits % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
