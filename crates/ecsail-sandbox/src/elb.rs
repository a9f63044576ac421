//! Elastic Load Balancing, as far as target groups go: which targets they have and how these are. Owns
//! its two operations; a target group is there once a service names it.

use serde_json::{Value, json};

use crate::ids::digest_of;
use crate::model::{Phase, Service, Task};
use crate::params::{text, texts};
use crate::rollout::{CHECKING, trouble};
use crate::script::Fate;
use crate::state::{Env, Millis, Realm, last_part};
use crate::wire::ApiError;

/// How long a target is checked before it is called unhealthy; ECS tells of it, and stops the task, later.
const GIVEN_UP: Millis = 25_000;

/// Answers an Elastic Load Balancing operation.
pub(crate) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "DescribeTargetHealth" => health(env, input),
        "DescribeTargetGroups" => groups(env, input),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2015-12-01"),
        )),
    }
}

/// A target group as a service names it.
struct Group<'a> {
    arn: &'a str,
    port: u64,
    service: &'a Service,
}

fn known(realm: &Realm) -> Vec<Group<'_>> {
    let mut out: Vec<Group<'_>> = Vec::new();
    for service in realm.services.values().filter(|service| service.status != "INACTIVE") {
        let balancers = service.config.get("loadBalancers").and_then(Value::as_array);
        for balancer in balancers.into_iter().flatten() {
            let port = balancer["containerPort"].as_u64().unwrap_or(80);
            let alternate = &balancer["advancedConfiguration"]["alternateTargetGroupArn"];
            let named = [&balancer["targetGroupArn"], alternate];
            out.extend(named.into_iter().filter_map(Value::as_str).map(|arn| Group { arn, port, service }));
        }
    }
    out
}

fn groups(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let all = known(env.realm);
    let (arns, names) = (texts(input, "TargetGroupArns"), texts(input, "Names"));
    let missing = arns.iter().any(|arn| !all.iter().any(|g| g.arn == *arn))
        || names.iter().any(|name| !all.iter().any(|g| group_name(g.arn) == *name));
    if missing {
        return Err(not_found("One or more target groups not found".to_owned()));
    }
    let asked = |group: &&Group<'_>| {
        arns.is_empty() && names.is_empty()
            || arns.contains(&group.arn)
            || names.contains(&group_name(group.arn))
    };
    let mut views: Vec<Value> = Vec::new();
    for group in all.iter().filter(asked) {
        if !views.iter().any(|view| view["TargetGroupArn"] == group.arn) {
            views.push(view(env.realm, group));
        }
    }
    Ok(json!({ "TargetGroups": views }))
}

fn view(realm: &Realm, group: &Group<'_>) -> Value {
    let name = group_name(group.arn);
    let digits = digest_of(group.arn);
    let balancer = format!(
        "arn:aws:elasticloadbalancing:{}:{}:loadbalancer/app/sandbox/{}",
        realm.region,
        realm.account,
        digits.get(7..23).unwrap_or_default()
    );
    json!({
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
        "TargetType": if is_awsvpc(group.service) { "ip" } else { "instance" },
        "IpAddressType": "ipv4",
    })
}

fn is_awsvpc(service: &Service) -> bool {
    service.config.get("networkConfiguration").is_some_and(|network| network.is_object())
}

fn health(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let Some(arn) = text(input, "TargetGroupArn") else {
        return Err(ApiError::new(
            "ValidationError",
            "1 validation error detected: Value null at 'targetGroupArn' failed to satisfy constraint: Member must \
             not be null",
        ));
    };
    let all = known(env.realm);
    let mut of_group = all.iter().filter(|group| group.arn == arn).peekable();
    if of_group.peek().is_none() {
        return Err(not_found(format!("Target groups '{arn}' not found")));
    }
    let asked = input["Targets"].as_array();
    let wanted =
        |target: &Value| asked.is_none_or(|given| given.iter().any(|t| t["Id"] == target["Target"]["Id"]));
    let targets: Vec<Value> = of_group
        .flat_map(|group| env.realm.tasks.iter().filter_map(|task| target(group, task, env.now)))
        .filter(wanted)
        .collect();
    Ok(json!({ "TargetHealthDescriptions": targets }))
}

/// Returns a task as a target of a group; nothing while it is not registered there.
fn target(group: &Group<'_>, task: &Task, now: Millis) -> Option<Value> {
    if !task.is_of(group.service) || !group.service.groups_of(task).iter().any(|arn| arn == group.arn) {
        return None;
    }
    let (state, trouble) = state(task, now)?;
    let mut target = json!({ "Id": id(task), "Port": group.port });
    let zone = task.fixed.get("availabilityZone").filter(|_| task.fixed.contains_key("eni"));
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

/// Returns a target's id: its address, or the instance that it is on.
fn id(task: &Task) -> String {
    let address = task.fixed.get("eni").and_then(|eni| eni["address"].as_str());
    address.map_or_else(|| format!("i-0{}", task.id.get(..16).unwrap_or_default()), str::to_owned)
}

type Trouble = Option<(&'static str, &'static str)>;

/// Returns the state of a task's target, with the reason and its description.
fn state(task: &Task, now: Millis) -> Option<(&'static str, Trouble)> {
    let elapsed = now - task.since;
    let registering = ("Elb.RegistrationInProgress", "Target registration is in progress");
    let checking = ("Elb.InitialHealthChecking", "Initial health checks in progress");
    let leaving = ("Target.DeregistrationInProgress", "Target deregistration is in progress");
    let mismatch = ("Target.ResponseCodeMismatch", trouble(Fate::Unhealthy));
    let timeout = ("Target.Timeout", trouble(Fate::TimedOut));
    Some(match (task.phase, task.fate) {
        (Phase::Activating, _) => ("initial", Some(registering)),
        (Phase::Running, Fate::Unhealthy) if elapsed >= GIVEN_UP => ("unhealthy", Some(mismatch)),
        (Phase::Running, Fate::TimedOut) if elapsed >= GIVEN_UP => ("unhealthy", Some(timeout)),
        (Phase::Running, Fate::Unhealthy | Fate::TimedOut) => ("initial", Some(checking)),
        (Phase::Running, _) if elapsed < CHECKING => ("initial", Some(checking)),
        (Phase::Running, _) => ("healthy", None),
        (Phase::Deactivating, _) => ("draining", Some(leaving)),
        _ => return None,
    })
}

fn not_found(message: String) -> ApiError {
    ApiError::new("TargetGroupNotFound", message)
}

/// Returns the name in a target group's ARN.
fn group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or_else(|| last_part(arn))
}
