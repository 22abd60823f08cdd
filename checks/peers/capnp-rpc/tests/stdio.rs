//! The adapter does what docs/adapter.md says, as its standard input and output show.

use capnp::{message, serialize};
use capnp_rpc::rpc_capnp::{self, cap_descriptor, payload, resolve, return_};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// This file is a test of either package.
const BINARY: &str = match (
    option_env!("CARGO_BIN_EXE_capnp-rpc-0-27"),
    option_env!("CARGO_BIN_EXE_capnp-rpc-0-25"),
) {
    (Some(path), _) | (None, Some(path)) => path,
    (None, None) => "",
};

struct Adapter {
    child: Child,
    requests: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// How many mentions of exports were not released.
    unreleased: i64,
}

impl Adapter {
    fn start() -> (Self, Value) {
        let mut child = Command::new(BINARY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the adapter starts");
        let requests = child.stdin.take().expect("it is piped");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut adapter = Self { child, requests, lines, unreleased: 0 };
        let hello = adapter.line();
        (adapter, hello)
    }

    fn opened() -> Self {
        let (mut adapter, _) = Self::start();
        adapter.done(json!({"do": "open"}));
        adapter
    }

    fn line(&mut self) -> Value {
        let line = self.lines.next().expect("it is alive").expect("it writes text");
        serde_json::from_str(&line).expect("it writes JSON")
    }

    /// What happened, and the answer.
    fn ask(&mut self, request: Value) -> (Vec<Value>, Value) {
        writeln!(self.requests, "{request}").expect("it reads");
        let mut events = Vec::new();
        loop {
            let line = self.line();
            if line["done"].is_boolean() {
                return (events, line);
            }
            if line["event"] == "sent" {
                self.unreleased += mentions(&line["raw"]).expect("it is a message");
            }
            events.push(line);
        }
    }

    /// What happened, without what was on the wire.
    fn done(&mut self, request: Value) -> Vec<Value> {
        let (mut events, answer) = self.ask(request.clone());
        assert_eq!(answer, json!({"done": true}), "{request}");
        events.retain(|event| event["event"] != "sent" && event["event"] != "delivered");
        events
    }

    /// A probe of pB1 is answered with an error, and nobody complains.
    fn finds_it_broken(&mut self, vat: &str) {
        let mut events = self.done(json!({"do": "probe", "vat": vat, "name": "pB1", "probe": 1}));
        events.extend(self.drained());
        let is = |kind| move |event: &&Value| event["event"] == kind;
        let answer = events.iter().find(is("answer")).expect("it is answered");
        assert!(answer["error"].as_str().is_some_and(|why| why.contains("broken on purpose")));
        assert_eq!(events.iter().find(is("error")), None);
    }

    /// When everything is let go of, every mention is released and no object exists.
    fn is_clean(&mut self) {
        self.done(json!({"do": "forget"}));
        self.drained();
        assert_eq!(self.unreleased, 0);
        let witness = self.done(json!({"do": "witness"}));
        assert_eq!((&witness[0]["alive"], &witness[1]["alive"]), (&json!([]), &json!([])));
    }

    fn drained(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let mut still = true;
            for to in ["A", "B"] {
                let (more, answer) = self.ask(json!({"do": "deliver", "to": to}));
                still &= answer["done"] == false;
                events.extend(more);
            }
            if still {
                return events;
            }
        }
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        // It may be gone already, if a test failed because it is.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many exports a message mentions, less how many mentions it releases.
fn mentions(raw: &Value) -> Result<i64, capnp::Error> {
    let raw = BASE64.decode(raw.as_str().unwrap_or_default().as_bytes()).unwrap_or_default();
    let read = serialize::read_message(&mut &raw[..], Default::default())?;
    let is_export = |cap: &cap_descriptor::Reader<'_>| {
        use cap_descriptor::Which::{SenderHosted, SenderPromise};
        matches!(cap.which(), Ok(SenderHosted(_) | SenderPromise(_)))
    };
    let table = |payload: payload::Reader<'_>| -> Result<usize, capnp::Error> {
        Ok(payload.get_cap_table()?.iter().filter(is_export).count())
    };
    let caps = match read.get_root::<rpc_capnp::message::Reader<'_>>()?.which()? {
        rpc_capnp::message::Call(call) => table(call?.get_params()?)?,
        rpc_capnp::message::Return(returned) => match returned?.which()? {
            return_::Results(results) => table(results?)?,
            _ => 0,
        },
        rpc_capnp::message::Resolve(resolve) => match resolve?.which()? {
            resolve::Cap(cap) => usize::from(is_export(&cap?)),
            resolve::Exception(_) => 0,
        },
        rpc_capnp::message::Release(release) => {
            return Ok(-i64::from(release?.get_reference_count()));
        }
        _ => 0,
    };
    i64::try_from(caps).map_err(|error| capnp::Error::failed(error.to_string()))
}

