//! Merges a desired target into the existing one.

use serde_json::{Map, Value, json};

use super::change_list::ChangeList;
use super::types::{ScheduleContext, TargetPlan};
use super::{input, role, run_task};
use crate::aws::types::{Via, family_of, revision_name};
use crate::document::normalize::is_same_role;
use crate::error::Failure;
use crate::manifest::schedules::ManifestRetry;
use crate::plan::diff::Change;
use crate::plan::plan_revision::Revision;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::{DesiredSchedule, DesiredScheduleTarget};
use crate::service_arn::cluster_name;

/// The defaults of a retry policy (API references, `RetryPolicy`).
const DEFAULT_RETRY_ATTEMPTS: u32 = 185;
const DEFAULT_MAX_EVENT_AGE: u32 = 86_400;

/// A merged target, its changes, and notes.
pub(super) struct MergedTarget {
    pub(super) plan: TargetPlan,
    pub(super) changes: Vec<Change>,
    pub(super) notes: Vec<String>,
}

/// Returns the existing target, overridden by what the manifest contains; `ours` is whether the app owns the existing
/// one.
///
/// # Errors
/// A setting is not supported by targets, or the existing target runs no task or another task and is not known to be
/// the app's.
pub(super) fn merge_target(
    desired: &DesiredScheduleTarget,
    schedule: &DesiredSchedule,
    work: &ResolvedWork,
    existing: Option<&Value>,
    ours: bool,
    schedule_context: &ScheduleContext,
) -> Result<MergedTarget, Vec<Failure>> {
    let taken = |existing| match is_cluster_target(existing) {
        true if ours || is_same_job(existing, work) => None,
        true => Some(other_task_blocker(existing, desired, schedule, work)),
        false => Some(not_a_task_blocker(existing, desired, schedule)),
    };
    if let Some(failure) = existing.and_then(taken) {
        return Err(vec![failure]);
    }
    let mut document = existing.and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut failures, mut notes) = (Vec::new(), Vec::new());
    document.insert("Arn".to_owned(), work.cluster_arn.clone().into());
    if schedule.kind == Via::Rule {
        document.insert("Id".to_owned(), desired.id.clone().into());
    }
    match resolve_role(desired, schedule, existing, schedule_context) {
        Ok((arn, note)) => {
            document.insert("RoleArn".to_owned(), arn.into());
            notes.extend(note);
        }
        Err(failure) => failures.push(failure),
    }
    match run_task::to_target_parameters(&work.members, schedule.kind) {
        Ok(given) => merge_parameters(&mut document, given, work),
        Err(found) => failures.extend(found.into_iter().map(|failure| with_schedule_name(failure, schedule))),
    }
    merge_retry(&mut document, desired.retry);
    if let Some(queue) = &desired.dead_letter {
        document.insert("DeadLetterConfig".to_owned(), json!({ "Arn": queue_arn(queue, schedule_context) }));
    }
    match input::merge_input(&mut document, desired, work) {
        Ok(note) => notes.extend(note.map(|note| format!("`{}`: {note}", target_name(desired, schedule)))),
        Err(failure) => failures.push(with_schedule_name(failure, schedule)),
    }
    let document = Value::Object(document);
    let revision =
        revision(work, existing).map_err(|failure| failures.push(with_schedule_name(failure, schedule)));
    let (true, Ok((revision, arn))) = (failures.is_empty(), revision) else { return Err(failures) };
    let prefix =
        if schedule.targets.len() > 1 { format!("targets[{}].", desired.id) } else { "target.".to_owned() };
    let mut changes = target_changes(prefix.clone(), existing, &document, arn, work);
    // A target that replaces another one has a new id.
    if let Some(old) = existing.map(|existing| &existing["Id"]).filter(|id| **id != document["Id"]) {
        let (before, after) = (Some(old.clone()), Some(document["Id"].clone()));
        changes.insert(0, Change { path: format!("{prefix}id"), before, after });
    }
    let revision_before = existing.and_then(task_definition_arn).map(str::to_owned);
    let (id, family) = (document["Id"].as_str().unwrap_or_default().to_owned(), work.family.clone());
    let plan = TargetPlan { id, revision, family, revision_before, document, changes: !changes.is_empty() };
    Ok(MergedTarget { plan, changes, notes })
}

/// Returns the ARN of a queue that is given as a name or an ARN.
fn queue_arn(queue: &str, schedule_context: &ScheduleContext) -> String {
    if queue.starts_with("arn:") {
        return queue.to_owned();
    }
    let ScheduleContext { partition, region, account, .. } = schedule_context;
    format!("arn:{partition}:sqs:{region}:{account}:{queue}")
}

/// Returns the name of a target in messages.
fn target_name(desired: &DesiredScheduleTarget, schedule: &DesiredSchedule) -> String {
    match schedule.targets.len() {
        1 => schedule.key.clone(),
        _ => format!("{}.{}", schedule.key, desired.id),
    }
}

