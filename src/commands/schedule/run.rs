//! `ecsail schedule run`: runs the task of a schedule now, with exactly the settings of its target, and waits for its
//! end.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::observed::select;
use crate::apply::task::RunTaskRequest;
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::ObservedSchedule;
use crate::commands::change_guards::ensure_account;
use crate::commands::interrupts::Interrupts;
use crate::commands::one_off::{Beside, LogOutput, OneOffOptions, run_to_end};
use crate::context::CommandContext;
use crate::document::problem::did_you_mean;
use crate::duration;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::manifest::schedules::ManifestSchedule;
use crate::plan::schedules::run_now::{ContextAttributes, RunNow, run_now};
use crate::report::{CommandOutcome, Event};
use crate::retry::token;
use crate::shell;

/// Run the task of a schedule now and wait until it ends
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("schedule run", "Examples:
  ecsail schedule run nightly-report
  ecsail schedule run nightly-report --stage production --timeout 3h
  ecsail schedule run hourly --target mail        # of a rule with several targets

The task runs as the schedule in AWS would run it now: with the target's revision, network,
capacity, tags and input. The schedule may be disabled. The log lines are printed to stdout."))]
pub struct ScheduleRunArgs {
    /// Key of the schedule in the manifest
    #[arg(value_name = "NAME", add = crate::completion::schedules())]
    name: String,
    /// Id of the target to run, if the rule has several [default: the manifest's only one]
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Time that the tasks may run before they are stopped
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, default_value = "1h")]
    timeout: Duration,
    /// Return once the tasks are started, without watching
    #[arg(long)]
    no_wait: bool,
    /// Stop the tasks on an interrupt, without a prompt
    #[arg(long)]
    stop_on_interrupt: bool,
}

/// Runs the verb.
///
/// # Errors
/// The schedule does not exist, its target does not run a task, or the task could not be started.
pub async fn run(args: &ScheduleRunArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = select(std::slice::from_ref(&args.name), context).await?;
    let aws = context.connect_without_definitions(&chosen.manifest).await?;
    ensure_account(&chosen.manifest, &aws).await?;
    let Some((_, observed)) = chosen.read_existing(&aws).await?.pop() else {
        return Err(Failure::usage("name one schedule"));
    };
    let own = chosen.manifest.schedules.first();
    let target = choose_target(&observed, own, args.target.as_deref())?;
    let (token, time) = (token(), Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let run = run_now(&observed, target, ContextAttributes { time: &time, execution: &token })?;
    let order = run_task_request(args, run, token, &aws).await?;
    if !observed.is_enabled() {
        let note = format!("schedule `{}` is disabled: it runs now, but not at its times", args.name);
        context.reporter.report(&Event::Note(&note));
    }
    let how = OneOffOptions {
        log_output: LogOutput::Stdout,
        wait: !args.no_wait,
        stop_on_interrupt: args.stop_on_interrupt,
        beside: Beside::Any,
    };
    let mut interrupts = Interrupts::listen()?;
    Ok(run_to_end(&order, &how, &aws, context, &mut interrupts).await?.command_outcome())
}

/// Returns the target to run: the named one, the only one of the manifest, or the only one of the rule.
fn choose_target<'a>(
    schedule: &'a ObservedSchedule,
    own: Option<&ManifestSchedule>,
    named: Option<&str>,
) -> Result<&'a Value, Failure> {
    let id = |target: &'a Value| target["Id"].as_str().unwrap_or_default();
    let ids: Vec<&str> = schedule.targets.iter().map(id).filter(|id| !id.is_empty()).collect();
    let listed = || format!("targets of the rule: {}", ids.join(", "));
    let what = schedule.name();
    if let Some(named) = named {
        let found = schedule.targets.iter().find(|target| id(target) == named);
        return found.ok_or_else(|| {
            let hint = if ids.is_empty() {
                "leave out `--target`: a schedule of EventBridge Scheduler has one target, without an id"
                    .to_owned()
            } else {
                did_you_mean(named, ids.iter().copied()).unwrap_or_else(listed)
            };
            Failure::usage(format!("no target `{named}` in `{what}`")).with_hint(hint)
        });
    }
    let is_own = |target: &&'a Value| {
        own.is_some_and(|own| own.targets.iter().any(|known| known.id.value == id(target)))
    };
    let owned: Vec<&Value> = schedule.targets.iter().filter(is_own).collect();
    match (owned.as_slice(), schedule.targets.as_slice()) {
        ([only], _) => Ok(only),
        ([], [only]) => Ok(only),
        (_, []) => Err(Failure::error(format!("rule `{what}` has no targets"))),
        _ => {
            let message = format!("rule `{what}` has several targets");
            Err(Failure::usage(message).with_hint(format!("name one with `--target`; {}", listed())))
        }
    }
}

async fn run_task_request(
    args: &ScheduleRunArgs,
    run: RunNow,
    token: String,
    aws: &Aws,
) -> Result<RunTaskRequest, Failure> {
    let found = aws.task_definition(&run.definition).await.map_err(failure)?;
    let definition = found.ok_or_else(|| {
        let message =
            format!("task definition `{}` of schedule `{}` no longer exists", run.definition, args.name);
        Failure::error(message).with_hint(format!(
            "deploy the schedule with `ecsail deploy schedule {} --tag TAG`",
            shell::quote(&args.name)
        ))
    })?;
    Ok(RunTaskRequest {
        key: args.name.clone(),
        cluster: run.cluster,
        definition,
        members: run.members,
        count: run.count,
        timeout: args.timeout,
        started_by: format!("ecsail-schedule-{}", &token[token.len() - 8..]),
        token,
        ..RunTaskRequest::default()
    })
}
