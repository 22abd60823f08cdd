//! `model tap` between real sockets: what passes, what is said of it as it passes, how it ends.
#![cfg(not(loom))]

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must come, at most.
const WITHIN: Duration = Duration::from_secs(30);

/// When a tap ends by itself, in seconds.
const FOR: &str = if cfg!(unix) { "60" } else { "8" };

const BOOTSTRAP: &str = r#"{"kind":"bootstrap","question":0,"text":"who is there?"}"#;
const BOOT: &str = r#"{"kind":"return","question":0,"refs":[{"mention":{"index":0}}]}"#;
const FINISH: &str = r#"{"kind":"finish","question":0,"text":"thanks"}"#;
const RELEASE: &str = r#"{"kind":"release","releases":[{"index":0,"count":1}],"text":"let go"}"#;
const RELEASE_TWO: &str =
    r#"{"kind":"release","releases":[{"index":0,"count":2}],"text":"let go of two"}"#;

/// A tap that is running.
struct Tap {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Tap {
    fn start(upstream: SocketAddr, arguments: &[&str]) -> Self {
        let mut child = command(&upstream.to_string(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        errors.read_line(&mut first).unwrap();
        let address = first.strip_prefix("listening on ").expect(&first);
        let address = address.split(',').next().unwrap().parse().unwrap();
        thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, address, lines, seen: Vec::new() }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(WITHIN)).unwrap();
        client
    }

