//! The four tables of a Cap'n Proto connection, and what the ledger sees of them.

use super::words::CapnpBody;
use crate::names::{Kind, Object, VatId};
use crate::protocol::kit::{Exports, Finish, Ids, Imports, Op, Returned};
use crate::protocol::{ExportView, ImportView, View};
use crate::world::{Body, Ghost, Key, Position, Release, Table, What};
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The runtime of one vat.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CapnpTables {
    pub(super) id: VatId,
    /// In the order of the peers.
    pub(super) links: SmallVec<[Link; 1]>,
    /// The own promises that are resolved, in order, and to what.
    pub(super) settled: SmallVec<[(Object, What); 1]>,
}

/// One connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) exports: Exports<()>,
    pub(super) imports: Imports<Mark>,
    /// In order of the ids.
    pub(super) questions: SmallVec<[Question; 1]>,
    /// In order of the ids.
    pub(super) answers: SmallVec<[Answer; 1]>,
    /// Ghost: how many calls came with each id.
    pub(super) calls: SmallVec<[(Index, u32); 1]>,
}

/// What is kept beside an import.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Whether it is a promise that is not resolved.
    pub(super) promise: bool,
    /// Only a wrong table minds: it came in a result.
    pub(super) in_result: bool,
    /// Only in a wrong table: the weak reference still leads to a proxy that was released.
    pub(super) stale: bool,
}

/// A call that was made. Its id is free when it was returned and finished.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) id: Index,
    /// The export mentioned among the parameters.
    pub(super) param: Option<Index>,
    /// Whether it was asked to answer another, and its results stay with the peer.
    pub(super) tail: bool,
    pub(super) returned: bool,
    /// The answer that it was redirected to, until there is a result.
    pub(super) takes: Option<Index>,
    /// What was said of the results, if `Finish` was sent.
    pub(super) finished: Option<Results>,
}

/// What becomes of the results of a question that was finished before its `Return` came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) enum Results {
    /// `Finish` has given them back.
    GivenBack,
    /// They are counted, and released when they come.
    ToCome,
}

/// A call that was read. Its entry goes when it was returned and finished.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) id: Index,
    pub(super) call: Ghost,
    /// Ghost: the how-manieth it is with this id, as `Finish` says it for the ledger.
    pub(super) number: u32,
    /// The import mentioned among the parameters.
    pub(super) param: Option<Index>,
    /// Whether the results are kept, for a question that is redirected to it.
    pub(super) kept: bool,
    pub(super) returned: bool,
    /// The question that it was redirected to.
    pub(super) tail: Option<Index>,
    /// The export mentioned in the result.
    pub(super) result: Option<Index>,
}

impl Answer {
    /// The answer itself, which was made by the call and can be called.
    pub(super) const fn object(&self) -> Object {
        self.call.of_answer()
    }
}

impl Link {
    /// Empty tables.
    pub(super) fn new(session: SessionId) -> Self {
        Self {
            session,
            exports: Exports::new(Ids::LowestFree, 0),
            imports: Imports::default(),
            questions: SmallVec::new(),
            answers: SmallVec::new(),
            calls: SmallVec::new(),
        }
    }

    pub(super) fn question(&self, id: Index) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    pub(super) fn question_mut(&mut self, id: Index) -> Option<&mut Question> {
        self.questions.iter_mut().find(|question| question.id == id)
    }

    pub(super) fn answer(&self, id: Index) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// Ghost: one more call for the caller itself came with this id.
    pub(super) fn called(&mut self, id: Index) -> u32 {
        if let Some((_, number)) = self.calls.iter_mut().find(|(known, _)| *known == id) {
            *number += 1;
            return *number;
        }
        self.calls.push((id, 1));
        self.calls.sort_unstable();
        1
    }

    /// A question with the lowest id that is free.
    pub(super) fn ask(&mut self, param: Option<Index>) -> Index {
        let mut ids = (0..).map(Index::new);
        let free = ids.find(|id| self.question(*id).is_none()).unwrap_or(Index::new(0));
        let place = self.questions.partition_point(|question| question.id < free);
        let asked =
            Question { id: free, param, tail: false, returned: false, takes: None, finished: None };
        self.questions.insert(place, asked);
        free
    }

