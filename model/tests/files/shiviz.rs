//! ShiViz: what it can parse, with clocks that say what happened before what, and nothing else.

use super::{every, of};
use model::counterexample::Counterexample;
use model::names::VatId;
use model::render::shiviz::{PARSER, shiviz};
use std::collections::{BTreeMap, BTreeSet};

type Clock = BTreeMap<String, usize>;

/// The host and the clock of each line, as the parser reads it.
fn events(log: &str) -> Vec<(String, Clock)> {
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some(PARSER));
    assert_eq!(lines.next(), Some(""), "there is one execution");
    let events = lines.enumerate().map(|(position, line)| {
        let (head, event) = line.split_once("} ").unwrap();
        assert!(!event.trim().is_empty(), "{line}");
        let parts: Vec<_> = head.splitn(3, ' ').collect();
        assert_eq!(parts[0], (position + 1).to_string());
        assert_eq!(parts[2].matches('{').count(), 1, "{line}");
        (parts[1].to_owned(), serde_json::from_str(&format!("{}}}", parts[2])).unwrap())
    });
    events.collect()
}

/// For each step, those that happened before it: what its vat did, and what was done before a
/// message that it reads was sent.
fn before(counterexample: &Counterexample) -> Vec<BTreeSet<usize>> {
    let mut before: Vec<BTreeSet<usize>> = Vec::new();
    let steps = &counterexample.steps;
    for (position, step) in steps.iter().enumerate() {
        let same_vat = (0..position).filter(|earlier| steps[*earlier].actor == step.actor);
        let sender = (0..position).filter(|earlier| {
            let read = step.read.as_ref().map(|message| message.number);
            steps[*earlier].sent.iter().any(|message| Some(message.number) == read)
        });
        let direct: BTreeSet<_> = same_vat.chain(sender).collect();
        let inherited = direct.iter().flat_map(|earlier| before[*earlier].clone());
        before.push(direct.iter().copied().chain(inherited).collect());
    }
    before
}

fn is_less(one: &Clock, other: &Clock) -> bool {
    let at = |clock: &Clock, vat: &String| clock.get(vat).copied().unwrap_or(0);
    one != other && one.iter().all(|(vat, steps)| *steps <= at(other, vat))
}

#[test]
fn one_clock_is_less_than_another_exactly_if_the_step_happened_before() {
    let mut concurrent = 0;
    for counterexample in every() {
        let (events, before) = (events(&shiviz(counterexample)), before(counterexample));
        assert_eq!(events.len(), before.len());
        for (later, earlier_ones) in before.iter().enumerate() {
            for earlier in 0..later {
                let is_before = earlier_ones.contains(&earlier);
                let (one, other) = (&events[earlier].1, &events[later].1);
                let name = &counterexample.mutation;
                assert_eq!(is_less(one, other), is_before, "{name:?}: {earlier}, {later}");
                assert!(!is_less(other, one), "{name:?}: {later}, {earlier}");
                concurrent += usize::from(!is_before);
            }
        }
    }
    assert!(concurrent > 0, "nothing happens at once anywhere");
}

/// ShiViz refuses a log in which a host skips one of its own times.
#[test]
fn every_host_counts_its_own_steps_from_one() {
    for counterexample in every() {
        let mut own: BTreeMap<String, usize> = BTreeMap::new();
        for ((host, clock), step) in
            events(&shiviz(counterexample)).iter().zip(&counterexample.steps)
        {
            assert_eq!(*host, step.actor.to_string());
            let steps = own.entry(host.clone()).or_default();
            *steps += 1;
            assert_eq!(clock[host], *steps);
            assert!(clock.keys().all(|vat| own.contains_key(vat)), "{clock:?}");
        }
    }
}

#[test]
fn what_crossed_is_concurrent_and_what_was_read_is_known() {
    let counterexample = of("uncounted-drop");
    assert!(counterexample.steps.iter().any(|step| step.actor == VatId::A));
    insta::assert_snapshot!(shiviz(counterexample));
}
