//! States as short lines, for the Explorer and for failing tests.

use super::{State, Vat};
use crate::names::VatId;
use crate::property::{balance, indices};
use crate::protocol::View;
use std::fmt;

impl<T: View> State<T> {
    /// The ledger of every export that anything is outstanding of, as lines.
    pub fn ledger_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for exporter in VatId::BOTH {
            for index in indices(self, exporter) {
                let Some(b) = balance(self, exporter, index) else { continue };
                if b.export_count == 0 && b.sum() == 0 {
                    continue;
                }
                lines.push(format!(
                    "{exporter} exports[{index}] counts {} {} {} in flight + {} imported + {} \
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
}

impl<T: View> Vat<T> {
    /// The vat's tables and debts, as lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, export) in self.tables.exports() {
            lines.push(format!("exports[{index}] {} count {}", export.object, export.count));
        }
        for (index, import) in self.tables.imports() {
            let proxy = self.heap.iter().find(|proxy| proxy.id.index == index);
            let proxy = match proxy {
                Some(p) if p.held => format!("{}'s proxy #{}", p.object, p.number),
                Some(p) => format!("{}'s proxy #{}, dropped", p.object, p.number),
                None => "no proxy".to_owned(),
            };
            lines.push(format!("imports[{index}] {proxy} count {}", import.count));
        }
        for owed in &self.owed {
            let dead = owed.notification.proxy;
            let old = if dead.session == self.session { "" } else { " of an old session" };
            lines.push(format!(
                "owed: notification of imports[{}], {}'s proxy #{}{old}",
                dead.index, owed.object, owed.number
            ));
        }
        if !self.pending.is_empty() {
            let refs: Vec<_> = self.pending.iter().map(ToString::to_string).collect();
            lines.push(format!("in the making: {}", refs.join(", ")));
        }
        if !self.flaws.is_empty() {
            lines.push(format!("violated by a step: {}", self.flaws));
        }
        lines
    }

    fn heading(&self, id: VatId) -> String {
        if self.open { format!("{id}, session {}", self.session) } else { format!("{id}, closed") }
    }
}

impl<T: View> fmt::Debug for Vat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("; "))
    }
}

impl<T: View> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in VatId::BOTH {
            let vat = self.vat(id);
            writeln!(f, "{}", vat.heading(id))?;
            for line in vat.lines() {
                writeln!(f, "  {line}")?;
            }
            let left = vat.left;
            writeln!(
                f,
                "  may still: send {}, call {}, fail to send {}, break the protocol {}",
                left.sends, left.calls, left.failures, left.faults
            )?;
        }
        for id in VatId::BOTH {
            let messages: Vec<_> = self.wire_to(id).iter().map(ToString::to_string).collect();
            let messages =
                if messages.is_empty() { "nothing".to_owned() } else { messages.join(" | ") };
            writeln!(f, "in flight to {id}: {messages}")?;
        }
        let ledger = self.ledger_lines();
        if ledger.is_empty() {
            return write!(f, "ledger: nothing is outstanding");
        }
        write!(f, "ledger: {}", ledger.join("\n        "))
    }
}
