//! The JSON Schema of a counterexample: it describes what is written, and nothing else.

use super::{every, of};
use jsonschema::Validator;
use model::counterexample::SCHEMA;
use model::property::PropertyId;
use model::world::StepKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/trace.schema.json")).unwrap()
}

fn validator() -> Validator {
    let schema = schema();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn every_counterexample_of_the_catalogue_validates() {
    let validator = validator();
    for counterexample in every() {
        let document = serde_json::to_value(counterexample).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{:?}: {errors:?}", counterexample.mutation);
    }
    let vats: BTreeSet<_> = every().iter().map(|c| c.sizes.vats).collect();
    let systems: BTreeSet<_> = every().iter().map(|c| &c.system).collect();
    assert_eq!((vats, systems.len()), ([2, 3].into(), model::catalogue::SYSTEMS.len()));
}

/// The places of a document, each as a JSON pointer.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.to_owned());
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, inner)| places(inner, &format!("{place}/{name}"), found));
        }
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            elements.for_each(|(at, inner)| places(inner, &format!("{place}/{at}"), found));
        }
        _ => {}
    }
}

/// Nothing may be left out, or added, or be of another type, anywhere. A short one, as each change
/// is validated.
#[test]
fn a_document_with_a_field_removed_or_added_or_of_a_wrong_type_does_not_validate() {
    let validator = validator();
    for mutation in ["old-message-read", "canary"] {
        let document = serde_json::to_value(of(mutation)).unwrap();
        assert!(validator.is_valid(&document));
        let mut found = Vec::new();
        places(&document, "", &mut found);
        for place in found {
            let mut wrong = document.clone();
            let value = wrong.pointer_mut(&place).unwrap();
            *value = if value.is_array() { json!({}) } else { json!([]) };
            assert!(!validator.is_valid(&wrong), "{place} of another type");
            let fields = document.pointer(&place).and_then(Value::as_object);
            for field in fields.into_iter().flat_map(serde_json::Map::keys) {
                let mut wrong = document.clone();
                wrong.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(field);
                assert!(!validator.is_valid(&wrong), "{place} without {field}");
            }
            if fields.is_some() {
                let mut wrong = document.clone();
                wrong.pointer_mut(&place).unwrap()["surprise"] = json!(1);
                assert!(!validator.is_valid(&wrong), "{place} with a surprise");
            }
        }
    }
}

#[test]
fn the_schema_says_the_same_names_as_the_code() {
    let schema = schema();
    assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
    assert_eq!(schema["$defs"]["property"]["enum"], json!(PropertyId::ALL));
    let kinds = schema["$defs"]["stepKind"]["enum"].clone();
    let kinds: Vec<StepKind> = serde_json::from_value(kinds).unwrap();
    assert!(every().iter().flat_map(|c| &c.steps).all(|step| kinds.contains(&step.kind)));
}

#[test]
fn every_field_is_described() {
    fn described(value: &Value, place: &str) {
        let Some(fields) = value.as_object() else { return };
        for (name, field) in
            fields.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let is_named = field.get("$ref").is_some();
            assert!(is_named || field["description"].is_string(), "{place}.{name}");
            described(field, &format!("{place}.{name}"));
        }
    }
    let schema = schema();
    described(&schema, "");
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name}");
        described(definition, name);
    }
}
