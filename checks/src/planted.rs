//! Defects as const parameters: tables on `Loom<{ planted(..) }>` have that one.

use crate::explorer::Verdict;
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

/// A scenario on tables with a planted defect, which it must find.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    /// What is planted.
    pub defect: Defect,
    /// The scenario's name.
    pub scenario: &'static str,
    /// One execution.
    pub run: fn() -> Verdict,
}

/// The twins of all scenarios, on one explorer's primitives: each scenario finds something, and
/// each defect is found.
#[macro_export]
macro_rules! twins {
    ($explorer:ident) => {
        $crate::twins! { $explorer:
            SuccessorNotChecked in imports::last_drop_and_import,
            SuccessorNotChecked in imports::import_import_and_drop,
            SuccessorNotChecked in sessions::both_races_at_once,
            CountTakenInTwoSteps in imports::last_drop_and_import_on_two_threads,
            CountTakenInTwoSteps in imports::drain_and_drain,
            ReportedBeforeGone in imports::clone_drop_and_drain,
            ReportedBeforeGone in imports::drop_and_drain,
            ReportedBeforeGone in imports::two_slots,
            MarkWipedLate in imports::drop_and_drain_when_others_are_owed,
            LinkedOnce in imports::two_pages,
            WakeDecidedEarly in imports::the_loop_is_woken,
            DropNotOrdered in imports::drop_is_ordered_after_the_call,
            CloneNotCounted in imports::clone_and_drop_on_two_threads_and_drain,
            IndexFreedEarly in exports::an_index_is_reused_at_once,
            IndexFreedEarly in exports::lookup_and_gc_export,
            IndexFreedEarly in exports::a_reader_and_two_exporters,
            NotLookedAgain in exports::export_and_export,
            MentionInTwoSteps in exports::export_export_and_gc_export,
            GivenBackInTwoSteps in exports::export_and_gc_export_to_zero,
            GivenBackInTwoSteps in exports::unexport_and_gc_export,
            OwnerIgnored in exports::one_object_in_two_sessions,
            ClosedBesideTheWord in sessions::close_and_drop_and_drain,
            ClosedBesideTheWord in sessions::close_and_import,
            ReturnedInTwoSteps in sessions::close_and_close,
            ReturnedInTwoSteps in sessions::close_and_everything,
            ReturnedInTwoSteps in sessions::close_and_export_and_gc_export,
            DroppedUnderTheLock in sessions::a_dropped_object_uses_the_session,
        }
    };
    ($explorer:ident: $($defect:ident in $module:ident :: $scenario:ident),* $(,)?) => {
        [$($crate::planted::Twin {
            defect: captp_gc::table::Defect::$defect,
            scenario: stringify!($scenario),
            run: $crate::scenario::$module::$scenario::<
                $explorer<{ $crate::planted::planted(captp_gc::table::Defect::$defect) }>,
            >,
        }),*]
    };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::scenario::small;
    use crate::under_shuttle::Shuttle;
    use std::collections::BTreeSet;

    #[test]
    fn every_scenario_finds_a_defect_and_every_defect_is_found() {
        let twins = crate::twins!(Shuttle);
        let scenarios: BTreeSet<_> = twins.iter().map(|twin| twin.scenario).collect();
        assert_eq!(scenarios, small::<Shuttle>().iter().map(|scenario| scenario.name).collect());
        for defect in Defect::ALL {
            assert!(twins.iter().any(|twin| twin.defect == defect), "{defect:?}");
        }
    }

    #[test]
    fn every_defect_has_a_parameter_of_its_own() {
        for wanted in Defect::ALL {
            assert_eq!(defect(planted(wanted)), Some(wanted));
        }
        assert_eq!(defect(NONE), None);
    }
}
