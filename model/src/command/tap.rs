//! `model tap`.

use super::{Error, cannot_write, complain, written};
use crate::cli::TapArgs;
use crate::engine::Progress;
use crate::render::screen::Screen;
use crate::render::tap as render;
use crate::traffic::record::Record;
use crate::traffic::tap::Watched;
use crate::traffic::{Judge, Notice};
use captp_wire::decode::Wire;
use captp_wire::line::{FORMAT, Header};
use captp_wire::tap::{Behind, Event, Tap};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How many events of the relay may wait.
const EVENTS: usize = 4096;
/// How many are taken before the clock is looked at.
const BATCH: usize = 512;
/// How often the clock is looked at if nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const DRAW_EVERY: Duration = Duration::from_millis(200);
const PRINT_EVERY: Duration = Duration::from_secs(10);
const AGES_EVERY: Duration = Duration::from_secs(1);
/// How long the sessions may take to close in the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Runs the command; returns the exit status.
///
/// # Errors
/// The address cannot be listened on, or the trace or the output cannot be written.
pub fn run(args: &TapArgs, progress: &Progress) -> Result<u8, Error> {
    let listen = args.listen;
    if !args.allow_remote && !listen.ip().is_loopback() {
        return Err(Error::Usage(format!(
            "{listen} is no loopback address: whoever reaches it would reach {}; --allow-remote \
             allows that",
            args.upstream
        )));
    }
    let header = Header {
        trace: FORMAT.to_owned(),
        system: system(args)?,
        peer: format!("a tap before {}, {}", args.upstream, args.wire),
        reads: false,
        locals: false,
    };
    let judge = Judge::new(&header, !args.no_refine);
    let judge = judge.map_err(|unknown| Error::Usage(unknown.to_string()))?;
    let (events, seen) = sync_channel(EVENTS);
    let tap = Tap {
        beyond_loopback: args.allow_remote,
        behind: if args.stall { Behind::Wait } else { Behind::Cut },
        ..Tap::new(listen, args.upstream, args.wire)
    };
    let handle = tap
        .start(events)
        .map_err(|error| Error::Usage(format!("{listen} cannot be listened on: {error}")))?;
    let record = args
        .record
        .as_deref()
        .map(|path| Record::to(path, &header).map_err(|error| cannot_write(path, &error)));
    let record = record.transpose()?.unwrap_or_else(Record::nowhere);
    let name = format!("{} to {}", handle.local_addr(), args.upstream);
    complain(&format!(
        "listening on {}, upstream {}: {}, held against {}; {}; Ctrl-C ends it",
        handle.local_addr(),
        args.upstream,
        args.wire,
        header.system,
        render::ends()
    ));
    let output = Output::new(args.json, name);
    let mut running = Running { watched: Watched::new(judge, record, args.age), output };
    let started = Instant::now();
    let deadline = args.duration.and_then(|duration| started.checked_add(duration));
    let stop = || progress.is_interrupted() || deadline.is_some_and(|at| Instant::now() >= at);
    let run = running.run(&seen, &stop);
    handle.stop();
    run?;
    running.drain(&seen)?;
    running.end(started.elapsed())?;
    Ok(u8::from(running.watched.found() > 0))
}

fn system(args: &TapArgs) -> Result<String, Error> {
    let usual = match args.wire {
        Wire::Capnp => Some("capnp"),
        Wire::CaptpJson => Some("endo-captp"),
        Wire::Capnweb => Some("capnweb"),
        Wire::Lines => None,
    };
    args.system.clone().or(usual.map(ToOwned::to_owned)).ok_or_else(|| {
        Error::Usage("--wire lines is spoken by any system: --system says which".to_owned())
    })
}

struct Running {
    watched: Watched,
    output: Output,
}

