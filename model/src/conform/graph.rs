//! Every transition of a model's reachable graph, and schedules that cover them all.

use super::translate::{Translated, translate};
use crate::catalogue::Task;
use crate::engine::fingerprint;
use crate::property::PropertySet;
use crate::protocol::Protocol;
use crate::world::State;
use captp_wire::adapter::Request;
use stateright::Model;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How far a schedule looks for the next transition that none has covered, in steps.
const LOOK_AHEAD: usize = 5;

/// The reachable part of a model, as far as an adapter can follow it.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What a state shows, in the order in which states were found.
    tested: Vec<PropertySet>,
    /// The first transition from each state; those of one state stand together.
    first: Vec<usize>,
    transitions: Vec<Transition>,
    requests: Vec<Option<Request>>,
    /// The transition by which each state was found.
    parent: Vec<Option<usize>>,
    /// How many transitions there are that no adapter can be asked for, and why.
    pub impossible: BTreeMap<&'static str, u64>,
    /// Whether there are more states than were wanted.
    pub is_cut: bool,
}

#[derive(Clone, Copy, Debug)]
struct Transition {
    from: usize,
    to: usize,
    request: usize,
}

/// A way through the graph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tour {
    /// What is to be done.
    pub requests: Vec<Request>,
    /// What the model says is put to the test on the way.
    pub tested: PropertySet,
    /// How many transitions it covers that no earlier tour does.
    pub covers: u64,
}

