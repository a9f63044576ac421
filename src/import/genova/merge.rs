//! genova's merge of `task_overrides` into a definition, with its oddities: what it makes of a file is what was registered. Pure.
//!
//! The source is `lib/autoloads/genova/ecs/task/client.rb` of metaps/genova: `ActiveSupport`'s `deep_merge!` for the members of the
//! task (a list replaces a list), and `deeper_merge!` of the gem `deep_merge` for a container (lists become the union of both).

use serde_json::{Map, Value};

/// The members of a container whose list genova empties before it merges.
const REPLACED: &[&[&str]] = &[
    &["command"],
    &["entry_point"],
    &["links"],
    &["dns_servers"],
    &["dns_search_domains"],
    &["default_security_options"],
    &["health_check", "command"],
    &["linux_parameters", "capabilities", "add"],
    &["linux_parameters", "capabilities", "drop"],
];

/// The result of a merge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merged {
    pub(super) definition: Value,
    /// What the merge did that the author of the overrides hardly meant, in sentences without a full stop.
    pub(super) oddities: Vec<String>,
}

/// Returns a definition with overrides, as genova registered it.
pub(super) fn merge(definition: &Value, overrides: &Value) -> Merged {
    let mut merged = Merged { definition: definition.clone(), oddities: Vec::new() };
    let Some(members) = overrides.as_object().filter(|members| !members.is_empty()) else { return merged };
    let mut of_task = members.clone();
    of_task.shift_remove("container_definitions");
    replace_merge(&mut merged.definition, &of_task);
    empty_compatibilities(&mut merged, overrides);
    let containers = overrides.get("container_definitions").and_then(Value::as_array);
    for (index, container) in containers.into_iter().flatten().enumerate() {
        merge_container(&mut merged, index, container);
    }
    merged
}

