//! The standard library's primitives with a defect planted: tables that a check must fail on.

use captp_gc::sync::{Primitives, Std};
use captp_gc::table::Defect;
use std::sync::{Arc, Mutex};

/// What may be planted, by the number that [`Planted`] has.
const DEFECTS: [Defect; 4] = [
    Defect::SuccessorNotChecked,
    Defect::IndexFreedEarly,
    Defect::OwnerIgnored,
    Defect::ClosedBesideTheWord,
];

/// [`Std`] with `DEFECTS[N]`.
pub(crate) struct Planted<const N: usize>;

impl<const N: usize> Primitives for Planted<N> {
    type Word = <Std as Primitives>::Word;
    type Lock<T: Send + std::fmt::Debug> = Mutex<T>;
    type Shared<T: Send + Sync + 'static> = Arc<T>;
    type Slots = <Std as Primitives>::Slots;

    const DEFECT: Option<Defect> = Some(DEFECTS[N]);

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn slots() -> Self::Slots {
        Std::slots()
    }
}
