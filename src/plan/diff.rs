//! Compares two documents in normal form, and returns a list of paths with their values.
//!
//! Named items appear with their name instead of their index. Values of settings with secret-looking names never enter
//! a change.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::document::model::{Shape, model};
use crate::document::normalize::{default_value, item_name};
use crate::document::shape_facts::{PAIR_SHAPES, item_identity};
use crate::secrets::{embedded, hides, hides_value, is_secret_pair, masked};

/// One changed value; at least one side is present.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Such as `containerDefinitions[web].environment[LOG_LEVEL]`.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Returns the changes from `before` to `after`, both in normal form and of the named shape.
pub fn diff(before: &Value, after: &Value, shape: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_values(Some(before), Some(after), shape, String::new(), &mut changes);
    changes
}

/// Returns the members of a document that there was none of before, each as a change; also those that have the default.
pub fn additions(document: &Value, shape: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    add_members(document, shape, "", &mut changes);
    changes
}

fn add_members(document: &Value, shape: &str, path: &str, changes: &mut Vec<Change>) {
    for (name, value) in document.as_object().into_iter().flatten() {
        let target = model().member_shape(shape, name).unwrap_or_default();
        let here = join(path, name);
        match model().shape(target) {
            // The members of a container have lines of their own.
            Shape::List(item) if is_named_structure(item) && has_names(items(Some(value)), item) => {
                for value in items(Some(value)) {
                    let name = item_identity(item).map(|identity| item_name(value, identity));
                    add_members(value, item, &format!("{here}[{}]", name.unwrap_or_default()), changes);
                }
            }
            _ => compare_values(None, Some(value), target, here, changes),
        }
    }
}

fn is_named_structure(item: &str) -> bool {
    matches!(model().shape(item), Shape::Structure(_)) && !PAIR_SHAPES.iter().any(|(pair, ..)| *pair == item)
}

fn compare_values(
    before: Option<&Value>,
    after: Option<&Value>,
    shape: &str,
    path: String,
    changes: &mut Vec<Change>,
) {
    if before == after {
        return;
    }
    match (before, after, model().shape(shape)) {
        (
            Some(Value::Object(before)),
            Some(Value::Object(after)),
            Shape::Structure(_) | Shape::Map(_) | Shape::Any,
        ) => {
            compare_members(before, after, shape, &path, changes);
        }
        (before, after, Shape::List(item))
            if has_names(items(before), item) && has_names(items(after), item) =>
        {
            compare_named_items(items(before), items(after), item, &path, changes);
        }
        (Some(Value::Array(before)), Some(Value::Array(after)), Shape::List(item))
            if matches!(model().shape(item), Shape::Structure(_))
                && item_identity(item).is_none()
                && !has_same_items(before, after) =>
        {
            compare_sets(before, after, &path, changes);
        }
        (Some(Value::String(before)), Some(Value::String(after)), _) => {
            match (embedded(before), embedded(after)) {
                // A policy or configuration as text: the changes inside it are clearer than both texts.
                (Some(inner_before), Some(inner_after)) if inner_before != inner_after => {
                    compare_values(
                        Some(&inner_before),
                        Some(&inner_after),
                        "",
                        format!("{path}(json)"),
                        changes,
                    );
                }
                _ => changes.push(new_change(
                    path,
                    Some(before.as_str().into()),
                    Some(after.as_str().into()),
                    false,
                )),
            }
        }
        // A list of texts may be a command, in which one word decides whether the next is masked, so it is shown as a
        // whole.
        (Some(Value::Array(before)), Some(Value::Array(after)), Shape::Any)
            if before.len() == after.len() && !before.iter().chain(after).any(Value::is_string) =>
        {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare_values(Some(before), Some(after), "", format!("{path}[{index}]"), changes);
            }
        }
        _ => changes.push(new_change(path, before.cloned(), after.cloned(), false)),
    }
}

