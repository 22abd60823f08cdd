//! Reports for build servers: JUnit, and GitHub's annotations and summaries.

use super::common::{find, find_in};
use model::catalogue::{self, Task};
use model::check::{Control, Finding};
use model::coverage::Coverage;
use model::engine::{Budget, Progress};
use model::property::PropertySet;
use model::render::{github, junit};
use model::report::{MadeWith, Report, Row, SCHEMA};
use quick_junit::TestCaseStatus;

/// A name that no format may take for its own.
const MARKUP: &str = "a<b> & \"c\" | 100%, d::e";

fn task(id: &str) -> Task {
    let (system, mutation) = catalogue::mutation(id).unwrap();
    Task::mutated(system, mutation, mutation.sizes)
}

fn cut_short(task: &Task) -> Finding {
    let progress = Progress::default();
    let budget = Budget { states_max: Some(10), ..Budget::default() };
    let control = Control { properties: PropertySet::ALL, threads: 1, budget, progress: &progress };
    (task.system.runs.search)(task, &control)
}

/// One world as expected, one that is caught by another property than it names, one cut short.
fn report() -> Report {
    let caught = task("old-message-read");
    let unbent = Task::full(caught.system, caught.sizes);
    let expected =
        Row::new(&caught, "old-message-read", find_in(&caught), Some(find_in(&unbent)), &[]);
    let other = Row::new(&task("notification-lost"), MARKUP, find("uncounted-drop"), None, &[]);
    let scenario = catalogue::system("endo-captp").unwrap();
    let full = Task::full(scenario, scenario.scenarios[0].sizes);
    let incomplete = Row::new(&full, scenario.scenarios[0].id, cut_short(&full), None, &[]);
    let rows = vec![expected, other, incomplete];
    let made_with = MadeWith {
        model: MadeWith::MODEL,
        rustc: MadeWith::RUSTC,
        threads: 1,
        max_states: Some(10),
        max_depth: None,
        timeout: None,
    };
    let coverage = Coverage::default();
    let exit_status = Report::status(&rows, &coverage);
    Report { schema: SCHEMA, made_with, exit_status, seconds: 1.0, rows, coverage }
}

/// Times are not the same twice.
fn without_times(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r#"time="[\d.]+""#, r#"time="[time]""#);
    settings.add_filter(r"\d+\.\d+ s \|", "[time] |");
    settings.bind(check);
}

#[test]
fn junit_has_a_case_for_each_world_and_the_chart_of_what_was_not_expected() {
    without_times(|| insta::assert_snapshot!(junit::junit(&report())));
}

#[test]
fn junit_is_read_as_it_was_meant_whatever_is_in_a_name() {
    let document = quick_junit::Report::deserialize_from_str(&junit::junit(&report())).unwrap();
    assert_eq!((document.tests, document.failures, document.errors), (3, 1, 1));
    let cases: Vec<_> = document.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    assert_eq!(cases[1].name.as_str(), MARKUP);
    assert!(cases.iter().all(|case| case.classname.is_some() && case.time.is_some()));
    let TestCaseStatus::NonSuccess { description, .. } = &cases[1].status else {
        panic!("it is not as expected");
    };
    let description = description.as_ref().unwrap().as_str();
    assert!(description.contains("#1 ") && description.contains("─▷"), "{description}");
}

#[test]
fn what_is_not_as_expected_is_annotated_in_one_line_each() {
    let annotations = github::annotations(&report());
    assert_eq!(annotations.lines().count(), 2);
    insta::assert_snapshot!(annotations);
}

#[test]
fn nothing_is_annotated_if_all_is_as_expected() {
    let mut report = report();
    report.rows.truncate(1);
    assert_eq!(github::annotations(&report), "");
}

#[test]
fn the_summary_has_a_row_for_each_world_and_folds_the_charts() {
    without_times(|| insta::assert_snapshot!(github::summary(&report())));
}
