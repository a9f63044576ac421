//! `ecsail rollback`: finds the last deployment that succeeded, shows the changes, rolls back to it, and watches.

use super::confirmation::{is_change_confirmed, is_confirmed};
use clap::Args;

use super::ImageArgs;
use super::approvals::args::ChangeApprovalArgs;
use super::approvals::change::{Authorization, authorize};
use super::change_guards::{find_changeable_services, stop_deployments};
use super::ci_user;
use super::deploy::new_release_id;
use super::first_look::ride_out;
use super::github::recorder::{GitHubRecorder, RecordedEnd, RecordedRelease};
use super::interrupts::Interrupts;
use super::rollouts::watch_rollouts;
use super::schedule_rollback::{self, ScheduleRollbacks};
use super::service_ends::{not_waited, tell_ends, tell_left, tell_updated};
use super::service_rollbacks::{self, RollbackRequest, ServiceRollbacks};
use super::services::{FoundService, SelectedServices, ServicesArgs, destination_of};
use super::stage_lock::{LockPurpose, lock_stage};
use super::unfinished::note_interrupted;
use super::watch_args::WatchArgs;
use crate::apply;
use crate::apply::emergency::record_emergency;
use crate::aws::types::revision_name;
use crate::context::CommandContext;
use crate::destination::counted;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::exit_codes;
use crate::github::deployment::DeploymentState;
use crate::manifest::Manifest;
use crate::manifest::commit::commit_sha;
use crate::plan::rollback::{RollbackSelector, unrestored_note};
use crate::plan::service::tags;
use crate::report::{CommandOutcome, Event};
use crate::service_arn::cluster_name;
use crate::watch::snapshot::RolloutPurpose;

/// Roll a service back to the last deployment that succeeded
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("rollback", "Examples:
  ecsail rollback web
  ecsail rollback --stage production --yes          # all services of the manifest
  ecsail rollback web --cluster main --dry-run      # without a manifest
  ecsail rollback web --to web:12                   # a revision
  ecsail rollback web --to 1.4.1                    # an image tag
  ecsail rollback web --steps 2

Without `--to`, the target is the newest deployment that succeeded before the running one, without
those that were rolled back since. A deployment in progress is stopped, and ECS rolls it back; if it
is this rollback already, it is watched. To stop a rollback, use `ecsail cancel`.
Schedules of the manifest that run revisions of the same release are rolled back after the
services. A number after `--to` is a revision of the family or an image tag, and is refused where
it is both; `tag=12` is always a tag."))]
pub struct RollbackArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Target of the rollback: a revision such as `web:12`, an image tag, or a digest
    #[arg(long, value_name = "REVISION|TAG", value_parser = RollbackSelector::parse, add = crate::completion::tags())]
    to: Option<RollbackSelector>,
    /// Number of successful deployments to go back [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "to")]
    steps: Option<u16>,
    /// Leave the schedules unchanged; by default those of the manifest are rolled back after the services
    #[arg(long)]
    no_schedules: bool,
    /// Return once the updates are accepted, without watching
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub approval: ChangeApprovalArgs,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Replace a deployment that is in progress (only with `--to` or `--steps`), and changes that others made since the plan
    #[arg(long)]
    supersede: bool,
}

/// Runs the verb.
///
/// # Errors
/// There is no target, an image no longer exists, or a deployment is in progress. Nothing was changed.
pub async fn run(args: &RollbackArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    lock_stage(&chosen.manifest, &chosen.aws, LockPurpose::of("rollback"), context).await?;
    let limit = args.watch.timeout(&chosen.manifest);
    let found = ride_out(limit, context, async || find_changeable_services(&chosen).await).await?;
    // Without a name, the services would be rolled back further.
    if !args.is_target_named()
        && let Some(outcome) = args.finish_schedules(&found, &chosen, context).await?
    {
        return Ok(outcome);
    }
    let mut ways =
        service_rollbacks::find_rollbacks(&args.request(&chosen.manifest, context), &found, &chosen).await?;
    let schedules = if args.no_schedules {
        ScheduleRollbacks::default()
    } else {
        let all = args.services.is_empty();
        schedule_rollback::find_rollbacks(&ways.moves(), all, &chosen.aws, context).await?
    };
    ways.plan.destination = destination_of(&found, &chosen.manifest, context);
    let unrestored = unrestored_notes(&ways, &found, &chosen.manifest);
    ways.plan.notes.extend(unrestored);
    if ways.plan.services.is_empty() {
        context.reporter.report(&Event::Destination(&ways.plan.destination));
    }
    for target in &ways.targets {
        context.reporter.report(&Event::Rollback(target));
    }
    let changes_services = !ways.plan.is_empty() || !ways.in_progress.is_empty();
    if !changes_services && ways.attached.is_empty() {
        tell_left(&ways.plan, context);
        let finished = args.finish_schedules(&found, &chosen, context).await?;
        return Ok(finished.unwrap_or(CommandOutcome::Succeeded));
    }
    if ways.plan.services.is_empty() {
        ways.plan.notes.iter().for_each(|note| context.reporter.report(&Event::Note(note)));
    } else {
        context.reporter.report(&Event::Plan { plan: &ways.plan, answer: None });
    }
    schedules.report(context);
    if args.dry_run {
        return Ok(report_dry_run(context));
    }
    if changes_services || !schedules.is_empty() {
        let place = (&chosen.manifest, &chosen.aws);
        let changes = rollback_changes(&ways, &found, &schedules);
        if authorize("rollback", changes, &args.approval, place, context).await? == Authorization::Requested {
            return Ok(CommandOutcome::Succeeded);
        }
        let question = rollback_question(&ways, &schedules);
        let services: Vec<_> = ways.plan.services.iter().collect();
        if !is_change_confirmed(&question, args.yes, &services, &chosen.aws, context).await? {
            return Ok(CommandOutcome::Declined);
        }
    }
    let recorder =
        GitHubRecorder::start(&chosen.manifest, recorded_rollback(&ways, &chosen, context), context);
    let changing = changed_arns(&ways, &found);
    let ended = args.apply(ways, &schedules, &chosen, context).await;
    recorder.finish(recorded_end(ended.as_ref().ok(), args.no_wait), context).await;
    let outcome = ended?;
    if let Some(reason) = &context.settings.emergency {
        let arns: Vec<&str> = changing.iter().map(String::as_str).collect();
        record_emergency(&arns, reason, &chosen.aws, context.reporter.as_ref()).await;
    }
    Ok(outcome)
}

