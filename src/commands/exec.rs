//! `ecsail exec`: runs a command or a shell in a running container, by ECS Exec.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::services::{FoundService, ServiceArgs};
use crate::aws::error::failure;
use crate::aws::exec_session::{ExecSession, ExecTarget, SESSION_PLUGIN, SessionPlugin};
use crate::aws::lookup::in_time;
use crate::aws::types::{Service, Task, TaskContainer, TaskStatus, revision_name};
use crate::aws::{ApiError, Aws};
use crate::context::CommandContext;
use crate::diagnose::exec::{ExecPreflight, connection_hints, find_missing};
use crate::document::problem::did_you_mean;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};
use crate::retry::{Backoff, Policy, retry};
use crate::shell;

/// The command if none is given.
const DEFAULT_COMMAND: &str = "/bin/sh";
/// The number of attempts while the agent is not connected yet, and the pause between them.
const ATTEMPTS: u32 = 3;
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Run a command or a shell in a container of a service
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("exec", "Examples:
  ecsail exec web
  ecsail exec web -- bin/rails console
  ecsail exec web --container app --task 1a2b3c4d -- ls -l /tmp
  ecsail exec web --cluster main -- 'ps aux | head'

ECS Exec opens a session, and `session-manager-plugin` connects this terminal
to it. Missing prerequisites are reported before the session is opened. Several
words are quoted for the shell; a single word is the whole command line."))]
pub struct ExecArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Container to run in [default: the one behind the load balancer, else the first essential one]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Task to run in; a prefix of its id is enough [default: the newest running task]
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Command to run [default: `/bin/sh`]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// A prerequisite is missing, or an API call failed.
pub async fn run(args: &ExecArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let found = chosen.read_one().await?;
    let (aws, place) = (&chosen.aws, &found.identity);
    let tasks = aws.running_tasks(&place.cluster, &place.name).await.map_err(failure)?;
    let task = choose_task(&tasks, args.task.as_deref(), &place.key)?;
    let definition = match task {
        Some(task) => read_definition(task, aws, context).await,
        None => None,
    };
    let container = match task {
        Some(task) => {
            Some(choose_container(task, args.container.as_deref(), &found.service, definition.as_ref())?)
        }
        None => None,
    };
    let plugin = SessionPlugin::find(context.settings.environment.get("PATH").map_or("", String::as_str));
    let preflight = ExecPreflight {
        key: &place.key,
        service: &found.service,
        task,
        container,
        definition: definition.as_ref(),
        has_plugin: plugin.is_some(),
    };
    let missing = find_missing(&preflight);
    let (Some(task), Some(container), Some(plugin), []) = (task, container, plugin, missing.as_slice())
    else {
        let failures =
            missing.into_iter().map(|missing| Failure::error(missing.text).with_hint(missing.remedy));
        return Err(Failure::several(failures.collect()));
    };
    let command = command_line(&args.command);
    report_session(&found, task, container, &command, context);
    let session = open_session(&found, task, container, &command, definition.as_ref(), aws, context).await?;
    if context.settings.sandbox.is_some() {
        let message = format!(
            "the sandbox has no containers to connect to: in AWS, `{SESSION_PLUGIN}` would be started here"
        );
        return Err(Failure::error(message));
    }
    let profile = profile_name(context);
    let ended = plugin.run(&session, &aws.region, &profile);
    let code = ended
        .map_err(|error| Failure::error(format!("failed to run `{SESSION_PLUGIN}`")).with_cause(error))?;
    Ok(CommandOutcome::ExitCode(code))
}

/// Returns the named task, or the newest running one. Returns `None` if no task is running.
fn choose_task<'a>(tasks: &'a [Task], named: Option<&str>, key: &str) -> Result<Option<&'a Task>, Failure> {
    let runs = |task: &&Task| task.last_status == TaskStatus::Running;
    let newest = |tasks: &mut dyn Iterator<Item = &'a Task>| {
        tasks.max_by(|a, b| a.started_at.0.total_cmp(&b.started_at.0))
    };
    let Some(named) = named else { return Ok(newest(&mut tasks.iter().filter(runs))) };
    let begins = named.rsplit('/').next().unwrap_or(named);
    let found: Vec<&Task> = tasks.iter().filter(|task| task.id().starts_with(begins)).collect();
    let ids = |tasks: &[&Task]| tasks.iter().map(|task| task.id().to_owned()).collect::<Vec<_>>().join(", ");
    match found.as_slice() {
        [one] if one.last_status == TaskStatus::Running => Ok(Some(one)),
        [one] => {
            let message = format!("task `{}` is not running: it is {}", one.id(), one.last_status);
            Err(Failure::error(message))
        }
        [] => {
            let running: Vec<&Task> = tasks.iter().filter(runs).collect();
            let hint = (!running.is_empty()).then(|| format!("running tasks: {}", ids(&running)));
            Err(Failure::error(format!("no running task `{begins}` in service `{key}`")).with_hint(hint))
        }
        several => {
            let message = format!("{} tasks begin with `{begins}`", several.len());
            Err(Failure::usage(message).with_hint(format!("name one of {}", ids(several))))
        }
    }
}