    /// The next line that has all of this in it.
    fn line(&mut self, parts: &[&str]) -> String {
        let until = Instant::now() + WITHIN;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{parts:?} was not said, but {:#?}", self.seen)
            };
            self.seen.push(line.clone());
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// Ended by Ctrl-C, where there are signals: the exit status, and all that was printed.
    fn ended(self) -> (Option<i32>, Vec<String>) {
        #[cfg(unix)]
        self.interrupt();
        self.finished()
    }

    /// When it has ended by itself: the exit status, and all that was printed.
    fn finished(mut self) -> (Option<i32>, Vec<String>) {
        while let Ok(line) = self.lines.recv_timeout(WITHIN) {
            self.seen.push(line);
        }
        let status = self.child.wait().unwrap();
        (status.code(), std::mem::take(&mut self.seen))
    }

    /// As Ctrl-C does.
    #[cfg(unix)]
    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn command(upstream: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model"));
    command.arg("tap").args(["--upstream", upstream]).args(arguments);
    if !arguments.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    if !arguments.contains(&"--wire") {
        command.args(["--wire", "lines", "--system", "capnp"]);
    }
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn refused(arguments: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::from_std(command("127.0.0.1:9", arguments)).assert().code(2)
}

/// Answers each line with the next of these, for as many clients as come, and closes after `last`.
fn upstream(answers: &'static [&'static str], last: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut writer = client.try_clone().unwrap();
                let lines = BufReader::new(client).lines().map_while(Result::ok).take(last);
                for (number, _line) in lines.enumerate() {
                    if let Some(answer) = answers.get(number)
                        && writer.write_all(format!("{answer}\n").as_bytes()).is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Says a line, and reads one if one comes.
fn say(client: &mut TcpStream, line: &str) {
    client.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn hear(client: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(client.try_clone().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn trace(file: &Path) -> assert_cmd::assert::Assert {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_model")).arg("trace").arg(file).assert()
}

#[test]
fn what_passes_is_recorded_and_the_record_is_a_trace_without_findings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let arguments = ["--record", file.to_str().unwrap(), "--for", FOR];
    let mut tap = Tap::start(upstream(&[BOOT], usize::MAX), &arguments);
    let mut client = tap.connect();
    tap.line(&["session 1", "is here"]);
    say(&mut client, BOOTSTRAP);
    assert_eq!(hear(&client), BOOT, "bytes pass unchanged");
    say(&mut client, FINISH);
    say(&mut client, RELEASE);
    drop(client);
    tap.line(&["session 1", "over, 3 messages one way and 1 the other"]);
    let (status, lines) = tap.ended();
    assert_eq!(status, Some(0), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("4 messages")), "{lines:#?}");
    trace(&file).code(0).stdout(contains("5 messages in 1 session").and(contains("0 live places")));
}

#[test]
fn a_violation_is_said_as_it_happens_with_the_message_that_caused_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let arguments = ["--record", file.to_str().unwrap(), "--for", FOR];
    let mut tap = Tap::start(upstream(&[BOOT], usize::MAX), &arguments);
    let mut client = tap.connect();
    say(&mut client, BOOTSTRAP);
    assert_eq!(hear(&client), BOOT);
    say(&mut client, RELEASE_TWO);
    let said = tap.line(&["session 1, line 4", "over-release"]);
    assert!(said.contains("VatA said: let go of two"), "{said}");
    tap.line(&["session 1, line 4", "no behaviour explains a release", "expected"]);
    // It goes on.
    say(&mut client, FINISH);
    let (status, lines) = tap.ended();
    assert_eq!(status, Some(1), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("Found: 1 over-release")), "{lines:#?}");
    trace(&file).code(1).stdout(contains("✗ line 4: a release gives 2 mentions"));
}

#[test]
fn what_cannot_be_decoded_passes_and_is_said() {
    let mut tap = Tap::start(upstream(&[BOOT, "pardon?"], usize::MAX), &["--json", "--for", FOR]);
    let mut client = tap.connect();
    say(&mut client, BOOTSTRAP);
    assert_eq!(hear(&client), BOOT);
    say(&mut client, "{\"kind\":\"dance\"}");
    assert_eq!(hear(&client), "pardon?");
    for (from, line) in [("A", 4), ("B", 5)] {
        let said: Value = serde_json::from_str(&tap.line(&["\"event\":\"undecodable\""])).unwrap();
        assert_eq!((&said["from"], &said["line"]), (&from.into(), &line.into()), "{said}");
    }
    // What comes after it is judged, and may be due to it.
    say(&mut client, RELEASE_TWO);
    let said: Value = serde_json::from_str(&tap.line(&["over-release"])).unwrap();
    assert_eq!(said["doubtful_since"], 4, "{said}");
    let (status, lines) = tap.ended();
    assert_eq!(status, Some(1));
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["undecodable"]), (&"summary".into(), &2.into()), "{last}");
}

#[test]
fn what_endo_captp_gives_back_too_often_is_found_as_it_passes() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/tests/recorded/captp-json.txt");
    let recorded = std::fs::read_to_string(recorded).unwrap();
    let both = recorded.clone();
    let (sender, upstream) = channel();
    thread::spawn(move || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        sender.send(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        plays(&both, server, "B");
    });
    let upstream = upstream.recv_timeout(WITHIN).unwrap();
    let mut tap = Tap::start(upstream, &["--wire", "captp-json", "--for", FOR]);
    plays(&recorded, tap.connect(), "A");
    tap.line(&["session 1", "over"]);
    let (status, lines) = tap.ended();
    let all = lines.join("\n");
    // What was sent once in a message is given back as often as it occurs there.
    assert_eq!(status, Some(1), "{all}");
    assert!(all.contains("a release gives 8 mentions of VatA's export 1 back"), "{all}");
    assert!(all.contains("VatB said: CTP_DROP(o-1, 8)"), "{all}");
    assert!(all.contains("beyond the model") && !all.contains("not explained"), "{all}");
    assert!(!all.contains("could not be decoded"), "{all}");
}

/// Plays one end of a recording: says its lines, and reads those of the other between.
fn plays(recorded: &str, mut socket: TcpStream, end: &str) {
    socket.set_read_timeout(Some(WITHIN)).unwrap();
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let lines = recorded.lines().filter_map(|line| line.split_once('\t'));
    for (from, line) in lines {
        if from == end {
            say(&mut socket, line);
        } else {
            let mut heard = String::new();
            reader.read_line(&mut heard).unwrap();
            assert_eq!(heard.trim_end(), line);
        }
    }
}

#[test]
fn what_is_live_for_long_is_marked_and_is_no_violation() {
    let call = r#"{"kind":"call","question":1,"target":{"answer":0},"text":"slow()"}"#;
    let mut tap =
        Tap::start(upstream(&[BOOT], usize::MAX), &["--age", "0.5", "--for", FOR, "--no-refine"]);
    let mut client = tap.connect();
    say(&mut client, BOOTSTRAP);
    assert_eq!(hear(&client), BOOT);
    say(&mut client, call);
    let said = tap.line(&["a leak?"]);
    assert!(said.contains("VatA's question 1") && said.contains("slow()"), "{said}");
    let (status, lines) = tap.ended();
    assert_eq!(status, Some(0), "{lines:#?}");
    // Nothing is said of the first object.
    assert_eq!(lines.iter().filter(|line| line.contains("a leak?")).count(), 1, "{lines:#?}");
}

#[test]
fn an_upstream_that_is_not_there_is_a_sentence_and_the_client_is_closed() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut tap = Tap::start(nobody, &["--for", FOR]);
    let mut client = tap.connect();
    let read = client.read(&mut [0; 16]);
    assert!(matches!(read, Ok(0)) || read.is_err(), "{read:?}");
    tap.line(&["session 1: the client was closed", "cannot be reached"]);
    tap.line(&["session 1: over"]);
    assert_eq!(tap.ended().0, Some(0));
}

