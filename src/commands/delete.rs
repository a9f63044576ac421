//! `ecsail delete`: deletes services, or everything of an app in a stage. Never deletes what other services may use, such as task
//! definitions, target groups and log groups.

use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;

use super::change_guards::{ensure_account, ensure_no_failures};
use super::confirmation::is_confirmed_by_name;
use super::interrupts::Interrupts;
use super::schedule::owned::{OwnedSchedules, read_owned};
use super::services::{FoundService, SelectedServices, ServicesArgs, destination_of};
use crate::apply::deletion::{DeletionOptions, delete_service};
use crate::aws::lookup::in_time;
use crate::context::CommandContext;
use crate::destination::counted;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::events::deletion::ServiceDeleted;
use crate::outcome::Outcome;
use crate::plan::deletion::{ServiceDeletion, plan_deletion, stack_blocker};
use crate::report::{CommandOutcome, Event};
use crate::watch::task_count::{TaskCountGoal, TaskCountOutcome, TaskCountWatch};
use crate::{duration, exit_codes};

/// Delete services, with their tasks and their autoscaling
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("delete", "Examples:
  ecsail delete web
  ecsail delete web worker --stage staging --yes
  ecsail delete --all --stage review-42 --yes
  ecsail delete web --cluster main --dry-run

Task definitions, target groups, log groups and images stay."))]
pub struct DeleteArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Delete all services and schedules of the manifest
    #[arg(long)]
    all: bool,
    /// Delete services without scaling them down first, and stop their tasks, also protected ones
    #[arg(long)]
    force: bool,
    /// Delete services that belong to a CloudFormation stack too
    #[arg(long)]
    ignore_stack: bool,
    /// Show what would be deleted and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Return once ECS has begun the deletion, without watching
    #[arg(long)]
    no_wait: bool,
    /// Time to watch before giving up; ECS continues
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, default_value = "15m")]
    timeout: Duration,
}

/// Runs the verb.
///
/// # Errors
/// Nothing is named, a service does not exist or belongs to a stack, or an API call failed.
pub async fn run(args: &DeleteArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = select(args, context).await?;
    ensure_account(&chosen.manifest, &chosen.aws).await?;
    let found = read(args, &chosen, context).await?;
    if !args.ignore_stack {
        let blocked = found.iter().filter_map(|found| stack_blocker(&found.identity.key, &found.document));
        ensure_no_failures(blocked.collect())?;
    }
    let deletions = join_all(found.iter().map(|found| plan(found, &chosen))).await;
    let schedules = if args.all {
        read_owned(&chosen.manifest, &chosen.aws, context).await?
    } else {
        OwnedSchedules::default()
    };
    if deletions.is_empty() && schedules.is_empty() {
        return Ok(CommandOutcome::Succeeded);
    }
    let destination = destination_of(&found, &chosen.manifest, context);
    context.reporter.report(&Event::Destination(&destination));
    for deletion in &deletions {
        context.reporter.report(&Event::Deletion(deletion));
    }
    schedules.report(context);
    if args.dry_run {
        let text = "dry run: nothing was changed";
        context.reporter.report(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
        return Ok(CommandOutcome::Succeeded);
    }
    let name = name_to_type(&deletions, &schedules, &chosen);
    let counted = counted(&[
        ("service", deletions.iter().map(|deletion| deletion.key.as_str()).collect()),
        ("schedule", schedules.names()),
    ]);
    let question = format!("Type `{name}` to delete {counted} from {}:", destination.in_question());
    if !is_confirmed_by_name(&question, &name, args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    // Schedules first, so that none of them starts a task of a service that is gone.
    let failed = schedules.delete(&chosen.aws, context).await;
    let deleting = found.iter().zip(&deletions).map(|(found, deletion)| {
        let run = DeletionRun { found, deletion, args, chosen: &chosen, context };
        run.run()
    });
    let ends = tokio::select! {
        ends = join_all(deleting) => ends,
        () = interrupts.next() => vec![CommandOutcome::Interrupted],
    };
    context.reporter.report(&Event::DisplayEnded);
    if ends.contains(&CommandOutcome::Interrupted) {
        context
            .reporter
            .report(&Event::Note("interrupted; what ECS has begun to delete is deleted without ecsail"));
    }
    let first = if failed == 0 { CommandOutcome::Succeeded } else { CommandOutcome::Error };
    Ok(ends.into_iter().fold(first, CommandOutcome::worse))
}

/// Returns the services that are named, or with `--all` those of the manifest.
async fn select(args: &DeleteArgs, context: &CommandContext) -> Result<SelectedServices> {
    match (args.services.is_empty(), args.all) {
        (true, false) => {
            let hint = "name services, or delete all of the manifest with `--all`".to_owned();
            return Err(Failure::usage("nothing is named to delete").with_hint(hint));
        }
        (false, true) => {
            let hint = "leave out the names, or `--all`".to_owned();
            return Err(Failure::usage("`--all` and names exclude each other").with_hint(hint));
        }
        _ => {}
    }
    let chosen = args.services.select(context).await?;
    if args.all && chosen.manifest.path.is_none() {
        let hint = "name the services to delete".to_owned();
        return Err(Failure::usage("`--all` needs a manifest, which says what is meant").with_hint(hint));
    }
    Ok(chosen)
}

/// Reads the services. One that was deleted already is reported; with `--all`, one that never was is left out.
async fn read(
    args: &DeleteArgs,
    chosen: &SelectedServices,
    context: &CommandContext,
) -> Result<Vec<FoundService>> {
    let found = chosen.read_existing().await?;
    let mut failures = Vec::new();
    for place in &chosen.identities {
        if found.iter().any(|found| &found.identity == place) {
            continue;
        }
        if args.all || chosen.is_deleted(place) {
            let text = format!("{}: there is nothing to delete", place.key);
            let event = ServiceDeleted {
                service: place.key.clone(),
                name: place.name.clone(),
                cluster: place.cluster.clone(),
                outcome: Outcome::Unchanged,
                running: None,
                error: None,
            };
            context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::ServiceDeleted(event) });
        } else {
            failures.push(chosen.not_found(place).await);
        }
    }
    ensure_no_failures(failures)?;
    Ok(found)
}

