//! A seeded sandbox, and methods to control and read it in tests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedService};

pub(super) const GROUP: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";

/// Returns a task definition for `web` on Fargate, with this image tag.
pub(super) fn definition(tag: &str) -> Value {
    json!({
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "taskRoleArn": "arn:aws:iam::123456789012:role/web",
        "containerDefinitions": [{
            "name": "app",
            "image": format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:{tag}"),
            "portMappings": [{ "containerPort": 8080 }],
        }],
    })
}

/// Returns a sandbox with `shop/web`, two tasks of tag `v1`, and images `v1` to `v3`.
pub(super) fn seeded_sandbox(clock: Clock, service: Value) -> Sandbox {
    let sandbox = Sandbox::start(Options { clock, ..Options::default() }).expect("loopback is there");
    let seed = Seed {
        services: vec![SeedService {
            name: "web".to_owned(),
            cluster: "shop".to_owned(),
            task_definition: definition("v1"),
            service,
        }],
        repositories: vec![SeedRepository::with_tags("shop/app", &["v1", "v2", "v3", "crash-1"])],
        ..Seed::default()
    };
    sandbox.seed(&seed).expect("the seed is well formed");
    sandbox
}

/// Returns the members of a `CreateService` input for a circuit breaker.
pub(super) fn breaker(rollback: bool) -> Value {
    json!({ "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } } })
}

/// Returns the members of a `CreateService` input for a load balancer.
pub(super) fn balanced() -> Value {
    json!({ "loadBalancers": [{ "targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080 }] })
}

impl Sandbox {
    /// Calls an ECS operation that must succeed.
    pub(super) fn ecs(&self, operation: &str, input: Value) -> Value {
        self.call("ecs", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Calls an ECS operation that must fail, and returns the code and the message.
    pub(super) fn ecs_error(&self, operation: &str, input: Value) -> (String, String) {
        let error = self.call("ecs", operation, input).expect_err("it is to be refused");
        (error.code, error.message)
    }

    /// Registers tag `tag` and updates `web` to it, under a scenario; returns the new deployment's id.
    pub(super) fn deploy(&self, tag: &str, scenario: Scenario) -> String {
        self.set_scenario(Some("web"), scenario);
        let registered = self.ecs("RegisterTaskDefinition", definition(tag));
        let arn = &registered["taskDefinition"]["taskDefinitionArn"];
        let updated =
            self.ecs("UpdateService", json!({ "cluster": "shop", "service": "web", "taskDefinition": arn }));
        text(&updated["service"]["deployments"][0]["id"])
    }

    /// Returns `web` as `DescribeServices` gives it.
    pub(super) fn web(&self) -> Value {
        let answer = self.ecs("DescribeServices", json!({ "cluster": "shop", "services": ["web"] }));
        answer["services"][0].clone()
    }

    /// Returns the newest service deployment of `web`, in full.
    pub(super) fn entry(&self) -> Value {
        let list = self.ecs("ListServiceDeployments", json!({ "cluster": "shop", "service": "web" }));
        let arn = &list["serviceDeployments"][0]["serviceDeploymentArn"];
        let full = self.ecs("DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
        full["serviceDeployments"][0].clone()
    }

    /// Returns the tasks of `web` with this desired status.
    pub(super) fn tasks(&self, desired: &str) -> Vec<Value> {
        let list = self
            .ecs("ListTasks", json!({ "cluster": "shop", "serviceName": "web", "desiredStatus": desired }));
        let arns = &list["taskArns"];
        if arns.as_array().is_none_or(Vec::is_empty) {
            return Vec::new();
        }
        let answer = self.ecs("DescribeTasks", json!({ "cluster": "shop", "tasks": arns }));
        answer["tasks"].as_array().cloned().unwrap_or_default()
    }

    /// Advances second by second until `holds`, at most `most` seconds; returns how many it took.
    pub(super) fn until(&self, most: u64, holds: impl Fn(&Sandbox) -> bool) -> u64 {
        for second in 0..=most {
            if holds(self) {
                return second;
            }
            self.advance(Duration::from_secs(1));
        }
        panic!("not within {most} s: {:#}", self.web());
    }

    /// Returns the messages of all events of `web`, the oldest first.
    pub(super) fn event_messages(&self) -> Vec<String> {
        let service = self.web();
        let events = service["events"].as_array().cloned().unwrap_or_default();
        events.iter().rev().map(|event| text(&event["message"])).collect()
    }
}

/// Returns a JSON text as a string.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns whether the first deployment of `web` is COMPLETED and alone.
pub(super) fn is_completed(sandbox: &Sandbox) -> bool {
    let service = sandbox.web();
    service["deployments"][0]["rolloutState"] == "COMPLETED" && service["deployments"][1].is_null()
}
