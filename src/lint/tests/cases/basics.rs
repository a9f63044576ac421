//! Cases of sizes, containers, ports, environment, health checks and of the first checks of services.

use super::{Case, CaseBase, case};

pub(super) const BASICS: &[Case] = &[
    case(
        "fargate-cpu-memory",
        CaseBase::Fargate,
        &[
            "{ cpu: 256, memory: 2048 }",
            "{ cpu: 1 vCPU, memory: 2GB }",
            "{ cpu: .25 vcpu, memory: .5 gb }",
            "{ cpu: 4096, memory: 30720 }",
            "{ cpu: 16384, memory: 122880 }",
            "{ cpu: 1024, memory: 2048, runtimePlatform: { operatingSystemFamily: WINDOWS_SERVER_2022_CORE } }",
        ],
        &[
            "{ cpu: 300 }",
            "{ memory: 1536 }",
            "{ cpu: 1 vCPU, memory: 1GB }",
            "{ cpu: 4096, memory: 31744 }",
            "{ cpu: 8192, memory: 17408 }",
            "{ runtimePlatform: { operatingSystemFamily: WINDOWS_SERVER_2022_CORE } }",
            "{ cpu: 8192, memory: 16384, runtimePlatform: { operatingSystemFamily: WINDOWS_SERVER_2022_CORE } }",
        ],
    ),
    case(
        "command-words",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, command: [bin/rails, 'db:migrate'] } ] }",
            "{ containerDefinitions: [ { name: app, command: [sh, -c, 'a b'], entryPoint: [tini] } ] }",
            "{ containerDefinitions: [ { name: app, command: ['a b'], entryPoint: [sh, -c] } ] }",
            "{ containerDefinitions: [ { name: app, command: ['a b'], entryPoint: [/bin/bash, -lc] } ] }",
            "{ containerDefinitions: [ { name: app, command: ['console.log(1, 2)'], entryPoint: [node, -e] } ] }",
            "{ containerDefinitions: [ { name: app, command: [serve] } ] }",
            "{ runtimePlatform: { operatingSystemFamily: WINDOWS_SERVER_2022_CORE }, containerDefinitions: [ { name: app, command: ['a b'] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, command: ['bin/rails db:migrate'] } ] }",
            "{ containerDefinitions: [ { name: app, entryPoint: ['npm start'] } ] }",
        ],
    ),
    case(
        "fargate-size-missing",
        CaseBase::Fargate,
        &["{}"],
        &["{ cpu: null }", "{ memory: null, cpu: null }"],
    ),
    case(
        "fargate-network-mode",
        CaseBase::Fargate,
        &["{}"],
        &["{ networkMode: null }", "{ networkMode: host }"],
    ),
    case(
        "fargate-unsupported",
        CaseBase::Fargate,
        &[
            "{ placementConstraints: [], containerDefinitions: [ { name: app, privileged: false, links: [], dnsServers: [], linuxParameters: { initProcessEnabled: true, capabilities: { add: [SYS_PTRACE], drop: [ALL] } } } ] }",
            "{ volumes: [ { name: scratch, host: {} }, { name: shared, efsVolumeConfiguration: { fileSystemId: f } } ], pidMode: task }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, privileged: true } ] }",
            "{ containerDefinitions: [ { name: app, links: [b] }, { name: b, image: 'b:1' } ] }",
            "{ containerDefinitions: [ { name: app, dockerSecurityOptions: [no-new-privileges] } ] }",
            "{ containerDefinitions: [ { name: app, resourceRequirements: [ { type: GPU, value: 1 } ] } ] }",
            "{ containerDefinitions: [ { name: app, linuxParameters: { sharedMemorySize: 64 } } ] }",
            "{ containerDefinitions: [ { name: app, linuxParameters: { capabilities: { add: [NET_ADMIN] } } } ] }",
            "{ volumes: [ { name: d, host: { sourcePath: /data } } ] }",
            "{ volumes: [ { name: d, dockerVolumeConfiguration: { scope: task } } ] }",
            "{ ipcMode: task }",
            "{ pidMode: host }",
        ],
    ),
    case(
        "fargate-log-driver",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: splunk } } ] }"],
        &["{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: json-file } } ] }"],
    ),
    case(
        "fargate-timeouts",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, stopTimeout: 120, startTimeout: 2 } ] }"],
        &[
            "{ containerDefinitions: [ { name: app, stopTimeout: 121 } ] }",
            "{ containerDefinitions: [ { name: app, startTimeout: 1 } ] }",
        ],
    ),
    case(
        "fargate-timeouts",
        CaseBase::Ec2,
        &["{ containerDefinitions: [ { name: app, stopTimeout: 600 } ] }"],
        &[],
    ),
    case(
        "fargate-execution-role",
        CaseBase::Fargate,
        &["{ executionRoleArn: null }", "{ containerDefinitions: [ { name: app, secrets: { A: a } } ] }"],
        &[
            "{ executionRoleArn: null, containerDefinitions: [ { name: app, image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1' } ] }",
            "{ executionRoleArn: null, containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: g, awslogs-region: r, awslogs-stream-prefix: p } } } ] }",
        ],
    ),
    case(
        "task-size",
        CaseBase::Ec2,
        &["{ cpu: 128, memory: 1 GB }"],
        &["{ cpu: lots }", "{ memory: 512MB }", "{ cpu: '' }"],
    ),
    case(
        "container-memory",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, memory: 512, memoryReservation: 256 }, { name: b, image: 'b:1', memory: 256 } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, memory: 1024 } ] }",
            "{ containerDefinitions: [ { name: app, memory: 300 }, { name: b, image: 'b:1', memoryReservation: 300 } ] }",
        ],
    ),
    case(
        "container-cpu",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, cpu: 256 } ] }"],
        &["{ containerDefinitions: [ { name: app, cpu: 200 }, { name: b, image: 'b:1', cpu: 100 } ] }"],
    ),
    case(
        "memory-missing",
        CaseBase::Ec2,
        &[
            "{ memory: 512, containerDefinitions: [ { name: app, memory: null } ] }",
            "{ containerDefinitions: [ { name: app, memory: null, memoryReservation: 64 } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, memory: null } ] }",
            "{ requiresCompatibilities: [EC2], containerDefinitions: [ { name: b, image: 'b:1' } ] }",
        ],
    ),
    case(
        "memory-reservation",
        CaseBase::Ec2,
        &["{ containerDefinitions: [ { name: app, memoryReservation: 128 } ] }"],
        &["{ containerDefinitions: [ { name: app, memoryReservation: 129 } ] }"],
    ),
    case("family-name", CaseBase::Ec2, &["{ family: A_b-1 }"], &["{ family: a.b }", "{ family: a/b }"]),
    case(
        "container-count",
        CaseBase::Fargate,
        &["{}"],
        &[
            "{ containerDefinitions: [ { name: a, image: 'a:1' }, { name: b, image: 'a:1' }, { name: c, image: 'a:1' }, { name: d, image: 'a:1' }, { name: e, image: 'a:1' }, { name: f, image: 'a:1' }, { name: g, image: 'a:1' }, { name: h, image: 'a:1' }, { name: i, image: 'a:1' }, { name: j, image: 'a:1' } ] }",
        ],
    ),
    case(
        "container-incomplete",
        CaseBase::Fargate,
        &["{}"],
        &["{ containerDefinitions: [ { name: b } ] }", "{ containerDefinitions: [ { image: 'b:1' } ] }"],
    ),
    case(
        "container-name",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: A_b-1, image: 'b:1' } ] }"],
        &["{ containerDefinitions: [ { name: a.b, image: 'b:1' } ] }"],
    ),
    case(
        "essential-container",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: b, image: 'b:1', essential: false } ] }"],
        &["{ containerDefinitions: [ { name: app, essential: false } ] }"],
    ),
    case(
        "image-latest",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, image: 'localhost:5000/a@sha256:0000000000000000000000000000000000000000000000000000000000000000' } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, image: a } ] }",
            "{ containerDefinitions: [ { name: app, image: 'a:latest' } ] }",
        ],
    ),
    case(
        "tag-limits",
        CaseBase::Ec2,
        &["{ tags: { team: '', owner: shop } }"],
        &["{ tags: { 'AWS:x': y } }", "{ tags: { x: 'aws:y' } }", "{ tags: [ { key: '', value: x } ] }"],
    ),
    case("tag-limits", CaseBase::Ec2Service, &["{ tags: { team: shop } }"], &["{ tags: { 'aws:x': y } }"]),
    case("own-tags", CaseBase::Ec2, &["{ tags: { ecsail: y } }"], &["{ tags: { 'ecsail:app': y } }"]),
    case(
        "own-tags",
        CaseBase::Ec2Service,
        &["{ tags: { team: shop } }"],
        &["{ tags: { 'ecsail:tags': y } }"],
    ),
    case(
        "ephemeral-storage",
        CaseBase::Fargate,
        &["{ ephemeralStorage: { sizeInGiB: 21 } }"],
        &["{ ephemeralStorage: { sizeInGiB: 20 } }", "{ ephemeralStorage: { sizeInGiB: 201 } }"],
    ),
    case(
        "restart-period",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, restartPolicy: { enabled: true, restartAttemptPeriod: 60 } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, restartPolicy: { enabled: true, restartAttemptPeriod: 59 } } ] }",
        ],
    ),
    case(
        "port-name",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, name: web_1-tcp } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, name: Web } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, name: -web } ] } ] }",
        ],
    ),
    case(
        "host-port",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 80 } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 0 } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 8080 } ] } ] }",
        ],
    ),
    case(
        "host-port",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 8080 } ] } ] }",
        ],
        &[
            "{ networkMode: host, containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 8080 } ] } ] }",
        ],
    ),
    case(
        "network-mode",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, hostname: h, links: ['b:db'] }, { name: b, image: 'b:1', memory: 64 } ] }",
        ],
        &[
            "{ networkMode: none }",
            "{ networkMode: host, containerDefinitions: [ { name: app, links: [b] }, { name: b, image: 'b:1', memory: 64 } ] }",
            "{ networkMode: awsvpc, containerDefinitions: [ { name: app, dnsServers: [10.0.0.2] } ] }",
            "{ networkMode: awsvpc, containerDefinitions: [ { name: app, hostname: h } ] }",
        ],
    ),
    case(
        "depends-on-container",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', dependsOn: [ { containerName: app, condition: START } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', dependsOn: [ { containerName: ap, condition: START } ] } ] }",
        ],
    ),
    case(
        "depends-on-cycle",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, dependsOn: [ { containerName: b, condition: START }, { containerName: c, condition: START } ] }, { name: b, image: 'b:1', dependsOn: [ { containerName: c, condition: START } ] }, { name: c, image: 'c:1' } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, dependsOn: [ { containerName: app, condition: START } ] } ] }",
            "{ containerDefinitions: [ { name: app, dependsOn: [ { containerName: b, condition: START } ] }, { name: b, image: 'b:1', dependsOn: [ { containerName: c, condition: START } ] }, { name: c, image: 'c:1', dependsOn: [ { containerName: app, condition: START } ] } ] }",
        ],
    ),
    case(
        "depends-on-health",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [CMD, x] } }, { name: b, image: 'b:1', dependsOn: [ { containerName: app, condition: HEALTHY } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', dependsOn: [ { containerName: app, condition: HEALTHY } ] } ] }",
        ],
    ),
    case(
        "depends-on-essential",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, dependsOn: [ { containerName: b, condition: SUCCESS } ] }, { name: b, image: 'b:1', essential: false } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, dependsOn: [ { containerName: b, condition: SUCCESS } ] }, { name: b, image: 'b:1' } ] }",
        ],
    ),
    case(
        "secret-and-environment",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, environment: { A: x }, secrets: { B: y } } ] }"],
        &["{ containerDefinitions: [ { name: app, environment: { A: x }, secrets: { A: y } } ] }"],
    ),
    case(
        "plaintext-secret",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, environment: { LOG_LEVEL: info, SECRET_NAME: shop/db } } ] }",
        ],
        &["{ containerDefinitions: [ { name: app, environment: { DB_PASSWORD: hunter2 } } ] }"],
    ),
    case(
        "environment-files",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, environmentFiles: [ { type: s3, value: 'arn:aws:s3:::b/a.env' } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, environmentFiles: [ { type: s3, value: 'arn:aws:s3:::b/a.txt' } ] } ] }",
        ],
    ),
    case(
        "awslogs-options",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: g, awslogs-region: r, awslogs-stream-prefix: p } } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs } } ] }",
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: g, awslogs-region: r } } } ] }",
        ],
    ),
    case(
        "awslogs-options",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: g, awslogs-region: r } } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: g } } } ] }",
        ],
    ),
    case(
        "health-check-range",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [CMD, x], interval: 5, timeout: 60, retries: 10, startPeriod: 0 } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [CMD, x], interval: 4 } } ] }",
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [CMD, x], startPeriod: 301 } } ] }",
        ],
    ),
    case(
        "health-check-command",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [CMD-SHELL, 'a || exit 1'] } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, healthCheck: { command: ['curl -f localhost'] } } ] }",
            "{ containerDefinitions: [ { name: app, healthCheck: { command: ['CMD-SHELL, curl -f localhost'] } } ] }",
            "{ containerDefinitions: [ { name: app, healthCheck: { command: [] } } ] }",
        ],
    ),
    case(
        "service-network-missing",
        CaseBase::FargateService,
        &["{}", "{ launchType: FARGATE, networkConfiguration: { awsvpcConfiguration: { subnets: [a] } } }"],
        &["{ launchType: FARGATE }", "{ launchType: FARGATE, networkConfiguration: {} }"],
    ),
    case(
        "service-network-unused",
        CaseBase::Ec2Service,
        &["{ launchType: EC2 }"],
        &["{ networkConfiguration: { awsvpcConfiguration: { subnets: [a] } } }"],
    ),
    case(
        "service-network-limits",
        CaseBase::FargateService,
        &[
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [a], securityGroups: [a, b, c, d, e] } } }",
        ],
        &[
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [] } } }",
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [a], securityGroups: [a, b, c, d, e, f] } } }",
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] } } }",
        ],
    ),
    case(
        "deployment-percents",
        CaseBase::FargateService,
        &[
            "{ deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 100 } }",
            "{ desiredCount: 1, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 } }",
            "{ desiredCount: 0, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }",
            "{ deploymentController: { type: CODE_DEPLOY }, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }",
            "{ deploymentConfiguration: { strategy: BLUE_GREEN, minimumHealthyPercent: 100, maximumPercent: 100 } }",
        ],
        &[
            "{ deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }",
            "{ desiredCount: 1, deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 150 } }",
            "{ desiredCount: null, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }",
        ],
    ),
    case(
        "load-balancer-target",
        CaseBase::FargateService,
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/0', containerName: app, containerPort: 80 } ] }",
        ],
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/0', containerName: ap, containerPort: 80 } ] }",
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/0', containerName: app, containerPort: 8080 } ] }",
        ],
    ),
    case(
        "service-connect-port",
        CaseBase::FargateService,
        &[
            "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http } ] } }",
            "{ serviceConnectConfiguration: { enabled: false, services: [ { portName: nope } ] } }",
        ],
        &["{ serviceConnectConfiguration: { enabled: true, services: [ { portName: nope } ] } }"],
    ),
    case(
        "target-group-count",
        CaseBase::FargateService,
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ] }",
        ],
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/0', containerName: app, containerPort: 80 }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/c/0', containerName: app, containerPort: 80 }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/d/0', containerName: app, containerPort: 80 }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/e/0', containerName: app, containerPort: 80 }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/f/0', containerName: app, containerPort: 80 } ] }",
        ],
    ),
];
