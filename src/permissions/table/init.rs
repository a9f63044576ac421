//! The permissions of `init`.

use super::row;
use crate::permissions::Need::{Always, Optional};
use crate::permissions::Permission;

pub(super) const ROWS: &[Permission] = &[
    row(&["init"], &["ecs:ListServices", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"], Always)
        .in_account(),
    row(
        &["init"],
        &["ecs:DescribeServiceRevisions"],
        Optional("`monitoring` and other attributes that only a service revision has are not written"),
    )
    .in_account(),
    row(
        &["init"],
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Optional("no autoscaling is written"),
    )
    .in_account(),
    row(
        &["init"],
        &["events:ListRules", "events:ListTargetsByRule", "events:ListTagsForResource"],
        Optional("no rules are written"),
    )
    .in_account(),
    row(
        &["init"],
        &[
            "scheduler:ListSchedules",
            "scheduler:GetSchedule",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
        ],
        Optional("no schedules are written"),
    )
    .in_account(),
    row(
        &["init"],
        &["ecr:DescribeImages", "ecr:DescribePullThroughCacheRules"],
        Optional("the plan after it does not notice a tag that was moved"),
    )
    .in_account(),
    row(&["init"], &["ecs:DescribeExpressGatewayService"], Optional("Express services are left out"))
        .in_account(),
];
