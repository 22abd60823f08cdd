//! States as short lines, for the Explorer and for failing tests.

use super::{State, Vat, What};
use crate::names::VatId;
use crate::property::{balance, positions};
use crate::protocol::View;
use std::fmt;

impl<T: View> State<T> {
    /// The ledger of every export that anything is outstanding of, as lines.
    pub fn ledger_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (exporter, importer) in self.pairs() {
            for at in positions(self, exporter, importer) {
                let Some(b) = balance(self, exporter, importer, at) else { continue };
                if b.export_count == 0 && b.sum() == 0 {
                    continue;
                }
                let whom =
                    if self.vat_count() > 2 { format!(" for {importer}") } else { String::new() };
                lines.push(format!(
                    "{exporter} {at}{whom} counts {} {} {} in flight + {} imported + {} \
                     coming back",
                    b.export_count,
                    if b.holds() { "=" } else { "≠" },
                    b.mentions,
                    b.import_count,
                    b.deltas
                ));
            }
        }
        lines
    }

    /// The tables and debts of one vat, as lines.
    pub fn lines(&self, id: VatId) -> Vec<String> {
        let vat = self.vat(id);
        let mut lines = Vec::new();
        for peer in id.others(self.vat_count()) {
            let whom = if self.vat_count() > 2 { format!(" for {peer}") } else { String::new() };
            for (at, export) in vat.tables.exports(peer) {
                let denotes = match (export.what, vat.denoted(export.what)) {
                    (What::Local(object), _) => object.to_string(),
                    (What::Proxy(_), Some(object)) => format!("{object}'s proxy"),
                    (What::Proxy(_), None) => "a proxy that is gone".to_owned(),
                };
                lines.push(format!("{at}{whom} {denotes} count {}", export.count));
            }
        }
        for peer in id.others(self.vat_count()) {
            let whom = if self.vat_count() > 2 { format!(" from {peer}") } else { String::new() };
            for (at, import) in vat.tables.imports(peer) {
                let proxy = match vat.proxies_at(peer, at).next() {
                    Some(p) if p.held => format!("{}'s proxy #{}", p.object, p.number),
                    Some(p) => format!("{}'s proxy #{}, dropped", p.object, p.number),
                    None => "no proxy".to_owned(),
                };
                lines.push(format!("{}{whom} {proxy} count {}", at.import(), import.count));
            }
        }
        for owed in &vat.owed {
            let current = self.session(id, owed.key.peer).0 == owed.key.session;
            let old = if current { "" } else { " of an old session" };
            lines.push(format!(
                "owed: notification of {}, {}'s proxy #{}{old}",
                owed.key.place(id),
                owed.object,
                owed.number
            ));
        }
        lines.extend(vat.business());
        lines
    }
}

impl<T: View> Vat<T> {
    fn business(&self) -> Vec<String> {
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
            for line in self.lines(id) {
                writeln!(f, "  {line}")?;
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
        let ledger = self.ledger_lines();
        if ledger.is_empty() {
            return write!(f, "ledger: nothing is outstanding");
        }
        write!(f, "ledger: {}", ledger.join("\n        "))
    }
}
