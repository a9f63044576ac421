//! Generates the JSON Schema of definition files for editors: the ECS model, extended by what ecsail accepts.
//!
//! An expression is accepted in place of a number, a boolean or an enum value, and a mapping in place of a list of
//! pairs. No top-level member is required, because a file may be a layer.

use serde_json::{Map, Value, json};

use super::model::DocumentKind;
use super::shape_facts::PAIR_SHAPES;

/// The pattern of a string that contains a template expression.
const EXPRESSION_PATTERN: &str = r"\{\{.*\}\}";

/// Returns the schema of definition files of one kind.
pub fn json_schema(root: DocumentKind) -> Value {
    // The file is compiled in, and a test parses it.
    let mut model: Value = serde_json::from_str(include_str!("ecs-model.json")).unwrap_or_default();
    let mut shapes = reachable_shapes(&model["$defs"], root.input_shape());
    if let Some(top) = shapes.get_mut(root.input_shape()).and_then(Value::as_object_mut) {
        top.remove("required");
    }
    shapes.values_mut().for_each(accept_alternatives);
    json!({
        "$schema": model["$schema"].take(),
        "title": format!("ECS {}", root.noun()),
        "$comment": model["$comment"].take(),
        "$ref": format!("#/$defs/{}", root.input_shape()),
        "$defs": shapes,
    })
}

/// Returns the shapes that a document of shape `root` can contain, with `root` itself.
fn reachable_shapes(shapes: &Value, root: &str) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open = vec![root.to_owned()];
    while let Some(name) = open.pop() {
        if found.contains_key(&name) || shapes[&name].is_null() {
            continue;
        }
        collect_references(&shapes[&name], &mut open);
        found.insert(name.clone(), shapes[&name].clone());
    }
    found.sort_keys();
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let own = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|target| target.strip_prefix("#/$defs/"));
            found.extend(own.map(str::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// Extends a shape by the other forms that the reader accepts.
fn accept_alternatives(shape: &mut Value) {
    let expression = || json!({"type": "string", "pattern": EXPRESSION_PATTERN});
    let kind = shape["type"].as_str().unwrap_or_default().to_owned();
    let item = shape["items"]["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/"));
    let pairs = PAIR_SHAPES.iter().any(|(shape, ..)| Some(*shape) == item);
    let also = match kind.as_str() {
        // `"256"` for 256, and 256 for `"256"`: the reader converts between them.
        "integer" | "number" => {
            vec![json!({"type": "string", "pattern": r"^\s*-?[0-9.]+\s*$"}), expression()]
        }
        "boolean" => vec![json!({"enum": ["true", "false"]}), expression()],
        "string" if shape.get("enum").is_some() => vec![expression()],
        "string" => vec![json!({"type": ["number", "boolean"]})],
        "array" if pairs => vec![json!({"type": "object"}), expression()],
        "array" | "object" => vec![expression()],
        _ => return,
    };
    let mut own = shape.take();
    // The model's patterns use `\p{L}`, which the regular expressions of some editors do not support.
    own.as_object_mut().map(|members| members.remove("pattern"));
    let removed = json!({"type": "null", "description": "Removes the value of a lower layer."});
    let choices: Vec<Value> = std::iter::once(own).chain(also).chain([removed]).collect();
    *shape = json!({"anyOf": choices});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_has_exactly_the_referenced_shapes() {
        for root in [DocumentKind::TaskDefinition, DocumentKind::Service] {
            let schema = json_schema(root);
            let shapes = schema["$defs"].as_object().expect("shapes");
            let mut found = vec![root.input_shape().to_owned()];
            collect_references(&schema["$defs"], &mut found);
            assert!(found.iter().all(|name| shapes.contains_key(name)), "{root:?}");
            assert!(shapes.keys().all(|name| found.contains(name)), "{root:?}");
            // A file may be a layer.
            assert_eq!(shapes[root.input_shape()]["anyOf"][0].get("required"), None);
        }
    }
}
