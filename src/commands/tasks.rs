//! `ecsail tasks`: shows the tasks of a service, or why its stopped tasks stopped.

use std::collections::BTreeSet;

use clap::Args;

use super::services::{ServiceArgs, ServiceIdentity};
use crate::aws::ecs::MAX_STOPPED_TASKS;
use crate::aws::error::failure;
use crate::aws::types::{HealthStatus, StopCode, Task, TaskContainer, TaskStatus, revision_name};
use crate::context::CommandContext;
use crate::diagnose::FailureSignature;
use crate::diagnose::causes::{TaskEndKind, causes_of};
use crate::error::Result;
use crate::events::{JsonEvent, service as events};
use crate::report::{
    Column, CommandOutcome, Event, Page, PageLine, Paint, TableRow, diagnosis, table, times,
};

/// Show the tasks of a service, or why its stopped tasks stopped
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail tasks web
  ecsail tasks web --stopped
  ecsail tasks web --cluster main --stopped --output json

ECS shows stopped tasks for about an hour.")]
pub struct TasksArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Show the tasks that stopped in the last hour, with the reason
    #[arg(long)]
    stopped: bool,
}

/// Runs the verb.
///
/// # Errors
/// The service does not exist, or an API call failed.
pub async fn run(args: &TasksArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let found = chosen.read_one().await?;
    let (cluster, name) = (&found.identity.cluster, &found.identity.name);
    let page = if args.stopped {
        let read = chosen.aws.stopped_tasks(cluster, name, &BTreeSet::new()).await;
        let tasks = read.map_err(failure)?;
        if tasks.len() >= MAX_STOPPED_TASKS {
            let note = format!("there may be more stopped tasks: at most {MAX_STOPPED_TASKS} are read");
            context.reporter.report(&Event::Note(&note));
        }
        stopped_page(&found.identity, tasks, times::unix_now())
    } else {
        running_page(
            &found.identity,
            chosen.aws.running_tasks(cluster, name).await.map_err(failure)?,
            times::unix_now(),
        )
    };
    context.reporter.report(&Event::Page(&page));
    Ok(CommandOutcome::Succeeded)
}

const RUNNING_COLUMNS: &[Column] = &[
    Column::id("TASK"),
    Column::whole("STATUS"),
    Column::whole("HEALTH"),
    Column::name("REVISION"),
    Column::whole("STARTED"),
    Column::spare("ZONE"),
    Column::spare("ADDRESS"),
];
const STOPPED_COLUMNS: &[Column] = &[
    Column::id("TASK"),
    Column::whole("STATUS"),
    Column::whole("STOPPED"),
    Column::name("REVISION"),
    Column::name("CODE"),
];

/// Returns the tasks that run or are starting, newest first.
fn running_page(place: &ServiceIdentity, mut tasks: Vec<Task>, now: f64) -> Page {
    tasks.sort_by(|a, b| b.created_at.0.total_cmp(&a.created_at.0).then_with(|| a.task_arn.cmp(&b.task_arn)));
    let rows = tasks.iter().map(|task| {
        let cells = [
            Some(task.id().to_owned()),
            Some(task.last_status.to_string()),
            health(task).map(HealthStatus::to_string),
            Some(revision_name(&task.task_definition_arn).to_owned()),
            times::format_age(task.started_at.0, now),
            task.availability_zone.clone(),
            task.private_ip().map(str::to_owned),
        ];
        let paint = match health(task) {
            Some(HealthStatus::Unhealthy) => Some(Paint::Bad),
            _ if task.last_status != TaskStatus::Running => Some(Paint::Warn),
            _ => None,
        };
        let below = container_states(task).map(|text| PageLine::plain(format!("    {text}")));
        let cells = cells.into_iter().map(Option::unwrap_or_default).collect();
        TableRow { cells, lines_below: below.into_iter().collect(), paint, event: Some(event(place, task)) }
    });
    let page = table(RUNNING_COLUMNS, rows.collect());
    with_empty_text(page, format!("{}: no running tasks", place.key))
}

/// Returns the page, with a text if it has no rows.
fn with_empty_text(mut page: Page, text: String) -> Page {
    if page.items.is_empty() {
        page.foot.push(PageLine::plain(text));
    }
    page
}

/// Returns the health of a task, or `None` if no container has a health check.
fn health(task: &Task) -> Option<&HealthStatus> {
    task.health_status.as_ref().filter(|health| **health != HealthStatus::NotChecked)
}

