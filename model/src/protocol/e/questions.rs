//! E's questions and answers: places that the caller chooses, the one freed last first.

use super::body::EBody;
use super::tables::{ETables, Exported, Link};
use super::{EBend, ECapTp};
use crate::names::{Object, VatId};
use crate::protocol::EffectsOf;
use crate::world::{Arrival, Content, Ghost, Key, Position, Refused, What};
use captp_gc::protocol::{Incarnation, Index, Reference};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A call that a vat has made and is not done with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) index: Index,
    pub(super) incarnation: Incarnation,
    /// The export to which the result is sent.
    redirector: Index,
    /// Whether the weak reference to the promise of its result still leads to it.
    pub(super) live: bool,
    answered: bool,
}

/// A call that a vat was asked and the caller is not done with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) index: Index,
    answer: Ghost,
}

impl Answer {
    /// The answer itself, which can be called.
    pub(super) const fn object(&self) -> Object {
        self.answer.of_answer()
    }
}

/// The questions and the answers of one connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls {
    /// In order of the places.
    pub(super) questions: SmallVec<[Question; 1]>,
    /// In order of the places.
    pub(super) answers: SmallVec<[Answer; 1]>,
    /// Where the results of the calls go that are not returned, in the order of the calls.
    pub(super) redirectors: SmallVec<[(Index, Key); 1]>,
    /// The places that are free, and which incarnation stood there; the one freed last is last.
    freed: SmallVec<[(Index, Incarnation); 1]>,
    next: u32,
    /// Reactions to the death of a question that are still to come: only a wrong protocol has a
    /// second one.
    pub(super) again: SmallVec<[Index; 1]>,
}

impl Calls {
    fn ask(&mut self, redirector: Index) -> Question {
        let (index, incarnation) = match self.freed.pop() {
            Some((index, incarnation)) => (index, incarnation.successor()),
            None => {
                self.next += 1;
                (Index::new(self.next), Incarnation::FIRST)
            }
        };
        let question = Question { index, incarnation, redirector, live: true, answered: false };
        self.questions.push(question);
        self.questions.sort_unstable();
        question
    }

    /// What stands at a place of answers.
    pub(super) fn answer(&self, index: Index) -> Option<Object> {
        self.answers.iter().find(|answer| answer.index == index).map(Answer::object)
    }

    pub(super) fn clear(&mut self, proxy: Key) -> bool {
        let of =
            |q: &&mut Question| q.index == proxy.at.index && q.incarnation == proxy.incarnation;
        self.questions.iter_mut().find(of).is_some_and(|q| std::mem::replace(&mut q.live, false))
    }

    /// The notification of a question is served: its place is free. Returns whether it acts.
    pub(super) fn notify(&mut self, proxy: Key) -> bool {
        let of = |q: &Question| {
            q.index == proxy.at.index && q.incarnation == proxy.incarnation && !q.live
        };
        let Some(position) = self.questions.iter().position(of) else { return false };
        let question = self.questions.remove(position);
        self.freed.push((question.index, question.incarnation));
        true
    }

    /// A place is freed whether it is free or not.
    pub(super) fn free_again(&mut self, index: Index) {
        self.again.retain(|known| *known != index);
        let freed = self.freed.iter().find(|(known, _)| *known == index).copied();
        self.freed.extend(freed);
    }
}

impl ECapTp {
    /// A call with a result: a question, and a redirector that is exported with it.
    pub(super) fn ask(
        &self,
        own: &mut ETables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<EBody, Refused> {
        let Content::Ask { target, argument, answer } = content else { return Err(Refused) };
        let given: SmallVec<[_; 2]> = target.iter().chain(argument).copied().collect();
        let (described, redirector) = self.describe_with(own, to, &given, Some(*answer))?;
        let redirector = redirector.ok_or(Refused)?;
        let mut described = described.into_iter();
        let target = target.and_then(|_| described.next());
        let argument = argument.and_then(|_| described.next());
        let link = own.link_mut(to);
        let Question { index, incarnation, .. } = link.calls.ask(redirector);
        let session = link.tables.session();
        let key = Key { peer: to, at: Position::answer(index), session, incarnation };
        effects.arrived.push(Arrival::Proxy { key, installed: true, ghost: *answer });
        Ok(EBody::Ask { target, argument, question: index, redirector, answer: *answer })
    }

    /// The result of a call goes to its redirector.
    pub(super) fn answer(
        &self,
        own: &mut ETables,
        to: VatId,
        content: &Content,
    ) -> Result<EBody, Refused> {
        let Content::Return { answer, call, result } = content else { return Err(Refused) };
        let given: SmallVec<[_; 1]> = result.iter().copied().collect();
        let (described, _) = self.describe_with(own, to, &given, None)?;
        let calls = &mut own.link_mut(to).calls;
        let position = calls.redirectors.iter().position(|(asked, _)| asked == answer);
        let (question, redirector) = calls.redirectors.remove(position.ok_or(Refused)?);
        let (call, result) = (*call, described.first().copied());
        Ok(EBody::Return { redirector: redirector.at.index, question, call, result })
    }

    /// A call with a result is read: there is an answer, and a redirector to keep until it returns.
    pub(super) fn asked(
        link: &mut Link,
        (question, answer): (Index, Ghost),
        redirector: Key,
        effects: &mut EffectsOf<Self>,
    ) {
        effects.arrived.push(Arrival::Kept { key: redirector, ghost: answer });
        link.calls.redirectors.push((question, redirector));
        link.calls.answers.push(Answer { index: question, answer });
        link.calls.answers.sort_unstable();
        let by = redirector.peer;
        effects.arrived.push(Arrival::Asked { by, answer: question, call: answer });
    }

    /// The question that a result answers, if the caller is not done with it.
    pub(super) fn question_of(
        &self,
        link: &Link,
        redirector: Index,
        question: Index,
    ) -> Option<Question> {
        let mut questions = link.calls.questions.iter().filter(|asked| !asked.answered);
        let by_index = self.is_bent(EBend::AnswerByIndex);
        let meant = |asked: &&Question| {
            if by_index { asked.index == question } else { asked.redirector == redirector }
        };
        questions.find(meant).copied()
    }

    /// A result is read. The question is settled, if somebody still asks.
    pub(super) fn returned(&self, own: &mut ETables, from: VatId, body: &EBody) -> Option<Key> {
        let EBody::Return { redirector, question, .. } = *body else { return None };
        let link = own.link_mut(from);
        let asked = self.question_of(link, redirector, question)?;
        let mut questions = link.calls.questions.iter_mut();
        questions.find(|known| known.index == asked.index)?.answered = true;
        let (session, incarnation) = (link.tables.session(), asked.incarnation);
        Some(Key { peer: from, at: Position::answer(asked.index), session, incarnation })
    }
}

/// A redirector as it is exported: nobody but its caller gets it.
pub(super) const fn redirector(answer: Ghost) -> Reference<Exported> {
    Reference::Local(Exported { what: What::Local(answer.of_answer()), nth: 0 })
}
