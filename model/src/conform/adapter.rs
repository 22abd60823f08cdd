//! A running adapter: a child process that is asked one thing at a time, and is killed if it hangs,
//! floods, or writes what nobody understands.

use super::bound::Bound;
use super::said::{self, Said, lacking, shortened};
use captp_wire::adapter::{Event, Hello, Request, VERSION};
use std::collections::VecDeque;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest line, in bytes.
const LINE_MAX: u64 = 1 << 20;
/// The most lines of one request.
const EVENTS_MAX: usize = 20_000;
/// The most bytes of them.
const BYTES_MAX: usize = 8 << 20;
/// How many lines of an adapter's standard error are kept.
const COMPLAINTS: usize = 20;
/// How long to wait before looking again whether an adapter has ended.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// How many lines may wait to be looked at.
const LINES_AHEAD: usize = 64;

/// How long an adapter may at least take to start: some languages are slow to.
pub const STARTING_MIN: Duration = Duration::from_secs(30);

/// How to start an adapter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long it may take until its first line.
    pub starting: Duration,
    /// How much one schedule may take.
    pub bound: Bound,
}

impl Start {
    /// With a first line that may take as long as a request, and no less than [`STARTING_MIN`].
    pub fn new(program: String, arguments: Vec<String>, timeout: Duration) -> Self {
        let (starting, bound) = (timeout.max(STARTING_MIN), Bound::of(timeout));
        Self { program, arguments, timeout, starting, bound }
    }
}

/// What went wrong with an adapter. It is not running any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It could not be started.
    Start(String),
    /// It did not answer in time.
    Hang(Duration),
    /// It ended.
    Exit {
        /// How.
        status: String,
        /// The last lines of its standard error.
        complaints: Vec<String>,
    },
    /// It wrote something that is no event and no answer.
    Nonsense {
        /// What it wrote, shortened.
        line: String,
        /// What is wrong with it.
        why: String,
    },
    /// It said too much.
    Flood(String),
    /// It answered, and a schedule did not come to its end within this.
    Endless(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(why) => write!(f, "the adapter could not be started: {why}"),
            Self::Hang(limit) => {
                write!(f, "the adapter did not answer within {} s", limit.as_secs_f32())
            }
            Self::Exit { status, complaints } => {
                write!(f, "the adapter ended ({status})")?;
                complaints.iter().try_for_each(|line| write!(f, "\n  | {line}"))
            }
            Self::Nonsense { line, why } => {
                write!(
                    f,
                    "the adapter wrote '{line}' on its standard output, where requests are \
                     answered, and that is {why}"
                )
            }
            Self::Flood(what) => write!(f, "the adapter said too much: {what}"),
            Self::Endless(within) => {
                write!(f, "the adapter answers, and one schedule does not end within {within}")
            }
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// Whether it was waited for, so that it is not to be waited for again and again.
    pub const fn takes_long(&self) -> bool {
        matches!(self, Self::Start(_) | Self::Hang(_) | Self::Endless(_))
    }

    /// The sentence without what an adapter may write differently each time: nobody is helped by a
    /// thousand findings that are one.
    pub fn kind(&self) -> String {
        match self {
            Self::Start(_) => "the adapter could not be started".to_owned(),
            Self::Nonsense { .. } => "the adapter wrote nonsense".to_owned(),
            Self::Flood(_) => "the adapter said too much".to_owned(),
            Self::Hang(_) | Self::Exit { .. } | Self::Endless(_) => self.to_string(),
        }
    }
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Why it was not done; none if it was.
    pub refused: Option<String>,
    /// What happened.
    pub events: Vec<Event>,
}

impl Reply {
    /// Whether it was done.
    pub const fn is_done(&self) -> bool {
        self.refused.is_none()
    }
}

enum Heard {
    Line(String),
    TooLong,
    Closed,
}

/// A running adapter.
#[derive(Debug)]
pub struct Adapter {
    hello: Hello,
    process: Process,
}

/// The process of an adapter, whatever it has said. It ends with this.
#[derive(Debug)]
struct Process {
    child: Child,
    /// What is to be written to it, by a thread of its own: it may not read.
    requests: SyncSender<String>,
    heard: Receiver<Heard>,
    complaints: Arc<Mutex<VecDeque<String>>>,
    /// Listens to the complaints.
    listener: JoinHandle<()>,
    /// How long it may take: for its first line, and for a request after that.
    timeout: Duration,
}

