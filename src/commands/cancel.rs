//! `ecsail cancel`: stops the deployment in progress and watches ECS roll it back.

use clap::Args;

use super::change::{changeable_one, stop, under_way};
use super::following::Following;
use super::interrupts::Interrupts;
use super::rollouts::settle;
use super::service_ends::{not_waited, tell_ends};
use super::services::{One, confirmed};
use super::ways_back::goes_back_already;
use crate::apply::Applied;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::report::{Event, Outcome};

/// Stop the deployment in progress and roll the service back
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail cancel web
  ecsail cancel web --cluster main --yes

If ECS cannot stop the deployment, the service is updated to its previous revision. If no
deployment is in progress, use `ecsail rollback`.

Exit codes: 0 rolled back, 1 no deployment in progress or another error, 2 usage, 3 the rollback
failed, 4 timed out while in progress, 5 refused, 130 interrupted.")]
pub struct Cancel {
    #[command(flatten)]
    named: One,
    /// Return once the deployment is stopped, without watching the rollback
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    following: Following,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// No deployment is in progress, or the service cannot be read.
pub async fn run(args: &Cancel, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = changeable_one(&chosen).await?;
    let key = &found.place.key;
    if found.service.under_way().is_none() {
        let hint = format!("what has ended is gone back from with `ecsail rollback {key}`");
        return Err(Failure::error(format!("no deployment of `{key}` is under way")).hint(hint));
    }
    let (followed, target) = under_way(&found, &chosen).await?;
    context.report.tell(&Event::Target(&target));
    goes_back_already(&followed).iter().for_each(|note| context.report.tell(&Event::Note(note)));
    if !confirmed("Stop this deployment?", args.yes, context)? {
        return Ok(Outcome::Declined);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut applied = Applied::default();
    stop(vec![followed], &mut applied, &chosen, context).await;
    if args.no_wait {
        return Ok(not_waited(&applied, context));
    }
    let settled = settle(applied.followed, &args.following, &chosen.aws, context, &mut interrupts).await;
    Ok(tell_ends(&settled, &applied.failures, context))
}
