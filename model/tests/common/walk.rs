//! Walking a story, step by step, by what its steps are called.

use model::protocol::Protocol;
use model::world::{State, World};
use stateright::Model;

/// The state after these steps, from the initial one.
///
/// # Panics
/// A step is not possible; the message lists those that are.
pub(crate) fn walk<P: Protocol>(world: &World<P>, steps: &[&str]) -> State<P::Tables> {
    let mut state = world.init_states().remove(0);
    for step in steps {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let texts: Vec<_> = actions.iter().map(ToString::to_string).collect();
        let found = texts.iter().position(|text| text == step);
        let Some(position) = found else {
            panic!("'{step}' is not possible, but these are: {texts:#?}\n{state:?}");
        };
        state = world.next_state(&state, actions.remove(position)).expect("it is possible");
    }
    state
}
