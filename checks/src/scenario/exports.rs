//! Objects that are exported by several threads, while the peer gives mentions back.

use super::{Scenario, session};
use crate::ensure;
use crate::explorer::{Explorer, Verdict};
use crate::ledger::{Object, said};
use captp_gc::protocol::Descriptor::{ImportDesc, NewFarDesc};
use captp_gc::protocol::{Descriptor, Index, Violation};
use captp_gc::table::{Refused, Session};
use std::sync::Arc;

const I0: Index = Index::new(0);

/// The scenarios of this module.
pub fn all<P: Explorer>() -> [Scenario; 8] {
    [
        Scenario {
            name: "export_and_export",
            proves: "two threads that export one object for the first time introduce it once",
            threads: 2,
            run: export_and_export::<P>,
        },
        Scenario {
            name: "export_export_and_gc_export",
            proves: "two mentions and one given back add up, whatever comes first",
            threads: 3,
            run: export_export_and_gc_export::<P>,
        },
        Scenario {
            name: "export_and_gc_export_to_zero",
            proves: "a mention meets the last one given back: the entry stays, or is made anew",
            threads: 2,
            run: export_and_gc_export_to_zero::<P>,
        },
        Scenario {
            name: "an_index_is_reused_at_once",
            proves: "an index that was freed denotes the object that has it now, and no other",
            threads: 3,
            run: an_index_is_reused_at_once::<P>,
        },
        Scenario {
            name: "lookup_and_gc_export",
            proves: "a call finds the object meant or none, and what it found stays usable",
            threads: 3,
            run: lookup_and_gc_export::<P>,
        },
        Scenario {
            name: "a_reader_and_two_exporters",
            proves: "what the reader remembers is the export meant, and loses no mention",
            threads: 3,
            run: a_reader_and_two_exporters::<P>,
        },
        Scenario {
            name: "unexport_and_gc_export",
            proves: "a mention taken back and one given back are each subtracted once",
            threads: 2,
            run: unexport_and_gc_export::<P>,
        },
        Scenario {
            name: "one_object_in_two_sessions",
            proves: "two sessions that export one object count it apart",
            threads: 2,
            run: one_object_in_two_sessions::<P>,
        },
    ]
}

type Exported = Result<Descriptor, String>;

fn export<P: Explorer>(b: &Session<Object<P>, P>, object: &Arc<Object<P>>) -> Exported {
    b.export(object).map_err(|misuse| format!("{} is not exported: {misuse}", object.name))
}

fn exporter<P: Explorer>(
    b: &Session<Object<P>, P>,
    object: &Arc<Object<P>>,
) -> P::Thread<Exported> {
    let (b, object) = (b.clone(), Arc::clone(object));
    P::spawn(move || export(&b, &object))
}

/// The peer holds this many mentions of an entry: it can give them back, and not one more.
fn check_count<P: Explorer>(b: &Session<Object<P>, P>, index: Index, mentions: u32) -> Verdict {
    let counted = b.exports().iter().find(|row| row.0 == index).map_or(0, |row| row.2.get());
    ensure!(counted == mentions, "exports[{index}] counts {counted} of {mentions} mentions");
    if mentions == 0 {
        return Ok(());
    }
    match b.gc_export(index, mentions) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("exports[{index}] survives the last mention")),
        Err(refused) => Err(said(refused)),
    }
}

/// Two threads export Bob, who was not exported.
pub fn export_and_export<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    let other = exporter(&b, &bob);
    let one = export(&b, &bob);
    let mut descriptors = [one?, P::join(other)?];
    descriptors.sort();
    let expected = [NewFarDesc(I0), ImportDesc(I0)];
    ensure!(descriptors == expected, "introduced otherwise than once: {descriptors:?}");
    check_count(&b, I0, 2)
}

/// Two threads export Bob again, while the peer gives one mention back.
pub fn export_export_and_gc_export<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    export(&b, &bob)?;
    export(&b, &bob)?;
    let exporters = [exporter(&b, &bob), exporter(&b, &bob)];
    let evicted = b.gc_export(I0, 1).map_err(said);
    for again in exporters.map(P::join) {
        ensure!(again? == ImportDesc(I0), "an exported object is introduced again");
    }
    ensure!(evicted?.is_none(), "freed while mentions are outstanding");
    check_count(&b, I0, 3)
}

/// A thread exports Bob again, while the peer gives the last mention back.
pub fn export_and_gc_export_to_zero<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    export(&b, &bob)?;
    let other = exporter(&b, &bob);
    let evicted = b.gc_export(I0, 1).map_err(said);
    let (again, evicted) = (P::join(other)?, evicted?.is_some());
    match again {
        ImportDesc(index) => ensure!(index == I0 && !evicted, "freed, and mentioned again"),
        _ => ensure!(evicted, "introduced while it is exported"),
    }
    let found = b.lookup(again.index()).map_err(said)?;
    ensure!(Arc::ptr_eq(&found, &bob), "{again} denotes {}", found.name);
    drop(found);
    check_count(&b, again.index(), 1)
}

