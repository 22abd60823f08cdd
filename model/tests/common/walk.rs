//! Walking a world step by step, by what the steps say.

use model::protocol::Protocol;
use model::world::{State, World};
use stateright::Model;

/// The state that these steps lead to, from the first on.
pub(crate) fn walk<P: Protocol>(world: &World<P>, steps: &[&str]) -> State<P::Tables> {
    let mut state = world.init_states().remove(0);
    for step in steps {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        let texts: Vec<_> = actions.iter().map(ToString::to_string).collect();
        let position = texts.iter().position(|text| text == step);
        let position = position.unwrap_or_else(|| panic!("no step '{step}' among {texts:#?}"));
        state = world.next_state(&state, actions.swap_remove(position)).unwrap();
    }
    state
}
