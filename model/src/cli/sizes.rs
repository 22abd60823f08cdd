//! The flags that say how large a world is.

use crate::sizes::{PerVat, Sizes};
use clap::Args;

/// Sizes of the world; what is not given is as the scenario or the mutation has it.
///
/// With sizes and without --mutation, only the full rules are checked: a mutation shows at its own
/// size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Args)]
#[command(next_help_heading = "Sizes (N for VatA and VatB, or A,B for each, or A,B,C)")]
pub struct SizeArgs {
    /// Objects that each vat owns (1 to 4).
    #[arg(long, value_name = "N")]
    objects: Option<u8>,
    /// Messages with references that each vat may send (up to 30).
    #[arg(long, value_name = "N|A,B")]
    sends: Option<PerVat>,
    /// References in one message (1 or 2).
    #[arg(long, value_name = "N")]
    references: Option<u8>,
    /// Calls through a proxy (up to 30).
    #[arg(long, value_name = "N|A,B")]
    calls: Option<PerVat>,
    /// Sends that fail after their descriptors were written (up to 30).
    #[arg(long, value_name = "N|A,B")]
    failures: Option<PerVat>,
    /// Messages that break the protocol (up to 30).
    #[arg(long, value_name = "N|A,B")]
    faults: Option<PerVat>,
    /// Sessions, one after the other (1 to 8).
    #[arg(long, value_name = "N")]
    sessions: Option<u8>,
    /// Vats (2 or 3).
    #[arg(long, value_name = "N")]
    vats: Option<u8>,
    /// Promises that each vat owns (up to 4).
    #[arg(long, value_name = "N")]
    promises: Option<u8>,
    /// Calls with a result (up to 4).
    #[arg(long, value_name = "N|A,B")]
    asks: Option<PerVat>,
    /// Messages of each vat that may be lost, or answered too late (up to 30).
    #[arg(long, value_name = "N|A,B")]
    losses: Option<PerVat>,
    /// Messages that each vat may read with something else in the middle (up to 30).
    #[arg(long, value_name = "N|A,B")]
    interrupts: Option<PerVat>,
    /// How often each vat may crash and start again (up to 30).
    #[arg(long, value_name = "N|A,B")]
    crashes: Option<PerVat>,
    /// Messages that each vat may not implement, and say so (up to 30).
    #[arg(long, value_name = "N|A,B")]
    refusals: Option<PerVat>,
    /// Promises that each vat may wait for, instead of holding them (up to 30).
    #[arg(long, value_name = "N|A,B")]
    waits: Option<PerVat>,
}

impl SizeArgs {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These sizes, and those of `base` where none is given.
    ///
    /// # Errors
    /// As [`Sizes::validate`].
    pub fn over(&self, base: Sizes) -> Result<Sizes, String> {
        let sizes = Sizes {
            objects: self.objects.unwrap_or(base.objects),
            sends: self.sends.unwrap_or(base.sends),
            references: self.references.unwrap_or(base.references),
            calls: self.calls.unwrap_or(base.calls),
            failures: self.failures.unwrap_or(base.failures),
            faults: self.faults.unwrap_or(base.faults),
            sessions: self.sessions.unwrap_or(base.sessions),
            vats: self.vats.unwrap_or(base.vats),
            promises: self.promises.unwrap_or(base.promises),
            asks: self.asks.unwrap_or(base.asks),
            losses: self.losses.unwrap_or(base.losses),
            interrupts: self.interrupts.unwrap_or(base.interrupts),
            crashes: self.crashes.unwrap_or(base.crashes),
            refusals: self.refusals.unwrap_or(base.refusals),
            waits: self.waits.unwrap_or(base.waits),
        };
        sizes.validate()?;
        Ok(sizes)
    }
}
