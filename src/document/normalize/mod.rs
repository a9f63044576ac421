//! Normalizes documents for comparison: two documents that mean the same to ECS have the same normal form.
//!
//! Empty lists and mappings and the defaults of ECS are removed, lists without an order are sorted, and values that ECS
//! returns in another spelling have one of them. An environment value of `""` is a value and is kept. A normal form is
//! never sent to AWS. The decisions are in the tables of `lists`, `values` and `spelling`.

use serde_json::{Map, Number, Value};

use super::model::{DocumentKind, Shape, model};
use super::shape_facts::item_identity;

mod defaults;
pub mod lists;
mod pair;
pub mod spelling;
pub mod values;

pub use defaults::without_defaults;
pub use pair::{is_same, is_same_role, normal_pair, respell_roles};
pub use values::default_value;

/// Returns the normal form of a document; read-only members and `ecsail:` tags are left out.
pub fn normalize(document: &Value, root: DocumentKind) -> Value {
    let mut document = document.clone();
    if let Value::Object(members) = &mut document {
        members.retain(|name, value| is_kept_at_top(root, name, value));
        remove_own_tags(members);
        if root == DocumentKind::TaskDefinition {
            spelling::respell_sizes(members);
            spelling::respell_host_ports(members);
        }
    }
    normalize_value(&document, root.input_shape()).unwrap_or(Value::Object(Map::new()))
}

/// Returns whether a member of a document is one that a request can have.
fn is_kept_at_top(root: DocumentKind, name: &str, value: &Value) -> bool {
    // An empty string has no meaning at this level; some implementations return one for each member that is not set.
    !model().is_read_only(root, name) && value.as_str() != Some("")
}

/// Returns the normal form of the `overrides` of a task.
pub fn normalize_overrides(overrides: &Value) -> Value {
    let mut overrides = overrides.clone();
    if let Value::Object(members) = &mut overrides {
        spelling::respell_sizes(members);
    }
    normalize_value(&overrides, "TaskOverride").unwrap_or(Value::Object(Map::new()))
}

/// The prefix of the tags that record a deploy; a comparison ignores them.
pub const OWN_TAG_PREFIX: &str = "ecsail:";

fn remove_own_tags(members: &mut Map<String, Value>) {
    let Some(Value::Array(tags)) = members.get_mut("tags") else { return };
    tags.retain(|tag| {
        let key = tag["key"].as_str().unwrap_or_default();
        // AWS adds `aws:` tags itself (CloudFormation does, for example), and ECS refuses them in a request.
        !key.starts_with(OWN_TAG_PREFIX) && !key.starts_with("aws:")
    });
}

/// Returns the normal form of a value, or `None` if it means the same as an absent value.
fn normalize_value(value: &Value, shape: &str) -> Option<Value> {
    match (value, model().shape(shape)) {
        (Value::Null, _) => None,
        (Value::Object(members), Shape::Map(_) | Shape::Any) => {
            Some(Value::Object(members.clone())).filter(|_| !members.is_empty())
        }
        (Value::Object(members), _) => normalize_structure(members, shape),
        (Value::Array(items), Shape::List(item)) => normalize_list(items, item),
        (Value::Array(items), _) => Some(value.clone()).filter(|_| !items.is_empty()),
        (Value::Number(number), Shape::Number) => Some(Value::Number(canonical_number(number))),
        (Value::String(text), Shape::String(schema)) if text.is_empty() && !schema.values.is_empty() => None,
        _ => Some(value.clone()),
    }
}

/// Returns the shortest form of a number: ECS returns `5.0` for `5`.
fn canonical_number(number: &Number) -> Number {
    let float = number.as_f64().unwrap_or_default();
    let whole = float as i64;
    if number.is_f64() && whole as f64 == float { whole.into() } else { number.clone() }
}

fn normalize_structure(members: &Map<String, Value>, shape: &str) -> Option<Value> {
    let mut members = members.clone();
    spelling::respell_structure(&mut members, shape);
    let mut kept = Map::new();
    for (name, value) in &members {
        let target = model().member_shape(shape, name).unwrap_or_default();
        let Some(mut value) = normalize_value(value, target) else { continue };
        if values::default_value(shape, name).as_ref() == Some(&value) {
            continue;
        }
        if lists::ignores_order(shape, name) {
            sort_items(&mut value, target);
        }
        kept.insert(name.clone(), value);
    }
    kept.sort_keys();
    Some(Value::Object(kept)).filter(|value| value.as_object().is_some_and(|kept| !kept.is_empty()))
}

fn normalize_list(items: &[Value], item: &str) -> Option<Value> {
    let kept: Vec<Value> = items.iter().filter_map(|value| normalize_value(value, item)).collect();
    Some(Value::Array(kept)).filter(|value| value.as_array().is_some_and(|kept| !kept.is_empty()))
}

