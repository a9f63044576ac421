//! Looks for tasks of the same name before a one-off task is started, so that none runs twice at a time. Never starts or
//! stops a task.

use super::one_off::Beside;
use crate::apply::task::RunTaskRequest;
use crate::aws::types::{Task, TaskDefinition, revision_name};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::release::running_tasks::{PlannedTask, StartDecision, decide_start, runs_since};
use crate::report::{Event, Reporter};
use crate::watch::task::judge::{DecidingContainers, ObservedTask, judge};

/// Returns the tasks of an earlier run that still run and are the same, to watch them instead of starting others.
///
/// # Errors
/// A refusal: a task of the same name is running with another revision or with other overrides.
pub async fn find_running(
    order: &RunTaskRequest,
    beside: Beside,
    aws: &Aws,
    report: &dyn Reporter,
) -> Result<Option<Vec<Task>>, Failure> {
    let Some(planned) = planned_task(order).filter(|_| beside != Beside::Any) else { return Ok(None) };
    let family = family_of(&order.definition);
    let running = match aws.tasks_of_family(&order.cluster, &family).await {
        Ok(running) => running,
        Err(error) => {
            report.report(&Event::Note(&unknown_note(&order.key, &error)));
            return Ok(None);
        }
    };
    match decide_start(&planned, &running) {
        StartDecision::Start => Ok(None),
        StartDecision::Other { .. } if beside == Beside::Others => Ok(None),
        StartDecision::Other { task, release } => Err(other_task_failure(order, &task, &release)),
        StartDecision::Attach { started_by } => {
            // Tasks of the same call that have ended already count too.
            let tasks = aws.tasks_started_by(&order.cluster, &started_by).await;
            let mut tasks = tasks.unwrap_or_default();
            let known: Vec<String> = tasks.iter().map(|task| task.task_arn.clone()).collect();
            let missing = running
                .into_iter()
                .filter(|task| task.started_by == started_by && !known.contains(&task.task_arn));
            tasks.extend(missing);
            Ok(Some(tasks))
        }
    }
}

/// Returns whether a run of the task that a release or a later one started has succeeded, as far as ECS shows it.
pub async fn has_succeeded_since(order: &RunTaskRequest, release: &str, aws: &Aws) -> bool {
    let Some(planned) = planned_task(order) else { return false };
    let family = family_of(&order.definition);
    let Ok(stopped) = aws.stopped_tasks_of_family(&order.cluster, &family).await else { return false };
    let deciding =
        DecidingContainers::from_definition(&order.definition.document, order.container.as_deref());
    runs_since(&planned, release, &stopped).into_iter().any(|run| {
        let seen: Vec<ObservedTask> =
            run.into_iter().map(|task| ObservedTask { task: task.clone(), absent_seconds: 0.0 }).collect();
        judge(&deciding, &seen).is_some_and(|ends| ends.iter().all(|end| end.is_success()))
    })
}

fn planned_task(order: &RunTaskRequest) -> Option<PlannedTask<'_>> {
    let revision = Some(order.definition.arn.as_str()).filter(|arn| arn.starts_with("arn:"));
    Some(PlannedTask {
        origin: order.origin.as_ref()?,
        revision,
        overrides: order.members.get("overrides"),
        count: order.count,
    })
}

fn family_of(definition: &TaskDefinition) -> String {
    match definition.document["family"].as_str() {
        Some(family) => family.to_owned(),
        None => revision_name(&definition.arn).split(':').next().unwrap_or_default().to_owned(),
    }
}

fn unknown_note(key: &str, error: &ApiError) -> String {
    format!("could not check whether `{key}` is running already: {error}")
}

fn other_task_failure(order: &RunTaskRequest, task: &str, release: &str) -> Failure {
    let message = format!(
        "task `{}` of release {release} is still running (`{task}`), with another revision or other overrides",
        order.key
    );
    let cluster = crate::shell::quote(&order.cluster);
    let hint = format!(
        "wait until it has ended, stop it with `aws ecs stop-task --cluster {cluster} --task {task}`, or start the task \
         beside it with `--supersede`"
    );
    Failure::refused(message).with_hint(hint)
}