impl Graph {
    /// Explores the world of `task`, as far as `may` allows, up to `states_max` states.
    pub fn of<P: Protocol>(task: &Task, may: impl Fn(&Request) -> bool, states_max: usize) -> Self {
        let world = task.world::<P>();
        let mut graph = Self::default();
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut texts: HashMap<String, usize> = HashMap::new();
        let mut waiting: VecDeque<State<P::Tables>> = VecDeque::new();
        for state in world.init_states() {
            known.insert(fingerprint(&state), graph.tested.len());
            graph.tested.push(world.judge(&state).witnessed);
            graph.parent.push(None);
            waiting.push_back(state);
        }
        let mut actions = Vec::new();
        while let Some(state) = waiting.pop_front() {
            let from = graph.first.len();
            graph.first.push(graph.transitions.len());
            actions.clear();
            world.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let request = match translate(&world, &state, &action) {
                    Translated::Do(request) if may(&request) => Some(request),
                    Translated::Do(_) => {
                        graph.lacks("what the adapter cannot do");
                        continue;
                    }
                    Translated::Nothing => None,
                    Translated::Impossible(why) => {
                        graph.lacks(why);
                        continue;
                    }
                };
                let Some(next) = world.next_state(&state, action) else { continue };
                let id = fingerprint(&next);
                let found = graph.tested.len();
                if !known.contains_key(&id) && found >= states_max {
                    graph.is_cut = true;
                    continue;
                }
                let to = *known.entry(id).or_insert(found);
                let text = request.as_ref().map_or_else(String::new, ToString::to_string);
                let request = *texts.entry(text).or_insert_with(|| {
                    graph.requests.push(request);
                    graph.requests.len() - 1
                });
                if to == found {
                    graph.tested.push(world.judge(&next).witnessed);
                    graph.parent.push(Some(graph.transitions.len()));
                    waiting.push_back(next);
                }
                graph.transitions.push(Transition { from, to, request });
            }
        }
        graph.first.push(graph.transitions.len());
        graph
    }

    fn lacks(&mut self, why: &'static str) {
        *self.impossible.entry(why).or_default() += 1;
    }

    /// How many states there are.
    pub const fn states(&self) -> usize {
        self.tested.len()
    }

    /// How many transitions there are that an adapter can be asked for.
    pub const fn transitions(&self) -> usize {
        self.transitions.len()
    }

    /// Tours from the initial state that together cover every transition.
    pub fn tours(&self) -> Vec<Tour> {
        let mut tours = Vec::new();
        let mut covered = vec![false; self.transitions.len()];
        for next in 0..self.transitions.len() {
            if covered[next] {
                continue;
            }
            let mut way = self.way_to(self.transitions[next].from);
            way.push(next);
            let mut at = self.transitions[next].to;
            let mut taken: Vec<usize> = way.clone();
            let is_new = |t: usize, taken: &[usize]| !covered[t] && !taken.contains(&t);
            while let Some(further) = self.towards(at, |t| is_new(t, &taken)) {
                at = further.last().map_or(at, |t| self.transitions[*t].to);
                taken.extend(further);
            }
            tours.push(self.tour(&taken, |t| !std::mem::replace(&mut covered[t], true)));
        }
        tours
    }

    /// A shortest way to every state but the first, so that each is the end of some way.
    pub fn ends(&self) -> impl Iterator<Item = Tour> {
        (1..self.states()).map(|state| self.tour(&self.way_to(state), |_| false))
    }

    /// `covers` says whether no earlier tour covers a transition.
    fn tour(&self, taken: &[usize], mut covers: impl FnMut(usize) -> bool) -> Tour {
        let mut tour = Tour { requests: Vec::new(), tested: PropertySet::EMPTY, covers: 0 };
        for transition in taken {
            let Transition { to, request, .. } = self.transitions[*transition];
            tour.covers += u64::from(covers(*transition));
            tour.tested = tour.tested.union(self.tested[to]);
            tour.requests.extend(self.requests[request].clone());
        }
        tour
    }

    /// A shortest way from the initial state.
    fn way_to(&self, mut state: usize) -> Vec<usize> {
        let mut way = Vec::new();
        while let Some(by) = self.parent[state] {
            way.push(by);
            state = self.transitions[by].from;
        }
        way.reverse();
        way
    }

    /// A shortest way from `state` that ends with a transition that is `wanted`, if one is near.
    fn towards(&self, state: usize, wanted: impl Fn(usize) -> bool) -> Option<Vec<usize>> {
        let mut waiting = VecDeque::from([(state, Vec::new())]);
        let mut seen = std::collections::BTreeSet::from([state]);
        while let Some((at, way)) = waiting.pop_front() {
            for transition in self.first[at]..self.first[at + 1] {
                let longer = || way.iter().copied().chain([transition]).collect::<Vec<_>>();
                if wanted(transition) {
                    return Some(longer());
                }
                let to = self.transitions[transition].to;
                if way.len() + 1 < LOOK_AHEAD && seen.insert(to) {
                    waiting.push_back((to, longer()));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::protocol::endo_captp::EndoCapTp;
    use crate::sizes::{PerVat, Sizes};

    fn graph() -> Graph {
        let system = catalogue::system("endo-captp").expect("it is in the catalogue");
        let sizes = Sizes { sends: PerVat::each(0, 2), ..Sizes::SMALLEST };
        Graph::of::<EndoCapTp>(&Task::full(system, sizes), |_| true, 10_000)
    }

    #[test]
    fn the_tours_cover_every_transition_and_each_covers_something_new() {
        let graph = graph();
        assert!(!graph.is_cut && graph.impossible.is_empty());
        let tours = graph.tours();
        let covered: u64 = tours.iter().map(|tour| tour.covers).sum();
        assert_eq!(covered, graph.transitions() as u64);
        assert!(tours.iter().all(|tour| tour.covers > 0));
        assert!(tours.len() * 2 < graph.transitions(), "{} tours", tours.len());
    }

    #[test]
    fn what_an_adapter_cannot_do_is_counted_and_left_out() {
        let system = catalogue::system("endo-captp").expect("it is in the catalogue");
        let may = |request: &Request| !matches!(request, Request::Collect { .. });
        let graph = Graph::of::<EndoCapTp>(&Task::full(system, Sizes::SMALLEST), may, 10_000);
        assert!(graph.impossible["what the adapter cannot do"] > 0);
        assert!(graph.tours().iter().all(|tour| tour.requests.iter().all(may)));
    }

    #[test]
    fn a_graph_that_is_larger_than_wanted_says_so() {
        let system = catalogue::system("endo-captp").expect("it is in the catalogue");
        let task = Task::full(system, Sizes::SMALLEST);
        let graph = Graph::of::<EndoCapTp>(&task, |_| true, 3);
        assert!(graph.is_cut && graph.states() == 3);
    }
}
