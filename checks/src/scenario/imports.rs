//! Proxies that are made, cloned and dropped by several threads, while notifications are served.

use super::{LIMITS, Scenario, session};
use crate::ensure;
use crate::explorer::{Explorer, Verdict};
use crate::ledger::{Mentions, Object, again, drain, first, import};
use captp_gc::protocol::{Index, SessionId};
use captp_gc::sync::{Ordering, Word};
use captp_gc::table::Session;
use std::sync::Arc;

const I0: Index = Index::new(0);
const I1: Index = Index::new(1);

/// The scenarios of this module.
pub fn all<P: Explorer>() -> [Scenario; 12] {
    [
        Scenario {
            name: "last_drop_and_import",
            proves: "the local race: a mention revives a dying proxy or makes a new one; \
                     while a proxy lives its export is held",
            threads: 2,
            run: last_drop_and_import::<P>,
        },
        Scenario {
            name: "last_drop_and_import_on_two_threads",
            proves: "the same, with another import and a drain of its own on a third thread",
            threads: 3,
            run: last_drop_and_import_on_two_threads::<P>,
        },
        Scenario {
            name: "import_import_and_drop",
            proves: "two mentions read at one time, and the last drop of the proxy before, add up",
            threads: 3,
            run: import_import_and_drop::<P>,
        },
        Scenario {
            name: "clone_drop_and_drain",
            proves: "a clone keeps the proxy alive; the last handle owes one notification",
            threads: 2,
            run: clone_drop_and_drain::<P>,
        },
        Scenario {
            name: "clone_and_drop_on_two_threads_and_drain",
            proves: "handles that go on two threads at one time owe one notification",
            threads: 3,
            run: clone_and_drop_on_two_threads_and_drain::<P>,
        },
        Scenario {
            name: "drain_and_drain",
            proves: "a count is taken by one of two drains, and by none while a proxy lives",
            threads: 3,
            run: drain_and_drain::<P>,
        },
        Scenario {
            name: "drop_and_drain",
            proves: "no last drop is overlooked by a drain that goes on at the same time",
            threads: 2,
            run: drop_and_drain::<P>,
        },
        Scenario {
            name: "drop_and_drain_when_others_are_owed",
            proves: "the same when the slot's page is on the queue, or just taken off it",
            threads: 2,
            run: drop_and_drain_when_others_are_owed::<P>,
        },
        Scenario {
            name: "drop_is_ordered_after_the_call",
            proves: "whoever drains a notification sees what the dropping threads did before",
            threads: 3,
            run: drop_is_ordered_after_the_call::<P>,
        },
        Scenario {
            name: "two_pages",
            proves: "pages that are put on the queue at one time, and while it is taken, all stay",
            threads: 3,
            run: two_pages::<P>,
        },
        Scenario {
            name: "the_loop_is_woken",
            proves: "when something is owed that no drain has taken, the loop was woken for it",
            threads: 2,
            run: the_loop_is_woken::<P>,
        },
        Scenario {
            name: "two_slots",
            proves: "proxies of one page that go at one time are each reported once",
            threads: 3,
            run: two_slots::<P>,
        },
    ]
}

/// VatA's last handle goes, while its reader reads an `ImportDesc` of the same index.
pub fn last_drop_and_import<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let dropper = P::spawn(move || drop(bob));
    let successor = import(&a, again(0));
    let mut mentions = Mentions::received(2);
    mentions.give_back(I0, &drain(&a));
    P::join(dropper);
    let successor = successor?;
    mentions.give_back(I0, &drain(&a));
    mentions.check_held()?;
    ensure!(a.stats().imports == 1, "the successor is not in the table");
    drop(successor);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// As above; the successor goes on a third thread, which drains too.
pub fn last_drop_and_import_on_two_threads<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let dropper = P::spawn(move || drop(bob));
    let other = {
        let a = a.clone();
        P::spawn(move || {
            let dropped = import(&a, again(0)).map(drop);
            (dropped, drain(&a))
        })
    };
    let kept = import(&a, again(0));
    P::join(dropper);
    let (dropped, ops) = P::join(other);
    dropped?;
    let kept = kept?;
    let mut mentions = Mentions::received(3);
    mentions.give_back(I0, &ops);
    mentions.give_back(I0, &drain(&a));
    mentions.check_held()?;
    drop(kept);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// Two threads read mentions of an index whose proxy goes on a third.
pub fn import_import_and_drop<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let readers = [a.clone(), a.clone()].map(|a| P::spawn(move || import(&a, again(0))));
    drop(bob);
    let [one, two] = readers.map(P::join);
    let (one, two) = (one?, two?);
    let mut mentions = Mentions::received(3);
    mentions.give_back(I0, &drain(&a));
    mentions.check_held()?;
    ensure!(one == two, "two live proxies stand at one index");
    drop((one, two));
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// A handle is cloned and both go, while the loop drains.
pub fn clone_drop_and_drain<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let holder = P::spawn(move || {
        let clone = bob.clone();
        drop(bob);
        drop(clone);
    });
    let mut mentions = Mentions::received(1);
    mentions.give_back(I0, &drain(&a));
    mentions.give_back(I0, &drain(&a));
    P::join(holder);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// Two threads hold handles of one proxy; one clones its own; the loop drains.
