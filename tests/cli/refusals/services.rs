//! What `CreateService` and `UpdateService` refuse.

use ecsail_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::Answer::{Accepted, NotSeen, Refused};
use super::Finding::{Error, Nothing, Warning};
use super::definitions::{ec2, fargate};
use super::service_parts::{balanced, balancer_rows, connect_rows, daemon_rows, deployment_rows};
use super::{
    Answer, Finding, INVALID, compare_answer, compare_finding, merged, none_wrong, problems_by_file,
};
use crate::support::Folder;

/// A row: what is wrong, the definition, the members of the service, what `check` finds, and what the API answers.
pub(super) type Row = (&'static str, Value, Value, Finding, Answer);

pub(super) fn none() -> Value {
    json!({})
}

pub(super) fn plain() -> Value {
    fargate(none(), none())
}

fn network() -> Value {
    json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-01"]}}})
}

/// Returns the members of a service on Fargate.
pub(super) fn on_fargate(members: Value) -> Value {
    merged(merged(network(), &json!({"launchType": "FARGATE"})), &members)
}

fn launch_rows() -> Vec<Row> {
    let strategy = |items: Value| json!({"capacityProviderStrategy": items});
    let awsvpc_ec2 = || ec2(json!({"networkMode": "awsvpc"}), none());
    let public = json!({"launchType": "EC2", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-01"], "assignPublicIp": "ENABLED"}}});
    let place = |items: Value| json!({"launchType": "EC2", "placementStrategy": items});
    let spread = json!({"type": "spread", "field": "host"});
    let both = "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";
    vec![
        ("a service on Fargate", plain(), on_fargate(none()), Nothing, Accepted),
        ("a service on EC2", ec2(none(), none()), json!({"launchType": "EC2"}), Nothing, Accepted),
        (
            "a launch type and a strategy",
            plain(),
            on_fargate(strategy(json!([{"capacityProvider": "FARGATE", "weight": 1}]))),
            Error("launch-type-or-strategy"),
            Refused(INVALID, both),
        ),
        (
            "two bases",
            plain(),
            merged(
                network(),
                &strategy(
                    json!([{"capacityProvider": "FARGATE", "weight": 1, "base": 1}, {"capacityProvider": "FARGATE_SPOT", "base": 1}]),
                ),
            ),
            Error("capacity-providers"),
            Refused(
                INVALID,
                "There are multiple capacity providers in the specified capacity provider strategy with a base value defined",
            ),
        ),
        (
            "no weight",
            plain(),
            merged(network(), &strategy(json!([{"capacityProvider": "FARGATE"}]))),
            Error("capacity-providers"),
            Refused(
                INVALID,
                "There are no capacity providers in the capacity provider strategy with a weight value greater than zero",
            ),
        ),
        (
            "no network",
            plain(),
            json!({"launchType": "FARGATE"}),
            Warning("service-network-missing"),
            Refused(
                INVALID,
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ),
        ),
        (
            "a network with bridge",
            ec2(none(), none()),
            network(),
            Error("service-network-unused"),
            Refused(
                INVALID,
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ),
        ),
        (
            "no subnet",
            plain(),
            on_fargate(json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}})),
            Error("service-network-limits"),
            Refused(INVALID, "subnets can not be empty."),
        ),
        (
            "a public address on EC2",
            awsvpc_ec2(),
            public,
            Error("public-ip"),
            Refused(INVALID, "Assign public IP is not supported for this launch type"),
        ),
        (
            "a platform on EC2",
            ec2(none(), none()),
            json!({"launchType": "EC2", "platformVersion": "LATEST"}),
            Error("platform-version"),
            Refused(INVALID, "The platform version must be null when specifying an EC2 launch type"),
        ),
        (
            "a platform that is none",
            plain(),
            on_fargate(json!({"platformVersion": "9.9.9"})),
            Nothing,
            Refused("PlatformUnknownException", "does not exist."),
        ),
        (
            "a definition that Fargate does not run",
            ec2(none(), none()),
            json!({"launchType": "FARGATE"}),
            Error("launch-type-fargate"),
            Refused(INVALID, "Task definition does not support launch_type FARGATE."),
        ),
        (
            "a size that Fargate does not have, in a definition that does not require it",
            ec2(
                json!({"networkMode": "awsvpc", "cpu": "160", "memory": "512", "requiresCompatibilities": []}),
                none(),
            ),
            on_fargate(none()),
            Error("launch-type-fargate"),
            Refused(INVALID, "Task definition does not support launch_type FARGATE."),
        ),
        (
            "binpack by disk",
            ec2(none(), none()),
            place(json!([{"type": "binpack", "field": "disk"}])),
            Error("placement"),
            Refused(INVALID, "binpack field 'disk' is invalid"),
        ),
        (
            "random with a field",
            ec2(none(), none()),
            place(json!([{"type": "random", "field": "host"}])),
            Error("placement"),
            Refused(INVALID, "random field should not be specified"),
        ),
        (
            "distinctInstance with an expression",
            ec2(none(), none()),
            json!({"launchType": "EC2", "placementConstraints": [{"type": "distinctInstance", "expression": "x"}]}),
            Error("placement"),
            Refused(INVALID, "distinctInstance expression should not be specified"),
        ),
        (
            "six strategies",
            ec2(none(), none()),
            place(json!([spread, spread, spread, spread, spread, spread])),
            Error("placement"),
            Refused(INVALID, "Maximum number of strategies is 5"),
        ),
        (
            "placement on Fargate",
            plain(),
            on_fargate(json!({"placementStrategy": [spread]})),
            Error("placement"),
            NotSeen,
        ),
    ]
}

