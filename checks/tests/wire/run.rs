//! A run: one session after the other, until all steps are done and nothing is left.

use super::app::{self, Random};
use super::channel::{Body, PATIENCE};
use super::ledger::{Ledger, count};
use super::vat::{Line, Vat};
use captp_gc::protocol::{Limits, SessionId, WireCount};
use captp_gc::sync::Primitives;
use captp_gc::table::{Session, Stats};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Tight, so that they are met, and the same for both vats, so that neither refuses the other.
const LIMITS: Limits = Limits {
    exports_max: 80,
    imports_max: 80,
    mentions_max: WireCount::new(40),
    references_per_message_max: 8,
};
const APP_THREADS: u64 = 2;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: u64,
    pub(crate) seed: u64,
    /// A step cuts the connection with this chance.
    pub(crate) cut_one_in: u64,
}

type Ends<P> = [Line<P>; 2];

/// Runs a plan.
///
/// # Errors
/// The first thing that was found wrong.
pub(crate) fn run<P: Primitives>(plan: Plan) -> Result<Arc<Ledger>, String> {
    let ledger = Arc::new(Ledger::new(usize::try_from(plan.steps).unwrap_or(usize::MAX)));
    let vats = [0, 1].map(|number| Vat::<P>::new(number, &ledger));
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let steps = AtomicU64::new(plan.steps);
    let mut id = SessionId::FIRST;
    let mut kept = Vec::new();
    loop {
        count(&ledger.tally.sessions);
        let ends = connect::<P>(&listener, id).map_err(|error| error.to_string())?;
        let settled = session(&vats, &ends, &steps, plan);
        if let Some(fault) = ledger.fault() {
            return Err(fault);
        }
        if settled {
            return Ok(ledger);
        }
        // Every second session's tables live on through the next session. Their objects still
        // carry their mark, and have to be exported beside it.
        kept.clear();
        if id.get() % 2 == 1 {
            kept.extend(ends.map(|end| end.session));
        }
        id = id.next().ok_or("no more sessions")?;
    }
}

fn connect<P: Primitives>(listener: &TcpListener, id: SessionId) -> std::io::Result<Ends<P>> {
    let left = TcpStream::connect(listener.local_addr()?)?;
    let (right, _) = listener.accept()?;
    let end = |stream: TcpStream| -> std::io::Result<Line<P>> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let owing = Arc::new(AtomicBool::new(false));
        let owes = Arc::clone(&owing);
        let wake = Box::new(move || owes.store(true, SeqCst));
        Ok(Line { session: Session::on(id, LIMITS, Some(wake)), stream, owing })
    };
    Ok([end(left)?, end(right)?])
}

/// One session, to its end. Returns whether it ended in quiescence, and not by a cut.
fn session<P: Primitives>(
    vats: &[Vat<P>; 2],
    ends: &Ends<P>,
    steps: &AtomicU64,
    plan: Plan,
) -> bool {
    let both = || vats.iter().zip(ends);
    thread::scope(|scope| {
        let heard = [0, 1].map(|at| {
            let (vat, line): (&Vat<P>, &Line<P>) = (&vats[at], &ends[at]);
            let (said, heard) = channel();
            vat.channel.begin();
            scope.spawn(move || vat.read(line, &vats[1 - at].channel, &said));
            scope.spawn(move || vat.write(line));
            heard
        });
        let apps = both().flat_map(|(vat, line)| (0..APP_THREADS).map(move |app| (vat, line, app)));
        let apps = apps.map(|(vat, line, app)| {
            let thread = (vat.number as u64) << 8 | app;
            let random = Random::new(plan.seed, line.session.id().get(), thread);
            scope.spawn(move || app::run(vat, line, random, steps, plan.cut_one_in))
        });
        for app in apps.collect::<Vec<_>>() {
            if app.join().is_err() {
                vats[0].ledger.fail(|| "an application thread panicked".to_owned());
            }
        }
        let settled = settle(vats, ends, &heard);
        for line in ends {
            let _ = line.stream.shutdown(Shutdown::Both); // it may be cut already
        }
        settled
    })
}

/// Everything is dropped and given back: then nothing may be left. False if the session was cut,
/// or something found wrong.
fn settle<P: Primitives>(vats: &[Vat<P>; 2], ends: &Ends<P>, heard: &[Receiver<Body>; 2]) -> bool {
    let ledger = &vats[0].ledger;
    let both = || vats.iter().zip(ends);
    let say = |body: fn() -> Body| {
        both().all(|(vat, line)| vat.say(line, body()).is_ok())
            && heard.iter().all(|heard| heard.recv_timeout(PATIENCE).is_ok())
    };
    if ledger.has_failed() || !say(|| Body::NothingMore) {
        return false;
    }
    for vat in vats {
        let (own, held) = (std::mem::take(&mut *vat.own()), std::mem::take(&mut *vat.held()));
        drop((own, held));
    }
    if !both().all(|(vat, line)| vat.collect(line).is_ok()) || !say(|| Body::AllGivenBack) {
        return false;
    }
    for (vat, line) in both() {
        let stats = line.session.stats();
        if stats != (Stats { introduced: stats.introduced, ..Stats::default() }) {
            ledger.fail(|| format!("vat {}: in the end {stats}: {:?}", vat.number, line.session));
        }
    }
    ledger.check_all_destroyed();
    true
}
