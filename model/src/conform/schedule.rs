//! Schedules: what an implementation is led through, and where each comes from.

use super::graph::Graph;
use super::translate::{Translated, translate};
use crate::catalogue::{System, Task};
use crate::check::{Control, search_world};
use crate::counterexample::Counterexample;
use crate::engine::{Budget, Progress};
use crate::mutation::Mutation;
use crate::property::PropertySet;
use crate::protocol::Protocol;
use crate::simulate;
use crate::sizes::Sizes;
use crate::world::{StepKind, Walk};
use captp_wire::adapter::Request;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Where a schedule comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It covers transitions of a world's graph, or ends in one of its states.
    Model {
        /// The world.
        world: String,
    },
    /// It is of the model, and promises are broken where the model resolves them.
    Broken {
        /// The world.
        world: String,
    },
    /// It is the counterexample of a mutation.
    Mutation {
        /// Which.
        id: String,
    },
    /// It is a random walk.
    Random {
        /// The seed.
        seed: u64,
        /// The number of the walk.
        walk: u64,
    },
    /// A peer that breaks the protocol.
    Hostile {
        /// In which way.
        case: String,
    },
    /// The same thing over and over.
    Cycle {
        /// What.
        what: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { world } => write!(f, "world {world}"),
            Self::Broken { world } => write!(f, "world {world}, with its promises broken"),
            Self::Mutation { id } => write!(f, "counterexample of {id}"),
            Self::Random { seed, walk } => write!(f, "random walk {walk} of seed {seed}"),
            Self::Hostile { case } => write!(f, "hostile: {case}"),
            Self::Cycle { what } => write!(f, "over and over: {what}"),
        }
    }
}

/// What an implementation is led through, after `open`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Where it comes from.
    pub origin: Origin,
    /// What is to be done.
    pub requests: Vec<Request>,
    /// What the model says is put to the test on the way.
    pub tested: PropertySet,
    /// How many transitions it covers that no earlier schedule does.
    pub covers: u64,
}

/// A random walk as a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Strolled {
    /// As far as an adapter can be asked for it.
    pub schedule: Schedule,
    /// Why none can be asked for its next step, if it goes on.
    pub cut: Option<&'static str>,
}

/// The schedules of one world.
#[derive(Clone, Debug)]
pub struct Covering {
    /// States of its graph.
    pub states: usize,
    /// Transitions that an adapter can be asked for.
    pub transitions: usize,
    /// How many more there are that it cannot be asked for, by the reason.
    pub impossible: BTreeMap<&'static str, u64>,
    /// Whether the graph is larger than was looked at.
    pub is_cut: bool,
    /// The schedules.
    pub schedules: Vec<Schedule>,
}

/// What an adapter may be asked for.
pub type May<'a> = &'a dyn Fn(&Request) -> bool;

