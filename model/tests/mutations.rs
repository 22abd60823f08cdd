//! Every mutation of every system is caught by the property that it names, only because the rule is
//! bent, and in no smaller world.
#![cfg(not(loom))]

mod common;

use common::find_in;
use model::catalogue::{self, Task};
use model::check::Verdict;
use model::names::VatId;
use model::property::PropertySet;
use model::sizes::{PerVat, Sizes};

#[test]
fn every_mutation_is_caught_first_by_the_property_it_names() {
    for (system, mutation) in catalogue::mutations() {
        let found = find_in(&Task::mutated(system, mutation, mutation.sizes));
        let caught = found.outcome.violated();
        assert!(caught.contains(mutation.kills), "{}: caught by {caught:?}", mutation.id);
        assert_eq!(found.counterexamples.len(), caught.iter().count(), "{}", mutation.id);
    }
}

#[test]
fn the_same_worlds_hold_when_no_rule_is_bent() {
    for (system, mutation) in catalogue::mutations() {
        let found = find_in(&Task::full(system, mutation.sizes));
        assert_eq!(found.verdict, Verdict::Holds, "{}", mutation.id);
        assert_eq!(found.outcome.violated(), PropertySet::EMPTY, "{}", mutation.id);
    }
}

#[test]
fn where_a_mutation_has_halves_neither_shows_anything_by_itself() {
    for (system, mutation) in catalogue::mutations() {
        for half in mutation.halves {
            let task = Task { bend: Some(*half), ..Task::full(system, mutation.sizes) };
            assert_eq!(find_in(&task).verdict, Verdict::Holds, "{}", mutation.id);
        }
    }
}

#[test]
fn no_smaller_world_shows_a_mutation() {
    for (system, mutation) in catalogue::mutations() {
        for sizes in smaller(&mutation.sizes) {
            let caught = find_in(&Task::mutated(system, mutation, sizes)).outcome.violated();
            let id = mutation.id;
            assert!(!caught.contains(mutation.kills), "{id} shows with fewer: {sizes}");
        }
    }
}

/// Every world that is smaller by one in one number.
fn smaller(sizes: &Sizes) -> Vec<Sizes> {
    let mut found = Vec::new();
    let steps: [fn(&mut Sizes) -> &mut PerVat; 10] = [
        |s| &mut s.sends,
        |s| &mut s.calls,
        |s| &mut s.failures,
        |s| &mut s.faults,
        |s| &mut s.asks,
        |s| &mut s.losses,
        |s| &mut s.interrupts,
        |s| &mut s.crashes,
        |s| &mut s.refusals,
        |s| &mut s.waits,
    ];
    for place in steps {
        for vat in VatId::ALL {
            let mut smaller = *sizes;
            let each = place(&mut smaller);
            if let Some(fewer) = each.of(vat).checked_sub(1) {
                *each = each.with(vat, fewer);
                found.push(smaller);
            }
        }
    }
    let counts: [fn(&mut Sizes) -> &mut u8; 5] = [
        |s| &mut s.objects,
        |s| &mut s.references,
        |s| &mut s.sessions,
        |s| &mut s.vats,
        |s| &mut s.promises,
    ];
    for place in counts {
        let mut smaller = *sizes;
        let number = place(&mut smaller);
        if let Some(fewer) = number.checked_sub(1) {
            *number = fewer;
            found.push(smaller);
        }
    }
    found.retain(|sizes| sizes.validate().is_ok());
    found
}