/// Merges maps into each other; any other value, also a list, takes the place of the one before.
fn replace_merge(into: &mut Value, over: &Map<String, Value>) {
    let Some(members) = into.as_object_mut() else { return };
    for (name, value) in over {
        match (members.get_mut(name), value) {
            (Some(known @ Value::Object(_)), Value::Object(value)) => replace_merge(known, value),
            _ => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

/// Empties `requires_compatibilities`: genova does it after the merge, so that the override is lost, too.
fn empty_compatibilities(merged: &mut Merged, overrides: &Value) {
    const NAME: &str = "requires_compatibilities";
    if is_present(overrides.get(NAME)) && is_present(merged.definition.get(NAME)) {
        merged.definition[NAME] = Value::Array(Vec::new());
        merged.oddities.push(format!("genova registered an empty `{NAME}`, whatever the override says"));
    }
}

fn merge_container(merged: &mut Merged, index: usize, over: &Value) {
    let name = over.get("name").cloned().unwrap_or_default();
    let containers = merged.definition.get("container_definitions").and_then(Value::as_array);
    let at = containers.and_then(|known| known.iter().position(|known| known.get("name") == Some(&name)));
    let Some(at) = at else {
        let name = name.as_str().unwrap_or_default();
        merged.oddities.push(format!(
            "genova ignored the overrides of container `{name}`, which the definition does not have"
        ));
        return;
    };
    let Some(containers) = merged.definition["container_definitions"].as_array_mut() else { return };
    // The list is looked for at the position of the override, not at that of the container with its name.
    for path in REPLACED.iter().filter(|path| is_present(at_path(over, path))) {
        let Some(list) = containers.get_mut(index).and_then(|other| at_path_mut(other, path)) else {
            continue;
        };
        if !is_present(Some(&*list)) {
            continue;
        }
        *list = Value::Array(Vec::new());
        if index != at {
            let other = containers[index]["name"].as_str().unwrap_or_default();
            merged.oddities.push(format!(
                "genova emptied `{}` of container `{other}`, since it is at the position of the override",
                path.join(".")
            ));
        }
    }
    let container = &mut containers[at];
    remove_overridden_environment(container, over);
    merged.oddities.extend(union_merge(container, over, name.as_str().unwrap_or_default(), ""));
}

fn remove_overridden_environment(container: &mut Value, over: &Value) {
    let (Some(known), Some(over)) = (
        container.get_mut("environment").and_then(Value::as_array_mut),
        over.get("environment").and_then(Value::as_array),
    ) else {
        return;
    };
    known.retain(|entry| !over.iter().any(|other| other.get("name") == entry.get("name")));
}

/// Merges maps into each other, and lists into their union. A null changes nothing. Returns the lists that grew.
fn union_merge(into: &mut Value, over: &Value, container: &str, path: &str) -> Vec<String> {
    match (&mut *into, over) {
        (_, Value::Null) => Vec::new(),
        (Value::Object(members), Value::Object(over)) => {
            let mut oddities = Vec::new();
            for (name, value) in over {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match members.get_mut(name).filter(|known| !known.is_null() && **known != Value::Bool(false))
                {
                    Some(known) => oddities.extend(union_merge(known, value, container, &path)),
                    None => drop(members.insert(name.clone(), value.clone())),
                }
            }
            oddities
        }
        (Value::Array(items), Value::Array(over)) => {
            let added: Vec<Value> = over.iter().filter(|item| !items.contains(item)).cloned().collect();
            let grew = !items.is_empty() && !added.is_empty() && path != "environment";
            items.extend(added);
            let oddity = format!(
                "genova added the override to `{path}` of container `{container}` instead of replacing it"
            );
            grew.then_some(oddity).into_iter().collect()
        }
        _ => {
            *into = over.clone();
            Vec::new()
        }
    }
}

fn at_path<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn at_path_mut<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, name| value.get_mut(name))
}

/// Returns whether Rails calls a value present: it is there, and not empty.
fn is_present(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Returns the merged containers of containers and overrides of them.
    fn containers(base: Value, over: Value) -> (Value, Vec<String>) {
        let merged =
            merge(&json!({ "container_definitions": base }), &json!({ "container_definitions": over }));
        (merged.definition["container_definitions"].clone(), merged.oddities)
    }

    /// The case of genova's own `spec/lib/autoloads/genova/ecs/task/client_spec.rb`.
    #[test]
    fn the_case_of_genovas_own_test() {
        let base = json!([{"name": "app", "memory": 256, "command": ["ls"],
            "environment": [{"name": "KEY1", "value": "value1"}, {"name": "KEY2", "value": "value2"}]}]);
        let over = json!([{"name": "app", "memory": 512, "command": ["date"], "essential": true,
            "environment": [{"name": "KEY2", "value": "value2_override"}, {"name": "KEY3", "value": "value3"}]}]);
        let expected = json!([{"name": "app", "memory": 512, "command": ["date"],
            "environment": [{"name": "KEY1", "value": "value1"}, {"name": "KEY2", "value": "value2_override"},
                {"name": "KEY3", "value": "value3"}], "essential": true}]);
        assert_eq!(containers(base, over), (expected, vec![]));
    }

    #[test]
    fn lists_of_a_container_become_a_union_and_lists_of_the_task_are_replaced() {
        let base = json!([{"name": "app", "port_mappings": [{"container_port": 80}]}]);
        let over = json!([{"name": "app", "port_mappings": [{"container_port": 80}, {"container_port": 80, "host_port": 0}]}]);
        let (merged, oddities) = containers(base, over);
        assert_eq!(
            merged[0]["port_mappings"],
            json!([{"container_port": 80}, {"container_port": 80, "host_port": 0}])
        );
        assert_eq!(
            oddities,
            ["genova added the override to `port_mappings` of container `app` instead of replacing it"]
        );
        let merged = merge(
            &json!({"volumes": [{"name": "a"}], "runtime_platform": {"a": 1}}),
            &json!({"volumes": [{"name": "b"}], "runtime_platform": {"b": 2}, "cpu": 512}),
        );
        assert_eq!(
            merged.definition,
            json!({"volumes": [{"name": "b"}], "runtime_platform": {"a": 1, "b": 2}, "cpu": 512})
        );
    }

    #[test]
    fn a_command_is_replaced_by_position() {
        let base = json!([{"name": "proxy", "command": ["p"]}, {"name": "app", "command": ["a"]}]);
        let (merged, oddities) = containers(base, json!([{"name": "app", "command": ["b"]}]));
        assert_eq!(merged, json!([{"name": "proxy", "command": []}, {"name": "app", "command": ["a", "b"]}]));
        assert_eq!(
            oddities,
            [
                "genova emptied `command` of container `proxy`, since it is at the position of the override",
                "genova added the override to `command` of container `app` instead of replacing it",
            ]
        );
    }

    #[test]
    fn what_genova_lost_is_an_oddity() {
        let (merged, oddities) = containers(json!([{"name": "app"}]), json!([{"name": "ap", "cpu": 1}]));
        assert_eq!(merged, json!([{"name": "app"}]));
        assert_eq!(
            oddities,
            ["genova ignored the overrides of container `ap`, which the definition does not have"]
        );
        let base = json!({"requires_compatibilities": ["EC2"]});
        let merged = merge(&base, &json!({"requires_compatibilities": ["FARGATE"]}));
        assert_eq!(merged.definition, json!({"requires_compatibilities": []}));
        assert_eq!(
            merged.oddities,
            ["genova registered an empty `requires_compatibilities`, whatever the override says"]
        );
        assert_eq!(merge(&base, &Value::Null).definition, base);
    }

    #[test]
    fn nested_lists_of_a_container_follow_the_table_and_nulls_change_nothing() {
        let base = json!([{"name": "a", "cpu": 1, "health_check": {"command": ["x"], "retries": 2},
            "linux_parameters": {"capabilities": {"add": ["A"], "drop": ["B"]}}, "secrets": [{"name": "S"}]}]);
        let over = json!([{"name": "a", "cpu": null, "health_check": {"command": ["y"]},
            "linux_parameters": {"capabilities": {"add": ["C"]}}, "secrets": [{"name": "S"}]}]);
        let expected = json!([{"name": "a", "cpu": 1, "health_check": {"command": ["y"], "retries": 2},
            "linux_parameters": {"capabilities": {"add": ["C"], "drop": ["B"]}}, "secrets": [{"name": "S"}]}]);
        assert_eq!(containers(base, over), (expected, vec![]));
    }
}
