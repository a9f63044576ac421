//! `ecsail rollback`: finds the last deployment that succeeded, shows the changes, rolls back to it, and watches.

use clap::Args;

use super::ImageArgs;
use super::change_guards::{ensure_unchanged, find_changeable_services, stop_deployments};
use super::ci_user;
use super::interrupts::Interrupts;
use super::rollouts::watch_rollouts;
use super::schedule_rollback::{self, ScheduleRollbacks};
use super::service_ends::{not_waited, tell_ends, tell_left, tell_updated};
use super::service_rollbacks::{self, RollbackRequest, ServiceRollbacks};
use super::services::{ServicesArgs, is_confirmed};
use super::watch_args::WatchArgs;
use crate::apply;
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::exit_codes;
use crate::manifest::Manifest;
use crate::plan::rollback::RollbackSelector;
use crate::report::{CommandOutcome, Event};

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
those that were rolled back since. A deployment in progress is stopped, and ECS rolls it back.
Schedules of the manifest that run revisions of the same release are rolled back after the
services. A number after `--to` is a revision of the family if it exists, else an image tag;
`tag=12` is always a tag."))]
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
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
    /// Replace a deployment that is in progress; only with `--to` or `--steps`
    #[arg(long)]
    supersede: bool,
}

/// Runs the verb.
///
/// # Errors
/// There is no target, an image no longer exists, or a deployment is in progress. Nothing was changed.
pub async fn run(args: &RollbackArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    let found = find_changeable_services(&chosen).await?;
    let ways =
        service_rollbacks::find_rollbacks(&args.request(&chosen.manifest, context), &found, &chosen).await?;
    let schedules = if args.no_schedules {
        ScheduleRollbacks::default()
    } else {
        schedule_rollback::find_rollbacks(&ways, args.services.is_empty(), &chosen.aws, context).await?
    };
    let ServiceRollbacks { plan, in_progress: under_way, targets } = ways;
    for target in &targets {
        context.reporter.report(&Event::Rollback(target));
    }
    if plan.is_empty() && under_way.is_empty() {
        tell_left(&plan, context);
        return Ok(CommandOutcome::Succeeded);
    }
    if plan.services.is_empty() {
        plan.notes.iter().for_each(|note| context.reporter.report(&Event::Note(note)));
    } else {
        context.reporter.report(&Event::Plan { plan: &plan, answer: None });
    }
    schedules.report(context);
    if args.dry_run {
        let text = "dry run: nothing was changed";
        context.reporter.report(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
        return Ok(CommandOutcome::Succeeded);
    }
    if !is_confirmed("Roll back?", args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    if !args.yes {
        let seen = found.iter().map(|found| (found.identity.cluster.as_str(), &found.service));
        ensure_unchanged(seen, &chosen.aws).await?;
    }
    let mut interrupts = Interrupts::listen()?;
    let (aws, report) = (&chosen.aws, context.reporter.as_ref());
    let registered = apply::register_all(&plan, aws, report).await?;
    let changing: Vec<_> = plan.services.iter().filter(|service| service.changes()).collect();
    let mut applied = apply::update_services(&changing, &registered, aws, report).await;
    stop_deployments(under_way, &mut applied, &chosen, context).await;
    tell_left(&plan, context);
    tell_updated(&plan, &applied.without_deployment, context);
    if args.no_wait {
        schedules.report_skipped("`--no-wait` does not wait for the rollback of the services", context);
        return Ok(not_waited(&applied, context));
    }
    let settled = watch_rollouts(applied.rollouts, &args.watch, aws, context, &mut interrupts).await;
    let outcome = tell_ends(&settled, &applied.failures, context);
    Ok(schedules.apply_after(outcome, &registered, aws, context).await)
}

impl RollbackArgs {
    fn request(&self, manifest: &Manifest, context: &CommandContext) -> RollbackRequest {
        RollbackRequest {
            wanted: self.to.clone().unwrap_or(RollbackSelector::Steps(self.steps.unwrap_or(1).into())),
            is_target_named: self.to.is_some() || self.steps.is_some(),
            supersede: self.supersede,
            images: self.images.checks(manifest),
            performer: ci_user(&context.settings),
        }
    }
}
