//! The layers of a definition with genova's overrides: the overrides themselves where ecsail merges them to the same result,
//! else their difference, else the merged definition as a file of its own. Pure.

use serde_json::{Map, Value, json};

use super::merge::merge;
use crate::document::layer;
use crate::document::model::DocumentKind;
use crate::document::problem::Problems;
use crate::document::reader::DocumentReader;
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::Node;

/// How a definition with overrides is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OverrideLayer {
    /// There are none, or they change nothing.
    None,
    /// A layer over the definition.
    Layer(Value),
    /// Lists were merged in a way that no layer repeats: the definition is written whole.
    Whole(Value),
}

/// A definition with overrides, and what the merge did that their author hardly meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OverriddenDefinition {
    pub(super) layer: OverrideLayer,
    pub(super) oddities: Vec<String>,
}

/// Returns how a definition with overrides is written, so that ecsail renders what genova registered.
pub(super) fn override_layer(definition: &Value, overrides: &Value) -> OverriddenDefinition {
    let merged = merge(definition, overrides);
    let expected = normal(&[&merged.definition]);
    let difference = difference(definition, &merged.definition);
    let candidates = [overrides.clone(), difference];
    let layer = if normal(&[definition]) == expected {
        OverrideLayer::None
    } else {
        let fitting = candidates.into_iter().find(|layer| normal(&[definition, layer]) == expected);
        fitting.map_or_else(|| OverrideLayer::Whole(merged.definition.clone()), OverrideLayer::Layer)
    };
    OverriddenDefinition { layer, oddities: merged.oddities }
}

/// Returns the document that ecsail reads from layers.
fn normal(layers: &[&Value]) -> Value {
    let span = SourceSpan::new(SourceId::from_index(0), 0..0);
    let shape = DocumentKind::TaskDefinition.input_shape();
    let mut problems = Problems::default();
    let read = layers.iter().map(|value| {
        let node = Node::from_value(value, span);
        DocumentReader::new(DocumentKind::TaskDefinition, &[], &mut problems).read_document(&node)
    });
    let merged = read.reduce(|base, over| layer::merge(base, over, shape));
    let mut value = merged.map_or(Value::Null, |merged| layer::remove_nulls(merged, shape).to_value());
    // The order of variables means nothing.
    for container in value.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if let Some(variables) = container.get_mut("environment").and_then(Value::as_array_mut) {
            variables.sort_by_key(|variable| variable["name"].as_str().map(str::to_owned));
        }
    }
    value
}

/// Returns the members of a merged definition that differ from those before; of containers the members that differ.
fn difference(before: &Value, after: &Value) -> Value {
    let mut layer = Map::new();
    for (name, value) in after.as_object().into_iter().flatten() {
        if before.get(name) == Some(value) {
            continue;
        }
        let written = if name == "container_definitions" { containers(before, value) } else { value.clone() };
        layer.insert(name.clone(), written);
    }
    Value::Object(layer)
}

fn containers(before: &Value, after: &Value) -> Value {
    let known = |container: &Value| {
        let all = before["container_definitions"].as_array().into_iter().flatten();
        all.clone().find(|known| known.get("name") == container.get("name")).cloned().unwrap_or_default()
    };
    let mut changed = Vec::new();
    for container in after.as_array().into_iter().flatten() {
        let before = known(container);
        let own = container.as_object().into_iter().flatten();
        let own: Map<String, Value> = own
            .filter(|(name, value)| name.as_str() != "name" && before.get(name.as_str()) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !own.is_empty() {
            let mut layer = Map::from_iter([("name".to_owned(), container["name"].clone())]);
            layer.extend(own);
            changed.push(Value::Object(layer));
        }
    }
    Value::Array(changed)
}

/// Returns a layer as people write it: variables of the environment as a mapping.
pub(super) fn readable(layer: &Value) -> Value {
    let mut layer = layer.clone();
    for container in
        layer.get_mut("container_definitions").and_then(Value::as_array_mut).into_iter().flatten()
    {
        for (list, member) in [("environment", "value"), ("secrets", "value_from")] {
            let Some(entries) = container.get(list).and_then(Value::as_array) else { continue };
            let pair = |entry: &Value| Some((entry["name"].as_str()?.to_owned(), entry.get(member)?.clone()));
            let pairs: Option<Map<String, Value>> = entries.iter().map(pair).collect();
            if let Some(pairs) = pairs.filter(|pairs| pairs.len() == entries.len() && !pairs.is_empty()) {
                container[list] = json!(pairs);
            }
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_overrides_are_a_layer() {
        let base = json!({"family": "web", "container_definitions": [{"name": "app", "image": "i", "environment": [{"name": "A", "value": "1"}]}]});
        let over = json!({"family": "batch", "container_definitions": [{"name": "app", "command": ["run"], "environment": [{"name": "A", "value": "2"}]}]});
        let result = override_layer(&base, &over);
        assert_eq!(
            result,
            OverriddenDefinition { layer: OverrideLayer::Layer(over.clone()), oddities: vec![] }
        );
        assert_eq!(readable(&over)["container_definitions"][0]["environment"], json!({"A": "2"}));
        assert_eq!(override_layer(&base, &json!({"family": "web"})).layer, OverrideLayer::None);
        assert_eq!(override_layer(&base, &Value::Null).layer, OverrideLayer::None);
    }

    #[test]
    fn lists_that_grew_are_written_whole() {
        let base = json!({"container_definitions": [{"name": "app", "image": "i", "docker_security_options": ["a"]}]});
        let over = json!({"container_definitions": [{"name": "app", "docker_security_options": ["b"]}]});
        let expected =
            json!({"container_definitions": [{"name": "app", "docker_security_options": ["a", "b"]}]});
        assert_eq!(override_layer(&base, &over).layer, OverrideLayer::Layer(expected));
    }

    #[test]
    fn what_no_layer_repeats_is_a_definition_of_its_own() {
        let base = json!({"container_definitions": [{"name": "app", "image": "i", "port_mappings": [{"container_port": 80}]}]});
        let over = json!({"container_definitions": [{"name": "app", "port_mappings": [{"container_port": 80, "host_port": 0}]}]});
        let result = override_layer(&base, &over);
        let OverrideLayer::Whole(whole) = &result.layer else { panic!("{result:?}") };
        assert_eq!(whole["container_definitions"][0]["port_mappings"].as_array().map(Vec::len), Some(2));
        assert_eq!(result.oddities.len(), 1);
    }
}