fn volume_rows() -> Vec<Row> {
    let mount = json!({"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]});
    let launched =
        || fargate(json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]}), mount.clone());
    let volume = |name: &str, members: Value| {
        let managed = merged(json!({"roleArn": "arn:aws:iam::123456789012:role/volumes"}), &members);
        on_fargate(json!({"volumeConfigurations": [{"name": name, "managedEBSVolume": managed}]}))
    };
    let size = json!({"sizeInGiB": 20});
    vec![
        (
            "a launch volume with its configuration",
            launched(),
            volume("data", size.clone()),
            Nothing,
            Accepted,
        ),
        (
            "a launch volume without configuration",
            launched(),
            on_fargate(none()),
            Warning("managed-volume-missing"),
            Refused(
                INVALID,
                "Task definition has configuredAtLaunch volume but no volume configuration provided at runtime",
            ),
        ),
        (
            "the configuration of another volume",
            launched(),
            volume("dat", size.clone()),
            Error("managed-volume"),
            Refused(
                INVALID,
                "The volume name 'dat' in your request does not have a matching volume in your Task Definition",
            ),
        ),
        (
            "a volume that is not configured at launch",
            fargate(json!({"volumes": [{"name": "data"}]}), mount.clone()),
            volume("data", size.clone()),
            Error("managed-volume"),
            Refused(INVALID, "does not have a matching volume in your Task Definition"),
        ),
        (
            "throughput of io2",
            launched(),
            volume(
                "data",
                merged(size.clone(), &json!({"volumeType": "io2", "iops": 3000, "throughput": 125})),
            ),
            Error("managed-volume"),
            Refused(INVALID, "ECS managed EBS volume configuration was invalid (InvalidParameterCombination"),
        ),
        (
            "iops of sc1",
            launched(),
            volume("data", json!({"sizeInGiB": 125, "volumeType": "sc1", "iops": 3000})),
            Error("managed-volume"),
            Refused(INVALID, "InvalidParameterCombination"),
        ),
        (
            "a volume without a size",
            launched(),
            volume("data", none()),
            Error("managed-volume"),
            Refused(INVALID, "MissingParameter"),
        ),
    ]
}

