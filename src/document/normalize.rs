//! Normalizes documents for comparison: two documents that mean the same to ECS have the same normal form.
//!
//! Empty lists and mappings and the defaults of ECS are removed, and lists without an order are sorted. An environment
//! value of `""` is a value and is kept. A normal form is never sent to AWS.

use serde_json::{Map, Number, Value};

use super::model::{DocumentKind, Shape, model};
use super::shape_facts::{DEFAULT_VALUES, UNORDERED_ITEMS, UNORDERED_STRING_LISTS, item_identity};

/// Returns the normal form of a document; read-only members and `ecsail:` tags are left out.
pub fn normalize(document: &Value, root: DocumentKind) -> Value {
    let mut document = document.clone();
    if let Value::Object(members) = &mut document {
        // An empty string has no meaning at this level; some implementations return one for each member that is not set.
        members.retain(|name, value| !model().is_read_only(root, name) && value.as_str() != Some(""));
        remove_own_tags(members);
        if root == DocumentKind::TaskDefinition {
            normalize_sizes(members);
            normalize_host_ports(members);
        }
    }
    normalize_value(&document, root.input_shape()).unwrap_or(Value::Object(Map::new()))
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

/// Rewrites `1 vCPU` and `1GB` as `1024`, as ECS stores them.
fn normalize_sizes(members: &mut Map<String, Value>) {
    for (name, units) in [("cpu", "vcpu"), ("memory", "gb")] {
        let Some(Value::String(text)) = members.get_mut(name) else { continue };
        let lowered = text.to_lowercase();
        let Some(number) = lowered.strip_suffix(units).map(str::trim) else { continue };
        if let Ok(number) = number.parse::<f64>() {
            *text = format!("{}", (number * 1024.0).round());
        }
    }
}

/// Removes a host port that equals the container port, which is the default in `awsvpc` mode.
fn normalize_host_ports(members: &mut Map<String, Value>) {
    if members.get("networkMode").and_then(Value::as_str) != Some("awsvpc") {
        return;
    }
    let Some(Value::Array(containers)) = members.get_mut("containerDefinitions") else { return };
    for container in containers {
        let Some(Value::Array(ports)) = container.get_mut("portMappings") else { continue };
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            if port.get("hostPort") == port.get("containerPort") {
                port.remove("hostPort");
            }
        }
    }
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
#[expect(clippy::float_cmp, reason = "only an exact whole number may be rewritten")]
fn canonical_number(number: &Number) -> Number {
    let float = number.as_f64().unwrap_or_default();
    let whole = float as i64;
    if number.is_f64() && whole as f64 == float { whole.into() } else { number.clone() }
}

fn normalize_structure(members: &Map<String, Value>, shape: &str) -> Option<Value> {
    let mut kept = Map::new();
    for (name, value) in members {
        let target = model().member_shape(shape, name).unwrap_or_default();
        let Some(mut value) = normalize_value(value, target) else { continue };
        if is_default(shape, name, &value) {
            continue;
        }
        if UNORDERED_STRING_LISTS.contains(&(shape, name)) {
            sort_items(&mut value);
        }
        kept.insert(name.clone(), value);
    }
    kept.sort_keys();
    Some(Value::Object(kept)).filter(|value| value.as_object().is_some_and(|kept| !kept.is_empty()))
}

fn normalize_list(items: &[Value], item: &str) -> Option<Value> {
    let mut kept: Vec<Value> = items.iter().filter_map(|value| normalize_value(value, item)).collect();
    if let Some(identity) = item_identity(item) {
        kept.sort_by_cached_key(|value| (item_name(value, identity), value.to_string()));
    }
    let mut value = Value::Array(kept);
    if UNORDERED_ITEMS.contains(&item) {
        sort_items(&mut value);
    }
    Some(value).filter(|value| value.as_array().is_some_and(|kept| !kept.is_empty()))
}

fn sort_items(value: &mut Value) {
    if let Value::Array(items) = value {
        items.sort_by_key(Value::to_string);
    }
}

fn is_default(shape: &str, member: &str, value: &Value) -> bool {
    DEFAULT_VALUES.iter().any(|(structure, name, default)| {
        *structure == shape
            && *name == member
            && serde_json::from_str::<Value>(default).is_ok_and(|default| default == *value)
    })
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
