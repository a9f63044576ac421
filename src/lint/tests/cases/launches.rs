//! Cases of where tasks are launched, and of one-off tasks.

use super::{Case, CaseBase, case};

pub(super) const LAUNCHES: &[Case] = &[
    case(
        "launch-type-or-strategy",
        CaseBase::Ec2Service,
        &[
            "{ launchType: EC2, capacityProviderStrategy: [] }",
            "{ capacityProviderStrategy: [ { capacityProvider: a, weight: 1 } ] }",
        ],
        &["{ launchType: EC2, capacityProviderStrategy: [ { capacityProvider: a, weight: 1 } ] }"],
    ),
    case(
        "launch-type-or-strategy",
        CaseBase::FargateRun,
        &["{}"],
        &[
            "{ launchType: FARGATE, capacityProviderStrategy: [ { capacityProvider: FARGATE_SPOT, weight: 1 } ] }",
        ],
    ),
    case(
        "capacity-providers",
        CaseBase::FargateService,
        &[
            "{ capacityProviderStrategy: [ { capacityProvider: FARGATE, base: 1, weight: 0 }, { capacityProvider: FARGATE_SPOT, weight: 1 } ] }",
        ],
        &[
            "{ capacityProviderStrategy: [ { capacityProvider: FARGATE, base: 1, weight: 1 }, { capacityProvider: FARGATE_SPOT, base: 1 } ] }",
            "{ capacityProviderStrategy: [ { capacityProvider: FARGATE } ] }",
        ],
    ),
    case(
        "public-ip",
        CaseBase::FargateService,
        &["{ networkConfiguration: { awsvpcConfiguration: { subnets: [a], assignPublicIp: ENABLED } } }"],
        &[
            "{ launchType: EC2, networkConfiguration: { awsvpcConfiguration: { subnets: [a], assignPublicIp: ENABLED } } }",
        ],
    ),
    case(
        "platform-version",
        CaseBase::Ec2Service,
        &["{ launchType: EC2 }"],
        &["{ launchType: EC2, platformVersion: LATEST }"],
    ),
    case("launch-type-fargate", CaseBase::Ec2Service, &["{}"], &["{ launchType: FARGATE }"]),
    case(
        "placement",
        CaseBase::Ec2Service,
        &[
            "{ placementStrategy: [ { type: spread, field: host }, { type: binpack, field: memory }, { type: random } ], placementConstraints: [ { type: distinctInstance }, { type: memberOf, expression: x } ] }",
        ],
        &[
            "{ placementStrategy: [ { type: binpack, field: disk } ] }",
            "{ placementStrategy: [ { type: random, field: host } ] }",
            "{ placementConstraints: [ { type: distinctInstance, expression: x } ] }",
            "{ placementConstraints: [ { type: memberOf } ] }",
            "{ placementStrategy: [ { type: random }, { type: random }, { type: random }, { type: random }, { type: random }, { type: random } ] }",
        ],
    ),
    case(
        "managed-volume",
        CaseBase::FargateService,
        &["{}"],
        &[
            "{ volumeConfigurations: [ { name: data, managedEBSVolume: { roleArn: 'arn:aws:iam::123456789012:role/v', sizeInGiB: 20 } } ] }",
        ],
    ),
    case(
        "override-container",
        CaseBase::FargateRun,
        &["{ overrides: { containerOverrides: [ { name: app, command: [x] } ] } }"],
        &["{ overrides: { containerOverrides: [ { name: ap, command: [x] } ] } }"],
    ),
    case(
        "override-values",
        CaseBase::FargateRun,
        &["{ overrides: { cpu: '512', memory: '1024' } }", "{ overrides: { memory: '1 GB' } }"],
        &[
            "{ overrides: { cpu: lots } }",
            "{ overrides: { memory: '3072' } }",
            "{ overrides: { containerOverrides: [ { name: app, memory: 1024 } ] } }",
        ],
    ),
    case(
        "override-words",
        CaseBase::FargateRun,
        &[
            "{ overrides: { containerOverrides: [ { name: app, command: [bin/rails, 'db:migrate'] } ] } }",
            "{ overrides: { containerOverrides: [ { name: app, command: [sh, -c, 'a b'] } ] } }",
        ],
        &["{ overrides: { containerOverrides: [ { name: app, command: ['bin/rails db:migrate'] } ] } }"],
    ),
    case("task-network", CaseBase::FargateRun, &["{}"], &["{ networkConfiguration: null }"]),
];
