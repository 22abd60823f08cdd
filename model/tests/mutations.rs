//! Every mutation is caught by the property that it names, and only because the rule is bent.
#![cfg(not(loom))]

mod common;

use common::search;
use model::mutation::MUTATIONS;
use model::property::PropertySet;

#[test]
fn every_mutation_is_caught_first_by_the_property_it_names() {
    for mutation in MUTATIONS {
        let caught = search(Some(mutation.bend), mutation.sizes).violated();
        assert!(caught.contains(mutation.kills), "{}: caught by {caught:?}", mutation.id);
    }
}

#[test]
fn the_same_worlds_hold_when_no_rule_is_bent() {
    for mutation in MUTATIONS {
        let outcome = search(None, mutation.sizes);
        assert_eq!(outcome.cut, None, "{}", mutation.id);
        assert_eq!(outcome.violated(), PropertySet::EMPTY, "{}", mutation.id);
    }
}

#[test]
fn no_smaller_number_of_messages_shows_a_mutation() {
    for mutation in MUTATIONS {
        let mut sizes = mutation.sizes;
        sizes.sends.0[1] -= 1;
        if sizes.sends.max() > 0 {
            let caught = search(Some(mutation.bend), sizes).violated();
            let id = mutation.id;
            assert!(!caught.contains(mutation.kills), "{id} shows with fewer: {sizes}");
        }
    }
}
