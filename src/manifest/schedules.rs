//! Reads the `schedules` of the manifest: tasks that EventBridge Scheduler or an EventBridge rule starts at certain times.

use serde::{Deserialize, Serialize};

use super::fields::{FieldReader, LocatedValue};
use super::ignore::ignored;
use super::task_spec::{self, TASK_SPEC_KEYS, TaskSpec};
use crate::aws::types::Via;
use crate::document::problem::{Problem, Problems};
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKind};
use crate::duration;
use std::time::Duration;

/// The keys of a schedule.
pub const SCHEDULE_KEYS: &[&str] = &[
    "via",
    "name",
    "rule",
    "target",
    "targets",
    "group",
    "expression",
    "timezone",
    "enabled",
    "description",
    "flexible_window",
    "start",
    "end",
    "task",
    "role",
    "input",
    "retry",
    "dead_letter",
    "ignore",
];
/// The keys of a target of a rule, which a schedule with one target has itself.
pub const TARGET_KEYS: &[&str] = &["task", "role", "input", "retry", "dead_letter"];
/// The keys that only EventBridge Scheduler schedules have, and those that only rules have.
const SCHEDULER_ONLY_KEYS: &[&str] = &["name", "group", "timezone", "flexible_window", "start", "end"];
const RULE_ONLY_KEYS: &[&str] = &["rule", "target", "targets"];
const RETRY_KEYS: &[&str] = &["attempts", "max_age"];

/// A schedule of the manifest.
#[derive(Clone, Debug)]
pub struct ManifestSchedule {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub kind: Via,
    /// The name of the schedule or the rule in AWS.
    pub manifest_name: LocatedValue<String>,
    /// The schedule group; `None` for the group of the app and stage.
    pub group: Option<LocatedValue<String>>,
    pub expression: Option<LocatedValue<String>>,
    pub timezone: Option<LocatedValue<String>>,
    /// `None` keeps the state of an existing schedule; a new one is enabled.
    pub enabled: Option<bool>,
    pub description: Option<String>,
    /// The flexible time window in minutes; `Some(0)` turns it off.
    pub flexible_window: Option<u32>,
    pub start: Option<LocatedValue<String>>,
    pub end: Option<LocatedValue<String>>,
    /// One target for EventBridge Scheduler, one to five for a rule.
    pub targets: Vec<ManifestTarget>,
    pub ignore: Vec<String>,
    pub span: SourceSpan,
}

/// A schedule target: the task that a schedule starts.
#[derive(Clone, Debug)]
pub struct ManifestTarget {
    /// The id of the rule target.
    pub id: LocatedValue<String>,
    pub spec: TargetTask,
    /// The role that starts the task: its name, or its ARN.
    pub role: Option<LocatedValue<String>>,
    /// The input of the target, in place of overrides.
    pub input: Option<LocatedValue<String>>,
    pub retry: ManifestRetry,
    /// The ARN of an SQS queue.
    pub dead_letter: Option<String>,
}

/// The task of a schedule target.
#[derive(Clone, Debug)]
pub enum TargetTask {
    /// A task in `tasks`, by its name.
    Named(LocatedValue<String>),
    Inline(Box<TaskSpec>),
    /// Missing or undefined, which has been reported.
    Missing,
}

/// The retry policy of a target. `None` keeps the value of an existing schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestRetry {
    pub max_attempts: Option<u32>,
    /// The maximum age of the event in seconds.
    pub max_age_seconds: Option<u32>,
}

/// Reads the schedules.
pub(super) fn read_schedules(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<ManifestSchedule> {
    let mut schedules: Vec<ManifestSchedule> = Vec::new();
    for (key, node) in fields.entries("schedules", problems) {
        let path = format!("schedules.{}", key.name);
        let fields = FieldReader::new(node, &path, SCHEDULE_KEYS, &[], problems);
        let schedule = read_schedule(&key.name, key.span, &fields, problems);
        let same = |known: &&ManifestSchedule| {
            let group = |of: &ManifestSchedule| of.group.as_ref().map(|group| group.value.clone());
            known.kind == schedule.kind
                && known.manifest_name.value == schedule.manifest_name.value
                && group(known) == group(&schedule)
        };
        if let Some(known) = schedules.iter().find(same) {
            let (first, name) = (&known.key, &schedule.manifest_name.value);
            let message =
                format!("`{first}` and `{}` are the same {}, `{name}`", key.name, schedule_noun(known.kind));
            let hint = match known.kind {
                Via::Scheduler => "give one of them another `name:`",
                Via::Rule => "write all targets of a rule under `targets:`",
            };
            problems
                .push(Problem::error(schedule.manifest_name.span, message).path(&path).hint(hint.to_owned()));
        }
        schedules.push(schedule);
    }
    schedules
}

/// Returns the name of such a schedule for messages.
pub fn schedule_noun(via: Via) -> &'static str {
    match via {
        Via::Scheduler => "schedule",
        Via::Rule => "rule",
    }
}

