//! Every walk of a model is explained as what it is, whatever of it is written down.

use captp_wire::line::{Event, Line};
use model::behaviour::{Refinement, Verdict, explainer, header_of, lines_of};
use model::engine::Replay;
use model::protocol::Protocol;
use model::protocol::capnp::Capnp;
use model::protocol::capnweb::Capnweb;
use model::protocol::e::ECapTp;
use model::protocol::endo_captp::EndoCapTp;
use model::protocol::go_capnp::GoCapnp;
use model::sizes::{PerVat, Sizes};
use model::world::{StepKind, Walk, World};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use stateright::Model;

const WALKS: u64 = 400;
/// Whether it is told what was read, and what happened inside.
const TOLD: [(bool, bool); 3] = [(true, true), (true, false), (false, false)];
const STEPS_MAX: usize = 120;

pub(crate) fn busy(promises: u8, asks: PerVat, sessions: u8) -> Sizes {
    let (sends, calls) = (PerVat::both(12), PerVat::both(4));
    Sizes { objects: 3, sends, references: 2, calls, sessions, promises, asks, ..Sizes::SMALLEST }
}

pub(crate) fn walk<P: Protocol>(world: &World<P>, number: u64) -> Walk<P> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    rng.set_stream(number);
    let initial = world.init_states().remove(0);
    let mut walk = Replay { initial, steps: Vec::new(), indices: vec![0] };
    let mut below = |limit: usize| usize::try_from(rng.next_u64()).unwrap() % limit;
    while walk.steps.len() < STEPS_MAX {
        let mut actions = Vec::new();
        world.actions(walk.last(), &mut actions);
        let kinds: Vec<StepKind> = StepKind::ALL
            .into_iter()
            .filter(|kind| actions.iter().any(|action| action.kind() == *kind))
            // Sessions end, but not soon.
            .filter(|kind| *kind != StepKind::Cut || below(8) == 0)
            .collect();
        if kinds.is_empty() {
            break;
        }
        let kind = kinds[below(kinds.len())];
        actions.retain(|action| action.kind() == kind);
        let action = actions.swap_remove(below(actions.len()));
        let next = world.next_state(walk.last(), action.clone()).expect("it is possible");
        walk.steps.push((action, next));
    }
    walk
}

/// The lines that are left of a trace if it does not say some things.
pub(crate) fn without(lines: &[Line], reads: bool, locals: bool) -> Vec<(u64, Line)> {
    let kept = lines.iter().filter(|line| match line {
        Line::Local(local) if local.event == Event::Read => reads,
        Line::Local(_) => locals,
        _ => true,
    });
    (1..).zip(kept.cloned()).collect()
}

/// What a trace comes to, told with what was read and what happened inside, or without.
pub(crate) fn told<P: Protocol>(
    id: &str,
    (reads, locals): (bool, bool),
    lines: &[(u64, Line)],
) -> Refinement {
    let mut explainer = explainer::<P>(&header_of(id, reads, locals));
    let _settled = lines.iter().find_map(|(at, line)| explainer.feed(*at, line).cloned());
    explainer.finish()
}

fn every_walk_is_explained<P: Protocol>(id: &str, sizes: Sizes) {
    let world = World::new(P::bent(None), sizes);
    let (mut walks, mut messages) = (0, 0);
    for number in 0..WALKS {
        let walk = walk(&world, number);
        let Some(lines) = lines_of::<P>(&walk, world.wire_order()) else { continue };
        walks += 1;
        messages += lines.iter().filter(|line| matches!(line, Line::Message(_))).count();
        for (reads, locals) in TOLD {
            let lines = without(&lines, reads, locals);
            let found = told::<P>(id, (reads, locals), &lines);
            if found.verdict != Verdict::Explained {
                let lines: Vec<_> = lines.iter().map(|(at, l)| format!("{at} {l:?}")).collect();
                let steps: Vec<_> = walk.steps.iter().map(|(a, _)| a.to_string()).collect();
                let (lines, steps) = (lines.join("\n"), steps.join("\n"));
                panic!("{id} {number} {reads} {locals}:\n{steps}\n{lines}\n{found:#?}");
            }
        }
    }
    println!("{id}: {walks} walks with {messages} messages, each told in three ways");
    assert!(walks > WALKS / 2 && messages > 2000);
}

#[test]
fn every_walk_of_endo_captp_is_explained() {
    every_walk_is_explained::<EndoCapTp>("endo-captp", busy(0, PerVat::both(4), 1));
    every_walk_is_explained::<EndoCapTp>("endo-captp", busy(0, PerVat::both(4), 3));
}

#[test]
fn every_walk_of_capnp_is_explained() {
    let refusals = PerVat::both(2);
    every_walk_is_explained::<Capnp>("capnp", busy(0, PerVat::each(4, 0), 1));
    let promises = busy(2, PerVat::each(0, 4), 3);
    every_walk_is_explained::<Capnp>("capnp", Sizes { refusals, ..promises });
    let waits = PerVat::both(2);
    every_walk_is_explained::<Capnp>("capnp", Sizes { waits, ..busy(2, PerVat::NONE, 1) });
}

#[test]
fn every_walk_of_go_capnp_is_explained() {
    every_walk_is_explained::<GoCapnp>("go-capnp", busy(0, PerVat::both(4), 1));
}

#[test]
fn every_walk_of_capnweb_is_explained() {
    every_walk_is_explained::<Capnweb>("capnweb", busy(0, PerVat::both(4), 1));
    every_walk_is_explained::<Capnweb>("capnweb", busy(0, PerVat::both(4), 3));
}

#[test]
fn every_walk_of_e_captp_is_explained() {
    every_walk_is_explained::<ECapTp>("e-captp", busy(0, PerVat::NONE, 3));
    every_walk_is_explained::<ECapTp>("e-captp", busy(2, PerVat::both(4), 1));
}