/// The peer gives Bob's last mention back, while Ben is exported on one thread and Bob on another.
pub fn an_index_is_reused_at_once<P: Explorer>() -> Verdict {
    let (b, [bob, ben]) = (session::<P>(), ["Bob", "Ben"].map(Object::new));
    export(&b, &bob)?;
    let exporters = [exporter(&b, &ben), exporter(&b, &bob)];
    let evicted = b.gc_export(I0, 1).map_err(said);
    let [of_ben, of_bob] = exporters.map(P::join);
    let (of_ben, of_bob) = (of_ben?, of_bob?);
    if let Some(evicted) = evicted? {
        ensure!(Arc::ptr_eq(&evicted, &bob), "{} is freed for Bob", evicted.name);
    }
    for (descriptor, object) in [(of_ben, &ben), (of_bob, &bob)] {
        let found = b.lookup(descriptor.index()).map_err(said)?;
        ensure!(Arc::ptr_eq(&found, object), "{descriptor} denotes {}", found.name);
    }
    check_count(&b, of_ben.index(), 1)?;
    check_count(&b, of_bob.index(), 1)
}

/// A call arrives for Bob on one thread, the last mention of him on another, a third exports him.
pub fn lookup_and_gc_export<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    export(&b, &bob)?;
    let caller = {
        let b = b.clone();
        P::spawn(move || b.lookup(I0))
    };
    let other = exporter(&b, &bob);
    let evicted = b.gc_export(I0, 1).map_err(said);
    let (found, again) = (P::join(caller), P::join(other)?);
    evicted?;
    match found {
        Ok(found) => ensure!(found.name == "Bob", "found {}", found.name),
        Err(refused) => {
            let unknown = Refused::Violation(Violation::UnknownExport { index: I0 });
            ensure!(refused == unknown, "{refused}");
        }
    }
    check_count(&b, again.index(), 1)
}

/// The reader looks Bob up and gives mentions of him back until he goes, while he is exported again
/// on one thread, and Ben on another.
pub fn a_reader_and_two_exporters<P: Explorer>() -> Verdict {
    let (b, [bob, ben]) = (session::<P>(), ["Bob", "Ben"].map(Object::new));
    export(&b, &bob)?;
    export(&b, &bob)?;
    let mut reader = b.reader();
    let remembered = reader.lookup(I0).map(|found| found.name);
    let exporters = [exporter(&b, &bob), exporter(&b, &ben)];
    let given_back = [reader.gc_export(I0, 1), reader.gc_export(I0, 1)];
    let [of_bob, of_ben] = exporters.map(P::join);
    let (of_bob, of_ben) = (of_bob?, of_ben?);
    ensure!(remembered == Ok("Bob"), "looked up {remembered:?}");
    let [part, last] = given_back.map(|given| given.map_err(said));
    ensure!(part?.is_none(), "freed by the first of two mentions");
    let freed = last?.is_some();
    ensure!(freed == matches!(of_bob, NewFarDesc(_)), "{of_bob}, freed: {freed}");
    for (descriptor, name) in [(of_bob, "Bob"), (of_ben, "Ben")] {
        let found = reader.lookup(descriptor.index()).map_err(said)?;
        ensure!(found.name == name, "{descriptor} denotes {}", found.name);
    }
    check_count(&b, of_ben.index(), 1)?;
    check_count(&b, of_bob.index(), 1)
}

/// A send fails, while the peer gives back the mention that it has.
pub fn unexport_and_gc_export<P: Explorer>() -> Verdict {
    let (b, bob) = (session::<P>(), Object::new("Bob"));
    export(&b, &bob)?;
    export(&b, &bob)?;
    let sender = {
        let (b, bob) = (b.clone(), Arc::clone(&bob));
        P::spawn(move || b.unexport(&bob))
    };
    let given_back = b.gc_export(I0, 1).map_err(said);
    let taken_back = P::join(sender).map_err(|misuse| misuse.to_string());
    let evictions = usize::from(given_back?.is_some()) + usize::from(taken_back?.is_some());
    ensure!(evictions == 1, "freed {evictions} times");
    check_count(&b, I0, 0)
}

/// Two sessions export Bob at one time, and again; one of them ends.
pub fn one_object_in_two_sessions<P: Explorer>() -> Verdict {
    let (first, second, bob) = (session::<P>(), session::<P>(), Object::new("Bob"));
    let other = {
        let (second, bob) = (second.clone(), Arc::clone(&bob));
        P::spawn(move || [export(&second, &bob), export(&second, &bob)])
    };
    let ours = [export(&first, &bob), export(&first, &bob)];
    let theirs = P::join(other);
    for [introduced, again] in [ours, theirs] {
        let said = [introduced?, again?];
        ensure!(said == [NewFarDesc(I0), ImportDesc(I0)], "a session said {said:?}");
    }
    ensure!(first.close().len() == 1, "the first session had not one export");
    check_count(&second, I0, 2)
}
