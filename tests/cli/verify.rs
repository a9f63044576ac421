//! Tests `ecsail verify`: what documents name in AWS is looked up, and what is missing or unusable is reported at its place.

use std::collections::BTreeMap;

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed, SeedKind, SeedObject, SeedParameter};
use serde_json::{Value, json};

use crate::support::{Folder, World, service};

/// A manifest that names something of every kind; `aaaa` is in all names.
pub(crate) const ALL: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
services:
  web:
    task_definition: web.yml
    service:
      capacityProviderStrategy: [ { capacityProvider: spot-aaaa, weight: 1 } ]
      networkConfiguration:
        awsvpcConfiguration: { subnets: [ subnet-0aaaa ], securityGroups: [ sg-0aaaa ] }
      loadBalancers:
        - containerName: app
          containerPort: 80
          targetGroupArn: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/aaaa/0123456789abcdef
      serviceConnectConfiguration: { enabled: true, namespace: aaaa.local }
      deploymentConfiguration:
        alarms: { alarmNames: [ errors-aaaa ], enable: true, rollback: true }
        lifecycleHooks:
          - hookTargetArn: arn:aws:lambda:us-east-1:123456789012:function:check-aaaa
            roleArn: arn:aws:iam::123456789012:role/hooks-aaaa
            lifecycleStages: [ POST_SCALE_UP ]
schedule_role: scheduler-aaaa
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: web } }
";

