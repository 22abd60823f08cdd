//! What one message does to the sums.

use super::finding::Via;
use crate::line::{End, Place};

/// What a message does to the sums. With it, and with when each message is read, one can tell what
/// each end has of each export: see [`Session::effect`](super::Session::effect).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effect {
    /// The exports of its sender that it mentions, in order, each as often as that counts.
    pub mentions: Vec<Place>,
    /// What is given back with it, even if there is less to give back.
    pub given_back: Vec<GivenBack>,
}

impl Effect {
    pub(super) fn clear(&mut self) {
        let Self { mentions, given_back } = self;
        mentions.clear();
        given_back.clear();
    }
}

/// Mentions, as they are given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenBack {
    /// Whose export was mentioned.
    pub exporter: End,
    /// Where.
    pub at: Place,
    /// How many mentions: not 0.
    pub count: u64,
    /// By what.
    pub via: Via,
    /// By which message of the other end, among those that it has sent, from 1. It is an earlier
    /// one if results come that a finish has given back before.
    pub by: u64,
}
