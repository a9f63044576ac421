//! Definitions that are registered and planned again, on MiniStack and moto behind a proxy that refuses what ECS refuses
//! and answers in ECS's spelling.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use crate::support::emulator::Emulator;

/// Definitions whose answer ECS spells otherwise.
const DEFINITIONS: &[(&str, &str)] = &[
    (
        "role names and FireLens",
        "\
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 1 vCPU
memory: 2 GB
taskRoleArn: app
executionRoleArn: execution
containerDefinitions:
  - name: app
    image: {{ image.app }}
    memory: 512
    portMappings: [ { containerPort: 8080, name: http }, { containerPort: 9090 } ]
    environment: { A: '1', B: '2', C: '3', D: '4', E: '' }
    secrets: { F: /shop/f, G: /shop/g, H: /shop/h, I: /shop/i }
    logConfiguration: { logDriver: awsfirelens }
    linuxParameters: { initProcessEnabled: true }
  - name: log
    image: public.ecr.aws/aws-observability/aws-for-fluent-bit:stable
    memory: 128
    firelensConfiguration: { type: fluentbit }
",
    ),
    (
        "host mode",
        "\
family: web
networkMode: host
containerDefinitions:
  - name: app
    image: {{ image.app }}
    memory: 512
    portMappings: [ { containerPort: 8080 } ]
    environmentFiles: [ { type: s3, value: 'arn:aws:s3:::b/b.env' }, { type: s3, value: 'arn:aws:s3:::b/a.env' } ]
",
    ),
    (
        "bridge mode",
        "\
family: web
volumes: [ { name: data, dockerVolumeConfiguration: { scope: task, driver: local } } ]
containerDefinitions:
  - name: app
    image: {{ image.app }}
    memory: 512
    links: [ 'side:s', 'other:o' ]
    portMappings: [ { containerPort: 80 }, { containerPort: 443 } ]
    volumesFrom: [ { sourceContainer: side }, { sourceContainer: other, readOnly: false } ]
    mountPoints: [ { sourceVolume: data, containerPath: /data } ]
    ulimits: [ { name: nofile, softLimit: 1024, hardLimit: 2048 }, { name: core, softLimit: 0, hardLimit: 0 } ]
    healthCheck: { command: [ CMD-SHELL, 'true' ], startPeriod: 10 }
  - { name: side, image: busybox, memory: 64, essential: false }
  - { name: other, image: busybox, memory: 64, essential: false }
",
    ),
];

/// Registers each definition, and fails unless a plan of the same definition shows no change.
///
/// The rollout is not waited for: moto never completes one, and MiniStack cannot run a task in host mode.
fn register_and_plan(emulator: &Emulator) {
    for (name, definition) in DEFINITIONS {
        emulator.write("web.yml", definition);
        let deploy = ["deploy", "service", "web", "--tag", "v2", "--supersede", "--no-wait"];
        let (run, calls) = emulator.changes(&deploy);
        assert_eq!(run.code, 0, "{}, {name}: {run:?}", emulator.kind);
        assert!(calls.contains(&"RegisterTaskDefinition".to_owned()), "{}, {name}: {run:?}", emulator.kind);
        assert!(calls.contains(&"UpdateService".to_owned()), "{}, {name}: {run:?}", emulator.kind);
        let run = emulator.is_unchanged(&["service", "web", "--tag", "v2"]);
        // The rollout may be in progress, which is no change.
        let unchanged = ["web: no changes", "is being deployed already"];
        let is_unchanged = unchanged.iter().any(|text| run.stdout.contains(text));
        assert!(is_unchanged, "{}, {name}: {run:?}", emulator.kind);
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_returns_definitions_in_the_spelling_of_ecs_without_a_change() {
    let emulator = Emulator::ministack(&["--no-breaker"]).strict();
    register_and_plan(&emulator);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_returns_definitions_in_the_spelling_of_ecs_without_a_change() {
    let emulator = Emulator::moto(&[]).strict();
    register_and_plan(&emulator);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_kept_definition_is_registered_again_as_ecs_takes_it() {
    let emulator = Emulator::ministack(&[]).strict();
    let (_, definition) = DEFINITIONS[0];
    emulator.write("web.yml", definition);
    emulator.deploy(&["--tag", "v2"]).exits(0).answers("web: deployed web:2");
    let kept = ["-f", "kept/ecsail.yml", "deploy", "service", "web", "--tag", "v3"];
    emulator.folder.run(&kept).exits(0).answers("web: deployed web:3");
    emulator.folder.run(&["rollback", "web", "--yes"]).exits(0);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_refusal_of_ecs_changes_nothing() {
    let emulator = Emulator::ministack(&[]).strict();
    let definition = DEFINITIONS[1].1.replace("containerPort: 8080", "containerPort: 8080, hostPort: 80");
    emulator.write("web.yml", &definition.replace("networkMode: host", "networkMode: host\nx-ignored: 1"));
    emulator.deploy(&["--tag", "v2"]).exits(1);
    assert_eq!(emulator.revision(), "web:1");
}
