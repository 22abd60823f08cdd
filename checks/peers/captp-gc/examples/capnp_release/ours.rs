//! Our end: the tables of `captp-gc` under Cap'n Proto's rules.
//!
//! A `senderHosted` is a mention, a `receiverHosted` goes home, a `Release` is a `GCExportOp`.
//! Mentions are given back in two more ways: `Return` with `releaseParamCaps`, for the parameters
//! of the call, and `Finish` with `releaseResultCaps`, for its results. Whether a mention is the
//! first, Cap'n Proto does not say: whoever reads it looks.

use crate::pipe::Pipe;
use crate::shared::{self, Mint, Outcome};
use capnp::message::{Builder, HeapAllocator, ReaderOptions};
use capnp::serialize;
use capnp_rpc::rpc_capnp::{cap_descriptor, message, message_target, payload, return_};
use captp_gc::protocol::{Descriptor, Index, Limits, SessionId};
use captp_gc::table::{Outgoing, Proxy, Received, Refused, Session};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An argument of a call.
pub(crate) enum Argument<'a> {
    Own(&'a Arc<Mint>),
    Theirs(&'a Proxy),
}

/// What came as the results of a question.
pub(crate) type Results = Vec<Received<Mint>>;

/// Our vat, with one end of a connection.
pub(crate) struct Ours {
    pub(crate) session: Session<Mint>,
    to_peer: Pipe,
    from_peer: Pipe,
    next_question: u32,
    /// Our questions that are not answered, and the mentions in their parameters.
    questions: BTreeMap<u32, Vec<Index>>,
    /// Their questions that are not done with, and the mentions in their results.
    answers: BTreeMap<u32, Vec<Index>>,
    /// How often the peer has called us.
    pub(crate) called: u32,
}

impl Ours {
    pub(crate) fn new(to_peer: Pipe, from_peer: Pipe) -> Self {
        Self {
            session: Session::new(SessionId::FIRST, Limits::default()),
            to_peer,
            from_peer,
            next_question: 0,
            questions: BTreeMap::new(),
            answers: BTreeMap::new(),
            called: 0,
        }
    }

    /// Whether nothing is left in any of the four tables.
    pub(crate) fn is_empty(&self) -> bool {
        shared::is_empty(&self.session) && self.questions.is_empty() && self.answers.is_empty()
    }

    fn ask(&mut self, params: Vec<Index>) -> u32 {
        let question = self.next_question;
        self.next_question += 1;
        self.questions.insert(question, params);
        question
    }

    fn put(&self, message: &Builder<HeapAllocator>, text: &str) {
        println!("ours -> peer  {text}");
        self.to_peer.push(&serialize::write_message_to_words(message));
    }

    /// Asks for the peer's first object. Returns the question.
    pub(crate) fn bootstrap(&mut self) -> u32 {
        let question = self.ask(Vec::new());
        let mut builder = Builder::new_default();
        let root = builder.init_root::<message::Builder<'_>>();
        root.init_bootstrap().set_question_id(question);
        self.put(&builder, &format!("Bootstrap(question {question})"));
        question
    }

    /// Calls what is behind a proxy. Returns the question.
    pub(crate) fn call(
        &mut self,
        target: &Proxy,
        method: u16,
        argument: Option<Argument<'_>>,
    ) -> Outcome<u32> {
        let session = self.session.clone();
        let mut outgoing = session.message();
        let described = argument.map(|argument| describe(&mut outgoing, argument)).transpose()?;
        let mention = described.filter(|descriptor| descriptor.is_mention());
        let question = self.ask(mention.iter().map(|descriptor| descriptor.index()).collect());
        let target = session.target(target)?.get();

        let mut builder = Builder::new_default();
        let mut call = builder.init_root::<message::Builder<'_>>().init_call();
        call.set_question_id(question);
        call.set_interface_id(crate::peer::INTERFACE);
        call.set_method_id(method);
        call.reborrow().init_target().set_imported_cap(target);
        call.reborrow().init_send_results_to().set_caller(());
        let text = format!("Call(question {question}, importedCap {target}, method {method}");
        match described {
            None => self.put(&builder, &format!("{text})")),
            Some(described) => {
                write(call.init_params(), described)?;
                self.put(&builder, &format!("{text}, {})", shown(described)));
            }
        }
        outgoing.sent();
        Ok(question)
    }

    /// Sends what the tables owe.
    pub(crate) fn release(&self) {
        let mut ops = Vec::new();
        self.session.drain_gc(&mut ops);
        for op in ops {
            let mut builder = Builder::new_default();
            let mut release = builder.init_root::<message::Builder<'_>>().init_release();
            release.set_id(op.index.get());
            release.set_reference_count(op.delta.get());
            self.put(&builder, &format!("Release({}, {})", op.index, op.delta));
        }
    }

    /// Reads everything that the peer has sent, and returns the results of our questions.
    pub(crate) fn read(&mut self) -> Outcome<BTreeMap<u32, Results>> {
        let mut answered = BTreeMap::new();
        let bytes = self.from_peer.take();
        let mut rest = &bytes[..];
        while let Some(read) = serialize::try_read_message(&mut rest, ReaderOptions::new())? {
            let root = read.get_root::<message::Reader<'_>>()?;
            answered.extend(self.take(root)?);
        }
        Ok(answered)
    }

    fn take(&mut self, message: message::Reader<'_>) -> Outcome<Option<(u32, Results)>> {
        match message.which()? {
            message::Return(returned) => return self.read_return(returned?).map(Some),
            message::Call(call) => {
                let call = call?;
                let (question, target) = (call.get_question_id(), call.get_target()?);
                let message_target::ImportedCap(target) = target.which()? else {
                    return Err("a call of an answer".into());
                };
                println!("peer -> ours  Call(question {question}, importedCap {target})");
                let called = self.session.lookup(Index::new(target))?;
                let params = self.receive(call.get_params()?)?;
                self.called += 1;
                drop((called, params));
                self.answer(question);
            }
            message::Finish(finish) => {
                let finish = finish?;
                let question = finish.get_question_id();
                let releases = finish.get_release_result_caps();
                println!("peer -> ours  Finish({question}, releaseResultCaps {releases})");
                let results = self.answers.remove(&question).unwrap_or_default();
                self.given_back(results.into_iter().filter(|_| releases))?;
            }
            message::Release(release) => {
                let release = release?;
                let (id, count) = (release.get_id(), release.get_reference_count());
                let gone = self.session.gc_export(Index::new(id), count)?;
                let gone = if gone.is_some() { ", and the entry goes" } else { "" };
                println!("peer -> ours  Release({id}, {count}){gone}");
            }
            message::Abort(why) => {
                return Err(format!("the peer aborts: {}", why?.get_reason()?.to_str()?).into());
            }
            _ => return Err("a message that this example does not know".into()),
        }
        Ok(None)
    }

    fn read_return(&mut self, returned: return_::Reader<'_>) -> Outcome<(u32, Results)> {
        let question = returned.get_answer_id();
        let params = self.questions.remove(&question).ok_or("a return to no question")?;
        let results = match returned.which()? {
            return_::Results(results) => results?,
            return_::Exception(why) => return Err(why?.get_reason()?.to_str()?.into()),
            _ => return Err("a return that this example does not know".into()),
        };
        let text: Vec<_> = results
            .get_cap_table()?
            .iter()
            .map(|cap| told(cap).map_or_else(|why| why.to_string(), shown))
            .collect();
        println!("peer -> ours  Return(question {question}, [{}])", text.join(", "));
        let results = self.receive(results)?;
        let releases = returned.get_release_param_caps();
        self.given_back(params.into_iter().filter(|_| releases))?;
        if !returned.get_no_finish_needed() {
            let mut builder = Builder::new_default();
            let mut finish = builder.init_root::<message::Builder<'_>>().init_finish();
            finish.set_question_id(question);
            finish.set_release_result_caps(false);
            self.put(&builder, &format!("Finish({question}, releaseResultCaps false)"));
        }
        Ok((question, results))
    }

    /// Returns nothing, and keeps the parameters' mentions until their proxies are dropped.
    fn answer(&mut self, question: u32) {
        let mut builder = Builder::new_default();
        let mut returned = builder.init_root::<message::Builder<'_>>().init_return();
        returned.set_answer_id(question);
        returned.set_release_param_caps(false);
        returned.init_results();
        self.answers.insert(question, Vec::new());
        self.put(&builder, &format!("Return(question {question}, [])"));
    }

    /// One mention of each.
    fn given_back(&self, mentions: impl Iterator<Item = Index>) -> Result<(), Refused> {
        mentions.into_iter().try_for_each(|index| self.session.gc_export(index, 1).map(drop))
    }

    fn receive(&self, payload: payload::Reader<'_>) -> Outcome<Results> {
        let mut received = Vec::new();
        for cap in payload.get_cap_table()? {
            received.push(shared::receive(&self.session, told(cap)?)?);
        }
        Ok(received)
    }
}

fn describe(outgoing: &mut Outgoing<'_, Mint>, argument: Argument<'_>) -> Outcome<Descriptor> {
    Ok(match argument {
        Argument::Own(object) => outgoing.export(object)?,
        Argument::Theirs(proxy) => outgoing.send_home(proxy)?,
    })
}

/// The content is one capability, which is the only one of the table.
fn write(mut payload: payload::Builder<'_>, described: Descriptor) -> Outcome<()> {
    use capnp::traits::ImbueMut;
    let mut table = Vec::new();
    let mut content = payload.reborrow().get_content();
    content.imbue_mut(&mut table);
    // What stands for it in memory is never called.
    let nobody = capnp::Error::failed("this is only written".to_owned());
    content.set_as_capability(capnp_rpc::new_broken_cap(nobody).hook);
    let mut cap = payload.init_cap_table(1).get(0);
    match described {
        Descriptor::ExportDesc(index) => cap.set_receiver_hosted(index.get()),
        mention => cap.set_sender_hosted(mention.index().get()),
    }
    Ok(())
}

/// As the tables read it, if it is known already.
fn told(cap: cap_descriptor::Reader<'_>) -> Outcome<Descriptor> {
    match cap.which()? {
        cap_descriptor::SenderHosted(id) => Ok(Descriptor::ImportDesc(Index::new(id))),
        cap_descriptor::ReceiverHosted(id) => Ok(Descriptor::ExportDesc(Index::new(id))),
        _ => Err("a descriptor that this example does not know".into()),
    }
}

fn shown(descriptor: Descriptor) -> String {
    match descriptor {
        Descriptor::ExportDesc(index) => format!("receiverHosted {index}"),
        mention => format!("senderHosted {}", mention.index()),
    }
}
