//! As framed Cap'n Proto.

use super::Hostile;
use crate::line::{Place, Ref};
use capnp::message::Builder;
use capnp::serialize;
use capnp_rpc::rpc_capnp::{cap_descriptor, message};

/// The bytes of a message; `None` if the wire cannot say it, as for counts that are no numbers.
pub(super) fn encode(hostile: &Hostile) -> Option<Vec<u8>> {
    let mut builder = Builder::new_default();
    fill(hostile, builder.init_root())?;
    Some(serialize::write_message_to_words(&builder))
}

fn fill(hostile: &Hostile, root: message::Builder<'_>) -> Option<()> {
    match hostile {
        Hostile::Release { at, count } => {
            let mut release = root.init_release();
            release.set_id(at.index);
            release.set_reference_count(*count);
        }
        Hostile::IllRelease { .. } | Hostile::Describe { .. } => return None,
        Hostile::Finish { question, release_results } => {
            let mut finish = root.init_finish();
            finish.set_question_id(*question);
            finish.set_release_result_caps(*release_results);
        }
        Hostile::Bootstrap { question } => root.init_bootstrap().set_question_id(*question),
        Hostile::Call { at, question } => {
            // There are no calls without a question.
            call(root, at, (*question)?, &[])?;
        }
        Hostile::CallWith { at, refs, question } => call(root, at, *question, refs)?,
        Hostile::Return { question } => {
            let mut answer = root.init_return();
            answer.set_answer_id(*question);
            answer.init_results();
        }
        Hostile::Resolve { promise, to } => resolve(root, promise.index, to.index),
        Hostile::UnimplementedResolve { promise, to } => {
            resolve(root.init_unimplemented(), promise.index, to.index);
        }
        Hostile::Disembargo { at, embargo } => {
            let mut lifted = root.init_disembargo();
            lifted.reborrow().init_target().set_imported_cap(at.index);
            lifted.init_context().set_receiver_loopback(*embargo);
        }
    }
    Some(())
}

fn call(root: message::Builder<'_>, at: &Place, question: u32, refs: &[Ref]) -> Option<()> {
    let mut call = root.init_call();
    call.set_question_id(question);
    call.reborrow().init_target().set_imported_cap(at.index);
    let mut table = call.init_params().init_cap_table(u32::try_from(refs.len()).ok()?);
    for (index, reference) in (0..).zip(refs) {
        describe(table.reborrow().get(index), reference);
    }
    Some(())
}

fn describe(mut cap: cap_descriptor::Builder<'_>, reference: &Ref) {
    match reference {
        Ref::Mention(mention) if mention.promise => cap.set_sender_promise(mention.at.index),
        Ref::Mention(mention) => cap.set_sender_hosted(mention.at.index),
        Ref::Home(at) => cap.set_receiver_hosted(at.index),
        Ref::Answer(question) => cap.init_receiver_answer().set_question_id(*question),
    }
}

fn resolve(root: message::Builder<'_>, promise: u32, to: u32) {
    let mut resolve = root.init_resolve();
    resolve.set_promise_id(promise);
    resolve.init_cap().set_sender_hosted(to);
}
