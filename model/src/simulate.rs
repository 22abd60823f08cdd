//! Random walks through worlds that are too large to exhaust. The same properties are judged in
//! every state that a walk comes to. What is found is real; that nothing is found proves nothing.

use crate::catalogue::Task;
use crate::counterexample::Counterexample;
use crate::engine::{Cut, KINDS_MAX, Progress, Replay};
use crate::property::PropertySet;
use crate::protocol::Protocol;
use crate::world::{Action, StepKind, Walk, World};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use stateright::Model;
use std::time::{Duration, Instant};

/// How to walk.
#[derive(Clone, Copy, Debug)]
pub struct Simulation<'a> {
    /// Every walk follows from it and from its number.
    pub seed: u64,
    /// The number of the first walk.
    pub first: u64,
    /// How many walks.
    pub walks: u64,
    /// The most steps of one walk.
    pub steps_max: u32,
    /// The properties of interest.
    pub properties: PropertySet,
    /// The moment to stop.
    pub deadline: Option<Instant>,
    /// Where it says how far it is: states are steps, the frontier stays 0.
    pub progress: &'a Progress,
}

/// What the walks have shown.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Walks that were ended, or that found a violation.
    pub walks: u64,
    /// Steps in all.
    pub steps: u64,
    /// Steps of the longest walk.
    pub longest: u32,
    /// Walks that came to where nothing more can happen.
    pub ended: u64,
    /// The first violation, and the number of its walk.
    pub violation: Option<(u64, Counterexample)>,
    /// The properties that were put to the test.
    pub witnessed: PropertySet,
    /// How many steps there were of each kind.
    pub fired: [u64; KINDS_MAX],
    /// What ended it early, beside a violation.
    pub cut: Option<Cut>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Walks until a violation is found, or all walks are done.
pub fn simulate<P: Protocol>(task: &Task, simulation: &Simulation<'_>) -> Simulated {
    let started = Instant::now();
    let world = task.world::<P>();
    let properties = simulation.properties.intersection(task.system.claims());
    let mut simulated = Simulated {
        walks: 0,
        steps: 0,
        longest: 0,
        ended: 0,
        violation: None,
        witnessed: PropertySet::EMPTY,
        fired: [0; KINDS_MAX],
        cut: None,
        elapsed: Duration::ZERO,
    };
    for number in simulation.first..simulation.first.saturating_add(simulation.walks) {
        if simulation.progress.is_interrupted() {
            simulated.cut = Some(Cut::Interrupted);
        } else if simulation.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            simulated.cut = Some(Cut::Timeout);
        }
        if simulated.cut.is_some() {
            break;
        }
        let walk = walk(&world, simulation, properties, number, &mut simulated);
        simulated.walks += 1;
        simulation.progress.walked(simulated.steps, simulated.longest);
        let violated = world.judge(walk.last()).violated.intersection(properties);
        if let Some(property) = violated.iter().next() {
            let found = Counterexample::of_walk(&walk, task, property);
            simulated.violation = Some((number, found));
            break;
        }
    }
    simulated.elapsed = started.elapsed();
    simulated
}

/// One walk, up to its end or to a violation.
fn walk<P: Protocol>(
    world: &World<P>,
    simulation: &Simulation<'_>,
    properties: PropertySet,
    number: u64,
    simulated: &mut Simulated,
) -> Walk<P> {
    let mut rng = ChaCha8Rng::seed_from_u64(simulation.seed);
    rng.set_stream(number);
    let initial = world.init_states().remove(0);
    let mut walk = Replay { initial, steps: Vec::new(), indices: vec![0] };
    let mut length = 0;
    while length < simulation.steps_max {
        let judgement = world.judge(walk.last());
        simulated.witnessed =
            simulated.witnessed.union(judgement.witnessed.intersection(properties));
        if !judgement.violated.intersection(properties).is_empty() {
            break;
        }
        let mut actions = Vec::new();
        world.actions(walk.last(), &mut actions);
        let Some(index) = choose(&actions, &mut rng) else {
            simulated.ended += 1;
            break;
        };
        let action = actions.swap_remove(index);
        let Some(next) = world.next_state(walk.last(), action.clone()) else { break };
        simulated.fired[action.kind() as usize] += 1;
        walk.steps.push((action, next));
        walk.indices.push(index);
        length += 1;
    }
    simulated.steps += u64::from(length);
    simulated.longest = simulated.longest.max(length);
    walk
}

/// One walk of steps of these kinds, wherever it leads.
pub fn stroll<P: Protocol>(
    world: &World<P>,
    rng: &mut ChaCha8Rng,
    steps_max: u32,
    may: impl Fn(StepKind) -> bool,
) -> Walk<P> {
    let initial = world.init_states().remove(0);
    let mut walk = Replay { initial, steps: Vec::new(), indices: vec![0] };
    for _ in 0..steps_max {
        let mut actions = Vec::new();
        world.actions(walk.last(), &mut actions);
        let chosen = choose_of(&actions, rng, &may);
        let Some(index) = chosen else { break };
        let action = actions.swap_remove(index);
        let Some(next) = world.next_state(walk.last(), action.clone()) else { break };
        walk.steps.push((action, next));
        walk.indices.push(index);
    }
    walk
}

/// A kind that is possible, then a step of it: what an application may say is not all there is.
fn choose<B>(actions: &[Action<B>], rng: &mut ChaCha8Rng) -> Option<usize> {
    choose_of(actions, rng, &|_| true)
}

fn choose_of<B>(
    actions: &[Action<B>],
    rng: &mut ChaCha8Rng,
    may: &dyn Fn(StepKind) -> bool,
) -> Option<usize> {
    let kinds: Vec<StepKind> = StepKind::ALL
        .into_iter()
        .filter(|kind| may(*kind) && actions.iter().any(|action| action.kind() == *kind))
        .collect();
    let kind = *kinds.get(below(kinds.len(), rng)?)?;
    let of_kind: Vec<usize> =
        (0..actions.len()).filter(|index| actions[*index].kind() == kind).collect();
    of_kind.get(below(of_kind.len(), rng)?).copied()
}

/// A number below `limit`. What is left over of 2^64 is not worth a second draw here.
fn below(limit: usize, rng: &mut ChaCha8Rng) -> Option<usize> {
    let limit = u64::try_from(limit).ok().filter(|limit| *limit > 0)?;
    usize::try_from(rng.next_u64() % limit).ok()
}