fn read_schedule(
    key: &str,
    span: SourceSpan,
    fields: &FieldReader<'_>,
    problems: &mut Problems,
) -> ManifestSchedule {
    let via = fields.enum_value("via", problems).unwrap_or_default();
    report_keys_of_other_kind(via, fields, problems);
    let name = match via {
        Via::Scheduler => fields.text("name", problems),
        Via::Rule => fields.text("rule", problems),
    };
    let expression = fields.text("expression", problems);
    if fields.get("expression").is_none() {
        let hint = "add one, such as `expression: cron(0 3 * * ? *)` or `rate(5 minutes)`".to_owned();
        problems.push(Problem::error(span, format!("schedule `{key}` has no `expression`")).hint(hint));
    }
    ManifestSchedule {
        key: key.to_owned(),
        kind: via,
        manifest_name: name.unwrap_or(LocatedValue { value: key.to_owned(), span }),
        group: fields.text("group", problems),
        expression,
        timezone: fields.text("timezone", problems),
        enabled: fields.boolean("enabled", problems),
        description: fields.text("description", problems).map(|text| text.value),
        flexible_window: read_flexible_window(fields, problems),
        start: fields.text("start", problems),
        end: fields.text("end", problems),
        targets: read_targets(key, span, via, fields, problems),
        ignore: ignored(fields, problems),
        span,
    }
}

/// Reports the keys that are not valid for this kind of schedule.
fn report_keys_of_other_kind(via: Via, fields: &FieldReader<'_>, problems: &mut Problems) {
    let (others, why) = match via {
        Via::Scheduler => (RULE_ONLY_KEYS, "is for rules: add `via: rule`, or remove it"),
        Via::Rule => (SCHEDULER_ONLY_KEYS, "is not for rules: remove it, or remove `via: rule`"),
    };
    for key in others {
        let Some(node) = fields.get(key) else { continue };
        let hint = match (*key, via) {
            ("timezone", Via::Rule) => {
                "rules run in UTC: use EventBridge Scheduler for another time zone".to_owned()
            }
            ("name", Via::Rule) => "set the name of the rule with `rule:`".to_owned(),
            _ => format!("`{key}` {why}"),
        };
        let message = format!("`{key}` cannot be used here");
        problems.push(Problem::error(node.span, message).path(fields.member_path(key)).hint(hint));
    }
}

