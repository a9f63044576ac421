//! Renders the schedules of a manifest, and checks their names, times and targets without calling AWS.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::definition_files::DefinitionOwner;
use super::task_checks::KnownServices;
use super::task_spec::{self, DesiredTaskSpec, TaskContext};
use super::{DefinitionFiles, DesiredTask, schedule_limits, schedule_times};
use crate::aws::types::Via;
use crate::document::problem::{InvalidFiles, Problem, Problems};
use crate::manifest::Manifest;
use crate::manifest::fields::LocatedValue;
use crate::manifest::schedules::{
    ManifestRetry, ManifestSchedule, ManifestTarget, TargetTask, schedule_noun,
};
use crate::verification::{EVENTS, SCHEDULER};

/// The maximum length of the name of a rule or schedule, and the characters that are valid in it besides letters and
/// digits (API references: `PutRule` and `CreateSchedule`, `Name`).
const MAX_NAME_LENGTH: usize = 64;
const NAME_PUNCTUATION: &str = ".-_";
/// The maximum number of targets of a rule (EventBridge quotas), and the maximum length of an input (`PutTargets`,
/// `Input`).
const MAX_TARGETS: usize = 5;
const MAX_INPUT_BYTES: usize = 8192;

/// A desired schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DesiredSchedule {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub kind: Via,
    /// The name in AWS.
    pub name: String,
    /// The schedule group; `None` for a rule.
    pub group: Option<String>,
    /// Whether the group is that of the app and stage, and not one that the manifest sets.
    pub uses_app_group: bool,
    pub expression: String,
    pub timezone: Option<String>,
    pub enabled: Option<bool>,
    pub description: Option<String>,
    /// The flexible time window in minutes; `Some(0)` turns it off.
    pub flexible_window: Option<u32>,
    /// Unix timestamps in seconds.
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub targets: Vec<DesiredScheduleTarget>,
}

/// A desired schedule target: the task that a schedule starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DesiredScheduleTarget {
    pub id: String,
    pub spec: DesiredTaskSpec,
    /// The name or ARN of a role.
    pub role: Option<String>,
    pub input: Option<String>,
    pub retry: ManifestRetry,
    pub dead_letter: Option<String>,
}

/// Renders the schedules of a manifest.
pub(super) fn render_schedules(
    manifest: &Manifest,
    tasks: &[DesiredTask],
    known: KnownServices<'_>,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Vec<DesiredSchedule> {
    if let Some(role) = manifest.schedule_role.as_ref().filter(|_| !manifest.schedules.is_empty()) {
        schedule_limits::check_role(role, "schedule_role", problems);
    }
    let mut desired: Vec<DesiredSchedule> = Vec::new();
    for schedule in &manifest.schedules {
        let Some(one) = render_schedule(schedule, manifest, (tasks, known), files, problems) else {
            continue;
        };
        // Reading the manifest reports schedules with the same `group`. This finds a schedule whose `group` is the app's.
        let same = |known: &&DesiredSchedule| {
            let place = |of: &DesiredSchedule| (of.kind, of.group.clone(), of.name.clone());
            place(known) == place(&one) && known.uses_app_group != one.uses_app_group
        };
        if let Some(known) = desired.iter().find(same) {
            let group = one.group.as_deref().unwrap_or_default();
            let message =
                format!("`{}` and `{}` are the same schedule, `{group}/{}`", known.key, one.key, one.name);
            let problem =
                Problem::error(schedule.manifest_name.span, message).path(format!("schedules.{}", one.key));
            problems.push(problem.hint("give one of them another `name:`".to_owned()));
        }
        desired.push(one);
    }
    desired
}

