//! How far a search is, on standard error: a bar on a terminal, else a line every ten seconds.

use crate::engine::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_EVERY: Duration = Duration::from_millis(150);

/// Shows the progress of one search after the other, until it is dropped.
#[derive(Debug)]
pub struct Shown {
    current: Arc<Mutex<Current>>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The search that is running.
#[derive(Debug)]
struct Current {
    name: String,
    since: Instant,
}

impl Shown {
    /// Starts to show.
    pub fn start(progress: Arc<Progress>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let current = Current { name: String::new(), since: Instant::now() };
        let current = Arc::new(Mutex::new(current));
        let shown = Arc::clone(&current);
        let thread = thread::spawn(move || show(&progress, &shown, &stopped));
        Self { current, stop: Some(stop), thread: Some(thread) }
    }

    /// Another search begins.
    pub fn name(&self, name: &str) {
        *lock(&self.current) = Current { name: name.to_owned(), since: Instant::now() };
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it has panicked, there is nothing to show any more.
            let _ended = thread.join();
        }
    }
}

fn show(progress: &Progress, current: &Mutex<Current>, stopped: &mpsc::Receiver<()>) {
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    let every = if terminal { BAR_EVERY } else { LINE_EVERY };
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let line = line(progress, &lock(current));
        if terminal {
            bar.set_message(line);
            bar.tick();
        } else {
            // Progress that nobody can read is no reason to stop.
            let _unread = writeln!(std::io::stderr(), "{line}");
        }
    }
    bar.finish_and_clear();
}

fn line(progress: &Progress, current: &Current) -> String {
    let counts = progress.counts();
    let millis = u64::try_from(current.since.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    format!(
        "{}: {} states, depth {}, frontier {}, {} states/s",
        current.name,
        HumanCount(counts.distinct),
        counts.depth,
        HumanCount(counts.frontier),
        HumanCount(counts.distinct.saturating_mul(1000) / millis),
    )
}

/// The lock is held for a moment only, by code that does not panic.
fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what is being done, where there are no states to count.
#[derive(Debug)]
pub struct Saying {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Saying {
    /// Nothing is being done yet.
    pub fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        Self { bar, last: Instant::now() }
    }

    /// This is being done.
    pub fn say(&mut self, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(what.to_owned());
                bar.tick();
            }
            None if self.last.elapsed() >= LINE_EVERY => {
                self.last = Instant::now();
                let _unread = writeln!(std::io::stderr(), "{what}");
            }
            None => {}
        }
    }
}

impl Drop for Saying {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
