//! What can be done with the worlds of a system, whose protocol is a type.

use super::Task;
use crate::behaviour::{self, Explainer};
use crate::check::{self, Control, Finding};
use crate::conform::schedule::Schedules;
use crate::counterexample::Counterexample;
use crate::explore::{self, Explorer};
use crate::protocol::{Collection, Protocol};
use crate::simulate::{self, Simulated, Simulation};
use crate::walk::{self, Stray, Traced};
use captp_wire::line::Header;
use std::io;

/// What can be done with the worlds of one system.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    /// When its proxies die.
    pub collection: fn() -> Collection,
    /// Searches a world.
    pub search: fn(&Task, &Control<'_>) -> Finding,
    /// Serves a world to a browser.
    pub serve: fn(&Task, Explorer) -> io::Result<()>,
    /// Walks through a world at random.
    pub simulate: fn(&Task, &Simulation<'_>) -> Simulated,
    /// Walks through a world as a saved walk says.
    pub walk: fn(&Task, &Counterexample) -> Result<Counterexample, Stray>,
    /// Says why something is not possible after a saved walk's first steps.
    pub why_not: fn(&Task, &Counterexample, usize, &str) -> Result<String, Stray>,
    /// Makes schedules of it, for implementations.
    pub schedules: Schedules,
    /// Holds a wire trace against its rules.
    pub behaviour: fn(&Header) -> Box<dyn Explainer>,
    /// The wire trace of a saved walk, as far as a wire trace has words for it.
    pub trace: fn(&Task, &Counterexample) -> Traced,
}

impl Runs {
    /// With the worlds of this protocol.
    pub const fn of<P: Protocol>() -> Self {
        Self {
            collection: || P::bent(None).collection(),
            search: check::search_world::<P>,
            serve: explore::serve::<P>,
            simulate: simulate::simulate::<P>,
            walk: walk::walk_again::<P>,
            why_not: walk::why_not::<P>,
            schedules: Schedules::of::<P>(),
            behaviour: behaviour::no_words,
            trace: walk::trace_again::<P>,
        }
    }

    /// With the worlds of this protocol, whose messages are those of a wire trace.
    pub const fn traced<P: Protocol>() -> Self {
        Self { behaviour: behaviour::explainer::<P>, ..Self::of::<P>() }
    }
}