/// Returns the schedules of a manifest without their targets, for commands that render nothing.
///
/// A member with an undefined name is `None`, like an absent one; the expression is empty.
///
/// # Errors
/// All problems of the manifest, if one of them is an error, such as a schedule without a group.
pub fn schedules_without_targets(manifest: &Manifest) -> Result<Vec<DesiredSchedule>, InvalidFiles> {
    let mut problems = manifest.problems.clone();
    let known = |schedule: &ManifestSchedule| {
        let mut unread = Problems::default();
        let group = schedule_group(schedule, manifest, &mut problems);
        let value = |text: &Option<LocatedValue<String>>| text.as_ref().map(|text| text.value.clone());
        DesiredSchedule {
            key: schedule.key.clone(),
            kind: schedule.kind,
            name: schedule.manifest_name.value.clone(),
            uses_app_group: schedule.kind == Via::Scheduler && schedule.group.is_none(),
            group,
            expression: value(&schedule.expression).unwrap_or_default(),
            timezone: value(&schedule.timezone),
            enabled: schedule.enabled,
            description: schedule.description.clone(),
            flexible_window: schedule.flexible_window,
            start: parse_time(schedule.start.as_ref(), &mut unread),
            end: parse_time(schedule.end.as_ref(), &mut unread),
            targets: Vec::new(),
        }
    };
    let schedules = manifest.schedules.iter().map(known).collect();
    if problems.has_errors() {
        Err(InvalidFiles { problems, sources: manifest.sources.clone() })
    } else {
        Ok(schedules)
    }
}

