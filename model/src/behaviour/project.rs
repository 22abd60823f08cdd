//! A walk through a world, as the wire trace that a tap between the two vats would have made of it.

use crate::names::VatId;
use crate::protocol::Protocol;
use crate::world::{Action, Body, Fate, Key, Message, Said, Step, Table, Walk, WireOrder};
use captp_wire::line::{self, End, Event, FORMAT, Header, Kind, Line, Local, Place};

/// The header of a trace of this system's.
pub fn header_of(system: &str, reads: bool, locals: bool) -> Header {
    let (trace, system, peer) = (FORMAT.to_owned(), system.to_owned(), "the model".to_owned());
    Header { trace, system, peer, reads, locals }
}

/// The lines of a walk, with what each vat read and dropped. `None` if a wire trace has no words
/// for one of its messages, or it has more than two vats or channels that keep no order.
pub fn lines_of<P: Protocol>(walk: &Walk<P>, order: WireOrder) -> Option<Vec<Line>> {
    if walk.initial.vat_count() > 2 || order != WireOrder::Fifo {
        return None;
    }
    let mut lines = Lines::default();
    let mut before = &walk.initial;
    for (action, after) in &walk.steps {
        let by = match action {
            Action::Vat(id, step) => {
                lines.step(*id, *step);
                *id
            }
            Action::Deliver { to, message, fate: Fate::Read | Fate::Refused, .. } => {
                lines.local(*to, message.session.get(), Event::Read, None);
                *to
            }
            Action::Deliver { .. } => return None,
        };
        for peer in by.others(2) {
            let old = before.wire(by, peer).len();
            for message in after.wire(by, peer).iter().skip(old) {
                lines.message(by, message)?;
            }
        }
        before = after;
    }
    Some(lines.0)
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn next(&self) -> u64 {
        u64::try_from(self.0.len()).map_or(u64::MAX, |lines| lines + 1)
    }

    /// What a step of a vat is by itself, before what it sends.
    fn step(&mut self, id: VatId, step: Step) {
        let (event, key) = match step {
            Step::Drop(key, _) => (Event::Drop, key),
            Step::Clear(key) => (Event::Clear, key),
            Step::Notify(key) => (Event::Notify, key),
            _ => return,
        };
        self.local(id, key.session.get(), event, Some(key));
    }

    fn local(&mut self, at: VatId, session: u32, event: Event, key: Option<Key>) {
        let index = |table| key.filter(|key| key.at.table == table).map(|key| key.at.index.get());
        let import = index(Table::Exports).map(|index| Place { index, space: String::new() });
        let question = index(Table::Answers);
        let (seq, at) = (self.next(), end(at));
        self.0.push(Line::Local(Local { seq, session, at, event, import, question }));
    }

    fn message<B: Body>(&mut self, from: VatId, message: &Message<B>) -> Option<()> {
        let line = match &message.said {
            Said::Body(body) => body.line()?,
            Said::Over => line::Message { kind: Kind::Over, ..line::Message::default() },
        };
        let (seq, session, from) = (self.next(), message.session.get(), end(from));
        self.0.push(Line::Message(line::Message { seq, session, from, ..line }));
        Some(())
    }
}

const fn end(id: VatId) -> End {
    match id {
        VatId::A => End::A,
        VatId::B | VatId::C => End::B,
    }
}
