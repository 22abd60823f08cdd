//! The child process, and what tests say about what it answers.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running adapter.
pub(crate) struct Peer {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) hello: Value,
}

impl Peer {
    /// Starts it, and opens a pair.
    pub(crate) fn open() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_captp-gc-peer"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut peer = Self { child, requests, answers, hello: Value::Null };
        peer.hello = peer.line();
        assert_eq!(peer.done(json!({"do": "open"})), Vec::<Value>::new());
        peer
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Asks for something; returns the events, and the last line.
    pub(crate) fn ask(&mut self, request: impl ToString) -> (Vec<Value>, Value) {
        let requests = self.requests.as_mut().unwrap();
        writeln!(requests, "{}", request.to_string()).unwrap();
        let mut events = Vec::new();
        loop {
            let line = self.line();
            if line.get("done").is_some() {
                return (events, line);
            }
            events.push(line);
        }
    }

    /// Asks for something that can be done; returns the events.
    pub(crate) fn done(&mut self, request: Value) -> Vec<Value> {
        let (events, done) = self.ask(&request);
        assert_eq!(done, json!({"done": true}), "{request}");
        events
    }

    /// Asks for something that cannot be done; returns why not.
    pub(crate) fn not_done(&mut self, request: impl ToString) -> String {
        let (events, done) = self.ask(request);
        assert_eq!((events, &done["done"]), (Vec::new(), &json!(false)));
        done["why"].as_str().unwrap().to_owned()
    }

    pub(crate) fn send(&mut self, vat: &str, refs: Value) -> Value {
        sent(&self.done(json!({"do": "send", "vat": vat, "refs": refs})))
    }

    pub(crate) fn deliver(&mut self, to: &str) -> Vec<Value> {
        let events = self.done(json!({"do": "deliver", "to": to}));
        assert_eq!(events[0], json!({"event": "delivered", "to": to}));
        events[1..].to_vec()
    }

    pub(crate) fn about(&mut self, what: &str, vat: &str, name: &str) -> Vec<Value> {
        self.done(json!({"do": what, "vat": vat, "name": name}))
    }

    /// Drops, collects and finalises; returns what that puts on the wire.
    pub(crate) fn lose(&mut self, vat: &str, name: &str) -> Value {
        assert_eq!(self.about("drop", vat, name), Vec::<Value>::new());
        assert_eq!(self.about("collect", vat, name), Vec::<Value>::new());
        sent(&self.about("finalise", vat, name))
    }

    /// The sizes of a vat's tables: exports, imports, questions, answers.
    pub(crate) fn tables(&mut self, vat: &str) -> [u64; 4] {
        let events = self.done(json!({"do": "tables"}));
        let tables = events.iter().find(|event| event["vat"] == vat).unwrap();
        ["exports", "imports", "questions", "answers"].map(|what| tables[what].as_u64().unwrap())
    }

    /// Own objects of a vat that its tables alone keep.
    pub(crate) fn witness(&mut self, vat: &str) -> Value {
        let events = self.done(json!({"do": "witness"}));
        events.iter().find(|event| event["vat"] == vat).unwrap()["alive"].clone()
    }

    /// Ends its input, and waits for it to end.
    pub(crate) fn end(mut self) {
        drop(self.requests.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.child.wait(); // a test that fails has more to say than this
    }
}

/// The one message that was put on the wire, without its text.
pub(crate) fn sent(events: &[Value]) -> Value {
    let mut sent = events.iter().filter(|event| event["event"] == "sent");
    let mut raw = sent.next().expect("nothing was sent")["raw"].clone();
    assert_eq!(sent.next(), None);
    raw.as_object_mut().unwrap().remove("text");
    raw
}

pub(crate) fn holds(vat: &str, name: &str) -> Value {
    json!({"event": "holds", "vat": vat, "name": name})
}

pub(crate) fn mention(index: u32, again: bool) -> Value {
    json!({"mention": {"index": index, "again": again}})
}

pub(crate) fn release(from: &str, index: u32, count: u32) -> Value {
    json!({"from": from, "kind": "release", "releases": [{"index": index, "count": count}]})
}
