//! Tests that what ECS returns in another spelling is no change: a definition is deployed, ECS returns it in its own
//! spelling, and a plan of the same definition shows nothing.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{MANIFEST, World, service};

/// Returns a world whose service `web` was deployed with this definition.
fn deployed(definition: &str) -> World {
    world(definition, service("web", json!({})))
}

/// Returns a world whose service `web` runs on EC2 and was deployed with this definition.
fn deployed_on_ec2(mode: &str, definition: &str) -> World {
    let mut seeded = service("web", json!({}));
    seeded.task_definition = json!({"family": "web", "networkMode": mode, "memory": "512",
        "containerDefinitions": [{"name": "app", "image": "public.ecr.aws/docker/library/busybox:1.36"}]});
    world(definition, seeded)
}

fn world(definition: &str, seeded: SeedService) -> World {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition)];
    let world = World::with(Scenario::Steady, &files, &[seeded]);
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    world
}

/// Returns the definition of a Fargate task with these containers.
fn fargate(containers: &str) -> String {
    format!(
        "family: web\nnetworkMode: awsvpc\nrequiresCompatibilities: [FARGATE]\ncpu: 256\nmemory: 512\n\
         executionRoleArn: arn:aws:iam::123456789012:role/execution\ncontainerDefinitions:\n{containers}"
    )
}

/// Returns the definition of an EC2 task with these containers.
fn ec2(mode: &str, containers: &str) -> String {
    format!("family: web\nnetworkMode: {mode}\nmemory: 512\ncontainerDefinitions:\n{containers}")
}

/// Fails unless a plan of this definition shows no change.
#[track_caller]
fn is_unchanged(world: &World, definition: &str) {
    world.folder.write("web.yml", definition);
    let run = world.run(&["plan", "service", "web", "--tag", "v2", "--exit-code"]).exits(0);
    run.answers("web: no changes (web:2 stays)");
}

/// Fails unless a plan of this definition shows a change at a path.
#[track_caller]
fn is_changed(world: &World, definition: &str, path: &str) {
    world.folder.write("web.yml", definition);
    world.run(&["plan", "service", "web", "--tag", "v2", "--exit-code"]).exits(6).answers(path);
}

fn container(world: &World, index: usize) -> Value {
    world.definition("web:2").0["containerDefinitions"][index].clone()
}

#[test]
fn the_user_of_a_firelens_container_is_0_written_or_not() {
    let router = |user: &str| {
        fargate(&format!(
            "  - {{ name: app, image: '{{{{ image.app }}}}', logConfiguration: {{ logDriver: awsfirelens }} }}\n\
             \x20 - {{ name: log, {user} image: fluent-bit, firelensConfiguration: {{ type: fluentbit }} }}\n"
        ))
    };
    let world = deployed(&router(""));
    assert_eq!(container(&world, 1)["user"], "0", "as ECS returns it");
    is_unchanged(&world, &router(""));
    is_unchanged(&world, &router("user: '0',"));
    is_changed(&world, &router("user: '0:1000',"), "containerDefinitions[log].user");
}

#[test]
fn the_name_of_a_role_is_its_arn() {
    let definition = |task: &str, execution: &str| {
        let containers = "  - { name: app, image: '{{ image.app }}' }\n";
        let named = fargate(containers).replace("arn:aws:iam::123456789012:role/execution", execution);
        format!("{named}taskRoleArn: {task}\n")
    };
    let world = deployed(&definition("app", "execution"));
    let registered = world.definition("web:2").0;
    assert_eq!(registered["taskRoleArn"], "arn:aws:iam::123456789012:role/app", "as ECS returns it");
    is_unchanged(&world, &definition("app", "execution"));
    is_unchanged(&world, &definition("arn:aws:iam::123456789012:role/app", "execution"));
    is_changed(&world, &definition("other", "execution"), "taskRoleArn");
    is_changed(&world, &definition("arn:aws:iam::123456789012:role/team/app", "execution"), "taskRoleArn");
    is_changed(&world, &definition("app", "other"), "executionRoleArn");
    is_changed(&world, &fargate("  - { name: app, image: '{{ image.app }}' }\n"), "taskRoleArn");
}

#[test]
fn the_host_port_under_network_mode_host_is_the_container_port() {
    let ports = |ports: &str| {
        ec2("host", &format!("  - {{ name: app, image: '{{{{ image.app }}}}', portMappings: {ports} }}\n"))
    };
    let world = deployed_on_ec2("host", &ports("[ { containerPort: 8080 } ]"));
    assert_eq!(container(&world, 0)["portMappings"][0]["hostPort"], 8080, "as ECS returns it");
    is_unchanged(&world, &ports("[ { containerPort: 8080 } ]"));
    is_unchanged(&world, &ports("[ { containerPort: 8080, hostPort: 8080, protocol: tcp } ]"));
    is_changed(&world, &ports("[ { containerPort: 8081 } ]"), "portMappings[8081/tcp]");
}

