//! Implementations that nobody here wrote, where they are installed: each is led through the
//! model's schedules, and what is publicly known to be wrong with it is found. What is not
//! installed is not tested, and said so.

#![cfg(not(loom))]

use assert_cmd::Command;
use serde_json::Value;

/// What a short run of one implementation shows; nothing if it is not installed.
fn conform(peer: &str) -> Option<Value> {
    let mut command = Command::cargo_bin("model").expect("it is built with the tests");
    let adapters = concat!(env!("CARGO_MANIFEST_DIR"), "/../checks/peers");
    let effort = ["--max-states", "60", "--walks", "10", "--cycles", "20", "--patience", "5"];
    command.args(["conform", "--json", "--peer", peer, "--adapters", adapters]).args(effort);
    let output = command.output().expect("it runs");
    match output.status.code() {
        Some(0 | 1) => Some(serde_json::from_slice(&output.stdout).expect("it is JSON")),
        _ => {
            println!("NOT TESTED: {}", String::from_utf8_lossy(&output.stderr).trim());
            None
        }
    }
}

fn list<'a>(shown: &'a Value, field: &str) -> &'a [Value] {
    shown[field].as_array().map_or(&[], Vec::as_slice)
}

/// Every transition of every small world was covered.
fn everything_was_covered(shown: &Value) {
    let worlds = list(shown, "schedules").iter().filter(|group| !group["states"].is_null());
    for world in worlds {
        assert_eq!(world["covered"], world["transitions"], "{}", world["name"]);
        assert!(world["transitions"].as_u64() > Some(0), "{}", world["name"]);
    }
    assert_eq!(list(shown, "undecodable").len(), 0, "{shown}");
}

/// Whether something that violates this property was found, with these words.
fn finds(shown: &Value, property: &str, words: &str) -> bool {
    list(shown, "found").iter().any(|found| {
        let text = found["finding"].as_str().unwrap_or_default();
        found["property"] == property && text.contains(words)
    })
}

/// How many steps the shortest schedule has that violates this property.
fn shortest(shown: &Value, property: &str) -> Option<u64> {
    let mut cells = list(shown, "properties").iter();
    cells.find(|cell| cell["property"] == property)?["shortest"].as_u64()
}

fn reaction(shown: &Value, case: &str) -> String {
    let mut cases = list(shown, "hostile").iter();
    let found = cases.find(|tried| tried["case"] == case);
    found.map_or_else(String::new, |tried| tried["reaction"].as_str().unwrap_or("").to_owned())
}

/// Schedules with promises that are broken instead of resolved were taken nearly step by step.
fn breaks_promises(shown: &Value) {
    let mut groups = list(shown, "schedules").iter();
    let group = groups.find(|group| group["name"] == "promises broken").expect("it is a group");
    assert!(group["schedules"].as_u64() > Some(100), "{group}");
    assert!(group["refused"].as_u64() < Some(5), "{group}");
}

/// What came of the messages of which a part can be read. Nothing of them was left.
fn reads_a_part(shown: &Value, expected: &str) {
    for place in ["among", "before"] {
        let case = format!("an argument that there is not, {place} good ones");
        assert_eq!(reaction(shown, &case), expected, "{case}");
        let tried = list(shown, "hostile").iter().find(|tried| tried["case"] == case.as_str());
        assert_eq!(tried.map(|tried| list(tried, "violated").len()), Some(0), "{tried:?}");
    }
}

#[test]
fn endo_captp_4_5_1_shows_what_is_known_of_it() {
    let Some(shown) = conform("captp") else { return };
    assert_eq!(shown["version"], "4.5.1");
    everything_was_covered(&shown);
    // M3: a slot that was released whole is written again, and nothing stands there.
    assert!(finds(&shown, "S1", "neither an answer nor an error comes"), "{shown:#}");
    assert!(shortest(&shown, "S1") <= Some(8));
    // M2: the target of a call is counted as a mention of the import of the same number.
    assert!(finds(&shown, "C1", "mentions of"), "{shown:#}");
    // M26: answers are kept.
    assert!(finds(&shown, "L1", "which nobody holds any more"), "{shown:#}");
    reads_a_part(&shown, "complained");
    breaks_promises(&shown);
    assert!(shown["behaviour"]["unexplained"].as_u64() > Some(0));
}

#[test]
fn capnp_rpc_0_27_3_aborts_when_a_promise_is_described_again() {
    let Some(shown) = conform("capnp-rpc") else { return };
    assert_eq!(shown["version"], "0.27.3");
    everything_was_covered(&shown);
    // M8.
    assert!(finds(&shown, "S6", "Got 'Resolve' for a non-promise import"), "{shown:#}");
    assert!(shortest(&shown, "S6") <= Some(6));
    assert!(!finds(&shown, "S6", "panic"), "{shown:#}");
    refuses_what_breaks_the_protocol(&shown);
}

#[test]
fn capnp_rpc_0_25_0_panics_where_0_27_3_does_not() {
    let Some(shown) = conform("capnp-rpc-0.25") else { return };
    assert_eq!(shown["version"], "0.25.0");
    assert!(finds(&shown, "S6", "entered unreachable code"), "{shown:#}");
}

#[test]
fn cap_n_proto_in_cpp_refuses_what_breaks_the_protocol() {
    let Some(shown) = conform("pycapnp") else { return };
    everything_was_covered(&shown);
    refuses_what_breaks_the_protocol(&shown);
}

/// The same for the Rust and the C++ implementation.
fn refuses_what_breaks_the_protocol(shown: &Value) {
    let ends = [
        "a release of more than there are mentions",
        "a release of the largest number",
        "a release of an export that there is not",
        "a release of what was released",
        "a call of what was released",
        "an answer to no question",
        "a release by way of an unimplemented Resolve",
        "the end of no embargo",
    ];
    for case in ends {
        assert_eq!(reaction(shown, case), "ended", "{case}");
    }
    for case in ["a release of nothing", "the end of no question"] {
        assert_eq!(reaction(shown, case), "ignored", "{case}");
    }
    // An argument that there is not is read as a broken one.
    reads_a_part(shown, "ignored");
    breaks_promises(shown);
    assert!(!list(shown, "found").iter().any(|found| found["property"] == "S7"), "{shown:#}");
}

#[test]
fn capnweb_0_12_0_is_led_through_every_transition() {
    let Some(shown) = conform("capnweb") else { return };
    assert_eq!(shown["version"], "0.12.0");
    everything_was_covered(&shown);
    assert_eq!(reaction(&shown, "a release of more than there are mentions"), "ended");
    reads_a_part(&shown, "ended");
    assert_eq!(shown["behaviour"]["unexplained"], 0);
}

#[test]
fn our_own_tables_pass_everything_and_are_a_behaviour_of_their_model() {
    let Some(shown) = conform("captp-gc") else { return };
    everything_was_covered(&shown);
    assert_eq!(list(&shown, "found").len(), 0, "{shown:#}");
    reads_a_part(&shown, "ended");
    for case in ["a mention again of what was never introduced", "a first mention of what is held"]
    {
        assert_eq!(reaction(&shown, case), "ended", "{case}");
    }
    breaks_promises(&shown);
    assert_eq!(shown["behaviour"]["unexplained"], 0, "{:#}", shown["behaviour"]);
    assert!(shown["behaviour"]["explained"].as_u64() > Some(300));
}
