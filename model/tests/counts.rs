//! Exact numbers of states. A change here is a change of behaviour, and is reviewed as one.
#![cfg(not(loom))]

mod common;

use common::{search, search_with, sizes};
use model::catalogue::SYSTEMS;
use model::property::PropertySet;
use model::sizes::{PerVat, Sizes};
use std::collections::BTreeSet;

/// Small enough to be counted by hand: nothing yet; Bob is in flight; VatA holds his proxy, has
/// dropped it, has cleared it; the GCExportOp is in flight; it was read.
#[test]
fn one_message_makes_the_seven_states_of_a_reference_life() {
    let once = Sizes { sends: PerVat::each(0, 1), ..sizes() };
    let outcome = search(None, once);
    assert_eq!(outcome.counts.distinct, 7);
    assert_eq!(outcome.counts.generated, 6, "nothing can come between");
    assert_eq!(outcome.counts.depth, 6);
}

/// As above with a second session. From each of the seven states either vat may find the session
/// cut; what was in flight is then read in the old session or discarded in the new, and what was
/// owed, or not yet collected, is served without effect. The vat that has its one message left
/// may send it in the new session instead: the same seven states again. Each session has a
/// connection of its own, so what is left of the old may be read before or after the new.
#[test]
fn one_message_and_one_cut() {
    let cut = Sizes { sends: PerVat::each(0, 1), sessions: 2, ..sizes() };
    assert_eq!(search(None, cut).counts.distinct, 63);
}

/// The default worlds of the full rules. They are what they are because of the order of the
/// sizes: a second object multiplies by which of them a message mentions, a third send by what is
/// in flight meanwhile, a second session by where the cut comes.
#[test]
fn the_default_worlds_are_exhausted_and_hold_with_every_witness() {
    let pinned = [
        // Two objects in three messages of up to two references, so 6 messages to choose from
        // each time, or with a call 6 and one; one cut, before or after any of it.
        ("one-way", 3_592_850),
        // One object each; two messages from VatA and three from VatB, each of one reference,
        // which may go home; one call; one cut.
        ("both-ways", 1_365_995),
        // One object each; one message from VatA and three from VatB of up to two references, and
        // one that is counted and then fails, with anything in between; one cut.
        ("failing", 1_152_145),
        // One object; three messages, one call; seven kinds of fault, one of each vat, at any
        // time, after which the session ends as if cut; one cut.
        ("hostile", 2_327_222),
        // One object each; two messages from VatA and one from VatB, to either of the others, of
        // what they own or hold; one call from VatC.
        ("third-vat", 18_842),
        // One promise, which may be sent twice and be resolved at any time; one call of it.
        ("promises", 79_495),
        // One object, asked twice: the second question may have the place of the first.
        ("answers", 1_072_162),
    ];
    let system = &SYSTEMS[0];
    assert_eq!(system.scenarios.len(), pinned.len());
    for (scenario, (id, states)) in system.scenarios.iter().zip(pinned) {
        assert_eq!(scenario.id, id);
        let outcome = search_with(None, scenario.sizes, 2);
        assert_eq!(outcome.cut, None, "{id}");
        assert_eq!(outcome.violated(), PropertySet::EMPTY, "{id}");
        assert_eq!(outcome.counts.distinct, states, "{id}");
        let promised: PropertySet =
            system.claims().iter().filter(|p| p.lacks(&scenario.sizes).is_none()).collect();
        let missing = promised.difference(outcome.witnessed());
        assert_eq!(missing, PropertySet::EMPTY, "{id}");
    }
}

#[test]
fn every_property_is_put_to_the_test_in_some_default_world() {
    for property in SYSTEMS[0].claims().iter() {
        let tested = SYSTEMS[0].scenarios.iter().any(|s| property.lacks(&s.sizes).is_none());
        assert!(tested, "{property}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing_but_the_time() {
    let sizes = Sizes { objects: 2, sends: PerVat::each(1, 2), sessions: 2, ..sizes() };
    let one = search_with(None, sizes, 1);
    let three = search_with(None, sizes, 3);
    assert_eq!(one.counts, three.counts);
    assert_eq!(one.witnessed(), three.witnessed());
}

/// `PropertyId::lacks` promises a witness exactly where there is one, so that a missing witness is
/// always an alarm and never an excuse.
#[test]
fn a_witness_is_found_exactly_where_the_sizes_promise_one() {
    let mut seen = BTreeSet::new();
    for objects in [1, 2] {
        for sends in [PerVat::each(0, 1), PerVat::each(0, 2), PerVat::both(1), PerVat::each(0, 3)] {
            for (calls, faults, sessions) in [(0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2)] {
                let (calls, faults) = (PerVat::each(calls, 0), PerVat::each(faults, 0));
                let sizes = Sizes { objects, sends, calls, faults, sessions, ..sizes() };
                let outcome = search(None, sizes);
                for property in SYSTEMS[0].claims().iter() {
                    let promised = property.lacks(&sizes).is_none();
                    let found = outcome.witnessed().contains(property);
                    assert_eq!(found, promised, "{property} at {sizes}");
                    seen.insert((property, found));
                }
            }
        }
    }
    assert!(
        // L1 and L3 are always promised; S5 never, since nobody asks.
        seen.len() >= 2 * SYSTEMS[0].claims().iter().count() - 3,
        "each both promised and not: {seen:?}"
    );
}