/// Returns the definition of a task. If it cannot be read, reports that some prerequisites are not checked.
async fn read_definition(task: &Task, aws: &Aws, context: &CommandContext) -> Option<Value> {
    let definition = aws.task_definition(&task.task_definition_arn);
    match in_time("ecs:DescribeTaskDefinition", definition).await {
        Ok(found) => found.map(|found| found.document),
        Err(error) => {
            let note = format!("the task role and the file system of the container are not checked: {error}");
            context.reporter.report(&Event::Note(&note));
            None
        }
    }
}

/// Returns the named container, or the one behind the load balancer, or the first essential one.
fn choose_container<'a>(
    task: &'a Task,
    named: Option<&str>,
    service: &Service,
    definition: Option<&Value>,
) -> Result<&'a TaskContainer, Failure> {
    let find = |name: &str| task.containers.iter().find(|container| container.name == name);
    if let Some(named) = named {
        return find(named).ok_or_else(|| {
            let names: Vec<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
            let near = did_you_mean(named, names.iter().copied());
            let hint = near.unwrap_or_else(|| format!("containers of the task: {}", names.join(", ")));
            Failure::usage(format!("no container named `{named}` in task `{}`", task.id())).with_hint(hint)
        });
    }
    let balanced = service.load_balancers.iter().filter_map(|balancer| balancer.container_name.as_deref());
    let own = definition.and_then(|definition| definition["containerDefinitions"].as_array());
    let essential = own.into_iter().flatten().filter(|own| own["essential"] != false);
    let mut names = balanced.chain(essential.filter_map(|own| own["name"].as_str()));
    let chosen = names.find_map(find).or(task.containers.first());
    chosen.ok_or_else(|| Failure::error(format!("task `{}` has no container", task.id())))
}

/// Returns the command line for the given words.
fn command_line(words: &[String]) -> String {
    match words {
        [] => DEFAULT_COMMAND.to_owned(),
        [one] => one.clone(),
        several => several.iter().map(|word| shell::quote(word)).collect::<Vec<_>>().join(" "),
    }
}

fn report_session(
    found: &FoundService,
    task: &Task,
    container: &TaskContainer,
    command: &str,
    context: &CommandContext,
) {
    let revision = revision_name(&task.task_definition_arn);
    let note = format!(
        "{}: `{command}` in container `{}` of task {} ({revision})",
        found.identity.key,
        container.name,
        task.id()
    );
    context.reporter.report(&Event::Note(&note));
}

