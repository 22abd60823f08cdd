//! ITF: only forms that the format has, and the same shape as what Quint writes.

use super::every;
use model::render::itf::itf;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A trace that Quint's simulator wrote, of `counts.qnt`.
const GENUINE: &str = include_str!("counts.itf.json");

/// Whether a value is an expression of the format; if not, why not.
fn expression(value: &Value) -> Result<(), String> {
    match value {
        Value::String(_) | Value::Bool(_) => Ok(()),
        Value::Number(number) => match number.as_i64() {
            Some(small) if small.unsigned_abs() < 1 << 53 => Ok(()),
            _ => Err(format!("{number} is no small integer")),
        },
        Value::Array(elements) => elements.iter().try_for_each(expression),
        Value::Object(fields) => {
            let marked = fields.iter().find(|(name, _)| name.starts_with('#'));
            match marked {
                Some((name, value)) if fields.len() == 1 => form(name, value),
                Some(_) => Err(format!("{value} mixes a form with fields")),
                None => {
                    if let Some(tag) = fields.get("tag") {
                        let is_variant = tag.is_string() && fields.contains_key("value");
                        (is_variant && fields.len() == 2).then_some(()).ok_or("no variant")?;
                    }
                    fields.values().try_for_each(expression)
                }
            }
        }
        Value::Null => Err("there is no null".to_owned()),
    }
}

fn form(name: &str, value: &Value) -> Result<(), String> {
    match (name, value) {
        ("#bigint", Value::String(digits)) => {
            let digits = digits.strip_prefix('-').unwrap_or(digits);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then_some(()).ok_or(format!("{digits} is no number"))
        }
        ("#tup" | "#set", Value::Array(elements)) => elements.iter().try_for_each(expression),
        ("#map", Value::Array(entries)) => {
            let mut keys = BTreeSet::new();
            for entry in entries {
                let Some([key, value]) = entry.as_array().map(Vec::as_slice) else {
                    return Err(format!("{entry} is no pair"));
                };
                expression(key)?;
                expression(value)?;
                if !keys.insert(key.to_string()) {
                    return Err(format!("{key} is twice in a map"));
                }
            }
            Ok(())
        }
        _ => Err(format!("{name} of {value} is no form")),
    }
}

/// Whether a document is a trace.
fn trace(document: &Value) -> Result<(), String> {
    let vars: BTreeSet<_> = strings(&document["vars"])?;
    let meta = &document["#meta"];
    for field in ["format", "format-description", "source", "status", "description"] {
        meta[field].as_str().ok_or(format!("no {field} in the trace's #meta"))?;
    }
    let states = document["states"].as_array().filter(|states| !states.is_empty());
    for (index, state) in states.ok_or("no states")?.iter().enumerate() {
        let fields = state.as_object().ok_or("a state is no object")?;
        let named: BTreeSet<_> = fields.keys().filter(|name| *name != "#meta").cloned().collect();
        if named != vars {
            return Err(format!("state {index} has {named:?}, not {vars:?}"));
        }
        if state["#meta"]["index"] != index {
            return Err(format!("state {index} has another index"));
        }
        fields.iter().filter(|(name, _)| *name != "#meta").try_for_each(|(_, v)| expression(v))?;
    }
    Ok(())
}

fn strings(value: &Value) -> Result<BTreeSet<String>, String> {
    let elements = value.as_array().ok_or(format!("{value} is no list"))?;
    let strings = elements.iter().map(|e| e.as_str().map(str::to_owned));
    strings.collect::<Option<_>>().ok_or(format!("{value} is not all strings"))
}

#[test]
fn every_trace_is_of_the_format_and_each_state_has_exactly_the_variables() {
    for counterexample in every() {
        let document: Value = serde_json::from_str(&itf(counterexample)).unwrap();
        assert_eq!(trace(&document), Ok(()), "{:?}", counterexample.mutation);
        let states = document["states"].as_array().unwrap();
        assert_eq!(states.len(), counterexample.steps.len() + 1);
        for (state, step) in states.iter().skip(1).zip(&counterexample.steps) {
            assert_eq!(state["#meta"]["action"], json!(step.kind));
            assert_eq!(state["#meta"]["actor"], json!(step.actor));
            assert_eq!(state["#meta"]["text"], json!(step.text));
        }
    }
}

#[test]
fn what_quint_writes_is_of_the_format_too_and_of_the_same_shape() {
    let genuine: Value = serde_json::from_str(GENUINE).unwrap();
    assert_eq!(trace(&genuine), Ok(()));
    let ours: Value = serde_json::from_str(&itf(super::of("vine-not-held"))).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&genuine));
    for field in ["format", "format-description"] {
        assert_eq!(ours["#meta"][field], genuine["#meta"][field]);
    }
    // Integers in one form throughout, which is how Quint and Apalache write and read them.
    for document in [&ours, &genuine] {
        for state in document["states"].as_array().unwrap() {
            let variables = state.as_object().unwrap().iter().filter(|(name, _)| *name != "#meta");
            assert!(variables.into_iter().all(|(_, value)| !has_number(value)), "{state}");
        }
    }
}

fn has_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Array(elements) => elements.iter().any(has_number),
        Value::Object(fields) => fields.values().any(has_number),
        _ => false,
    }
}

#[test]
fn what_is_not_of_the_format_is_told() {
    for wrong in [
        json!(null),
        json!(1.5),
        json!(1_u64 << 60),
        json!({ "#bigint": 7 }),
        json!({ "#bigint": "seven" }),
        json!({ "#set": {} }),
        json!({ "#list": [] }),
        json!({ "#map": [["a"]] }),
        json!({ "#map": [["a", 1], ["a", 2]] }),
        json!({ "#tup": [], "field": 1 }),
        json!({ "tag": 1, "value": 2 }),
        json!({ "field": [{ "inner": null }] }),
    ] {
        assert!(expression(&wrong).is_err(), "{wrong}");
    }
    let genuine: Value = serde_json::from_str(GENUINE).unwrap();
    for field in ["vars", "states", "#meta"] {
        let mut wrong = genuine.clone();
        wrong.as_object_mut().unwrap().remove(field);
        assert!(trace(&wrong).is_err(), "{field}");
    }
    let mut wrong = genuine;
    wrong["states"][2].as_object_mut().unwrap().remove("held");
    assert!(trace(&wrong).is_err());
}
