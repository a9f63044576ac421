//! Generates the reference of the events, `docs/reference/events.md`, from their schema.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::EVENT_TYPES;
use super::schema::schema;

const HEAD: &str = "# JSON events

With `--output json` each line of stdout is one JSON object, an event; nothing else is printed. The field `event` names
it. In the sandbox each event has `\"sandbox\": true` besides. New events and new fields may be added: ignore what you do not
know. `ecsail schema events` prints the same as a JSON Schema.

Times are in seconds since 1970, durations in seconds. A field whose type is not followed by *optional* is always there.

<!-- Generated from src/events/. To write it anew: ECSAIL_UPDATE_DOCS=1 cargo test --test cli reference -->
";

/// The reference as Markdown.
pub fn markdown() -> String {
    let schema = schema();
    let mut text = HEAD.to_owned();
    let Some(Value::Object(definitions)) = schema.get("$defs") else { return text };
    text.push_str("\n## Events\n");
    for event in EVENT_TYPES {
        if let Some(Value::Object(definition)) = definitions.get(event.name) {
            section(&mut text, &format!("`{}`", event.name), definition);
        }
    }
    text.push_str("\n## Types\n");
    for (name, definition) in definitions {
        if let Value::Object(definition) = definition
            && EVENT_TYPES.iter().all(|event| event.name != name)
        {
            section(&mut text, name, definition);
        }
    }
    text
}

fn section(text: &mut String, heading: &str, definition: &Map<String, Value>) {
    let _ = writeln!(text, "\n### {heading}\n");
    let description = description(definition);
    if !description.is_empty() {
        let _ = writeln!(text, "{description}\n");
    }
    if let Some(values) = words(definition) {
        text.push_str("| value | meaning |\n| --- | --- |\n");
        for (value, meaning) in values {
            let _ = writeln!(text, "| `{value}` | {meaning} |");
        }
        return;
    }
    table(text, definition);
    parts(text, definition);
}

/// Writes the fields that an object itself names.
fn table(text: &mut String, definition: &Map<String, Value>) {
    let Some(Value::Object(properties)) = definition.get("properties") else { return };
    let required = definition.get("required").and_then(Value::as_array);
    let own: Vec<_> = properties.iter().filter(|(name, _)| *name != "event" && *name != "sandbox").collect();
    if own.is_empty() {
        return;
    }
    text.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
    for (name, property) in own {
        let is_required = required.is_some_and(|names| names.iter().any(|known| known == name));
        let optional = if is_required { "" } else { ", *optional*" };
        let meaning = property.as_object().map(description).unwrap_or_default();
        let _ = writeln!(text, "| `{name}` | {}{optional} | {meaning} |", type_of(property));
    }
}

/// Writes the forms of an object that has several, each with its fields.
fn parts(text: &mut String, definition: &Map<String, Value>) {
    for keyword in ["oneOf", "anyOf", "allOf"] {
        let Some(Value::Array(forms)) = definition.get(keyword) else { continue };
        if keyword != "allOf" {
            text.push_str("\nOne of:\n");
        }
        for form in forms.iter().filter_map(Value::as_object).filter(|form| !form.is_empty()) {
            let description = description(form);
            if description.is_empty() {
                text.push('\n');
            } else {
                let _ = writeln!(text, "\n{description}\n");
            }
            table(text, form);
            parts(text, form);
        }
    }
}

/// The values of a type that is one of several words, each with its meaning; nothing for another type.
fn words(definition: &Map<String, Value>) -> Option<Vec<(&str, String)>> {
    if let Some(Value::Array(values)) = definition.get("enum") {
        return values.iter().map(|value| Some((value.as_str()?, String::new()))).collect();
    }
    if let Some(value) = definition.get("const") {
        return Some(vec![(value.as_str()?, String::new())]);
    }
    let Some(Value::Array(choices)) = definition.get("oneOf") else { return None };
    let mut found = Vec::new();
    for choice in choices.iter().filter_map(Value::as_object) {
        let meaning = description(choice);
        found.extend(words(choice)?.into_iter().map(|(value, _)| (value, meaning.clone())));
    }
    Some(found)
}

/// The description of a schema in one line.
fn description(schema: &Map<String, Value>) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn type_of(schema: &Value) -> String {
    let Value::Object(members) = schema else { return "any".to_owned() };
    if let Some(Value::String(path)) = members.get("$ref") {
        let name = path.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(value) = members.get("const") {
        return format!("`{value}`");
    }
    if let Some(Value::Array(choices)) = members.get("anyOf") {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    match members.get("type") {
        Some(Value::String(kind)) => of_kind(kind, members),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(|kind| of_kind(kind, members)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn of_kind(kind: &str, members: &Map<String, Value>) -> String {
    match kind {
        "array" => match members.get("items") {
            Some(items) => format!("array of {}", type_of(items)),
            None => kind.to_owned(),
        },
        other => other.to_owned(),
    }
}