/// Returns the states of a task's containers, if they differ from the state of the task.
fn container_states(task: &Task) -> Option<String> {
    let tells = |container: &TaskContainer| {
        container.last_status != task.last_status
            || container.exit_code.is_some()
            || container.reason.is_some()
    };
    let state = |container: &TaskContainer| {
        let health = container.health_status.as_ref().filter(|health| **health != HealthStatus::NotChecked);
        let health = health.map(|health| format!(" {health}")).unwrap_or_default();
        format!("{} {}{health}{}", container.name, container.last_status, container_end(container))
    };
    let several = task.containers.len() > 1;
    (several || task.containers.iter().any(tells))
        .then(|| task.containers.iter().map(state).collect::<Vec<_>>().join(", "))
        .filter(|text| !text.is_empty())
}

/// Returns the exit code and the reason of a container, if it has ended.
fn container_end(container: &TaskContainer) -> String {
    let code = container.exit_code.map(|code| format!(" exit code {code}"));
    let reason = container.reason.as_ref().map(|reason| format!(": {reason}"));
    [code, reason].into_iter().flatten().collect()
}

/// Returns the stopped tasks, latest first. Each cause is explained once.
fn stopped_page(place: &ServiceIdentity, mut tasks: Vec<Task>, now: f64) -> Page {
    // A task that is still stopping has no time yet, and counts as the newest.
    let at = |task: &Task| if task.stopped_at.0 > 0.0 { task.stopped_at.0 } else { f64::INFINITY };
    tasks.sort_by(|a, b| at(b).total_cmp(&at(a)).then_with(|| a.task_arn.cmp(&b.task_arn)));
    let mut explained = BTreeSet::new();
    let rows = tasks.iter().map(|task| {
        let cells = [
            Some(task.id().to_owned()),
            Some(task.last_status.to_string()).filter(|_| task.last_status != TaskStatus::Stopped),
            times::format_age(task.stopped_at.0, now),
            Some(revision_name(&task.task_definition_arn).to_owned()),
            task.stop_code.as_ref().map(StopCode::to_string),
        ];
        TableRow {
            cells: cells.into_iter().map(Option::unwrap_or_default).collect(),
            lines_below: stop_reason_lines(task, &mut explained),
            paint: FailureSignature::from_task(task).map(|_| Paint::Bad),
            event: Some(event(place, task)),
        }
    });
    let page = table(STOPPED_COLUMNS, rows.collect());
    with_empty_text(page, format!("{}: no tasks stopped in the last hour", place.key))
}

/// Returns why a task stopped: the reason of ECS, how its containers ended, and causes that are not in `explained` yet.
fn stop_reason_lines(task: &Task, explained: &mut BTreeSet<&'static str>) -> Vec<PageLine> {
    let mut lines: Vec<PageLine> = Vec::new();
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    if !reason.is_empty() {
        lines.push(PageLine::plain(format!("    {reason}")));
    }
    for container in &task.containers {
        let said = container.reason.as_ref().filter(|text| !reason.contains(text.as_str()));
        let end = container_end(&TaskContainer { reason: said.cloned(), ..container.clone() });
        if !end.is_empty() {
            lines.push(PageLine::plain(format!(
                "    container `{}`:{}",
                container.name,
                end.trim_start_matches(':')
            )));
        }
    }
    // A task that ECS stopped in the ordinary course needs no remedy.
    for cause in causes_of(task).into_iter().filter(|cause| cause.end != TaskEndKind::Routine) {
        if explained.insert(cause.cause) {
            lines.push(PageLine::plain(format!("    cause: {}", cause.cause)));
            lines.push(PageLine::plain(format!("    remedy: {}", cause.remedy)));
        }
    }
    lines
}

fn event(place: &ServiceIdentity, task: &Task) -> JsonEvent {
    let container = |container: &TaskContainer| events::TaskContainer {
        name: container.name.clone(),
        status: container.last_status.to_string(),
        health: container.health_status.as_ref().map(ToString::to_string),
        exit_code: container.exit_code,
        reason: container.reason.clone(),
    };
    JsonEvent::Task(events::Task {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        task: task.id().to_owned(),
        status: task.last_status.to_string(),
        desired_status: task.desired_status.to_string(),
        health: task.health_status.as_ref().map(ToString::to_string),
        revision: revision_name(&task.task_definition_arn).to_owned(),
        started_by: task.started_by.clone(),
        created_at: known_time(task.created_at.0),
        started_at: known_time(task.started_at.0),
        stopped_at: known_time(task.stopped_at.0),
        zone: task.availability_zone.clone(),
        address: task.private_ip().map(str::to_owned),
        containers: task.containers.iter().map(container).collect(),
        stop: (task.desired_status == TaskStatus::Stopped).then(|| stop_event(task)),
    })
}

