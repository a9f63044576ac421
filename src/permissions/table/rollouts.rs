//! The permissions of commands about rollouts: why one failed, waiting, rolling back, restarting.

use super::{EXPLAIN, row};
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{Feature, Permission};

pub(super) const ROWS: &[Permission] = &[
    row(&["continue"], &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"], Always),
    row(
        &["deploy", "why", "wait", "rollback", "cancel", "restart"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        Optional(
            "the service's deployment list decides, and a note says so; lifecycle stages (`--until`) and the reasons of rollbacks are less precise",
        ),
    ),
    row(
        EXPLAIN,
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Optional(
            "a failure is not explained, and a crash loop without circuit breaker ends at the timeout only; `before` and `after` tasks need it",
        ),
    ),
    row(EXPLAIN, &["logs:GetLogEvents"], Optional("the diagnosis has no log lines")),
    row(
        EXPLAIN,
        &["elasticloadbalancing:DescribeTargetHealth"],
        Optional("the diagnosis does not say why targets are unhealthy"),
    )
    .only_with(Feature::TargetGroups),
    row(
        &["why", "wait", "cancel", "continue"],
        &["ecs:DescribeServiceRevisions"],
        Optional("the revision of a deployment that has ended is not named"),
    ),
    row(
        &["why", "wait", "cancel", "continue", "restart"],
        &["ecs:DescribeTaskDefinition"],
        Optional(
            "the diagnosis has no log lines, and `wait` does not name `after` tasks that an earlier deploy has not run",
        ),
    ),
    row(
        &["deploy", "wait", "restart"],
        &["ecs:StopServiceDeployment"],
        Optional(
            "a failed rollout is rolled back by an update; a forced deployment of the same revision is not rolled back",
        ),
    ),
    row(
        &["wait"],
        &["ecs:UpdateService"],
        Where("`--on-failure rollback` or `--on-timeout rollback` is given"),
    ),
    row(&["rollback"], &["ecs:DescribeTaskDefinition", "ecs:UpdateService"], Always),
    row(
        &["rollback"],
        &["ecs:DescribeServiceRevisions"],
        Optional("attributes are not restored, and digests are known only as recorded in tags"),
    ),
    row(
        &["rollback"],
        &["ecs:ListTaskDefinitions"],
        Where(
            "service deployments cannot be read, or `--to` names a tag or digest: the target is found among the revisions",
        ),
    ),
    row(&["rollback"], &["ecr:DescribeImages"], Optional("images are not checked before")),
    row(
        &["rollback"],
        &["ecs:StopServiceDeployment"],
        Optional("a deployment in progress is rolled back by an update"),
    ),
    row(
        &["rollback"],
        &["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"],
        Where("the revision is deregistered, a tag has moved, or `--emergency` is given"),
    ),
    row(&["cancel"], &["ecs:StopServiceDeployment"], Optional("an update rolls back instead")),
    row(&["cancel"], &["ecs:UpdateService"], Where("ECS cannot stop the deployment")),
    row(&["continue"], &["ecs:ContinueServiceDeployment"], Always),
    row(&["restart"], &["ecs:UpdateService"], Always),
    row(
        &["restart"],
        &["ecs:DescribeServiceRevisions", "ecr:DescribeImages"],
        Optional("images are not checked before"),
    ),
];