#[test]
fn the_first_line_says_what_is_driven() {
    let (_adapter, hello) = Adapter::start();
    assert_eq!(hello["adapter"], 1);
    assert_eq!(hello["peer"], "capnp-rpc");
    assert_eq!(hello["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(hello["wire"], "capnp");
}

#[test]
fn what_is_sent_is_held_back_and_then_held_and_answers_to_its_name() {
    let mut adapter = Adapter::opened();
    let (events, _) = adapter.ask(json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}]}));
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["event"], &events[0]["from"]), (&json!("sent"), &json!("B")));
    let (events, _) = adapter.ask(json!({"do": "deliver", "to": "A"}));
    assert_eq!(events[0], json!({"event": "delivered", "to": "A"}));
    assert_eq!(events[1], json!({"event": "holds", "vat": "A", "name": "Bob"}));
    adapter.done(json!({"do": "probe", "vat": "A", "name": "Bob", "probe": 7}));
    let answer = json!({"event": "answer", "vat": "A", "probe": 7, "says": "Bob"});
    assert!(adapter.drained().contains(&answer));
}

#[test]
fn what_everybody_let_go_of_is_no_more_once_the_release_is_read() {
    let mut adapter = Adapter::opened();
    adapter.done(json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}, {"own": "Bob"}]}));
    adapter.drained();
    adapter.done(json!({"do": "forget"}));
    let unread = adapter.done(json!({"do": "witness"}));
    assert_eq!(unread[1], json!({"event": "witness", "vat": "B", "alive": ["Bob"]}));
    adapter.drained();
    let read = adapter.done(json!({"do": "witness"}));
    assert_eq!(read[1], json!({"event": "witness", "vat": "B", "alive": []}));
}

#[test]
fn an_open_task_is_answered_when_it_is_told_to() {
    let mut adapter = Adapter::opened();
    adapter.done(json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}]}));
    adapter.drained();
    let refs = json!([{"own": "Alice"}]);
    adapter
        .done(json!({"do": "ask", "vat": "A", "target": "Bob", "refs": refs, "question": "qA1"}));
    let events = adapter.drained();
    assert!(events.contains(&json!({"event": "asked", "vat": "B", "question": "qA1"})));
    assert!(events.contains(&json!({"event": "holds", "vat": "B", "name": "Alice"})));
    let refs = json!([{"own": "Ben"}]);
    adapter.done(json!({"do": "return", "vat": "B", "question": "qA1", "refs": refs}));
    let events = adapter.drained();
    assert!(events.contains(&json!({"event": "holds", "vat": "A", "name": "Ben"})));
    assert!(events.contains(&json!({"event": "answered", "vat": "A", "question": "qA1"})));
    let (_, again) = adapter.ask(json!({"do": "drop", "vat": "A", "name": "qA1"}));
    assert_eq!(again["done"], false);
}

#[test]
fn a_promise_that_was_passed_leads_to_what_it_is_resolved_to() {
    let mut adapter = Adapter::opened();
    adapter.done(json!({"do": "send", "vat": "B", "refs": [{"promise": "pB1"}]}));
    adapter.drained();
    adapter.done(json!({"do": "probe", "vat": "A", "name": "pB1", "probe": 1}));
    assert!(!adapter.drained().iter().any(|event| event["event"] == "answer"));
    let refs = json!([{"own": "Bob"}]);
    adapter.done(json!({"do": "resolve", "vat": "B", "promise": "pB1", "refs": refs}));
    let answer = json!({"event": "answer", "vat": "A", "probe": 1, "says": "Bob"});
    assert!(adapter.drained().contains(&answer));
}

fn promise() -> Value {
    json!([{"promise": "pB1"}])
}

fn breaking() -> Value {
    json!({"do": "resolve", "vat": "B", "promise": "pB1", "refs": []})
}

#[test]
fn calls_of_a_broken_promise_come_back_broken_and_nobody_complains() {
    let mut adapter = Adapter::opened();
    adapter.done(json!({"do": "send", "vat": "B", "refs": promise()}));
    adapter.drained();
    adapter.done(json!({"do": "probe", "vat": "A", "name": "pB1", "probe": 7}));
    adapter.done(breaking());
    assert_eq!(adapter.ask(breaking()).1["done"], false);
    let mut events = adapter.drained();
    adapter.finds_it_broken("A");
    adapter.done(json!({"do": "call", "vat": "A", "target": "pB1"}));
    let refs = json!([{"own": "Alice"}]);
    adapter
        .done(json!({"do": "ask", "vat": "A", "target": "pB1", "refs": refs, "question": "qA1"}));
    events.extend(adapter.drained());
    let failed = |kind, key: &str, name: Value| {
        let mut of_it = events.iter().filter(|event| event["event"] == kind && event[key] == name);
        of_it.next().is_some_and(|event| event["error"].is_string())
    };
    assert!(failed("answer", "probe", json!(7)));
    assert!(failed("answered", "question", json!("qA1")));
    assert!(!events.iter().any(|event| event["event"] == "error" || event["event"] == "asked"));
    adapter.is_clean();
}

