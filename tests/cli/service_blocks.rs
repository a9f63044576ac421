//! Tests of service attributes that are written in part: what is not written is taken from what runs, or the plan shows
//! that it is reset. The sandbox replaces and merges blocks as `UpdateService` does.

use ecsail_sandbox::{Fault, FaultKind, Request, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, service};

const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup";

/// Returns a world with a service that has these members, and a manifest with these attributes.
fn world(members: Value, attributes: &str) -> World {
    let mut seeded = service("web", members);
    seeded.task_definition["containerDefinitions"][0]["portMappings"] =
        json!([{"containerPort": 80, "name": "http"}, {"containerPort": 8080, "name": "admin"}]);
    let definition = format!(
        "{DEFINITION}    portMappings: [ {{ containerPort: 80, name: http }}, {{ containerPort: 8080, name: admin }} ]\n"
    );
    let files = [("ecsail.yml", manifest(attributes)), ("web.yml", definition)];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    World::with(Scenario::Steady, &files, &[seeded])
}

fn manifest(attributes: &str) -> String {
    format!("{MANIFEST}    service: {attributes}\n")
}

fn plan(world: &World) -> Run {
    world.run(&["plan", "service", "web", "--tag", "v1", "--exit-code"])
}

/// Deploys the attributes alone.
fn deploy(world: &World) -> Run {
    world.run(&["deploy", "service", "web", "--tag", "v1"]).exits(0)
}

/// Returns the paths that a plan shows.
fn paths(world: &World) -> Vec<String> {
    let run = world.run(&["plan", "service", "web", "--tag", "v1", "--output", "json"]).exits(0);
    let changes = run.event("plan")["services"][0]["attributes"].clone();
    let path = |change: &Value| change["path"].as_str().unwrap_or_default().to_owned();
    changes.as_array().into_iter().flatten().map(path).collect()
}

/// Returns the last `UpdateService` request.
fn update(world: &World) -> Request {
    world.calls("UpdateService").pop().expect("an update")
}

