//! Our end: the tables of `captp-gc` speaking the messages of `@endo/captp`.
//!
//! A slot is a kind, a sign and a number: `o+3` is the writer's export 3, `o-3` its reader's. An
//! object that occurs several times in one message is mentioned once. Whether a mention is the
//! first, the slot does not say: whoever reads it looks.

use crate::shared::{self, Mint, Outcome};
use captp_gc::protocol::{Descriptor, Index, Limits, SessionId};
use captp_gc::table::{Proxy, Received, Session};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long the peer may be silent when something is expected.
const PATIENCE: Duration = Duration::from_secs(20);

/// Our vat, with one end of a connection.
pub(crate) struct Ours {
    pub(crate) session: Session<Mint>,
    /// The number of our export 0.
    first: u32,
    child: Child,
    requests: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What has come and is not read.
    waiting: VecDeque<Value>,
    questions: u32,
    /// The results that came.
    results: BTreeMap<String, Value>,
    /// Their questions that are not done with.
    answers: BTreeSet<String>,
    /// The arguments of the calls that came.
    pub(crate) taken: Vec<Received<Mint>>,
}

impl Ours {
    /// `first` is the number of our export 0 on the wire.
    pub(crate) fn new(mut child: Child, first: u32) -> Self {
        let (read, lines) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.map_while(|line| read.send(line).ok()).for_each(drop);
            });
        }
        Self {
            session: Session::new(SessionId::FIRST, Limits::default()),
            first,
            requests: child.stdin.take(),
            child,
            lines,
            waiting: VecDeque::new(),
            questions: 0,
            results: BTreeMap::new(),
            answers: BTreeSet::new(),
            taken: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        shared::is_empty(&self.session) && self.taken.is_empty()
    }

    /// How many of the peer's calls it is not done with.
    pub(crate) fn open_answers(&self) -> usize {
        self.answers.len()
    }

    /// Ends the peer's input, and waits for its end.
    pub(crate) fn end(mut self) -> Outcome<ExitStatus> {
        drop(self.requests.take());
        Ok(self.child.wait()?)
    }

    fn put(&mut self, message: &Value) -> Outcome<()> {
        println!("ours -> peer  {message}");
        let requests = self.requests.as_mut().ok_or("the connection is closed")?;
        writeln!(requests, "{message}")?;
        Ok(requests.flush()?)
    }

    fn question(&mut self) -> String {
        self.questions += 1;
        format!("q-{}", self.questions)
    }

    /// Asks for the peer's first object, and waits for it.
    pub(crate) fn bootstrap(&mut self) -> Outcome<Proxy> {
        let question = self.question();
        self.put(&json!({"type": "CTP_BOOTSTRAP", "epoch": 0, "questionID": question}))?;
        let result = self.wait(&question)?;
        match self.receive(&result)?.pop() {
            Some(Received::Proxy { proxy, .. }) => Ok(proxy),
            other => Err(format!("no first object, but {other:?}").into()),
        }
    }

    /// Calls a method of what is behind a proxy. Returns the question.
    pub(crate) fn call(
        &mut self,
        target: &Proxy,
        method: &str,
        object: Option<&Arc<Mint>>,
        more: &[Value],
    ) -> Outcome<String> {
        let question = self.question();
        let target = format!("o-{}", self.session.target(target)?);
        let session = self.session.clone();
        let mut outgoing = session.message();
        let (mut arguments, mut slots) = (Vec::new(), Vec::new());
        if let Some(object) = object {
            let index = outgoing.export(object)?.index();
            slots.push(format!("o+{}", index.get() + self.first));
            arguments.push(json!({"@qclass": "slot", "iface": "Alleged: ours", "index": 0}));
        }
        arguments.extend_from_slice(more);
        let method = json!({"body": json!([method, arguments]).to_string(), "slots": slots});
        self.put(&json!({
            "type": "CTP_CALL", "epoch": 0, "questionID": question, "target": target,
            "method": method,
        }))?;
        outgoing.sent();
        Ok(question)
    }

    /// Reads until a question is answered. Returns what came.
    pub(crate) fn wait(&mut self, question: &str) -> Outcome<Value> {
        loop {
            if let Some(result) = self.results.remove(question) {
                let done = json!({
                    "type": "CTP_DROP", "slotID": question, "decRefs": 1, "epoch": 0
                });
                self.put(&done)?;
                return Ok(result);
            }
            if self.waiting.is_empty() {
                self.listen()?;
            }
            if let Some(message) = self.waiting.pop_front() {
                self.read(&message)?;
            }
        }
    }

    /// Waits until the peer has sent a call, without reading it.
    pub(crate) fn wait_for_call(&mut self) -> Outcome<()> {
        while self.waiting.back().is_none_or(|message| message["type"] != "CTP_CALL") {
            self.listen()?;
        }
        Ok(())
    }

    fn listen(&mut self) -> Outcome<()> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => self.waiting.push_back(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Timeout) => return Err("the peer is silent".into()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                return Err(Box::new(Ended(status)));
            }
        }
        Ok(())
    }

    /// Sends what the tables owe.
    pub(crate) fn release(&mut self) -> Outcome<()> {
        let mut ops = Vec::new();
        self.session.drain_gc(&mut ops);
        for op in ops {
            let (slot, count) = (format!("o-{}", op.index), op.delta.get());
            let drop = json!({"type": "CTP_DROP", "slotID": slot, "decRefs": count, "epoch": 0});
            self.put(&drop)?;
        }
        Ok(())
    }

    fn read(&mut self, message: &Value) -> Outcome<()> {
        println!("peer -> ours  {message}");
        let text = |field: &str| {
            let text = message[field].as_str();
            text.map(str::to_owned).ok_or_else(|| format!("{field} is missing"))
        };
        match message["type"].as_str() {
            Some("CTP_RETURN") if message.get("result").is_some() => {
                self.results.insert(text("answerID")?, message["result"].clone());
                Ok(())
            }
            Some("CTP_CALL") => {
                let (question, target) = (text("questionID")?, text("target")?);
                let called = self.receive_slot(&target)?;
                if !matches!(called, Received::Home(_)) {
                    return Err("a call of what is not ours".into());
                }
                let came = self.receive(&message["method"])?;
                self.taken.extend(came);
                let nothing = json!({"@qclass": "undefined"}).to_string();
                let result = json!({"body": nothing, "slots": []});
                self.put(&json!({
                    "type": "CTP_RETURN", "epoch": 0, "answerID": question, "result": result
                }))?;
                self.answers.insert(question);
                Ok(())
            }
            Some("CTP_DROP") => {
                let slot = text("slotID")?;
                if self.answers.remove(&slot) {
                    return Ok(());
                }
                let count = message["decRefs"].as_u64().ok_or("decRefs is missing")?;
                let Received::Home(object) = self.receive_slot(&slot)? else {
                    return Err("a drop of what is not ours".into());
                };
                drop(object);
                let Descriptor::ExportDesc(index) = self.descriptor(&slot)? else {
                    return Err("a drop of what is not ours".into());
                };
                let gone = self.session.gc_export(index, u32::try_from(count)?)?;
                println!("              {slot}: {}", if gone.is_some() { "gone" } else { "kept" });
                Ok(())
            }
            _ => Err("a message that this example does not know".into()),
        }
    }

    /// Reads the slots of a message's data, each once.
    pub(crate) fn receive(&self, data: &Value) -> Outcome<Vec<Received<Mint>>> {
        let slots = data["slots"].as_array().ok_or("slots are missing")?;
        let slots: BTreeSet<_> = slots.iter().filter_map(Value::as_str).collect();
        slots.into_iter().map(|slot| self.receive_slot(slot)).collect()
    }

    fn receive_slot(&self, slot: &str) -> Outcome<Received<Mint>> {
        Ok(shared::receive(&self.session, self.descriptor(slot)?)?)
    }

    /// What a slot that the peer has written means here, if it is known already.
    fn descriptor(&self, slot: &str) -> Outcome<Descriptor> {
        let unknown = || format!("a slot that this example does not know: {slot}");
        let (kind, number) = slot.split_at_checked(2).ok_or_else(unknown)?;
        let number: u32 = number.parse()?;
        match kind {
            "o+" => Ok(Descriptor::ImportDesc(Index::new(number))),
            "o-" => {
                let index = number.checked_sub(self.first).ok_or_else(unknown)?;
                Ok(Descriptor::ExportDesc(Index::new(index)))
            }
            _ => Err(unknown().into()),
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        drop(self.requests.take()); // the peer ends with its input
        let _ = self.child.wait(); // it may have ended already
    }
}

/// The peer has ended before its time.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) ExitStatus);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the peer has ended: {}", self.0)
    }
}

impl Error for Ended {}
