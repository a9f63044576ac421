//! The marks of `after` tasks: tags on the revisions of the services that name a task, set to pending before a service
//! changes and to done once the task has succeeded. A deploy that finds a pending mark on a running revision knows that
//! an earlier release was cut off. Pure; never sets a tag itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::plan_revision::Revision;
use super::record::{DeployRecord, MAX_KEY_LENGTH, MAX_TAGS, sanitize_tag_value};
use super::types::{Plan, ServicePlan, TaskPlan};
use crate::aws::types::TaskDefinition;

/// What the key of every mark begins with; the stage and the name of the task follow.
const PREFIX: &str = "ecsail:after:";
const PENDING: &str = "pending ";
const DONE: &str = "done ";

/// Tags to set, by the ARN of the revision.
pub type RevisionTags = BTreeMap<String, BTreeMap<String, String>>;

/// The state that a mark records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterMark {
    /// The services change, and the task has not succeeded since.
    Pending,
    /// The task has succeeded.
    Done,
}

impl AfterMark {
    fn value(self, release: &str) -> String {
        let word = match self {
            AfterMark::Pending => PENDING,
            AfterMark::Done => DONE,
        };
        format!("{word}{release}")
    }
}

/// Returns the key of the mark of a task.
fn key(stage: Option<&str>, task: &str) -> String {
    let stage = stage.map(|stage| format!("{stage}:")).unwrap_or_default();
    sanitize_tag_value(&format!("{PREFIX}{stage}{task}")).chars().take(MAX_KEY_LENGTH).collect()
}

/// Returns the release that left a task pending on a revision, if one did.
pub fn pending_release(definition: &TaskDefinition, stage: Option<&str>, task: &str) -> Option<String> {
    definition.tag(&key(stage, task))?.strip_prefix(PENDING).map(str::to_owned)
}

/// Adds the pending marks to the documents that the plan registers.
pub(super) fn mark_registrations(plan: &mut Plan, record: &DeployRecord) {
    let Some(release) = &record.release_id else { return };
    let mut marks: BTreeSet<(usize, String)> = BTreeSet::new();
    for task in plan.after.iter().filter(|task| task.work.is_some()) {
        for service in marked_services(plan, task) {
            if let Revision::New(index) = service.after {
                marks.insert((index, key(record.stage.as_deref(), &task.key)));
            }
        }
    }
    for (index, key) in marks {
        let Some(registration) = plan.registrations.get_mut(index) else { continue };
        let mut tags = registration.document["tags"].as_array().cloned().unwrap_or_default();
        if tags.len() < MAX_TAGS {
            tags.push(json!({"key": key, "value": AfterMark::Pending.value(release)}));
            registration.document["tags"] = Value::Array(tags);
        }
    }
}

/// Returns the pending marks that the registered documents do not carry, because a service keeps its revision or gets one
/// that was registered before.
pub fn missing_marks(
    plan: &Plan,
    registered: &[TaskDefinition],
    stage: Option<&str>,
    release: &str,
) -> RevisionTags {
    let mut tags = RevisionTags::new();
    for task in plan.after.iter().filter(|task| task.work.is_some()) {
        let key = key(stage, &task.key);
        for service in marked_services(plan, task).filter(|service| service.changes()) {
            let has_mark = match service.after {
                Revision::New(index) => registered.get(index).is_some_and(|new| new.tag(&key).is_some()),
                _ => false,
            };
            if let Some(arn) = revision_arn(service, registered).filter(|_| !has_mark) {
                tags.entry(arn).or_default().insert(key.clone(), AfterMark::Pending.value(release));
            }
        }
    }
    tags
}

/// Returns the marks of a task that has succeeded.
pub fn done_marks(
    plan: &Plan,
    task: &TaskPlan,
    registered: &[TaskDefinition],
    stage: Option<&str>,
    release: &str,
) -> RevisionTags {
    let mark = BTreeMap::from([(key(stage, &task.key), AfterMark::Done.value(release))]);
    let arns = marked_services(plan, task).filter_map(|service| revision_arn(service, registered));
    arns.map(|arn| (arn, mark.clone())).collect()
}

fn marked_services<'a>(plan: &'a Plan, task: &'a TaskPlan) -> impl Iterator<Item = &'a ServicePlan> {
    plan.services.iter().filter(|service| task.marked.contains(&service.key))
}

/// Returns the ARN of the revision that a service will run.
fn revision_arn(service: &ServicePlan, registered: &[TaskDefinition]) -> Option<String> {
    match &service.after {
        Revision::Same => Some(service.before.clone()),
        Revision::Registered(arn) => Some(arn.clone()),
        Revision::New(index) => registered.get(*index).map(|new| new.arn.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(value: &str) -> TaskDefinition {
        let tags = json!([{"key": "ecsail:after:warm", "value": value}]);
        TaskDefinition { arn: "arn:web:2".to_owned(), document: json!({"tags": tags}) }
    }

    #[test]
    fn only_a_pending_mark_of_the_same_stage_names_a_release() {
        let pending = definition(&AfterMark::Pending.value("r1"));
        assert_eq!(pending_release(&pending, None, "warm"), Some("r1".to_owned()));
        assert_eq!(pending_release(&pending, Some("production"), "warm"), None);
        assert_eq!(pending_release(&pending, None, "other"), None);
        assert_eq!(pending_release(&definition(&AfterMark::Done.value("r1")), None, "warm"), None);
    }

    #[test]
    fn a_key_fits_the_rules_of_tags() {
        assert_eq!(key(Some("production"), "warm"), "ecsail:after:production:warm");
        assert_eq!(key(None, &"x".repeat(300)).chars().count(), MAX_KEY_LENGTH);
    }
}
