//! What `RunTask` refuses.

use ecsail_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::Answer::{Accepted, NotSeen, Refused};
use super::Finding::{Error, Nothing};
use super::definitions::{ec2, fargate};
use super::{
    Answer, Finding, INVALID, compare_answer, compare_finding, merged, none_wrong, problems_by_file,
};
use crate::support::Folder;

/// A row: what is wrong, the definition, the keys of the task in the manifest, the `RunTask` input, what `check` finds, and
/// what the API answers.
type Row = (&'static str, Value, Value, Value, Finding, Answer);

fn none() -> Value {
    json!({})
}

fn plain() -> Value {
    fargate(none(), none())
}

fn network() -> Value {
    json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-01"]}}})
}

/// Returns a row whose task has overrides: as keys of the manifest, and as `RunTask` takes them.
fn overridden(what: &'static str, keys: Value, overrides: Value, finding: Finding, answer: Answer) -> Row {
    let input = merged(network(), &json!({"launchType": "FARGATE", "overrides": overrides}));
    let keys = merged(json!({"run_task": merged(network(), &json!({"launchType": "FARGATE"}))}), &keys);
    (what, plain(), keys, input, finding, answer)
}

/// Returns a row whose task has members of `RunTask`.
fn with_members(
    what: &'static str,
    definition: Value,
    members: Value,
    finding: Finding,
    answer: Answer,
) -> Row {
    (what, definition, json!({"run_task": members}), members, finding, answer)
}

fn container(members: Value) -> Value {
    json!({"containerOverrides": [merged(json!({"name": "app"}), &members)]})
}

fn rows() -> Vec<Row> {
    let long = "x".repeat(8300);
    let variable = |value: &str| json!([{"name": "P", "value": value}]);
    let mount = json!({"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]});
    let launched = fargate(json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]}), mount);
    let awsvpc_ec2 = ec2(json!({"networkMode": "awsvpc"}), none());
    let both = json!({"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]});
    let public = json!({"launchType": "EC2", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-01"], "assignPublicIp": "ENABLED"}}});
    vec![
        overridden(
            "a task",
            json!({"command": ["bin/migrate"]}),
            container(json!({"command": ["bin/migrate"]})),
            Nothing,
            Accepted,
        ),
        overridden(
            "long overrides",
            json!({"environment": {"P": long}}),
            container(json!({"environment": variable(&long)})),
            Error("override-length"),
            Refused(INVALID, "Container Overrides length must be at most 8192"),
        ),
        overridden(
            "an unknown container",
            json!({"container": "ap", "command": ["x"]}),
            json!({"containerOverrides": [{"name": "ap", "command": ["x"]}]}),
            Error("override-container"),
            Refused(INVALID, "Override for container named ap is not a container in the TaskDefinition."),
        ),
        overridden(
            "a size that Fargate lacks",
            json!({"memory": "3072"}),
            json!({"memory": "3072"}),
            Error("override-values"),
            NotSeen,
        ),
        overridden(
            "a size that is none",
            json!({"cpu": "lots"}),
            json!({"cpu": "lots"}),
            Error("override-values"),
            NotSeen,
        ),
        with_members(
            "no network",
            plain(),
            json!({"launchType": "FARGATE"}),
            Error("task-network"),
            Refused(
                INVALID,
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ),
        ),
        with_members(
            "a network with bridge",
            ec2(none(), none()),
            network(),
            Error("service-network-unused"),
            Refused(
                INVALID,
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ),
        ),
        with_members(
            "no subnet",
            plain(),
            json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}}),
            Error("service-network-limits"),
            Refused(INVALID, "subnets can not be empty."),
        ),
        with_members(
            "a launch type and a strategy",
            plain(),
            merged(network(), &both),
            Error("launch-type-or-strategy"),
            Refused(
                INVALID,
                "Specifying both a launch type and capacity provider strategy is not supported.",
            ),
        ),
        with_members(
            "a public address on EC2",
            awsvpc_ec2,
            public,
            Error("public-ip"),
            Refused(INVALID, "Assign public IP is not supported for this launch type"),
        ),
        with_members(
            "a launch volume",
            launched,
            merged(network(), &json!({"launchType": "FARGATE"})),
            Error("task-volume"),
            Refused(
                INVALID,
                "Task definition has configuredAtLaunch volume but no volume configuration provided at runtime",
            ),
        ),
        with_members(
            "a definition that Fargate does not run",
            ec2(none(), none()),
            json!({"launchType": "FARGATE"}),
            Error("launch-type-fargate"),
            Refused(INVALID, "Task definition does not support launch_type FARGATE."),
        ),
    ]
}

/// Returns a manifest with a task for each row, each on a line of its own, and the line of the first one.
fn manifest(rows: &[Row]) -> (Folder, usize) {
    let folder = Folder::new(&[]);
    let mut lines = vec![
        "ecsail: 1".to_owned(),
        "app: shop".to_owned(),
        "region: us-east-1".to_owned(),
        "cluster: main".to_owned(),
        "services: {}".to_owned(),
        "tasks:".to_owned(),
    ];
    let first = lines.len() + 1;
    for (at, (_, definition, keys, ..)) in rows.iter().enumerate() {
        folder.write(&format!("t{at}.json"), &format!("{definition:#}"));
        let keys = merged(json!({"task_definition": format!("t{at}.json")}), keys);
        lines.push(format!("  r{at}: {keys}"));
    }
    folder.write("ecsail.yml", &lines.join("\n"));
    (folder, first)
}

#[test]
fn what_run_task_refuses_is_found_by_check() {
    let rows = rows();
    let (folder, first) = manifest(&rows);
    let found = problems_by_file(&folder.run(&["check", "--output", "json"]).exits(1));
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    sandbox.call("ecs", "CreateCluster", json!({"clusterName": "main"})).expect("a cluster");
    let mut wrong = Vec::new();
    for (at, (what, definition, _, input, finding, answer)) in rows.into_iter().enumerate() {
        let line = (first + at) as u64;
        let own =
            found.get("ecsail.yml").into_iter().flatten().filter(|problem| problem.line == line).cloned();
        let problems: Vec<_> =
            own.chain(found.get(&format!("t{at}.json")).cloned().unwrap_or_default()).collect();
        let family = format!("r{at}");
        let definition = merged(definition, &json!({"family": family}));
        sandbox
            .call("ecs", "RegisterTaskDefinition", definition)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let input = merged(json!({"cluster": "main", "taskDefinition": family}), &input);
        let checked = compare_finding(finding, &problems);
        let answered = compare_answer(answer, &sandbox, "ecs", "RunTask", input);
        wrong.extend(checked.into_iter().chain(answered).map(|text| format!("{what}: {text}")));
    }
    none_wrong(&wrong);
}

#[test]
fn what_is_wrong_in_a_call_only_has_its_words() {
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    sandbox.call("ecs", "RegisterTaskDefinition", plain()).expect("a definition");
    let run = |overrides: Value, members: Value| {
        let base = merged(
            network(),
            &json!({"taskDefinition": "shop", "launchType": "FARGATE", "overrides": overrides}),
        );
        merged(base, &members)
    };
    let cases = [
        (
            run(container(json!({"environment": [{"name": "A"}]})), none()),
            Refused(INVALID, "Override argument cannot be null"),
        ),
        (
            run(container(json!({"memory": 1024})), none()),
            Refused(INVALID, "'memory' setting for container 'app' is greater than for task"),
        ),
        (run(none(), json!({"taskDefinition": "nope"})), Refused(super::CLIENT, "TaskDefinition not found.")),
        (run(none(), json!({"count": 11})), NotSeen),
    ];
    let cluster = sandbox.call("ecs", "CreateCluster", json!({"clusterName": "default"}));
    assert!(cluster.is_ok(), "{cluster:?}");
    let compared = cases
        .into_iter()
        .filter_map(|(input, answer)| compare_answer(answer, &sandbox, "ecs", "RunTask", input));
    none_wrong(&compared.collect::<Vec<_>>());
}