pub(crate) const ALL_DEFINITION: &str = "\
family: web
networkMode: awsvpc
requiresCompatibilities: [ EC2 ]
runtimePlatform: { cpuArchitecture: ARM64, operatingSystemFamily: LINUX }
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution-aaaa
taskRoleArn: arn:aws:iam::123456789012:role/task-aaaa
containerDefinitions:
  - name: app
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:aaaa
    portMappings: [ { containerPort: 80 } ]
    secrets:
      - { name: PASSWORD, valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-aaaa00:password::' }
      - { name: TOKEN, valueFrom: /shop/aaaa }
    environmentFiles: [ { type: s3, value: 'arn:aws:s3:::config/aaaa.env' } ]
    logConfiguration:
      logDriver: awslogs
      options: { awslogs-group: /ecs/aaaa, awslogs-region: us-east-1, awslogs-stream-prefix: app }
    mountPoints: [ { sourceVolume: data, containerPath: /data } ]
  - name: side
    essential: false
    image: registry.example.com/side:1
    repositoryCredentials: { credentialsParameter: registry-aaaa }
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-0aaaa
      transitEncryption: ENABLED
      authorizationConfig: { accessPointId: fsap-0aaaa }
";

const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/aaaa/0123456789abcdef";

fn kind(items: &[(&str, Value)]) -> SeedKind {
    let items = items.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    SeedKind { items, is_complete: true }
}

/// Returns what exists of what the manifest names.
pub(crate) fn sound() -> Seed {
    let tasks = json!(["ecs-tasks.amazonaws.com"]);
    let roles = kind(&[
        ("execution-aaaa", tasks.clone()),
        ("task-aaaa", tasks),
        ("hooks-aaaa", json!(["ecs.amazonaws.com"])),
        ("scheduler-aaaa", json!(["scheduler.amazonaws.com"])),
    ]);
    let group = json!({ "TargetType": "ip", "Protocol": "HTTP", "VpcId": "vpc-1" });
    let inventory: BTreeMap<String, SeedKind> = [
        ("roles", roles),
        ("subnets", kind(&[("subnet-0aaaa", json!("vpc-1"))])),
        ("security_groups", kind(&[("sg-0aaaa", json!("vpc-1"))])),
        ("file_systems", kind(&[("fs-0aaaa", Value::Null)])),
        ("access_points", kind(&[("fsap-0aaaa", json!("fs-0aaaa"))])),
        ("functions", kind(&[("check-aaaa", Value::Null)])),
        ("alarms", kind(&[("errors-aaaa", Value::Null)])),
        ("namespaces", kind(&[("aaaa.local", Value::Null)])),
        ("log_groups", kind(&[("/ecs/aaaa", Value::Null)])),
        ("target_groups", kind(&[(GROUP, group)])),
        ("capacity_providers", kind(&[("main", json!(["spot-aaaa"]))])),
        ("secret_keys", kind(&[("db", json!(["password"]))])),
    ]
    .into_iter()
    .map(|(name, kind)| (name.to_owned(), kind))
    .collect();
    let parameter =
        SeedParameter { name: "/shop/aaaa".to_owned(), kind: String::new(), value: "x".to_owned() };
    let object = SeedObject { bucket: "config".to_owned(), key: "aaaa.env".to_owned(), text: String::new() };
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-aaaa00".to_owned();
    Seed {
        clusters: vec!["main".to_owned()],
        secrets: vec![secret, "registry-aaaa".to_owned()],
        parameters: vec![parameter],
        objects: vec![object],
        inventory,
        ..Seed::default()
    }
}

/// Returns a world with what the manifest names, where `aaaa` is written so in its files.
fn world(name: &str) -> World {
    let files = [ALL, ALL_DEFINITION].map(|text| text.replace("aaaa", name));
    let files = [("ecsail.yml", files[0].as_str()), ("web.yml", files[1].as_str())];
    let world = World::with(Scenario::Steady, &files, &[]);
    world.sandbox.seed(&sound()).expect("the seed is good");
    world.push("aaaa");
    // The image that was pushed has a manifest without a config; the one of this tag is made by the sandbox.
    let made = json!({ "repositoryName": "shop/app", "imageIds": [{ "imageTag": "aaaa" }] });
    world.sandbox.call("ecr", "BatchDeleteImage", made).expect("it is there");
    let tags = vec![ecsail_sandbox::SeedTag { tag: "aaaa".to_owned(), ..ecsail_sandbox::SeedTag::default() }];
    let repositories = vec![ecsail_sandbox::SeedRepository { name: "shop/app".to_owned(), tags }];
    world.sandbox.seed(&Seed { repositories, ..Seed::default() }).expect("the seed is good");
    world
}

/// Replaces what exists of a kind.
fn declare(world: &World, name: &str, items: &[(&str, Value)]) {
    let inventory = [(name.to_owned(), kind(items))].into_iter().collect();
    world.sandbox.seed(&Seed { inventory, ..Seed::default() }).expect("the seed is good");
}

#[test]
fn a_broken_reference_of_every_kind_is_reported_in_one_run() {
    let world = world("bbbb");
    let run = world.run(&["verify"]).exits(1);
    insta::assert_snapshot!("verify_broken", format!("{}\n{}", run.stdout, run.stderr));
    world.unchanged();
}

#[test]
fn the_same_manifest_repaired_is_sound() {
    let world = world("aaaa");
    let run = world.run(&["verify", "--read-secrets"]).exits(0);
    insta::assert_snapshot!("verify_sound", format!("{}\n{}", run.stdout, run.stderr));
}

#[test]
fn without_rights_everything_is_unknown_and_the_actions_are_named() {
    let world = world("aaaa");
    world.sandbox.inject(Fault::any(FaultKind::AccessDenied).always());
    let run = world.run(&["verify", "--read-secrets"]).exits(0);
    insta::assert_snapshot!("verify_unknown", format!("{}\n{}", run.stdout, run.stderr));
    world.run(&["verify", "--strict"]).exits(1).answers("0 ok, 0 broken, 19 unknown");
}

#[test]
fn what_exists_and_cannot_be_used_is_broken() {
    let world = world("aaaa");
    declare(
        &world,
        "roles",
        &[
            ("execution-aaaa", json!(["lambda.amazonaws.com"])),
            ("task-aaaa", json!(["ecs-tasks.amazonaws.com"])),
            ("hooks-aaaa", json!(["ecs-tasks.amazonaws.com"])),
            ("scheduler-aaaa", json!(["events.amazonaws.com"])),
        ],
    );
    declare(&world, "images", &[("shop/app:aaaa", json!(["linux/amd64"]))]);
    declare(&world, "security_groups", &[("sg-0aaaa", json!("vpc-2"))]);
    let group = json!({ "TargetType": "instance", "LoadBalancerArns": [] });
    declare(&world, "target_groups", &[(GROUP, group)]);
    declare(&world, "access_points", &[("fsap-0aaaa", json!("fs-0cccc"))]);
    declare(&world, "secret_keys", &[("db", json!(["passwort"]))]);
    let run = world.run(&["verify", "--read-secrets"]).exits(1);
    insta::assert_snapshot!("verify_unusable", run.stderr);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("value-of-"), "a value of a secret is shown");
}

#[test]
fn values_of_secrets_are_read_only_where_it_is_asked_for() {
    let world = world("aaaa");
    world.run(&["verify"]).exits(0);
    assert_eq!(world.calls("GetSecretValue").len(), 0);
    world.run(&["verify", "--read-secrets"]).exits(0);
    assert_eq!(world.calls("GetSecretValue").len(), 1);
    let decrypted = world.calls("GetParameters").iter().any(|call| call.body["WithDecryption"] == true);
    assert!(!decrypted, "a parameter was decrypted");
}

#[test]
fn what_is_named_twice_is_looked_up_once() {
    let twice = ALL.replace("services:\n", "services:\n  api:\n    task_definition: web.yml\n");
    let world = world("aaaa");
    world.folder.write("ecsail.yml", &twice);
    world.run(&["verify"]).exits(0);
    let count = |operation: &str| world.calls(operation).len();
    let operations = ["GetRole", "DescribeSubnets", "GetParameters", "BatchGetImage", "DescribeLogGroups"];
    assert_eq!(operations.map(count), [4, 1, 1, 1, 1]);
}