#[test]
fn another_subnet_keeps_the_security_groups_and_the_public_address() {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"],
        "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}});
    let world =
        world(network, "{ networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-b ] } } }");
    assert_eq!(paths(&world), ["networkConfiguration.awsvpcConfiguration.subnets"]);
    deploy(&world);
    let expected = json!({"subnets": ["subnet-b"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"});
    assert_eq!(world.service("web")["networkConfiguration"]["awsvpcConfiguration"], expected);
    plan(&world).exits(0);
}

#[test]
fn a_block_may_leave_out_what_ecs_requires() {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"],
        "securityGroups": ["sg-1"]}}});
    let world =
        world(network, "{ networkConfiguration: { awsvpcConfiguration: { assignPublicIp: ENABLED } } }");
    deploy(&world);
    let expected = json!({"subnets": ["subnet-a"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"});
    assert_eq!(world.service("web")["networkConfiguration"]["awsvpcConfiguration"], expected);
}

#[test]
fn a_circuit_breaker_that_is_turned_on_keeps_its_rollback_and_threshold() {
    let breaker = json!({"enable": false, "rollback": true, "resetOnHealthyTask": false,
        "thresholdConfiguration": {"type": "COUNT", "value": 7}});
    let world = world(
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": breaker, "maximumPercent": 150}}),
        "{ deploymentConfiguration: { deploymentCircuitBreaker: { enable: true } } }",
    );
    assert_eq!(paths(&world), ["deploymentConfiguration.deploymentCircuitBreaker.enable"]);
    deploy(&world);
    let after = world.service("web")["deploymentConfiguration"].clone();
    let mut expected = breaker;
    expected["enable"] = json!(true);
    assert_eq!((&after["deploymentCircuitBreaker"], &after["maximumPercent"]), (&expected, &json!(150)));
}

#[test]
fn alarms_that_are_turned_off_keep_their_names() {
    let alarms = json!({"alarmNames": ["errors"], "enable": true, "rollback": true});
    let world = world(
        json!({"deploymentConfiguration": { "alarms": alarms }}),
        "{ deploymentConfiguration: { alarms: { enable: false } } }",
    );
    deploy(&world);
    let expected = json!({"alarmNames": ["errors"], "enable": false, "rollback": true});
    assert_eq!(world.service("web")["deploymentConfiguration"]["alarms"], expected);
}

#[test]
fn steps_and_hooks_of_a_deployment_keep_what_is_not_written() {
    let hook = json!({"hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:check",
        "roleArn": "arn:aws:iam::123456789012:role/hook", "lifecycleStages": ["POST_SCALE_UP"],
        "timeoutConfiguration": {"timeoutInMinutes": 31, "action": "CONTINUE"}});
    let linear = json!({"stepPercent": 33.0, "stepBakeTimeInMinutes": 9});
    let world = world(
        json!({"deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": linear,
            "lifecycleHooks": [hook]}, "loadBalancers": [advanced(80)]}),
        "{ deploymentConfiguration: { linearConfiguration: { stepPercent: 50 }, lifecycleHooks: [ { hookTargetArn: \
         'arn:aws:lambda:us-east-1:123456789012:function:check', lifecycleStages: [ POST_SCALE_UP ], \
         timeoutConfiguration: { timeoutInMinutes: 45 } } ] } }",
    );
    deploy(&world);
    let after = world.service("web")["deploymentConfiguration"].clone();
    assert_eq!(after["linearConfiguration"], json!({"stepPercent": 50, "stepBakeTimeInMinutes": 9}));
    let hook = &after["lifecycleHooks"][0];
    assert_eq!(hook["timeoutConfiguration"], json!({"timeoutInMinutes": 45, "action": "CONTINUE"}));
    assert_eq!(hook["roleArn"], "arn:aws:iam::123456789012:role/hook");
}

/// Returns a load balancer of a service whose traffic is shifted.
fn advanced(port: u16) -> Value {
    json!({"targetGroupArn": format!("{GROUP}/blue/0123456789abcdef"), "containerName": "app", "containerPort": port,
        "advancedConfiguration": {"alternateTargetGroupArn": format!("{GROUP}/green/0123456789abcdef"),
            "productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/a/b/c/d",
            "roleArn": "arn:aws:iam::123456789012:role/ecs"}})
}

#[test]
fn a_load_balancer_keeps_its_advanced_configuration() {
    let attributes = format!(
        "{{ loadBalancers: [ {{ targetGroupArn: '{GROUP}/blue/0123456789abcdef', containerName: app, containerPort: 8080 }} ] }}"
    );
    let world = world(json!({"loadBalancers": [advanced(80)]}), &attributes);
    deploy(&world);
    assert_eq!(world.service("web")["loadBalancers"], json!([advanced(8080)]));
}

fn connected() -> Value {
    json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "shop",
        "services": [{"portName": "http", "discoveryName": "web", "clientAliases": [{"port": 80, "dnsName": "web"}]}],
        "containerConfigurations": [{"logLevel": "debug"}]}})
}

/// Returns the Service Connect configuration of the PRIMARY deployment.
fn connection(world: &World) -> Value {
    world.service("web")["deployments"][0]["serviceConnectConfiguration"].clone()
}

#[test]
fn service_connect_keeps_what_is_not_written() {
    let world = world(
        connected(),
        "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http, timeout: { idleTimeoutSeconds: 60 } } ] } }",
    );
    let service = &paths(&world);
    assert!(
        service.iter().all(|path| path.starts_with("serviceConnectConfiguration.services")),
        "{service:?}"
    );
    deploy(&world);
    let mut expected = connected()["serviceConnectConfiguration"].clone();
    expected["services"][0]["timeout"] = json!({"idleTimeoutSeconds": 60});
    assert_eq!(connection(&world), expected);
}