/// What can be made of a system's model, whose protocol is a type.
#[derive(Clone, Copy, Debug)]
pub struct Schedules {
    /// The graph of a world: what an adapter may be asked for, and how many states at most.
    pub graph: fn(&Task, May<'_>, usize) -> Graph,
    /// The counterexample of a mutation.
    pub counterexample: fn(&'static System, &'static Mutation) -> Result<Schedule, String>,
    /// A random walk of a world, with a seed, a number, and the most steps.
    pub random: fn(&Task, u64, u64, u32) -> Strolled,
}

impl Schedules {
    /// Of this protocol.
    pub const fn of<P: Protocol>() -> Self {
        Self {
            graph: |task, may, states_max| Graph::of::<P>(task, may, states_max),
            counterexample: counterexample::<P>,
            random: random::<P>,
        }
    }
}

/// Every transition of a world is covered, and every state is the end of some schedule, so that
/// what is held in it is looked at.
pub fn covering(
    system: &'static System,
    world: &str,
    sizes: Sizes,
    may: May<'_>,
    states_max: usize,
) -> Covering {
    let graph = (system.runs.schedules.graph)(&Task::full(system, sizes), may, states_max);
    let tours = graph.tours();
    let origin = || Origin::Model { world: world.to_owned() };
    let schedule = |tour: super::graph::Tour| Schedule {
        origin: origin(),
        requests: tour.requests,
        tested: tour.tested,
        covers: tour.covers,
    };
    let mut schedules: Vec<Schedule> = tours.into_iter().map(schedule).collect();
    for end in graph.ends() {
        let known = schedules.iter().any(|known| known.requests == end.requests);
        if !known {
            schedules.push(schedule(end));
        }
    }
    Covering {
        states: graph.states(),
        transitions: graph.transitions(),
        impossible: graph.impossible,
        is_cut: graph.is_cut,
        schedules,
    }
}

/// The shortest counterexample of a mutation, as a schedule.
fn counterexample<P: Protocol>(
    system: &'static System,
    mutation: &'static Mutation,
) -> Result<Schedule, String> {
    let task = Task::mutated(system, mutation, mutation.sizes);
    let progress = Progress::default();
    let control = Control {
        properties: PropertySet::ALL,
        threads: 1,
        budget: Budget::default(),
        progress: &progress,
    };
    let found = search_world::<P>(&task, &control).counterexamples;
    let named = found.iter().find(|found| found.property == mutation.kills).or(found.first());
    let found: &Counterexample = named.ok_or("it shows nothing")?;
    let walk = crate::walk::walk_of::<P>(&task, found).map_err(|stray| stray.to_string())?;
    let asked = Asked::of::<P>(&task, &walk);
    if let Some(why) = asked.cut {
        return Err(why.to_owned());
    }
    let tested = PropertySet::only(mutation.kills);
    Ok(Schedule {
        origin: Origin::Mutation { id: mutation.id.to_owned() },
        requests: asked.requests,
        tested,
        covers: 0,
    })
}

fn random<P: Protocol>(task: &Task, seed: u64, number: u64, steps_max: u32) -> Strolled {
    let world = task.world::<P>();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let walk = simulate::stroll(&world, &mut rng, steps_max, |kind| {
        !matches!(kind, StepKind::Redirect | StepKind::Wait)
    });
    let Asked { requests, steps, cut } = Asked::of::<P>(task, &walk);
    let shown = walk.steps[..steps].iter().map(|(_, state)| world.judge(state).witnessed);
    let tested = shown.fold(PropertySet::EMPTY, PropertySet::union);
    let origin = Origin::Random { seed, walk: number };
    Strolled { schedule: Schedule { origin, requests, tested, covers: 0 }, cut }
}

/// A walk, as an adapter is asked for it.
struct Asked {
    requests: Vec<Request>,
    /// How many steps of the walk they are.
    steps: usize,
    /// Why no adapter can be asked for the next step, if there is one.
    cut: Option<&'static str>,
}

impl Asked {
    fn of<P: Protocol>(task: &Task, walk: &Walk<P>) -> Self {
        let world = task.world::<P>();
        let mut asked = Self { requests: Vec::new(), steps: 0, cut: None };
        let mut before = &walk.initial;
        for (action, after) in &walk.steps {
            match translate(&world, before, action) {
                Translated::Do(request) => asked.requests.push(request),
                Translated::Nothing => {}
                Translated::Impossible(why) => {
                    asked.cut = Some(why);
                    break;
                }
            }
            asked.steps += 1;
            before = after;
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SYSTEMS;
    use crate::sizes::PerVat;

    fn walked(task: &Task, number: u64, steps_max: u32) -> Strolled {
        (task.system.runs.schedules.random)(task, 1, number, steps_max)
    }

    #[test]
    fn a_walk_is_kept_up_to_the_first_step_that_no_adapter_can_be_asked_for() {
        let crashes = PerVat::both(1);
        let sizes = Sizes { sends: PerVat::both(3), sessions: 2, crashes, ..Sizes::SMALLEST };
        let system = SYSTEMS.iter().find(|system| system.accepts(&sizes).is_ok()).unwrap();
        let task = Task::full(system, sizes);
        let walks = (0..20).map(|number| (number, walked(&task, number, 40)));
        let cut: Vec<_> = walks.filter(|(_, walk)| walk.cut.is_some()).collect();
        assert!(cut.iter().any(|(_, walk)| !walk.schedule.requests.is_empty()));
        for (number, walk) in cut {
            // As many steps as were kept, and one more.
            let is_whole = |steps: &u32| walked(&task, number, *steps).cut.is_none();
            let kept = (0..40).take_while(is_whole).last().unwrap();
            assert_eq!(walked(&task, number, kept).schedule, walk.schedule);
            assert_eq!(walked(&task, number, kept + 1), walk);
        }
    }

    #[test]
    fn a_walk_of_steps_that_adapters_can_be_asked_for_is_not_cut() {
        let sizes = Sizes { sends: PerVat::both(3), ..Sizes::SMALLEST };
        let task = Task::full(SYSTEMS[0], sizes);
        assert!((0..20).all(|number| walked(&task, number, 40).cut.is_none()));
    }
}
