//! How far a search is, on standard error: a bar on a terminal, else a line every ten seconds.

use crate::engine::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_EVERY: Duration = Duration::from_millis(150);

/// Shows a search's progress until it is dropped.
#[derive(Debug)]
pub struct Shown {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    /// Starts to show the progress of the search called `name`, the `number`th of `all`.
    pub fn start(progress: Arc<Progress>, name: String, number: usize, all: usize) -> Self {
        let (stop, stopped) = mpsc::channel();
        let title = format!("[{number}/{all}] {name}");
        let show = move || {
            let started = Instant::now();
            let terminal = std::io::stderr().is_terminal();
            let bar = if terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            let every = if terminal { BAR_EVERY } else { LINE_EVERY };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let line = format!("{title}: {}", line(&progress, started.elapsed()));
                if terminal {
                    bar.set_message(line);
                    bar.tick();
                } else {
                    eprintln!("{line}");
                }
            }
            bar.finish_and_clear();
        };
        Self { stop: Some(stop), thread: Some(thread::spawn(show)) }
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

fn line(progress: &Progress, elapsed: Duration) -> String {
    let counts = progress.counts();
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    format!(
        "{} states, depth {}, frontier {}, {} states/s",
        HumanCount(counts.distinct),
        counts.depth,
        HumanCount(counts.frontier),
        HumanCount(counts.distinct.saturating_mul(1000) / millis),
    )
}
