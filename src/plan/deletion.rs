//! Plans the deletion of services: what stops, what goes with a service, and what stays. Pure.

use serde_json::Value;

use crate::aws::autoscaling::ScalableTarget;
use crate::aws::types::{Service, ServiceStatus, revision_name};
use crate::error::Failure;

/// The tag by which CloudFormation marks what it manages.
const STACK_KEY: &str = "aws:cloudformation:stack-name";

/// The deletion of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceDeletion {
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// Whether ECS is deleting it already.
    pub in_progress: bool,
    pub desired: i64,
    pub running: i64,
    pub is_daemon: bool,
    /// The ARN of an Express service, which its own operation deletes; `None` for any other service.
    pub express: Option<String>,
    /// The scalable target, which goes with the service.
    pub autoscaling: Option<ScalableTarget>,
    /// What stays, in words.
    pub stays: Vec<String>,
}

/// Returns the deletion of a service. `document` is the service as `DescribeServices` returns it, and `definition` the task
/// definition that it runs, where that could be read.
pub fn plan_deletion(
    key: &str,
    cluster: &str,
    service: &Service,
    document: &Value,
    definition: Option<&Value>,
    autoscaling: Option<ScalableTarget>,
) -> ServiceDeletion {
    ServiceDeletion {
        key: key.to_owned(),
        name: service.service_name.clone(),
        cluster: cluster.to_owned(),
        in_progress: service.status == ServiceStatus::Draining,
        desired: service.desired_count,
        running: service.running_count,
        is_daemon: document["schedulingStrategy"] == "DAEMON",
        express: is_express(document).then(|| service.service_arn.clone()),
        autoscaling,
        stays: what_stays(service, document, definition),
    }
}

/// Returns the refusal to delete a service that a CloudFormation stack manages.
pub fn stack_blocker(name: &str, document: &Value) -> Option<Failure> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let mut stacks = tags.filter(|tag| tag["key"] == STACK_KEY).filter_map(|tag| tag["value"].as_str());
    let stack = stacks.next()?;
    let message = format!("service `{name}` belongs to the CloudFormation stack `{stack}`");
    let hint =
        "remove it from the stack's template, or delete it all the same with `--ignore-stack`".to_owned();
    Some(Failure::refused(message).with_hint(hint))
}

/// Returns whether a service is one of Express Mode.
fn is_express(document: &Value) -> bool {
    document["resourceManagementType"] == "ECS"
}

fn what_stays(service: &Service, document: &Value, definition: Option<&Value>) -> Vec<String> {
    let family = revision_name(&service.task_definition).split(':').next().unwrap_or_default();
    let mut stays = Vec::new();
    if !family.is_empty() {
        stays.push(format!("the task definitions of `{family}`"));
    }
    // ECS deletes the target groups that it has made for an Express service.
    let groups = document["loadBalancers"].as_array().filter(|_| !is_express(document));
    let groups = groups.into_iter().flatten();
    let groups = groups.filter_map(|balancer| balancer["targetGroupArn"].as_str());
    stays.extend(groups.map(|arn| format!("the target group `{}`", arn.rsplit('/').nth(1).unwrap_or(arn))));
    let registries = document["serviceRegistries"].as_array().into_iter().flatten();
    let registries = registries.filter_map(|registry| registry["registryArn"].as_str());
    stays.extend(registries.map(|arn| format!("the registry `{}`", arn.rsplit('/').next().unwrap_or(arn))));
    let containers = definition.and_then(|definition| definition["containerDefinitions"].as_array());
    let logs = containers.into_iter().flatten().map(|container| &container["logConfiguration"]["options"]);
    let mut logs: Vec<&str> = logs.filter_map(|options| options["awslogs-group"].as_str()).collect();
    logs.sort_unstable();
    logs.dedup();
    stays.extend(logs.iter().map(|group| format!("the log group `{group}`")));
    stays
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_service_leaves_behind_is_named() {
        let document = json!({"loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:x:1:targetgroup/web/1"}]});
        let definition = json!({"containerDefinitions": [
            {"logConfiguration": {"options": {"awslogs-group": "/ecs/web"}}},
            {"logConfiguration": {"options": {"awslogs-group": "/ecs/web"}}}]});
        let service =
            Service { task_definition: "arn:aws:ecs:x:1:task-definition/web:7".into(), ..Service::default() };
        let deletion = plan_deletion("web", "main", &service, &document, Some(&definition), None);
        let stays = ["the task definitions of `web`", "the target group `web`", "the log group `/ecs/web`"];
        assert_eq!(deletion.stays, stays);
    }

    #[test]
    fn a_service_of_a_stack_is_refused() {
        let tags = json!({"tags": [{"key": "aws:cloudformation:stack-name", "value": "shop"}]});
        assert!(stack_blocker("web", &tags).is_some_and(|failure| failure.message.contains("`shop`")));
        assert!(stack_blocker("web", &json!({"tags": [{"key": "team", "value": "shop"}]})).is_none());
    }
}
