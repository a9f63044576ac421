//! Decides what to do about tasks of the same name that are still running, or have ended, when a one-off task is to be
//! started. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::task_origin::TaskOrigin;
use crate::aws::types::Task;
use crate::document::normalize::{normalize_overrides, respell_roles};

/// The task that is to be started.
#[derive(Clone, Copy, Debug)]
pub struct PlannedTask<'a> {
    pub origin: &'a TaskOrigin,
    /// The ARN of its revision; `None` if that is not registered yet.
    pub revision: Option<&'a str>,
    /// The `overrides` of `RunTask`.
    pub overrides: Option<&'a Value>,
    pub count: u32,
}

/// What to do about the tasks that are running.
#[derive(Clone, Debug, PartialEq)]
pub enum StartDecision {
    /// None of them has the name of the task: start it.
    Start,
    /// They are the same task, which an earlier run started with this `startedBy`: watch them.
    Attach { started_by: String },
    /// A task of this name is running with another revision, or with other overrides.
    Other { task: String, release: String },
}

/// Returns what to do about the running tasks of the family.
pub fn decide_start(planned: &PlannedTask<'_>, running: &[Task]) -> StartDecision {
    let named = running.iter().filter_map(|task| {
        let origin = TaskOrigin::parse(&task.started_by)?;
        (origin.name == planned.origin.name).then_some((task, origin))
    });
    let named: Vec<(&Task, TaskOrigin)> = named.collect();
    if let Some((task, origin)) = named.iter().find(|(task, _)| !is_same_task(planned, task)) {
        return StartDecision::Other { task: task.id().to_owned(), release: origin.release.clone() };
    }
    // Release ids are ordered by time.
    match named.iter().max_by_key(|(_, origin)| &origin.release) {
        Some((task, _)) => StartDecision::Attach { started_by: task.started_by.clone() },
        None => StartDecision::Start,
    }
}

/// Returns the tasks of each run of this task that was started by `release` or a later one.
pub fn runs_since<'a>(planned: &PlannedTask<'_>, release: &str, tasks: &'a [Task]) -> Vec<Vec<&'a Task>> {
    let mut runs: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in tasks {
        let origin = TaskOrigin::parse(&task.started_by);
        let is_later = origin
            .is_some_and(|origin| origin.name == planned.origin.name && origin.release.as_str() >= release);
        if is_later && is_same_task(planned, task) {
            runs.entry(&task.started_by).or_default().push(task);
        }
    }
    runs.into_values().filter(|run| run.len() >= planned.count as usize).collect()
}

fn is_same_task(planned: &PlannedTask<'_>, task: &Task) -> bool {
    let sent = comparable_overrides(planned.overrides.unwrap_or(&Value::Null));
    let mut observed = comparable_overrides(&task.overrides.document());
    respell_roles(&sent, &mut observed);
    planned.revision == Some(task.task_definition_arn.as_str()) && sent == observed
}

/// Returns overrides in their normal form, without the containers of which they say nothing: ECS answers with all of them.
fn comparable_overrides(overrides: &Value) -> Value {
    let mut overrides = if overrides.is_object() { normalize_overrides(overrides) } else { json!({}) };
    let Some(members) = overrides.as_object_mut() else { return overrides };
    let is_name_only = |container: &Value| container.as_object().is_some_and(|members| members.len() <= 1);
    if let Some(containers) = members.get_mut("containerOverrides").and_then(Value::as_array_mut) {
        containers.retain(|container| !is_name_only(container));
    }
    members.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
    overrides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use serde_json::json;

    fn origin(release: &str) -> TaskOrigin {
        TaskOrigin::new(release, Some("shop"), None, "migrate")
    }

    fn task(id: &str, started_by: &str, revision: &str, command: &str) -> Task {
        let overrides = json!({"containerOverrides": [{"name": "app", "command": [command], "environment": []},
            {"name": "side"}], "inferenceAcceleratorOverrides": []});
        parse_view(&json!({"taskArn": format!("arn:task/{id}"), "startedBy": started_by,
            "taskDefinitionArn": revision, "overrides": overrides}))
        .expect("a task")
    }

    fn decide(running: &[Task]) -> StartDecision {
        let overrides = json!({"containerOverrides": [{"name": "app", "command": ["bin/migrate"]}]});
        let planned = PlannedTask {
            origin: &origin("r9"),
            revision: Some("web:2"),
            overrides: Some(&overrides),
            count: 1,
        };
        decide_start(&planned, running)
    }

    #[test]
    fn the_same_task_of_another_caller_is_attached_to() {
        let started_by = origin("r1").as_started_by();
        let running = [task("1", &started_by, "web:2", "bin/migrate")];
        assert_eq!(decide(&running), StartDecision::Attach { started_by });
    }

    #[test]
    fn another_revision_or_another_command_is_another_task() {
        let started_by = origin("r1").as_started_by();
        for (revision, command) in [("web:1", "bin/migrate"), ("web:2", "bin/other")] {
            let running = [task("1", &started_by, revision, command)];
            let expected = StartDecision::Other { task: "1".to_owned(), release: "r1".to_owned() };
            assert_eq!(decide(&running), expected, "{revision} {command}");
        }
    }

    #[test]
    fn tasks_of_other_names_and_of_services_are_not_looked_at() {
        let other = TaskOrigin::new("r1", Some("shop"), None, "warm").as_started_by();
        let running = ["ecs-svc/1", "", &other].map(|started_by| task("1", started_by, "web:1", "x"));
        assert_eq!(decide(&running), StartDecision::Start);
    }

    #[test]
    fn only_whole_runs_since_a_release_count() {
        let origin = origin("r9");
        let planned =
            |count| PlannedTask { origin: &origin, revision: Some("web:2"), overrides: None, count };
        let started_by = super::tests::origin("r2").as_started_by();
        let ended = json!({"taskArn": "arn:task/1", "startedBy": started_by, "taskDefinitionArn": "web:2"});
        let tasks = [parse_view(&ended).expect("a task")];
        assert_eq!(runs_since(&planned(1), "r1", &tasks).len(), 1);
        assert!(runs_since(&planned(1), "r3", &tasks).is_empty(), "of an earlier release");
        assert!(runs_since(&planned(2), "r1", &tasks).is_empty(), "one of two");
    }
}
