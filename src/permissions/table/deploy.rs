//! The permissions of `plan` and `deploy`.

use super::row;
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{Feature, Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(&["plan", "deploy"], &["ecs:DescribeTaskDefinition"], Always),
    row(&["deploy"], &["ecs:RegisterTaskDefinition"], Where("a definition changes")),
    row(&["deploy"], &["iam:PassRole"], Where("a definition with roles is registered: on these roles")),
    row(
        &["deploy"],
        &["iam:PassRole"],
        Where(
            "a service with roles of its own is created or changes: of load balancers, volumes, hooks, Express Mode, …",
        ),
    )
    .on(ResourceKind::ServiceRoles),
    row(
        &["deploy"],
        &["ecs:TagResource"],
        Optional(
            "the revisions have no `ecsail:` tags, so that a deploy does not notice that the `after` tasks of an earlier one are missing, and notes say so; needed for tags of your own",
        ),
    )
    .on(ResourceKind::ServicesAndFamilies),
    row(&["deploy"], &["ecs:UpdateService"], Where("a service changes or is rolled back")),
    row(&["deploy"], &["ecs:CreateService"], Where("a service of the manifest does not exist")),
    row(
        &["plan", "deploy"],
        &["ecs:DescribeExpressGatewayService"],
        Where("the manifest has a service with `express:`"),
    )
    .only_with(Feature::Express),
    row(
        &["deploy"],
        &["ecs:CreateExpressGatewayService", "ecs:UpdateExpressGatewayService"],
        Where("a service with `express:` is created or changes"),
    )
    .only_with(Feature::Express),
    // The dependent action of both, for the task definition that ECS makes.
    row(
        &["deploy"],
        &["ecs:RegisterTaskDefinition"],
        Where("a service with `express:` is created or changes: on the family of its name"),
    )
    .on(ResourceKind::ExpressFamilies),
    row(
        &["plan", "deploy"],
        &["ecs:ListServices", "ecs:DescribeClusters"],
        Optional(
            "where a service does not exist: a mistyped name is not noticed, and an incomplete launch type is refused by ECS only",
        ),
    ),
    row(&["deploy"], &["ecs:UntagResource"], Where("a tag of a service is removed from the manifest")),
    row(
        &["plan", "deploy"],
        &["ecr:DescribeImages"],
        Optional(
            "images are not checked, and a note says so: a missing tag shows only as tasks that cannot start, a moved tag is not noticed, and no digest is recorded",
        ),
    ),
    row(
        &["plan", "deploy", "run", "rollback", "restart", "schedule diff"],
        &["ecr:DescribePullThroughCacheRules"],
        Optional(
            "an image that a pull-through cache does not have yet is refused, unless its prefix is a usual one such as `docker-hub/`; needed only where an image is missing",
        ),
    )
    .only_with(Feature::EcrImages),
    row(
        &["plan", "deploy", "schedule diff"],
        &["ecs:DescribeServiceRevisions"],
        Optional("a moved tag is noticed only where the `ecsail:digest:` tags record the running digest"),
    ),
    row(
        &["plan", "deploy"],
        &["ecs:ListServicesByNamespace"],
        Optional(
            "a Service Connect namespace that ECS names by its ARN and the manifest by its name, or the reverse, shows as a change",
        ),
    )
    .only_with(Feature::ServiceConnect),
    row(
        &["plan", "deploy"],
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Where(
            "a service has `autoscaling:`; with `enforce_desired_count` alone, the number of tasks is not set and a note says so",
        ),
    )
    .only_with(Feature::Autoscaling),
    row(
        &["plan", "deploy"],
        &["elasticloadbalancing:DescribeTargetGroups"],
        Where(
            "a service has `requests_per_target:`; where a service is created, ECS alone checks its target groups without it",
        ),
    )
    .only_with(Feature::TargetGroups),
    row(
        &["deploy"],
        &[
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:DeleteScheduledAction",
        ],
        Where("the autoscaling of a service changes"),
    )
    .only_with(Feature::Autoscaling),
    // User guide of Application Auto Scaling, "Identity-based policy examples": AWS checks these for the caller.
    row(
        &["deploy"],
        &["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
        Where("a target tracking policy changes: for the alarms that AWS creates for it"),
    )
    .only_with(Feature::Autoscaling),
    row(
        &["deploy"],
        &["iam:CreateServiceLinkedRole"],
        Where("the scalable target of a service is the first one in the account"),
    )
    .only_with(Feature::Autoscaling),
    row(
        &["deploy"],
        &["application-autoscaling:DeregisterScalableTarget"],
        Where("a new scalable target is taken back, because a later change of the release failed"),
    )
    .only_with(Feature::Autoscaling),
];
