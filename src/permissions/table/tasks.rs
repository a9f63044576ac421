//! The permissions of commands that start tasks.

use super::{TASKS, row};
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(TASKS, &["ecs:RunTask"], Where("a task is started")),
    row(
        &["run"],
        &["ecs:ListTasks"],
        Optional("a task of the manifest is started also where the same task is running, and a note says so"),
    ),
    row(&["run", "schedule run"], &["ecs:DescribeTasks"], Where("a task is started")),
    row(&["run"], &["ecs:DescribeServices"], Where("the task is like a service")),
    row(&["run"], &["ecs:DescribeTaskDefinition"], Always),
    row(
        &["run"],
        &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        Where("the definition is not registered yet"),
    ),
    row(
        &["run"],
        &["ecr:DescribeImages", "ecs:DescribeServiceRevisions"],
        Optional("images are not checked before, and a tag that has moved is not noticed"),
    ),
    row(TASKS, &["iam:PassRole"], Where("a task with roles is started: on these roles")),
    row(
        &["run", "schedule run"],
        &["iam:PassRole"],
        Where("the volumes of a task have a role: on this role"),
    )
    .on(ResourceKind::ServiceRoles),
    row(TASKS, &["ecs:StopTask"], Where("a task times out or is to be stopped")),
    row(TASKS, &["logs:FilterLogEvents"], Optional("no log lines, and a note says so")),
    row(&["run", "schedule run"], &["logs:GetLogEvents"], Optional("the diagnosis has no log lines")),
];
