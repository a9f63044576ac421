//! `ecsail cancel`: stops the deployment under way; ECS goes back, and that is watched.

use anyhow::Result;
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
use crate::error::Failure;
use crate::report::{Event, Outcome};

/// Stops the deployment under way: ECS goes back to what ran before
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail cancel web
  ecsail cancel web --cluster main --yes

Where ECS cannot be asked to stop it, an update goes back. Where nothing is under way, `rollback` goes back.

Exit codes: 0 it was taken back, 1 nothing is under way, or another error, 3 it was not taken back,
4 timed out, 130 interrupted.")]
pub struct Cancel {
    #[command(flatten)]
    named: One,
    /// Return once it is stopped, without watching
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    following: Following,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// Nothing is under way, or it cannot be found.
pub async fn run(args: &Cancel, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = changeable_one(&chosen).await?;
    let key = &found.place.key;
    if found.service.under_way().is_none() {
        let hint = format!("what has ended is gone back from with `ecsail rollback {key}`");
        return Err(Failure::error(format!("no deployment of `{key}` is under way")).hint(hint).into());
    }
    let (followed, target) = under_way(&found, &chosen).await?;
    context.report.tell(&Event::Target(&target));
    goes_back_already(&followed).iter().for_each(|note| context.report.tell(&Event::Note(note)));
    if !confirmed("Stop it?", args.yes, context)? {
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