#[test]
fn the_name_of_a_namespace_is_its_arn() {
    let arn = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-shop";
    for (running, same, other) in
        [(arn, "shop", "market"), ("shop", arn, "'arn:aws:x:y:1:namespace/ns-market'")]
    {
        let attributes = |namespace: &str| {
            format!("{{ serviceConnectConfiguration: {{ enabled: true, namespace: {namespace} }} }}")
        };
        let mut members = connected();
        members["serviceConnectConfiguration"]["namespace"] = json!(running);
        let world = world(members, &attributes(&format!("'{same}'")));
        plan(&world).exits(0).answers("web: no changes");
        world.folder.write("ecsail.yml", &manifest(&attributes(other)));
        plan(&world).exits(6).answers("serviceConnectConfiguration.namespace");
        world.folder.write("ecsail.yml", &manifest(&attributes(&format!("'{same}'"))));
        world.sandbox.inject(Fault::on("ListServicesByNamespace", FaultKind::AccessDenied).always());
        plan(&world).exits(6).answers("could not check whether service `web` is in namespace");
    }
}

#[test]
fn service_connect_that_is_turned_off_is_shown_whole() {
    let world = world(connected(), "{ serviceConnectConfiguration: { enabled: false } }");
    let paths = paths(&world);
    for member in ["enabled", "namespace", "services", "containerConfigurations"] {
        let path = format!("serviceConnectConfiguration.{member}");
        assert!(paths.iter().any(|shown| shown.starts_with(&path)), "{path} is not in {paths:?}");
    }
    deploy(&world);
    assert_eq!(connection(&world), json!({"enabled": false}));
}

#[test]
fn what_neither_the_manifest_nor_the_service_has_is_refused() {
    let world = world(
        json!({}),
        "{ serviceConnectConfiguration: { enabled: true, logConfiguration: { options: { awslogs-group: web } } } }",
    );
    let run = plan(&world).exits(1).says("`serviceConnectConfiguration.logConfiguration.logDriver`");
    run.says("the running service has no value to keep");
    world.unchanged();
}

#[test]
fn monitoring_is_read_from_the_service_revision() {
    let attributes = "{ monitoring: { metricConfigurations: [ { metricNames: [ CPUUtilization ], resolutionSeconds: 20 } ] } }";
    let world = world(json!({}), attributes);
    deploy(&world);
    plan(&world).exits(0).answers("web: no changes");
    world.sandbox.inject(Fault::on("DescribeServiceRevisions", FaultKind::AccessDenied).always());
    plan(&world).exits(0).answers("`monitoring` of service `web` is not compared");
}

