//! The standard library's primitives, with a defect planted and small pages.

use captp_gc::sync::{Primitives, Std};
use captp_gc::table::Defect;
use std::fmt;
use std::sync::{Arc, Mutex};

/// As `Std`; two slots to a page, so that a few imports have several pages and share some.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlantedStd<const DEFECT: usize>;

impl<const DEFECT: usize> Primitives for PlantedStd<DEFECT> {
    type Word = <Std as Primitives>::Word;
    type Lock<T: Send + fmt::Debug> = Mutex<T>;
    type Shared<T: Send + Sync + 'static> = Arc<T>;
    type Slots = [Self::Word; 2];

    const DEFECT: Option<Defect> = checks::planted::defect(DEFECT);

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn slots() -> Self::Slots {
        Self::Slots::default()
    }
}