fn render_schedule(
    schedule: &ManifestSchedule,
    manifest: &Manifest,
    known: (&[DesiredTask], KnownServices<'_>),
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DesiredSchedule> {
    check_name(&schedule.manifest_name.value, schedule, problems);
    if schedule.targets.len() > MAX_TARGETS {
        let message = format!(
            "rule `{}` has {} targets: at most {MAX_TARGETS} are allowed",
            schedule.key,
            schedule.targets.len()
        );
        problems.push(Problem::error(schedule.span, message).path(format!("schedules.{}", schedule.key)));
    }
    schedule_times::check_times(schedule, manifest, problems);
    schedule_limits::check_schedule(schedule, problems);
    let group = schedule_group(schedule, manifest, problems);
    let (start, end) =
        (parse_time(schedule.start.as_ref(), problems), parse_time(schedule.end.as_ref(), problems));
    schedule_limits::check_window(schedule, (start, end), problems);
    let targets = schedule.targets.iter();
    let targets: Vec<Option<DesiredScheduleTarget>> =
        targets.map(|target| render_target(target, schedule, manifest, known, files, problems)).collect();
    Some(DesiredSchedule {
        key: schedule.key.clone(),
        kind: schedule.kind,
        name: schedule.manifest_name.value.clone(),
        group,
        uses_app_group: schedule.kind == Via::Scheduler && schedule.group.is_none(),
        expression: schedule.expression.as_ref()?.value.clone(),
        timezone: schedule.timezone.as_ref().map(|zone| zone.value.clone()),
        enabled: schedule.enabled,
        description: schedule.description.clone(),
        flexible_window: schedule.flexible_window,
        start,
        end,
        targets: targets.into_iter().collect::<Option<Vec<_>>>()?,
    })
}

fn check_name(name: &str, schedule: &ManifestSchedule, problems: &mut Problems) {
    let fits = |character: char| character.is_ascii_alphanumeric() || NAME_PUNCTUATION.contains(character);
    let (what, span) = (schedule_noun(schedule.kind), schedule.manifest_name.span);
    let shown = if span.from_expression { "`{{ … }}`".to_owned() } else { format!("`{name}`") };
    let message = match name.chars().count() {
        length if length > MAX_NAME_LENGTH => {
            format!("the {what} name {shown} has {length} characters: at most {MAX_NAME_LENGTH} are allowed")
        }
        _ if !name.chars().all(fits) => {
            format!("the {what} name {shown} may contain only letters, digits, `.`, `-` and `_`")
        }
        _ => return,
    };
    let key = if schedule.kind == Via::Rule { "rule" } else { "name" };
    problems.push(Problem::error(span, message).hint(format!("set another one with `{key}:`")));
}

/// Returns the group of a schedule: the one in the manifest, or the one of the app and stage.
fn schedule_group(
    schedule: &ManifestSchedule,
    manifest: &Manifest,
    problems: &mut Problems,
) -> Option<String> {
    if schedule.kind == Via::Rule {
        return None;
    }
    if let Some(group) = &schedule.group {
        return Some(group.value.clone());
    }
    let Some(app) = &manifest.app else {
        let hint = "set `app:` at the top of the manifest, or `group:` in the schedule".to_owned();
        let message = format!(
            "schedule `{}` has no group, and the manifest has no `app` to name one after",
            schedule.key
        );
        problems.push(Problem::error(schedule.span, message).hint(hint));
        return None;
    };
    let group = app_group_name(app, manifest.stage.as_deref());
    if group.len() > MAX_NAME_LENGTH {
        let hint = "create a group with a shorter name, and set it with `group:`".to_owned();
        let message = format!(
            "the schedule group of the app and stage would have a name of {} characters: at most {MAX_NAME_LENGTH} are allowed",
            group.len()
        );
        problems.push(Problem::error(schedule.span, message).hint(hint));
    }
    Some(group)
}

/// Returns the name of the schedule group of an app and stage.
pub fn app_group_name(app: &str, stage: Option<&str>) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || NAME_PUNCTUATION.contains(character);
    let name = stage.map_or_else(|| app.to_owned(), |stage| format!("{app}-{stage}"));
    name.chars().map(|character| if fits(character) { character } else { '-' }).collect()
}

/// Returns the Unix timestamp in seconds of a time such as `2026-12-01T00:00:00Z`.
pub(super) fn parse_time(text: Option<&LocatedValue<String>>, problems: &mut Problems) -> Option<i64> {
    let text = text?;
    if let Ok(time) = text.value.parse::<jiff::Timestamp>() {
        Some(time.as_second())
    } else {
        let message = format!("`{}` is not a time with a time zone", text.value);
        problems
            .push(Problem::error(text.span, message).hint("write it as `2026-12-01T00:00:00Z`".to_owned()));
        None
    }
}

fn render_target(
    target: &ManifestTarget,
    schedule: &ManifestSchedule,
    manifest: &Manifest,
    (tasks, known): (&[DesiredTask], KnownServices<'_>),
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DesiredScheduleTarget> {
    schedule_limits::check_target(target, schedule, problems);
    let ignore = [manifest.ignore.as_slice(), &schedule.ignore].concat();
    let work = match &target.spec {
        TargetTask::Missing => None,
        TargetTask::Named(name) => {
            tasks.iter().find(|task| task.key == name.value).map(|task| task.spec.clone())
        }
        TargetTask::Inline(own) => {
            let input = target.input.as_ref().map(|input| (input.value.as_str(), input.span));
            let value = json!({ "key": schedule.key, "name": schedule.manifest_name.value });
            files.set_owner(DefinitionOwner { name: "schedule", value });
            let context = TaskContext { name: &schedule.key, ignore: &ignore, input, known };
            task_spec::render_task_spec(own, &context, manifest, files, problems)
        }
    }?;
    if let Some(input) = &target.input {
        check_input(input, &work, problems);
    }
    let role = target.role.as_ref().or(manifest.schedule_role.as_ref());
    if let Some(role) = role {
        let path = format!("schedules.{}", schedule.key);
        let service = if schedule.kind == Via::Rule { EVENTS } else { SCHEDULER };
        files.references.add_schedule_role(&role.value, service, role.span, path);
    }
    Some(DesiredScheduleTarget {
        id: target.id.value.clone(),
        spec: work,
        role: role.map(|role| role.value.clone()),
        input: target.input.as_ref().map(|input| input.value.clone()),
        retry: target.retry,
        dead_letter: target.dead_letter.clone(),
    })
}

fn check_input(input: &LocatedValue<String>, work: &DesiredTaskSpec, problems: &mut Problems) {
    let overrides = work.overrides != Default::default();
    if overrides {
        let hint = "write the overrides in `input`, or remove `input`".to_owned();
        let message =
            "`input` cannot be used with `command`, `environment`, `cpu` and `memory`, which it replaces";
        problems.push(Problem::error(input.span, message).hint(hint));
    }
    if input.value.len() > MAX_INPUT_BYTES {
        let message =
            format!("`input` has {} bytes: at most {MAX_INPUT_BYTES} are allowed", input.value.len());
        problems.push(Problem::error(input.span, message));
    }
    if serde_json::from_str::<serde_json::Value>(&input.value).is_err() {
        problems.push(Problem::error(input.span, "`input` is not JSON"));
    }
}