/// Adds the schedule's name to a failure.
fn with_schedule_name(mut failure: Failure, schedule: &DesiredSchedule) -> Failure {
    failure.message = format!("schedule `{}`: {}", schedule.key, failure.message);
    failure
}

/// Returns whether a target is an ECS cluster.
pub(super) fn is_cluster_target(target: &Value) -> bool {
    let arn = target["Arn"].as_str().unwrap_or_default();
    arn.split(':').nth(2) == Some("ecs") && arn.contains(":cluster/")
}

/// Returns whether a target runs the same family on the same cluster.
pub(super) fn is_same_job(target: &Value, work: &ResolvedWork) -> bool {
    let definition = target["EcsParameters"]["TaskDefinitionArn"].as_str();
    target["Arn"] == work.cluster_arn.as_str() && definition.map(family_of) == Some(work.family.as_str())
}

/// Returns the blocker for an existing target that is not an ECS cluster, and so not the app's.
fn not_a_task_blocker(
    existing: &Value,
    desired: &DesiredScheduleTarget,
    schedule: &DesiredSchedule,
) -> Failure {
    let (what, key) = name_and_manifest_key(desired, schedule);
    let arn = existing["Arn"].as_str().unwrap_or_default();
    let message = format!("{what} is taken: it does not run a task, its target is `{arn}`");
    Failure::refused(message).with_hint(format!("choose another name with `{key}:`"))
}

/// Returns the blocker for an existing target that runs another task and is not known to be the app's.
fn other_task_blocker(
    existing: &Value,
    desired: &DesiredScheduleTarget,
    schedule: &DesiredSchedule,
    work: &ResolvedWork,
) -> Failure {
    let (what, key) = name_and_manifest_key(desired, schedule);
    let (runs, cluster) =
        (task_definition_arn(existing).map(family_of), existing["Arn"].as_str().unwrap_or_default());
    let (runs, cluster) = (runs.unwrap_or_default(), cluster_name(cluster));
    let ours = format!("`{}` on `{}`", work.family, cluster_name(&work.cluster_arn));
    let message = format!(
        "{what} is taken: it runs `{runs}` on `{cluster}`, not {ours}, and it has no owner tags of this app"
    );
    let hint = format!("choose another name with `{key}:`, or delete it first if it is yours");
    Failure::refused(message).with_hint(hint)
}

/// Returns the name of a target in messages, and the manifest key that sets it.
fn name_and_manifest_key(
    desired: &DesiredScheduleTarget,
    schedule: &DesiredSchedule,
) -> (String, &'static str) {
    match schedule.kind {
        Via::Scheduler => (format!("schedule `{}`", schedule.name), "name"),
        Via::Rule => (format!("target `{}` of rule `{}`", desired.id, schedule.name), "target"),
    }
}

/// Returns the role of a target: the manifest's, the existing one, or for a rule the default role of rules.
fn resolve_role(
    desired: &DesiredScheduleTarget,
    schedule: &DesiredSchedule,
    existing: Option<&Value>,
    schedule_context: &ScheduleContext,
) -> Result<(String, Option<String>), Failure> {
    let known = existing.and_then(|existing| existing["RoleArn"].as_str());
    match (&desired.role, known) {
        // The ARN of a role may have a path that its name does not.
        (Some(role), Some(known)) if is_same_role(role, known) => return Ok((known.to_owned(), None)),
        (Some(role), _) => return Ok((role::role_arn(role, schedule_context), None)),
        (None, Some(known)) => return Ok((known.to_owned(), None)),
        (None, None) => {}
    }
    let hint = "set it with the schedule's `role:`, or with `schedule_role:` for all schedules";
    match schedule.kind {
        Via::Rule => {
            let note = format!(
                "`{}` has no role and uses `{}`; {hint}",
                target_name(desired, schedule),
                role::DEFAULT_RULE_ROLE
            );
            Ok((role::role_arn(role::DEFAULT_RULE_ROLE, schedule_context), Some(note)))
        }
        Via::Scheduler => {
            let message = format!("schedule `{}` has no role to start its tasks", schedule.key);
            let why =
                "the role needs `ecs:RunTask` and `iam:PassRole`, and must trust `scheduler.amazonaws.com`"
                    .to_owned();
            Err(Failure::error(message).with_hint(hint.to_owned()).with_hint(why))
        }
    }
}

/// Merges parameters into those of a target, without the task definition, which may not be registered yet.
fn merge_parameters(document: &mut Map<String, Value>, given: Map<String, Value>, work: &ResolvedWork) {
    let own = document.entry("EcsParameters").or_insert_with(|| json!({}));
    if let Some(own) = own.as_object_mut() {
        run_task::merge_parameters(own, given);
        own.insert("TaskCount".to_owned(), work.count.into());
        own.shift_remove("TaskDefinitionArn");
    }
}

