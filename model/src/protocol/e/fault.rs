//! How a faulty vat violates E's protocol (R5).

use super::body::{Described, EBody, ONE_ABOVE_THE_COUNT, Seat};
use crate::world::{Fault, Ghost};
use captp_gc::protocol::{Descriptor, Index};
use smallvec::SmallVec;

/// An index that no vat of these worlds allocates.
const NEVER_ALLOCATED: Index = Index::new(77);
/// An index that no vat of these worlds introduces.
const NEVER_INTRODUCED: Index = Index::new(78);
/// An index beyond every limit.
const BEYOND_LIMITS: Index = Index::new(u32::MAX - 1);

const OVER_RELEASE: u8 = 0;
const ZERO_DELTA: u8 = 1;
const UNKNOWN_EXPORT: u8 = 2;
/// A message whose first reference can be read, and whose second is this.
const HALF_READABLE: [(u8, Descriptor); 4] = [
    (3, Descriptor::ImportDesc(NEVER_INTRODUCED)),
    (4, Descriptor::NewFarDesc(NEVER_ALLOCATED)),
    (5, Descriptor::NewFarDesc(BEYOND_LIMITS)),
    (6, Descriptor::ExportDesc(NEVER_ALLOCATED)),
];

/// Every fault there is, of a vat that has proxies for these imports.
pub(super) fn faults(proxies: &[Index]) -> SmallVec<[Fault; 8]> {
    let mut faults = SmallVec::new();
    for at in proxies.iter().copied().map(Some) {
        faults.push(Fault { code: OVER_RELEASE, what: "a delta above the count of", at });
        faults.push(Fault { code: ZERO_DELTA, what: "a delta of zero for", at });
    }
    let unknown = "an index that is not allocated";
    faults.push(Fault { code: UNKNOWN_EXPORT, what: unknown, at: None });
    let what = "a message of which only half can be read";
    faults.extend(HALF_READABLE.map(|(code, _)| Fault { code, what, at: None }));
    faults
}

/// What is sent then; the ghosts of what means nothing are `ghost`.
pub(super) fn body(fault: Fault, ghost: Ghost) -> EBody {
    let gc = |index, delta| EBody::GcExport { index, delta, upto: 0 };
    match (fault.code, fault.at) {
        (OVER_RELEASE, Some(index)) => gc(index, ONE_ABOVE_THE_COUNT),
        (ZERO_DELTA, Some(index)) => gc(index, 0),
        (code, _) => match HALF_READABLE.into_iter().find(|(known, _)| *known == code) {
            Some((_, second)) => {
                let of = |descriptor| Described { descriptor, seat: Seat::Far, ghost };
                EBody::Deliver2(of(Descriptor::NewFarDesc(NEVER_ALLOCATED)), of(second))
            }
            None => gc(NEVER_ALLOCATED, 1),
        },
    }
}
