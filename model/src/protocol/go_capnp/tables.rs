//! What a vat of go-capnp's keeps for each connection.

use super::GoWords;
use crate::names::{Kind, Object, VatId};
use crate::protocol::kit::{Exports, Finish, Ids, Imports, Op, Returned};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Body, Ghost, Key, Position, Release, What};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct GoTables {
    id: VatId,
    /// In the order of the peers.
    links: SmallVec<[Link; 1]>,
    /// The own promises that are resolved, in order.
    pub(super) resolved: SmallVec<[Resolved; 1]>,
}

/// A promise that is resolved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Resolved {
    pub(super) promise: Object,
    /// To what; nothing if that was a proxy, and nobody needs it any more.
    pub(super) to: Option<(What, Ghost)>,
}

/// One connection: `exports`, `imports`, `questions` and `answers`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) session: SessionId,
    /// Beside each entry: how many waits for its resolution were started.
    pub(super) exports: Exports<u8>,
    pub(super) imports: Imports<Hooks>,
    pub(super) questions: SmallVec<[(Index, Question); 1]>,
    pub(super) answers: SmallVec<[(Index, Answer); 1]>,
    /// How many questions there were: a question is known by more than its id.
    pub(super) asked: u64,
}

/// What is kept beside the count of an import. The generation is the kit's incarnation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hooks {
    /// The hooks whose shutdown has not come yet.
    pub(super) live: u8,
    /// Whether a `Resolve` is to come.
    pub(super) promise: bool,
    /// Whether a reference to the client was taken that nobody gives back: only a wrong runtime
    /// does this.
    pub(super) leaked: bool,
}

/// A call that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) incarnation: Incarnation,
    /// Whether `Finish` was sent, before the `Return` came.
    pub(super) finished: bool,
}

/// A call that was received.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) call: Ghost,
    /// The result, once it is sent: calls to the answer go there.
    pub(super) result: Option<What>,
    pub(super) returned: bool,
    /// The exports that the `Return` mentioned, as often as it did.
    pub(super) mentioned: SmallVec<[Index; 1]>,
    /// Once `Finish` came: whether what the `Return` mentioned is released with it.
    pub(super) finished: Option<bool>,
}

impl Link {
    pub(super) fn new(session: SessionId) -> Self {
        Self {
            session,
            exports: Exports::new(Ids::LowestFree, 0),
            imports: Imports::default(),
            questions: SmallVec::new(),
            answers: SmallVec::new(),
            asked: 0,
        }
    }

    /// The lowest id that no question has.
    pub(super) fn new_question(&mut self) -> (Index, Incarnation) {
        let taken = |id: &u32| self.questions.iter().any(|(at, _)| at.get() == *id);
        let free = (0..).find(|id| !taken(id)).unwrap_or_default();
        self.asked += 1;
        let (id, incarnation) = (Index::new(free), Incarnation::new(self.asked));
        let place = self.questions.partition_point(|(at, _)| *at < id);
        self.questions.insert(place, (id, Question { incarnation, finished: false }));
        (id, incarnation)
    }

    pub(super) fn question(&self, id: Index) -> Option<Question> {
        self.questions.iter().find(|(at, _)| *at == id).map(|(_, question)| *question)
    }

    pub(super) fn question_mut(&mut self, id: Index) -> Option<&mut Question> {
        self.questions.iter_mut().find(|(at, _)| *at == id).map(|(_, question)| question)
    }

    pub(super) fn answer(&self, id: Index) -> Option<&Answer> {
        self.answers.iter().find(|(at, _)| *at == id).map(|(_, answer)| answer)
    }

    pub(super) fn answer_mut(&mut self, id: Index) -> Option<&mut Answer> {
        self.answers.iter_mut().find(|(at, _)| *at == id).map(|(_, answer)| answer)
    }

    pub(super) fn new_answer(&mut self, id: Index, call: Ghost) {
        let (result, mentioned) = (None, SmallVec::new());
        let answer = Answer { call, result, returned: false, mentioned, finished: None };
        let place = self.answers.partition_point(|(at, _)| *at < id);
        self.answers.insert(place, (id, answer));
    }
}

impl GoTables {
    pub(super) fn new(id: VatId, vats: u8) -> Self {
        let links = id.others(vats).map(|_| Link::new(SessionId::FIRST)).collect();
        Self { id, links, resolved: SmallVec::new() }
    }

    pub(super) fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    /// The peers.
    pub(super) fn peers(&self) -> impl Iterator<Item = VatId> + use<> {
        let vats = if self.links.len() > 1 { 3 } else { 2 };
        self.id.others(vats)
    }

    /// Whether this is a promise of the vat's own that is not resolved.
    pub(super) fn is_pending(&self, what: What) -> bool {
        let What::Local(object) = what else { return false };
        object.kind() == Kind::Promise && self.resolved.iter().all(|r| r.promise != object)
    }

    /// A promise that was resolved to a proxy holds it as long as anybody has the promise.
    pub(super) fn forget_resolutions(&mut self) {
        let exported = |what| self.links.iter().any(|link| link.exports.index_of(what).is_some());
        let needed = |resolved: &Resolved| match resolved.to {
            Some((What::Proxy(key), _)) => {
                let current = self.link(key.peer).session == key.session;
                current && exported(What::Local(resolved.promise))
            }
            Some((What::Local(_), _)) | None => true,
        };
        let spent: SmallVec<[bool; 1]> = self.resolved.iter().map(|r| !needed(r)).collect();
        for (resolved, spent) in self.resolved.iter_mut().zip(spent) {
            if spent {
                resolved.to = None;
            }
        }
    }
}

impl View for GoTables {
    type Body = Op<GoWords>;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let link = self.link(peer);
        let answers = link.answers.iter().map(|(id, answer)| {
            let what = What::Local(answer.call.of_answer());
            (Position::answer(*id), ExportView { what, count: 1 })
        });
        link.exports.views().chain(answers)
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let link = self.link(peer);
        let questions = link.questions.iter().map(|(id, question)| {
            (Position::answer(*id), ImportView { count: 1, live: !question.finished })
        });
        link.imports.views().chain(questions)
    }

    /// What is exported, what is the result of a call that is not finished, and what an exported
    /// promise is resolved to.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| link.exports.iter());
        let exports = exports.map(|(_, entry)| entry.what);
        let answers = self.links.iter().flat_map(|link| link.answers.iter());
        let answers = answers.filter_map(|(_, answer)| answer.result);
        let resolved = self.resolved.iter().filter_map(|r| r.to).map(|(what, _)| what);
        let proxies = exports.chain(answers).chain(resolved).filter_map(|what| what.proxy());
        proxies.collect()
    }

    /// What a `Return` mentions is not imported if the question was finished before it came.
    fn will_count(&self, peer: VatId, body: &Op<GoWords>) -> bool {
        let Op::Return(Returned { question, .. }) = body else { return true };
        self.link(peer).question(*question).is_none_or(|question| !question.finished)
    }

    /// `releaseResultCaps`: with the answer goes what its `Return` mentioned.
    fn will_release(&self, peer: VatId, body: &Op<GoWords>) -> SmallVec<[Release; 1]> {
        let mut releases = body.releases();
        if let Op::Finish(Finish { answer, release_results: true, .. }) = body {
            let mentioned = self.link(peer).answer(*answer).map(|answer| &answer.mentioned);
            releases.extend(mentioned.into_iter().flatten().map(|index| Release {
                at: Position::export(*index),
                delta: 1,
                upto: 0,
            }));
        }
        releases
    }
}
