//! Vats and objects, and what the charts call them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// One of the vats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VatId {
    /// In the seed's story, the importer of Bob.
    A,
    /// In the seed's story, the exporter of Bob.
    B,
    /// The third vat, to which a reference may be handed on.
    C,
}

/// How many vats a world may have.
pub const VATS_MAX: u8 = 3;

impl VatId {
    /// All vats there may be, in order.
    pub const ALL: [Self; VATS_MAX as usize] = [Self::A, Self::B, Self::C];

    /// The first `vats` of them.
    pub fn first(vats: u8) -> impl Iterator<Item = Self> + Clone {
        Self::ALL.into_iter().take(usize::from(vats))
    }

    /// The others among the first `vats`.
    pub fn others(self, vats: u8) -> impl Iterator<Item = Self> + Clone {
        Self::first(vats).filter(move |id| *id != self)
    }

    /// Every ordered pair of two of the first `vats`.
    pub fn pairs(vats: u8) -> impl Iterator<Item = (Self, Self)> + Clone {
        Self::first(vats).flat_map(move |one| one.others(vats).map(move |other| (one, other)))
    }

    /// 0 for VatA, 1 for VatB, 2 for VatC.
    pub const fn number(self) -> usize {
        self as usize
    }

    /// Its place among the peers of `other`.
    pub const fn among_peers_of(self, other: Self) -> usize {
        if self.number() < other.number() { self.number() } else { self.number() - 1 }
    }

    /// Its letter.
    pub const fn letter(self) -> &'static str {
        ["A", "B", "C"][self.number()]
    }
}

impl fmt::Display for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(["VatA", "VatB", "VatC"][self.number()])
    }
}

impl fmt::Debug for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many objects of one kind a vat may own in a world: those that have a name of their own.
pub const OBJECTS_MAX: u8 = 4;

const NAMES: [[&str; OBJECTS_MAX as usize]; VATS_MAX as usize] = [
    ["Alice", "Ada", "Amy", "Ann"],
    ["Bob", "Ben", "Bea", "Bill"],
    ["Carol", "Cleo", "Cora", "Cy"],
];

const PROMISES: [[&str; OBJECTS_MAX as usize]; VATS_MAX as usize] =
    [["pA1", "pA2", "pA3", "pA4"], ["pB1", "pB2", "pB3", "pB4"], ["pC1", "pC2", "pC3", "pC4"]];

const ANSWERS: [[&str; OBJECTS_MAX as usize]; VATS_MAX as usize] =
    [["qA1", "qA2", "qA3", "qA4"], ["qB1", "qB2", "qB3", "qB4"], ["qC1", "qC2", "qC3", "qC4"]];

/// What a reference may denote.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An object.
    Far,
    /// A promise, which its home may resolve to something else.
    Promise,
    /// The answer to a call. It is named for who asked: `qA1` is the answer to VatA's first call.
    Answer,
}

/// An object, wherever a reference to it may be. Names with an A live in VatA, with a B in VatB;
/// an answer lives where it is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Object {
    of: VatId,
    number: u16,
    kind: Kind,
}

impl Object {
    /// The objects of `home`, `count` of them.
    pub fn of(home: VatId, count: u8) -> impl Iterator<Item = Self> + Clone {
        Self::all(home, Kind::Far, count)
    }

    /// The promises of `home`, `count` of them.
    pub fn promises_of(home: VatId, count: u8) -> impl Iterator<Item = Self> + Clone {
        Self::all(home, Kind::Promise, count)
    }

    fn all(of: VatId, kind: Kind, count: u8) -> impl Iterator<Item = Self> + Clone {
        (0..u16::from(count.min(OBJECTS_MAX))).map(move |number| Self { of, number, kind })
    }

    /// The first object of `home`.
    pub const fn first_of(home: VatId) -> Self {
        Self { of: home, number: 0, kind: Kind::Far }
    }

    /// One of more objects of `home` than a world has.
    pub(crate) const fn far(home: VatId, number: u16) -> Self {
        Self { of: home, number, kind: Kind::Far }
    }

    /// One of more promises of `home` than a world has.
    pub(crate) const fn promise(home: VatId, number: u16) -> Self {
        Self { of: home, number, kind: Kind::Promise }
    }

    /// Which of its kind it is, from 0.
    pub(crate) const fn number(self) -> u16 {
        self.number
    }

    /// The answer to a call of `caller`, the how-manieth from 0.
    pub const fn answer_to(caller: VatId, number: u16) -> Self {
        Self { of: caller, number, kind: Kind::Answer }
    }

    /// What it is.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Its name. One of more than a world has is called like the first, with its number: `Bob5`.
    pub fn name(self) -> Cow<'static, str> {
        let names = match self.kind {
            Kind::Far => &NAMES,
            Kind::Promise => &PROMISES,
            Kind::Answer => &ANSWERS,
        };
        let names = &names[self.of.number()];
        match names.get(usize::from(self.number)) {
            Some(name) => Cow::Borrowed(name),
            None => {
                let stem = names[0].trim_end_matches('1');
                Cow::Owned(format!("{stem}{}", u32::from(self.number) + 1))
            }
        }
    }
}

impl From<Object> for String {
    fn from(object: Object) -> Self {
        object.name().into_owned()
    }
}

impl TryFrom<String> for Object {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let kinds = [Kind::Far, Kind::Promise, Kind::Answer];
        let of = |vat| kinds.into_iter().flat_map(move |kind| Self::all(vat, kind, OBJECTS_MAX));
        let unknown = || format!("no object is called '{name}'");
        if let Some(named) = VatId::ALL.into_iter().flat_map(of).find(|o| o.name() == name) {
            return Ok(named);
        }
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number: u16 = name[stem.len()..].parse().map_err(|_| unknown())?;
        let number = number.checked_sub(1).ok_or_else(unknown)?;
        let firsts = VatId::ALL.into_iter().flat_map(|of| kinds.map(|kind| (of, kind)));
        let mut many = firsts.map(|(of, kind)| Self { of, number, kind });
        many.find(|object| object.name() == name).ok_or_else(unknown)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_a_name_of_its_own_by_which_it_is_found_and_stays_small() {
        assert!(size_of::<Object>() <= 4);
        for (object, name) in [
            (Object::first_of(VatId::B), "Bob"),
            (Object::far(VatId::B, 4), "Bob5"),
            (Object::far(VatId::A, u16::MAX - 1), "Alice65535"),
            (Object::promise(VatId::A, 4), "pA5"),
            (Object::answer_to(VatId::C, 11), "qC12"),
        ] {
            assert_eq!(object.name(), name);
            assert_eq!(Object::try_from(name.to_owned()), Ok(object));
        }
        for name in ["", "5", "Bob0", "Bob1", "Bob65536", "Dora", "Dora5"] {
            assert!(Object::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