#[test]
fn of_two_copies_of_a_broken_promise_one_is_dropped_and_the_other_is_sent_home() {
    let mut adapter = Adapter::opened();
    let twice = json!([{"promise": "pB1"}, {"promise": "pB1"}]);
    adapter.done(json!({"do": "send", "vat": "B", "refs": twice}));
    adapter.done(breaking());
    adapter.drained();
    adapter.done(json!({"do": "drop-one", "vat": "A", "name": "pB1"}));
    adapter.drained();
    adapter.finds_it_broken("A");
    adapter.done(json!({"do": "send", "vat": "B", "refs": promise()}));
    adapter.drained();
    adapter.finds_it_broken("A");
    adapter.done(json!({"do": "send", "vat": "A", "refs": [{"held": "pB1"}]}));
    adapter.drained();
    adapter.finds_it_broken("B");
    adapter.done(json!({"do": "drop", "vat": "A", "name": "pB1"}));
    adapter.drained();
    adapter.finds_it_broken("B");
    adapter.is_clean();
}

#[test]
fn a_promise_that_was_broken_before_it_left_is_broken_where_it_arrives() {
    let mut adapter = Adapter::opened();
    adapter.done(breaking());
    adapter.done(json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}, {"promise": "pB1"}]}));
    adapter.drained();
    adapter.finds_it_broken("A");
    adapter.is_clean();
}

#[test]
fn a_send_that_fails_leaves_nothing_behind() {
    let mut adapter = Adapter::opened();
    let (events, answer) =
        adapter.ask(json!({"do": "fail-send", "vat": "B", "refs": [{"own": "Bob"}]}));
    assert_eq!(answer, json!({"done": true}));
    assert_eq!(events, [Value::Null; 0]);
    adapter.done(json!({"do": "forget"}));
    let witness = adapter.done(json!({"do": "witness"}));
    assert_eq!(witness[1]["alive"], json!([]));
}

#[test]
fn a_release_of_what_was_never_sent_ends_the_session() {
    let mut adapter = Adapter::opened();
    let mut builder = message::Builder::new_default();
    let mut release = builder.init_root::<rpc_capnp::message::Builder<'_>>().init_release();
    release.set_id(99);
    release.set_reference_count(1);
    let raw = BASE64.encode(&serialize::write_message_to_words(&builder));
    let events = adapter.done(json!({"do": "hostile", "to": "A", "raw": raw}));
    assert_eq!(events[0]["event"], "ended");
    assert_eq!(events[0]["vat"], "A");
    assert!(events[0]["text"].as_str().is_some_and(|text| text.contains("release")));
}

#[test]
fn a_session_that_is_cut_is_over_for_both() {
    let mut adapter = Adapter::opened();
    let events = adapter.done(json!({"do": "cut", "vat": "A"}));
    assert_eq!((&events[0]["event"], &events[0]["vat"]), (&json!("ended"), &json!("A")));
    let events = adapter.done(json!({"do": "deliver", "to": "B"}));
    assert_eq!((&events[0]["event"], &events[0]["vat"]), (&json!("ended"), &json!("B")));
    adapter.done(json!({"do": "open"}));
}

/// The newer copy of a reference is dropped, the older is passed on: fixed after 0.25.0.
#[test]
fn a_panic_of_the_implementation_is_reported_and_survived() {
    let mut adapter = Adapter::opened();
    adapter.done(json!({"do": "send", "vat": "B", "refs": [{"promise": "pB1"}]}));
    let refs = json!([{"own": "Bob"}]);
    adapter.done(json!({"do": "resolve", "vat": "B", "promise": "pB1", "refs": refs}));
    adapter.done(json!({"do": "send", "vat": "B", "refs": refs}));
    adapter.drained();
    adapter.done(json!({"do": "drop", "vat": "A", "name": "Bob"}));
    let (events, answer) =
        adapter.ask(json!({"do": "send", "vat": "A", "refs": [{"held": "pB1"}]}));
    if env!("CARGO_PKG_VERSION") == "0.25.0" {
        assert_eq!(events[0]["event"], "error");
        assert!(events[0]["text"].as_str().is_some_and(|text| text.starts_with("panic: ")));
    } else {
        assert_eq!(answer, json!({"done": true}));
    }
    adapter.done(json!({"do": "open"}));
}

#[test]
fn a_script_makes_every_request_in_order() {
    let mut child = Command::new(BINARY)
        .arg("--script")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the adapter starts");
    let mut requests = child.stdin.take().expect("it is piped");
    for request in [
        json!({"do": "open"}),
        json!({"do": "send", "vat": "B", "refs": [{"own": "Bob"}]}),
        json!({"do": "deliver", "to": "A"}),
        breaking(),
    ] {
        writeln!(requests, "{request}").expect("it reads");
    }
    drop(requests);
    let output = child.wait_with_output().expect("it ends");
    let program = String::from_utf8(output.stdout).expect("it writes text");
    let steps: Vec<_> = program.lines().filter(|line| line.contains("step(pair.")).collect();
    assert_eq!(
        steps.iter().map(|step| step.trim()).collect::<Vec<_>>(),
        [
            "step(pair.open());",
            "step(pair.send(End::B, &[Ref::Own(\"Bob\".into())]));",
            "step(pair.deliver(End::A));",
            "step(pair.resolve(End::B, \"pB1\", &[]));",
        ]
    );
}
