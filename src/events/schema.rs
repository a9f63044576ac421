//! Generates the JSON Schema of the events.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::EVENT_TYPES;

/// The JSON Schema of every line of `--output json`: an event of an unknown name, or with an unknown field, is not valid.
pub fn schema() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let mut definitions = Map::new();
    let mut branches = Vec::new();
    for event in EVENT_TYPES {
        let mut schema = (event.schema)(&mut generator).to_value();
        add_event_name(&mut schema, event.name);
        branches.push(json!({"$ref": format!("#/$defs/{}", event.name)}));
        definitions.insert(event.name.to_owned(), schema);
    }
    definitions.extend(generator.take_definitions(true));
    for definition in definitions.values_mut() {
        strip_formats(definition);
        close(definition);
    }
    Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!("ecsail events")),
        ("description".to_owned(), json!("One line of `--output json`.")),
        ("type".to_owned(), json!("object")),
        ("required".to_owned(), json!(["event"])),
        ("oneOf".to_owned(), Value::Array(branches)),
        ("$defs".to_owned(), Value::Object(definitions)),
    ])
}

/// Adds to the fields of an event those that every line has: its name, and the mark of the sandbox.
fn add_event_name(schema: &mut Value, name: &str) {
    let Value::Object(schema) = schema else { return };
    schema.insert("type".to_owned(), json!("object"));
    let mut properties = Map::from_iter([
        ("event".to_owned(), json!({"const": name})),
        ("sandbox".to_owned(), json!({"const": true, "description": "Present in the sandbox only."})),
    ]);
    if let Some(Value::Object(own)) = schema.remove("properties") {
        properties.extend(own);
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    let mut required = vec![json!("event")];
    if let Some(Value::Array(own)) = schema.remove("required") {
        required.extend(own);
    }
    schema.insert("required".to_owned(), Value::Array(required));
}

/// Removes the names of Rust's number types.
fn strip_formats(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("type").is_some_and(is_number) {
                members.remove("format");
            }
            members.values_mut().for_each(strip_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_formats),
        _ => {}
    }
}

fn is_number(kind: &Value) -> bool {
    let names_number = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number"));
    names_number(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(names_number))
}

/// The keywords that hold alternative or additional parts of an object.
const PARTS: [&str; 3] = ["oneOf", "anyOf", "allOf"];

/// Refuses fields that a schema does not name, in it and in all that its fields hold.
fn close(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.contains_key("properties") {
        strip_null_from_optional(members);
        let has_parts = PARTS.iter().any(|part| members.contains_key(*part));
        for part in parts_of(members) {
            open(part);
        }
        close_fields(members);
        let keyword = if has_parts { "unevaluatedProperties" } else { "additionalProperties" };
        members.insert(keyword.to_owned(), json!(false));
    } else {
        parts_of(members).for_each(close);
    }
    if let Some(items) = members.get_mut("items") {
        close(items);
    }
}

/// Prepares a part of an object that is closed as a whole: the part names fields, and refuses none.
fn open(part: &mut Value) {
    let Value::Object(members) = part else { return };
    strip_null_from_optional(members);
    members.remove("additionalProperties");
    if members.contains_key("properties") || members.get("type").is_some_and(|kind| kind == "object") {
        members.remove("type");
    }
    parts_of(members).for_each(open);
    close_fields(members);
}

fn close_fields(members: &mut Map<String, Value>) {
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(close);
    }
}

fn parts_of(members: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let parts = members.iter_mut().filter(|(keyword, _)| PARTS.contains(&keyword.as_str()));
    parts.filter_map(|(_, parts)| parts.as_array_mut()).flatten()
}

/// Removes null from the types of fields that are absent where they have no value.
fn strip_null_from_optional(members: &mut Map<String, Value>) {
    let required = members.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = members.get_mut("properties") else { return };
    for (name, property) in properties {
        if !required.contains(&json!(name)) {
            strip_null(property);
        }
    }
}

fn strip_null(property: &mut Value) {
    let Value::Object(members) = property else { return };
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = members.get_mut("anyOf") else { return };
    choices.retain(|choice| choice["type"] != "null");
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        members.remove("anyOf");
        members.extend(only);
    }
}
