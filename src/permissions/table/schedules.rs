//! The permissions of schedules and rules.

use super::{OWNED, SCHEDULES, row};
use crate::permissions::Need::{Optional, Where};
use crate::permissions::{Feature, Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(SCHEDULES, &["scheduler:GetSchedule"], Where("the manifest has schedules or rules"))
        .on(ResourceKind::SameSchedules)
        .only_with(Feature::AnySchedule),
    row(
        SCHEDULES,
        &["scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
        Where("the manifest has schedules"),
    )
    .on(ResourceKind::SameScheduleGroups)
    .only_with(Feature::AnySchedule),
    row(
        &[
            "plan",
            "deploy",
            "rollback",
            "schedule diff",
            "schedule run",
            "schedule enable",
            "schedule disable",
        ],
        &["events:ListRules"],
        Where("the manifest has rules; with schedules only, a note says what was not compared"),
    )
    .only_with(Feature::AnySchedule),
    row(
        SCHEDULES,
        &["events:DescribeRule", "events:ListTargetsByRule", "events:ListTagsForResource"],
        Where("the manifest has rules; with schedules only, a note says what was not compared"),
    )
    .on(ResourceKind::SameRules)
    .only_with(Feature::AnySchedule),
    // Those that the manifest had and that are still there: in the group of the app and the stage, and rules with their tags.
    row(
        OWNED,
        &["scheduler:ListSchedules", "events:ListRules"],
        Where("the app may have schedules that are no longer in the manifest"),
    ),
    row(OWNED, &["scheduler:GetSchedule"], Where("the group of the app has schedules"))
        .on(ResourceKind::OwnSchedules),
    row(
        OWNED,
        &["scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
        Where("the app may have schedules that are no longer in the manifest"),
    )
    .on(ResourceKind::OwnScheduleGroup),
    row(
        OWNED,
        &["events:ListTargetsByRule", "events:ListTagsForResource"],
        Where("the app may have rules that are no longer in the manifest: on all rules, to find them by their tags"),
    )
    .in_account(),
    row(
        &[
            "schedule list",
            "schedule diff",
            "schedule run",
            "schedule enable",
            "schedule disable",
            "schedule prune",
        ],
        &["ecs:DescribeServices", "ecs:DescribeTaskDefinition"],
        Where("a schedule is like a service, or its revision is shown"),
    ),
    row(&["schedule diff"], &["ecr:DescribeImages"], Optional("images are not checked")),
    row(
        &["deploy", "rollback", "schedule enable", "schedule disable"],
        &["scheduler:UpdateSchedule"],
        Where("a schedule changes"),
    ),
    row(
        &["deploy"],
        &["scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:TagResource"],
        Where("a schedule or its group is new"),
    ),
    row(&["deploy", "rollback"], &["events:PutRule", "events:PutTargets"], Where("a rule changes")),
    row(
        &["deploy", "rollback"],
        &["events:RemoveTargets", "events:TagResource", "events:UntagResource"],
        Where("targets or tags of a rule change"),
    ),
    row(&["deploy", "schedule enable"], &["events:EnableRule"], Where("a rule is enabled")),
    row(&["deploy", "schedule disable"], &["events:DisableRule"], Where("a rule is disabled")),
    row(
        &["deploy", "rollback", "schedule enable", "schedule disable"],
        &["iam:PassRole"],
        Where("a schedule is written: on the role that starts its tasks"),
    )
    .on(ResourceKind::ScheduleRoles),
    row(
        &["deploy", "rollback"],
        &["iam:PassRole"],
        Where("the targets of a rule are written: on the role that starts their tasks"),
    )
    .on(ResourceKind::RuleRoles),
    row(&["schedule prune", "delete"], &["scheduler:DeleteSchedule"], Where("a schedule is removed"))
        .on(ResourceKind::OwnSchedules),
    row(
        &["schedule prune", "delete"],
        &["events:RemoveTargets", "events:DeleteRule"],
        Where("a rule or its targets are removed"),
    )
    .in_account(),
];
