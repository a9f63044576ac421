//! Elastic Load Balancing: target groups and target health. A target group exists as soon as a service names
//! it, or a seed.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::ids::digest_of;
use crate::model::{Service, Task, TaskStatus};
use crate::params::{merge_members, text, texts};
use crate::rollout::{HEALTH_CHECK_TIME, health_check_failure};
use crate::scenario::TaskBehavior;
use crate::state::{CallContext, Resources};
use crate::time::Millis;

/// How long a target is initial before it is unhealthy.
const UNHEALTHY_AFTER: Millis = 25_000;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "DescribeTargetHealth" => describe_target_health(context, input),
        "DescribeTargetGroups" => describe_target_groups(context, input),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2015-12-01"),
        )),
    }
}

/// A target group, of a service or of none.
struct TargetGroup<'a> {
    arn: &'a str,
    port: u64,
    service: Option<&'a Service>,
}

fn target_groups(resources: &Resources) -> Vec<TargetGroup<'_>> {
    let mut out: Vec<TargetGroup<'_>> = Vec::new();
    for service in resources.services.values() {
        let balancers = service.config.get("loadBalancers").and_then(Value::as_array);
        for balancer in balancers.into_iter().flatten() {
            let port = balancer["containerPort"].as_u64().unwrap_or(80);
            let alternate = &balancer["advancedConfiguration"]["alternateTargetGroupArn"];
            let named = [&balancer["targetGroupArn"], alternate];
            out.extend(named.into_iter().filter_map(Value::as_str).map(|arn| TargetGroup {
                arn,
                port,
                // It outlives the service.
                service: Some(service).filter(|service| service.status != "INACTIVE"),
            }));
        }
    }
    let declared = resources.inventory.items("target_groups").map(|(arn, _)| arn);
    if resources.inventory.is_complete("target_groups") {
        out.retain(|group| resources.inventory.get("target_groups", group.arn).is_some());
    }
    let unused = resources.target_groups.iter().chain(declared).map(|arn| TargetGroup {
        arn,
        port: 80,
        service: None,
    });
    out.extend(unused);
    out
}

fn describe_target_groups(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let all = target_groups(context.resources);
    let arns = texts(input, "TargetGroupArns");
    let names = texts(input, "Names");
    let missing = arns.iter().any(|arn| !all.iter().any(|g| g.arn == *arn))
        || names.iter().any(|name| !all.iter().any(|g| group_name(g.arn) == *name));
    if missing {
        return Err(not_found("One or more target groups not found".to_owned()));
    }
    let asked = |group: &&TargetGroup<'_>| {
        arns.is_empty() && names.is_empty()
            || arns.contains(&group.arn)
            || names.contains(&group_name(group.arn))
    };
    let mut views: Vec<Value> = Vec::new();
    for group in all.iter().filter(asked) {
        if !views.iter().any(|view| view["TargetGroupArn"] == group.arn) {
            views.push(view(context.resources, group));
        }
    }
    Ok(json!({ "TargetGroups": views }))
}

fn view(resources: &Resources, group: &TargetGroup<'_>) -> Value {
    let name = group_name(group.arn);
    let digits = digest_of(group.arn);
    let balancer = format!(
        "arn:aws:elasticloadbalancing:{}:{}:loadbalancer/app/sandbox/{}",
        resources.region,
        resources.account,
        digits.get(7..23).unwrap_or_default()
    );
    let mut view = json!({
        "TargetGroupArn": group.arn,
        "TargetGroupName": name,
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "Port": group.port,
        "VpcId": "vpc-0a1b2c3d",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": true,
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 3,
        "HealthCheckPath": "/health",
        "Matcher": { "HttpCode": "200" },
        "LoadBalancerArns": [balancer],
        "TargetType": if group.service.is_none_or(is_awsvpc) { "ip" } else { "instance" },
        "IpAddressType": "ipv4",
    });
    if let Some(Value::Object(members)) = resources.inventory.get("target_groups", group.arn) {
        merge_members(&mut view, members);
    }
    view
}

fn is_awsvpc(service: &Service) -> bool {
    service.config.get("networkConfiguration").is_some_and(|network| network.is_object())
}