/// Returns a manifest with a service for each row, each with its files.
fn manifest(rows: &[Row]) -> Folder {
    let folder = Folder::new(&[]);
    let mut manifest = "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nservices:\n".to_owned();
    for (at, (_, definition, service, ..)) in rows.iter().enumerate() {
        folder.write(&format!("t{at}.json"), &format!("{definition:#}"));
        folder.write(&format!("s{at}.json"), &format!("{service:#}"));
        manifest.push_str(&format!("  r{at}: {{ task_definition: t{at}.json, service: s{at}.json }}\n"));
    }
    folder.write("ecsail.yml", &manifest);
    folder
}

#[test]
fn what_create_service_refuses_is_found_by_check() {
    let rows: Vec<Row> =
        [launch_rows(), volume_rows(), balancer_rows(), connect_rows(), daemon_rows(), deployment_rows()]
            .concat();
    let found = problems_by_file(&manifest(&rows).run(&["check", "--output", "json"]).exits(1));
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    sandbox.call("ecs", "CreateCluster", json!({"clusterName": "main"})).expect("a cluster");
    let mut wrong = Vec::new();
    for (at, (what, definition, service, finding, answer)) in rows.into_iter().enumerate() {
        let of = |file: String| found.get(&file).cloned().unwrap_or_default();
        let problems = [of(format!("t{at}.json")), of(format!("s{at}.json"))].concat();
        let family = format!("r{at}");
        let definition = merged(definition, &json!({"family": family}));
        sandbox
            .call("ecs", "RegisterTaskDefinition", definition)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let input =
            merged(json!({"cluster": "main", "serviceName": family, "taskDefinition": family}), &service);
        let checked = compare_finding(finding, &problems);
        let answered = compare_answer(answer, &sandbox, "ecs", "CreateService", input);
        wrong.extend(checked.into_iter().chain(answered).map(|text| format!("{what}: {text}")));
    }
    none_wrong(&wrong);
}

#[test]
fn what_update_service_refuses_of_a_running_service_has_its_words() {
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    sandbox.call("ecs", "CreateCluster", json!({"clusterName": "main"})).expect("a cluster");
    sandbox.call("ecs", "RegisterTaskDefinition", plain()).expect("a definition");
    let create = |name: &str, members: Value| {
        let base =
            json!({"cluster": "main", "serviceName": name, "taskDefinition": "shop", "desiredCount": 1});
        sandbox.call("ecs", "CreateService", merged(base, &on_fargate(members))).expect("a service");
    };
    create("web", none());
    create("blue", merged(balanced(none()), &json!({"deploymentController": {"type": "CODE_DEPLOY"}})));
    let switch = "When switching from launch type to capacity provider strategy on an existing service, or making a change";
    let rows = [
        (
            "web",
            json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}),
            Refused(INVALID, switch),
        ),
        ("web", json!({"capacityProviderStrategy": []}), Refused(INVALID, switch)),
        (
            "web",
            json!({"enableExecuteCommand": true}),
            Refused(INVALID, "a valid taskRoleArn is not being used"),
        ),
        (
            "blue",
            json!({"taskDefinition": "shop"}),
            Refused(
                INVALID,
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller.",
            ),
        ),
        ("blue", network(), Refused(INVALID, "Unable to update network parameters on")),
        ("blue", json!({"forceNewDeployment": true}), Refused(INVALID, "Cannot force a new deployment on")),
        ("blue", json!({"desiredCount": 2}), Accepted),
    ];
    let wrong: Vec<String> = rows
        .into_iter()
        .filter_map(|(service, members, answer)| {
            let input = merged(json!({"cluster": "main", "service": service}), &members);
            compare_answer(answer, &sandbox, "ecs", "UpdateService", input)
        })
        .collect();
    none_wrong(&wrong);
}
