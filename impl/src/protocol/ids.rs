//! The numbers that name things: indices, sessions, incarnations.

use core::fmt;

/// A position in one direction of one session: `i` in `exports[i]` at one vat and `imports[i]` at
/// the other. Chosen by the exporter. E and OCapN say *position*, Cap'n Proto says *id*.
///
/// The two directions are numbered independently: VatA's export 0 and VatB's export 0 have nothing
/// to do with each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Index(u32);

impl Index {
    /// The index with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number as it stands on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One connection of two vats. Nothing that belongs to one session may touch another (R8).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionId(u32);

impl SessionId {
    /// The first session of two vats.
    pub const FIRST: Self = Self(1);

    /// The session with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// R8: what a message of session `theirs` means to a vat in this one.
    pub const fn admit(self, theirs: Self) -> Admission {
        if theirs.0 < self.0 {
            Admission::Stale
        } else if theirs.0 == self.0 {
            Admission::Current
        } else {
            Admission::Newer
        }
    }

    /// The session after this one; `None` when the numbers are used up.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which proxy it was that stood at an import index: each successor has the next number.
///
/// Local to the importer, never on the wire. (go-capnp calls it *generation*; Cap'n Proto's C++
/// compares the client's address instead.) 64 bits: one revival a nanosecond lasts 584 years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Incarnation(u64);

impl Incarnation {
    /// The first proxy at an index.
    pub const FIRST: Self = Self(1);

    /// The incarnation with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The successor of this proxy.
    pub const fn successor(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One proxy: which session, where it stood in the import table, and which one it was.
///
/// Collectors and finalisers must name proxies by this, never by the index alone: by the time they
/// speak, a successor may stand there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProxyId {
    /// Its session.
    pub session: SessionId,
    /// Where it stands, or stood.
    pub index: Index,
    /// Which of the proxies that stood there it is.
    pub incarnation: Incarnation,
}

/// What a message of session `theirs` means to a vat in another or the same session (R8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Admission {
    /// It belongs to a session that is over here: discard it unread.
    Stale,
    /// It belongs to the current session: read it.
    Current,
    /// The peer has begun a later session: the current one is over. Close it, then read.
    Newer,
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_of_the_current_session_are_read() {
        let ours = SessionId::new(2);
        let table = [
            (1, Admission::Stale),
            (2, Admission::Current),
            (3, Admission::Newer),
            (u32::MAX, Admission::Newer),
        ];
        for (theirs, expected) in table {
            assert_eq!(ours.admit(SessionId::new(theirs)), expected, "session {theirs}");
        }
    }

    #[test]
    fn sessions_follow_each_other_until_their_numbers_are_used_up() {
        assert_eq!(SessionId::FIRST.next(), Some(SessionId::new(2)));
        assert_eq!(SessionId::new(u32::MAX).next(), None);
        assert_eq!(SessionId::new(7).get(), 7);
    }

    #[test]
    fn a_successor_has_the_next_number_and_never_the_first() {
        assert_eq!(Incarnation::FIRST.successor().get(), 2);
        assert_eq!(Incarnation::new(u64::MAX).successor().get(), u64::MAX);
    }
}