impl Adapter {
    /// Starts an adapter and reads its first line.
    ///
    /// # Errors
    /// There is no such program, or it speaks another protocol.
    pub fn start(start: &Start) -> Result<Self, Failure> {
        let mut process = Process::start(start)?;
        let line = process.line(after(start.starting))?;
        process.timeout = start.timeout;
        let hello = said::hello(&line)?;
        if hello.adapter != VERSION {
            let why = format!("version {} of the adapter protocol, not {VERSION}", hello.adapter);
            return Err(Failure::Nonsense { line: shortened(&line), why });
        }
        Ok(Self { hello, process })
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.child.try_wait(), Ok(None))
    }

    /// What it has said of itself.
    pub const fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks for one thing, and waits until it is done.
    ///
    /// # Errors
    /// The adapter is lost.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, Failure> {
        let process = &mut self.process;
        let deadline = after(process.timeout);
        let text = serde_json::to_string(request).unwrap_or_default();
        match process.requests.try_send(text) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Err(process.ended()),
            Err(TrySendError::Full(_)) => {
                return Err(Failure::Flood("answers, while it reads no requests".to_owned()));
            }
        }
        let mut events = Vec::new();
        let (mut lines, mut bytes) = (0_usize, 0_usize);
        loop {
            let line = process.line(deadline)?;
            (lines, bytes) = (lines + 1, bytes + line.len());
            if lines > EVENTS_MAX || bytes > BYTES_MAX {
                return Err(Failure::Flood(format!(
                    "{lines} lines for one request, or {bytes} bytes"
                )));
            }
            if line.trim().is_empty() {
                continue;
            }
            let done = match said::said(&line)? {
                Said::Event(event) => {
                    events.push(event);
                    continue;
                }
                Said::Done(done) => done,
            };
            let why = || done.why.unwrap_or_else(|| "it did not say why".to_owned());
            let refused = if done.done { None } else { Some(why()) };
            if refused.is_none()
                && let Some(why) = lacking(request, &events)
            {
                return Err(Failure::Nonsense { line: shortened(&line), why });
            }
            return Ok(Reply { refused, events });
        }
    }
}

impl Process {
    fn start(start: &Start) -> Result<Self, Failure> {
        let mut child = Command::new(&start.program)
            .args(&start.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::Start(format!("{}: {error}", start.program)))?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(Failure::Start("it has no pipes".to_owned()));
        };
        let (requests, wanted) = sync_channel(1);
        thread::spawn(move || write_all(stdin, &wanted));
        let (lines, heard) = sync_channel(LINES_AHEAD);
        thread::spawn(move || listen(stdout, &lines));
        let complaints = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&complaints);
        let listener = thread::spawn(move || keep_last(stderr, &kept));
        Ok(Self { child, requests, heard, complaints, listener, timeout: start.starting })
    }

    /// The next line that it writes.
    fn line(&mut self, deadline: Instant) -> Result<String, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Hang(self.timeout));
        }
        match self.heard.recv_timeout(left) {
            Ok(Heard::Line(line)) => Ok(line),
            Ok(Heard::TooLong) => {
                Err(Failure::Flood(format!("a line of more than {LINE_MAX} bytes")))
            }
            Ok(Heard::Closed) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => Err(Failure::Hang(self.timeout)),
        }
    }

    /// It has closed its output or its input: how did it end?
    fn ended(&mut self) -> Failure {
        let patience = Instant::now() + Duration::from_secs(1);
        let mut status = "it has closed its output".to_owned();
        while Instant::now() < patience {
            if let Ok(Some(ended)) = self.child.try_wait() {
                status = ended.to_string();
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        // Its last words may not be heard yet. If a child of its own lives on, they never end.
        while !self.listener.is_finished() && Instant::now() < patience {
            thread::sleep(BETWEEN_LOOKS);
        }
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        Failure::Exit { status, complaints: complaints.iter().cloned().collect() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and that is all right.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The moment after which nothing is waited for.
pub(super) fn after(timeout: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(1 << 20);
    Instant::now() + timeout.min(LONG)
}

fn write_all(mut stdin: ChildStdin, wanted: &Receiver<String>) {
    for request in wanted {
        if writeln!(stdin, "{request}").and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn listen(stdout: impl Read, lines: &SyncSender<Heard>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let read = (&mut stdout).take(LINE_MAX).read_until(b'\n', &mut line);
        let heard = match read {
            Ok(0) | Err(_) => Heard::Closed,
            Ok(_) if line.last() != Some(&b'\n') && line.len() as u64 >= LINE_MAX => Heard::TooLong,
            Ok(_) => Heard::Line(String::from_utf8_lossy(&line).trim_end().to_owned()),
        };
        let last = !matches!(heard, Heard::Line(_));
        if lines.send(heard).is_err() || last {
            return;
        }
    }
}

fn keep_last(stderr: impl Read, kept: &Mutex<VecDeque<String>>) {
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        match (&mut stderr).take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == COMPLAINTS {
                    kept.pop_front();
                }
                kept.push_back(shortened(String::from_utf8_lossy(&line).trim_end()));
            }
        }
    }
}
