//! Cases of what a task definition refers to: containers, volumes, log routers, roles.

use super::{Case, CaseBase, case};

pub(super) const REFERENCES: &[Case] = &[
    case(
        "links",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, links: ['b:db', b] }, { name: b, image: 'b:1', memory: 64 } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, links: [c] }, { name: b, image: 'b:1', memory: 64 } ] }",
            "{ containerDefinitions: [ { name: app, links: [b] }, { name: b, image: 'b:1', memory: 64, links: [app] } ] }",
        ],
    ),
    case(
        "volume-exists",
        CaseBase::Fargate,
        &[
            "{ volumes: [ { name: data } ], containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: data, containerPath: /data } ] } ] }",
        ],
        &[
            "{ volumes: [ { name: data } ], containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: dat, containerPath: /data } ] } ] }",
            "{ containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: data, containerPath: /data } ] } ] }",
        ],
    ),
    case(
        "volumes-from",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, volumesFrom: [ { sourceContainer: b } ] }, { name: b, image: 'b:1' } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, volumesFrom: [ { sourceContainer: c } ] }, { name: b, image: 'b:1' } ] }",
        ],
    ),
    case(
        "volume-kind",
        CaseBase::Ec2,
        &[
            "{ volumes: [ { name: a, host: { sourcePath: /a } }, { name: b, host: {} }, { name: c, configuredAtLaunch: false, efsVolumeConfiguration: { fileSystemId: fs-0 } } ] }",
        ],
        &[
            "{ volumes: [ { name: a, host: { sourcePath: /a }, efsVolumeConfiguration: { fileSystemId: fs-0 } } ] }",
            "{ volumes: [ { efsVolumeConfiguration: { fileSystemId: fs-0 } } ] }",
        ],
    ),
    case(
        "launch-volume",
        CaseBase::Fargate,
        &[
            "{ volumes: [ { name: a, configuredAtLaunch: true }, { name: unused } ], containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: a, containerPath: /a } ] } ] }",
        ],
        &[
            "{ volumes: [ { name: a, configuredAtLaunch: true } ] }",
            "{ volumes: [ { name: a, configuredAtLaunch: true }, { name: b, configuredAtLaunch: true } ], containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: a, containerPath: /a }, { sourceVolume: b, containerPath: /b } ] } ] }",
        ],
    ),
    case(
        "docker-volume",
        CaseBase::Ec2,
        &[
            "{ volumes: [ { name: a, dockerVolumeConfiguration: { scope: task, driver: local } }, { name: b, dockerVolumeConfiguration: { scope: shared, autoprovision: true } } ] }",
        ],
        &[
            "{ volumes: [ { name: a, dockerVolumeConfiguration: { scope: task, autoprovision: false } } ] }",
            "{ volumes: [ { name: a, dockerVolumeConfiguration: { scope: task, autoprovision: true } } ] }",
        ],
    ),
    case(
        "file-system",
        CaseBase::Fargate,
        &[
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, rootDirectory: /, transitEncryption: ENABLED, transitEncryptionPort: 2049, authorizationConfig: { accessPointId: fsap-0, iam: ENABLED } } } ] }",
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, rootDirectory: /data } } ] }",
        ],
        &[
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, rootDirectory: /data, transitEncryption: ENABLED, authorizationConfig: { accessPointId: fsap-0 } } } ] }",
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, authorizationConfig: { iam: ENABLED } } } ] }",
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, transitEncryption: DISABLED, transitEncryptionPort: 2049 } } ] }",
            "{ volumes: [ { name: a, efsVolumeConfiguration: { fileSystemId: fs-0, authorizationConfig: { accessPointId: fsap-0 } } } ] }",
            "{ volumes: [ { name: a, s3filesVolumeConfiguration: { fileSystemArn: 'arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0', rootDirectory: /data, accessPointArn: 'arn:aws:s3files:eu-west-1:123456789012:access-point/a' } } ] }",
        ],
    ),
    case(
        "firelens-router",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', firelensConfiguration: { type: fluentbit } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } } ] }",
            "{ containerDefinitions: [ { name: b, image: 'b:1', firelensConfiguration: { type: fluentbit } } ] }",
        ],
    ),
    case(
        "firelens-settings",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', user: '0:1', firelensConfiguration: { type: fluentbit, options: { config-file-type: file, config-file-value: /a.conf } } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', user: '1000', firelensConfiguration: { type: fluentbit } } ] }",
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', firelensConfiguration: { type: fluentbit, options: { config-file-type: s3, config-file-value: 'arn:aws:s3:::b/a.conf' } } } ] }",
        ],
    ),
    case(
        "firelens-settings",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', memory: 64, firelensConfiguration: { type: fluentbit, options: { config-file-type: s3, config-file-value: 'arn:aws:s3:::b/a.conf' } } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awsfirelens } }, { name: b, image: 'b:1', memory: 64, firelensConfiguration: { type: fluentbit, options: { config-file-type: s3, config-file-value: 's3://b/a.conf' } } } ] }",
        ],
    ),
    case(
        "proxy-configuration",
        CaseBase::Fargate,
        &[
            "{ proxyConfiguration: { type: APPMESH, containerName: app, properties: [ { name: ProxyIngressPort, value: '15000' }, { name: ProxyEgressPort, value: '15001' }, { name: AppPorts, value: '80' }, { name: EgressIgnoredIPs, value: '' } ] } }",
        ],
        &[
            "{ proxyConfiguration: { containerName: envoy, properties: [ { name: ProxyIngressPort, value: '15000' }, { name: ProxyEgressPort, value: '15001' }, { name: AppPorts, value: '80' } ] } }",
            "{ proxyConfiguration: { containerName: app, properties: [ { name: ProxyEgressPort, value: '15001' }, { name: AppPorts, value: '80' } ] } }",
        ],
    ),
    case(
        "proxy-configuration",
        CaseBase::Ec2,
        &["{}"],
        &[
            "{ proxyConfiguration: { containerName: app, properties: [ { name: ProxyIngressPort, value: '15000' }, { name: ProxyEgressPort, value: '15001' }, { name: AppPorts, value: '80' } ] } }",
        ],
    ),
    case(
        "execution-role",
        CaseBase::Ec2,
        &["{ executionRoleArn: r, containerDefinitions: [ { name: app, secrets: { A: a } } ] }"],
        &[
            "{ containerDefinitions: [ { name: app, secrets: { A: a } } ] }",
            "{ containerDefinitions: [ { name: app, repositoryCredentials: { credentialsParameter: registry } } ] }",
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: splunk, secretOptions: [ { name: splunk-token, valueFrom: token } ] } } ] }",
        ],
    ),
    case(
        "execution-role",
        CaseBase::Fargate,
        &["{}"],
        &["{ executionRoleArn: null, containerDefinitions: [ { name: app, secrets: { A: a } } ] }"],
    ),
    case(
        "fargate-tmpfs",
        CaseBase::Fargate,
        &["{}"],
        &[
            "{ containerDefinitions: [ { name: app, linuxParameters: { tmpfs: [ { containerPath: /t, size: 64 } ] } } ] }",
        ],
    ),
    case("fargate-size-new", CaseBase::Fargate, &["{}"], &["{ cpu: 32768, memory: 61440 }"]),
    case(
        "windows-arm",
        CaseBase::Ec2,
        &["{ runtimePlatform: { cpuArchitecture: ARM64 } }"],
        &["{ runtimePlatform: { cpuArchitecture: ARM64, operatingSystemFamily: WINDOWS_SERVER_2022_CORE } }"],
    ),
    case(
        "inference-accelerators",
        CaseBase::Ec2,
        &["{ inferenceAccelerators: [] }"],
        &["{ inferenceAccelerators: [ { deviceName: a, deviceType: eia2.medium } ] }"],
    ),
    case(
        "ephemeral-storage",
        CaseBase::Ec2,
        &["{ ephemeralStorage: { sizeInGiB: 21 } }"],
        &["{ requiresCompatibilities: [EC2], ephemeralStorage: { sizeInGiB: 21 } }"],
    ),
    case(
        "ulimit",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, ulimits: [ { name: nofile, softLimit: 1, hardLimit: 1 }, { name: core, softLimit: 5, hardLimit: -1 } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, ulimits: [ { name: nofile, softLimit: 2, hardLimit: 1 } ] } ] }",
        ],
    ),
    case(
        "container-port",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 65535 } ] } ] }"],
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 0 } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { name: web } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 65536 } ] } ] }",
        ],
    ),
    case(
        "host-port-twice",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 53 }, { containerPort: 53, protocol: udp } ] } ] }",
        ],
        &["{ containerDefinitions: [ { name: b, image: 'b:1', portMappings: [ { containerPort: 80 } ] } ] }"],
    ),
    case(
        "host-port-twice",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', memory: 64, portMappings: [ { containerPort: 80 }, { containerPort: 81, hostPort: 0 } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 80, hostPort: 80 } ] }, { name: b, image: 'b:1', memory: 64, portMappings: [ { containerPort: 81, hostPort: 80 } ] } ] }",
        ],
    ),
    case(
        "port-range",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPortRange: 8000-8010 }, { containerPortRange: 8011-8020 } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPortRange: 8010-8000 } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPortRange: '8000' } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPortRange: 8000-8010 }, { containerPortRange: 8010-8020 } ] } ] }",
            "{ containerDefinitions: [ { name: app, portMappings: [ { containerPort: 8000, containerPortRange: 8000-8010 } ] } ] }",
        ],
    ),
    case(
        "port-range",
        CaseBase::Ec2,
        &["{}"],
        &[
            "{ networkMode: host, containerDefinitions: [ { name: app, portMappings: [ { containerPortRange: 8000-8010 } ] } ] }",
        ],
    ),
    case(
        "port-name-twice",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', portMappings: [ { containerPort: 81, name: admin } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: b, image: 'b:1', portMappings: [ { containerPort: 81, name: http } ] } ] }",
        ],
    ),
];