    /// A call was read. One whose result is kept has no proxy at the caller, and is not counted.
    pub(super) fn note_call(&mut self, id: Index, call: Ghost, param: Option<Index>, kept: bool) {
        let place = self.answers.partition_point(|answer| answer.id < id);
        let number = if kept { 0 } else { self.called(id) };
        let (returned, tail, result) = (false, None, None);
        let answer = Answer { id, call, number, param, kept, returned, tail, result };
        self.answers.insert(place, answer);
    }

    /// How many calls that are not returned yet have brought this import: as many mentions go back
    /// with their `Return`.
    pub(super) fn brought(&self, import: Index) -> usize {
        let waiting = self.answers.iter().filter(|answer| !answer.returned);
        waiting.filter(|answer| answer.param == Some(import)).count()
    }

    /// The key of a question's proxy.
    pub(super) const fn asked(&self, peer: VatId, id: Index) -> Key {
        let (session, incarnation) = (self.session, Incarnation::FIRST);
        Key { peer, at: Position::answer(id), session, incarnation }
    }
}

impl CapnpTables {
    pub(super) fn link(&self, peer: VatId) -> &Link {
        &self.links[peer.among_peers_of(self.id)]
    }

    pub(super) fn link_mut(&mut self, peer: VatId) -> &mut Link {
        &mut self.links[peer.among_peers_of(self.id)]
    }

    /// Whether it is one of the vat's promises, and not resolved.
    pub(super) fn is_open_promise(&self, what: What) -> bool {
        match what {
            What::Local(object) => {
                object.kind() == Kind::Promise && self.resolution(object).is_none()
            }
            What::Proxy(_) => false,
        }
    }

    /// Only a wrong table does this: of what these promises were resolved to, the entries stay and
    /// are not found any more.
    pub(super) fn forget_resolutions_of(&mut self, peer: VatId, promises: &[What]) {
        for what in promises {
            let What::Local(promise) = what else { continue };
            if let Some(to) = self.resolution(*promise) {
                self.link_mut(peer).exports.forget_way_to(to);
            }
        }
    }

    fn resolution(&self, promise: Object) -> Option<What> {
        self.settled.iter().find(|(known, _)| *known == promise).map(|(_, to)| *to)
    }
}

impl View for CapnpTables {
    type Body = CapnpBody;

    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)> {
        let link = self.link(peer);
        let answers = link.answers.iter().map(|answer| {
            let what = What::Local(answer.object());
            (Position::answer(answer.id), ExportView { what, count: 1 })
        });
        link.exports.views().chain(answers)
    }

    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)> {
        let link = self.link(peer);
        let questions = link.questions.iter().map(|question| {
            let live = question.finished.is_none();
            (Position::answer(question.id), ImportView { count: 1, live })
        });
        link.imports.views().chain(questions)
    }

    /// An export that stands for an object is found by the object.
    fn names_once(&self) -> bool {
        true
    }

    /// What is exported keeps its proxy, and so does a promise that was resolved to one.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        let exports = self.links.iter().flat_map(|link| link.exports.iter());
        let held = exports.filter_map(|(_, entry)| match entry.what {
            What::Proxy(key) => Some(key),
            What::Local(object) => match self.resolution(object)? {
                What::Proxy(key) => Some(key),
                What::Local(_) => None,
            },
        });
        held.collect()
    }

    /// A parameter that was dropped before its call was returned goes back with the `Return`.
    fn owes(&self, peer: VatId, at: Position) -> bool {
        let link = self.link(peer);
        at.table == Table::Exports && link.brought(at.index) > 0
    }

    /// The results of a question that was finished before are not looked at.
    fn will_count(&self, peer: VatId, body: &CapnpBody) -> bool {
        let Op::Return(Returned { question, .. }) = body else { return true };
        let question = self.link(peer).question(*question);
        question.is_some_and(|question| question.finished != Some(Results::GivenBack))
    }

    /// `Finish` and `Return` may give back what the other carried.
    fn will_release(&self, peer: VatId, body: &CapnpBody) -> SmallVec<[Release; 1]> {
        let link = self.link(peer);
        let implied = match body {
            Op::Finish(Finish { answer, release_results: true, upto }) => {
                let meant = link.answer(*answer).filter(|answer| answer.number == *upto);
                meant.and_then(|answer| answer.result)
            }
            Op::Return(Returned { question, release_params: true, .. }) => {
                link.question(*question).and_then(|question| question.param)
            }
            _ => None,
        };
        let implied =
            implied.map(|index| Release { at: Position::export(index), delta: 1, upto: 0 });
        body.releases().into_iter().chain(implied).collect()
    }
}
