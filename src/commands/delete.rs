//! `ecsail delete`: deletes services, or everything of an app in a stage. Never deletes what other services may use, such as task
//! definitions, target groups and log groups.

use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;

use super::approvals::args::ChangeApprovalArgs;
use super::approvals::change::{Authorization, authorize};
use super::change_guards::{ensure_account, ensure_no_failures};
use super::confirmation::is_confirmed_by_name;
use super::interrupts::Interrupts;
use super::schedule::owned::{OwnedSchedules, read_owned};
use super::services::{FoundService, SelectedServices, ServicesArgs, destination_of};
use super::stage_lock::{LockPurpose, lock_stage};
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
use crate::service_arn::cluster_name;
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
    /// Services: keys in the manifest, or names or ARNs in ECS
    #[arg(value_name = "NAME", add = crate::completion::services())]
    names: Vec<String>,
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
    #[command(flatten)]
    pub approval: ChangeApprovalArgs,
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
    if !args.dry_run {
        lock_stage(&chosen.manifest, &chosen.aws, LockPurpose::of("delete"), context).await?;
    }
    let found = read(args, &chosen, context).await?;
    if !args.ignore_stack {
        let blocked = found.iter().filter_map(|found| stack_blocker(&found.identity.key, &found.document));
        ensure_no_failures(blocked.collect())?;
    }
    let deletions = join_all(found.iter().map(|found| plan(found, &chosen, context))).await;
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
    let changes = deletion_changes(&deletions, &found, &schedules);
    let place = (&chosen.manifest, &chosen.aws);
    if authorize("delete", changes, &args.approval, place, context).await? == Authorization::Requested {
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
        ends = join_all(deleting) => Some(ends),
        () = interrupts.next() => None,
    };
    context.reporter.report(&Event::DisplayEnded);
    let Some(ends) = ends else {
        let note = "interrupted; what ECS has begun to delete is deleted without ecsail";
        context.reporter.report(&Event::Note(note));
        return Ok(CommandOutcome::Interrupted);
    };
    let first = if failed == 0 { CommandOutcome::Succeeded } else { CommandOutcome::Error };
    let outcomes = ends.into_iter().map(|end| end.report(context));
    Ok(outcomes.fold(first, CommandOutcome::worse))
}

/// Returns what is approved: the services with their deployments, so that it is not a later service of the same name.
fn deletion_changes(
    deletions: &[ServiceDeletion],
    found: &[FoundService],
    schedules: &OwnedSchedules,
) -> Vec<String> {
    let services = deletions.iter().zip(found).map(|(deletion, found)| {
        format!(
            "service {}/{}: deleted (deployment {})",
            cluster_name(&deletion.cluster),
            deletion.name,
            found.service.primary_id()
        )
    });
    let schedules = schedules.names().into_iter().map(|name| format!("schedule {name}: deleted"));
    services.chain(schedules).collect()
}

/// Returns the services that are named, or with `--all` those of the manifest.
async fn select(args: &DeleteArgs, context: &CommandContext) -> Result<SelectedServices> {
    match (args.names.is_empty(), args.all) {
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
    let chosen = ServicesArgs::from_names(args.names.clone()).select(context).await?;
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
async fn plan(found: &FoundService, chosen: &SelectedServices, context: &CommandContext) -> ServiceDeletion {
    let place = &found.identity;
    let (definition, target) = futures_util::future::join(
        in_time("ecs:DescribeTaskDefinition", chosen.aws.task_definition(&found.service.task_definition)),
        in_time(
            "application-autoscaling:DescribeScalableTargets",
            chosen.aws.scalable_target(&place.cluster, &place.name),
        ),
    )
    .await;
    if let Err(error) = &definition {
        let note = format!("the log groups of `{}` that stay are not known: {error}", place.key);
        context.reporter.report(&Event::Note(&note));
    }
    if let Err(error) = &target {
        let note = format!("autoscaling of `{}` is not removed, if it has some: {error}", place.key);
        context.reporter.report(&Event::Note(&note));
    }
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

/// Returns what has to be typed: the only service, else the stage or the cluster.
fn name_to_type(
    deletions: &[ServiceDeletion],
    schedules: &OwnedSchedules,
    chosen: &SelectedServices,
) -> String {
    match deletions {
        [only] if schedules.is_empty() => only.key.clone(),
        _ => {
            let cluster =
                deletions.first().map(|deletion| &deletion.cluster).or(chosen.manifest.cluster.as_ref());
            let name = chosen.manifest.stage.as_ref().or(cluster);
            name.map_or("delete", |name| cluster_name(name)).to_owned()
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

/// How the deletion of a service ended.
struct DeletionEnd {
    event: ServiceDeleted,
    /// What happened to the service, in words.
    text: String,
    failure: Option<Failure>,
    outcome: CommandOutcome,
}

impl DeletionEnd {
    fn report(self, context: &CommandContext) -> CommandOutcome {
        if let Some(failure) = &self.failure {
            context.reporter.report_error(failure);
        }
        let text = format!("{}: {}", self.event.service, self.text);
        context.reporter.report(&Event::Answer { text: &text, event: JsonEvent::ServiceDeleted(self.event) });
        self.outcome
    }
}

impl DeletionRun<'_> {
    /// Deletes the service, and watches it until it is INACTIVE.
    async fn run(self) -> DeletionEnd {
        let started = Instant::now();
        let pause = self.context.poll_interval();
        let options = DeletionOptions { force: self.args.force, timeout: self.args.timeout, pause };
        if let Err(failure) = delete_service(self.deletion, options, &self.chosen.aws).await {
            let end = self.end("could not be deleted", Outcome::Failed, CommandOutcome::Error);
            let event = ServiceDeleted { error: Some(failure.to_string()), ..end.event };
            return DeletionEnd { event, failure: Some(failure), ..end };
        }
        if self.args.no_wait {
            let text = "is being deleted, not watching it";
            return self.end(text, Outcome::InProgress, CommandOutcome::Succeeded);
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
        self.watched(end, running, started.elapsed())
    }

    /// Returns the end of a deletion that was watched.
    fn watched(&self, end: TaskCountOutcome, running: i64, elapsed: Duration) -> DeletionEnd {
        let (text, outcome, code, error) = match end {
            TaskCountOutcome::ServiceGone => {
                let text = format!("deleted in {}", duration::text(elapsed));
                (text, Outcome::Succeeded, CommandOutcome::Succeeded, None)
            }
            TaskCountOutcome::Lost { error } => {
                let text = format!("can no longer be watched, ECS continues: {error}");
                (text, Outcome::InProgress, CommandOutcome::Error, Some(error))
            }
            TaskCountOutcome::TimedOut { .. }
            | TaskCountOutcome::Unreachable { .. }
            | TaskCountOutcome::Reached
            | TaskCountOutcome::DesiredChanged { .. } => {
                let text = format!(
                    "timed out while {running} tasks still run; ECS continues, and `--force` stops them"
                );
                (text, Outcome::TimedOut, CommandOutcome::TimedOut, None)
            }
        };
        let end = self.end(&text, outcome, code);
        DeletionEnd { event: ServiceDeleted { running: Some(running), error, ..end.event }, ..end }
    }

    fn end(&self, text: &str, outcome: Outcome, code: CommandOutcome) -> DeletionEnd {
        let ServiceDeletion { key, name, cluster, .. } = self.deletion;
        let event = ServiceDeleted {
            service: key.clone(),
            name: name.clone(),
            cluster: cluster.clone(),
            outcome,
            running: None,
            error: None,
        };
        DeletionEnd { event, text: text.to_owned(), failure: None, outcome: code }
    }
}
