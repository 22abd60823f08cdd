//! A counterexample as a picture, as a page, and all of them as a folder of files.
#![cfg(not(loom))]

mod common;

use common::{find, find_in};
use model::catalogue::{self, DISTRIBUTED_RACE, Task};
use model::check::Control;
use model::compare::{Comparison, PROBE, SCHEMA as COMPARED, compare};
use model::counterexample::Counterexample;
use model::coverage::Coverage;
use model::engine::{Budget, Progress};
use model::property::PropertySet;
use model::render::page::page;
use model::render::site::site;
use model::render::svg::svg;
use model::report::{MadeWith, Report, Row, SCHEMA};
use std::collections::BTreeMap;
use std::fs;

fn first(id: &str) -> Counterexample {
    find(id).counterexamples.remove(0)
}

/// The numbers of an attribute of every element that starts like this, in order.
fn numbers(picture: &str, element: &str, attribute: &str) -> Vec<f64> {
    let label = format!("{attribute}=\"");
    let elements = picture.split(element).skip(1);
    let values = elements.map(|rest| {
        let (_, value) = rest.split_once(&label).unwrap();
        value.split_once('"').unwrap().0.parse().unwrap()
    });
    values.collect()
}

#[test]
fn the_distributed_race_is_drawn_as_a_picture() {
    let picture = svg(&first(DISTRIBUTED_RACE));
    let (head, rest) = picture.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    insta::assert_snapshot!(format!("{head}{body}").replace("><", ">\n<"));
}

#[test]
fn messages_that_cross_are_lines_that_cross() {
    let picture = svg(&first(DISTRIBUTED_RACE));
    let [x1, y1, x2, y2] =
        ["x1", "y1", "x2", "y2"].map(|name| numbers(&picture, "<line class=\"wire\"", name));
    let side = |line: usize, point: (f64, f64)| {
        (x2[line] - x1[line]) * (point.1 - y1[line]) - (y2[line] - y1[line]) * (point.0 - x1[line])
    };
    // #2 gives back what #3 mentions: each has its ends on both sides of the other.
    for (one, other) in [(1, 2), (2, 1)] {
        let ends = side(one, (x1[other], y1[other])) * side(one, (x2[other], y2[other]));
        assert!(ends < 0.0, "#{} does not cross #{}", other + 1, one + 1);
    }
}

#[test]
fn a_message_in_flight_is_dashed_and_a_lost_one_ends_in_a_cross() {
    let racing = svg(&first(DISTRIBUTED_RACE));
    assert_eq!(racing.matches("flight carries in-flight").count(), 1);
    assert!(!racing.contains("class=\"cross\""));
    let losing = svg(&first("netobj-no-retry"));
    assert_eq!(losing.matches("class=\"cross\"").count(), 1);
}

#[test]
fn markup_in_a_name_comes_out_as_text() {
    let mut counterexample = first(DISTRIBUTED_RACE);
    let bad = "</script><img src=x onerror=alert(1)>&\"'\u{1}";
    counterexample.mutation = Some(bad.to_owned());
    counterexample.system = bad.to_owned();
    counterexample.finding = bad.to_owned();
    for step in &mut counterexample.steps {
        step.text = bad.to_owned();
        step.deed = bad.to_owned();
        for message in step.sent.iter_mut().chain(&mut step.read) {
            message.text = bad.to_owned();
        }
    }
    let picture = svg(&counterexample);
    assert!(!picture.contains("<img") && picture.contains("&lt;img"), "{picture}");
    assert!(!picture.contains('\u{1}'), "no XML document may contain it");
    let page = page(&counterexample);
    assert!(!page.contains("<img") && page.contains("\\u003cimg"), "{page}");
    assert_eq!(page.matches("</script>").count(), 2);
}

#[test]
fn the_page_contains_the_counterexample_itself() {
    let counterexample = first("vine-not-held");
    let page = page(&counterexample);
    let (_, rest) = page.split_once("type=\"application/json\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let read: Counterexample = serde_json::from_str(json).unwrap();
    assert_eq!(read, counterexample);
}

#[test]
fn a_page_asks_nothing_of_a_network() {
    let page = page(&first(DISTRIBUTED_RACE));
    assert!(page.contains("default-src 'none'"));
    let page = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("url("));
}

#[test]
fn what_the_catalogue_does_not_know_is_drawn_all_the_same() {
    let mut foreign = first(DISTRIBUTED_RACE);
    foreign.mutation = Some("not-ours".to_owned());
    foreign.system = "theirs".to_owned();
    assert!(svg(&foreign).contains("not-ours: S1 is violated after 7 steps"));
    assert!(page(&foreign).contains("theirs"));
    foreign.steps.clear();
    foreign.initial.vats.clear();
    foreign.initial.channels.clear();
    assert!(svg(&foreign).ends_with("</svg>"));
    assert!(page(&foreign).contains("after 0 steps"));
}

fn report() -> Report {
    let rows = catalogue::mutations().map(|(system, mutation)| {
        let task = Task::mutated(system, mutation, mutation.sizes);
        Row::new(&task, mutation.id, find_in(&task), None, &[])
    });
    let rows = rows.collect();
    let made_with = MadeWith {
        model: MadeWith::MODEL,
        rustc: MadeWith::RUSTC,
        threads: 1,
        max_states: None,
        max_depth: None,
        timeout: None,
    };
    let coverage = Coverage::default();
    Report { schema: SCHEMA, made_with, exit_status: 0, seconds: 0.0, rows, coverage }
}

#[test]
fn the_catalogue_is_a_folder_whose_links_lead_to_files() {
    let report = report();
    let (properties, budget) = (PropertySet::ALL, Budget::default());
    let control = Control { properties, threads: 1, budget, progress: &Progress::default() };
    let system = catalogue::system("capnweb").unwrap();
    let systems = vec![compare(system, &control, |_| {})];
    let comparison = Comparison { schema: COMPARED, probe: PROBE.to_string(), systems };
    let folder = tempfile::tempdir().unwrap();
    let written = site(&report, &comparison, folder.path()).unwrap();
    assert_eq!(written.pages, 1 + report.rows.len());
    assert!(written.bytes < 20_000_000, "{} bytes", written.bytes);
    let list = fs::read_to_string(folder.path().join("index.html")).unwrap();
    let mut linked = BTreeMap::new();
    for link in list.split("href=\"mutations/").skip(1) {
        let (name, _) = link.split_once('"').unwrap();
        let page = fs::read_to_string(folder.path().join("mutations").join(name)).unwrap();
        assert!(page.contains("href=\"../index.html\""), "{name}");
        linked.insert(name.to_owned(), page);
    }
    assert_eq!(linked.len(), report.rows.len(), "every page is linked");
    for (_, mutation) in catalogue::mutations() {
        let of = mutation.defect.map_or("", |defect| defect.id);
        assert!(list.contains(of) && list.contains(mutation.id), "{}", mutation.id);
    }
    assert!(list.contains(system.idea) && list.contains(system.source));
    // Anchors lead somewhere, too.
    for link in list.split("href=\"#").skip(1) {
        let (name, _) = link.split_once('"').unwrap();
        let there = list.contains(&format!("id=\"{name}\"")) || name.starts_with("step-");
        assert!(there, "#{name}");
    }
}
