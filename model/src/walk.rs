//! Walking a saved walk again, and asking at one of its steps why something is not possible.

use crate::behaviour::lines_of;
use crate::catalogue::Task;
use crate::counterexample::Counterexample;
use crate::engine::Replay;
use crate::property::PropertyId;
use crate::protocol::Protocol;
use crate::world::{Walk, World};
use captp_wire::line::Line;
use stateright::Model;
use std::fmt;

/// The lines of a wire trace, if there are words for all of them.
pub type Traced = Result<Option<Vec<Line>>, Stray>;

/// Why a saved walk is not one of this model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stray {
    /// A step is not possible.
    Impossible {
        /// Which, from 1.
        step: usize,
        /// What it is called.
        text: String,
        /// What would be possible.
        possible: Vec<String>,
    },
    /// The last state violates nothing of the kind.
    NotViolated(PropertyId),
    /// There is no such step.
    TooFar {
        /// The step that was asked for.
        step: usize,
        /// How many there are.
        steps: usize,
    },
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Impossible { step, text, possible } => {
                write!(f, "step {step}, '{text}', is not possible; possible are:")?;
                possible.iter().try_for_each(|text| write!(f, "\n  {text}"))
            }
            Self::NotViolated(property) => {
                write!(f, "the walk is possible, and its last state does not violate {property}")
            }
            Self::TooFar { step, steps } => {
                write!(f, "there is no step {step}: the walk has {steps}")
            }
        }
    }
}

impl std::error::Error for Stray {}

/// Walks `saved` again, and writes down what happens now.
///
/// # Errors
/// It is not a walk of this model, or does not end in the violation that it says.
pub fn walk_again<P: Protocol>(
    task: &Task,
    saved: &Counterexample,
) -> Result<Counterexample, Stray> {
    let world = task.world::<P>();
    let walk = first_steps(&world, saved, saved.steps.len())?;
    let property = saved.property;
    if !world.judge(walk.last()).violated.contains(property) {
        return Err(Stray::NotViolated(property));
    }
    Ok(Counterexample::of_walk(&walk, task, property))
}

/// The wire trace of a saved walk. Nothing if a wire trace has no words for it.
///
/// # Errors
/// It is not a walk of this model.
pub fn trace_again<P: Protocol>(task: &Task, saved: &Counterexample) -> Traced {
    let world = task.world::<P>();
    let walk = first_steps(&world, saved, saved.steps.len())?;
    Ok(lines_of::<P>(&walk, world.wire_order()))
}

/// Why the step called `wanted` is not possible after the first `after` steps of `saved`.
///
/// # Errors
/// It is not a walk of this model, or has fewer steps.
pub fn why_not<P: Protocol>(
    task: &Task,
    saved: &Counterexample,
    after: usize,
    wanted: &str,
) -> Result<String, Stray> {
    let world = task.world::<P>();
    let walk = first_steps(&world, saved, after)?;
    Ok(world.why_not(walk.last(), wanted))
}

/// The walk that `saved` is of.
///
/// # Errors
/// It is not a walk of this model.
pub fn walk_of<P: Protocol>(task: &Task, saved: &Counterexample) -> Result<Walk<P>, Stray> {
    first_steps(&task.world::<P>(), saved, saved.steps.len())
}

fn first_steps<P: Protocol>(
    world: &World<P>,
    saved: &Counterexample,
    steps: usize,
) -> Result<Walk<P>, Stray> {
    if steps > saved.steps.len() {
        return Err(Stray::TooFar { step: steps, steps: saved.steps.len() });
    }
    let numbers: Vec<usize> =
        saved.explorer_path.split('/').skip(2).map_while(|number| number.parse().ok()).collect();
    let initial = world.init_states().remove(0);
    let mut walk = Replay { initial, steps: Vec::new(), indices: vec![0] };
    for (position, step) in saved.steps.iter().take(steps).enumerate() {
        let mut actions = Vec::new();
        world.actions(walk.last(), &mut actions);
        let texts: Vec<_> = actions.iter().map(ToString::to_string).collect();
        // Two steps may be called the same; then it is the one that was taken.
        let named = numbers.get(position).copied();
        let named = named.filter(|number| texts.get(*number) == Some(&step.text));
        let found = named.or_else(|| texts.iter().position(|text| *text == step.text));
        let next = found.and_then(|number| {
            let action = actions.swap_remove(number);
            let next = world.next_state(walk.last(), action.clone())?;
            Some((number, action, next))
        });
        let Some((number, action, next)) = next else {
            let (step, text) = (position + 1, step.text.clone());
            return Err(Stray::Impossible { step, text, possible: texts });
        };
        walk.steps.push((action, next));
        walk.indices.push(number);
    }
    Ok(walk)
}
