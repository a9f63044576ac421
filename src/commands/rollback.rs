//! `ecsail rollback`: finds the last deployment that succeeded, shows the changes, rolls back to it, and watches.

use clap::Args;

use super::change::{changeable, still, stop};
use super::following::Following;
use super::interrupts::Interrupts;
use super::performer;
use super::rollouts::settle;
use super::schedules_back::{self, SchedulesBack};
use super::service_ends::{not_waited, tell_ends, tell_left, tell_updated};
use super::services::{Named, confirmed};
use super::ways_back::{self, Asked, WaysBack};
use crate::apply;
use crate::context::Context;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::plan::rollback::Wanted;
use crate::report::{Event, Outcome};

/// Roll a service back to the last deployment that succeeded
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
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
`tag=12` is always a tag.

Exit codes: 0 rolled back or nothing to do, 1 error or declined, 2 usage, 3 the rollback failed,
4 timed out while in progress, 5 refused, 130 interrupted.")]
pub struct Rollback {
    #[command(flatten)]
    named: Named,
    /// Target of the rollback: a revision such as `web:12`, an image tag, or a digest
    #[arg(long, value_name = "REVISION|TAG", value_parser = Wanted::parse)]
    to: Option<Wanted>,
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
    following: Following,
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
pub async fn run(args: &Rollback, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = changeable(&chosen).await?;
    let ways = ways_back::find(&args.asked(context), &found, &chosen).await?;
    let schedules = match args.no_schedules {
        true => SchedulesBack::default(),
        false => schedules_back::find(&ways, args.named.is_all(), &chosen.aws, context).await?,
    };
    let WaysBack { plan, under_way, targets } = ways;
    targets.iter().for_each(|target| context.report.tell(&Event::Target(target)));
    if plan.is_empty() && under_way.is_empty() {
        tell_left(&plan, context);
        return Ok(Outcome::Done);
    }
    match plan.services.is_empty() {
        true => plan.notes.iter().for_each(|note| context.report.tell(&Event::Note(note))),
        false => context.report.tell(&Event::Plan { plan: &plan, answer: None }),
    }
    schedules.show(context);
    if args.dry_run {
        let text = "dry run: nothing was changed";
        context.report.tell(&Event::Answer { text, event: JsonEvent::DryRun(DryRun {}) });
        return Ok(Outcome::Done);
    }
    if !confirmed("Roll back?", args.yes, context)? {
        return Ok(Outcome::Declined);
    }
    if !args.yes {
        let seen = found.iter().map(|found| (found.place.cluster.as_str(), &found.service));
        still(seen, &chosen.aws).await?;
    }
    let mut interrupts = Interrupts::listen()?;
    let (aws, report) = (&chosen.aws, context.report.as_ref());
    let registered = apply::registrations(&plan, aws, report).await?;
    let changing: Vec<_> = plan.services.iter().filter(|service| service.changes()).collect();
    let mut applied = apply::services(&changing, &registered, aws, report).await;
    stop(under_way, &mut applied, &chosen, context).await;
    tell_left(&plan, context);
    tell_updated(&plan, &applied.settled, context);
    if args.no_wait {
        schedules.leave("`--no-wait` does not wait for the rollback of the services", context);
        return Ok(not_waited(&applied, context));
    }
    let settled = settle(applied.followed, &args.following, aws, context, &mut interrupts).await;
    let outcome = tell_ends(&settled, &applied.failures, context);
    Ok(schedules.follow(outcome, &registered, aws, context).await)
}

impl Rollback {
    fn asked(&self, context: &Context) -> Asked {
        Asked {
            wanted: self.to.clone().unwrap_or(Wanted::Back(self.steps.unwrap_or(1).into())),
            named: self.to.is_some() || self.steps.is_some(),
            supersede: self.supersede,
            performer: performer(&context.settings),
        }
    }
}
