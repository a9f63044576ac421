//! `ecsail rollback`: finds what ran well before, shows what that changes, goes back to it, and watches.

use anyhow::Result;
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
use crate::events::JsonEvent;
use crate::events::answer::DryRun;
use crate::plan::rollback::Wanted;
use crate::report::{Event, Outcome};

/// Goes back to what ran well before, and watches that like a deploy
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail rollback web
  ecsail rollback --stage production --yes          # all services of the manifest
  ecsail rollback web --cluster main --dry-run      # without a manifest
  ecsail rollback web --to web:12                   # a revision
  ecsail rollback web --to 1.4.1                    # an image tag
  ecsail rollback web --steps 2

Without `--to` it goes to the newest deployment that succeeded before the one that runs; what was rolled away from is
passed over. A deployment under way is stopped, and ECS goes back. Schedules of the manifest that run what the same
release brought go back too, once all services are. A number after `--to` is a revision of the family
where there is one, else an image tag; `tag=12` is always a tag.

Exit codes: 0 rolled back, or nothing to do, 1 error, 2 usage, 3 the rollback failed,
4 timed out while under way, 5 refused, 130 interrupted.")]
pub struct Rollback {
    #[command(flatten)]
    named: Named,
    /// What to go back to: a revision `web:12`, an image tag, or a digest
    #[arg(long, value_name = "REVISION|TAG", value_parser = Wanted::parse)]
    to: Option<Wanted>,
    /// How many deployments that succeeded to go back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "to")]
    steps: Option<u16>,
    /// Leave the schedules as they are; else those of the manifest go back too, once all services are back
    #[arg(long)]
    no_schedules: bool,
    /// Return once the update is accepted, without watching
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    following: Following,
    /// Show what would change and stop
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Replace a deployment that is under way, where `--to` or `--steps` names a target
    #[arg(long)]
    supersede: bool,
}

/// Runs the verb.
///
/// # Errors
/// Nothing to go back to, an image that is gone, a deployment under way: nothing was changed.
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
    if !confirmed("Go back?", args.yes, context)? {
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
        schedules.leave("with `--no-wait` nobody waits for the services to be back", context);
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
