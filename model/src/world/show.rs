//! States as short lines, for the Explorer and for failing tests.

use super::{State, Vat};
use crate::counterexample::{VatRecord, ledger};
use crate::protocol::View;
use std::fmt;

impl<T: View> Vat<T> {
    /// Messages that are half written or half read, calls to be answered.
    pub(crate) fn business(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(half) = &self.writing {
            lines.push(format!("in the making: {}", half.body));
        }
        if let Some(half) = &self.reading {
            lines.push(format!("half read: {}", half.body));
        }
        lines.extend(self.tasks.iter().map(|t| format!("to be answered: {} of {}", t.call, t.by)));
        if !self.flaws.is_empty() {
            lines.push(format!("violated by a step: {}", self.flaws));
        }
        lines
    }

    fn may_still(&self) -> String {
        let left = self.left;
        let mut text = format!(
            "  may still: send {}, call {}, fail to send {}, break the protocol {}",
            left.sends, left.calls, left.failures, left.faults
        );
        let rare = [
            ("ask", left.asks),
            ("lose", left.losses),
            ("be interrupted", left.interrupts),
            ("crash", left.crashes),
            ("not implement", left.refusals),
            ("wait", left.waits),
        ];
        for (what, number) in rare.into_iter().filter(|(_, number)| *number > 0) {
            text += &format!(", {what} {number}");
        }
        text
    }
}

impl<T: View> fmt::Debug for Vat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.tables, self.heap, self.owed)
    }
}

impl<T: View> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.ids() {
            let sessions: Vec<_> = id
                .others(self.vat_count())
                .map(|peer| match self.session(id, peer) {
                    (session, true) => format!("session {session}"),
                    (_, false) => "closed".to_owned(),
                })
                .collect();
            writeln!(f, "{id}, {}", sessions.join(", "))?;
            for (place, text) in VatRecord::of(self, id).rows() {
                writeln!(f, "  {}", format!("{place} {text}").trim_end())?;
            }
            writeln!(f, "{}", self.vat(id).may_still())?;
        }
        for to in self.ids() {
            for from in to.others(self.vat_count()) {
                let whom = if self.vat_count() > 2 {
                    format!("{from} to {to}")
                } else {
                    format!("to {to}")
                };
                let messages: Vec<_> =
                    self.wire(from, to).iter().map(ToString::to_string).collect();
                let messages =
                    if messages.is_empty() { "nothing".to_owned() } else { messages.join(" | ") };
                writeln!(f, "in flight {whom}: {messages}")?;
            }
        }
        let three = self.vat_count() > 2;
        let ledger: Vec<_> = ledger(self).iter().map(|record| record.text(three)).collect();
        if ledger.is_empty() {
            return write!(f, "ledger: nothing is outstanding");
        }
        write!(f, "ledger: {}", ledger.join("\n        "))
    }
}