fn describe_target_health(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let Some(arn) = text(input, "TargetGroupArn") else {
        return Err(ApiError::new(
            "ValidationError",
            "1 validation error detected: Value null at 'targetGroupArn' failed to satisfy constraint: Member must \
             not be null",
        ));
    };
    let all = target_groups(context.resources);
    let mut of_group = all.iter().filter(|group| group.arn == arn).peekable();
    if of_group.peek().is_none() {
        return Err(not_found(format!("Target groups '{arn}' not found")));
    }
    let asked = input["Targets"].as_array();
    let wanted =
        |target: &Value| asked.is_none_or(|given| given.iter().any(|t| t["Id"] == target["Target"]["Id"]));
    let targets: Vec<Value> = of_group
        .flat_map(|group| {
            context.resources.tasks.iter().filter_map(|task| target_description(group, task, context.now))
        })
        .filter(wanted)
        .collect();
    Ok(json!({ "TargetHealthDescriptions": targets }))
}

/// Returns the target of a task in a group; none while it is not registered.
fn target_description(group: &TargetGroup<'_>, task: &Task, now: Millis) -> Option<Value> {
    let service = group.service?;
    if !service.has_task(task) || !service.target_groups_of(task).iter().any(|arn| arn == group.arn) {
        return None;
    }
    let (state, trouble) = target_state(task, now)?;
    let mut target = json!({ "Id": target_id(task), "Port": group.port });
    let zone = task.fixed_fields.get("availabilityZone").filter(|_| task.fixed_fields.contains_key("eni"));
    if let Some(zone) = zone {
        target["AvailabilityZone"] = zone.clone();
    }
    let mut health = json!({ "State": state });
    if let Some((reason, description)) = trouble {
        health["Reason"] = json!(reason);
        health["Description"] = json!(description);
    }
    Some(json!({ "Target": target, "HealthCheckPort": group.port.to_string(), "TargetHealth": health }))
}

/// Returns the id of a target: the address of its task, or its container instance.
fn target_id(task: &Task) -> String {
    let address = task.fixed_fields.get("eni").and_then(|eni| eni["address"].as_str());
    address.map_or_else(|| format!("i-0{}", task.id.get(..16).unwrap_or_default()), str::to_owned)
}

type TargetProblem = Option<(&'static str, &'static str)>;

/// Returns the state of a task's target, with reason and description.
fn target_state(task: &Task, now: Millis) -> Option<(&'static str, TargetProblem)> {
    let elapsed = now - task.status_since;
    let registering = ("Elb.RegistrationInProgress", "Target registration is in progress");
    let checking = ("Elb.InitialHealthChecking", "Initial health checks in progress");
    let leaving = ("Target.DeregistrationInProgress", "Target deregistration is in progress");
    let mismatch = ("Target.ResponseCodeMismatch", health_check_failure(TaskBehavior::Unhealthy));
    let timeout = ("Target.Timeout", health_check_failure(TaskBehavior::TimedOut));
    Some(match (task.status, task.behavior) {
        (TaskStatus::Activating, _) => ("initial", Some(registering)),
        (TaskStatus::Running, TaskBehavior::Unhealthy) if elapsed >= UNHEALTHY_AFTER => {
            ("unhealthy", Some(mismatch))
        }
        (TaskStatus::Running, TaskBehavior::TimedOut) if elapsed >= UNHEALTHY_AFTER => {
            ("unhealthy", Some(timeout))
        }
        (TaskStatus::Running, TaskBehavior::Unhealthy | TaskBehavior::TimedOut) => {
            ("initial", Some(checking))
        }
        (TaskStatus::Running, _) if elapsed < HEALTH_CHECK_TIME => ("initial", Some(checking)),
        (TaskStatus::Running, _) => ("healthy", None),
        (TaskStatus::Deactivating, _) => ("draining", Some(leaving)),
        _ => return None,
    })
}

fn not_found(message: String) -> ApiError {
    ApiError::new("TargetGroupNotFound", message)
}

/// Returns the name of a target group from its ARN.
fn group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or_else(|| last_segment(arn))
}
