use model::engine::*;
use model::property::*;
use model::protocol::e::*;
use model::sizes::*;
use model::world::*;
fn main() {
    let sizes = Sizes {
        objects: 2,
        sends: PerVat::each(1, 3),
        references: 2,
        calls: PerVat::each(1, 0),
        failures: PerVat::each(0, 1),
        faults: PerVat::each(1, 0),
        sessions: 2,
    };
    for m in model::mutation::MUTATIONS {
        let world = World::new(ECapTp { bend: Some(m.bend) }, sizes);
        let p = Progress::default();
        let budget = Budget { states_max: Some(20_000_000), ..Default::default() };
        let o = search(&world, |w: &World<ECapTp>, s| w.judge(s), world.claimed(), 2, &budget, &p);
        println!(
            "{} {} {:?} {:?} {:?} violated {}{}",
            m.rule.name(),
            m.id,
            o.cut,
            o.counts,
            o.elapsed,
            o.violated(),
            if o.violated().contains(m.kills) { "" } else { "   <<<<<<<<<<<< WRONG" }
        );
        for (id, t) in &o.violations {
            if *id != m.kills {
                continue;
            };
            let r = replay(&world, t).unwrap();
            for (a, _) in &r.steps {
                println!("      {a}");
            }
            println!("{:?}", r.last());
        }
    }
}
