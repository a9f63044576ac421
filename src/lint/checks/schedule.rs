//! The table of checks, in part. Checks of schedules. No logic.

use crate::document::problem::Severity::{Error, Warning};
use crate::lint::{Check, CheckFunction};

pub(super) const SCHEDULE: &[Check] = &[
    Check {
        id: "schedule-expression",
        severity: Error,
        title: "The expression and the time zone of a schedule are valid in EventBridge",
        reason: "EventBridge refuses other expressions and time zones. EventBridge Scheduler and rules differ: only the former takes `at(…)`, `cron(…)` with five fields, and a unit that does not agree with its number.",
        source: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (schedules); https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html (rules)",
        function: CheckFunction::Manifest,
    },
    Check {
        id: "schedule-never-runs",
        severity: Warning,
        title: "A schedule that is enabled has a run in the future",
        reason: "A rule with a date that does not exist, such as February 31, or with times that have passed never starts a task. EventBridge Scheduler refuses some of these expressions.",
        source: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
        function: CheckFunction::Manifest,
    },
    Check {
        id: "scaling-schedule",
        severity: Error,
        title: "The schedule and the time zone of a scheduled action are valid in Application Auto Scaling",
        reason: "Application Auto Scaling takes `at(…)`, `rate(…)` and `cron(…)` with six fields, and the names of the IANA time zones. Another one would fail only after the service is up.",
        source: "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html",
        function: CheckFunction::Manifest,
    },
];
