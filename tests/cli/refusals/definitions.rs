//! What `RegisterTaskDefinition` refuses.

use ecsail_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::Answer::{Accepted, NotSeen, Refused};
use super::Finding::{Error, Nothing, Warning, Words};
use super::definition_parts::{environment_rows, fargate_rows, reference_rows, volume_rows};
use super::{Answer, CLIENT, Finding, compare_answer, compare_finding, merged, none_wrong, problems_by_file};
use crate::support::Folder;

/// A row: what is wrong, the definition, what `check` finds, and what the API answers.
pub(super) type Row = (&'static str, Value, Finding, Answer);

const ROLE: &str = "arn:aws:iam::123456789012:role/execution";

/// Returns a definition for Fargate, with members added to the task and to its container `app`.
pub(super) fn fargate(task: Value, container: Value) -> Value {
    let app = merged(
        json!({"name": "app", "image": "nginx:1.27", "portMappings": [{"containerPort": 80}]}),
        &container,
    );
    let base = json!({"family": "shop", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
        "memory": "512", "executionRoleArn": ROLE, "containerDefinitions": [app]});
    merged(base, &task)
}

/// Returns a definition for EC2 with network mode `bridge`, with members added to the task and to its container `app`.
pub(super) fn ec2(task: Value, container: Value) -> Value {
    let app = merged(json!({"name": "app", "image": "nginx:1.27", "memory": 128}), &container);
    let base = json!({"family": "shop", "networkMode": "bridge", "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [app]});
    merged(base, &task)
}

/// Returns a definition with a second container.
pub(super) fn beside(mut definition: Value, container: Value) -> Value {
    let second = merged(json!({"name": "side", "image": "nginx:1.27", "memory": 64}), &container);
    definition["containerDefinitions"].as_array_mut().expect("a list").push(second);
    definition
}

pub(super) fn none() -> Value {
    json!({})
}

fn containers(count: usize) -> Value {
    (0..count).map(|at| json!({"name": format!("c{at}"), "image": "nginx:1.27"})).collect()
}

fn task_rows() -> Vec<Row> {
    let size = "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section";
    let pair = "No Fargate configuration exists for given values: 1024 CPU, 1024 memory.";
    let windows = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"});
    vec![
        ("a correct definition for Fargate", fargate(none(), none()), Nothing, Accepted),
        ("a correct definition for EC2", ec2(none(), none()), Nothing, Accepted),
        (
            "no family",
            fargate(json!({"family": ""}), none()),
            Error("family-name"),
            Refused(CLIENT, "Family can not be blank."),
        ),
        (
            "a family with a blank",
            fargate(json!({"family": "my shop"}), none()),
            Error("family-name"),
            Refused(CLIENT, "Family contains invalid characters."),
        ),
        (
            "a large definition",
            ec2(none(), json!({"command": ["x".repeat(66_000)]})),
            Error("definition-size"),
            Refused(CLIENT, "Max allowed length is '65536' bytes."),
        ),
        (
            "no container",
            fargate(json!({"containerDefinitions": []}), none()),
            Error("container-count"),
            Refused(CLIENT, "Container list cannot be empty"),
        ),
        (
            "eleven containers",
            fargate(json!({"containerDefinitions": containers(11)}), none()),
            Error("container-count"),
            Refused(CLIENT, "Too many containers"),
        ),
        (
            "no image",
            fargate(none(), json!({"image": ""})),
            Error("container-incomplete"),
            Refused(CLIENT, "Container.image should not be null or empty."),
        ),
        (
            "no name",
            fargate(none(), json!({"name": ""})),
            Error("container-incomplete"),
            Refused(CLIENT, "Container.name should not be null or empty."),
        ),
        (
            "a name with a dot",
            fargate(none(), json!({"name": "a.b"})),
            Error("container-name"),
            Refused(CLIENT, "Container.name contains invalid characters."),
        ),
        (
            "two containers of one name",
            beside(fargate(none(), none()), json!({"name": "app"})),
            Words("duplicate `app`"),
            Refused(CLIENT, "Container names must be unique within a task definition"),
        ),
        (
            "no essential container",
            fargate(none(), json!({"essential": false})),
            Error("essential-container"),
            Refused(CLIENT, "Task definition doesn't have any essential container"),
        ),
        (
            "cpu that is no size",
            ec2(json!({"cpu": "lots"}), none()),
            Error("task-size"),
            Refused(CLIENT, size),
        ),
        ("empty cpu", ec2(json!({"cpu": ""}), none()), Error("task-size"), Refused(CLIENT, size)),
        (
            "a size that Fargate lacks",
            fargate(json!({"cpu": "1024", "memory": "1024"}), none()),
            Error("fargate-cpu-memory"),
            Refused(CLIENT, pair),
        ),
        (
            "a small size for Windows",
            fargate(json!({"runtimePlatform": windows}), none()),
            Error("fargate-cpu-memory"),
            Refused(CLIENT, "No Fargate configuration exists for given values: 256 CPU, 512 memory."),
        ),
        (
            "a size that is newer than the documentation",
            fargate(json!({"cpu": "32768", "memory": "61440"}), none()),
            Warning("fargate-size-new"),
            NotSeen,
        ),
        (
            "Fargate without cpu",
            fargate(json!({"cpu": null}), none()),
            Error("fargate-size-missing"),
            Refused(CLIENT, "Fargate requires that 'cpu' be defined at the task level."),
        ),
        (
            "Fargate without a network mode",
            fargate(json!({"networkMode": null}), none()),
            Error("fargate-network-mode"),
            Refused(CLIENT, "Fargate only supports network mode"),
        ),
        (
            "no memory anywhere",
            ec2(none(), json!({"memory": null})),
            Error("memory-missing"),
            Refused(
                CLIENT,
                "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
            ),
        ),
        (
            "a container with more memory than the task",
            fargate(none(), json!({"memory": 1024})),
            Error("container-memory"),
            Refused(CLIENT, "The 'memory' setting for container 'app' is greater than for the task"),
        ),
        (
            "a reservation above the limit",
            ec2(none(), json!({"memoryReservation": 256})),
            Error("memory-reservation"),
            Refused(CLIENT, "'memory' must be greater than or equal to 'memoryReservation'"),
        ),
        (
            "containers with more cpu than the task",
            fargate(none(), json!({"cpu": 512})),
            Error("container-cpu"),
            Refused(
                CLIENT,
                "The sum of all container 'cpu' values cannot be greater than the task-level 'cpu' value",
            ),
        ),
        (
            "Windows on ARM",
            ec2(json!({"runtimePlatform": merged(windows, &json!({"cpuArchitecture": "ARM64"}))}), none()),
            Error("windows-arm"),
            Refused(CLIENT, "ARM64"),
        ),
        (
            "Elastic Inference",
            ec2(json!({"inferenceAccelerators": [{"deviceName": "a", "deviceType": "eia2.medium"}]}), none()),
            Error("inference-accelerators"),
            Refused(CLIENT, "Unsupported field 'inferenceAccelerators'"),
        ),
        (
            "20 GiB of storage",
            fargate(json!({"ephemeralStorage": {"sizeInGiB": 20}}), none()),
            Error("ephemeral-storage"),
            Refused(CLIENT, "EphemeralStorage size should be at least 21"),
        ),
        (
            "201 GiB of storage",
            fargate(json!({"ephemeralStorage": {"sizeInGiB": 201}}), none()),
            Error("ephemeral-storage"),
            Refused(CLIENT, "at most 200"),
        ),
        (
            "ephemeral storage on EC2",
            ec2(json!({"ephemeralStorage": {"sizeInGiB": 30}}), none()),
            Error("ephemeral-storage"),
            Refused(CLIENT, "Tasks using the EC2 launch type do not support EphemeralStorage"),
        ),
        (
            "a soft limit above the hard one",
            ec2(none(), json!({"ulimits": [{"name": "nofile", "softLimit": 2, "hardLimit": 1}]})),
            Error("ulimit"),
            Refused(CLIENT, "Soft limit exceeds hard limit for ulimit nofile"),
        ),
        (
            "restarts every minute",
            fargate(none(), json!({"restartPolicy": {"enabled": true, "restartAttemptPeriod": 59}})),
            Error("restart-period"),
            Refused(
                CLIENT,
                "the 'restartAttemptPeriod' setting for container 'app' must be between 60 and 1800",
            ),
        ),
        (
            "a health check every second",
            fargate(none(), json!({"healthCheck": {"command": ["CMD", "x"], "interval": 1}})),
            Error("health-check-range"),
            Refused(CLIENT, "interval"),
        ),
        (
            "a health check without CMD",
            fargate(none(), json!({"healthCheck": {"command": ["/healthcheck"]}})),
            Warning("health-check-command"),
            Accepted,
        ),
        ("no tags", fargate(json!({"tags": []}), none()), Nothing, Refused(CLIENT, "Tags can not be empty.")),
        (
            "an empty role",
            fargate(json!({"taskRoleArn": ""}), none()),
            Error("role-syntax"),
            Refused(CLIENT, "Role is not valid"),
        ),
        (
            "a role of an account that is none",
            fargate(json!({"taskRoleArn": "arn:aws:iam::1234:role/app"}), none()),
            Error("role-syntax"),
            Refused(CLIENT, "Role is not valid"),
        ),
        ("a short name of a role", fargate(json!({"taskRoleArn": "app"}), none()), Nothing, Accepted),
    ]
}

fn port_rows() -> Vec<Row> {
    let port = |mapping: Value| json!({"portMappings": [mapping]});
    let ports = |mappings: Value| json!({"portMappings": mappings});
    let twice = "TCP host port '3000' is mapped multiple times in task.";
    vec![
        (
            "another host port with awsvpc",
            fargate(none(), port(json!({"containerPort": 80, "hostPort": 8080}))),
            Error("host-port"),
            Refused(
                CLIENT,
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ),
        ),
        (
            "container port 0",
            fargate(none(), port(json!({"containerPort": 0}))),
            Error("container-port"),
            Refused(CLIENT, "Invalid 'containerPort' setting for container 'app'."),
        ),
        (
            "no container port",
            fargate(none(), port(json!({"name": "http"}))),
            Error("container-port"),
            Refused(CLIENT, "Invalid 'containerPort' setting for container 'app'."),
        ),
        (
            "one host port twice",
            ec2(
                none(),
                ports(
                    json!([{"containerPort": 80, "hostPort": 3000}, {"containerPort": 81, "hostPort": 3000}]),
                ),
            ),
            Error("host-port-twice"),
            Refused(CLIENT, twice),
        ),
        (
            "one port of two containers with awsvpc",
            beside(
                fargate(none(), port(json!({"containerPort": 3000}))),
                port(json!({"containerPort": 3000})),
            ),
            Error("host-port-twice"),
            Refused(CLIENT, twice),
        ),
        (
            "one port for TCP and UDP",
            fargate(none(), ports(json!([{"containerPort": 53}, {"containerPort": 53, "protocol": "udp"}]))),
            Nothing,
            Accepted,
        ),
        (
            "ranges that overlap",
            fargate(none(), ports(json!([{"containerPortRange": "80-90"}, {"containerPortRange": "90-95"}]))),
            Error("port-range"),
            Refused(CLIENT, "container port is used multiple times in task"),
        ),
        (
            "a range that is reversed",
            fargate(none(), port(json!({"containerPortRange": "90-80"}))),
            Error("port-range"),
            Refused(CLIENT, "Invalid 'containerPortRange' setting"),
        ),
        (
            "a port and a range",
            fargate(none(), port(json!({"containerPort": 80, "containerPortRange": "80-90"}))),
            Error("port-range"),
            Refused(CLIENT, "cannot specify both single port and port range"),
        ),
        (
            "one port name twice",
            fargate(
                none(),
                ports(json!([{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}])),
            ),
            Error("port-name-twice"),
            Refused(CLIENT, "port mapping name is already used"),
        ),
        (
            "a protocol in capitals",
            fargate(none(), port(json!({"containerPort": 80, "protocol": "TCP"}))),
            Nothing,
            Accepted,
        ),
        (
            "links with awsvpc",
            beside(ec2(json!({"networkMode": "awsvpc"}), json!({"links": ["side"]})), none()),
            Error("network-mode"),
            Refused(CLIENT, "Links are not supported when networkMode=awsvpc"),
        ),
        (
            "a hostname with awsvpc",
            fargate(none(), json!({"hostname": "app"})),
            Error("network-mode"),
            Refused(CLIENT, "hostname is not supported on container when networkMode=awsvpc"),
        ),
        (
            "DNS servers with awsvpc",
            ec2(json!({"networkMode": "awsvpc"}), json!({"dnsServers": ["10.0.0.2"]})),
            Error("network-mode"),
            Refused(CLIENT, "DNS servers are not supported on container when networkMode=awsvpc"),
        ),
        (
            "extra hosts with awsvpc",
            ec2(
                json!({"networkMode": "awsvpc"}),
                json!({"extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.2"}]}),
            ),
            Error("network-mode"),
            Refused(CLIENT, "Extra hosts are not supported on container when networkMode=awsvpc"),
        ),
        (
            "links to themselves",
            beside(ec2(none(), json!({"links": ["side"]})), json!({"links": ["app"]})),
            Error("links"),
            Refused(CLIENT, "Container links should not have a cycle"),
        ),
        ("a link to nothing", ec2(none(), json!({"links": ["db"]})), Error("links"), NotSeen),
    ]
}

#[test]
fn what_register_task_definition_refuses_is_found_by_check() {
    let rows: Vec<Row> =
        [task_rows(), port_rows(), fargate_rows(), environment_rows(), reference_rows(), volume_rows()]
            .concat();
    let folder = Folder::new(&[]);
    let mut arguments =
        vec!["check".to_owned(), "--output".to_owned(), "json".to_owned(), "--definition".to_owned()];
    for (at, (_, definition, ..)) in rows.iter().enumerate() {
        let name = format!("d{at}.json");
        folder.write(&name, &format!("{definition:#}"));
        arguments.push(name);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let found = problems_by_file(&folder.run(&arguments).exits(1));
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    let mut wrong = Vec::new();
    for (at, (what, definition, finding, answer)) in rows.into_iter().enumerate() {
        let problems = found.get(&format!("d{at}.json")).map(Vec::as_slice).unwrap_or_default();
        let checked = compare_finding(finding, problems);
        let answered = compare_answer(answer, &sandbox, "ecs", "RegisterTaskDefinition", definition);
        wrong.extend(checked.into_iter().chain(answered).map(|text| format!("{what}: {text}")));
    }
    none_wrong(&wrong);
}