/// Opens a session. An agent that has just started may need a moment to connect, so this retries.
async fn open_session(
    found: &FoundService,
    task: &Task,
    container: &TaskContainer,
    command: &str,
    definition: Option<&Value>,
    aws: &Aws,
    context: &CommandContext,
) -> Result<ExecSession, Failure> {
    let room = ExecTarget {
        cluster: &found.identity.cluster,
        task: &task.task_arn,
        container: &container.name,
        runtime_id: container.runtime_id.as_deref().unwrap_or_default(),
    };
    let unconnected = |error: &ApiError| error.code.as_deref() == Some("TargetNotConnectedException");
    let pause = context.poll_interval().unwrap_or(RETRY_PAUSE);
    let policy = Policy { attempts: ATTEMPTS, backoff: Backoff::Constant(pause) };
    let session = retry(policy, unconnected, async || aws.execute_command(&room, command).await).await;
    session.map_err(|error| {
        let message =
            format!("failed to run a command in container `{}` of task `{}`", container.name, task.id());
        let mut failed = Failure::error(message).with_hint(error.hint());
        if unconnected(&error) {
            failed.hints.extend(connection_hints(definition, &container.name));
        }
        failed.with_cause(error)
    })
}

/// Returns the profile with which the plugin renews the session, or an empty string.
fn profile_name(context: &CommandContext) -> String {
    let settings = &context.settings;
    let named = settings.profile.as_deref().or_else(|| settings.process_variable("AWS_PROFILE"));
    named.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use crate::error::ErrorKind;
    use serde_json::json;

    fn task(id: &str, status: &str, started: f64) -> Task {
        parse_view(&json!({"taskArn": format!("arn:aws:ecs:x:1:task/main/{id}"), "lastStatus": status, "startedAt": started,
            "containers": [{"name": "proxy"}, {"name": "app"}]}))
        .expect("a task")
    }

    #[test]
    fn newest_running_task_is_chosen() {
        let tasks = [task("a1", "RUNNING", 10.0), task("b2", "RUNNING", 20.0), task("c3", "PENDING", 0.0)];
        let chosen =
            |named| choose_task(&tasks, named, "web").map(|task| task.map(|task| task.id().to_owned()));
        assert_eq!(chosen(None).expect("one runs").as_deref(), Some("b2"));
        assert_eq!(chosen(Some("a")).expect("it runs").as_deref(), Some("a1"));
        assert_eq!(chosen(Some("arn:aws:ecs:x:1:task/main/a1")).expect("it runs").as_deref(), Some("a1"));
        let waits = chosen(Some("c3")).expect_err("it does not run");
        assert!(waits.message.contains("it is PENDING"), "{waits}");
        let none = chosen(Some("d")).expect_err("it is not there");
        assert!(none.hints[0].contains("a1, b2"), "{:?}", none.hints);
        assert!(choose_task(&tasks[2..], None, "web").expect("no error").is_none());
        let twins = [task("a1", "RUNNING", 1.0), task("a2", "RUNNING", 2.0)];
        assert_eq!(choose_task(&twins, Some("a"), "web").expect_err("two").kind, ErrorKind::Usage);
    }

    #[test]
    fn load_balanced_container_comes_first() {
        let task = task("a1", "RUNNING", 1.0);
        let definition =
            json!({"containerDefinitions": [{"name": "proxy", "essential": false}, {"name": "app"}]});
        let balanced =
            parse_view(&json!({"loadBalancers": [{"containerName": "proxy"}]})).expect("a service");
        let chosen = |named, service: &Service, definition| {
            choose_container(&task, named, service, definition).map(|container| container.name.clone())
        };
        let plain = Service::default();
        assert_eq!(chosen(None, &plain, Some(&definition)).expect("one"), "app");
        assert_eq!(chosen(None, &balanced, Some(&definition)).expect("one"), "proxy");
        assert_eq!(chosen(None, &plain, None).expect("one"), "proxy");
        assert_eq!(chosen(Some("app"), &balanced, None).expect("one"), "app");
        let near = chosen(Some("ap"), &plain, None).expect_err("no such container");
        assert_eq!(near.hints, ["did you mean `app`?"]);
    }

    #[test]
    fn several_words_are_quoted() {
        let line = |words: &[&str]| command_line(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(line(&[]), "/bin/sh");
        assert_eq!(line(&["ps aux | head"]), "ps aux | head");
        assert_eq!(line(&["sh", "-c", "echo $HOME"]), "sh -c 'echo $HOME'");
    }
}
