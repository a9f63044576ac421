//! Removes from a document what means the same as its absence: the form in which a document is written for people.
//!
//! What is removed is what the normal form does not have, so that both decide by the same tables. The order and the
//! spelling of what is kept are those of the document.

use serde_json::{Map, Value};

use super::{is_kept_at_top, normalize_structure, normalize_value, spelling};
use crate::document::model::{DocumentKind, Shape, model};

/// Returns a document without read-only members, `ecsail:` and `aws:` tags, and members that equal ECS's default. A
/// member that its structure requires is kept.
pub fn without_defaults(document: &Value, root: DocumentKind) -> Value {
    let mut document = document.clone();
    if let Value::Object(members) = &mut document {
        members.retain(|name, value| is_kept_at_top(root, name, value));
        super::remove_own_tags(members);
        if root == DocumentKind::TaskDefinition {
            spelling::respell_host_ports(members);
        }
    }
    pruned(&document, root.input_shape()).unwrap_or(Value::Object(Map::new()))
}

/// Returns the value without defaults, or `None` if it means the same as an absent value.
fn pruned(value: &Value, shape: &str) -> Option<Value> {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => pruned_structure(members, shape),
        (Value::Array(items), Shape::List(item)) => {
            let kept: Vec<Value> = items.iter().filter_map(|value| pruned(value, item)).collect();
            Some(Value::Array(kept)).filter(|_| !items.is_empty())
        }
        _ => normalize_value(value, shape).map(|_| value.clone()),
    }
}

fn pruned_structure(members: &Map<String, Value>, shape: &str) -> Option<Value> {
    let Some(Value::Object(normal)) = normalize_structure(members, shape) else { return None };
    let required = match model().shape(shape) {
        Shape::Structure(schema) => schema.required.as_slice(),
        _ => &[],
    };
    let mut kept = Map::new();
    for (name, value) in members {
        let target = model().member_shape(shape, name).unwrap_or_default();
        if normal.contains_key(name) {
            kept.extend(pruned(value, target).map(|value| (name.clone(), value)));
        } else if required.contains(name) && !value.is_null() {
            kept.insert(name.clone(), value.clone());
        }
    }
    Some(Value::Object(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::normalize::normalize;
    use serde_json::json;

    #[test]
    fn what_is_left_out_means_the_same_as_its_absence() {
        let described = json!({"taskDefinitionArn": "arn:x", "revision": 3, "family": "web", "networkMode": "awsvpc",
            "placementConstraints": [], "volumes": [{"name": "a", "host": {}}],
            "tags": [{"key": "ecsail:tag", "value": "v1"}, {"key": "team", "value": "shop"}],
            "containerDefinitions": [{"name": "app", "image": "app:1", "cpu": 0, "essential": true, "mountPoints": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "environment": [{"name": "EMPTY", "value": ""}], "readonlyRootFilesystem": false}]});
        let expected = json!({"family": "web", "networkMode": "awsvpc", "volumes": [{"name": "a"}],
            "tags": [{"key": "team", "value": "shop"}],
            "containerDefinitions": [{"name": "app", "image": "app:1", "portMappings": [{"containerPort": 80}],
                "environment": [{"name": "EMPTY", "value": ""}], "readonlyRootFilesystem": false}]});
        let written = without_defaults(&described, DocumentKind::TaskDefinition);
        assert_eq!(written, expected);
        let normal = |document| normalize(document, DocumentKind::TaskDefinition);
        assert_eq!(normal(&written), normal(&described));
    }

    #[test]
    fn a_required_member_of_a_block_that_is_kept_is_kept() {
        let service = json!({"deploymentConfiguration": {"strategy": "ROLLING", "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": true, "rollback": false},
            "alarms": {"alarmNames": [], "enable": false, "rollback": false}},
            "deploymentController": {"type": "ECS"}, "schedulingStrategy": "REPLICA", "enableExecuteCommand": false});
        let expected = json!({"deploymentConfiguration": {"maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": true, "rollback": false}}});
        assert_eq!(without_defaults(&service, DocumentKind::Service), expected);
    }
}