fn merge_retry(document: &mut Map<String, Value>, retry: ManifestRetry) {
    let given =
        [("MaximumRetryAttempts", retry.max_attempts), ("MaximumEventAgeInSeconds", retry.max_age_seconds)];
    for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let policy = document.entry("RetryPolicy").or_insert_with(|| json!({}));
        policy[name] = value.into();
    }
}

/// Returns the revision that a target will run, and its ARN if it is registered.
fn revision(work: &ResolvedWork, existing: Option<&Value>) -> Result<(Revision, Option<String>), Failure> {
    match &work.revision {
        Revision::Registered(arn) => Ok((work.revision.clone(), Some(arn.clone()))),
        Revision::New(_) => Ok((work.revision.clone(), None)),
        Revision::Same => {
            let arn = existing.and_then(task_definition_arn);
            let arn = arn.ok_or_else(|| Failure::error("no revision to run"))?.to_owned();
            Ok((Revision::Registered(arn.clone()), Some(arn)))
        }
    }
}

fn task_definition_arn(target: &Value) -> Option<&str> {
    target["EcsParameters"]["TaskDefinitionArn"].as_str()
}

/// Returns the changes of a target; `arn` is that of the revision that it will run, if it is registered.
fn target_changes(
    prefix: String,
    existing: Option<&Value>,
    document: &Value,
    arn: Option<String>,
    work: &ResolvedWork,
) -> Vec<Change> {
    let nothing = Value::Null;
    let before = existing.unwrap_or(&nothing);
    let mut shown = ChangeList::new(prefix);
    if arn.as_deref() != task_definition_arn(before) || arn.is_none() {
        let after = match &arn {
            Some(arn) => revision_name(arn).to_owned(),
            None => format!("a new revision of `{}`", work.family),
        };
        let before = task_definition_arn(before).map(|arn| revision_name(arn).into());
        shown.add_value("task_definition", before, Some(after.into()));
    }
    let cluster = |target: &Value| target["Arn"].as_str().map(Value::from);
    shown.add_value("cluster", cluster(before), cluster(document));
    let count = |target: &Value| target.is_object().then(|| number(&target["EcsParameters"]["TaskCount"], 1));
    shown.add_value("count", count(before), count(document));
    shown.add_value("role", Some(before["RoleArn"].clone()), Some(document["RoleArn"].clone()));
    shown.add_changes(
        &run_task::normal_run_task_members(before),
        &run_task::normal_run_task_members(document),
        "RunTaskRequest",
    );
    // A new target has no previous policy, so only what the manifest contains is shown.
    let policy = |target: &Value, name: &str, default| match (&target["RetryPolicy"][name], existing) {
        (value, Some(_)) => Some(number(value, default)),
        (Value::Null, None) => None,
        (value, None) => Some(number(value, default)),
    };
    for (shown_as, name, default) in [
        ("retry.attempts", "MaximumRetryAttempts", DEFAULT_RETRY_ATTEMPTS),
        ("retry.max_age", "MaximumEventAgeInSeconds", DEFAULT_MAX_EVENT_AGE),
    ] {
        shown.add_value(shown_as, policy(before, name, default), policy(document, name, default));
    }
    let queue = |target: &Value| Some(target["DeadLetterConfig"]["Arn"].clone());
    shown.add_value("dead_letter", queue(before), queue(document));
    shown.add_input(before["Input"].as_str(), document["Input"].as_str());
    for (shown_as, name) in [("input_path", "InputPath"), ("input_transformer", "InputTransformer")] {
        shown.add_value(shown_as, Some(before[name].clone()), Some(document[name].clone()));
    }
    shown.changes
}

fn number(value: &Value, default: u32) -> Value {
    json!(value.as_f64().map_or(i64::from(default), |number| number as i64))
}

/// Returns whether two targets are equal, except for default values.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    let parts = |target: &Value| {
        let policy = |name: &str, default| number(&target["RetryPolicy"][name], default);
        let text = |name: &str| target[name].as_str().map(str::to_owned);
        let policy = [
            policy("MaximumRetryAttempts", DEFAULT_RETRY_ATTEMPTS),
            policy("MaximumEventAgeInSeconds", DEFAULT_MAX_EVENT_AGE),
        ];
        (task_definition_arn(target).map(str::to_owned), text("Arn"), text("RoleArn"), text("Input"), policy)
    };
    let count = |target: &Value| number(&target["EcsParameters"]["TaskCount"], 1);
    parts(one) == parts(other)
        && count(one) == count(other)
        && run_task::normal_run_task_members(one) == run_task::normal_run_task_members(other)
        && one["DeadLetterConfig"] == other["DeadLetterConfig"]
}