/// Returns the rollback for GitHub. Where the services go back to different commits, that of the run counts.
fn recorded_rollback(
    ways: &ServiceRollbacks,
    chosen: &SelectedServices,
    context: &CommandContext,
) -> RecordedRelease {
    let targets = || ways.targets.iter().filter_map(|target| target.to.as_ref());
    let of_run = || commit_sha(chosen.manifest.folder(), &context.settings.environment);
    RecordedRelease {
        task: "rollback",
        release: new_release_id(),
        tag: only(targets().map(|to| to.tag.clone())),
        commit: only(targets().map(|to| to.commit.clone())).or_else(of_run),
    }
}

/// Returns the value that all have; `None` where they differ.
fn only(mut values: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

/// Returns the end of a rollback for GitHub, by the outcome of the command; `None` is an error.
fn recorded_end(outcome: Option<&CommandOutcome>, no_wait: bool) -> RecordedEnd {
    let state = match outcome {
        Some(CommandOutcome::Succeeded) if no_wait => None,
        Some(CommandOutcome::Succeeded) => Some(DeploymentState::Success),
        Some(CommandOutcome::Interrupted | CommandOutcome::TimedOut) => Some(DeploymentState::Error),
        _ => Some(DeploymentState::Failure),
    };
    let description = match state {
        Some(DeploymentState::Success) => "rolled back",
        Some(DeploymentState::Error) => "the rollback has not ended",
        _ => "the rollback failed",
    };
    RecordedEnd { state, description: description.to_owned(), url: None }
}

fn rollback_question(ways: &ServiceRollbacks, schedules: &ScheduleRollbacks) -> String {
    let changing = ways.plan.services.iter().filter(|service| service.changes()).map(|one| one.key.as_str());
    let stopping = ways.in_progress.iter().map(|rollout| rollout.key.as_str());
    let kinds = [("service", changing.chain(stopping).collect()), ("schedule", schedules.keys())];
    format!("Roll back {} in {}?", counted(&kinds), ways.plan.destination.in_question())
}

/// Returns the ARNs of the services that a rollback changes.
fn changed_arns(ways: &ServiceRollbacks, found: &[FoundService]) -> Vec<String> {
    let updated = ways.plan.services.iter().filter(|service| service.changes()).map(|service| &service.key);
    let keys: Vec<&String> = updated.chain(ways.in_progress.iter().map(|rollout| &rollout.key)).collect();
    let changed = found.iter().filter(|found| keys.contains(&&found.identity.key));
    changed.map(|found| found.service.service_arn.clone()).collect()
}

/// Returns what a rollback changes, each with the state from which it does: an approval is of this rollback only.
fn rollback_changes(
    ways: &ServiceRollbacks,
    found: &[FoundService],
    schedules: &ScheduleRollbacks,
) -> Vec<String> {
    let primary = |key: &str| {
        let found = found.iter().find(|found| found.identity.key == key);
        found.map(|found| found.service.primary_id()).unwrap_or_default()
    };
    let changing = ways.plan.services.iter().filter(|service| service.changes());
    let services = changing.map(|service| {
        let target = ways.targets.iter().find(|target| target.service == service.key);
        let to = target.and_then(|target| target.to.as_ref()).map(|to| revision_name(&to.revision));
        format!(
            "service {}/{}: {} → {} (from deployment {})",
            cluster_name(&service.cluster),
            service.name,
            service.revision_before(),
            to.unwrap_or("the revision before"),
            primary(&service.key)
        )
    });
    let stopped = ways.in_progress.iter();
    let stopped =
        stopped.map(|rollout| format!("service {}: stop deployment {}", rollout.key, primary(&rollout.key)));
    let schedules =
        schedules.keys().into_iter().map(|key| format!("schedule {key}: rolled back with its service"));
    services.chain(stopped).chain(schedules).collect()
}

/// Returns the notes on the autoscaling and the tags that stay.
fn unrestored_notes(ways: &ServiceRollbacks, found: &[FoundService], manifest: &Manifest) -> Vec<String> {
    let changing = ways.plan.services.iter().filter(|service| service.changes());
    let notes = changing.filter_map(|service| {
        let target = ways.targets.iter().find(|target| target.service == service.key)?;
        let written = manifest.services.iter().find(|written| written.key == service.key);
        let found = found.iter().find(|found| found.identity.key == service.key)?;
        let has_autoscaling = written.is_some_and(|written| written.autoscaling.is_some());
        unrestored_note(target, has_autoscaling, tags::are_recorded(&found.document))
    });
    notes.collect()
}

fn report_dry_run(context: &CommandContext) -> CommandOutcome {
    let text = "dry run: nothing was changed";
    context.reporter.report(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
    CommandOutcome::Succeeded
}

impl RollbackArgs {
    /// Rolls back the services, watches that, and rolls back the schedules.
    async fn apply(
        &self,
        ways: ServiceRollbacks,
        schedules: &ScheduleRollbacks,
        chosen: &SelectedServices,
        context: &CommandContext,
    ) -> Result<CommandOutcome> {
        let ServiceRollbacks { plan, in_progress, attached, .. } = ways;
        let mut interrupts = Interrupts::listen()?;
        let (aws, report) = (&chosen.aws, context.reporter.as_ref());
        let registered = apply::register_all(&plan, aws, report).await?;
        let changing: Vec<_> = plan.services.iter().filter(|service| service.changes()).collect();
        let mut applied = apply::update_services(&changing, &registered, aws, report).await;
        stop_deployments(in_progress, &mut applied, chosen, context).await;
        applied.rollouts.extend(attached);
        applied.rollouts.iter_mut().for_each(|rollout| rollout.purpose = RolloutPurpose::Rollback);
        tell_left(&plan, context);
        tell_updated(&plan, &applied.without_deployment, context);
        if self.no_wait {
            schedules.report_skipped("`--no-wait` does not wait for the rollback of the services", context);
            return Ok(not_waited(&applied, context));
        }
        let settled = watch_rollouts(applied.rollouts, &self.watch, aws, context, &mut interrupts).await;
        let outcome = tell_ends(&settled, &applied.failures, context);
        let outcome = schedules.apply_after(outcome, &registered, aws, context).await;
        if outcome == CommandOutcome::Interrupted {
            note_interrupted(context);
        }
        Ok(outcome)
    }

    fn is_target_named(&self) -> bool {
        self.to.is_some() || self.steps.is_some()
    }

    /// Finishes an earlier rollback: rolls back the schedules that it has not reached, and no service. Returns `None` if it has
    /// reached all.
    ///
    /// # Errors
    /// A folder cannot be read, or there is no terminal to confirm on.
    async fn finish_schedules(
        &self,
        found: &[FoundService],
        chosen: &SelectedServices,
        context: &CommandContext,
    ) -> Result<Option<CommandOutcome>> {
        if self.no_schedules || !schedule_rollback::has_schedules(context).await? {
            return Ok(None);
        }
        let moves = service_rollbacks::ended_rollbacks(found, chosen).await;
        let all = self.services.is_empty();
        let schedules = schedule_rollback::find_rollbacks(&moves, all, &chosen.aws, context).await?;
        if schedules.is_empty() {
            return Ok(None);
        }
        let note = "the services are rolled back already, and these schedules are not: only they are rolled back now; \
                    to roll the services back further, run the command again, or name the target with `--to`";
        context.reporter.report(&Event::Note(note));
        schedules.report(context);
        if self.dry_run {
            return Ok(Some(report_dry_run(context)));
        }
        let changes =
            schedules.keys().into_iter().map(|key| format!("schedule {key}: rolled back with its service"));
        let place = (&chosen.manifest, &chosen.aws);
        let authorized = authorize("rollback", changes.collect(), &self.approval, place, context).await?;
        if authorized == Authorization::Requested {
            return Ok(Some(CommandOutcome::Succeeded));
        }
        let destination = destination_of(found, &chosen.manifest, context).in_question();
        let question = format!("Roll back {} in {destination}?", counted(&[("schedule", schedules.keys())]));
        if !is_confirmed(&question, self.yes, context)? {
            return Ok(Some(CommandOutcome::Declined));
        }
        Ok(Some(schedules.apply_after(CommandOutcome::Succeeded, &[], &chosen.aws, context).await))
    }

    fn request(&self, manifest: &Manifest, context: &CommandContext) -> RollbackRequest {
        RollbackRequest {
            wanted: self.to.clone().unwrap_or(RollbackSelector::Steps(self.steps.unwrap_or(1).into())),
            is_target_named: self.is_target_named(),
            supersede: self.supersede,
            images: self.images.checks(manifest),
            performer: ci_user(&context.settings),
        }
    }
}
