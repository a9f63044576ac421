//! Rewrites a registered task definition in ECS's own spelling: values that it returns otherwise than they were
//! written, and lists whose order it does not keep. Never adds what a document does not imply.

use serde_json::{Map, Value, json};

use super::role::role_arn;

/// The members that take a role by its short name, and return its ARN.
const ROLE_MEMBERS: &[&str] = &["taskRoleArn", "executionRoleArn"];

/// Lists that come back in another order, and the number of items from which on that was seen
/// (aws-sdk-java#3043: four environment variables were shuffled, three were not; go-to-k/cdk-real-drift for the
/// others).
const SHUFFLED: &[(&str, usize)] =
    &[("environment", 4), ("secrets", 4), ("portMappings", 2), ("volumesFrom", 2)];

/// Rewrites the members of a task definition.
pub(super) fn respell(definition: &mut Map<String, Value>, account: &str) {
    for name in ROLE_MEMBERS {
        if let Some(Value::String(role)) = definition.get_mut(*name) {
            *role = role_arn(role, account);
        }
    }
    sort(definition.get_mut("requiresCompatibilities"));
    let shares_ports =
        matches!(definition.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host"));
    if let Some(Value::Array(containers)) = definition.get_mut("containerDefinitions") {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            respell_container(container, shares_ports);
        }
    }
}

fn respell_container(container: &mut Map<String, Value>, shares_ports: bool) {
    if container.get("firelensConfiguration").is_some_and(Value::is_object) && !is_set(container, "user") {
        container.insert("user".to_owned(), json!("0"));
    }
    if let Some(Value::Array(ports)) = container.get_mut("portMappings") {
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            respell_port(port, shares_ports);
        }
    }
    if let Some(Value::Object(linux)) = container.get_mut("linuxParameters") {
        linux.entry("capabilities").or_insert_with(|| json!({ "add": [], "drop": [] }));
        linux.entry("devices").or_insert_with(|| json!([]));
        linux.entry("tmpfs").or_insert_with(|| json!([]));
    }
    sort(container.get_mut("links"));
    for (name, from) in SHUFFLED {
        if let Some(Value::Array(items)) = container.get_mut(*name).filter(|list| has_items(list, *from)) {
            items.sort_by_cached_key(place);
        }
    }
}

fn respell_port(port: &mut Map<String, Value>, shares_ports: bool) {
    // A range has no host port of its own.
    let is_range = is_set(port, "containerPortRange");
    let own = port.get("containerPort").filter(|_| shares_ports && !is_range).cloned();
    let is_open = port.get("hostPort").is_none_or(|given| given.is_null() || *given == 0);
    match own {
        Some(own) if is_open => drop(port.insert("hostPort".to_owned(), own)),
        None if is_open && !is_range => drop(port.insert("hostPort".to_owned(), json!(0))),
        _ => {}
    }
    // ECS takes any other protocol for `tcp` (API reference, PortMapping).
    if port.get("protocol").is_none_or(|given| given != "udp") {
        port.insert("protocol".to_owned(), json!("tcp"));
    }
}

fn is_set(members: &Map<String, Value>, name: &str) -> bool {
    members.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

fn has_items(list: &Value, number: usize) -> bool {
    list.as_array().is_some_and(|items| items.len() >= number)
}

fn sort(list: Option<&mut Value>) {
    if let Some(Value::Array(items)) = list {
        items.sort_by_key(Value::to_string);
    }
}

/// Returns the place of an item in a shuffled list: the same in each answer, and the same for items of one name, so
/// that these keep their order among themselves.
fn place(item: &Value) -> u64 {
    let name = ["name", "sourceContainer", "containerPort", "containerPortRange"]
        .iter()
        .find_map(|member| item.get(*member).filter(|value| !value.is_null()));
    let text = name.map(Value::to_string).unwrap_or_default();
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelled(mut definition: Value) -> Value {
        if let Some(members) = definition.as_object_mut() {
            respell(members, "123456789012");
        }
        definition
    }

    #[test]
    fn a_role_name_becomes_the_arn_of_the_role() {
        let definition =
            respelled(json!({ "taskRoleArn": "app", "executionRoleArn": "arn:aws:iam::1:role/x" }));
        assert_eq!(definition["taskRoleArn"], "arn:aws:iam::123456789012:role/app");
        assert_eq!(definition["executionRoleArn"], "arn:aws:iam::1:role/x");
    }

    #[test]
    fn a_firelens_container_runs_as_root() {
        let definition = respelled(json!({ "containerDefinitions": [
            { "name": "log", "firelensConfiguration": { "type": "fluentbit" } }, { "name": "app" }] }));
        assert_eq!(definition["containerDefinitions"][0]["user"], "0");
        assert!(definition["containerDefinitions"][1]["user"].is_null());
    }

    #[test]
    fn host_ports_are_filled_in_by_the_network_mode() {
        let port = |mode: &str| {
            let definition = respelled(json!({ "networkMode": mode,
                "containerDefinitions": [{ "portMappings": [{ "containerPort": 80 }] }] }));
            definition["containerDefinitions"][0]["portMappings"][0]["hostPort"].clone()
        };
        assert_eq!(["awsvpc", "host", "bridge"].map(port), [json!(80), json!(80), json!(0)]);
    }

    #[test]
    fn four_variables_are_shuffled_and_those_of_one_name_keep_their_order() {
        let names = ["A", "B", "C", "D", "A"];
        let written: Vec<Value> =
            names.iter().enumerate().map(|(at, name)| json!({ "name": name, "value": at })).collect();
        let definition = respelled(json!({ "containerDefinitions": [{ "environment": written.clone() }] }));
        let read =
            definition["containerDefinitions"][0]["environment"].as_array().cloned().unwrap_or_default();
        assert_ne!(read, written);
        let of_a: Vec<_> =
            read.iter().filter(|pair| pair["name"] == "A").map(|pair| &pair["value"]).collect();
        assert_eq!(of_a, [&json!(0), &json!(4)]);
    }

    #[test]
    fn links_come_back_sorted() {
        let definition =
            respelled(json!({ "containerDefinitions": [{ "links": ["logger:log", "init:setup"] }] }));
        assert_eq!(definition["containerDefinitions"][0]["links"], json!(["init:setup", "logger:log"]));
    }
}
