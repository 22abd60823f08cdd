//! From fingerprints back to actions and states.

use super::{Trail, fingerprint};
use stateright::Model;
use std::hash::Hash;

/// A walk through a model: the initial state, and each action with the state it led to.
#[derive(Clone, Debug)]
pub struct Replay<S, A> {
    /// Where it began.
    pub initial: S,
    /// What happened, and what came of it.
    pub steps: Vec<(A, S)>,
    /// The number of the initial state, then that of each action among those enabled.
    pub indices: Vec<usize>,
}

impl<S, A> Replay<S, A> {
    /// The walk as Stateright's Explorer writes it: `/0/3/1`.
    pub fn path(&self) -> String {
        self.indices.iter().map(|index| format!("/{index}")).collect()
    }

    /// Where it ended.
    pub fn last(&self) -> &S {
        self.steps.last().map_or(&self.initial, |(_, state)| state)
    }
}

/// Walks a trail again. `None` if the model has no such walk: the trail is of another model, or
/// two states of it had one fingerprint.
pub fn replay<M>(model: &M, trail: &Trail) -> Option<Replay<M::State, M::Action>>
where
    M: Model,
    M::State: Hash + Clone,
    M::Action: Clone,
{
    let (first, rest) = trail.split_first()?;
    let initials = model.init_states();
    let number = initials.iter().position(|state| fingerprint(state) == *first)?;
    let initial = initials.into_iter().nth(number)?;
    let mut replay = Replay { initial, steps: Vec::new(), indices: vec![number] };
    for wanted in rest {
        let at = replay.last();
        let mut actions = Vec::new();
        model.actions(at, &mut actions);
        let (number, action, next) =
            actions.into_iter().enumerate().find_map(|(number, action)| {
                let next = model.next_state(at, action.clone())?;
                (fingerprint(&next) == *wanted).then_some((number, action, next))
            })?;
        replay.steps.push((action, next));
        replay.indices.push(number);
    }
    Some(replay)
}
