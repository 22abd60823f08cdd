//! Each defect that the template can be given is caught by the property that names it.

use crate::seen::{LITTLE, cell, findings, python, template};
use serde_json::Value;

/// Runs the template with a defect. It must violate `property` by what `said` is a part of, shown
/// by at most `steps` steps, in a document that agrees with itself.
fn caught(defect: &str, property: &str, said: &str, steps: usize) -> Value {
    let (status, document) = template(Some(defect), LITTLE);
    assert_eq!(status, Some(1), "{defect}");
    let found = findings(&document, property);
    let shown = |finding: &&&Value| finding["finding"].as_str().unwrap().contains(said);
    let finding = found.iter().find(shown).unwrap_or_else(|| panic!("{defect}: {found:#?}"));
    let requests = finding["requests"].as_array().unwrap();
    assert!(requests.len() <= steps, "{defect}: {requests:#?}");
    let cell = cell(&document, property);
    assert_eq!(cell["verdict"], "violated", "{defect}");
    assert!(cell["shortest"].as_u64() <= Some(requests.len() as u64), "{defect}: {cell}");
    assert!(cell["violated"].as_u64() <= cell["judged"].as_u64(), "{defect}: {cell}");
    assert_eq!(document["adapter_lost"], 0, "{defect}");
    document
}

#[test]
fn an_exporter_that_does_not_count_frees_too_early_and_names_what_is_not_there() {
    if !python() {
        return;
    }
    let document = caught("uncounted", "S1", "VatA was given Bob, and it is broken", 6);
    let counterexample = &findings(&document, "S1")[0]["counterexample"];
    assert_eq!(counterexample["peer"], "toy 1.0.0");
    assert_eq!(counterexample["property"], "S1");
    assert!(counterexample["steps"].as_array().unwrap().len() >= 6);
    assert!(!findings(&document, "S6").is_empty());
    assert_eq!(cell(&document, "L1")["verdict"], "holds");
}

#[test]
fn a_finaliser_that_looks_for_no_successor_is_a_use_after_release() {
    if !python() {
        return;
    }
    let document = caught("no-successor-check", "S2", "after giving all of it back", 7);
    assert_eq!(cell(&document, "S1")["shortest"], 7);
    assert_eq!(cell(&document, "L1")["verdict"], "holds");
}

#[test]
fn a_mention_that_could_not_be_sent_and_stays_counted_is_a_leak() {
    if !python() {
        return;
    }
    let document = caught("leak-on-fail", "L1", "VatB keeps Bob, which nobody holds", 1);
    let requests = &findings(&document, "L1")[0]["requests"];
    assert_eq!(requests[0]["do"], "fail-send", "{requests}");
    assert_eq!(cell(&document, "S1")["verdict"], "holds");
}

#[test]
fn a_call_that_is_never_answered_is_a_reference_that_leads_nowhere() {
    if !python() {
        return;
    }
    let document = caught("never-answers", "S1", "neither an answer nor an error comes", 1);
    let found = findings(&document, "S1");
    // Nothing is wrong with the sums, and the picture says so at every step.
    for step in found[0]["counterexample"]["steps"].as_array().unwrap() {
        let count = |part: &str| step["after"]["balance"][part].as_u64().unwrap();
        let sum = count("mentions") + count("import_count") + count("deltas");
        assert_eq!(count("export_count"), sum, "{step:#}");
    }
    assert_eq!(found.len(), 1, "one kind of finding is told once");
    assert!(found[0]["schedules"].as_u64() > Some(100));
    assert!(findings(&document, "L1")[0]["finding"].as_str().unwrap().contains("1 questions"));
}

#[test]
fn what_was_read_of_a_message_that_cannot_be_read_to_its_end_is_kept_and_found() {
    if !python() {
        return;
    }
    let document = caught("keeps-a-part", "S7", "VatB has 1 imports, not 0", 2);
    let found = findings(&document, "S7");
    assert_eq!(found.len(), 1, "{found:#?}");
    let case = |name: &str| {
        let mut cases = document["hostile"].as_array().unwrap().iter();
        cases.find(|case| case["case"] == name).unwrap()["reaction"].clone()
    };
    // Only what stands before the bad argument is read.
    assert_eq!(found[0]["schedules"], 1);
    assert_eq!(case("an argument that there is not, among good ones"), "ignored");
    assert_eq!(case("an argument that there is not, before good ones"), "ignored");
    assert_eq!(document["found"].as_array().unwrap().len(), 1);
}

#[test]
fn a_call_of_a_broken_promise_that_goes_on_waiting_is_a_call_that_is_never_answered() {
    if !python() {
        return;
    }
    let said = "VatA holds pB1 and calls it; neither an answer nor an error comes";
    let document = caught("silent-when-broken", "S1", said, 2);
    let requests = &findings(&document, "S1")[0]["requests"];
    assert_eq!(requests[1]["do"], "resolve", "{requests}");
    assert_eq!(requests[1]["refs"], Value::Array(Vec::new()), "{requests}");
    assert_eq!(cell(&document, "S3")["verdict"], "holds");
}

#[test]
fn copies_of_a_broken_promise_of_which_one_alone_is_given_back_are_a_leak() {
    if !python() {
        return;
    }
    let document = caught("broken-given-back-once", "L1", "VatA has 1 imports, not 0", 3);
    let requests = findings(&document, "L1")[0]["requests"].as_array().unwrap();
    let sends = requests.iter().filter(|request| request["refs"][0]["promise"] == "pB1");
    assert_eq!(sends.count(), 2, "{requests:#?}");
    for property in ["S1", "S2", "S3", "C1"] {
        assert_eq!(cell(&document, property)["verdict"], "holds", "{property}");
    }
}

#[test]
fn a_broken_promise_that_is_mentioned_again_as_an_object_is_answered_by_another() {
    if !python() {
        return;
    }
    let said = "what VatA holds as pB1 is Bob, not broken";
    let document = caught("broken-named-as-another", "S3", said, 3);
    for property in ["S1", "S2", "C1", "L1"] {
        assert_eq!(cell(&document, property)["verdict"], "holds", "{property}");
    }
}

/// What shows neither on the wire nor by a probe: somebody has to keep account of what was sent,
/// returned and resolved.
#[test]
fn what_the_applications_are_not_told_or_told_wrongly_is_found() {
    if !python() {
        return;
    }
    let untold = [
        ("breaks-resolved", "S1", "VatA is told that pB1 is broken, and it is not", 2),
        ("broken-too-early", "S1", "VatA is told that pB1 is broken, and it is not", 1),
        ("loses-sends", "S1", "Bob was sent to VatA, and everything was read; it never got it", 1),
        ("fails-answers", "S5", "qA1 was answered, and the answer came back broken: no reason", 3),
        ("keeps-imports-at-end", "S7", "VatB has 1 imports, not 0", 2),
    ];
    for (defect, property, said, steps) in untold {
        let document = caught(defect, property, said, steps);
        assert_eq!(document["found"].as_array().unwrap().len(), 1, "{defect}");
    }
}
