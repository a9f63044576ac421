//! The permissions of commands on running services.

use super::row;
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(
        &["scale"],
        &["ecs:TagResource"],
        Where("`--emergency` is given: its reason is recorded on the service"),
    )
    .on(ResourceKind::Services),
    row(&["exec"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:ExecuteCommand"], Always),
    row(
        &["exec"],
        &["ecs:DescribeTaskDefinition"],
        Optional("task role and file system are not checked before"),
    ),
    row(&["stop-task"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask"], Always),
    row(
        &["scale"],
        &["ecs:UpdateService"],
        Where("`--desired` is given; AWS also asks for it when a range is set"),
    ),
    row(
        &["scale"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional(
            "no warning that autoscaling will change the number again; needed for `--min`, `--max`, `--suspend` and `--resume`",
        ),
    ),
    row(
        &["scale"],
        &[
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Optional(
            "a number inside the range of autoscaling needs `--force`, also where nothing would change it",
        ),
    ),
    row(
        &["scale"],
        &["application-autoscaling:RegisterScalableTarget"],
        Where("`--min`, `--max`, `--suspend` or `--resume` is given"),
    ),
    row(&["delete"], &["ecs:DeleteService"], Always),
    row(&["delete"], &["ecs:DeleteExpressGatewayService"], Where("a service is one of Express Mode")),
    row(
        &["delete"],
        &["ecs:UpdateService"],
        Where("a service is scaled above 0, and `--force` is not given"),
    ),
    row(&["delete"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask"], Where("`--force` is given")),
    row(&["delete"], &["ecs:DescribeTaskDefinition"], Optional("the log groups that stay are not named")),
    row(
        &["delete"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional(
            "the scalable target of a service stays, and may start tasks again until the service is gone",
        ),
    ),
    row(
        &["delete"],
        &["application-autoscaling:DeregisterScalableTarget"],
        Where("a service is scaled automatically"),
    ),
    row(&["prune"], &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"], Always),
    row(&["prune"], &["ecs:ListServices", "ecs:DescribeServices"], Always).in_account(),
    row(&["prune"], &["ecs:ListClusters"], Where("`--without clusters` is not given")),
    row(
        &["prune"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
        Where("`--without deployments` is not given"),
    )
    .in_account(),
    row(&["prune"], &["ecs:ListTasks", "ecs:DescribeTasks"], Where("`--without tasks` is not given"))
        .in_account(),
    row(
        &["prune"],
        &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        Where("`--without rules` is not given"),
    )
    .in_account(),
    row(
        &["prune"],
        &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        Where("`--without schedules` is not given"),
    )
    .in_account(),
    row(&["prune"], &["ecs:DeregisterTaskDefinition"], Always),
    row(&["prune"], &["ecs:DeleteTaskDefinitions"], Where("`--delete` is given")),
];
