//! A message of which a part can be read: nothing of it is left, even if the session goes on.

use super::adapter::Failure;
use super::drive::Driver;
use super::ending::never_came_back;
use super::run::By;
use crate::property::PropertyId;
use captp_wire::adapter::{Can, Hello, Request};
use captp_wire::line::{End, Kind, Line, Message, Place, Ref};
use captp_wire::sums::{Observation, Rules, Sums};
use serde_json::Value;

/// A message to VatB of which a part can be read, and what there was before it.
#[derive(Debug)]
pub(super) struct Part {
    message: Message,
    /// VatB's imports, if they are shown.
    imports: Option<u64>,
    /// How many lines the trace had.
    lines: usize,
}

impl Driver<'_> {
    /// VatB is about to read this, said to be VatA's. From now on VatA reads nothing: it would not
    /// know what it is answered to.
    ///
    /// # Errors
    /// The adapter is lost.
    pub(super) fn begin_part(
        &mut self,
        hello: &Hello,
        raw: &Value,
    ) -> Result<Option<Part>, Failure> {
        let imports = self.imports_of_victim(hello)?;
        self.deaf = Some(End::A);
        let lines = self.run.trace.len();
        // By a copy of the decoder: VatA has not sent it, and counts on without it.
        match self.decoder.clone().decode_value(End::A, raw) {
            Ok(message) => Ok(Some(Part { message, imports, lines })),
            Err(why) => {
                // Then the run is not complete.
                self.run.undecodable.push(format!("a message of our own: {why}"));
                Ok(None)
            }
        }
    }

    /// VatB has read it, and the session goes on: whether it was refused or not, nothing of it is
    /// left when everything is dropped, and what was counted of it comes back.
    ///
    /// # Errors
    /// The adapter is lost.
    pub(super) fn judge_part(&mut self, hello: &Hello, part: &Part) -> Result<(), Failure> {
        let is_held = self.watch.held.keys().any(|(vat, _)| *vat == End::B);
        self.forget(hello)?;
        let imports = self.imports_of_victim(hello)?;
        if self.run.ended.contains_key(&End::B) {
            return Ok(());
        }
        if let (Some(was), Some(is)) = (part.imports, imports)
            && is > was
        {
            let finding = format!(
                "VatB has {is} imports, not {was}, though everything is dropped: it keeps what it \
                 could read of a message that it could not read to its end"
            );
            self.run.violate(PropertyId::S7, finding);
        }
        if let Some(sums) = &self.sums {
            for finding in part.unbalanced(*sums.rules(), &self.run.trace, is_held) {
                self.run.violate(PropertyId::S7, finding);
            }
        }
        Ok(())
    }

    fn imports_of_victim(&mut self, hello: &Hello) -> Result<Option<u64>, Failure> {
        if hello.can(Can::Tables) {
            self.ask(&Request::Tables, By::Suite)?;
        }
        Ok(self.tables.get(&End::B).and_then(|sizes| sizes.imports))
    }
}

impl Part {
    /// What the wire shows of the mentions in it. All of them come back, or none where the message
    /// may have been refused as a whole: it was neither answered, nor given to the application.
    fn unbalanced(&self, rules: Rules, trace: &[Line], is_held: bool) -> Vec<String> {
        let mut sums = Sums::new(rules);
        let (before, after) = trace.split_at(self.lines.min(trace.len()));
        for line in before {
            sums.feed(line);
        }
        sums.feed(&Line::Message(self.message.clone()));
        let found = after.iter().flat_map(|line| sums.feed(line));
        let beyond = found.filter(|one| self.is_beyond(&one.what));
        let mut findings: Vec<_> = beyond.map(|one| one.what.to_string()).collect();
        let is_read = is_held || after.iter().any(|line| self.is_answered_by(line));
        for (_, session) in sums.sessions() {
            for (at, export) in session.exports(End::A).filter(|(at, _)| self.mentions(at)) {
                if is_read || export.given_back > 0 {
                    findings.push(never_came_back(End::A, at, export.left()));
                }
            }
        }
        findings
    }

    fn mentions(&self, place: &Place) -> bool {
        let is_it = |one: &Ref| matches!(one, Ref::Mention(mention) if mention.at == *place);
        self.message.refs.iter().any(is_it)
    }

    /// Whether more of its mentions were given back than it has.
    fn is_beyond(&self, what: &Observation) -> bool {
        match what {
            Observation::OverRelease { at, exporter: End::A, .. }
            | Observation::ReleaseAfterRelease { at, exporter: End::A, .. } => self.mentions(at),
            _ => false,
        }
    }

    fn is_answered_by(&self, line: &Line) -> bool {
        matches!(line, Line::Message(message) if message.from == End::B
            && message.kind == Kind::Return
            && message.question.is_some()
            && message.question == self.message.question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use captp_wire::line::{Mention, Release};

    /// What is found wrong when VatB was sent two mentions of export 50 in question 977, and has
    /// written this.
    fn found(written: Vec<Message>, is_held: bool) -> Vec<String> {
        let at = Place::new(50);
        let good = Ref::Mention(Mention { at, again: None, promise: false });
        let refs = vec![good.clone(), Ref::Home(Place::new(977)), good];
        let message = Message { kind: Kind::Call, question: Some(977), refs, ..message(End::A) };
        let before = Line::Message(message_of(Kind::Other));
        let after = written.into_iter().map(Line::Message);
        let trace: Vec<_> = [before].into_iter().chain(after).collect();
        let part = Part { message, imports: None, lines: 1 };
        part.unbalanced(Rules::of("capnp").expect("it counts"), &trace, is_held)
    }

    fn message(from: End) -> Message {
        Message { seq: 1, session: 1, from, ..Message::default() }
    }

    fn message_of(kind: Kind) -> Message {
        Message { kind, ..message(End::B) }
    }

    fn release(count: i64) -> Message {
        let releases = vec![Release { at: Place::new(50), count }];
        Message { releases, ..message_of(Kind::Release) }
    }

    fn answer(release_params: bool) -> Message {
        Message { question: Some(977), release_params, ..message_of(Kind::Return) }
    }

    #[test]
    fn all_mentions_come_back_or_none_of_a_message_that_was_refused() {
        let nothing: [String; 0] = [];
        assert_eq!(found(vec![], false), nothing);
        assert_eq!(found(vec![release(2)], false), nothing);
        assert_eq!(found(vec![release(1), release(1)], true), nothing);
        assert_eq!(found(vec![answer(true)], false), nothing);
        assert_eq!(found(vec![answer(false), release(2)], false), nothing);
    }

    #[test]
    fn a_part_of_what_was_mentioned_is_not_enough_and_more_is_too_much() {
        let one = "everything is dropped and read, and one mention of VatA's exports[50] never \
            came back";
        assert_eq!(found(vec![release(1)], false), [one]);
        assert_eq!(found(vec![answer(false), release(1)], false), [one]);
        let more = found(vec![release(3)], false);
        assert!(more[0].ends_with("and only 2 are left"), "{more:?}");
        let twice = found(vec![answer(true), release(2)], false);
        assert!(twice[0].ends_with("which has none left"), "{twice:?}");
    }

    #[test]
    fn what_was_answered_or_is_held_was_read_and_has_to_come_back() {
        let two = "everything is dropped and read, and 2 mentions of VatA's exports[50] never \
            came back";
        assert_eq!(found(vec![answer(false)], false), [two]);
        assert_eq!(found(vec![], true), [two]);
    }
}
