//! Cap'n Proto's words for the messages.

use crate::protocol::kit::{Desc, Finish, Given, Op, Returned, Words};
use crate::world::Table;
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};

/// The words of `rpc.capnp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CapnpWords;

/// A message.
pub type CapnpBody = Op<CapnpWords>;

impl Words for CapnpWords {
    fn desc(desc: &Desc) -> String {
        match desc {
            Desc::Mention { index, promise: true, .. } => format!("senderPromise {index}"),
            Desc::Mention { index, .. } => format!("senderHosted {index}"),
            Desc::Home(at) if at.table == Table::Answers => format!("receiverAnswer {}", at.index),
            Desc::Home(at) => format!("receiverHosted {}", at.index),
        }
    }

    fn release(given: &[Given]) -> String {
        let each = given.iter().map(|g| format!("Release({}, {})", g.index, g.delta));
        each.collect::<Vec<_>>().join(", ")
    }

    fn returned(returned: &Returned, result: &str) -> String {
        let params = if returned.release_params { ", releaseParamCaps" } else { "" };
        format!("Return q{} {result}{params}", returned.question)
    }

    fn redirect(question: Index, from: Index) -> String {
        format!("Return q{question} takeFromOtherQuestion q{from}")
    }

    fn finish(finish: &Finish) -> String {
        let results = if finish.release_results { ", releaseResultCaps" } else { "" };
        format!("Finish q{}{results}", finish.answer)
    }

    fn resolve(promise: Index, to: &str) -> String {
        format!("Resolve {promise} to {to}")
    }

    fn not_resolved(resolve: &str) -> String {
        format!("Unimplemented {resolve}")
    }
}
