//! How an importer counts, in the two implementations: by shares, or when a message is whole.

use super::body::{Desc, OcapnBody};
use super::tables::{Link, Shares};
use super::{Ocapn, OcapnBend};
use crate::names::VatId;
use crate::protocol::{EffectsOf, kit};
use captp_gc::protocol::{ImportSlot, Incarnation, Index, WireCount};

/// The guardian is polled.
pub(super) const POLL: u8 = 0;
/// A repeated mention is credited.
pub(super) const CREDIT: u8 = 1;

/// The proxy that a mention is read as, and whether it is a new one.
type Handed = Option<(Incarnation, bool)>;

impl<const SHARES: bool> Ocapn<SHARES> {
    /// Goblins: the first mention is its incarnation's, a repeated one the position's.
    pub(super) fn mention_shared(self, link: &mut Link, index: Index) -> Handed {
        let live = link.imports.get(index).filter(|import| import.slot.is_live());
        match live.map(|import| import.incarnation) {
            Some(incarnation) if self.is_bent(OcapnBend::CreditedLater) => {
                link.uncredited.push(index);
                link.uncredited.sort_unstable();
                Some((incarnation, false))
            }
            _ => link.imports.mention(index, Shares::default()),
        }
    }

    /// Goblins: a dead incarnation's share goes into the next collection message.
    pub(super) fn give_share_back(self, link: &mut Link, index: Index) -> Option<kit::Given> {
        if self.is_bent(OcapnBend::GivesAllBack) {
            let import = link.imports.remove(index)?;
            let delta = import.slot.count().get();
            return Some(kit::Given { index, delta, upto: 0 });
        }
        let delta = link.give_share_back(index)?;
        Some(kit::Given { index, delta, upto: 0 })
    }

    /// `@endo/ocapn`: what a message mentions is noted before any of it is looked up.
    pub(super) fn note(self, link: &mut Link, body: &OcapnBody) {
        for wired in body.wired() {
            let Desc::Import(index, _) = wired.desc else { continue };
            let noted = link.pending.iter().any(|(at, _)| *at == index);
            if !noted || !self.is_bent(OcapnBend::CountedOncePerMessage) {
                link.note(index);
            }
        }
    }

    /// `@endo/ocapn`: a mention of a message that is whole. A dead proxy's finaliser is
    /// unregistered when a successor is installed, which takes over what was counted.
    pub(super) fn mention_noted(
        self,
        link: &mut Link,
        from: VatId,
        index: Index,
        effects: &mut EffectsOf<Self>,
    ) -> Handed {
        let dead = link.imports.get(index).filter(|import| !import.slot.is_live());
        if let Some(dead) = dead.map(|import| import.incarnation)
            && !self.is_bent(OcapnBend::FinaliserNotUnregistered)
        {
            effects.withdrawn.push(link.key(from, index, dead));
        }
        let handed = link.imports.mention(index, Shares::default());
        let noted = link.take_noted(index);
        if noted == 0
            && let Some(import) = link.imports.get_mut(index)
        {
            // Nothing says that it was mentioned: the proxy is made, and not counted.
            let count = import.slot.count().get() - 1;
            import.slot = ImportSlot::new(WireCount::new(count), true);
        }
        for _ in 1..noted {
            link.note(index);
        }
        handed
    }

    /// `@endo/ocapn`: a finaliser gives back what was counted. What is only noted stays.
    pub(super) fn finalise(self, link: &mut Link, index: Index) -> Option<kit::Given> {
        if self.is_bent(OcapnBend::NotedCountsForgotten) {
            let _forgotten = link.take_noted(index);
        }
        let import = link.imports.remove(index)?;
        let delta = import.slot.count().get();
        Some(kit::Given { index, delta, upto: 0 })
    }
}
