//! Defects as const parameters: tables on `Loom<{ planted(..) }>` have that one.

use captp_gc::table::Defect;

/// No defect.
pub const NONE: usize = 0;

/// The parameter that plants this defect.
pub const fn planted(defect: Defect) -> usize {
    let mut at = 0;
    while at < Defect::ALL.len() {
        if Defect::ALL[at] as usize == defect as usize {
            return at + 1;
        }
        at += 1;
    }
    NONE
}

/// The defect that a parameter plants.
pub const fn defect(parameter: usize) -> Option<Defect> {
    if parameter == NONE { None } else { Some(Defect::ALL[parameter - 1]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_has_a_parameter_of_its_own() {
        for wanted in Defect::ALL {
            assert_eq!(defect(planted(wanted)), Some(wanted));
        }
        assert_eq!(defect(NONE), None);
    }
}
