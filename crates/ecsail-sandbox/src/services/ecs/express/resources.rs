//! What ECS makes around an Express service: the settings of the service, its target groups and its scaling.

use serde_json::{Map, Value, json};

use super::definition::CONTAINER;
use crate::ids::digest_of;
use crate::model::{ExpressService, ScalableTarget, ScalingPolicy, Service};
use crate::params::texts;
use crate::state::{CallContext, Resources};
use crate::time::{Millis, epoch_seconds};

/// Returns the input of `CreateService` for an Express service.
pub(super) fn settings(
    context: &CallContext<'_>,
    cluster: &str,
    name: &str,
    input: &Value,
    definition: &str,
    express: &ExpressService,
) -> Value {
    let resources = &*context.resources;
    let group = |number: u8| {
        let digits = digest_of(&format!("{cluster}/{name}/{number}"));
        let digits = digits.get(7..23).unwrap_or_default();
        resources.service_arn(
            "elasticloadbalancing",
            &format!("targetgroup/ecs-gateway-tg-{number}-{name}/{digits}"),
        )
    };
    let rule = resources.service_arn(
        "elasticloadbalancing",
        "listener-rule/app/ecs-express-gateway-alb-1a2b3c4d/1111/2222/3333",
    );
    json!({
        "serviceName": name,
        "desiredCount": express.scaling_target["minTaskCount"],
        "resourceManagementType": "ECS",
        "tags": input["tags"],
        "capacityProviderStrategy": [{ "capacityProvider": "FARGATE", "base": 0, "weight": 1 }],
        "networkConfiguration": network(context, name, &input["networkConfiguration"]),
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 300,
        "loadBalancers": [{
            "targetGroupArn": group(1),
            "containerName": CONTAINER,
            "containerPort": container_port(resources, definition),
            "advancedConfiguration": {
                "alternateTargetGroupArn": group(2),
                "productionListenerRule": rule,
                "roleArn": express.infrastructure_role,
            },
        }],
        "deploymentConfiguration": {
            "strategy": "CANARY",
            "canaryConfiguration": { "canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3 },
            "bakeTimeInMinutes": 3,
            "alarms": {
                "alarmNames": [format!("{cluster}/{name}/RollbackAlarm")],
                "enable": true,
                "rollback": true,
            },
        },
    })
}

/// Returns the network of the tasks. ECS adds a security group of its own (terraform-provider-aws#47908), and takes the
/// subnets of the default VPC where none are given.
pub(super) fn network(context: &CallContext<'_>, name: &str, given: &Value) -> Value {
    let subnets = match texts(given, "subnets")[..] {
        [] => json!(["subnet-default-1", "subnet-default-2"]),
        _ => given["subnets"].clone(),
    };
    let mut groups: Vec<Value> = texts(given, "securityGroups").iter().map(|group| json!(group)).collect();
    groups.push(json!(own_group(context.resources, name)));
    json!({ "awsvpcConfiguration": {
        "subnets": subnets,
        "securityGroups": groups,
        "assignPublicIp": "ENABLED",
    } })
}

/// Returns the id of the security group that ECS makes for a service.
pub(super) fn own_group(resources: &Resources, name: &str) -> String {
    let digits = digest_of(&format!("{}/{name}", resources.region));
    format!("sg-0{}", digits.get(7..23).unwrap_or_default())
}

/// Returns the resources that ECS has made for an Express service, as a service revision shows them.
pub(in crate::services::ecs) fn managed_resources(
    resources: &Resources,
    service: &Service,
    created: Millis,
) -> Value {
    let group = own_group(resources, &service.name);
    json!({ "serviceSecurityGroups": [{
        "arn": resources.service_arn("ec2", &format!("security-group/{group}")),
        "status": "ACTIVE",
        "updatedAt": epoch_seconds(created),
    }] })
}

/// Returns the port that the load balancer sends requests to.
pub(super) fn container_port(resources: &Resources, definition: &str) -> Value {
    let containers = resources.task_definition(definition).map_or(&[][..], |found| found.containers());
    let main = containers.iter().find(|container| container["name"] == CONTAINER);
    main.map_or(Value::Null, |main| main["portMappings"][0]["containerPort"].clone())
}

/// Sets the port of the load balancer to that of a definition.
pub(super) fn set_port(resources: &Resources, service: &mut Service, definition: &str) {
    let port = container_port(resources, definition);
    if let Some(balancer) = service.config.get_mut("loadBalancers").and_then(|list| list.get_mut(0)) {
        balancer["containerPort"] = port;
    }
}

/// Returns the id of the scalable target of a service.
pub(super) fn scalable_id(service: &Service) -> String {
    format!("service/{}/{}", service.cluster, service.name)
}

/// Puts the scalable target and the policy of an Express service, and moves its number of tasks into the range.
pub(super) fn put_scaling(context: &mut CallContext<'_>, service: &mut Service) {
    let Some(express) = &service.express else { return };
    let count = |member: &str| express.scaling_target[member].as_u64().unwrap_or(1);
    let (min, max) = (count("minTaskCount"), count("maxTaskCount"));
    let metric = match express.scaling_target["autoScalingMetric"].as_str() {
        Some("AVERAGE_MEMORY") => "ECSServiceAverageMemoryUtilization",
        Some("REQUEST_COUNT_PER_TARGET") => "ALBRequestCountPerTarget",
        _ => "ECSServiceAverageCPUUtilization",
    };
    let settings = json!({
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": express.scaling_target["autoScalingTargetValue"],
            "PredefinedMetricSpecification": { "PredefinedMetricType": metric },
        },
    });
    let settings: Map<String, Value> = settings.as_object().cloned().unwrap_or_default();
    let id = scalable_id(service);
    let now = context.now;
    let target = context.resources.scalable_targets.entry(id).or_insert_with(|| ScalableTarget::new(now));
    target.min = min;
    target.max = max;
    target.policies.insert(format!("{}-policy", service.name), ScalingPolicy { settings, created: now });
    let desired = service.desired_count.clamp(min as usize, max.max(min) as usize);
    service.is_steady &= service.desired_count == desired;
    service.desired_count = desired;
}