impl Running {
    /// Takes what the relay sees, until `stop`.
    fn run(&mut self, seen: &Receiver<Event>, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        let mut ages = Instant::now();
        self.output.tables(&self.watched)?;
        while !stop() {
            match seen.recv_timeout(LOOK_EVERY) {
                Ok(event) => {
                    self.take(event)?;
                    for event in seen.try_iter().take(BATCH) {
                        self.take(event)?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if ages.elapsed() >= AGES_EVERY {
                ages = Instant::now();
                let mut notices = self.watched.grown_old(ages);
                notices.extend(self.watched.flush());
                self.output.notices(&notices)?;
            }
            self.output.now_and_then(&self.watched)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<(), Error> {
        let notices = self.watched.take(event, Instant::now());
        self.output.notices(&notices)
    }

    /// Takes what comes until the last session has closed.
    fn drain(&mut self, seen: &Receiver<Event>) -> Result<(), Error> {
        let until = Instant::now() + CLOSE_WITHIN;
        while let Some(left) = until.checked_duration_since(Instant::now())
            && let Ok(event) = seen.recv_timeout(left)
        {
            self.take(event)?;
        }
        Ok(())
    }

    fn end(&mut self, elapsed: Duration) -> Result<(), Error> {
        let notices: Vec<_> = self.watched.end().into_iter().collect();
        self.output.notices(&notices)?;
        self.output.end(&self.watched, elapsed)
    }
}

/// Where it is shown: a terminal whose foot is drawn anew, or lines.
struct Output {
    json: bool,
    name: String,
    screen: Option<Screen>,
    /// Lines that the next drawing puts above the foot.
    waiting: String,
    next: Instant,
    counted: (Instant, u64),
    per_second: u64,
}

impl Output {
    fn new(json: bool, name: String) -> Self {
        let now = Instant::now();
        let screen = if json { None } else { Screen::of_stdout() };
        let next = if screen.is_some() { now } else { now + PRINT_EVERY };
        let (waiting, per_second) = Default::default();
        Self { json, name, screen, waiting, next, counted: (now, 0), per_second }
    }

    fn notices(&mut self, notices: &[Notice]) -> Result<(), Error> {
        if notices.is_empty() {
            return Ok(());
        }
        let render = if self.json { render::notice_json } else { render::notice };
        let text: String = notices.iter().map(render).collect();
        if self.screen.is_some() {
            self.waiting.push_str(&text);
            return Ok(());
        }
        written(&text, None)
    }

    fn now_and_then(&mut self, watched: &Watched) -> Result<(), Error> {
        let (since, count) = self.counted;
        let elapsed = since.elapsed();
        if elapsed >= Duration::from_secs(1) {
            let messages = watched.totals().messages;
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
            self.per_second = (messages - count).saturating_mul(1000) / millis;
            self.counted = (Instant::now(), messages);
        }
        if Instant::now() < self.next {
            return Ok(());
        }
        self.tables(watched)
    }

    /// Shows the tables. On a terminal this takes no more than a tenth of the time.
    fn tables(&mut self, watched: &Watched) -> Result<(), Error> {
        let now = Instant::now();
        if self.screen.is_none() && now < self.next {
            return Ok(());
        }
        let text = if self.json {
            render::tables_json(watched, "tables", self.per_second, now)
        } else {
            render::tables(watched, &self.name, self.per_second, now)
        };
        match &mut self.screen {
            Some(screen) => {
                screen.draw(&std::mem::take(&mut self.waiting), &text)?;
                self.next = Instant::now() + DRAW_EVERY.max(now.elapsed() * 10);
            }
            None => {
                written(&text, None)?;
                self.next = now + PRINT_EVERY;
            }
        }
        Ok(())
    }

    fn end(&mut self, watched: &Watched, elapsed: Duration) -> Result<(), Error> {
        if let Some(screen) = &mut self.screen {
            screen.draw(&std::mem::take(&mut self.waiting), "")?;
        }
        let text = if self.json {
            render::tables_json(watched, "summary", self.per_second, Instant::now())
        } else {
            render::summary(watched, elapsed)
        };
        written(&text, None)
    }
}
