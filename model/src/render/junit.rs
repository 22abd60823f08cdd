//! The report as JUnit XML, which build servers show: a test case for each world.

use super::{chart, table};
use crate::report::{Report, Row};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The document. A world that is not as expected fails; one that was cut short is an error, as it
/// says nothing and must not be taken for a success.
pub fn junit(report: &Report) -> String {
    let mut document = quick_junit::Report::new("captp-gc");
    document.set_time(duration(report.seconds));
    // The worlds of a system stand together.
    for rows in report.rows.chunk_by(|one, other| one.system == other.system) {
        let mut suite = TestSuite::new(rows.first().map_or("", |row| row.system));
        suite.set_time(duration(rows.iter().map(|row| row.seconds).sum()));
        suite.add_test_cases(rows.iter().map(case));
        document.add_test_suite(suite);
    }
    // Writing to memory cannot fail.
    document.to_string().unwrap_or_else(|error| format!("<!-- {error} -->\n"))
}

fn case(row: &Row) -> TestCase {
    let mut case = TestCase::new(row.name, status(row));
    case.set_classname(row.system).set_time(duration(row.seconds));
    for (name, value) in [
        ("world", row.flags.clone()),
        ("expected", table::expected(row)),
        ("found", table::found(row)),
        ("states", row.states.to_string()),
    ] {
        case.add_property(Property::new(name, value));
    }
    case
}

fn status(row: &Row) -> TestCaseStatus {
    let Some(problem) = &row.problem else { return TestCaseStatus::success() };
    let (kind, name) = if row.incomplete {
        (NonSuccessKind::Error, "incomplete")
    } else {
        (NonSuccessKind::Failure, "not as expected")
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(problem);
    // The colours of the chart are no XML; the library leaves them out.
    let chart = row.counterexample().map(|c| format!("\n\n{}", chart::chart(c)));
    status.set_description(format!("{}: {problem}.{}", row.title, chart.unwrap_or_default()));
    status
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
