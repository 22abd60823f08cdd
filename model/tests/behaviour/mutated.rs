//! Counterexamples of bent protocols, as traces: those that show on the wire are not explained by
//! the full rules.

use crate::common::find_in;
use crate::walks::{busy, told, walk, without};
use captp_wire::line::{Kind, Line, Message};
use model::behaviour::{Verdict, explain, header_of, lines_of};
use model::catalogue::{self, SYSTEMS, Task};
use model::protocol::Protocol;
use model::protocol::capnp::Capnp;
use model::protocol::capnweb::Capnweb;
use model::protocol::e::ECapTp;
use model::protocol::endo_captp::EndoCapTp;
use model::sizes::{PerVat, Sizes};
use model::world::World;
use std::collections::BTreeMap;

/// How many counterexamples of each system are refused, of those that a trace has words for. The
/// others violate something that the wire alone does not show: what an end does with its tables.
#[test]
fn what_mutations_do_on_the_wire_is_not_explained() {
    let mut counts = BTreeMap::new();
    for system in SYSTEMS {
        for mutation in system.mutations {
            let task = Task::mutated(system, mutation, mutation.sizes);
            let found = find_in(&task).counterexamples;
            let lines = found.iter().find_map(|found| (system.runs.trace)(&task, found).unwrap());
            let Some(lines) = lines else { continue };
            for (told, (reads, locals)) in
                [("told all", (true, true)), ("wire only", (false, false))]
            {
                let header = header_of(system.id, reads, locals);
                let found = explain(system, &header, without(&lines, reads, locals));
                let (refused, of): &mut (u32, u32) = counts.entry((system.id, told)).or_default();
                match found.verdict {
                    Verdict::Beyond { .. } => continue,
                    Verdict::Explained => {}
                    Verdict::Unexplained { .. } => *refused += 1,
                }
                *of += 1;
            }
        }
    }
    for ((id, told), (refused, of)) in &counts {
        println!("{id}, {told}: {refused} of {of} refused");
    }
    assert!(counts.values().map(|(refused, _)| refused).sum::<u32>() > 0);
}

#[test]
fn a_system_whose_messages_are_not_those_of_a_trace_is_judged_no_further_than_line_one() {
    let system = catalogue::system("netobj").unwrap();
    let line = Line::Message(Message { kind: Kind::Call, ..Message::default() });
    let found = explain(system, &header_of(system.id, false, false), [(1, line)]);
    assert!(matches!(found.verdict, Verdict::Beyond { line: 1, .. }));
}

const WALKS: u64 = 60;

/// The mutations that no walk of this many has shown, with all that is told or by the wire alone.
/// Of those whose bent rule is not about sends that fail, a third vat or a faulty one.
fn unseen<P: Protocol>(id: &str) -> [Vec<&'static str>; 2] {
    let system = catalogue::system(id).unwrap();
    let (mut unseen, mut of) = ([Vec::new(), Vec::new()], 0);
    for mutation in system.mutations {
        let sizes = mutation.sizes;
        if sizes.vats > 2 || !sizes.failures.is_none() || !sizes.faults.is_none() {
            continue;
        }
        of += 1;
        let asks = if id == "capnp" { PerVat::each(4, 0) } else { PerVat::both(4) };
        let asks = if sizes.asks.is_none() { PerVat::NONE } else { asks };
        let many = busy(2 * sizes.promises, asks, sizes.sessions);
        let world = World::new(
            P::bent(Some(mutation.bend)),
            Sizes { refusals: sizes.refusals, waits: sizes.waits, ..many },
        );
        for (unseen, (reads, locals)) in unseen.iter_mut().zip([(true, true), (false, false)]) {
            let shows = (0..WALKS).any(|number| {
                let lines = lines_of::<P>(&walk(&world, number), world.wire_order());
                let found = lines.map(|lines| {
                    told::<P>(id, (reads, locals), &without(&lines, reads, locals)).verdict
                });
                matches!(found, Some(Verdict::Unexplained { .. }))
            });
            if !shows {
                unseen.push(mutation.id);
            }
        }
    }
    let [all, wire] = &unseen;
    println!(
        "{id}: of {of} mutations {} show, {} on the wire alone",
        of - all.len(),
        of - wire.len()
    );
    println!("  not with all that is told: {}", all.join(", "));
    println!("  not on the wire alone: {}", wire.join(", "));
    unseen
}

#[test]
fn walks_of_endo_captp_with_a_known_defect_are_not_explained() {
    let [told, wire] = unseen::<EndoCapTp>("endo-captp");
    for id in ["endo-target-counted", "endo-value-keeps-slot"] {
        assert!(!told.contains(&id) && !wire.contains(&id), "{id}");
    }
}

/// What the others do wrong shows nowhere: which object stands at an index is not on the wire, and
/// a session may end for any reason.
#[test]
fn walks_of_other_systems_with_a_known_defect_are_not_explained() {
    let [told, _] = unseen::<Capnp>("capnp");
    assert!(!told.contains(&"capnp-result-not-released"));
    let [told, _] = unseen::<Capnweb>("capnweb");
    assert!(!told.contains(&"capnweb-boolean-count-and-dedupe"));
    let [told, _] = unseen::<ECapTp>("e-captp");
    assert!(!told.contains(&"no-successor-check"));
}