fn stop_event(task: &Task) -> events::TaskStopped {
    let causes = causes_of(task).into_iter().map(|cause| events::TaskCause {
        cause: cause.cause.to_owned(),
        remedy: cause.remedy.to_owned(),
        retry_helps: diagnosis::retry_helps(cause.retry_helps),
    });
    events::TaskStopped {
        stop_code: task.stop_code.as_ref().map(ToString::to_string),
        stopped_reason: task.stopped_reason.clone(),
        causes: causes.collect(),
    }
}

/// A time in seconds since 1970; none where it is not known.
fn known_time(at: f64) -> Option<f64> {
    (at > 0.0).then_some(at)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::types::parse_view;

    fn place() -> ServiceIdentity {
        ServiceIdentity { cluster: "main".to_owned(), name: "web".to_owned(), key: "web".to_owned() }
    }

    fn task(id: &str, members: Value) -> Task {
        let mut value = json!({"taskArn": format!("task/main/{id}"), "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "taskDefinitionArn": "task-definition/web:1", "createdAt": 10, "startedAt": 20,
            "containers": [{"name": "app", "lastStatus": "RUNNING"}]});
        members.as_object().into_iter().flatten().for_each(|(name, member)| value[name] = member.clone());
        parse_view(&value).expect("a task")
    }

    fn texts(page: &Page) -> Vec<&str> {
        page.lines().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn newest_task_comes_first_and_empty_columns_are_hidden() {
        let tasks = vec![task("a", json!({})), task("b", json!({"createdAt": 15}))];
        let page = running_page(&place(), tasks, 80.0);
        let expected = [
            "TASK  STATUS   REVISION  STARTED",
            "b     RUNNING  web:1     1m ago",
            "a     RUNNING  web:1     1m ago",
        ];
        assert_eq!(texts(&page), expected);
    }

    #[test]
    fn containers_are_shown_if_they_differ_from_the_task() {
        let one = |members: Value| container_states(&task("a", json!({"containers": members})));
        assert_eq!(one(json!([{"name": "app", "lastStatus": "RUNNING"}])), None);
        let ended =
            one(json!([{"name": "app", "lastStatus": "STOPPED", "exitCode": 1, "reason": "it broke"}]));
        assert_eq!(ended.as_deref(), Some("app STOPPED exit code 1: it broke"));
        let two = json!([{"name": "app", "lastStatus": "RUNNING", "healthStatus": "UNHEALTHY"}, {"name": "b", "lastStatus": "RUNNING"}]);
        assert_eq!(one(two).as_deref(), Some("app RUNNING UNHEALTHY, b RUNNING"));
    }

    #[test]
    fn a_cause_is_explained_once() {
        let crashed = |id: &str, at: i64| {
            task(
                id,
                json!({"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": at, "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "app", "lastStatus": "STOPPED", "exitCode": 1}]}),
            )
        };
        let page = stopped_page(&place(), vec![crashed("a", 30), crashed("b", 40)], 100.0);
        let lines = texts(&page);
        assert!(lines[1].starts_with("b "), "{lines:?}");
        assert_eq!(lines.iter().filter(|line| line.contains("remedy: ")).count(), 1, "{lines:?}");
        assert_eq!(lines.iter().filter(|line| **line == "    container `app`: exit code 1").count(), 2);
        let causes = |index: usize| match &page.items[index].event {
            Some(JsonEvent::Task(task)) => task.stop.as_ref().map(|stop| stop.causes.clone()),
            other => panic!("{other:?}"),
        };
        assert!(causes(0).is_some_and(|causes| !causes.is_empty()));
        assert_eq!(causes(0), causes(1), "JSON has the causes of each task");
    }

    #[test]
    fn reason_of_task_is_not_repeated_for_its_container() {
        let reason = "CannotPullContainerError: not found";
        let task = task(
            "a",
            json!({"stoppedReason": reason, "containers": [{"name": "app", "lastStatus": "STOPPED", "reason": reason}]}),
        );
        let lines = stop_reason_lines(&task, &mut BTreeSet::new());
        assert_eq!(lines.iter().filter(|line| line.text.contains(reason)).count(), 1);
    }

    #[test]
    fn empty_pages_have_a_text() {
        assert_eq!(texts(&running_page(&place(), Vec::new(), 0.0)), ["web: no running tasks"]);
        assert_eq!(
            texts(&stopped_page(&place(), Vec::new(), 0.0)),
            ["web: no tasks stopped in the last hour"]
        );
    }
}