pub fn clone_and_drop_on_two_threads_and_drain<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let other = bob.clone();
    let cloner = P::spawn(move || {
        let clone = bob.clone();
        drop(bob);
        clone
    });
    let dropper = P::spawn(move || drop(other));
    let mut mentions = Mentions::received(1);
    mentions.give_back(I0, &drain(&a));
    let clone = P::join(cloner);
    P::join(dropper);
    mentions.give_back(I0, &drain(&a));
    mentions.check_held()?;
    drop(clone);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// Two loops drain while a mention revives the proxy that they would report.
pub fn drain_and_drain<P: Explorer>() -> Verdict {
    let a = session::<P>();
    drop(import(&a, first(0))?);
    let other = {
        let a = a.clone();
        P::spawn(move || drain(&a))
    };
    let reader = {
        let a = a.clone();
        P::spawn(move || import(&a, again(0)))
    };
    let mut mentions = Mentions::received(2);
    mentions.give_back(I0, &drain(&a));
    mentions.give_back(I0, &P::join(other));
    let revived = P::join(reader)?;
    mentions.check_held()?;
    drop(revived);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// The last handle goes while the loop drains what went before.
pub fn drop_and_drain<P: Explorer>() -> Verdict {
    let a = session::<P>();
    drop(import(&a, first(0))?);
    let bob = import(&a, again(0))?;
    let dropper = P::spawn(move || drop(bob));
    let mut mentions = Mentions::received(2);
    mentions.give_back(I0, &drain(&a));
    P::join(dropper);
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// The last handle goes for the second time while the loop serves the first, and another slot.
pub fn drop_and_drain_when_others_are_owed<P: Explorer>() -> Verdict {
    let a = session::<P>();
    drop(import(&a, first(1))?); // alone on the queue, so that the next one marks its page
    drop(import(&a, first(0))?);
    let bob = import(&a, again(0))?;
    let dropper = P::spawn(move || drop(bob));
    let mut ops = drain(&a);
    P::join(dropper);
    ops.extend(drain(&a));
    for (index, received) in [(I0, 2), (I1, 1)] {
        let mut mentions = Mentions::received(received);
        mentions.give_back(index, &ops);
        mentions.check_released()?;
    }
    Ok(())
}

/// Two threads each queue a call through the proxy, and drop their handle; a third drains. The
/// calls are queued by the weakest means there is: nothing but the drop itself orders them.
pub fn drop_is_ordered_after_the_call<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let bob = import(&a, first(0))?;
    let calls: [Arc<P::Word>; 2] = std::array::from_fn(|_| Arc::new(P::Word::new(0)));
    let callers = [(bob.clone(), Arc::clone(&calls[0])), (bob, Arc::clone(&calls[1]))];
    let callers = callers.map(|(bob, call)| {
        P::spawn(move || {
            call.store(1, Ordering::Relaxed);
            drop(bob);
        })
    });
    let ops = drain(&a);
    let seen = calls.map(|call| call.load(Ordering::Relaxed));
    callers.into_iter().for_each(P::join);
    let mut mentions = Mentions::received(1);
    mentions.give_back(I0, &ops);
    ensure!(ops.is_empty() || seen == [1, 1], "GCExportOp overtakes a call: {seen:?}");
    mentions.give_back(I0, &drain(&a));
    mentions.check_released()
}

/// Proxies of two pages go on two threads while the loop drains, and while a third slot is owed.
pub fn two_pages<P: Explorer>() -> Verdict {
    let (a, far) = (session::<P>(), Index::new(4)); // on the second page, whichever the checker's
    let proxies = [import(&a, first(0))?, import(&a, first(4))?];
    drop(import(&a, first(1))?); // alone on the queue, so that the others mark their pages
    let droppers = proxies.map(|proxy| P::spawn(move || drop(proxy)));
    let mut ops = drain(&a);
    droppers.into_iter().for_each(P::join);
    ops.extend(drain(&a));
    for index in [I0, I1, far] {
        let mut mentions = Mentions::received(1);
        mentions.give_back(index, &ops);
        mentions.check_released()?;
    }
    Ok(())
}

/// A proxy goes while the loop drains another, which it was woken for.
pub fn the_loop_is_woken<P: Explorer>() -> Verdict {
    let woken = Arc::new(P::Word::new(0));
    let wakes = Arc::clone(&woken);
    let wake = Box::new(move || {
        wakes.fetch_add(1, Ordering::AcqRel);
    });
    let a: Session<Object<P>, P> = Session::on(SessionId::FIRST, LIMITS, Some(wake));
    let bob = import(&a, first(0))?;
    drop(import(&a, first(1))?);
    let dropper = P::spawn(move || drop(bob));
    let before = woken.load(Ordering::Acquire);
    let ops = drain(&a);
    P::join(dropper);
    let (owing, after) = (a.is_owing(), woken.load(Ordering::Acquire));
    let late = drain(&a);
    ensure!(before == 1, "woken {before} times for the first");
    ensure!(!owing || after == 2, "something is owed, and the loop sleeps");
    ensure!(ops.len() + late.len() == 2, "{ops:?} and {late:?} of two proxies");
    Ok(())
}

/// Two proxies of one page go on two threads while the loop drains.
pub fn two_slots<P: Explorer>() -> Verdict {
    let a = session::<P>();
    let proxies = [import(&a, first(0))?, import(&a, first(1))?];
    let droppers = proxies.map(|proxy| P::spawn(move || drop(proxy)));
    let mut ops = drain(&a);
    droppers.into_iter().for_each(P::join);
    ops.extend(drain(&a));
    for index in [I0, I1] {
        let mut mentions = Mentions::received(1);
        mentions.give_back(index, &ops);
        mentions.check_released()?;
    }
    Ok(())
}
