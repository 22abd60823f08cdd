//! Keeping apart what different threads write.

use core::ops::Deref;

/// A value on cache lines of its own: two, since processors fetch them in pairs. Otherwise a thread
/// that writes it slows down those that only read its neighbours.
#[repr(align(128))]
#[derive(Debug)]
pub(super) struct OwnLine<T>(pub(super) T);

impl<T> Deref for OwnLine<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
