//! The output of an Express service.

use serde_json::{Value, json};

use super::definition::CONTAINER;
use crate::model::{Service, TaskDefinition};
use crate::params::set_some;
use crate::state::Resources;
use crate::time::epoch_seconds;

/// Returns an Express service as `DescribeExpressGatewayService` returns it, with its tags.
pub(super) fn service(resources: &Resources, service: &Service) -> Value {
    let deployments = service.deployments.iter().filter(|_| service.status != "INACTIVE");
    let configurations: Vec<Value> =
        deployments.map(|deployment| configuration(resources, service, &deployment.revision)).collect();
    let mut out = json!({
        "cluster": service.cluster,
        "serviceName": service.name,
        "serviceArn": service.arn,
        "status": status(service),
        "activeConfigurations": configurations,
        "tags": service.tags,
        "createdAt": epoch_seconds(service.created),
    });
    set_some(&mut out, "currentDeployment", service.service_deployments.last().map(|last| last.arn.as_str()));
    if let Some(express) = &service.express {
        out["infrastructureRoleArn"] = json!(express.infrastructure_role);
        out["updatedAt"] = epoch_seconds(express.updated);
    }
    out
}

/// Returns the status of an Express service.
pub(super) fn status(service: &Service) -> Value {
    json!({ "statusCode": service.status })
}

/// Returns the configuration of the PRIMARY deployment.
pub(super) fn newest(resources: &Resources, service: &Service) -> Value {
    let revision = service.deployments.first().map(|primary| primary.revision.as_str());
    configuration(resources, service, revision.unwrap_or_default())
}

/// Returns the configuration of a service revision.
fn configuration(resources: &Resources, service: &Service, arn: &str) -> Value {
    let Some(revision) = service.revisions.iter().find(|revision| revision.arn == arn) else {
        return json!({});
    };
    let network = revision.config.get("networkConfiguration").map(|network| &network["awsvpcConfiguration"]);
    let network = network.unwrap_or(&Value::Null);
    let mut out = json!({
        "serviceRevisionArn": revision.arn,
        "taskDefinitionArn": revision.task_definition,
        "networkConfiguration": {
            "subnets": network["subnets"],
            "securityGroups": network["securityGroups"],
        },
        "ingressPaths": [{
            "accessType": "PUBLIC",
            "endpoint": format!("https://{}.ecs.{}.on.aws/", service.name, resources.region),
        }],
        "createdAt": epoch_seconds(revision.created),
    });
    if let Some(express) = &service.express {
        out["healthCheckPath"] = json!(express.health_check_path);
        out["scalingTarget"] = express.scaling_target.clone();
    }
    if let Some(definition) = resources.task_definition(&revision.task_definition) {
        add_definition(&mut out, definition);
    }
    out
}

/// Adds what a configuration has from its task definition.
fn add_definition(out: &mut Value, definition: &TaskDefinition) {
    for member in ["executionRoleArn", "taskRoleArn", "cpu", "memory"] {
        set_some(out, member, definition.text_field(member));
    }
    let platform = definition.document.get("runtimePlatform");
    set_some(out, "cpuArchitecture", platform.and_then(|platform| platform["cpuArchitecture"].as_str()));
    if let Some(main) = definition.containers().iter().find(|container| container["name"] == CONTAINER) {
        out["primaryContainer"] = primary_container(main);
    }
}

/// Returns the container as it is shown. Its environment comes back in another order than it was sent
/// (terraform-provider-aws, tests of `aws_ecs_express_gateway_service`).
fn primary_container(main: &Value) -> Value {
    let mut out =
        json!({ "image": main["image"], "containerPort": main["portMappings"][0]["containerPort"] });
    for member in ["command", "environment", "secrets", "repositoryCredentials"] {
        let value = &main[member];
        if value.is_object() || value.as_array().is_some_and(|items| !items.is_empty()) {
            out[member] = value.clone();
        }
    }
    if let Some(variables) = out["environment"].as_array_mut() {
        variables.reverse();
    } else if let Some(members) = out.as_object_mut() {
        members.shift_remove("environment");
    }
    let options = &main["logConfiguration"]["options"];
    if options["awslogs-group"].is_string() {
        out["awsLogsConfiguration"] = json!({
            "logGroup": options["awslogs-group"],
            "logStreamPrefix": options["awslogs-stream-prefix"],
        });
    }
    out
}