#[test]
fn events_have_each_reference_with_its_places() {
    let world = world("aaaa");
    declare(&world, "alarms", &[]);
    let run = world.run(&["verify", "--output", "json"]).exits(1);
    let events = run.events();
    let alarm = events.iter().find(|event| event["kind"] == "alarm").expect("an event");
    let place = json!([{ "file": "ecsail.yml", "line": 18, "column": 33 }]);
    assert_eq!(
        (&alarm["result"], &alarm["name"], &alarm["places"]),
        (&json!("broken"), &json!("errors-aaaa"), &place)
    );
    let verified = run.event("verified");
    assert_eq!(
        (&verified["ok"], &verified["broken"], &verified["unknown"]),
        (&json!(18), &json!(1), &json!(0))
    );
    assert_eq!(run.event("error")["problems"][0]["message"], "no alarm named `errors-aaaa` in us-east-1");
}

#[test]
fn markdown_has_a_table_and_what_is_wrong() {
    let world = world("aaaa");
    declare(&world, "alarms", &[]);
    world.sandbox.inject(Fault::on("GetRole", FaultKind::AccessDenied).always());
    insta::assert_snapshot!(
        "verify_markdown",
        world.run(&["verify", "--output", "markdown"]).exits(1).stdout
    );
}

#[test]
fn a_deploy_that_verifies_changes_nothing_where_something_is_broken() {
    let world = World::new(Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "--verify", "--yes"]).exits(1).says("no role named `execution`");
    world.unchanged();
    declare(&world, "roles", &[("execution", json!(["ecs-tasks.amazonaws.com"]))]);
    world.run(&["deploy", "--tag", "v2", "--verify", "--yes"]).exits(0);
}

#[test]
fn a_manifest_can_ask_to_be_verified() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{}verify: true\n", crate::support::MANIFEST));
    world.run(&["plan", "--tag", "v2"]).exits(1).says("no role named `execution`");
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(1).says("no role named `execution`");
    // An image that is pushed only later is not looked up.
    declare(&world, "roles", &[("execution", json!(["ecs-tasks.amazonaws.com"]))]);
    world.run(&["plan", "--tag", "v9"]).exits(1).says("no tag `v9`");
    world.run(&["plan", "--tag", "v9", "--no-image-check"]).exits(0);
}

#[test]
fn only_what_is_named_is_verified() {
    let manifest = format!("{}  api:\n    task_definition: api.yml\n", crate::support::MANIFEST);
    let api = crate::support::DEFINITION.replace("role/execution", "role/other");
    let files =
        [("ecsail.yml", manifest.as_str()), ("web.yml", crate::support::DEFINITION), ("api.yml", &api)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    declare(&world, "roles", &[("execution", json!(["ecs-tasks.amazonaws.com"]))]);
    world.run(&["verify", "web", "--tag", "v2"]).exits(0).answers("2 references verified: 2 ok");
    world.run(&["verify", "--tag", "v2"]).exits(1).says("no role named `other`");
}

#[test]
fn a_new_sandbox_has_what_the_manifest_names() {
    let folder = Folder::new(&[("ecsail.yml", ALL), ("web.yml", ALL_DEFINITION)]);
    let run = folder.run(&["--sandbox", "verify", "--read-secrets", "--tag", "aaaa"]);
    run.exits(0).answers("0 broken, 0 unknown");
    folder.write(
        "ecsail.sandbox.yml",
        "roles: { execution-aaaa: [ecs-tasks.amazonaws.com], task-aaaa: [] }\nalarms: []\n",
    );
    let run = folder.run(&["--sandbox", "verify", "--tag", "aaaa"]).exits(1);
    for text in
        ["no role named `scheduler-aaaa`", "does not trust `ecs-tasks.amazonaws.com`", "no alarm named"]
    {
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
}

#[test]
fn all_mistakes_in_the_file_of_the_sandbox_are_reported_with_their_lines() {
    let folder =
        Folder::new(&[("ecsail.yml", crate::support::MANIFEST), ("web.yml", crate::support::DEFINITION)]);
    let text =
        "paramters: { /a: b }\nsecrets: 7\ntarget_groups: { a: { typ: ip } }\nobjects: { b: { file: x } }\n";
    folder.write("ecsail.sandbox.yml", text);
    insta::assert_snapshot!(
        "verify_sandbox_file",
        folder
            .run(&["--sandbox", "verify", "--tag", "v2"])
            .exits(1)
            .stderr
            .replace(&folder.dir.path().display().to_string(), "")
    );
}

#[test]
fn a_namespace_by_its_arn_is_read_by_its_id() {
    let arn = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-0aaaa";
    let manifest = ALL.replace("namespace: aaaa.local", &format!("namespace: '{arn}'"));
    let world = world("aaaa");
    world.folder.write("ecsail.yml", &manifest);
    for (declared, code) in
        [(arn, 0), ("arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-0bbbb", 1)]
    {
        declare(&world, "namespaces", &[(declared, Value::Null)]);
        let run = world.run(&["verify"]).exits(code);
        assert_eq!(
            run.stdout.contains("broken   namespace") || run.stdout.contains("broken  namespace"),
            code == 1,
            "{run:?}"
        );
    }
    assert_eq!(world.calls("GetNamespace").len(), 2);
}
