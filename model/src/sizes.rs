//! How large a world is: each number bounds one kind of application step.

use crate::names::{OBJECTS_MAX, VatId};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// One number for each vat. Written `3` (both) or `1,3` (VatA 1, VatB 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct PerVat(pub [u8; 2]);

impl PerVat {
    /// The same number for both.
    pub const fn both(number: u8) -> Self {
        Self([number, number])
    }

    /// VatA's and VatB's.
    pub const fn each(a: u8, b: u8) -> Self {
        Self([a, b])
    }

    /// The number of one vat.
    pub const fn of(self, vat: VatId) -> u8 {
        self.0[vat.number()]
    }

    /// The larger of the two.
    pub fn max(self) -> u8 {
        self.0[0].max(self.0[1])
    }
}

impl fmt::Display for PerVat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [a, b] if a == b => write!(f, "{a}"),
            [a, b] => write!(f, "{a},{b}"),
        }
    }
}

impl FromStr for PerVat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            part.trim().parse::<u8>().map_err(|_| {
                format!(
                    "'{part}' is not a number from 0 to 255 (write 3, or 1,3 for VatA and VatB)"
                )
            })
        };
        match text.split_once(',') {
            None => number(text).map(Self::both),
            Some((a, b)) => Ok(Self::each(number(a)?, number(b)?)),
        }
    }
}

/// The bounds of a world. Collector steps, notifications and deliveries are not bounded: whatever
/// the application started is run to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
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
}

/// The largest number of steps of one kind.
pub const STEPS_MAX: u8 = 30;
/// The largest number of sessions.
pub const SESSIONS_MAX: u8 = 8;

impl Sizes {
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
        let steps = [
            ("--sends", self.sends),
            ("--calls", self.calls),
            ("--failures", self.failures),
            ("--faults", self.faults),
        ];
        for (flag, each) in steps {
            if each.max() > STEPS_MAX {
                return Err(format!(
                    "{flag} is {each}, but must be at most {STEPS_MAX}: more than any search of \
                     this kind can finish"
                ));
            }
        }
        Ok(())
    }
}

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
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Sizes = Sizes {
        objects: 1,
        sends: PerVat::both(1),
        references: 1,
        calls: PerVat::both(0),
        failures: PerVat::both(0),
        faults: PerVat::both(0),
        sessions: 1,
    };

    #[test]
    fn one_number_is_for_both_vats_and_two_are_for_each() {
        assert_eq!("3".parse(), Ok(PerVat::both(3)));
        assert_eq!("1,3".parse(), Ok(PerVat::each(1, 3)));
        assert!("1,2,3".parse::<PerVat>().is_err());
        assert!("-1".parse::<PerVat>().is_err());
        assert!("many".parse::<PerVat>().is_err());
    }

    #[test]
    fn sizes_of_zero_or_beyond_the_encoding_are_refused_with_the_limit_and_the_reason() {
        assert_eq!(FINE.validate(), Ok(()));
        let refused = [
            Sizes { objects: 0, ..FINE },
            Sizes { objects: 5, ..FINE },
            Sizes { references: 0, ..FINE },
            Sizes { references: 3, ..FINE },
            Sizes { sessions: 0, ..FINE },
            Sizes { sessions: 9, ..FINE },
            Sizes { sends: PerVat::both(0), ..FINE },
            Sizes { calls: PerVat::each(0, 31), ..FINE },
        ];
        for sizes in refused {
            let reason = sizes.validate().unwrap_err();
            assert!(reason.contains(": "), "{reason}");
        }
    }
}
