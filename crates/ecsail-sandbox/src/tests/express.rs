//! Express services: what ECS makes of a few members, what an update deploys, and what is refused.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::text;
use crate::{Clock, Options, Sandbox, Scenario};

const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";

fn sandbox() -> Sandbox {
    Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("loopback is there")
}

/// Returns the input of a creation.
fn input() -> Value {
    json!({
        "serviceName": "web",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
        "primaryContainer": {
            "image": format!("{IMAGE}:v1"),
            "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }],
        },
    })
}

/// Creates `default/web`, waits for it, and returns its ARN.
fn created(sandbox: &Sandbox) -> String {
    let answer = sandbox.ecs("CreateExpressGatewayService", input());
    sandbox.advance(Duration::from_mins(15));
    text(&answer["service"]["serviceArn"])
}

fn described(sandbox: &Sandbox, arn: &str) -> Value {
    sandbox.ecs("DescribeExpressGatewayService", json!({ "serviceArn": arn }))["service"].clone()
}

fn service(sandbox: &Sandbox) -> Value {
    sandbox.ecs("DescribeServices", json!({ "services": ["web"] }))["services"][0].clone()
}

/// Returns the input of an update to another tag.
fn other_tag(arn: &str, tag: &str) -> Value {
    json!({ "serviceArn": arn, "primaryContainer": { "image": format!("{IMAGE}:{tag}") } })
}

#[test]
fn a_created_service_has_a_url_and_is_an_ordinary_service() {
    let sandbox = sandbox();
    let express = described(&sandbox, &created(&sandbox));
    let configuration = &express["activeConfigurations"][0];
    assert_eq!(configuration["ingressPaths"][0]["endpoint"], "https://web.ecs.us-east-1.on.aws/");
    assert_eq!(configuration["primaryContainer"]["containerPort"], 80);
    assert_eq!(configuration["scalingTarget"]["maxTaskCount"], 20);
    let service = service(&sandbox);
    assert_eq!(service["resourceManagementType"], "ECS");
    assert_eq!(
        (&service["runningCount"], &service["deployments"][0]["rolloutState"]),
        (&json!(1), &json!("COMPLETED"))
    );
    let listed = sandbox.ecs("ListServices", json!({ "resourceManagementType": "ECS" }));
    assert_eq!(listed["serviceArns"].as_array().map(Vec::len), Some(1));
}

#[test]
fn another_image_is_deployed_and_another_scaling_target_is_not() {
    let sandbox = sandbox();
    let arn = created(&sandbox);
    let before = service(&sandbox);
    let scaling = json!({ "serviceArn": arn, "scalingTarget": { "minTaskCount": 3 } });
    let answer = sandbox.ecs("UpdateExpressGatewayService", scaling);
    assert_eq!(answer["service"]["targetConfiguration"]["scalingTarget"]["maxTaskCount"], 20);
    let after = service(&sandbox);
    assert_eq!((&after["taskDefinition"], &after["desiredCount"]), (&before["taskDefinition"], &json!(3)));
    let answer = sandbox.ecs("UpdateExpressGatewayService", other_tag(&arn, "v2"));
    let target = &answer["service"]["targetConfiguration"];
    assert_ne!(target["taskDefinitionArn"], before["taskDefinition"]);
    assert!(target["primaryContainer"]["environment"].is_null(), "what is left out has its default");
    assert_eq!(described(&sandbox, &arn)["activeConfigurations"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_update_that_raises_an_alarm_is_rolled_back() {
    let sandbox = sandbox();
    let arn = created(&sandbox);
    sandbox.set_scenario(Some("web"), Scenario::Alarm);
    sandbox.ecs("UpdateExpressGatewayService", other_tag(&arn, "v2"));
    sandbox.advance(Duration::from_mins(30));
    let express = described(&sandbox, &arn);
    assert_eq!(express["activeConfigurations"][0]["primaryContainer"]["image"], format!("{IMAGE}:v1"));
}

#[test]
fn only_its_own_operation_deletes_an_express_service() {
    let sandbox = sandbox();
    let arn = created(&sandbox);
    let (_, message) = sandbox.ecs_error("DeleteService", json!({ "service": "web", "force": true }));
    assert_eq!(
        message,
        format!("{arn} has ResourceManagementType=ECS use DeleteExpressGatewayService to delete")
    );
    sandbox.ecs("DeleteExpressGatewayService", json!({ "serviceArn": arn }));
    let (_, message) = sandbox.ecs_error("CreateExpressGatewayService", input());
    assert_eq!(message, "Unable to Start a service that is still Draining.");
    sandbox.advance(Duration::from_mins(2));
    let (code, message) = sandbox.ecs_error("DeleteExpressGatewayService", json!({ "serviceArn": arn }));
    assert_eq!(code, "ServiceNotActiveException");
    assert!(message.contains("INACTIVE"), "{message}");
    created(&sandbox);
}

#[test]
fn what_a_creation_lacks_or_has_too_much_is_refused() {
    let sandbox = sandbox();
    let with = |member: &str, value: Value| {
        let mut changed = input();
        changed[member] = value;
        sandbox.ecs_error("CreateExpressGatewayService", changed)
    };
    assert_eq!(with("executionRoleArn", Value::Null).1, "ExecutionRoleArn can not be blank.");
    assert!(with("taskDefinitionArn", json!("web:1")).1.starts_with("taskDefinitionArn cannot be specified"));
    assert!(with("cpu", json!("100")).1.contains("Fargate"), "as of any task definition");
    let role = json!("arn:aws:iam::123456789012:role/not-assumable");
    assert_eq!(with("infrastructureRoleArn", role).0, "AccessDeniedException");
    assert_eq!(with("cluster", json!("other")).0, "ClusterNotFoundException");
    created(&sandbox);
    assert_eq!(with("tags", json!([])).1, "Creation of service was not idempotent.");
}
