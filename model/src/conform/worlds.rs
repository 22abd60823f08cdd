//! The worlds whose every transition is a part of some schedule. Each is small, and each has
//! something that the others have not.

use crate::catalogue::{self, System};
use crate::sizes::{PerVat, Sizes};

/// A world, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Small {
    /// Its name.
    pub(super) id: &'static str,
    /// Its sizes.
    pub(super) sizes: Sizes,
}

const WORLDS: &[Small] = &[
    Small {
        id: "again",
        sizes: Sizes { sends: PerVat::each(0, 2), calls: PerVat::each(1, 0), ..Sizes::SMALLEST },
    },
    Small {
        id: "both-ways",
        sizes: Sizes { sends: PerVat::each(1, 1), calls: PerVat::each(1, 0), ..Sizes::SMALLEST },
    },
    Small {
        id: "twice-in-one",
        sizes: Sizes { references: 2, sends: PerVat::each(0, 2), ..Sizes::SMALLEST },
    },
    Small {
        id: "answers",
        sizes: Sizes {
            sends: PerVat::each(0, 1),
            asks: PerVat::each(1, 0),
            references: 2,
            ..Sizes::SMALLEST
        },
    },
    Small {
        id: "promises",
        sizes: Sizes { sends: PerVat::each(0, 2), promises: 1, ..Sizes::SMALLEST },
    },
    Small {
        id: "promises-back",
        sizes: Sizes { sends: PerVat::each(1, 2), promises: 1, ..Sizes::SMALLEST },
    },
    Small {
        id: "failures",
        sizes: Sizes { sends: PerVat::each(0, 1), failures: PerVat::each(0, 1), ..Sizes::SMALLEST },
    },
    Small {
        id: "sessions",
        sizes: Sizes { sends: PerVat::each(0, 1), sessions: 2, ..Sizes::SMALLEST },
    },
];

/// A world for random walks: larger than anything that is covered whole.
const LARGE: Sizes = Sizes {
    objects: 2,
    references: 2,
    sends: PerVat::both(6),
    calls: PerVat::both(2),
    asks: PerVat::both(2),
    promises: 1,
    failures: PerVat::both(1),
    ..Sizes::SMALLEST
};

/// The worlds that this system has a model of.
pub(super) fn worlds(system: &System) -> impl Iterator<Item = Small> {
    WORLDS.iter().copied().filter(|world| system.accepts(&world.sizes).is_ok())
}

/// Whose worlds with promises are used where a system's own model has none.
const LENDER: &str = "e-captp";

/// The worlds with promises, if this system's model has none, and whose model has them.
pub(super) fn borrowed(system: &System) -> impl Iterator<Item = (Small, &'static System)> {
    let lender = catalogue::system(LENDER).expect("it is in the catalogue");
    let with_promises = WORLDS.iter().copied().filter(|world| world.sizes.promises > 0);
    let lacking = with_promises.filter(|world| system.accepts(&world.sizes).is_err());
    lacking.map(move |world| (world, lender))
}

/// The largest world for random walks that this system has a model of.
pub(super) fn large(system: &System) -> Sizes {
    let mut sizes = LARGE;
    let fits = |part: Sizes| system.accepts(&part).is_ok();
    if !fits(Sizes { failures: LARGE.failures, ..Sizes::SMALLEST }) {
        sizes.failures = PerVat::NONE;
    }
    if !fits(Sizes { promises: LARGE.promises, ..Sizes::SMALLEST }) {
        sizes.promises = 0;
    }
    if !fits(Sizes { asks: LARGE.asks, ..Sizes::SMALLEST }) {
        sizes.asks = PerVat::NONE;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SYSTEMS;

    #[test]
    fn every_world_is_one_that_some_system_has_and_all_are_possible() {
        for world in WORLDS {
            assert_eq!(world.sizes.validate(), Ok(()), "{}", world.id);
            assert!(SYSTEMS.iter().any(|s| s.accepts(&world.sizes).is_ok()), "{}", world.id);
        }
        for system in SYSTEMS {
            assert_eq!(system.accepts(&large(system)), Ok(()), "{}", system.id);
            assert!(worlds(system).next().is_some(), "{}", system.id);
        }
    }
    #[test]
    fn worlds_with_promises_are_borrowed_by_a_system_without_them_alone() {
        let names = |id| borrowed(catalogue::system(id).unwrap()).map(|(world, _)| world.id);
        assert_eq!(names("endo-captp").collect::<Vec<_>>(), ["promises", "promises-back"]);
        assert_eq!(names("capnp").count() + names(LENDER).count(), 0);
    }
}
