//! Vats and objects, and what the charts call them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two vats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VatId {
    /// In the seed's story, the importer of Bob.
    A,
    /// In the seed's story, the exporter of Bob.
    B,
}

impl VatId {
    /// Both vats, in order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other vat.
    pub const fn peer(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// 0 for VatA, 1 for VatB.
    pub const fn number(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

impl fmt::Display for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "VatA",
            Self::B => "VatB",
        })
    }
}

impl fmt::Debug for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many objects a vat may own: those that have a name.
pub const OBJECTS_MAX: u8 = 4;

const NAMES: [[&str; OBJECTS_MAX as usize]; 2] =
    [["Alice", "Ada", "Amy", "Ann"], ["Bob", "Ben", "Bea", "Bill"]];

/// An object, wherever a reference to it may be. Names with an A live in VatA, with a B in VatB.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Object {
    home: VatId,
    number: u8,
}

impl Object {
    /// The objects of `home`, `count` of them.
    pub fn of(home: VatId, count: u8) -> impl Iterator<Item = Self> + Clone {
        (0..count.min(OBJECTS_MAX)).map(move |number| Self { home, number })
    }

    /// The first object of `home`.
    pub const fn first_of(home: VatId) -> Self {
        Self { home, number: 0 }
    }

    /// The vat it lives in.
    pub const fn home(self) -> VatId {
        self.home
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES[self.home.number()][usize::from(self.number)]
    }
}

impl From<Object> for String {
    fn from(object: Object) -> Self {
        object.name().to_owned()
    }
}

impl TryFrom<String> for Object {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let all = VatId::BOTH.into_iter().flat_map(|home| Self::of(home, OBJECTS_MAX));
        let mut named = all.filter(|object| object.name() == name);
        named.next().ok_or_else(|| format!("no object is called '{name}'"))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
