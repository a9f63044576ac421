//! The permissions of `verify`, and of plans and deploys that verify first.

use super::row;
use crate::permissions::Need::Where;
use crate::permissions::{Feature, Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(
        &["verify"],
        &["iam:GetRole"],
        Where(
            "a document names a role. As with all of these actions: without it, what it looks up is unknown",
        ),
    ),
    row(
        &["verify"],
        &[
            "ecr:DescribeImages",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:DescribePullThroughCacheRules",
        ],
        Where(
            "a document names an image in ECR: whether it exists, its platforms, the platform of an image without an index, and whether a missing one is fetched",
        ),
    ),
    row(
        &["verify"],
        &["secretsmanager:GetSecretValue"],
        Where("`--read-secrets` is given: for the names of JSON keys"),
    )
    .on(ResourceKind::DocumentSecrets)
    .only_with(Feature::SecretValues),
    row(
        &["verify"],
        &["secretsmanager:DescribeSecret"],
        Where("a document names a secret: on it"),
    )
    .on(ResourceKind::DocumentSecrets),
    row(&["verify"], &["ssm:GetParameters"], Where("a document names a parameter: on it"))
        .on(ResourceKind::DocumentParameters),
    row(&["verify"], &["s3:GetObject"], Where("a document names an env file: on it"))
        .on(ResourceKind::DocumentObjects),
    row(&["verify"], &["logs:DescribeLogGroups"], Where("a document names a log group")),
    row(
        &["verify"],
        &["elasticloadbalancing:DescribeTargetGroups"],
        Where("a document names a target group"),
    ),
    row(
        &["verify"],
        &["ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"],
        Where("a document names subnets and security groups"),
    ),
    row(&["verify"], &["ecs:DescribeClusters"], Where("a document names a capacity provider")),
    row(
        &["verify"],
        &["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeAccessPoints"],
        Where("a document names file systems and access points of EFS"),
    ),
    row(
        &["verify"],
        &["servicediscovery:ListNamespaces", "servicediscovery:GetNamespace"],
        Where("a document names a namespace of Cloud Map: by its name, and by its ARN"),
    ),
    row(&["verify"], &["lambda:GetFunctionConfiguration"], Where("a lifecycle hook names a function")),
    row(&["verify"], &["cloudwatch:DescribeAlarms"], Where("a deployment configuration names alarms")),
    row(
        &["plan", "deploy"],
        &[
            "iam:GetRole",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "logs:DescribeLogGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeAccessPoints",
            "servicediscovery:ListNamespaces",
            "servicediscovery:GetNamespace",
            "lambda:GetFunctionConfiguration",
        ],
        Where(
            "`--verify` is given or the manifest has `verify: true`: as for `verify`, which also needs `cloudwatch:DescribeAlarms`",
        ),
    )
    .only_with(Feature::Verification),
    row(
        &["plan", "deploy"],
        &["secretsmanager:DescribeSecret"],
        Where("`--verify` is given or the manifest has `verify: true`: on the secrets that documents name"),
    )
    .on(ResourceKind::DocumentSecrets)
    .only_with(Feature::Verification),
    row(
        &["plan", "deploy"],
        &["ssm:GetParameters"],
        Where("`--verify` is given or the manifest has `verify: true`: on the parameters that documents name"),
    )
    .on(ResourceKind::DocumentParameters)
    .only_with(Feature::Verification),
    row(
        &["plan", "deploy"],
        &["s3:GetObject"],
        Where("`--verify` is given or the manifest has `verify: true`: on the env files that documents name"),
    )
    .on(ResourceKind::DocumentObjects)
    .only_with(Feature::Verification),
    row(
        &["plan"],
        &["cloudwatch:DescribeAlarms"],
        Where("the manifest has `verify: true`, and a deployment configuration names alarms"),
    )
    .only_with(Feature::Verification),
];
