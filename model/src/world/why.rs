//! Why something is not possible: which guards forbid it.

use super::vat::{Left, Waited};
use super::{Assumption, State, Vat, World};
use crate::protocol::{Protocol, View};
use stateright::Model;
use std::fmt;

/// Something that may forbid a step. Each can be lifted by itself, to see whether it does.
#[derive(Clone, Copy, Debug)]
enum Guard {
    /// A bound of the application is used up.
    Bound(&'static str, fn(&mut Left) -> &mut u8),
    /// A message is half read.
    Reading,
    /// A message is in the making.
    Writing,
    /// There is no session.
    Closed,
    /// The application does not hold the proxy.
    NotHeld,
    /// The application holds the proxy.
    Held,
    /// The application waits for the promise.
    Waited,
    /// The promise is resolved.
    Resolved,
    /// Another message comes first.
    Order,
    /// There is no further session.
    LastSession,
}

const GUARDS: [Guard; 19] = [
    Guard::Bound("--sends", |left| &mut left.sends),
    Guard::Bound("--calls", |left| &mut left.calls),
    Guard::Bound("--asks", |left| &mut left.asks),
    Guard::Bound("--failures", |left| &mut left.failures),
    Guard::Bound("--faults", |left| &mut left.faults),
    Guard::Bound("--losses", |left| &mut left.losses),
    Guard::Bound("--interrupts", |left| &mut left.interrupts),
    Guard::Bound("--crashes", |left| &mut left.crashes),
    Guard::Bound("--refusals", |left| &mut left.refusals),
    Guard::Bound("--waits", |left| &mut left.waits),
    Guard::Reading,
    Guard::Writing,
    Guard::Closed,
    Guard::NotHeld,
    Guard::Held,
    Guard::Waited,
    Guard::Resolved,
    Guard::Order,
    Guard::LastSession,
];

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bound(flag, _) => return write!(f, "{flag} is used up"),
            Self::Reading => "the vat is in the middle of reading a message",
            Self::Writing => "a message is in the making",
            Self::Closed => "there is no session",
            Self::NotHeld => "the application does not hold the proxy",
            Self::Held => "the application holds the proxy",
            Self::Waited => "the application waits for the promise",
            Self::Resolved => "the promise is resolved already",
            Self::Order => "a message that was sent before has to be read first",
            Self::LastSession => "it is the last session that --sessions allows",
        })
    }
}

impl<P: Protocol> World<P> {
    /// Why the step that is called `wanted` is not possible in this state, in a sentence.
    pub fn why_not(&self, state: &State<P::Tables>, wanted: &str) -> String {
        let possible = self.possible(state);
        if possible.iter().any(|text| text == wanted) {
            return format!("'{wanted}' is possible");
        }
        let lifted = |guards: &[Guard]| {
            let (world, state) = self.without_guards(state, guards);
            world.possible(&state).iter().any(|text| text == wanted)
        };
        // What holds and what does not cannot be lifted together.
        let compatible = |without: fn(&Guard) -> bool| -> Vec<Guard> {
            GUARDS.into_iter().filter(|guard| !without(guard)).collect()
        };
        let sets = [
            compatible(|guard| matches!(guard, Guard::Held)),
            compatible(|guard| matches!(guard, Guard::NotHeld)),
        ];
        let Some(mut guards) = sets.into_iter().find(|guards| lifted(guards)) else {
            let possible: Vec<_> = possible.iter().map(|text| format!("  {text}")).collect();
            return format!(
                "'{wanted}' is not possible, and none of the guards that can be lifted forbids it: \
                 what it needs is not there. Possible are:\n{}",
                possible.join("\n")
            );
        };
        // Those that need not be lifted are not to blame.
        for position in (0..guards.len()).rev() {
            let mut fewer = guards.clone();
            fewer.remove(position);
            if lifted(&fewer) {
                guards = fewer;
            }
        }
        let guards: Vec<_> = guards.iter().map(ToString::to_string).collect();
        format!("'{wanted}' is not possible: {}", guards.join(", and "))
    }

    /// What the steps are called that are possible.
    fn possible(&self, state: &State<P::Tables>) -> Vec<String> {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        actions.iter().map(ToString::to_string).collect()
    }

    fn without_guards(
        &self,
        state: &State<P::Tables>,
        guards: &[Guard],
    ) -> (Self, State<P::Tables>) {
        let (mut world, mut state) = (self.clone(), state.clone());
        for guard in guards {
            match guard {
                Guard::Order => world.denied = Some(Assumption::Order),
                Guard::LastSession => {
                    for actor in &mut world.actors {
                        actor.sizes.sessions = u8::MAX;
                    }
                }
                _ => {}
            }
            for id in self.sizes().vats() {
                state.change_vat(id, |vat| guard.lift(vat));
            }
        }
        (world, state)
    }
}

impl Guard {
    fn lift<T: View>(self, vat: &mut Vat<T>) {
        match self {
            Self::Bound(_, of) => *of(&mut vat.left) = (*of(&mut vat.left)).max(1),
            Self::Reading => vat.reading = None,
            Self::Writing => vat.writing = None,
            Self::Closed => vat.links.iter_mut().for_each(|link| link.open = true),
            Self::NotHeld => vat.heap.iter_mut().for_each(|proxy| proxy.held = true),
            Self::Held => vat.heap.iter_mut().for_each(|proxy| proxy.held = false),
            Self::Waited => vat.heap.iter_mut().for_each(|proxy| proxy.waited = Waited::No),
            Self::Resolved => vat.resolved.clear(),
            Self::Order | Self::LastSession => {}
        }
    }
}