#[test]
fn lists_whose_order_ecs_does_not_keep_are_no_change() {
    let definition = |rest: &str| {
        let containers = format!(
            "  - {{ name: logger, image: busybox, essential: false }}\n\
             \x20 - {{ name: setup, image: busybox, essential: false }}\n\
             \x20 - name: app\n    image: {{{{ image.app }}}}\n{rest}"
        );
        ec2("bridge", &containers)
    };
    let written = "    environment: { A: '1', B: '2', C: '3', D: '4', E: '5' }
    links: [ 'logger:log', 'setup:init' ]
    portMappings: [ { containerPort: 8080 }, { containerPort: 443 }, { containerPort: 80 } ]
    volumesFrom: [ { sourceContainer: logger }, { sourceContainer: setup } ]
";
    let turned = "    environment: { E: '5', D: '4', C: '3', B: '2', A: '1' }
    links: [ 'setup:init', 'logger:log' ]
    portMappings: [ { containerPort: 80 }, { containerPort: 443 }, { containerPort: 8080 } ]
    volumesFrom: [ { sourceContainer: setup }, { sourceContainer: logger } ]
";
    let world = deployed_on_ec2("bridge", &definition(written));
    let names = |list: &Value| -> String {
        list.as_array().into_iter().flatten().filter_map(|item| item["name"].as_str()).collect()
    };
    assert_ne!(names(&container(&world, 2)["environment"]), "ABCDE", "ECS returns another order");
    is_unchanged(&world, &definition(written));
    is_unchanged(&world, &definition(turned));
}

#[test]
fn an_order_that_counts_is_a_change() {
    let definition =
        |members: &str| fargate(&format!("  - {{ name: app, image: '{{{{ image.app }}}}', {members} }}\n"));
    let files = |first: &str, second: &str| {
        let file = |name: &str| format!("{{ type: s3, value: 'arn:aws:s3:::config/{name}.env' }}");
        definition(&format!("environmentFiles: [ {}, {} ]", file(first), file(second)))
    };
    let world = deployed(&files("base", "own"));
    is_unchanged(&world, &files("base", "own"));
    is_changed(&world, &files("own", "base"), "environmentFiles");
}

#[test]
fn what_ecs_fills_in_is_no_change() {
    let definition = |members: &str| {
        let health =
            "healthCheck: { command: [ CMD, 'true' ] }, linuxParameters: { initProcessEnabled: true }";
        fargate(&format!("  - {{ name: app, image: '{{{{ image.app }}}}', {health}{members} }}\n"))
    };
    let world = deployed(&definition(""));
    assert_eq!(container(&world, 0)["versionConsistency"], "enabled", "as ECS returns it");
    assert_eq!(container(&world, 0)["linuxParameters"]["devices"], json!([]), "as ECS returns it");
    is_unchanged(&world, &definition(""));
    is_unchanged(&world, &definition(", versionConsistency: enabled, cpu: 0, essential: true"));
    is_changed(&world, &definition(", versionConsistency: disabled"), "versionConsistency");
}

#[test]
fn a_deploy_of_the_same_definition_registers_nothing_after_a_rollback_to_it() {
    let named = fargate("  - { name: app, image: '{{ image.app }}' }\n") + "taskRoleArn: app\n";
    let world = deployed(&named);
    world.deploy("v3").exits(0).answers("web: deployed web:3");
    world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:2");
    world.deploy("v2").exits(0).answers("web: unchanged, web:2 stays");
}

/// The role of the schedules, in a path that its name does not have.
const ROLE_IN_PATH: &str = "arn:aws:iam::123456789012:role/team/scheduler";

#[test]
fn the_name_of_a_role_of_a_schedule_or_rule_is_its_arn() {
    let world = crate::schedules::deployed();
    let call = |service: &str, operation: &str, input: Value| {
        world.sandbox.call(service, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    };
    let name = json!({"Name": "nightly", "GroupName": "shop"});
    let mut schedule = call("scheduler", "GetSchedule", name);
    schedule["Target"]["RoleArn"] = json!(ROLE_IN_PATH);
    let members = schedule.as_object_mut().expect("a mapping");
    members.retain(|name, _| !["Arn", "CreationDate", "LastModificationDate"].contains(&name.as_str()));
    call("scheduler", "UpdateSchedule", schedule);
    let mut targets = call("events", "ListTargetsByRule", json!({"Rule": "hourly"}))["Targets"].clone();
    targets[0]["RoleArn"] = json!(ROLE_IN_PATH);
    call("events", "PutTargets", json!({"Rule": "hourly", "Targets": targets}));
    world.sandbox.clear_requests();
    world.run(&["plan", "--tag", "v2", "--exit-code"]).exits(0);
    world.run(&["deploy", "schedule", "--tag", "v2", "--yes"]).exits(0);
    assert!(world.calls("UpdateSchedule").is_empty() && world.calls("PutTargets").is_empty());
}
