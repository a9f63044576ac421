//! The permissions of commands that read services.

use super::{NAMES, SERVICES, row};
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{Feature, Permission};

pub(super) const ROWS: &[Permission] = &[
    row(SERVICES, &["ecs:DescribeServices"], Always),
    row(
        NAMES,
        &["ecs:ListServices"],
        Optional("no suggestion for a name that does not exist; needed for `--cluster` without names"),
    ),
    row(
        &["status"],
        &["ecs:DescribeExpressGatewayService"],
        Optional("the URLs of Express services are not shown"),
    ),
    row(&["tasks"], &["ecs:ListTasks", "ecs:DescribeTasks"], Always),
    row(&["images"], &["ecr:DescribeImages"], Always),
    row(
        &["status", "history", "images"],
        &["ecs:DescribeServiceRevisions"],
        Optional(
            "no images and digests; `history` also lacks the revisions, and in `images` the tag decides which image runs",
        ),
    ),
    row(
        &["status", "history"],
        &["ecs:DescribeTaskDefinition"],
        Optional("no deployer, tag and commit, and no drift"),
    ),
    row(&["images"], &["ecs:DescribeTaskDefinition"], Always),
    row(
        &["status"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        Optional("no lifecycle stage of a deployment in progress, and not how the last deployment ended"),
    ),
    row(&["status"], &["ecs:ListTasks", "ecs:DescribeTasks"], Optional("no cause where tasks fail")),
    row(
        &["history"],
        &["ecs:ListServiceDeployments"],
        Optional("only the deployments that the service itself lists"),
    ),
    row(
        &["history"],
        &["ecs:DescribeServiceDeployments"],
        Optional("no reasons, and no targets of rollbacks"),
    ),
    row(&["status"], &["elasticloadbalancing:DescribeTargetHealth"], Optional("no targets"))
        .only_with(Feature::TargetGroups),
    row(
        &["status"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional("no range of autoscaling"),
    ),
    row(&["logs"], &["ecs:DescribeTaskDefinition"], Always),
    row(&["logs"], &["logs:FilterLogEvents"], Always),
    row(
        &["logs"],
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Where("the log options have no `awslogs-stream-prefix`"),
    ),
    row(&["revisions"], &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"], Always),
    row(
        &["revisions"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
        Optional("no successful deployments and no rollback targets"),
    ),
    row(&["revisions"], &["ecs:ListTasks", "ecs:DescribeTasks"], Optional("no tasks")),
    row(
        &["revisions"],
        &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        Optional("no rules"),
    )
    .in_account(),
    row(&["revisions"], &["scheduler:ListSchedules", "scheduler:GetSchedule"], Optional("no schedules"))
        .in_account(),
];
