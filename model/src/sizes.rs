//! How large a world is: each number bounds one kind of application step.

use crate::names::{OBJECTS_MAX, VATS_MAX, VatId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One number for each vat. Written `3` (all), or `1,3` (VatA 1, VatB 3, VatC 0), or `1,3,2`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PerVat([u8; VATS_MAX as usize]);

impl PerVat {
    /// None for anybody.
    pub const NONE: Self = Self::both(0);

    /// The same number for VatA and VatB, 0 for VatC.
    pub const fn both(number: u8) -> Self {
        Self([number, number, 0])
    }

    /// VatA's and VatB's.
    pub const fn each(a: u8, b: u8) -> Self {
        Self([a, b, 0])
    }

    /// VatA's, VatB's and VatC's.
    pub const fn three(a: u8, b: u8, c: u8) -> Self {
        Self([a, b, c])
    }

    /// The number of one vat.
    pub const fn of(self, vat: VatId) -> u8 {
        self.0[vat.number()]
    }

    /// The same, with another number for one vat.
    pub const fn with(mut self, vat: VatId, number: u8) -> Self {
        self.0[vat.number()] = number;
        self
    }

    /// Whether it is 0 for everybody.
    pub const fn is_none(self) -> bool {
        matches!(self.0, [0, 0, 0])
    }

    /// The largest of them.
    pub fn max(self) -> u8 {
        self.0.into_iter().max().unwrap_or(0)
    }
}

impl fmt::Display for PerVat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [a, b, 0] if a == b => write!(f, "{a}"),
            [a, b, 0] => write!(f, "{a},{b}"),
            [a, b, c] => write!(f, "{a},{b},{c}"),
        }
    }
}

impl FromStr for PerVat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            part.trim().parse::<u8>().map_err(|_| {
                format!(
                    "'{part}' is not a number from 0 to 255 (write 3 for VatA and VatB, or 1,3 for \
                     each, or 1,3,2 with VatC)"
                )
            })
        };
        match text.split(',').collect::<Vec<_>>()[..] {
            [both] => number(both).map(Self::both),
            [a, b] => Ok(Self::each(number(a)?, number(b)?)),
            [a, b, c] => Ok(Self::three(number(a)?, number(b)?, number(c)?)),
            _ => Err(format!("'{text}' has more numbers than there are vats")),
        }
    }
}

/// The bounds of a world. Collector steps, notifications and deliveries are not bounded: whatever
/// the application started is run to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Sizes {
    /// Objects that each vat owns.
    pub objects: u8,
    /// Messages with references that each vat's application may send, in all sessions together.
    pub sends: PerVat,
    /// References in one message, 1 or 2.
    pub references: u8,
    /// Calls through a proxy.
    pub calls: PerVat,
    /// Sends that fail after their descriptors were written (R7).
    pub failures: PerVat,
    /// Messages that violate the protocol (R5): the vat that sends one is faulty.
    pub faults: PerVat,
    /// Sessions, one after the other; one fewer is how often a session may be cut (R8).
    pub sessions: u8,
    /// Vats, 2 or 3.
    pub vats: u8,
    /// Promises that each vat owns; each may be resolved once.
    pub promises: u8,
    /// Calls with a result.
    pub asks: PerVat,
    /// Messages of each vat that may be lost, or answered too late.
    pub losses: PerVat,
    /// Messages that each vat may read with something else in the middle.
    pub interrupts: PerVat,
    /// How often each vat may crash and start again. Its session ends; in the last one, it is dead
    /// to its peer.
    pub crashes: PerVat,
    /// Messages that each vat may not implement, and say so.
    pub refusals: PerVat,
    /// Promises that each vat may wait for, instead of holding them.
    pub waits: PerVat,
}

/// The largest number of steps of one kind.
pub const STEPS_MAX: u8 = 30;
/// The largest number of sessions.
pub const SESSIONS_MAX: u8 = 8;

impl Sizes {
    /// The smallest world: VatB may send one reference to one object.
    pub const SMALLEST: Self = Self {
        objects: 1,
        sends: PerVat::each(0, 1),
        references: 1,
        calls: PerVat::NONE,
        failures: PerVat::NONE,
        faults: PerVat::NONE,
        sessions: 1,
        vats: 2,
        promises: 0,
        asks: PerVat::NONE,
        losses: PerVat::NONE,
        interrupts: PerVat::NONE,
        crashes: PerVat::NONE,
        refusals: PerVat::NONE,
        waits: PerVat::NONE,
    };

    /// The vats.
    pub fn vats(&self) -> impl Iterator<Item = VatId> + Clone + use<> {
        VatId::first(self.vats)
    }