#[test]
fn an_upstream_that_goes_away_closes_the_client_and_others_may_come() {
    let mut tap = Tap::start(upstream(&[BOOT], 1), &["--for", FOR]);
    for session in ["session 1", "session 2"] {
        let mut client = tap.connect();
        say(&mut client, BOOTSTRAP);
        let mut heard = String::new();
        client.read_to_string(&mut heard).unwrap();
        assert_eq!(heard.trim_end(), BOOT);
        drop(client);
        tap.line(&[session, "over"]);
    }
    assert_eq!(tap.ended().0, Some(0));
}

#[test]
fn what_cannot_be_listened_on_is_a_sentence_with_status_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&["--listen", &address])
        .stderr(contains(format!("error: {address} cannot be listened on: ")));
    refused(&["--listen", "0.0.0.0:0"])
        .stderr(contains("no loopback address").and(contains("--allow-remote")));
    refused(&["--wire", "lines"]).stderr(contains("--system says which"));
    refused(&["--wire", "smoke"]).stderr(contains("captp-json"));
    refused(&["--record", "no/such/folder/file"]).stderr(contains("cannot write"));
}

#[test]
fn others_than_this_machine_may_connect_if_that_is_allowed() {
    let upstream = upstream(&[BOOT], usize::MAX);
    let tap = Tap::start(upstream, &["--listen", "0.0.0.0:0", "--allow-remote", "--for", "1"]);
    assert_eq!(tap.finished().0, Some(0));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_the_summary_and_closes_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    let arguments = ["--stall", "--record", file.to_str().unwrap()];
    let mut tap = Tap::start(upstream(&[BOOT], usize::MAX), &arguments);
    let mut client = tap.connect();
    say(&mut client, BOOTSTRAP);
    assert_eq!(hear(&client), BOOT);
    tap.line(&["session 1"]);
    tap.interrupt();
    let mut rest = String::new();
    let closed = client.read_to_string(&mut rest);
    assert!(closed.is_err() || rest.is_empty());
    let (status, lines) = tap.finished();
    assert_eq!(status, Some(0), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("In ")), "{lines:#?}");
    assert_eq!(lines.last().unwrap(), "Nothing found.");
    trace(&file).code(0).stdout(contains("It was cut"));
}