#[test]
fn a_task_like_a_service_runs_in_its_whole_network() {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"],
        "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}});
    let world =
        world(network, "{ networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-b ] } } }");
    let text = manifest("{ networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-b ] } } }");
    world
        .folder
        .write("ecsail.yml", &format!("{text}tasks: {{ migrate: {{ like: web, command: [ 'true' ] }} }}\n"));
    world.run(&["run", "migrate", "--tag", "v1", "--no-wait"]).exits(0);
    let call = world.calls("RunTask").pop().expect("a task");
    let expected = json!({"subnets": ["subnet-b"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"});
    assert_eq!(call.body["networkConfiguration"]["awsvpcConfiguration"], expected);
}

#[test]
fn a_task_like_a_service_has_its_volumes() {
    let world = with_volumes();
    world.run(&["run", "--like", "web", "--cluster", "main", "--no-wait", "--", "true"]).exits(0);
    let volume = world.calls("RunTask").pop().expect("a task").body["volumeConfigurations"][0].clone();
    assert_eq!((&volume["name"], &volume["managedEBSVolume"]["sizeInGiB"]), (&json!("data"), &json!(20)));
}

/// Returns a world in which the next deploy fails and is rolled back by an update.
fn failing(members: Value, attributes: &str) -> World {
    let world = world(members, attributes);
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied).always());
    world
}

#[test]
fn a_failed_deploy_turns_off_what_it_turned_on() {
    let attributes = "{ serviceConnectConfiguration: { enabled: true, namespace: shop }, \
                      deploymentConfiguration: { alarms: { alarmNames: [ errors ], enable: true, rollback: false } } }";
    let world = failing(json!({"deploymentConfiguration": {"maximumPercent": 150}}), attributes);
    world.run(&["deploy", "service", "web", "--tag", "v2", "--on-failure", "rollback"]).exits(3);
    let restored = update(&world).body;
    assert_eq!(restored["serviceConnectConfiguration"], json!({"enabled": false}));
    let off = json!({"alarms": {"alarmNames": [], "enable": false, "rollback": false}});
    assert_eq!(restored["deploymentConfiguration"], off, "and nothing that the deploy left alone");
    assert_eq!(world.service("web")["deploymentConfiguration"]["maximumPercent"], 150);
}

#[test]
fn what_ecs_shows_and_does_not_take_is_not_sent_back() {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
    let world =
        failing(network, "{ networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-b ] } } }");
    let shown = FaultKind::Shown { block: "awsvpcConfiguration".to_owned(), member: "vpcId".to_owned() };
    world.sandbox.inject(Fault::on("DescribeServices", shown).always());
    let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--on-failure", "rollback"]).exits(3);
    run.says("`networkConfiguration.awsvpcConfiguration.vpcId` of service `web` is newer than this ecsail");
    for call in world.calls("UpdateService") {
        assert!(call.body["networkConfiguration"]["awsvpcConfiguration"]["vpcId"].is_null(), "{}", call.body);
    }
    assert_eq!(
        update(&world).body["networkConfiguration"]["awsvpcConfiguration"]["subnets"],
        json!(["subnet-a"])
    );
}

/// Returns a world whose two deployments had volumes of different sizes.
fn with_volumes() -> World {
    let volume = |size: u32| json!([{"name": "data", "managedEBSVolume": {"sizeInGiB": size, "roleArn": "arn:aws:iam::123456789012:role/ebs"}}]);
    let mut seeded = service("web", json!({"volumeConfigurations": volume(10)}));
    seeded.task_definition["volumes"] = json!([{"name": "data", "configuredAtLaunch": true}]);
    seeded.task_definition["containerDefinitions"][0]["mountPoints"] =
        json!([{"sourceVolume": "data", "containerPath": "/data"}]);
    let world = World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST)], &[seeded]);
    world.sandbox.advance(std::time::Duration::from_mins(1));
    world.call(
        "UpdateService",
        json!({"cluster": "main", "service": "web", "volumeConfigurations": volume(20), "forceNewDeployment": true}),
    );
    world.run(&["wait", "web"]).exits(0);
    world
}

#[test]
fn a_rollback_completes_what_a_service_revision_leaves_out() {
    let world = with_volumes();
    let left_out = FaultKind::LeftOut(vec!["roleArn".to_owned()]);
    world.sandbox.inject(Fault::on("DescribeServiceRevisions", left_out).always());
    world.run(&["rollback", "web", "--yes"]).exits(0);
    let volume = update(&world).body["volumeConfigurations"][0]["managedEBSVolume"].clone();
    assert_eq!(
        (&volume["sizeInGiB"], &volume["roleArn"]),
        (&json!(10), &json!("arn:aws:iam::123456789012:role/ebs"))
    );
}

#[test]
fn a_rollback_that_cannot_be_sent_is_refused_before_anything_changes() {
    let world = with_volumes();
    world.sandbox.clear_requests();
    for operation in ["DescribeServiceRevisions", "DescribeServices"] {
        let left_out = FaultKind::LeftOut(vec!["roleArn".to_owned()]);
        world.sandbox.inject(Fault::on(operation, left_out).always());
    }
    let run = world.run(&["rollback", "web", "--yes"]).exits(1);
    run.says("`volumeConfigurations` cannot be restored: ECS does not return `volumeConfigurations[].managedEBSVolume.roleArn`");
    world.unchanged();
}