/// Sorts a list without an order. Items of one name keep their order: of two environment variables, the last counts.
fn sort_items(value: &mut Value, shape: &str) {
    let (Value::Array(items), Shape::List(item)) = (value, model().shape(shape)) else { return };
    match item_identity(item) {
        Some(identity) => items.sort_by_cached_key(|value| item_name(value, identity)),
        None => items.sort_by_cached_key(Value::to_string),
    }
}

/// Returns the name of a list item, such as `web` or `80/tcp`.
pub fn item_name(item: &Value, identity: &super::shape_facts::ItemIdentity) -> String {
    let part = |(member, default): &(&str, &str)| match &item[*member] {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => (*default).to_owned(),
    };
    identity.members.iter().map(part).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_of_ecs_make_no_difference() {
        let written = json!({
            "family": "web", "networkMode": "awsvpc", "cpu": "0.25 vCPU", "memory": "1GB",
            "containerDefinitions": [{
                "name": "web", "image": "a:1",
                "portMappings": [{"containerPort": 80}],
                "environment": [{"name": "B", "value": ""}, {"name": "A", "value": "1"}],
                "healthCheck": {"command": ["CMD", "true"]}
            }]
        });
        let described = json!({
            "taskDefinitionArn": "arn:x", "revision": 7, "status": "ACTIVE", "registeredAt": 1.5,
            "requiresAttributes": [], "compatibilities": ["EC2"], "volumes": [], "placementConstraints": [],
            "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "1024", "pidMode": "", "taskRoleArn": "",
            "tags": [{"key": "ecsail:tag", "value": "1"}],
            "containerDefinitions": [{
                "name": "web", "image": "a:1", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
                "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}
            }]
        });
        assert_eq!(
            normalize(&written, DocumentKind::TaskDefinition),
            normalize(&described, DocumentKind::TaskDefinition)
        );
    }

    /// Returns the normal form of a task definition with one container.
    fn normal_container(container: Value) -> Value {
        let document = json!({"networkMode": "host", "containerDefinitions": [container]});
        normalize(&document, DocumentKind::TaskDefinition)
    }

    #[test]
    fn every_list_and_every_enumeration_of_the_model_has_a_decision() {
        let (mut undecided, mut seen) = (Vec::new(), Vec::new());
        let roots = [
            DocumentKind::TaskDefinition,
            DocumentKind::Service,
            DocumentKind::Express,
            DocumentKind::RunTask,
            DocumentKind::ScalingPolicy,
            DocumentKind::ScheduledAction,
        ];
        let mut queue: Vec<&str> = roots.map(DocumentKind::input_shape).to_vec();
        while let Some(structure) = queue.pop() {
            if seen.contains(&structure) {
                continue;
            }
            seen.push(structure);
            for member in model().member_names(structure) {
                let target = model().member_shape(structure, member).unwrap_or_default();
                let (list, value) = match model().shape(target) {
                    Shape::List(item) => (true, item),
                    Shape::Map(value) => (false, value),
                    _ => (false, target),
                };
                queue.push(value);
                let enumerates =
                    matches!(model().shape(value), Shape::String(schema) if !schema.values.is_empty());
                if list && !lists::LISTS.iter().any(|row| (row.structure, row.member) == (structure, member))
                {
                    undecided.push(format!("the order of {structure}.{member}"));
                }
                let known = |row: &values::ValueRow| (row.structure, row.member) == (structure, member);
                if enumerates && !values::VALUES.iter().any(known) {
                    undecided.push(format!("the values of {structure}.{member}"));
                }
            }
        }
        assert_eq!(undecided, [""; 0], "decide in `lists.rs` and `values.rs`, with a source");
    }

    #[test]
    fn every_decision_is_about_a_member_of_the_model_and_has_a_source() {
        let lists = lists::LISTS.iter().map(|row| (row.structure, row.member, row.source));
        let values = values::VALUES.iter().map(|row| (row.structure, row.member, row.source));
        for (structure, member, source) in lists.chain(values) {
            assert!(model().member_shape(structure, member).is_some(), "{structure}.{member}");
            assert!(!source.is_empty(), "{structure}.{member}");
        }
        for row in values::VALUES.iter().filter(|row| row.absent.is_some()) {
            let value = values::default_value(row.structure, row.member);
            assert!(value.is_some(), "{}.{} is JSON", row.structure, row.member);
        }
    }

    #[test]
    fn a_firelens_container_runs_as_user_0_if_no_other_is_given() {
        let router = |members: Value| {
            let mut container = json!({"name": "log", "firelensConfiguration": {"type": "fluentbit"}});
            container
                .as_object_mut()
                .expect("a mapping")
                .extend(members.as_object().cloned().unwrap_or_default());
            normal_container(container)
        };
        assert_eq!(router(json!({"user": "0"})), router(json!({})));
        assert_ne!(router(json!({"user": "0:1000"})), router(json!({})));
        assert_ne!(
            normal_container(json!({"name": "app", "user": "0"})),
            normal_container(json!({"name": "app"}))
        );
    }

    #[test]
    fn the_host_port_of_network_mode_host_is_the_container_port() {
        let port = |mapping: Value| normal_container(json!({"name": "web", "portMappings": [mapping]}));
        let written = port(json!({"containerPort": 80}));
        assert_eq!(port(json!({"containerPort": 80, "hostPort": 80, "protocol": "tcp"})), written);
        assert_eq!(port(json!({"containerPort": 80, "hostPort": 0})), written);
        let range = port(json!({"containerPortRange": "80-90"}));
        assert_eq!(port(json!({"containerPortRange": "80-90", "containerPort": 0, "hostPort": 0})), range);
    }

    #[test]
    fn only_lists_that_ecs_reorders_are_sorted() {
        let list = |member: &str, items: [Value; 2]| normal_container(json!({"name": "web", member: items}));
        let same = |member: &str, one: Value, other: Value| {
            list(member, [one.clone(), other.clone()]) == list(member, [other, one])
        };
        let volume = |name: &str| json!({"sourceContainer": name});
        let file = |name: &str| json!({"type": "s3", "value": format!("arn:aws:s3:::b/{name}.env")});
        let mount = |path: &str| json!({"sourceVolume": "v", "containerPath": path});
        assert!(same("links", json!("a:x"), json!("b:y")));
        assert!(same("volumesFrom", volume("a"), volume("b")));
        assert!(same("portMappings", json!({"containerPort": 80}), json!({"containerPort": 8080})));
        assert!(!same("environmentFiles", file("a"), file("b")), "they are read from the top down");
        assert!(!same("dnsServers", json!("10.0.0.1"), json!("10.0.0.2")));
        assert!(!same("mountPoints", mount("/a"), mount("/b")), "not proven");
    }

    #[test]
    fn of_two_variables_of_one_name_the_order_counts() {
        let pair = |name: &str, value: &str| json!({"name": name, "value": value});
        let environment = |pairs: [Value; 3]| normal_container(json!({"name": "web", "environment": pairs}));
        let written = environment([pair("A", "1"), pair("A", "2"), pair("B", "3")]);
        assert_eq!(environment([pair("B", "3"), pair("A", "1"), pair("A", "2")]), written);
        assert_ne!(environment([pair("A", "2"), pair("A", "1"), pair("B", "3")]), written);
    }

    #[test]
    fn values_that_a_service_returns_in_another_spelling_are_the_same() {
        let same = |written: Value, returned: Value| {
            assert_eq!(
                normalize(&written, DocumentKind::Service),
                normalize(&returned, DocumentKind::Service),
                "{written}"
            );
        };
        let strategy =
            |kind: &str, field: &str| json!({"placementStrategy": [{"type": kind, "field": field}]});
        same(strategy("spread", "host"), strategy("spread", "instanceId"));
        same(strategy("binpack", "MEMORY"), strategy("binpack", "memory"));
        let connect =
            |service: Value| json!({"serviceConnectConfiguration": {"enabled": true, "services": [service]}});
        same(
            connect(json!({"portName": "http"})),
            connect(json!({"portName": "http", "discoveryName": "http"})),
        );
        same(
            json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}}),
            json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true,
                "resetOnHealthyTask": true, "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}},
                "alarms": {"alarmNames": [], "enable": false, "rollback": false}, "strategy": "ROLLING"}}),
        );
    }

    #[test]
    fn the_order_of_a_command_is_kept() {
        let document = json!({"containerDefinitions": [{"name": "a", "command": ["z", "a"]}]});
        let normal = normalize(&document, DocumentKind::TaskDefinition);
        assert_eq!(normal["containerDefinitions"][0]["command"], json!(["z", "a"]));
    }

    #[test]
    fn an_integer_equals_the_same_float() {
        let canary = |percent: Value| {
            let document =
                json!({"deploymentConfiguration": {"canaryConfiguration": {"canaryPercent": percent}}});
            normalize(&document, DocumentKind::Service)
        };
        assert_eq!(canary(json!(5)), canary(json!(5.0)));
        assert_ne!(canary(json!(5)), canary(json!(5.5)));
    }

    #[test]
    fn normalizing_is_idempotent() {
        let document = json!({"family": "a", "containerDefinitions": [
            {"name": "b", "cpu": 0, "dockerLabels": {"Some-Key": ""}}, {"name": "a", "environment": [{"name": "x", "value": ""}]}]});
        let once = normalize(&document, DocumentKind::TaskDefinition);
        assert_eq!(normalize(&once, DocumentKind::TaskDefinition), once);
        assert_eq!(once["containerDefinitions"][1]["dockerLabels"], json!({"Some-Key": ""}));
    }
}