/// Reads a flexible time window: whole minutes (API reference, `FlexibleTimeWindow`: 1 to 1440), or `off`.
fn read_flexible_window(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<u32> {
    let text = fields.text("flexible_window", problems)?;
    if ["off", "false"].iter().any(|off| text.value.eq_ignore_ascii_case(off)) {
        return Some(0);
    }
    let minutes = duration::parse(&text.value).filter(|window| window.as_secs().is_multiple_of(60));
    let minutes = minutes.map(|window| window.as_secs() / 60).filter(|minutes| (1..=1440).contains(minutes));
    if minutes.is_none() {
        let message = format!("`flexible_window` must be 1 to 1440 minutes or `off`, found `{}`", text.value);
        let problem = Problem::error(text.span, message).path(fields.member_path("flexible_window"));
        problems.push(problem.hint("write it as `15m` or `2h`".to_owned()));
    }
    minutes.and_then(|minutes| u32::try_from(minutes).ok())
}

fn read_targets(
    key: &str,
    span: SourceSpan,
    via: Via,
    fields: &FieldReader<'_>,
    problems: &mut Problems,
) -> Vec<ManifestTarget> {
    if via == Via::Scheduler || fields.get("targets").is_none() {
        let id = fields.text("target", problems).unwrap_or(LocatedValue { value: key.to_owned(), span });
        return vec![read_target(id, span, fields, problems)];
    }
    for key in TARGET_KEYS.iter().chain(&["target"]) {
        let Some(node) = fields.get(key) else { continue };
        let message = format!("`{key}` and `targets` cannot be used together");
        let hint = "move it into each of the targets".to_owned();
        problems.push(Problem::error(node.span, message).path(fields.member_path(key)).hint(hint));
    }
    if let Some(node) =
        fields.get("targets").filter(|node| node.entries().is_empty() && !node.has_undefined())
    {
        let hint = "add one, such as `targets: { report: { task: report } }`".to_owned();
        let problem = Problem::error(node.span, format!("rule `{key}` has no target"));
        problems.push(problem.path(fields.member_path("targets")).hint(hint));
    }
    let mut targets = Vec::new();
    for (id, node) in fields.entries("targets", problems) {
        let path = fields.member_path(&format!("targets.{}", id.name));
        let fields = FieldReader::new(node, &path, TARGET_KEYS, &[], problems);
        let name = LocatedValue { value: id.name.clone(), span: id.span };
        targets.push(read_target(name, id.span, &fields, problems));
    }
    targets
}

fn read_target(
    id: LocatedValue<String>,
    span: SourceSpan,
    fields: &FieldReader<'_>,
    problems: &mut Problems,
) -> ManifestTarget {
    ManifestTarget {
        id,
        spec: read_target_task(span, fields, problems),
        role: fields.text("role", problems),
        input: read_input(fields, problems),
        retry: read_retry(fields, problems),
        dead_letter: fields.text("dead_letter", problems).map(|text| text.value),
    }
}

fn read_target_task(span: SourceSpan, fields: &FieldReader<'_>, problems: &mut Problems) -> TargetTask {
    let Some(node) = fields.get("task") else {
        let hint = "add one, such as `task: { like: worker, command: [ bin/report ] }`".to_owned();
        problems.push(Problem::error(span, "no `task` to run").hint(hint));
        return TargetTask::Missing;
    };
    match &node.kind {
        NodeKind::Undefined => TargetTask::Missing,
        NodeKind::Scalar(_) => fields.text("task", problems).map_or(TargetTask::Missing, TargetTask::Named),
        _ => {
            let path = fields.member_path("task");
            let fields = FieldReader::new(node, &path, TASK_SPEC_KEYS, &[], problems);
            TargetTask::Inline(Box::new(task_spec::read_task_spec(&fields, node.span, problems)))
        }
    }
}

/// Reads the input: a mapping or a list, which is converted to JSON, or a JSON text.
fn read_input(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<LocatedValue<String>> {
    let node = fields.get("input")?;
    match &node.kind {
        NodeKind::Map(_) | NodeKind::Seq(_) => {
            Some(LocatedValue { value: Node::to_value(node).to_string(), span: node.span })
        }
        _ => fields.text("input", problems),
    }
}

/// Reads the retry policy (API reference, `RetryPolicy`: 0 to 185 attempts, a maximum age of 60 to 86,400 seconds).
fn read_retry(fields: &FieldReader<'_>, problems: &mut Problems) -> ManifestRetry {
    let Some(node) = fields.get("retry") else { return ManifestRetry::default() };
    let fields = FieldReader::new(node, &fields.member_path("retry"), RETRY_KEYS, &[], problems);
    let attempts = fields.text("attempts", problems).and_then(|text| {
        let number = text.value.parse().ok().filter(|number| *number <= 185);
        if number.is_none() {
            let message = format!("`attempts` must be a number from 0 to 185, found `{}`", text.value);
            problems.push(Problem::error(text.span, message).path(fields.member_path("attempts")));
        }
        number
    });
    let max_age = fields.text("max_age", problems).and_then(|text| {
        let age = duration::parse(&text.value).as_ref().map(Duration::as_secs);
        let age = age.filter(|age| (60..=86_400).contains(age)).and_then(|age| u32::try_from(age).ok());
        if age.is_none() {
            let message = format!("`max_age` must be from 1 minute to 24 hours, found `{}`", text.value);
            let problem = Problem::error(text.span, message).path(fields.member_path("max_age"));
            problems.push(problem.hint("write it as `30m` or `6h`".to_owned()));
        }
        age
    });
    ManifestRetry { max_attempts: attempts, max_age_seconds: max_age }
}
