//! `ecsail stop-task`: stops single tasks of a service. ECS replaces them.

use super::confirmation::is_confirmed;
use std::collections::BTreeSet;

use clap::Args;

use super::services::ServiceArgs;
use crate::apply::stop_tasks::stop_tasks;
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{Task, revision_name};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::service::Stopping;
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};

/// Stop single tasks of a service, which ECS replaces
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "ecsail stop-task [OPTIONS] NAME TASK...",
    after_help = exit_codes::after_help("stop-task", "Examples:
  ecsail stop-task web 1a2b3c4d
  ecsail stop-task web 1a2b3c4d 5e6f7a8b --reason 'leaks memory' --yes
  ecsail stop-task --cluster main --service web 1a2b3c4d

If one of the tasks does not belong to the service, none is stopped. A prefix
of an id is enough.")
)]
pub struct StopTaskArgs {
    /// Service, and the ids of its tasks
    #[arg(value_names = ["NAME", "TASK"], num_args = 1.., required = true)]
    arguments: Vec<String>,
    /// Service, by a flag instead of an argument; all arguments are then tasks
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    service: Option<String>,
    /// Reason to record in the stopped tasks
    #[arg(long, value_name = "TEXT", default_value = "Stopped by ecsail stop-task")]
    reason: String,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// A task does not belong to the service (then no task is stopped), or an API call failed.
pub async fn run(args: &StopTaskArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let (name, ids) = args.service_and_tasks()?;
    let chosen = ServiceArgs::from_name(name).select(context).await?;
    let found = chosen.read_one().await?;
    let (aws, place) = (&chosen.aws, &found.identity);
    let live = aws.running_tasks(&place.cluster, &place.name).await.map_err(failure)?;
    let mut tasks: Vec<Task> = Vec::new();
    let mut refused = Vec::new();
    for id in ids {
        match match_task(&live, id, &place.key) {
            Ok(task) if tasks.iter().any(|known| known.task_arn == task.task_arn) => {}
            Ok(task) => tasks.push(task.clone()),
            Err(NoMatch::Ambiguous(error)) => refused.push(error),
            Err(NoMatch::NotFound) => {
                let known = find_other_task(id, &place.cluster, &place.name, aws).await;
                refused.push(refuse_task(id, known.as_ref(), &place.key, &live));
            }
        }
    }
    if !refused.is_empty() {
        return Err(Failure::combined(refused));
    }
    let destination = found.destination(&chosen.manifest, context);
    context.reporter.report(&Event::Destination(&destination));
    let question = format!("{} in {}?", confirmation_prompt(&tasks, &place.key), destination.in_question());
    if !is_confirmed(&question, args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    let stopped = stop_tasks(&tasks, &place.cluster, &args.reason, aws).await;
    let mut failures = Vec::new();
    for (task, result) in tasks.iter().zip(stopped) {
        match result {
            Ok(()) => report_stopping(task, &place.key, &place.cluster, &args.reason, context),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(CommandOutcome::Succeeded) } else { Err(Failure::several(failures)) }
}

impl StopTaskArgs {
    /// Returns the name of the service and the ids of the tasks.
    fn service_and_tasks(&self) -> Result<(&String, &[String]), Failure> {
        match (&self.service, self.arguments.split_first()) {
            (Some(service), Some(_)) => Ok((service, &self.arguments)),
            (None, Some((name, ids))) if !ids.is_empty() => Ok((name, ids)),
            _ => {
                let hint =
                    "use `ecsail stop-task NAME TASK…`; list the tasks with `ecsail tasks NAME`".to_owned();
                Err(Failure::usage("no task is named").with_hint(hint))
            }
        }
    }
}

/// Why no task matches.
#[derive(Debug)]
enum NoMatch {
    Ambiguous(Failure),
    NotFound,
}

/// Returns the task of the service that matches an id, a prefix of an id, or an ARN.
fn match_task<'a>(live: &'a [Task], id: &str, key: &str) -> Result<&'a Task, NoMatch> {
    let begins = id.rsplit('/').next().unwrap_or(id);
    let found: Vec<&Task> = live.iter().filter(|task| task.id().starts_with(begins)).collect();
    match found.as_slice() {
        _ if begins.is_empty() => Err(NoMatch::NotFound),
        [one] => Ok(one),
        [] => Err(NoMatch::NotFound),
        several => {
            let message = format!("{} tasks of service `{key}` begin with `{begins}`", several.len());
            Err(NoMatch::Ambiguous(
                Failure::usage(message).with_hint(format!("name one of {}", join_ids(several))),
            ))
        }
    }
}

/// Reads a task that is not among the running ones, to explain its refusal: a stopped task of the service, or a task of
/// another.
async fn find_other_task(id: &str, cluster: &str, service: &str, aws: &Aws) -> Option<Task> {
    let begins = id.rsplit('/').next().filter(|begins| !begins.is_empty())?;
    let stopped = aws.stopped_tasks(cluster, service, &BTreeSet::new()).await.unwrap_or_default();
    if let Some(task) = stopped.into_iter().find(|task| task.id().starts_with(begins)) {
        return Some(task);
    }
    aws.tasks(cluster, &[id.to_owned()]).await.unwrap_or_default().into_iter().next()
}

/// Returns the refusal of a task that is not a running task of the service.
fn refuse_task(id: &str, known: Option<&Task>, key: &str, live: &[Task]) -> Failure {
    let hint =
        (!live.is_empty()).then(|| format!("running tasks: {}", join_ids(&live.iter().collect::<Vec<_>>())));
    let message = match known {
        Some(task) if !task.stopped_reason.as_deref().unwrap_or_default().is_empty() => {
            let why = task.stopped_reason.as_deref().unwrap_or_default();
            format!("task `{}` ({}) has already been stopped: {why}", task.id(), task.group)
        }
        Some(task) => format!("task `{}` belongs to `{}`, not to service `{key}`", task.id(), task.group),
        None => format!("no task `{id}` in service `{key}`"),
    };
    Failure::refused(message).with_hint(hint)
}

fn join_ids(tasks: &[&Task]) -> String {
    tasks.iter().map(|task| task.id()).collect::<Vec<_>>().join(", ")
}

fn confirmation_prompt(tasks: &[Task], key: &str) -> String {
    match tasks {
        [one] => format!("Stop task {} of service `{key}`", one.id()),
        several => {
            format!(
                "Stop {} tasks of service `{key}` ({})",
                several.len(),
                join_ids(&several.iter().collect::<Vec<_>>())
            )
        }
    }
}

fn report_stopping(task: &Task, key: &str, cluster: &str, reason: &str, context: &CommandContext) {
    let revision = revision_name(&task.task_definition_arn);
    let text = format!("{key}: stopping task {} ({revision}); ECS starts a replacement", task.id());
    let event = JsonEvent::Stopping(Stopping {
        service: key.to_owned(),
        cluster: cluster.to_owned(),
        task: task.id().to_owned(),
        revision: revision.to_owned(),
        reason: reason.to_owned(),
    });
    context.reporter.report(&Event::Answer { text: &text, event });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn task(id: &str) -> Task {
        Task { task_arn: format!("arn:aws:ecs:x:1:task/main/{id}"), ..Task::default() }
    }

    #[test]
    fn task_is_matched_by_id_prefix_or_arn() {
        let live = [task("a1b2"), task("a1c3"), task("d4")];
        let picked = |id: &str| match_task(&live, id, "web").map(|task| task.id().to_owned()).ok();
        assert_eq!(picked("d").as_deref(), Some("d4"));
        assert_eq!(picked("a1b2").as_deref(), Some("a1b2"));
        assert_eq!(picked("arn:aws:ecs:x:1:task/main/a1c3").as_deref(), Some("a1c3"));
        assert_eq!(picked("a1"), None, "two have this prefix");
        assert_eq!(picked(""), None);
        assert!(
            matches!(match_task(&live, "a1", "web"), Err(NoMatch::Ambiguous(error)) if error.kind == ErrorKind::Usage)
        );
    }

    #[test]
    fn task_of_another_service_is_refused() {
        let other = Task { group: "service:api".to_owned(), ..task("e5") };
        let refused = refuse_task("e5", Some(&other), "web", &[task("a1")]);
        assert_eq!(refused.kind, ErrorKind::Refused);
        assert_eq!(refused.message, "task `e5` belongs to `service:api`, not to service `web`");
        assert_eq!(refused.hints, ["running tasks: a1"]);
        let gone = Task { stopped_reason: Some("Task stopped by user".to_owned()), ..other };
        assert!(
            refuse_task("e5", Some(&gone), "web", &[])
                .message
                .contains("already been stopped: Task stopped by user")
        );
        assert_eq!(refuse_task("x", None, "web", &[]).message, "no task `x` in service `web`");
    }
}
