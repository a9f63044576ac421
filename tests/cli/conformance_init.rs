//! `init` writes what runs in MiniStack and moto, and a plan of it has no changes. Ignored in a plain run, as `conformance` says.
//!
//! What an emulator does not keep of a service is listed here: a test fails where it keeps it after all.

use serde_json::{Value, json};

use crate::conformance_services::network;
use crate::support::emulator::Emulator;
use crate::support::python::REGION;

/// A service that runs, and texts of its files.
struct Case {
    name: &'static str,
    definition: Value,
    service: Value,
    written: &'static [&'static str],
}

const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v1";

fn cases(emulator: &Emulator) -> Vec<Case> {
    let network = json!({"awsvpcConfiguration": {"subnets": [network(emulator, "subnets")],
        "securityGroups": [network(emulator, "securityGroups")], "assignPublicIp": "ENABLED"}});
    let fargate = |containers: Value| {
        json!({"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution", "containerDefinitions": containers})
    };
    vec![
        Case {
            name: "balanced",
            definition: fargate(
                json!([{"name": "app", "image": IMAGE, "portMappings": [{"containerPort": 80}]}]),
            ),
            service: json!({"launchType": "FARGATE", "desiredCount": 2, "networkConfiguration": network,
                "enableExecuteCommand": true, "healthCheckGracePeriodSeconds": 30,
                "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50,
                    "deploymentCircuitBreaker": {"enable": true, "rollback": true}},
                "tags": [{"key": "team", "value": "shop"}]}),
            written: &[
                "desiredCount: 2",
                "launchType: FARGATE",
                "subnets: [",
                "assignPublicIp: ENABLED",
                "enableExecuteCommand: true",
                "healthCheckGracePeriodSeconds: 30",
                "maximumPercent: 150",
                "rollback: true",
                "team: shop",
                "containerPort: 80",
            ],
        },
        Case {
            name: "secrets",
            definition: fargate(json!([
                {"name": "app", "image": IMAGE, "command": ["serve", "--port", "80"],
                    "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB_PASSWORD", "value": "hunter2hunter2"}],
                    "secrets": [{"name": "API_KEY", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/key"}],
                    "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}},
                    "healthCheck": {"command": ["CMD", "true"], "interval": 15}},
                {"name": "router", "image": "amazon/aws-for-fluent-bit:2", "firelensConfiguration": {"type": "fluentbit"}}])),
            service: json!({"launchType": "FARGATE", "desiredCount": 1, "networkConfiguration": network}),
            written: &[
                "LOG_LEVEL: info",
                "DB_PASSWORD: \"{{ env.DB_PASSWORD }}\"",
                "API_KEY: arn:aws:ssm",
                "logDriver: awsfirelens",
                "type: fluentbit",
                "interval: 15",
                "command: [serve, \"--port\", \"80\"]",
            ],
        },
        Case {
            name: "instances",
            definition: json!({"networkMode": "bridge", "volumes": [{"name": "data", "host": {"sourcePath": "/data"}}],
                "containerDefinitions": [{"name": "app", "image": IMAGE, "memory": 256,
                    "mountPoints": [{"sourceVolume": "data", "containerPath": "/d"}]}]}),
            service: json!({"launchType": "EC2", "desiredCount": 1, "propagateTags": "SERVICE",
                "placementStrategy": [{"type": "spread", "field": "instanceId"}],
                "placementConstraints": [{"type": "distinctInstance"}]}),
            written: &[
                "sourcePath: /data",
                "memory: 256",
                "propagateTags: SERVICE",
                "type: spread",
                "distinctInstance",
            ],
        },
        Case {
            name: "daemon",
            definition: json!({"networkMode": "host",
                "containerDefinitions": [{"name": "app", "image": IMAGE, "memory": 64}]}),
            service: json!({"launchType": "EC2", "schedulingStrategy": "DAEMON"}),
            written: &["networkMode: host", "schedulingStrategy: DAEMON"],
        },
    ]
}

/// Creates each service, writes its files, and checks that a plan of them has no changes and which texts they have.
fn judge(emulator: &Emulator, lacks: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for case in cases(emulator) {
        let name = case.name;
        create(emulator, &case);
        let manifest = format!("{name}/ecsail.yml");
        let place = ["--manifest", &manifest, "--region", REGION];
        let arguments = [&place[..], &["init", "--cluster", "main", "--service", name]].concat();
        let run = emulator.folder.run(&arguments).exits(0).answers("no changes");
        let files: String =
            ["task", "service"].map(|folder| text(emulator, &format!("{name}/{folder}/{name}.yml"))).concat();
        for text in case.written {
            let is_lacking = lacks.contains(&(name, text));
            if files.contains(text) == is_lacking {
                wrong.push(format!(
                    "{name}: `{text}` is {}in the files",
                    if is_lacking { "" } else { "not " }
                ));
            }
        }
        assert!(!files.contains("hunter2"), "{run:?}");
    }
    assert!(wrong.is_empty(), "{}: {}", emulator.kind, wrong.join("\n"));
}

fn create(emulator: &Emulator, case: &Case) {
    let account = |document: &Value| emulator.with_account(&document.to_string());
    let mut definition = case.definition.clone();
    definition["family"] = json!(case.name);
    emulator.aws(&["ecs", "register-task-definition", "--cli-input-json", &account(&definition)]);
    let mut service = case.service.clone();
    service["serviceName"] = json!(case.name);
    service["cluster"] = json!("main");
    service["taskDefinition"] = json!(case.name);
    emulator.aws(&["ecs", "create-service", "--cli-input-json", &account(&service)]);
}

/// Returns the text of a file; empty where there is none.
fn text(emulator: &Emulator, name: &str) -> String {
    std::fs::read_to_string(emulator.folder.dir.path().join(name)).unwrap_or_default()
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_keeps_what_init_writes() {
    judge(&Emulator::moto(&[]), MOTO_LACKS);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_keeps_what_init_writes() {
    judge(&Emulator::ministack(&[]), MINISTACK_LACKS);
}

/// What moto does not keep, by service and text.
const MOTO_LACKS: &[(&str, &str)] = &[
    ("balanced", "enableExecuteCommand: true"),
    ("balanced", "healthCheckGracePeriodSeconds: 30"),
    ("balanced", "maximumPercent: 150"),
    ("balanced", "rollback: true"),
    ("instances", "type: spread"),
    ("instances", "distinctInstance"),
];

/// What MiniStack does not keep, by service and text.
const MINISTACK_LACKS: &[(&str, &str)] = &[("instances", "type: spread"), ("instances", "distinctInstance")];