    /// What is wrong with these sizes, if anything.
    ///
    /// # Errors
    /// A sentence with the limit and its reason.
    pub fn validate(&self) -> Result<(), String> {
        if self.objects == 0 || self.objects > OBJECTS_MAX {
            return Err(format!(
                "--objects is {}, but must be from 1 to {OBJECTS_MAX}: with none there is nothing \
                 to export, and no more have names in the charts",
                self.objects
            ));
        }
        if self.references == 0 || self.references > 2 {
            return Err(format!(
                "--references is {}, but must be 1 or 2: a message is kept in fixed space, and \
                 two references show everything that one message can do to one index",
                self.references
            ));
        }
        if self.sessions == 0 || self.sessions > SESSIONS_MAX {
            return Err(format!(
                "--sessions is {}, but must be from 1 to {SESSIONS_MAX}: nothing happens without \
                 one, and every further one multiplies the states",
                self.sessions
            ));
        }
        if self.sends.max() == 0 {
            return Err("--sends is 0 for both vats: no reference would ever be sent".to_owned());
        }
        if self.vats < 2 || self.vats > VATS_MAX {
            return Err(format!(
                "--vats is {}, but must be 2 or {VATS_MAX}: a reference can be handed on to a \
                 third vat, and a fourth would show nothing else",
                self.vats
            ));
        }
        let ends = self.sessions > 1 || !self.crashes.is_none() || !self.faults.is_none();
        if self.vats > 2 && ends {
            return Err(
                "--sessions above 1, --crashes or --faults with --vats 3: what a vat has handed \
                 on breaks when its own session ends, and that is not modelled"
                    .to_owned(),
            );
        }
        if self.promises > OBJECTS_MAX {
            return Err(format!(
                "--promises is {}, but must be at most {OBJECTS_MAX}: no more have names in the \
                 charts",
                self.promises
            ));
        }
        if self.asks.max() > OBJECTS_MAX {
            return Err(format!(
                "--asks is {}, but must be at most {OBJECTS_MAX}: no more answers have names in \
                 the charts",
                self.asks
            ));
        }
        for (flag, each) in self.steps() {
            if self.vats < VATS_MAX && each.of(VatId::C) > 0 {
                return Err(format!("{flag} is {each}, but VatC is there only with --vats 3"));
            }
            if each.max() > STEPS_MAX {
                return Err(format!(
                    "{flag} is {each}, but must be at most {STEPS_MAX}: more than any search of \
                     this kind can finish"
                ));
            }
        }
        Ok(())
    }

    /// The numbers that are given for each vat, and their flags.
    const fn steps(&self) -> [(&'static str, PerVat); 10] {
        [
            ("--sends", self.sends),
            ("--calls", self.calls),
            ("--failures", self.failures),
            ("--faults", self.faults),
            ("--asks", self.asks),
            ("--losses", self.losses),
            ("--interrupts", self.interrupts),
            ("--crashes", self.crashes),
            ("--refusals", self.refusals),
            ("--waits", self.waits),
        ]
    }
}

/// As flags. What only some systems have is left out where it is zero.
impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "--objects {} --sends {} --references {} --calls {} --failures {} --faults {} \
             --sessions {}",
            self.objects,
            self.sends,
            self.references,
            self.calls,
            self.failures,
            self.faults,
            self.sessions
        )?;
        if self.vats != Self::SMALLEST.vats {
            write!(f, " --vats {}", self.vats)?;
        }
        if self.promises > 0 {
            write!(f, " --promises {}", self.promises)?;
        }
        for (flag, each) in self.steps().into_iter().skip(4).filter(|(_, each)| each.max() > 0) {
            write!(f, " {flag} {each}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_both_vats_and_more_are_for_each() {
        assert_eq!("3".parse(), Ok(PerVat::both(3)));
        assert_eq!("1,3".parse(), Ok(PerVat::each(1, 3)));
        assert_eq!("1,3,2".parse(), Ok(PerVat::three(1, 3, 2)));
        assert!("1,2,3,4".parse::<PerVat>().is_err());
        assert!("-1".parse::<PerVat>().is_err());
        assert!("many".parse::<PerVat>().is_err());
    }

    #[test]
    fn sizes_of_zero_or_beyond_the_encoding_are_refused_with_the_limit_and_the_reason() {
        assert_eq!(Sizes::SMALLEST.validate(), Ok(()));
        let refused = [
            Sizes { objects: 0, ..Sizes::SMALLEST },
            Sizes { objects: 5, ..Sizes::SMALLEST },
            Sizes { references: 0, ..Sizes::SMALLEST },
            Sizes { references: 3, ..Sizes::SMALLEST },
            Sizes { sessions: 0, ..Sizes::SMALLEST },
            Sizes { sessions: 9, ..Sizes::SMALLEST },
            Sizes { sends: PerVat::both(0), ..Sizes::SMALLEST },
            Sizes { vats: 1, ..Sizes::SMALLEST },
            Sizes { vats: 4, ..Sizes::SMALLEST },
            Sizes { promises: 5, ..Sizes::SMALLEST },
            Sizes { asks: PerVat::both(5), ..Sizes::SMALLEST },
            Sizes { calls: PerVat::each(0, 31), ..Sizes::SMALLEST },
        ];
        for sizes in refused {
            let reason = sizes.validate().unwrap_err();
            assert!(reason.contains(": "), "{reason}");
        }
        let third = Sizes { calls: PerVat::three(0, 0, 1), ..Sizes::SMALLEST };
        let cut = Sizes { vats: 3, sessions: 2, ..Sizes::SMALLEST };
        let crash = Sizes { vats: 3, crashes: PerVat::both(1), ..Sizes::SMALLEST };
        for sizes in [cut, crash] {
            assert!(sizes.validate().unwrap_err().contains("not modelled"));
        }
        assert!(third.validate().unwrap_err().contains("--vats 3"));
    }
}