fn compare_members(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    shape: &str,
    path: &str,
    changes: &mut Vec<Change>,
) {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let pair = is_secret_pair(before) || is_secret_pair(after);
    for name in names {
        // The keys of a map are chosen by the user and may contain dots.
        let (target, here) = match model().shape(shape) {
            Shape::Map(value) => (value, format!("{path}[{name}]")),
            _ => (model().member_shape(shape, name).unwrap_or_default(), join(path, name)),
        };
        let (before, after) = (before.get(name), after.get(name));
        let secret = match model().shape(shape) {
            Shape::Map(_) => hides(name),
            // Of members that the model does not have, mappings are compared and everything else is masked if its name
            // is secret.
            Shape::Any if pair && name.eq_ignore_ascii_case("value") => true,
            Shape::Any => {
                hides(name) && ![before, after].iter().any(|side| side.is_some_and(Value::is_object))
            }
            _ => false,
        };
        match secret {
            true if before == after => {}
            true => changes.push(new_change(here, before.cloned(), after.cloned(), true)),
            false => {
                // The default of ECS is left out of the normal form.
                let default = default_value(shape, name);
                compare_values(
                    before.or(default.as_ref()),
                    after.or(default.as_ref()),
                    target,
                    here,
                    changes,
                );
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns whether every item of a list has a unique name.
fn has_names(items: &[Value], item: &str) -> bool {
    let Some(identity) = item_identity(item) else { return false };
    let names: std::collections::BTreeSet<_> = items.iter().map(|item| item_name(item, identity)).collect();
    names.len() == items.len() && !names.contains("")
}

fn compare_named_items(before: &[Value], after: &[Value], item: &str, path: &str, changes: &mut Vec<Change>) {
    let Some(identity) = item_identity(item) else { return };
    let find =
        |items: &[Value], name: &str| items.iter().find(|item| item_name(item, identity) == name).cloned();
    let mut names: Vec<String> = before.iter().chain(after).map(|item| item_name(item, identity)).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    for name in names {
        let here = format!("{path}[{name}]");
        let (before, after) = (find(before, &name), find(after, &name));
        match (PAIR_SHAPES.iter().find(|(shape, ..)| *shape == item), &before, &after) {
            // A pair shows only its value: `environment[LOG_LEVEL]: info → warn`.
            (Some((_, _, value)), ..) if before != after => {
                let part = |pair: &Option<Value>| pair.as_ref().map(|pair| pair[*value].clone());
                let (before, after) = (part(&before), part(&after));
                let secret = |side: &Option<Value>| {
                    let text = side.as_ref().and_then(Value::as_str).unwrap_or_default();
                    item == "KeyValuePair" && hides_value(&name, text)
                };
                let secrets = (secret(&before), secret(&after));
                if secrets == (false, false) {
                    compare_values(before.as_ref(), after.as_ref(), "String", here, changes);
                } else {
                    let before = before.map(|value| masked(value, secrets.0));
                    changes.push(Change {
                        path: here,
                        before,
                        after: after.map(|value| masked(value, secrets.1)),
                    });
                }
            }
            _ => compare_values(before.as_ref(), after.as_ref(), item, here, changes),
        }
    }
}

/// Returns whether two lists have the same items, in another order.
fn has_same_items(before: &[Value], after: &[Value]) -> bool {
    sorted_texts(before) == sorted_texts(after)
}

fn sorted_texts(items: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

/// Compares the items of two lists: an item on one side only was added or removed; equal items are counted.
fn compare_sets(before: &[Value], after: &[Value], path: &str, changes: &mut Vec<Change>) {
    let mut new: Vec<&Value> = after.iter().collect();
    for item in before {
        match new.iter().position(|known| *known == item) {
            Some(at) => {
                new.remove(at);
            }
            None => changes.push(new_change(format!("{path}[]"), Some(item.clone()), None, false)),
        }
    }
    for item in new {
        changes.push(new_change(format!("{path}[]"), None, Some(item.clone()), false));
    }
}

/// Creates a change; a secret one contains no part of its values.
fn new_change(path: String, before: Option<Value>, after: Option<Value>, secret: bool) -> Change {
    Change {
        path,
        before: before.map(|value| masked(value, secret)),
        after: after.map(|value| masked(value, secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::model::DocumentKind;
    use crate::document::normalize::normalize;
    use serde_json::json;

    fn shown(before: Value, after: Value) -> Vec<String> {
        let root = DocumentKind::TaskDefinition;
        let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        diff(&normalize(&before, root), &normalize(&after, root), root.input_shape())
            .iter()
            .map(|change| format!("{}: {} → {}", change.path, text(&change.before), text(&change.after)))
            .collect()
    }

    fn container(members: Value) -> Value {
        let mut container = json!({"name": "web", "image": "a:1"});
        for (name, value) in members.as_object().into_iter().flatten() {
            container[name] = value.clone();
        }
        json!({"family": "web", "containerDefinitions": [container]})
    }

    #[test]
    fn changes_are_named_by_path_with_the_names_of_items() {
        let before =
            container(json!({"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "portMappings": [{"containerPort": 80}], "command": ["a", "b"]}));
        let after = container(
            json!({"image": "a:2", "environment": [{"name": "C", "value": ""}, {"name": "B", "value": "3"}],
            "portMappings": [{"containerPort": 80, "name": "http"}], "command": ["b", "a"]}),
        );
        assert_eq!(
            shown(before, after),
            [
                r#"containerDefinitions[web].command: ["a","b"] → ["b","a"]"#,
                r#"containerDefinitions[web].environment[A]: "1" → -"#,
                r#"containerDefinitions[web].environment[B]: "2" → "3""#,
                r#"containerDefinitions[web].environment[C]: - → """#,
                r#"containerDefinitions[web].image: "a:1" → "a:2""#,
                r#"containerDefinitions[web].portMappings[80/tcp].name: - → "http""#,
            ]
        );
    }

    #[test]
    fn json_in_a_text_is_compared_as_json() {
        let policy = |action: &str, secret: &str| {
            let text = json!({"Statement": [{"Action": action}], "API_TOKEN": secret}).to_string();
            container(json!({"environment": [{"name": "POLICY", "value": text}]}))
        };
        assert_eq!(
            shown(policy("s3:Get", "a"), policy("s3:Put", "b")),
            [
                r#"containerDefinitions[web].environment[POLICY](json).API_TOKEN: "(hidden)" → "(hidden)""#,
                r#"containerDefinitions[web].environment[POLICY](json).Statement[0].Action: "s3:Get" → "s3:Put""#,
            ]
        );
    }

    #[test]
    fn an_equal_document_has_no_changes() {
        let document = container(json!({"dockerLabels": {"a.b": "1"}}));
        assert_eq!(shown(document.clone(), document), [""; 0]);
    }

    #[test]
    fn equal_items_of_a_list_without_order_are_counted() {
        let gpus = |count: usize| {
            container(json!({"resourceRequirements": vec![json!({"type": "GPU", "value": "1"}); count]}))
        };
        let path = "containerDefinitions[web].resourceRequirements[]";
        let item = r#"{"type":"GPU","value":"1"}"#;
        assert_eq!(shown(gpus(2), gpus(1)), [format!("{path}: {item} → -")]);
        assert_eq!(shown(gpus(1), gpus(3)), [format!("{path}: - → {item}"), format!("{path}: - → {item}")]);
    }

    #[test]
    fn an_order_that_counts_is_a_change_of_the_list() {
        let files = |first: &str, second: &str| {
            let file = |name: &str| json!({"type": "s3", "value": format!("arn:aws:s3:::b/{name}.env")});
            container(json!({"environmentFiles": [file(first), file(second)]}))
        };
        let changes = shown(files("base", "own"), files("own", "base"));
        assert_eq!(changes.len(), 1);
        assert!(changes[0].starts_with("containerDefinitions[web].environmentFiles: ["), "{changes:?}");
    }

    #[test]
    fn secrets_in_members_newer_than_the_model_are_hidden() {
        let newer = |token: &str, pin: i64| {
            container(json!({"newer": {"API_TOKEN": token, "private": {"PIN_TOKEN": pin, "size": pin}}}))
        };
        assert_eq!(
            shown(newer("a", 1), newer("b", 2)),
            [
                r#"containerDefinitions[web].newer.API_TOKEN: "(hidden)" → "(hidden)""#,
                r#"containerDefinitions[web].newer.private.PIN_TOKEN: "(hidden)" → "(hidden)""#,
                "containerDefinitions[web].newer.private.size: 1 → 2",
            ]
        );
        let added = shown(container(json!({})), newer("a", 4711));
        assert_eq!(added.len(), 1);
        assert!(!added[0].contains("\"PIN_TOKEN\":4711"), "{added:?}");
    }

    #[test]
    fn values_of_secret_looking_settings_are_hidden() {
        let before = container(json!({"environment": [{"name": "DB_PASSWORD", "value": "old-one"}]}));
        let after = container(json!({"environment": [{"name": "DB_PASSWORD", "value": "new-one"}]}));
        assert_eq!(
            shown(before, after),
            [r#"containerDefinitions[web].environment[DB_PASSWORD]: "(hidden)" → "(hidden)""#]
        );
        let added = container(json!({"environment": [{"name": "X", "value": "postgres://u:pw@h/db"}]}));
        assert_eq!(
            shown(container(json!({})), added),
            [r#"containerDefinitions[web].environment[X]: - → "postgres://(hidden)@h/db""#]
        );
    }

    #[test]
    fn a_secret_in_an_added_container_is_hidden_too() {
        let after = json!({"family": "web", "containerDefinitions": [
            {"name": "new", "image": "b:1", "environment": [{"name": "API_TOKEN", "value": "t0ps3cret"}]}]});
        let changes = shown(json!({"family": "web"}), after);
        assert!(changes.iter().all(|change| !change.contains("t0ps3cret")), "{changes:?}");
        assert!(changes.iter().any(|change| change.contains("(hidden)")), "{changes:?}");
    }
}