/// Returns the deletion of a service. What only adds to the description may be unreadable.
async fn plan(found: &FoundService, chosen: &SelectedServices) -> ServiceDeletion {
    let place = &found.identity;
    let (definition, target) = futures_util::future::join(
        in_time("ecs:DescribeTaskDefinition", chosen.aws.task_definition(&found.service.task_definition)),
        in_time(
            "application-autoscaling:DescribeScalableTargets",
            chosen.aws.scalable_target(&place.cluster, &place.name),
        ),
    )
    .await;
    let definition = definition.ok().flatten();
    plan_deletion(
        &place.key,
        &place.cluster,
        &found.service,
        &found.document,
        definition.as_ref().map(|definition| &definition.document),
        target.ok().flatten(),
    )
}

/// Returns what has to be typed: the only service, else the stage, the app or the cluster.
fn name_to_type(
    deletions: &[ServiceDeletion],
    schedules: &OwnedSchedules,
    chosen: &SelectedServices,
) -> String {
    match deletions {
        [only] if schedules.is_empty() => only.key.clone(),
        _ => {
            let manifest = &chosen.manifest;
            let cluster = || deletions.first().map(|deletion| deletion.cluster.clone());
            let name = manifest.stage.clone().or_else(|| manifest.app.clone()).or_else(cluster);
            name.unwrap_or_else(|| "delete".to_owned())
        }
    }
}

/// The deletion of one service.
struct DeletionRun<'a> {
    found: &'a FoundService,
    deletion: &'a ServiceDeletion,
    args: &'a DeleteArgs,
    chosen: &'a SelectedServices,
    context: &'a CommandContext,
}

impl DeletionRun<'_> {
    /// Deletes the service, watches it until it is INACTIVE, and reports the result.
    async fn run(self) -> CommandOutcome {
        let started = Instant::now();
        let pause = self.context.poll_interval();
        let options = DeletionOptions { force: self.args.force, timeout: self.args.timeout, pause };
        if let Err(failure) = delete_service(self.deletion, options, &self.chosen.aws).await {
            self.context.reporter.report_error(&failure);
            self.report("could not be deleted", Outcome::Failed, None, Some(failure.to_string()));
            return CommandOutcome::Error;
        }
        if self.args.no_wait {
            self.report("is being deleted, not watching it", Outcome::InProgress, None, None);
            return CommandOutcome::Succeeded;
        }
        let watch = TaskCountWatch {
            cluster: &self.deletion.cluster,
            name: &self.deletion.name,
            key: &self.deletion.key,
            goal: TaskCountGoal::Deleted,
            service_before: &self.found.service,
            timeout: self.args.timeout.saturating_sub(started.elapsed()),
            poll_interval: pause,
        };
        let (end, running) = watch.wait(&self.chosen.aws, self.context.reporter.as_ref()).await;
        match end {
            TaskCountOutcome::ServiceGone => {
                let text = format!("deleted in {}", duration::text(started.elapsed()));
                self.report(&text, Outcome::Succeeded, Some(0), None);
                CommandOutcome::Succeeded
            }
            TaskCountOutcome::Lost { error } => {
                let text = format!("can no longer be watched, ECS continues: {error}");
                self.report(&text, Outcome::InProgress, Some(running), Some(error));
                CommandOutcome::Error
            }
            TaskCountOutcome::TimedOut
            | TaskCountOutcome::Reached
            | TaskCountOutcome::DesiredChanged { .. } => {
                let hint = "`--force` stops them";
                let text = format!("timed out while {running} tasks still run; ECS continues, and {hint}");
                self.report(&text, Outcome::TimedOut, Some(running), None);
                CommandOutcome::TimedOut
            }
        }
    }

    fn report(&self, what: &str, outcome: Outcome, running: Option<i64>, error: Option<String>) {
        let ServiceDeletion { key, name, cluster, .. } = self.deletion;
        let event = JsonEvent::ServiceDeleted(ServiceDeleted {
            service: key.clone(),
            name: name.clone(),
            cluster: cluster.clone(),
            outcome,
            running,
            error,
        });
        self.context.reporter.report(&Event::Answer { text: &format!("{key}: {what}"), event });
    }
}
